//! The first half of a rotation: the intent is written down, what earlier attempts left behind is revoked, the provider makes
//! a new value, and that is sealed before anything else happens.

use std::collections::BTreeSet;

use super::revoking::{GivenUp, Stray, revoke_strays, tell_unknown};
use super::steps::Sent;
use super::{Turn, Went};
use crate::change::sealing::{self, Sealer};
use crate::change::writer::Writer;
use crate::commands::by_hand;
use crate::commands::ending::echo_expiry;
use crate::commands::replacing::{Replaced, Replacement};
use crate::commands::session::repository;
use crate::commands::signing::{refuse_unsignable, sign_where_required};
use crate::commands::standing::{Standing, tracked};
use crate::commands::writing::{Existing, accept_keys, existing, policy_unchanged};
use crate::commands::{CommandError, Session};
use crate::domain::expiry::{Expiry, ExpirySource};
use crate::domain::name::ActorName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::record::{Sealed, VersionOrder};
use crate::domain::rotated::Stage;
use crate::domain::rotation::{Handle, Listed, Rotation, RotationState, Started, There, VersionRef};
use crate::domain::rotator::Rotator;
use crate::domain::time::Instant;
use crate::domain::value::Value;
use crate::observe::place::Place;
use crate::value_ends;

/// Everything that sealing needs, found out before the provider is asked: what it makes must not be lost for want of a key.
struct Desk {
    replaced: Replaced,
    me: ActorName,
    above: Option<VersionOrder>,
}

impl Desk {
    fn lay(turn: &Turn<'_>) -> Result<Self, CommandError> {
        let Turn { session, place, name, policy, arguments, .. } = turn;
        let replaced = replaced(turn)?;
        let me = session.me(policy, arguments.sealing.as_person.as_ref())?;
        refuse_unsignable(session, place, policy, name, arguments.sealing.signing_key.as_deref())?;
        let above = accept(turn, &replaced)?;
        if let Some(operation) = repository(place)?.unfinished_operation() {
            return Err(CommandError::new(format!(
                "a {operation} is not finished, and git commits no single files until then: finish the {operation} first"
            )));
        }
        Ok(Self { replaced, me, above })
    }

    fn current(&self) -> Result<&Value, CommandError> {
        self.replaced.current.as_ref().ok_or_else(|| {
            CommandError::new("the value that stands can't be opened")
                .hint("see which identities are found with: secrets doctor")
        })
    }
}

/// What stands there, opened.
pub fn replaced(turn: &Turn<'_>) -> Result<Replaced, CommandError> {
    let keychain = turn.session.keychain();
    let mut identities = turn.session.identities(&keychain);
    let shown = existing(turn.place, turn.name)?;
    Replaced::open(turn.session, turn.place, &mut identities, turn.name, shown)
}

/// Has every key accepted that it would be sealed to for the first time; answers with the highest numbers that were used.
pub fn accept(turn: &Turn<'_>, replaced: &Replaced) -> Result<Option<VersionOrder>, CommandError> {
    let Turn { session, place, name, policy, arguments, .. } = turn;
    let prompts = session.prompts();
    let sealer = Sealer { policy, now: session.now, prompts: &prompts };
    let mut accepted: BTreeSet<_> = arguments.sealing.accept_key.iter().cloned().collect();
    let tracked = tracked(place, policy);
    let standing = Standing::observe(session, place, policy, tracked.as_ref(), std::slice::from_ref(*name));
    let (known, above) = replaced.stand(session, &standing, name)?;
    accept_keys(session, &sealer, name, &known, &mut accepted)?;
    Ok(above)
}

/// Signs what policy wants signed.
pub fn sign(turn: &Turn<'_>, policy: &Policy, writer: &mut Writer<'_>) -> Result<(), CommandError> {
    let signing_key = turn.arguments.sealing.signing_key.as_deref();
    sign_where_required(turn.session, turn.place, policy, writer, signing_key)
}

/// Writes down what is intended, with all that a later run must know to find what came of it.
pub fn plan(turn: &mut Turn<'_>, secret: &Existing) -> Result<Went, CommandError> {
    if turn.there(&secret.record)? != There::Same {
        return Err(turn.unpushed());
    }
    let desk = Desk::lay(turn)?;
    let version = &secret.record.sealed.version;
    let (before, from_handle) = turn.provided(secret, |rotator, provider, _| {
        if rotator.needs_a_person() && turn.arguments.due {
            return Err(CommandError::new("is rotated by hand").hint(turn.command("")));
        }
        let Some(provider) = provider.filter(|provider| provider.has_register()) else {
            return Ok((Vec::new(), None));
        };
        let listed = provider.list()?;
        let marked = listed.iter().find(|one| one.marker == Some(version.id));
        let from = match marked {
            Some(one) => Some(one.handle.clone()),
            None => provider.identify(desk.current()?, &listed)?,
        };
        tell_unknown(turn, provider, &listed, from.as_ref())?;
        let before = if provider.takes_markers() { Vec::new() } else { handles(&listed) };
        Ok((before, from))
    })?;
    let now = turn.session.now;
    let rotation = Rotation {
        state: RotationState::Planned,
        to: sealing::new_id(now),
        from: VersionRef { id: version.id, number: version.number },
        started: Started { at: now, by: desk.me },
        before: before.into_iter().collect(),
        abandoned: <_>::default(),
        from_handle,
        handle: None,
        refused_at: None,
        verified: None,
        aborted: None,
        left_at: None,
    };
    let message = format!("secrets: plan the rotation of {} (version {})", turn.name, version.number + 1);
    turn.note(secret, Some(rotation), &message)?;
    turn.is_fresh = true;
    turn.did(format!("planned version {}", version.number + 1))?;
    push_plan(turn)
}

fn handles(listed: &[Listed]) -> Vec<Handle> {
    listed.iter().map(|one| one.handle.clone()).collect()
}

/// With the plan on the deploy ref no other clone makes one of its own. Where the ref takes no direct push that is found out
/// later: whoever comes second gives way.
fn push_plan(turn: &mut Turn<'_>) -> Result<Went, CommandError> {
    if !turn.pushes {
        return Ok(Went::On);
    }
    turn.refuse_exchanged()?;
    let series = turn.series(RotationState::Planned)?;
    match turn.try_push(&series)? {
        Sent::ToBranch => Ok(Went::On),
        Sent::Beside => {
            turn.session.say(format!(
                "{}: {} takes no direct push, so another clone may plan the same; the one that is merged first wins",
                turn.name, turn.deployed.name
            ))?;
            Ok(Went::On)
        }
        Sent::Refused => turn.overtaken(),
    }
}

/// Has the provider make the new value, and seals it.
pub fn mint(turn: &mut Turn<'_>, secret: &Existing) -> Result<Went, CommandError> {
    let Some(rotation) = secret.record.rotation.clone() else { return Ok(Went::On) };
    if !turn.is_fresh {
        // It goes on: whatever waited for its end waits anew, should that come after all.
        return take_over(turn, secret, Rotation { left_at: None, ..rotation });
    }
    // What is minted from here on, and lost, is found by the next run, which takes over.
    turn.is_fresh = false;
    let desk = Desk::lay(turn)?;
    let now = turn.session.now;
    let number = rotation.from.number + 1;
    let made = turn.provided(secret, |rotator, provider, _| {
        let end = rotator.lifetime.map(|lifetime| {
            lifetime.after(now).ok_or_else(|| {
                CommandError::new(format!("its lifetime of {lifetime} is beyond the year 9999"))
                    .hint(format!("set a shorter one: secrets rotator set {} KIND lifetime=1y", turn.name))
            })
        });
        let end = end.transpose()?;
        let Some(provider) = provider else { return by_hand(turn, secret, rotator, desk.current()?) };
        let current = desk.current()?;
        let keep: Vec<Handle> = rotation.from_handle.iter().cloned().collect();
        let fate = (Stray::Blocks, GivenUp::Stays);
        revoke_strays(turn, (secret, &rotation), provider, &keep, &[current], fate)?;
        let minted = provider.mint(rotation.to, Some(current), end)?;
        let expires = expiry(&minted.value, minted.expires, end, &secret.record.sealed, now);
        Ok(Made { value: minted.value, handle: minted.handle, expires, issued: None, seen: false })
    })?;
    if desk.replaced.has(&made.value) {
        return Err(CommandError::new(format!(
            "{}: what was made is the value it has already (same-value)",
            turn.name
        ))
        .hint("nothing was sealed: see why its rotator gives out the old value"));
    }
    let sealed = Rotation { state: RotationState::Sealed, handle: made.handle.clone(), ..rotation.clone() };
    seal(turn, &desk, &made, (rotation.to, sealed))?;
    turn.told.reached = Some(Stage::Sealed);
    turn.did(format!("minted and sealed version {}", turn.told.to.unwrap_or(number)))?;
    if let Some(expires) = &made.expires {
        echo_expiry(turn.session, expires)?;
    }
    Ok(Went::On)
}

struct Made {
    value: Value,
    handle: Option<Handle>,
    expires: Option<Expiry>,
    issued: Option<Instant>,
    /// Whether a person has seen it in clear.
    seen: bool,
}

fn by_hand(
    turn: &Turn<'_>,
    secret: &Existing,
    rotator: &Rotator<Value>,
    current: &Value,
) -> Result<Made, CommandError> {
    let Turn { session, place, arguments, .. } = turn;
    let made = by_hand::new_value(session, place, &secret.record, arguments, rotator.lifetime, current)?;
    Ok(Made { value: made.value, handle: None, expires: Some(made.expires), issued: made.issued, seen: true })
}

/// When the new value ends: what the provider says, what the value itself carries, what its rotator is set to; else as the one
/// before.
fn expiry(
    value: &Value,
    by_provider: Option<Instant>,
    by_setting: Option<Instant>,
    before: &Sealed,
    now: Instant,
) -> Option<Expiry> {
    let at = |at, from| Expiry::At { at, from, reason: None };
    let own = value_ends::read(value.expose()).earliest().map(|end| at(end.at, end.source));
    let said = by_provider.map(|end| at(end, ExpirySource::Rotator));
    let earlier = match (own, said) {
        (Some(own), Some(said)) => Some(if own.at() < said.at() { own } else { said }),
        (own, said) => own.or(said),
    };
    earlier.or_else(|| by_setting.map(|end| at(end, ExpirySource::Rotator))).or_else(|| {
        match &before.expires {
            Some(Expiry::At { at: end, .. }) => {
                let seconds = end.unix_seconds().checked_sub(before.since().unix_seconds())?;
                Some(at(now.checked_add_seconds(i64::try_from(seconds).ok()?)?, ExpirySource::Rotator))
            }
            Some(never @ Expiry::Never { .. }) => Some(never.clone()),
            None => None,
        }
    })
}

/// Another run has begun this and did not come to sealing; or it still runs, in another clone. Either way a new id is given
/// out, and only when that stands where the other would push is anything revoked.
pub fn take_over(
    turn: &mut Turn<'_>,
    secret: &Existing,
    mut rotation: Rotation,
) -> Result<Went, CommandError> {
    let number = rotation.from.number + 1;
    // What may not be run for it is told before anything is written.
    turn.honoured(secret)?;
    refuse_unpushed(turn, &rotation)?;
    rotation.abandoned.insert(rotation.to);
    rotation.to = sealing::new_id(turn.session.now);
    let message = format!("secrets: plan the rotation of {} again (version {number})", turn.name);
    turn.note(secret, Some(rotation), &message)?;
    turn.is_fresh = true;
    turn.did(format!("took over what was planned for version {number}"))?;
    push_plan(turn)
}

/// A plan that stands on the deploy ref may be another clone's, which is at it at this moment. What that one minted is its own
/// until a fresh plan stands where it would push.
fn refuse_unpushed(turn: &Turn<'_>, rotation: &Rotation) -> Result<(), CommandError> {
    if turn.pushes || turn.policy.deploy_ref == DeployRef::None {
        return Ok(());
    }
    let there = turn.deployed_record()?.and_then(|record| record.rotation);
    if there.is_none_or(|there| there.to != rotation.to) {
        return Ok(());
    }
    let name = turn.name;
    Err(CommandError::new(format!(
        "{name}: its plan is on {}, so another clone may be at it: only by a push is it taken over",
        turn.deployed.name
    ))
    .hint(format!("secrets rotate {name} --push")))
}

fn seal(
    turn: &mut Turn<'_>,
    desk: &Desk,
    made: &Made,
    rotation: (crate::domain::id::VersionId, Rotation),
) -> Result<(), CommandError> {
    let (session, place, name): (&Session, &Place, _) = (turn.session, turn.place, turn.name);
    let prompts = session.prompts();
    let mut writer = turn.writer()?;
    let sealer = Sealer { policy: turn.policy, now: session.now, prompts: &prompts };
    let policy = policy_unchanged(place, &sealer, name)?;
    let sealer = Sealer { policy: &policy, ..sealer };
    let seen_by = if made.seen { vec![desk.me.clone()] } else { Vec::new() };
    let replacement = Replacement {
        name,
        value: &made.value,
        expires: made.expires.clone(),
        issued: made.issued,
        set_by: desk.me.clone(),
        seen_by: &seen_by,
        above: desk.above,
        rotation: Some(rotation),
    };
    let (before, record, sealed) = replacement.seal(place, &sealer, &desk.replaced)?;
    let number = record.sealed.version.number;
    writer.put_secret(before, &record, sealed);
    sign(turn, &policy, &mut writer)?;
    turn.told.to = Some(number);
    turn.commit(writer, &format!("secrets: rotate {name} (version {number})"))
}
