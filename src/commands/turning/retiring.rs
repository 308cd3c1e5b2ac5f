//! The second half of a rotation, and every way back: what is revoked, and that nothing else is.

use super::minting;
use super::revoking::{
    GivenUp, Stray, old_handles, refuse_spared, revoke_minted, revoke_nothing_new, revoke_strays, unmarked,
};
use super::trying_out;
use super::{Turn, Went};
use crate::change::sealing::{NextVersion, Request, Sealer};
use crate::change::writer::Writer;
use crate::commands::CommandError;
use crate::commands::versions::{self, Wanted};
use crate::commands::writing::{Existing, policy_unchanged};
use crate::domain::policy::DeployRef;
use crate::domain::record::Record;
use crate::domain::rotated::{Rest, Stage};
use crate::domain::rotation::{Aborted, Handle, Listed, Rotation, RotationState, There};
use crate::domain::text::{listed as in_words, visible};
use crate::domain::value::Value;
use crate::rotate::Trial;
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
        let fate = (Stray::Blocks, GivenUp::Ends);
        revoke_strays(turn, (secret, &rotation), provider, &keep, &[&new_value], fate)?;
        let listed = provider.list()?;
        let new = provider.identify(&new_value, &listed)?;
        let new: Vec<&Handle> = new.iter().chain(&rotation.handle).collect();
        let old = old_handles(turn, provider, &rotation, &listed, &old_value)?;
        if old.iter().any(|old| new.contains(&old)) {
            return Err(CommandError::new(format!(
                "{}: its provider knows the old value and the new one as one and the same, so nothing was revoked",
                turn.name
            ))
            .hint("see at the provider which of its credentials is which")
            .hint(format!("to go back to the old value: {}", turn.command(" --abort"))));
        }
        if old.is_empty() {
            return Ok(Some(format!("version {number} is gone from its provider")));
        }
        turn.refuse_moved(secret)?;
        for old in &old {
            provider.revoke(old)?;
        }
        let old: Vec<String> = old.iter().map(ToString::to_string).collect();
        Ok(Some(format!("revoked version {number} at its provider ({})", in_words(&old))))
    })?;
    turn.did(revoked.unwrap_or_else(|| format!("version {number} is no longer kept")))?;
    turn.note(secret, None, &format!("secrets: retire version {number} of {}", turn.name))?;
    turn.told.reached = Some(Stage::Retired);
    let ended = finished(turn, secret, format!("version {number} is retired"));
    match turn.deployed_record()? {
        Some(theirs) if ended.is_err() && theirs.sealed.version.id == rotation.from.id => {
            Err(gone_back_to(turn, number))
        }
        Some(_) | None => ended,
    }
}

/// Between the last look and the end of the old value somebody has gone back to it.
fn gone_back_to(turn: &Turn<'_>, number: u64) -> CommandError {
    let (name, deployed) = (turn.name, &turn.deployed.name);
    let error = CommandError::new(format!(
        "{name}: version {number} is revoked, and {deployed} has it again since this moment: that must not be deployed"
    ));
    turn.merge_command()
        .into_iter()
        .fold(error, CommandError::hint)
        .hint(format!("take theirs, and seal a value that works above it: secrets set {name}"))
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

/// Nothing has come of it yet but what a provider may have minted.
pub fn drop_plan(turn: &mut Turn<'_>, secret: &Existing) -> Result<Went, CommandError> {
    let Some(rotation) = secret.record.rotation.clone() else { return Ok(Went::On) };
    if !turn.is_fresh {
        // Another clone may have sealed what is revoked here: first it must not be able to push that any more.
        return minting::take_over(turn, secret, rotation);
    }
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
    refuse_dead(turn, secret, &rotation, &value)?;
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

/// Before the old value is pushed: meanwhile another clone may have retired it.
pub fn refuse_dead_end(turn: &Turn<'_>, secret: &Existing) -> Result<(), CommandError> {
    match &secret.record.rotation {
        Some(rotation) if rotation.state == RotationState::Aborted => {
            refuse_dead(turn, secret, rotation, &turn.open(&secret.bytes)?)
        }
        Some(_) | None => Ok(()),
    }
}

/// The old value may be ended already: a retirement that was cut short, or somebody at the provider. Where that can't be asked
/// it is not held up: nothing but a retirement ends it.
fn refuse_dead(
    turn: &Turn<'_>,
    secret: &Existing,
    rotation: &Rotation,
    value: &Value,
) -> Result<(), CommandError> {
    let number = rotation.from.number;
    let asked = turn.provided(secret, |_, provider, _| {
        let Some(provider) = provider else { return Ok(None) };
        if provider.has_register() {
            let listed = provider.list()?;
            let is_there = |one: &Listed| {
                one.marker == Some(rotation.from.id) || Some(&one.handle) == rotation.from_handle.as_ref()
            };
            if rotation.from_handle.is_some() && !listed.iter().any(is_there) {
                return Ok(Some("its provider does not have it any more".to_owned()));
            }
        }
        Ok(match provider.verify(value)? {
            Trial::Refused(why) => Some(why),
            Trial::Passed | Trial::CannotTell => None,
        })
    });
    match asked {
        Ok(None) => Ok(()),
        Ok(Some(why)) => {
            let error = CommandError::new(format!(
                "{}: version {number} does not work any more, so there is no way back to it: {}",
                turn.name,
                visible(&why)
            ));
            // Where it stands again already, only another value helps.
            Err(if rotation.state == RotationState::Aborted {
                error.hint(format!("get one that works, and seal it: secrets set {}", turn.name))
            } else {
                error.hint(format!("to end its rotation: {}", turn.command(" --retire")))
            })
        }
        Err(error) => turn.session.say(format!(
            "warning: {}: whether version {number} still works could not be asked: {error}",
            turn.name
        )),
    }
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
    let gone = || {
        CommandError::new(format!("{name}: is gone from {}", turn.deployed.name))
            .hint("run the same command again: somebody changes it at this moment")
    };
    let theirs = turn.deployed_record()?.ok_or_else(gone)?;
    let record = turn.deployed_file(&turn.place.record_path(name))?.ok_or_else(gone)?;
    let sealed = turn.deployed_file(&turn.place.sealed_path(name))?.ok_or_else(gone)?;
    let is_nothing_minted =
        turn.is_fresh && rotation.state == RotationState::Planned && rotation.abandoned.is_empty();
    if !is_nothing_minted {
        let value = turn.open(&sealed)?;
        turn.provided(secret, |_, provider, _| {
            let Some(provider) = provider.filter(|provider| provider.has_register()) else { return Ok(()) };
            let listed = provider.list()?;
            let mut keep: Vec<Handle> = rotation.from_handle.iter().cloned().collect();
            keep.extend(provider.identify(&value, &listed)?);
            if provider.takes_markers() {
                let fate = (Stray::IsTold, GivenUp::Stays);
                let spared = revoke_strays(turn, (secret, &rotation), provider, &keep, &[], fate)?;
                return refuse_spared(turn, &spared);
            }
            match unmarked(turn, secret, provider, &rotation, &listed)? {
                Some(minted) if !keep.contains(&minted) => Ok(provider.revoke(&minted)?),
                Some(_) => Ok(()),
                None if rotation.handle.is_some() => Ok(()),
                // What is new there may be theirs, who are about to seal it.
                None => revoke_nothing_new(turn, &rotation, &listed, &keep, theirs.rotation.is_none()),
            }
        })?;
    }
    let was = secret.pair();
    let mut writer: Writer<'_> = turn.writer()?;
    writer.put(&format!("{name}{SEALED_ENDING}"), was.sealed, Some(sealed));
    writer.put(&format!("{name}{RECORD_ENDING}"), was.record, Some(record));
    let by = describe(&theirs, &rotation);
    turn.commit(writer, &format!("secrets: {name} gives way to {by}"))?;
    turn.did(format!("gave way to {by}, which is on {}", turn.deployed.name))?;
    turn.told.reached = None;
    if let Some(merge) = turn.merge_command() {
        turn.told.next = Some(merge);
    }
    Ok(Went::Stops(Rest::Waits(format!("{by} was first; what was minted here is revoked"))))
}

fn describe(theirs: &Record, ours: &Rotation) -> String {
    let version = &theirs.sealed.version;
    match &theirs.rotation {
        None if version.id == ours.from.id => "whoever dropped this rotation".to_owned(),
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
