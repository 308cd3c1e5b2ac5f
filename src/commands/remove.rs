//! `secrets remove`: out of the store, not out of history.

use std::path::Path;

use super::other_tools::{hint_of_file, no_such_secret};
use super::reading::record;
use super::session::repository;
use super::writing::finish;
use super::{CommandError, Session};
use crate::change::writer::{Pair, Writer};
use crate::cli::Remove;
use crate::domain::digest::Digest;
use crate::domain::name::SecretName;
use crate::git::blob_id;
use crate::observe::MAX_SEALED_BYTES;
use crate::observe::place::{Place, parse_policy};
use crate::store::layout::POLICY;
use crate::store::policy_edit::Draft;

pub fn run(session: &Session, arguments: &Remove) -> Result<u8, CommandError> {
    let place = session.place()?;
    let mut writer = Writer::begin(&place.store, repository(&place)?, &place.folder)?;
    let path = place.path(POLICY);
    let text = place.policy_text()?;
    let mut draft = Draft::read(&text, &path)?;
    let mut named = false;
    for name in &arguments.names {
        let here = |path: std::path::PathBuf| path.symlink_metadata().is_ok();
        if !here(place.store.record_path(name)) && !here(place.store.sealed_path(name)) {
            let error = no_such_secret(name.as_str());
            return Err(hint_of_file(&place, name).into_iter().fold(error, CommandError::hint));
        }
        if !arguments.force {
            refuse_rotating(&place, name)?;
        }
        let was = refuse_unsaved(&place, name, arguments.force)?;
        let dropped = draft.drop_secret(name);
        named |= dropped.scopes + dropped.waivers > 0;
        writer.remove_secret(was, name);
    }
    let edited = draft.to_string();
    let policy = parse_policy(edited.as_bytes(), &path)?;
    if named {
        writer.put(POLICY, Some(Digest::of(text.as_bytes())), Some(edited.into_bytes()));
        session.say("policy.toml named it, and was changed along")?;
    }
    if !arguments.force {
        session.say(
            "the value stays readable in git's history for those who could read it: revoke it at its issuer",
        )?;
    }
    let message = match arguments.names.as_slice() {
        [name] => format!("secrets: remove {name}"),
        many => format!("secrets: remove {} secrets", many.len()),
    };
    finish(session, &place, &policy, writer, &message, &arguments.publish, None)?;
    Ok(0)
}

/// Refuses where a provider may have made something that nobody would know of any more. A record that can't be read tells
/// of no rotation.
fn refuse_rotating(place: &Place, name: &SecretName) -> Result<(), CommandError> {
    let Ok(Some(record)) = record(place, name) else { return Ok(()) };
    let Some(rotation) = record.rotation else { return Ok(()) };
    let state = rotation.state;
    Err(CommandError::new(format!(
        "{name}: a rotation is under way ({state}), and what was minted for it would stay valid at its provider"
    ))
    .hint(format!("to end it first: secrets rotate {name} --abort"))
    .hint(format!("to remove it all the same: secrets remove {name} --force")))
}

/// Refuses to destroy what git does not have: removing a secret leaves its value readable in history, and somebody
/// may rely on that. Answers with what it is that git has.
fn refuse_unsaved(place: &Place, name: &SecretName, force: bool) -> Result<Pair, CommandError> {
    let repository = repository(place)?;
    let head = repository.head()?.map(|head| repository.snapshot(head, &place.folder)).transpose()?;
    let saved = |on_disk: &Path, path: String| -> Result<Option<Digest>, CommandError> {
        let Some(bytes) = place.store.read(on_disk, MAX_SEALED_BYTES)? else { return Ok(None) };
        let saved = head.as_ref().and_then(|tree| tree.get(&path)).map(|entry| entry.id);
        if saved != Some(blob_id(&bytes)) && !force {
            return Err(CommandError::new(format!("{path}: is in no commit, and would be lost for good"))
                .hint(format!("to remove it all the same: secrets remove {name} --force")));
        }
        Ok(Some(Digest::of(&bytes)))
    };
    Ok(Pair {
        record: saved(&place.store.record_path(name), place.record_path(name))?,
        sealed: saved(&place.store.sealed_path(name), place.sealed_path(name))?,
    })
}
