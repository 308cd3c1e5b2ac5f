//! What waits to be pushed since somebody broke the glass without the remote: every command delivers it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Session;
use crate::cli::Command;
use crate::git::{Repository, waiting};
use crate::store::layout::Store;

/// How long every command may be held up by it.
const LIMIT: Duration = Duration::from_secs(10);

/// The same for `doctor`, which is run to have things mended.
const PATIENT_LIMIT: Duration = Duration::from_mins(2);

/// Delivers what waits, before a command does its own work. It neither fails the command nor changes what that answers;
/// where nothing waits it costs a look at a few names.
pub fn deliver_before(session: &Session, command: &Command) {
    let limit = match command {
        // Shells run these when they start, anywhere; they have nothing to do with a store.
        Command::Completions(_) | Command::Man(_) | Command::Schema(_) => return,
        Command::Doctor(_) => PATIENT_LIMIT,
        _ => LIMIT,
    };
    let Ok(store) = Store::find(session.global.store.as_deref(), &session.environment) else { return };
    if !waiting::is_any(store.root(), &session.environment) {
        return;
    }
    if let Ok(repository) = Repository::discover(store.root(), &session.environment) {
        for line in deliver(&repository, limit) {
            // Nobody to be told is no reason to fail.
            session.say(line).ok();
        }
    }
}

/// Delivers what can be, and tells of each.
fn deliver(repository: &Repository, limit: Duration) -> Vec<String> {
    let (mut told, mut unreachable) = (Vec::new(), BTreeSet::new());
    for waiting in repository.waiting_rescues() {
        let waiting = match waiting {
            Ok(waiting) => waiting,
            Err(error) => {
                told.push(format!("warning: {error}"));
                continue;
            }
        };
        let (remote, branch, base) = (&waiting.remote, &waiting.branch, &waiting.base);
        let still = |why: &str| {
            format!("warning: `{branch}` is not on {remote} yet, and only this clone has it: {why}")
        };
        if unreachable.contains(remote) {
            told.push(still("not tried again"));
            continue;
        }
        let pushed = repository.push_rescue(waiting.commit, remote, branch, base, limit);
        told.push(match pushed {
            Ok(url) => {
                let merge = url.map_or_else(String::new, |url| format!(": {url}"));
                match repository.delivered(&waiting) {
                    Ok(()) => format!("delivered `{branch}` to {remote}; merge it into {base}{merge}"),
                    Err(error) => {
                        format!("delivered `{branch}` to {remote}, and it is still queued here: {error}")
                    }
                }
            }
            Err(error) => {
                unreachable.insert(remote.clone());
                still(&error.to_string())
            }
        });
    }
    told
}
