//! What `people` and `machines` share.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::resealing::{Needing, reseal, tell_left};
use super::session::repository;
use super::writing::finish;
use super::{CommandError, Session};
use crate::change::sealing::Sealer;
use crate::change::writer::Writer;
use crate::cli::{ActorList, ActorRemove, Publish, ReadFormat};
use crate::domain::custody;
use crate::domain::name::{ActorName, SecretName};
use crate::domain::policy::{Actor, Policy};
use crate::domain::rules::Rules;
use crate::domain::text::counted;
use crate::observe::place::{Place, parse_policy};
use crate::render::table::Table;
use crate::seal::public_key;
use crate::store::layout::POLICY;
use crate::store::policy_edit::{Draft, NewActor};

/// People or machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    Person,
    Machine,
}

impl ActorKind {
    fn noun(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Machine => "machine",
        }
    }

    fn fits(self, actor: &Actor<'_>) -> bool {
        match actor {
            Actor::Person(_) => self == Self::Person,
            Actor::Machine(_) => self == Self::Machine,
            Actor::SharedKey(_) => false,
        }
    }

    /// The command that deals with them.
    fn command(self) -> &'static str {
        match self {
            Self::Person => "people",
            Self::Machine => "machines",
        }
    }
}

/// A reader to be registered.
pub struct Registration<'a> {
    pub kind: ActorKind,
    pub name: &'a ActorName,
    pub keys: &'a [String],
    pub contact: Option<&'a str>,
    pub groups: &'a [ActorName],
}

/// The canonical texts of keys that were typed, each of them validated.
pub fn canonical_keys(keys: &[String]) -> Result<Vec<String>, CommandError> {
    let canonical = |text: &String| {
        let key = public_key::parse(text).map_err(|error| CommandError::new(format!("--key: {error}")))?;
        Ok(match &key.comment {
            Some(comment) => format!("{} {comment}", key.text),
            None => key.text,
        })
    };
    keys.iter().map(canonical).collect()
}

pub fn add(session: &Session, new: &Registration<'_>, publish: &Publish) -> Result<u8, CommandError> {
    let place = session.place()?;
    let keys = canonical_keys(new.keys)?;
    let mut writer = Writer::begin(&place.store, repository(&place)?, &place.folder)?;
    let path = place.path(POLICY);
    let mut draft = Draft::read(&place.policy_text()?, &path)?;
    let actor = NewActor { name: new.name, keys: &keys, groups: new.groups };
    let added = match new.kind {
        ActorKind::Person => draft.add_person(actor, new.contact)?,
        ActorKind::Machine => draft.add_machine(actor)?,
    };
    let edited = draft.to_string();
    let policy = parse_policy(edited.as_bytes(), &path)?;
    for group in &added.new_groups {
        session.say(format!("new group: {group}"))?;
    }
    for key in policy.actor(new.name).map(Actor::keys).unwrap_or_default() {
        session.say(format!("{}: {} {}", new.name, key.kind, key.fingerprint))?;
    }
    let waiting = secrets_awaiting(&place, &policy, new.name);
    if waiting > 0 {
        session.say(format!(
            "not sealed to {} yet: {}; compare the fingerprint above with its holder, then: secrets reseal --all",
            new.name,
            counted(waiting as u64, "secret")
        ))?;
    }
    writer.put(POLICY, Some(edited.into_bytes()));
    let message = format!("secrets: add {} {}", new.kind.noun(), new.name);
    finish(session, &place, &policy, writer, &message, publish)?;
    Ok(0)
}

/// How many secrets policy gives this reader that are not sealed to it.
fn secrets_awaiting(place: &Place, policy: &Policy, name: &ActorName) -> usize {
    let demanded =
        |secret: &SecretName| policy.resolve(&Rules::of(policy, secret).readers.value).contains(name);
    let records = records(place);
    records
        .values()
        .filter(|record| demanded(&record.sealed.name) && !record.sealed.readers.contains(name))
        .count()
}

/// The readable records of the store; `check` tells of those that are not.
fn records(place: &Place) -> BTreeMap<SecretName, crate::domain::record::Record> {
    let listing = place.list();
    let read =
        |name: SecretName| super::reading::record(place, &name).ok().flatten().map(|record| (name, record));
    listing.secrets.into_keys().filter_map(read).collect()
}

pub fn remove(session: &Session, kind: ActorKind, arguments: &ActorRemove) -> Result<u8, CommandError> {
    let place = session.place()?;
    let name = &arguments.name;
    let mut writer = Writer::begin(&place.store, repository(&place)?, &place.folder)?;
    let path = place.path(POLICY);
    let mut draft = Draft::read(&place.policy_text()?, &path)?;
    let before = parse_policy(draft.to_string().as_bytes(), &path)?;
    if before.actor(name).is_none_or(|actor| !kind.fits(&actor)) {
        return Err(CommandError::new(format!("policy knows no {} named `{name}`", kind.noun()))
            .hint(format!("secrets {} list", kind.command())));
    }
    let removal = draft.remove_actor(name, true)?;
    let edited = draft.to_string();
    let policy = parse_policy(edited.as_bytes(), &path)?;
    for group in &removal.emptied_groups {
        session.say(format!("group {group} had nobody else in it, and was removed too"))?;
    }
    for shared in &removal.shared_keys {
        session
            .say(format!("{name} was behind the shared key {shared}, and still has it: exchange that key"))?;
    }
    let held: Vec<SecretName> = records(&place)
        .into_iter()
        .filter(|(_, record)| record.sealed.keys.contains_key(name))
        .map(|(secret, _)| secret)
        .collect();
    let prompts = session.prompts();
    let sealer = Sealer { policy: &policy, now: session.now, prompts: &prompts };
    let needing = Needing::among(&place, &sealer, &held);
    needing.say(session)?;
    let left = reseal(session, &sealer, needing, &arguments.sealing.accept_key, &mut writer)?;
    if !held.is_empty() {
        session.say(format!(
            "{name} knew the values of {}; sealing them again does not change that. Set new ones: secrets set NAME",
            counted(held.len() as u64, "secret")
        ))?;
    }
    writer.put(POLICY, Some(edited.into_bytes()));
    let code = tell_left(session, &left)?;
    let message = format!("secrets: remove {} {name}", kind.noun());
    finish(session, &place, &policy, writer, &message, &arguments.publish)?;
    Ok(code)
}

#[derive(Serialize)]
struct ListWire {
    schema_version: u32,
    actors: Vec<ActorWire>,
}

#[derive(Serialize)]
struct ActorWire {
    name: String,
    contact: Option<String>,
    groups: Vec<String>,
    keys: Vec<KeyWire>,
    secrets: usize,
    sole_holder_of: Vec<String>,
}

#[derive(Serialize)]
struct KeyWire {
    r#type: String,
    fingerprint: String,
    comment: Option<String>,
}

pub fn list(session: &Session, kind: ActorKind, arguments: &ActorList) -> Result<u8, CommandError> {
    let place = session.place()?;
    let policy = place.policy()?;
    let actors = describe(&place, &policy, kind);
    if arguments.output.format == ReadFormat::Json {
        let mut text = serde_json::to_string_pretty(&ListWire { schema_version: 1, actors })?;
        text.push('\n');
        session.print(text)?;
        return Ok(0);
    }
    if actors.is_empty() {
        session.say(format!(
            "no {} is registered: secrets {} add NAME --key KEY",
            kind.noun(),
            kind.command()
        ))?;
        return Ok(0);
    }
    let mut table = Table::new(&["NAME", "KEYS", "SECRETS", "ALONE WITH", "GROUPS", "CONTACT"]);
    table.align_right(2);
    table.align_right(3);
    for actor in actors {
        let keys: Vec<String> =
            actor.keys.iter().map(|key| format!("{} {}", key.r#type, key.fingerprint)).collect();
        table.row([
            actor.name,
            keys.join("\n"),
            actor.secrets.to_string(),
            actor.sole_holder_of.len().to_string(),
            actor.groups.join(", "),
            actor.contact.unwrap_or_default(),
        ]);
    }
    session.print(table.render(session.style()))?;
    Ok(0)
}

fn describe(place: &Place, policy: &Policy, kind: ActorKind) -> Vec<ActorWire> {
    let records = records(place);
    let alone: Vec<(String, BTreeSet<ActorName>)> = records
        .values()
        .map(|record| (record.sealed.name.to_string(), custody::people(&record.sealed, policy)))
        .filter(|(_, people)| people.len() == 1)
        .collect();
    policy
        .actors()
        .filter(|(_, actor)| kind.fits(actor))
        .map(|(name, actor)| ActorWire {
            name: name.to_string(),
            contact: policy.people.get(name).and_then(|person| person.contact.clone()),
            groups: policy
                .groups
                .iter()
                .filter(|(_, members)| members.contains(name))
                .map(|(group, _)| group.to_string())
                .collect(),
            keys: actor
                .keys()
                .iter()
                .map(|key| KeyWire {
                    r#type: key.kind.to_string(),
                    fingerprint: key.fingerprint.to_string(),
                    comment: key.comment.clone(),
                })
                .collect(),
            secrets: records.values().filter(|record| record.sealed.keys.contains_key(name)).count(),
            sole_holder_of: alone
                .iter()
                .filter(|(_, people)| people.contains(name))
                .map(|(secret, _)| secret.clone())
                .collect(),
        })
        .collect()
}
