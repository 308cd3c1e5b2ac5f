//! `secrets move`: another name. The name is bound into the ciphertext, so the value is sealed again.

use std::collections::BTreeSet;

use super::session::repository;
use super::writing::{accept_keys, existing, finish, last_bound};
use super::{CommandError, Session};
use crate::change::sealing::{self, NextVersion, Request, Sealer};
use crate::change::writer::Writer;
use crate::cli::Move;
use crate::observe::place::parse_policy;
use crate::store::layout::POLICY;
use crate::store::policy_edit::Draft;

pub fn run(session: &Session, arguments: &Move) -> Result<u8, CommandError> {
    let place = session.place()?;
    let repository = repository(&place)?;
    let (old, new) = (&arguments.old, &arguments.new);
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    let prompts = session.prompts();
    let mut writer = Writer::begin(&place.store, repository, &place.folder)?;
    for path in [place.store.record_path(new), place.store.sealed_path(new)] {
        if path.symlink_metadata().is_ok() {
            return Err(CommandError::new(format!("{}: is there already", path.display())));
        }
    }
    let listed = place.list();
    if let Some(other) = listed.secrets.keys().find(|other| other.folded() == new.folded() && *other != old) {
        return Err(CommandError::new(format!("`{new}` and `{other}` differ only in case")));
    }
    if old.folded() == new.folded() {
        return Err(CommandError::new(format!(
            "`{old}` and `{new}` differ only in case, and would be one file on macOS"
        ))
        .hint("move it to a third name first"));
    }
    let text = place.policy_text()?;
    let mut draft = Draft::read(&text, &place.path(POLICY))?;
    let renamed = draft.rename_secret(old, new);
    let edited = draft.to_string();
    let policy = parse_policy(edited.as_bytes(), &place.path(POLICY))?;
    let before = existing(&place, old)?;
    let sealer = Sealer { policy: &policy, now: session.now, prompts: &prompts };
    let mut accepted: BTreeSet<_> = arguments.sealing.accept_key.iter().cloned().collect();
    accept_keys(session, &sealer, new, &sealing::keys_of(&before.record.sealed), &mut accepted)?;
    let value = identities.open(old.as_str(), &before.bytes)?;
    let earlier = last_bound(&place, new)?;
    let request = Request {
        name: new,
        value: &value,
        expires: before.record.sealed.expires.clone(),
        issued: before.record.sealed.issued,
        version: NextVersion::Same(before.record.sealed.version.clone()),
        seen_by: &[],
        about: before.record.about.clone(),
        previous: Some(&before.record.sealed),
        earlier: earlier.as_ref(),
    };
    let (record, sealed) = sealer.seal(request)?;
    writer.put_secret(&record, sealed);
    writer.remove_secret(old);
    if renamed > 0 {
        writer.put(POLICY, Some(edited.into_bytes()));
        session.say("policy.toml named it, and was changed along")?;
    }
    finish(session, &place, &policy, writer, &format!("secrets: move {old} to {new}"), &arguments.publish)?;
    Ok(0)
}
