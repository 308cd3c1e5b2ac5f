//! `secrets git uninstall`: takes away what `secrets git install` wrote.

use super::at_hand::{self, HookState};
use super::{CommandError, Session};
use crate::cli::HookName;
use crate::git::Repository;
use crate::system::files;

pub fn run(session: &Session) -> Result<u8, CommandError> {
    // The store may be gone by now.
    let repository = Repository::discover(session.environment.current_dir(), &session.environment)?;
    at_hand::write_attributes(&repository, &[])?;
    for (section, key) in at_hand::SECTIONS {
        if !repository.settings(key)?.is_empty() {
            repository.remove_section(section)?;
        }
    }
    repository.unset(at_hand::STORE_KEY)?;
    let program = at_hand::program(session)?;
    for hook in HookName::ALL {
        match at_hand::hook_state(&repository, hook, &program)? {
            HookState::Ours { path, .. } => {
                files::remove(&path)?;
                session.say(format!("removed {}", path.display()))?;
            }
            HookState::Chained(path) => {
                let line = at_hand::line(hook);
                session.say(format!(
                    "left as it is: {}; take the line out that calls: {line}",
                    path.display()
                ))?;
            }
            HookState::Absent(_) | HookState::Foreign(_) => {}
        }
    }
    session.say("git shows and merges the store's files as any others again")?;
    Ok(0)
}
