//! `secrets untrack`: removes the records of files that other tools have sealed; the files stay as they are.

use std::collections::BTreeSet;

use super::gathering::{CustodyRecords, Target};
use super::session::repository;
use super::writing::finish;
use super::{CommandError, Session};
use crate::change::writer::Writer;
use crate::cli::Untrack;
use crate::domain::text::{counted, visible};
use crate::domain::tracked_name::TrackedName;

pub fn run(session: &Session, arguments: &Untrack) -> Result<u8, CommandError> {
    let place = session.place()?;
    let repository = repository(&place)?;
    let mut writer = Writer::begin_in_repository(&place.store, repository, &place.folder)?;
    let policy = place.policy()?;
    let mut records = CustodyRecords::new(&place);
    let all = records.all()?;
    let mut chosen: BTreeSet<TrackedName> = BTreeSet::new();
    for text in &arguments.names {
        let target = Target::read(session, &place, text)?;
        let fitting: Vec<TrackedName> = all.iter().filter(|name| target.means(name)).cloned().collect();
        if fitting.is_empty() {
            return Err(CommandError::new(format!("{text}: no record of a tracked file fits it"))
                .hint("secrets list"));
        }
        chosen.extend(fitting);
    }
    for name in &chosen {
        records.remove(name)?;
    }
    records.plan(&mut writer);
    let would = if arguments.dry_run { "would be removed" } else { "removed" };
    for name in &chosen {
        session.say(format!("{would}: the record of {}", visible(name.as_str())))?;
    }
    if policy.track.as_ref().is_some_and(|track| chosen.iter().any(|name| track.covers(name.file()))) {
        session.say(
            "policy's [track] still names some of these files: without record or rule they are `untracked`",
        )?;
    }
    if arguments.dry_run {
        return Ok(0);
    }
    let message = format!("secrets: untrack {}", counted(chosen.len(), "secret"));
    finish(session, &place, &policy, writer, &message, &arguments.publish, None)?;
    Ok(0)
}
