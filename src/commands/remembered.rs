//! Where the scheduled job remembers, as the commands find it that look at that.

use std::path::Path;
use std::time::Duration;

use super::session::repository;
use super::{CommandError, Session};
use crate::change::memory::{Memory, MemoryError};
use crate::domain::channel::LedgerState;
use crate::domain::policy::{DeployRef, Policy};
use crate::observe::place::Place;

/// How long the remote may take, all attempts together.
const LIMIT: Duration = Duration::from_mins(1);

/// Has somebody look at the file that is named, else at the ledger that the policy of the work tree has.
pub fn at<T>(
    session: &Session,
    state: Option<&Path>,
    look: impl FnOnce(&mut Memory<'_>) -> Result<T, MemoryError>,
) -> Result<T, CommandError> {
    let looked = if let Some(path) = state {
        look(&mut Memory::File(session.environment.current_dir().join(path)))
    } else {
        let place = session.place()?;
        let policy = place.policy()?;
        look(&mut of_policy(&place, &policy)?)
    };
    looked.map_err(|error| CommandError::new(error.to_string()))
}

fn of_policy<'a>(place: &'a Place, policy: &Policy) -> Result<Memory<'a>, CommandError> {
    let nothing = |why: &str| {
        CommandError::new(format!("{}: {why}", place.path(crate::store::layout::POLICY)))
            .hint("name the file with --state FILE, if the job remembers in one")
    };
    let repository = repository(place)?;
    let remote = match &policy.deploy_ref {
        DeployRef::Branch { remote, .. } => Some(remote.clone()),
        DeployRef::None => repository.usual_remote(),
    };
    let remote = remote.ok_or_else(|| nothing("there is no remote that could have a ledger"))?;
    match policy.ledger.state {
        LedgerState::None => Err(nothing("the ledger's state is \"none\": nothing is remembered")),
        LedgerState::Git => {
            Ok(Memory::Remote { repository, remote, full_ref: policy.ledger.full_ref.clone(), limit: LIMIT })
        }
    }
}
