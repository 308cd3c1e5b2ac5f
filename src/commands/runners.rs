//! What the commands around rotators and probes share: whether what a record names may run here, and with what.
//!
//! Rotators and probes run beside the plaintext. Whoever pushes a branch can seal a secret anew with others, from public keys
//! alone; so only those are honoured that the deploy ref has of the same secret, and of this repository's files only those
//! that it has too.

use super::{CommandError, Session};
use crate::change::sealing;
use crate::domain::name::SecretName;
use crate::domain::probe::Probe;
use crate::domain::record::{Record, Runner};
use crate::domain::rotator::{Rotator, RotatorKind};
use crate::domain::setting::Setting;
use crate::domain::text::{shell_word, visible};
use crate::domain::value::Value;
use crate::observe::deployed::Deployed;
use crate::observe::identities::Identities;
use crate::observe::settings;

/// What may run beside the plaintext of a secret.
pub struct Honoured {
    pub rotator: Option<Rotator<Setting>>,
    pub probe: Option<Probe>,
}

/// What the record names, where the deploy ref has the very same of this secret.
///
/// # Errors
/// It has another one or none, or a file that a command names is not the one that it has; or the settings can't be read.
pub fn honoured(deployed: &Deployed, record: &Record) -> Result<Honoured, CommandError> {
    let sealed = &record.sealed;
    let (rotator, probe) = (sealed.rotator.as_ref(), sealed.probe.as_ref());
    let name = &sealed.name;
    let there = bound_there(deployed, name)?;
    let there = there.as_ref().map(|record| &record.sealed);
    refuse_other(deployed, name, "rotator", rotator, there.and_then(|there| there.rotator.as_ref()))?;
    refuse_other(deployed, name, "probe", probe, there.and_then(|there| there.probe.as_ref()))?;
    let unread = |error| CommandError::new(format!("{name}: {error}"));
    let rotator = rotator.map(Rotator::parse).transpose().map_err(unread)?;
    let probe = probe.map(Probe::parse).transpose().map_err(unread)?;
    if let Some(Rotator { kind: RotatorKind::Exec { command, .. }, .. }) = &rotator {
        refuse_exchanged(deployed, name, "rotator", command)?;
    }
    if let Some(Probe::Exec { command }) = &probe {
        refuse_exchanged(deployed, name, "probe", command)?;
    }
    Ok(Honoured { rotator, probe })
}

/// The record on the deploy ref, which must be the one that the value there was sealed with: nothing else of it counts.
fn bound_there(deployed: &Deployed, name: &SecretName) -> Result<Option<Record>, CommandError> {
    let pair = deployed.pair(name).map_err(|why| CommandError::new(format!("{name}: {why}")))?;
    let Some((record, sealed)) = pair else { return Ok(None) };
    let is_its_own = record.sealed.name == *name;
    let bound = sealing::verify_bound(&record, &sealed).map_err(|error| error.to_string());
    match bound {
        Ok(()) if is_its_own => Ok(Some(record)),
        Ok(()) => Err(CommandError::new(format!(
            "{name}: its record on {} is that of {}",
            deployed.name, record.sealed.name
        ))),
        Err(why) => Err(CommandError::new(format!("on {}: {why}", deployed.name))),
    }
}

fn refuse_other(
    deployed: &Deployed,
    name: &SecretName,
    what: &str,
    here: Option<&Runner>,
    there: Option<&Runner>,
) -> Result<(), CommandError> {
    if here == there {
        return Ok(());
    }
    let kind = |runner: &Runner| visible(&runner.kind).into_owned();
    let how = match (here, there) {
        (Some(here), Some(there)) if here.kind == there.kind => {
            format!("its {what} here has other settings than on {}", deployed.name)
        }
        (Some(here), Some(there)) => {
            format!("its {what} is {} here, and {} on {}", kind(here), kind(there), deployed.name)
        }
        (Some(here), None) => {
            format!("its {what} is {} here, and {} has none of it", kind(here), deployed.name)
        }
        (None, _) => format!("it has no {what} here, and one on {}", deployed.name),
    };
    Err(CommandError::new(format!(
        "{name}: {how}; what runs beside the plaintext is honoured only as that has it"
    ))
    .hint(format!("see what it is here: secrets show {name}"))
    .hint(first_there(deployed, "it")))
}

/// What a command names of this repository must be what is deployed: else a branch would say what gets the value.
fn refuse_exchanged(
    deployed: &Deployed,
    name: &SecretName,
    what: &str,
    words: &[String],
) -> Result<(), CommandError> {
    for word in words {
        let shown = visible(word);
        let is_there = deployed
            .has_as_here(word)
            .map_err(|why| CommandError::new(format!("{name}: its {what} names {shown}: {why}")))?;
        if !is_there {
            return Err(CommandError::new(format!(
                "{name}: its {what} names {shown}, which is not the file that {} has; what runs beside the plaintext is \
                 honoured only as that has it",
                deployed.name
            ))
            .hint(first_there(deployed, "the file")));
        }
    }
    Ok(())
}

fn first_there(deployed: &Deployed, what: &str) -> String {
    let how = if deployed.remote.is_some() { "push or merge" } else { "commit" };
    format!("{how} {what} first, so that {} has it, then run the same command again", deployed.name)
}

/// The same rotator with each of its credentials looked up where it says; sealed ones as the deploy ref has them.
pub fn resolved(
    session: &Session,
    deployed: &Deployed,
    identities: &mut Identities<'_>,
    rotator: &Rotator<Setting>,
) -> Result<Rotator<Value>, CommandError> {
    // A key of AWS is sealed as a file of several lines.
    let look_up = match rotator.kind {
        RotatorKind::AwsIamAccessKey(_) => settings::document,
        RotatorKind::Generate(_)
        | RotatorKind::EntraAppPassword(_)
        | RotatorKind::GitlabToken(_)
        | RotatorKind::Exec { .. }
        | RotatorKind::Manual => settings::value,
    };
    rotator.resolve(|setting| {
        let mut open = |name: &SecretName| deployed.open(name, identities);
        look_up(setting, &session.environment, &mut open)
            .map_err(|why| CommandError::new(format!("a credential of the rotator: {why}")))
    })
}

/// A rotator or a probe on one line, as it would be typed: `generate length=48`.
pub fn told(runner: &Runner) -> String {
    let setting = |(name, value): (&String, &String)| format!(" {}={}", shell_word(name), shell_word(value));
    let settings: String = runner.with.iter().map(setting).collect();
    visible(&format!("{}{settings}", shell_word(&runner.kind))).into_owned()
}
