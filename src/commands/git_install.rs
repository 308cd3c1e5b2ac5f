//! `secrets git install`: diffs, merges and hooks in this clone.

use std::path::Path;

use super::at_hand::{self, HookState};
use super::session::repository;
use super::{CommandError, Session};
use crate::cli::{GitInstall, HookName};
use crate::domain::text::visible;
use crate::git::Repository;
use crate::system::files::{self, Access};

pub fn run(session: &Session, arguments: &GitInstall) -> Result<u8, CommandError> {
    let place = session.place()?;
    let repository = repository(&place)?;
    let program = at_hand::program(session)?;
    for (key, value) in at_hand::settings(&program) {
        if repository.settings(key)? != [value.as_str()] {
            repository.set(key, &value)?;
        }
    }
    let mut stores = repository.settings(at_hand::STORE_KEY)?;
    if !stores.contains(&place.folder) {
        repository.add_setting(at_hand::STORE_KEY, &place.folder)?;
        stores.push(place.folder.clone());
    }
    at_hand::write_attributes(repository, &stores)?;
    let store = visible(&place.folder).into_owned();
    session.say(format!("diff    {store}/: records and sealed values as facts, never a value"))?;
    session
        .say(format!("merge   {store}/: records field by field; what is left: secrets git resolve --all"))?;
    if arguments.no_hooks {
        return Ok(0);
    }
    let mut code = 0;
    for hook in HookName::ALL {
        code = code.max(install_hook(session, repository, hook, &program)?);
    }
    Ok(code)
}

fn install_hook(
    session: &Session,
    repository: &Repository,
    hook: HookName,
    program: &str,
) -> Result<u8, CommandError> {
    let name = hook.as_str();
    match at_hand::hook_state(repository, hook, program)? {
        HookState::Absent(path) | HookState::Ours { path, is_current: false } => {
            write_hook(&path, &at_hand::script(hook, program))?;
            session.say(format!("hook    {name}: {}", path.display()))?;
        }
        HookState::Ours { path, .. } => session.say(format!("hook    {name}: {}", path.display()))?,
        HookState::Chained(_) => session.say(format!("hook    {name}: called by your own"))?,
        HookState::Foreign(path) => {
            session.say(format!(
                "hook    {name}: NOT installed, what is there is not ours and stays as it is"
            ))?;
            session.say(format!("        add {}", at_hand::where_to_add(repository, hook, &path)))?;
            return Ok(2);
        }
    }
    Ok(0)
}

fn write_hook(path: &Path, script: &str) -> Result<(), CommandError> {
    files::write_atomic(path, script.as_bytes(), Access::Shared)?;
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .map_err(|error| CommandError::new(format!("{}: {error}", path.display())))?;
    Ok(())
}
