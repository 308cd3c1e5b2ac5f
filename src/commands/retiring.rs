//! The second half of a rotation, and every way back: what is revoked, and that nothing else is.

use super::trying_out;
use super::turning::{Turn, Went};
use super::versions::{self, Wanted};
use super::writing::{Existing, policy_unchanged};
use super::{CommandError, minting};
use crate::change::sealing::{NextVersion, Request, Sealer};
use crate::change::writer::Writer;
use crate::domain::policy::DeployRef;
use crate::domain::record::Record;
use crate::domain::rotated::{Rest, Stage};
use crate::domain::rotation::{Aborted, Handle, Listed, Rotation, RotationState, There};
use crate::domain::text::{listed as in_words, shell_word};
use crate::domain::value::Value;
use crate::rotate::Provider;
use crate::store::layout::{RECORD_ENDING, SEALED_ENDING};

/// Ends the old value. What tried the new one tries it once more: nothing is revoked because a record says that it may be.
pub fn retire(turn: &mut Turn<'_>, secret: &Existing) -> Result<Went, CommandError> {
    let Some(rotation) = secret.record.rotation.clone() else { return Ok(Went::On) };
    trying_out::demand(turn, secret, &rotation)?;
    let number = rotation.from.number;
    let old = versions::older(turn.place, turn.name, Wanted::Id(rotation.from.id))?;
    let (new_value, old_value) = (turn.open(&secret.bytes)?, turn.open(&old.sealed)?);
    let revoked = turn.provided(secret, |_, provider, _| {
        let Some(provider) = provider else { return by_hand(turn, secret, number) };
        if !provider.has_register() {
            return Ok(None);
        }
        let keep: Vec<Handle> = rotation.handle.iter().chain(&rotation.from_handle).cloned().collect();
        revoke_strays(turn, provider, &rotation, &keep, &[&new_value], Stray::Blocks)?;
        let listed = provider.list()?;
        let new = provider.identify(&new_value, &listed)?.or_else(|| rotation.handle.clone());
        let old = old_handle(turn, provider, &rotation, &listed, &old_value)?;
        match old {
            Some(old) if Some(&old) == new.as_ref() => Err(CommandError::new(format!(
                "{}: its provider knows the old value and the new one as one and the same, so nothing was revoked",
                turn.name
            ))),
            Some(old) => {
                provider.revoke(&old)?;
                Ok(Some(format!("revoked version {number} at its provider ({old})")))
            }
            None => Ok(Some(format!("version {number} is gone from its provider"))),
        }
    })?;
    turn.did(revoked.unwrap_or_else(|| format!("version {number} is no longer kept")))?;
    turn.note(secret, None, &format!("secrets: retire version {number} of {}", turn.name))?;
    turn.told.reached = Some(Stage::Retired);
    finished(turn, secret, format!("version {number} is retired"))
}

/// Without a provider a person ends it.
fn by_hand(turn: &Turn<'_>, secret: &Existing, number: u64) -> Result<Option<String>, CommandError> {
    let name = turn.name;
    let done = format!("version {number} was revoked by hand");
    if turn.arguments.revoked_by_hand {
        return Ok(Some(done));
    }
    let issuer = secret.record.about.issuer.as_ref().map_or("its issuer", |issuer| issuer.name.as_str());
    let what = format!("is version {number} of {name} revoked at {issuer}");
    if turn.session.terminal.can_ask() {
        let remedy = "give --revoked-by-hand";
        let question = crate::system::terminal::Question { what: &what, remedy };
        if turn.session.terminal.confirm(question, false)? {
            return Ok(Some(done));
        }
    }
    Err(CommandError::new(format!("{name}: a person revokes version {number} at {issuer}"))
        .hint(format!("once that is done: {} --revoked-by-hand", turn.command(" --retire"))))
}

/// By what the provider knows the old value; `None` where it is gone. What the record says is held against the provider's own
/// list: revoked is only what bears the old version's marker, or what the old value itself belongs to.
fn old_handle(
    turn: &Turn<'_>,
    provider: &dyn Provider,
    rotation: &Rotation,
    listed: &[Listed],
    old_value: &Value,
) -> Result<Option<Handle>, CommandError> {
    let marked = listed.iter().find(|one| one.marker == Some(rotation.from.id)).map(|one| one.handle.clone());
    let identified = match &marked {
        Some(handle) => Some(handle.clone()),
        None => provider.identify(old_value, listed)?,
    };
    if turn.arguments.revoked_by_hand {
        return match identified {
            Some(handle) => Err(CommandError::new(format!("{}: its provider still has {handle}", turn.name))
                .hint(turn.command(" --retire"))),
            None => Ok(None),
        };
    }
    let is_listed = |handle: &Handle| listed.iter().any(|one| one.handle == *handle);
    match (&rotation.from_handle, identified) {
        (_, Some(found)) if marked.is_some() => Ok(Some(found)),
        (Some(noted), Some(found)) if *noted == found => Ok(Some(found)),
        (None, Some(found)) => Ok(Some(found)),
        (Some(noted), None) if !is_listed(noted) => Ok(None),
        (Some(_), Some(_) | None) | (None, None) => Err(CommandError::new(format!(
            "{}: which credential version {} is at its provider can't be told, so nothing was revoked",
            turn.name, rotation.from.number
        ))
        .hint(format!("revoke it there by hand, then: {} --revoked-by-hand", turn.command(" --retire")))),
    }
}

/// What becomes of what may be somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stray {
    Blocks,
    IsTold,
}

/// Revokes what was minted for a rotation and belongs to none of these handles and values.
pub fn revoke_strays(
    turn: &Turn<'_>,
    provider: &dyn Provider,
    rotation: &Rotation,
    keep: &[Handle],
    values: &[&Value],
    doubtful: Stray,
) -> Result<(), CommandError> {
    if !provider.has_register() {
        return Ok(());
    }
    let listed = provider.list()?;
    let mut kept = keep.to_vec();
    for value in values {
        kept.extend(provider.identify(value, &listed)?);
    }
    let strays = crate::domain::rotation::strays(&listed, rotation, &kept, provider.takes_markers());
    for handle in &strays.ours {
        provider.revoke(handle)?;
        turn.session
            .say(format!("{}: revoked {handle}, which was minted for it and is not used", turn.name))?;
    }
    if strays.doubtful.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = strays.doubtful.iter().map(ToString::to_string).collect();
    let why = format!(
        "{}: {} appeared at its provider since the rotation began, and may be somebody's",
        turn.name,
        in_words(&names)
    );
    match doubtful {
        Stray::Blocks => Err(CommandError::new(why)
            .hint("if nobody uses it, remove it there, and run the same command again")
            .hint(format!("if somebody does: {}, then begin anew", turn.command(" --abort")))),
        Stray::IsTold => turn.session.say(format!("warning: {why}")),
    }
}

/// Revokes what was minted and is not the value that stands here, whatever may still be in use of the old.
fn revoke_minted(turn: &Turn<'_>, secret: &Existing, rotation: &Rotation) -> Result<(), CommandError> {
    let current = turn.open(&secret.bytes)?;
    turn.provided(secret, |_, provider, _| {
        let Some(provider) = provider.filter(|provider| provider.has_register()) else { return Ok(()) };
        let listed = provider.list()?;
        let version = secret.record.sealed.version.id;
        let mut keep: Vec<Handle> =
            listed.iter().filter(|one| one.marker == Some(version)).map(|one| one.handle.clone()).collect();
        keep.extend(rotation.from_handle.clone());
        keep.extend(provider.identify(&current, &listed)?);
        let minted = rotation.handle.as_ref().filter(|handle| !keep.contains(handle));
        if let Some(minted) = minted.filter(|_| !provider.takes_markers()) {
            provider.revoke(minted)?;
            turn.session.say(format!("{}: revoked {minted}", turn.name))?;
        }
        revoke_strays(turn, provider, rotation, &keep, &[], Stray::IsTold)
    })
}

/// Nothing has come of it yet but what a provider may have minted.
pub fn drop_plan(turn: &mut Turn<'_>, secret: &Existing) -> Result<Went, CommandError> {
    let Some(rotation) = secret.record.rotation.clone() else { return Ok(Went::On) };
    revoke_minted(turn, secret, &rotation)?;
    turn.note(secret, None, &format!("secrets: drop the planned rotation of {}", turn.name))?;
    turn.did("dropped the plan")?;
    turn.told.reached = None;
    finished(turn, secret, "the rotation is dropped; nothing else changed".to_owned())
}

/// Somebody set another value meanwhile.
pub fn clear_up(turn: &mut Turn<'_>, secret: &Existing) -> Result<Went, CommandError> {
    let Some(rotation) = secret.record.rotation.clone() else { return Ok(Went::On) };
    revoke_minted(turn, secret, &rotation)?;
    turn.note(secret, None, &format!("secrets: clear up behind the rotation of {}", turn.name))?;
    turn.did("cleared up behind a rotation that another value has overtaken")?;
    turn.told.reached = None;
    let number = secret.record.sealed.version.number;
    let from = rotation.from.number;
    let rest = if secret.record.sealed.version.id == rotation.from.id {
        format!("version {number} stands")
    } else {
        format!(
            "version {number} was set by hand; version {from} may still be valid at its issuer: revoke it there"
        )
    };
    finished(turn, secret, rest)
}

/// Seals the old value again, above the new one.
pub fn go_back(turn: &mut Turn<'_>, secret: &Existing) -> Result<Went, CommandError> {
    let Some(rotation) = secret.record.rotation.clone() else { return Ok(Went::On) };
    let old = versions::older(turn.place, turn.name, Wanted::Id(rotation.from.id))?;
    let value = turn.open(&old.sealed)?;
    // Where the old value stands here already, how it got there is not known, and where the new one is neither.
    let was_pushed = secret.record.sealed.version.id != rotation.to
        || !matches!(turn.there(&secret.record)?, There::Behind | There::Another);
    let number = rotation.from.number;
    let aborted = Rotation {
        state: RotationState::Aborted,
        aborted: Some(Aborted { at: turn.session.now, was_pushed }),
        left_at: None,
        ..rotation
    };
    let above = minting::accept(turn, &minting::replaced(turn)?)?;
    let mut writer = turn.writer()?;
    let prompts = turn.session.prompts();
    let sealer = Sealer { policy: turn.policy, now: turn.session.now, prompts: &prompts };
    let policy = policy_unchanged(turn.place, &sealer, turn.name)?;
    let (record, sealed) = Sealer { policy: &policy, ..sealer }.seal(Request {
        expires: old.record.sealed.expires.clone(),
        issued: old.record.sealed.issued,
        version: NextVersion::Back(&old.record.sealed),
        rotation: Some(aborted),
        above,
        ..Request::again(&secret.record, &value)
    })?;
    writer.put_secret(secret.pair(), &record, sealed);
    minting::sign(turn, &policy, &mut writer)?;
    turn.commit(writer, &format!("secrets: {} goes back to the value of version {number}", turn.name))?;
    turn.did(format!(
        "sealed the value of version {number} again, as version {}",
        record.sealed.version.number
    ))?;
    turn.told.reached = None;
    Ok(Went::On)
}

/// The overlap of the new value begins: what is deployed from here on has another one.
pub fn leave(turn: &mut Turn<'_>, secret: &Existing) -> Result<Went, CommandError> {
    let Some(rotation) = secret.record.rotation.clone() else { return Ok(Went::On) };
    let left = Rotation { left_at: Some(turn.session.now), ..rotation };
    turn.note(secret, Some(left), &format!("secrets: {} leaves its new value behind", turn.name))?;
    Ok(Went::On)
}

/// Ends the new value, once the old one stands again.
pub fn revoke_new(turn: &mut Turn<'_>, secret: &Existing) -> Result<Went, CommandError> {
    let Some(rotation) = secret.record.rotation.clone() else { return Ok(Went::On) };
    revoke_minted(turn, secret, &rotation)?;
    turn.note(secret, None, &format!("secrets: abort the rotation of {}", turn.name))?;
    turn.did("revoked what was minted")?;
    turn.told.reached = None;
    finished(turn, secret, format!("aborted: the value of version {} stands", rotation.from.number))
}

/// Somebody else was first: revokes what was minted here, and takes over what stands there, byte for byte, so that merging is
/// no matter of choice.
pub fn give_way(turn: &mut Turn<'_>, secret: &Existing) -> Result<Went, CommandError> {
    let Some(rotation) = secret.record.rotation.clone() else { return Ok(Went::On) };
    let name = turn.name;
    let gone = || CommandError::new(format!("{name}: is gone from {}", turn.deployed.name));
    let theirs = turn.deployed_record()?.ok_or_else(gone)?;
    let record = turn.deployed_file(&turn.place.record_path(name))?.ok_or_else(gone)?;
    let sealed = turn.deployed_file(&turn.place.sealed_path(name))?.ok_or_else(gone)?;
    if !turn.is_fresh || rotation.state != RotationState::Planned {
        let value = turn.open(&sealed)?;
        turn.provided(secret, |_, provider, _| {
            let Some(provider) = provider.filter(|provider| provider.has_register()) else { return Ok(()) };
            let listed = provider.list()?;
            let mut keep: Vec<Handle> = rotation.from_handle.iter().cloned().collect();
            keep.extend(provider.identify(&value, &listed)?);
            if provider.takes_markers() {
                return revoke_strays(turn, provider, &rotation, &keep, &[], Stray::IsTold);
            }
            match &rotation.handle {
                Some(minted) if !keep.contains(minted) => Ok(provider.revoke(minted)?),
                Some(_) => Ok(()),
                // What is new there may be theirs, who are about to seal it.
                None => revoke_nothing_new(turn, &rotation, &listed, &keep),
            }
        })?;
    }
    let was = secret.pair();
    let mut writer: Writer<'_> = turn.writer()?;
    writer.put(&format!("{name}{SEALED_ENDING}"), was.sealed, Some(sealed));
    writer.put(&format!("{name}{RECORD_ENDING}"), was.record, Some(record));
    let by = describe(&theirs);
    turn.commit(writer, &format!("secrets: {name} gives way to {by}"))?;
    turn.did(format!("gave way to {by}, which is on {}", turn.deployed.name))?;
    turn.told.reached = None;
    if let DeployRef::Branch { remote, branch } = &turn.policy.deploy_ref {
        let (remote, branch) = (shell_word(remote), shell_word(branch));
        turn.told.next = Some(format!("git pull --no-rebase {remote} {branch}"));
    }
    Ok(Went::Stops(Rest::Waits(format!("{by} was first; what was minted here is revoked"))))
}

fn revoke_nothing_new(
    turn: &Turn<'_>,
    rotation: &Rotation,
    listed: &[Listed],
    keep: &[Handle],
) -> Result<(), CommandError> {
    let new: Vec<String> = listed
        .iter()
        .filter(|one| !rotation.before.contains(&one.handle) && !keep.contains(&one.handle))
        .map(|one| one.handle.to_string())
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    Err(CommandError::new(format!(
        "{}: somebody else rotates it too, and whether {} was minted here or there can't be told",
        turn.name,
        in_words(&new)
    ))
    .hint("wait until theirs is sealed and pushed, then run the same command again"))
}

fn describe(theirs: &Record) -> String {
    let version = &theirs.sealed.version;
    match &theirs.rotation {
        Some(rotation) if rotation.to != version.id => {
            format!("the rotation that {} has begun", rotation.started.by)
        }
        Some(_) | None => format!("version {} of {}", version.number, version.set_by),
    }
}

/// The end of it is pushed like every step before.
fn finished(turn: &mut Turn<'_>, secret: &Existing, what: String) -> Result<Went, CommandError> {
    if turn.policy.deploy_ref == DeployRef::None {
        return Ok(Went::Stops(Rest::Done(what)));
    }
    match turn.push(secret)? {
        Went::On => Ok(Went::Stops(Rest::Done(what))),
        Went::Stops(Rest::Waits(why)) => Ok(Went::Stops(Rest::Waits(format!("{what}; {why}")))),
        stops @ Went::Stops(_) => Ok(stops),
    }
}
