//! `secrets probe run`: tries the value that stands here.

use std::time::{Duration, Instant};

use super::runners::honoured;
use super::writing::existing;
use super::{CommandError, Session};
use crate::cli::ProbeRun;
use crate::domain::name::SecretName;
use crate::domain::text::counted;
use crate::observe::deployed::Deployed;
use crate::observe::identities::Identities;
use crate::observe::place::Place;
use crate::observe::trees::REMOTE_LIMIT;
use crate::rotate::trying::{Experience, Obstacle, Tried, may_change, until_verified};
use crate::rotate::{Outside, Trial, probe};
use crate::web::Limits;

pub fn run(session: &Session, arguments: &ProbeRun) -> Result<u8, CommandError> {
    let place = session.place()?;
    let deployed = Deployed::observe(&place, arguments.deploy_ref.as_ref(), REMOTE_LIMIT);
    let deployed = deployed.map_err(|unknown| CommandError::from(unknown).hint("nothing was tried"))?;
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    let mut works = true;
    for name in &arguments.names {
        let limit = Duration::from_secs(arguments.timeout);
        let verdict = attempt(session, &place, &deployed, &mut identities, name, limit);
        let (is_verified, told) = match verdict {
            Ok(seen) => (seen.is_verified, verdict_text(&seen)),
            Err(error) => {
                let why = error.to_string();
                let why = why.strip_prefix(&format!("{name}: ")).unwrap_or(&why);
                let lines = [&[format!("not tried: {why}")], error.hints()].concat();
                (false, lines.join("\n  "))
            }
        };
        works &= is_verified;
        session.print(format!("{name}: {told}\n"))?;
    }
    Ok(if works { 0 } else { 2 })
}

fn attempt(
    session: &Session,
    place: &Place,
    deployed: &Deployed,
    identities: &mut Identities<'_>,
    name: &SecretName,
    limit: Duration,
) -> Result<Experience, CommandError> {
    let secret = existing(place, name)?;
    // Before it is opened: what may not run must not wait for a passphrase either.
    let probe = honoured(deployed, &secret.record)?.probe;
    let Some(probe) = probe else {
        return Err(CommandError::new("it has no probe")
            .hint(format!("say what tells whether it works: secrets probe set {name} KIND KEY=VALUE…")));
    };
    let value = identities.open(name.as_str(), &secret.bytes)?;
    let folder = super::session::repository(place)?.root().to_owned();
    let outside = Outside {
        secret: name.clone(),
        environment: session.environment.clone(),
        folder,
        limits: Limits::within(limit),
        deadline: Instant::now() + limit,
        now: session.now,
    };
    let at_first = Outside {
        deadline: outside.deadline.min(Instant::now() + outside.limits.attempt),
        ..outside.clone()
    };
    let obstacle = match probe::attempt(&probe, &value, &at_first) {
        Ok(Trial::Passed) => return Ok(Experience::at_once()),
        Ok(Trial::Refused(why)) => Obstacle::Refused(why),
        Ok(Trial::CannotTell) => return Err(CommandError::new("its probe can't tell")),
        Err(error) if !may_change(&error) => return Err(error.into()),
        Err(error) => Obstacle::Untried(error),
    };
    // Nobody should have to wait to the end to hear of it.
    session.say(format!("{name}: {obstacle}; it is tried again until {} s are over", limit.as_secs()))?;
    let was_refused = matches!(obstacle, Obstacle::Refused(_));
    match until_verified(None, Some(&probe), &value, &outside, was_refused)? {
        Tried::So(seen) => {
            Ok(Experience { trials: seen.trials + 1, last: seen.last.or(Some(obstacle)), ..seen })
        }
        Tried::NobodyCanTell => Err(CommandError::new("its probe can't tell")),
    }
}

fn verdict_text(seen: &Experience) -> String {
    let trials = counted(seen.trials, "trial");
    let last = seen.last.as_ref().map(ToString::to_string).unwrap_or_default();
    match (seen.is_verified, seen.is_flaky) {
        (true, false) if seen.last.is_none() => "works".to_owned(),
        (true, false) => format!("works, at the end of {trials}; before: {last}"),
        (true, true) => {
            format!(
                "works, and is flaky: refused and accepted in turn, then accepted three times in a row; last: {last}"
            )
        }
        (false, true) => format!(
            "flaky in {trials}: refused and accepted in turn, and not three times in a row; last: {last}"
        ),
        (false, false) => format!("does not work, in {trials}: {last}"),
    }
}
