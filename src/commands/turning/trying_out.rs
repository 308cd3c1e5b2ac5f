//! Whether the new value works: the provider and the probe are asked, and where neither can tell, a person.

use super::revoking::{GivenUp, Stray, revoke_strays};
use super::{Turn, Went};
use crate::commands::CommandError;
use crate::commands::writing::Existing;
use crate::domain::rotated::{Rest, Stage};
use crate::domain::rotation::{Handle, How, Rotation, RotationState, Verified};
use crate::domain::text::visible;
use crate::rotate::Provider;
use crate::rotate::trying::{Experience, Tried, until_verified};
use crate::system::terminal::Question;

/// Tries the new value, and writes down that it works.
pub fn verify(turn: &mut Turn<'_>, secret: &Existing) -> Result<Went, CommandError> {
    let Some(rotation) = secret.record.rotation.clone() else { return Ok(Went::On) };
    let number = secret.record.sealed.version.number;
    let how = match attempt(turn, secret, &rotation)? {
        Tried::So(seen) if seen.is_verified => {
            if seen.was_refused {
                turn.session.say(format!("{}: flaky: {}", turn.name, flaky(&seen)))?;
            }
            How::Tried
        }
        Tried::So(seen) => {
            if rotation.refused_at.is_none() && seen.was_refused {
                let refused = Rotation { refused_at: Some(turn.session.now), ..rotation };
                let message = format!("secrets: {} version {number} was refused once", turn.name);
                turn.note(secret, Some(refused), &message)?;
                // The next run may be in another clone.
                if turn.pushes {
                    turn.push(secret)?;
                }
            }
            return Err(not_verified(turn, number, &seen));
        }
        Tried::NobodyCanTell => match vouched(turn, number)? {
            Some(how) => how,
            None => return Ok(waits_for_a_person(turn, number)),
        },
    };
    let verified = Verified { at: turn.session.now, how };
    let rotation =
        Rotation { state: RotationState::Verified, verified: Some(verified), left_at: None, ..rotation };
    turn.note(secret, Some(rotation), &format!("secrets: {} version {number} is verified", turn.name))?;
    turn.told.reached = Some(Stage::Verified);
    turn.did(format!("verified version {number}"))?;
    Ok(Went::On)
}

/// Before the old value is ended: the new one must work now, whatever is written down of earlier.
pub fn demand(turn: &mut Turn<'_>, secret: &Existing, rotation: &Rotation) -> Result<(), CommandError> {
    let number = secret.record.sealed.version.number;
    let is_vouched =
        rotation.verified.as_ref().is_some_and(|verified| matches!(verified.how, How::Vouched { .. }));
    match attempt(turn, secret, rotation)? {
        Tried::So(seen) if seen.is_verified => Ok(()),
        Tried::So(seen) => Err(not_verified(turn, number, &seen)),
        Tried::NobodyCanTell if is_vouched => Ok(()),
        Tried::NobodyCanTell => Err(CommandError::new(format!(
            "{}: it is written down that version {number} was tried, but nothing here can try it",
            turn.name
        ))
        .hint(format!("let something try it: secrets probe set {} KIND …", turn.name))
        .hint(format!("or go back to the old value: {}", turn.command(" --abort")))),
    }
}

/// Clears away first what was minted twice, then tries the value.
fn attempt(turn: &Turn<'_>, secret: &Existing, rotation: &Rotation) -> Result<Tried, CommandError> {
    let probe = turn.honoured(secret)?.probe;
    let value = turn.open(&secret.bytes)?;
    let number = secret.record.sealed.version.number;
    turn.provided(secret, |_, provider, outside| {
        // A value that is refused is tried until the time is over: nobody should take that for a hang.
        if probe.is_some() || provider.is_some_and(Provider::has_register) {
            let most = turn.arguments.timeout;
            turn.session.say(format!("{}: trying version {number}, for {most} s at most", turn.name))?;
        }
        if let Some(provider) = provider {
            let keep: Vec<Handle> = rotation.handle.iter().chain(&rotation.from_handle).cloned().collect();
            let fate = (Stray::IsTold, GivenUp::Stays);
            revoke_strays(turn, (secret, rotation), provider, &keep, &[&value], fate)?;
        }
        Ok(until_verified(provider, probe.as_ref(), &value, outside, rotation.refused_at.is_some())?)
    })
}

fn flaky(seen: &Experience) -> String {
    let last =
        seen.last.as_ref().map(|last| format!(" ({})", visible(&last.to_string()))).unwrap_or_default();
    format!("it was refused{last}, then passed three times in a row")
}

fn not_verified(turn: &Turn<'_>, number: u64, seen: &Experience) -> CommandError {
    let last = seen
        .last
        .as_ref()
        .map_or_else(|| "it never passed".to_owned(), |last| visible(&last.to_string()).into_owned());
    let what = if seen.is_flaky { "is flaky, and that does not count" } else { "does not work" };
    CommandError::new(format!("{}: version {number} {what}: {last}", turn.name))
        .hint("the old value stays valid; nothing was revoked")
        .hint(format!("if it is tried where it is deployed, deploy first; then: {}", turn.command("")))
        .hint(format!("to go back to the old value: {}", turn.command(" --abort")))
}

/// What a person says of it.
fn vouched(turn: &Turn<'_>, number: u64) -> Result<Option<How>, CommandError> {
    let session = turn.session;
    let name = turn.name;
    let reason = match &turn.arguments.vouch {
        Some(reason) if reason.trim().is_empty() => {
            return Err(CommandError::new("--vouch needs a reason")
                .hint("--vouch 'logged in with it on staging and production'"));
        }
        Some(reason) => reason.clone(),
        None if session.terminal.can_ask() && !turn.arguments.due => {
            session.say(format!("{name}: nothing here can try version {number}"))?;
            let remedy = "give --vouch REASON";
            let what = "how do you know that it works where it is used (empty: not yet)";
            let answer = |answer: &str| Ok::<_, String>(answer.trim().to_owned());
            let said = session.terminal.ask_line(Question { what, remedy }, Some(""), answer)?;
            if said.is_empty() {
                return Ok(None);
            }
            said
        }
        None => return Ok(None),
    };
    let as_person = turn.arguments.sealing.as_person.as_ref();
    Ok(Some(How::Vouched { by: session.me(turn.policy, as_person)?, reason }))
}

fn waits_for_a_person(turn: &mut Turn<'_>, number: u64) -> Went {
    turn.told.next = Some(turn.command(" --vouch REASON"));
    let name = turn.name;
    Went::Stops(Rest::Waits(format!(
        "nothing here can try version {number}: see it work where it is deployed and say so, or let something try it \
         (secrets probe set {name} KIND …)"
    )))
}
