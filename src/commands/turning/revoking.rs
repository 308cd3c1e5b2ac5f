//! What is revoked at a provider, and that nothing else is.

use std::collections::BTreeSet;

use super::Turn;
use super::in_use::spare;
use crate::commands::CommandError;
use crate::commands::versions::{self, Wanted};
use crate::commands::writing::Existing;
use crate::domain::id::VersionId;
use crate::domain::rotation::{Handle, Listed, Next, Rotation};
use crate::domain::text::listed as in_words;
use crate::domain::value::Value;
use crate::rotate::Provider;

/// By what the provider knows the old value; nothing where it is gone. What the record says is held against the provider's own
/// list: revoked is only what bears the old version's marker, or what was taken for the old value when the rotation began and
/// still is.
pub fn old_handles(
    turn: &Turn<'_>,
    provider: &dyn Provider,
    rotation: &Rotation,
    listed: &[Listed],
    old_value: &Value,
) -> Result<Vec<Handle>, CommandError> {
    let old = rotation.from.id;
    let marked: Vec<Handle> =
        listed.iter().filter(|one| one.marker == Some(old)).map(|one| one.handle.clone()).collect();
    let noted = rotation.from_handle.as_ref();
    let noted_there = noted.filter(|noted| listed.iter().any(|one| one.handle == **noted));
    if turn.arguments.revoked_by_hand {
        return match marked.first().or(noted_there) {
            Some(handle) => Err(CommandError::new(format!("{}: its provider still has {handle}", turn.name))
                .hint(turn.command(" --retire"))),
            None => Ok(Vec::new()),
        };
    }
    if !marked.is_empty() {
        return Ok(marked);
    }
    if noted.is_some() && noted_there.is_none() {
        return Ok(Vec::new());
    }
    // Some providers know a value by a few characters: what bears another version's marker is not the old one.
    let is_unmarked =
        |handle: &Handle| listed.iter().any(|one| one.handle == *handle && one.marker.is_none());
    let identified = provider.identify(old_value, listed)?.filter(is_unmarked);
    match (noted_there, identified) {
        (Some(noted), Some(found)) if *noted == found => Ok(vec![found]),
        (Some(_) | None, _) => Err(CommandError::new(format!(
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

/// What becomes of what was deployed before it was given up: wherever that was, it is in use until the next one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenUp {
    Stays,
    /// The overlap of what came behind it is over.
    Ends,
}

/// Revokes what was minted for a rotation and belongs to none of these handles and values. Answers with what bears its mark too
/// and may be in use, which is spared.
pub fn revoke_strays(
    turn: &Turn<'_>,
    (secret, rotation): (&Existing, &Rotation),
    provider: &dyn Provider,
    keep: &[Handle],
    values: &[&Value],
    (doubtful, given_up): (Stray, GivenUp),
) -> Result<Vec<Handle>, CommandError> {
    if !provider.has_register() {
        return Ok(Vec::new());
    }
    let listed = provider.list()?;
    let mut kept = keep.to_vec();
    for value in values {
        kept.extend(provider.identify(value, &listed)?);
    }
    let mut strays = crate::domain::rotation::strays(&listed, rotation, &kept, provider.takes_markers());
    let mut spared = Vec::new();
    if !strays.ours.is_empty() {
        let in_use = turn.in_use(rotation)?;
        match given_up {
            GivenUp::Stays => leave_deployed(turn, provider, rotation, &mut strays.ours, &listed, &kept)?,
            GivenUp::Ends => turn.refuse_moved(secret)?,
        }
        spared = spare(&mut strays.ours, &in_use, &listed, &kept);
    }
    for handle in &strays.ours {
        provider.revoke(handle)?;
        turn.session
            .say(format!("{}: revoked {handle}, which was minted for it and is not used", turn.name))?;
    }
    if strays.doubtful.is_empty() {
        return Ok(spared);
    }
    let why = appeared(turn, &strays.doubtful);
    match doubtful {
        Stray::Blocks => Err(why
            .hint("if nobody uses it, remove it there, and run the same command again")
            .hint(format!("if somebody does: {}, then begin anew", turn.command(" --abort")))),
        Stray::IsTold => {
            turn.session.say(format!("warning: {why}"))?;
            Ok(spared)
        }
    }
}

fn appeared(turn: &Turn<'_>, handles: &[Handle]) -> CommandError {
    CommandError::new(format!(
        "{}: {} appeared at its provider since the rotation began, and may be somebody's",
        turn.name,
        names(handles)
    ))
}

fn names(handles: &[Handle]) -> String {
    in_words(&handles.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// Before a rotation begins: what is at the provider and may be nobody's. It is of another store, clone or secret, or of a run that
/// was overtaken and died; then its value is nowhere.
pub fn tell_unknown(
    turn: &Turn<'_>,
    provider: &dyn Provider,
    listed: &[Listed],
    from: Option<&Handle>,
) -> Result<(), CommandError> {
    let name = turn.name;
    if !provider.takes_markers() {
        let others: Vec<Handle> =
            listed.iter().map(|one| &one.handle).filter(|handle| Some(*handle) != from).cloned().collect();
        return match others.as_slice() {
            [] => Ok(()),
            others => turn.session.say(format!(
                "{name}: beside its value its provider has {}: remove what nobody uses",
                names(others)
            )),
        };
    }
    let marks: BTreeSet<VersionId> = listed.iter().filter_map(|one| one.marker).collect();
    let unknown = match turn.unknown(marks) {
        Ok(unknown) => unknown,
        Err(error) => {
            return turn.session.say(format!(
                "warning: {name}: whether its provider has what nobody knows is unknown: {error}"
            ));
        }
    };
    let is_unknown = |one: &&Listed| one.marker.is_some_and(|marker| unknown.contains(&marker));
    for one in listed.iter().filter(is_unknown) {
        turn.session.say(format!(
            "warning: {name}: {} at its provider was made by secrets, for no version that stands in this store: revoke it there \
             unless another store, or an open pull request, has it",
            one.handle
        ))?;
    }
    Ok(())
}

/// Takes out what was given up behind its having been deployed. Without a mark what that is can't be told, and nothing is taken.
fn leave_deployed(
    turn: &Turn<'_>,
    provider: &dyn Provider,
    rotation: &Rotation,
    strays: &mut Vec<Handle>,
    listed: &[Listed],
    kept: &[Handle],
) -> Result<(), CommandError> {
    let deployed = turn.given_up_deployed(rotation)?;
    let left = if provider.takes_markers() || deployed.is_empty() {
        spare(strays, &deployed, listed, kept)
    } else {
        std::mem::take(strays)
    };
    if left.is_empty() {
        return Ok(());
    }
    let (name, names, deployed) = (turn.name, names(&left), &turn.deployed.name);
    let what = format!("{name}: {names} was given up, but may still be deployed from {deployed}");
    turn.session.say(if turn.step == Next::GiveWay {
        format!("warning: {what}: revoke it there once nothing uses it")
    } else {
        format!("{what}: it stays valid to the end of this rotation")
    })
}

/// Where nothing of what was minted may be kept.
pub fn refuse_spared(turn: &Turn<'_>, spared: &[Handle]) -> Result<(), CommandError> {
    if spared.is_empty() {
        return Ok(());
    }
    Err(CommandError::new(format!(
        "{}: {} was minted for it, and is what {} has: it was not revoked",
        turn.name,
        names(spared),
        turn.deployed.name
    ))
    .hint(format!(
        "have what stands there here first, then run the same command again: secrets show {}",
        turn.name
    )))
}

/// Revokes what was minted and is not the value that stands here, whatever may still be in use of the old.
pub fn revoke_minted(turn: &Turn<'_>, secret: &Existing, rotation: &Rotation) -> Result<(), CommandError> {
    let current = turn.open(&secret.bytes)?;
    turn.provided(secret, |_, provider, _| {
        let Some(provider) = provider.filter(|provider| provider.has_register()) else { return Ok(()) };
        let listed = provider.list()?;
        let version = secret.record.sealed.version.id;
        let mut keep: Vec<Handle> =
            listed.iter().filter(|one| one.marker == Some(version)).map(|one| one.handle.clone()).collect();
        keep.extend(rotation.from_handle.clone());
        keep.extend(provider.identify(&current, &listed)?);
        if let Some(minted) = unmarked(turn, secret, provider, rotation, &listed)?
            && !keep.contains(&minted)
        {
            turn.refuse_moved(secret)?;
            provider.revoke(&minted)?;
            turn.session.say(format!("{}: revoked {minted}", turn.name))?;
        }
        let fate = (Stray::IsTold, GivenUp::Ends);
        let spared = revoke_strays(turn, (secret, rotation), provider, &keep, &[], fate)?;
        refuse_spared(turn, &spared)
    })
}

/// What was minted and sealed, at a provider that takes no markers: what the sealed value itself belongs to. That a record
/// names a handle proves nothing.
pub fn unmarked(
    turn: &Turn<'_>,
    secret: &Existing,
    provider: &dyn Provider,
    rotation: &Rotation,
    listed: &[Listed],
) -> Result<Option<Handle>, CommandError> {
    let Some(noted) = &rotation.handle else { return Ok(None) };
    if provider.takes_markers() || !listed.iter().any(|one| one.handle == *noted) {
        return Ok(None);
    }
    let value = if secret.record.sealed.version.id == rotation.to {
        turn.open(&secret.bytes)?
    } else {
        turn.open(&versions::older(turn.place, turn.name, Wanted::Id(rotation.to))?.sealed)?
    };
    match provider.identify(&value, listed)? {
        Some(found) if found == *noted => Ok(Some(found)),
        Some(_) | None => Err(CommandError::new(format!(
            "{}: whether {noted} was minted for it can't be told, so nothing was revoked",
            turn.name
        ))
        .hint(
            "look at it at its provider; if nobody uses it, revoke it there, then run the same command again",
        )),
    }
}

/// Where another clone may be at it, nothing is revoked that bears no mark. `is_dropped`: no other one has a plan.
pub fn revoke_nothing_new(
    turn: &Turn<'_>,
    rotation: &Rotation,
    listed: &[Listed],
    keep: &[Handle],
    is_dropped: bool,
) -> Result<(), CommandError> {
    let is_new = |one: &&Listed| !rotation.before.contains(&one.handle) && !keep.contains(&one.handle);
    let new: Vec<Handle> = listed.iter().filter(is_new).map(|one| one.handle.clone()).collect();
    if new.is_empty() {
        return Ok(());
    }
    if is_dropped {
        let error =
            appeared(turn, &new).hint("if nobody uses it, remove it there, and run the same command again");
        let merge = turn.merge_command().map(|merge| format!("if somebody does: {merge}"));
        return Err(merge.into_iter().fold(error, CommandError::hint));
    }
    Err(CommandError::new(format!(
        "{}: somebody else rotates it too, and whether {} was minted here or there can't be told",
        turn.name,
        names(&new)
    ))
    .hint("wait until theirs is sealed and pushed, then run the same command again"))
}
