//! How what is here stands to what the deploy ref has: the question that `unpushed` and `outdated` share.

use super::Subject;
use crate::domain::facts::{Deployed, Presence};
use crate::domain::finding::Unknown;
use crate::domain::record::VersionOrder;
use crate::domain::time::Instant;
use crate::domain::tracked_facts::{FileDeployed, FileFacts, FilePresence};

pub(super) enum Standing<'a> {
    /// The same there, or not judged.
    Settled,
    /// It differs, and nothing says that the deploy ref is ahead.
    Unpushed { paths: &'a [String], surely_ahead: bool },
    /// The deploy ref has a newer one: `here` is `None` where there is none here at all.
    Outdated { paths: &'a [String], here: Option<VersionOrder>, there: Option<VersionOrder> },
}

pub(super) fn standing<'a>(subject: &Subject<'a>) -> Result<Standing<'a>, Unknown> {
    let deployed = subject.secret.deployed.as_ref().map_err(Clone::clone)?;
    let Deployed::Differs { paths, here, there } = deployed else { return Ok(Standing::Settled) };
    Ok(match (*here, *there) {
        (Presence::Absent, Presence::At(there)) => {
            Standing::Outdated { paths, here: None, there: Some(there) }
        }
        (Presence::Absent, _) => Standing::Outdated { paths, here: None, there: None },
        (Presence::At(here), Presence::At(there)) if there > here => {
            Standing::Outdated { paths, here: Some(here), there: Some(there) }
        }
        (Presence::At(here), Presence::At(there)) => Standing::Unpushed { paths, surely_ahead: here > there },
        (_, Presence::Absent) => Standing::Unpushed { paths, surely_ahead: true },
        (Presence::Unordered, _) | (_, Presence::Unordered) => {
            Standing::Unpushed { paths, surely_ahead: false }
        }
    })
}

/// The same of a file that another tool sealed.
pub(super) enum FileStanding {
    Settled,
    Unpushed {
        surely_ahead: bool,
    },
    /// `here` is `None` where there is none here, or nothing dates it.
    Outdated {
        here: Option<Instant>,
        there: Option<Instant>,
    },
}

pub(super) fn file_standing(file: &FileFacts) -> Result<FileStanding, Unknown> {
    let deployed = file.deployed.as_ref().map_err(Clone::clone)?;
    let FileDeployed::Differs { here, there } = deployed else { return Ok(FileStanding::Settled) };
    Ok(match (*here, *there) {
        (FilePresence::Absent, FilePresence::At(there)) => {
            FileStanding::Outdated { here: None, there: Some(there) }
        }
        (FilePresence::Absent, _) => FileStanding::Outdated { here: None, there: None },
        (FilePresence::At(here), FilePresence::At(there)) if there > here => {
            FileStanding::Outdated { here: Some(here), there: Some(there) }
        }
        (FilePresence::At(here), FilePresence::At(there)) => {
            FileStanding::Unpushed { surely_ahead: here > there }
        }
        (_, FilePresence::Absent) => FileStanding::Unpushed { surely_ahead: true },
        (FilePresence::Undated, _) | (_, FilePresence::Undated) => {
            FileStanding::Unpushed { surely_ahead: false }
        }
    })
}
