//! `secrets move`: another name. The name is bound into the ciphertext, so the value is sealed again.

use std::collections::BTreeSet;

use super::session::repository;
use super::standing::{Standing, tracked};
use super::writing::{accept_keys, existing, finish, last_bound};
use super::{CommandError, Session};
use crate::change::sealing::{Request, Sealer};
use crate::change::writer::{Pair, Writer};
use crate::cli::Move;
use crate::domain::digest::Digest;
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
    if let Some(rotation) = &before.record.rotation {
        return Err(CommandError::new(format!(
            "{old}: a rotation is under way ({}), and the value that it replaces is in git's history under this name only",
            rotation.state
        ))
        .hint(format!("to go on with it: secrets rotate {old}"))
        .hint(format!("to end it: secrets rotate {old} --abort")));
    }
    let sealer = Sealer { policy: &policy, now: session.now, prompts: &prompts };
    let mut accepted: BTreeSet<_> = arguments.sealing.accept_key.iter().cloned().collect();
    let tracked = tracked(&place, &policy);
    let names = [old.clone(), new.clone()];
    let standing = Standing::observe(session, &place, &policy, tracked.as_ref(), &names);
    let facts = standing.secret(old);
    standing.refuse_older(&facts)?;
    accept_keys(session, &sealer, new, &standing.known_keys(&facts, &[old, new]), &mut accepted)?;
    let value = identities.open(old.as_str(), &before.bytes)?;
    let earlier = last_bound(&place, new)?;
    let request = Request { name: new, earlier: earlier.as_ref(), ..Request::again(&before.record, &value) };
    let (record, sealed) = sealer.seal(request)?;
    writer.put_secret(Pair::ABSENT, &record, sealed);
    writer.remove_secret(before.pair(), old);
    if renamed > 0 {
        writer.put(POLICY, Some(Digest::of(text.as_bytes())), Some(edited.into_bytes()));
        session.say("policy.toml named it, and was changed along")?;
    }
    let message = format!("secrets: move {old} to {new}");
    let signing_key = arguments.sealing.signing_key.as_deref();
    finish(session, &place, &policy, writer, &message, &arguments.publish, signing_key)?;
    Ok(0)
}
