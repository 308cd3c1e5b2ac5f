//! The same value with another rotator or probe: it is sealed again, because what runs beside the plaintext is bound to it.

use std::collections::BTreeSet;
use std::convert::Infallible;

use super::runners::told;
use super::session::repository;
use super::standing::{Standing, tracked};
use super::writing::{Manner, accept_keys, existing, finish};
use super::{CommandError, Session};
use crate::change::sealing::{Request, Runners, Sealer};
use crate::change::writer::Writer;
use crate::domain::json::UniqueMap;
use crate::domain::name::SecretName;
use crate::domain::probe::Probe;
use crate::domain::record::{Record, Runner};
use crate::domain::rotator::Rotator;
use crate::domain::setting::Setting;
use crate::domain::text::visible;
use crate::observe::place::Place;

/// Which of the two is exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Rotator,
    Probe,
}

impl Part {
    fn as_str(self) -> &'static str {
        match self {
            Self::Rotator => "rotator",
            Self::Probe => "probe",
        }
    }

    fn of(self, record: &Record) -> Option<&Runner> {
        match self {
            Self::Rotator => record.sealed.rotator.as_ref(),
            Self::Probe => record.sealed.probe.as_ref(),
        }
    }
}

/// Reads a kind and its settings as they were typed; what is not understood is an error.
pub fn typed(part: Part, kind: &str, settings: &[String]) -> Result<Runner, CommandError> {
    let mut with = UniqueMap::default();
    for setting in settings {
        let Some((key, value)) = setting.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(CommandError::new(format!(
                "`{}` is no setting: write each like KEY=VALUE",
                visible(setting)
            )));
        };
        if with.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(CommandError::new(format!("`{}` is given twice", visible(key))));
        }
    }
    let runner = Runner { kind: kind.to_owned(), with };
    let fault = match part {
        Part::Rotator => Rotator::parse(&runner).err(),
        Part::Probe => Probe::parse(&runner).err(),
    };
    match fault {
        None => Ok(runner),
        Some(fault) => Err(CommandError::from(fault).hint(format!("secrets {} set --help", part.as_str()))),
    }
}

/// Seals a secret again with this rotator or probe, or without one; same value, same version, one commit.
pub fn refit(
    session: &Session,
    name: &SecretName,
    part: Part,
    runner: Option<&Runner>,
    manner: &Manner<'_>,
) -> Result<u8, CommandError> {
    let place = session.place()?;
    let mut writer = Writer::begin_in_repository(&place.store, repository(&place)?, &place.folder)?;
    let policy = place.policy()?;
    let before = existing(&place, name)?;
    let was = part.of(&before.record);
    let what = part.as_str();
    let shown = |runner: Option<&Runner>| runner.map_or_else(|| "none".to_owned(), told);
    if was == runner {
        session.say(format!("{name}: {what} {}: is so already", shown(runner)))?;
        return Ok(0);
    }
    if part == Part::Rotator {
        heed_rotation(session, &before.record, runner)?;
    }
    warn_of_absent(session, &place, runner)?;
    let prompts = session.prompts();
    let sealer = Sealer { policy: &policy, now: session.now, prompts: &prompts };
    let tracked = tracked(&place, &policy);
    let standing = Standing::observe(session, &place, &policy, tracked.as_ref(), std::slice::from_ref(name));
    let facts = standing.secret(name);
    standing.refuse_older(&facts)?;
    let mut accepted: BTreeSet<_> = manner.sealing.accept_key.iter().cloned().collect();
    accept_keys(session, &sealer, name, &standing.known_keys(&facts, &[name]), &mut accepted)?;
    let value = session.identities(&session.keychain()).open(name.as_str(), &before.bytes)?;
    let sealed = &before.record.sealed;
    let runners = match part {
        Part::Rotator => Runners::These { rotator: runner, probe: sealed.probe.as_ref() },
        Part::Probe => Runners::These { rotator: sealed.rotator.as_ref(), probe: runner },
    };
    let (record, bytes) = sealer.seal(Request { runners, ..Request::again(&before.record, &value) })?;
    writer.put_secret(before.pair(), &record, bytes);
    session.say(format!("{name}: {what} {} → {}", shown(was), shown(runner)))?;
    let kind = runner.map_or_else(|| "none".to_owned(), |runner| visible(&runner.kind).into_owned());
    let message = format!("secrets: {what} of {name}: {kind}");
    let signing_key = manner.sealing.signing_key.as_deref();
    finish(session, &place, &policy, writer, &message, manner.publish, signing_key)?;
    Ok(0)
}

/// What a rotation under way has minted is known to the provider that minted it, and to nobody else.
fn heed_rotation(session: &Session, record: &Record, runner: Option<&Runner>) -> Result<(), CommandError> {
    let Some(rotation) = &record.rotation else { return Ok(()) };
    let name = &record.sealed.name;
    let kind = |runner: Option<&Runner>| runner.map(|runner| runner.kind.clone());
    if kind(record.sealed.rotator.as_ref()) != kind(runner) {
        return Err(CommandError::new(format!(
            "{name}: a rotation is under way ({}), and only its rotator knows what was minted for it",
            rotation.state
        ))
        .hint(format!("to finish it: secrets rotate {name}"))
        .hint(format!("or to undo it: secrets rotate {name} --abort")));
    }
    session.say(format!(
        "warning: a rotation of {name} is under way ({}); what was minted for it is from now on looked for where these \
         settings say",
        rotation.state
    ))
}

/// A credential may be added later; whoever mistyped its name should hear of it now.
fn warn_of_absent(session: &Session, place: &Place, runner: Option<&Runner>) -> Result<(), CommandError> {
    let Some(Ok(rotator)) = runner.map(Rotator::parse) else { return Ok(()) };
    for name in sealed_credentials(&rotator) {
        if !place.store.record_path(&name).exists() {
            session.say(format!(
                "warning: secret:{name} is not in the store yet; to add it: secrets add {name}"
            ))?;
        }
    }
    Ok(())
}

fn sealed_credentials(rotator: &Rotator<Setting>) -> Vec<SecretName> {
    let mut names = Vec::new();
    let Ok(_) = rotator.resolve(|setting| {
        if let Setting::Secret(name) = setting {
            names.push(name.clone());
        }
        Ok::<(), Infallible>(())
    });
    names
}
