//! What `people` and `machines` share: registering somebody, and the words for them.

use super::reading::Records;
use super::session::repository;
use super::writing::finish;
use super::{CommandError, Session};
use crate::change::writer::Writer;
use crate::cli::Publish;
use crate::domain::digest::Digest;
use crate::domain::key::{Fingerprint, PublicKey};
use crate::domain::name::ActorName;
use crate::domain::policy::{Actor, Policy};
use crate::domain::record::Sealed;
use crate::domain::rules::Rules;
use crate::domain::text::counted;
use crate::observe::place::parse_policy;
use crate::seal::{public_key, signature};
use crate::store::layout::POLICY;
use crate::store::policy_edit::{Draft, NewActor};

/// People or machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    Person,
    Machine,
}

impl ActorKind {
    pub fn noun(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Machine => "machine",
        }
    }

    pub fn fits(self, actor: &Actor<'_>) -> bool {
        match actor {
            Actor::Person(_) => self == Self::Person,
            Actor::Machine(_) => self == Self::Machine,
            Actor::SharedKey(_) => false,
        }
    }

    /// The command that deals with them.
    pub fn command(self) -> &'static str {
        match self {
            Self::Person => "people",
            Self::Machine => "machines",
        }
    }

    /// The person or machine of that name.
    pub fn find<'p>(self, policy: &'p Policy, name: &ActorName) -> Result<Actor<'p>, CommandError> {
        policy.actor(name).filter(|actor| self.fits(actor)).ok_or_else(|| {
            CommandError::new(format!("policy knows no {} named `{name}`", self.noun()))
                .hint(format!("secrets {} list", self.command()))
        })
    }
}

/// A reader to be registered.
pub struct Registration<'a> {
    pub kind: ActorKind,
    pub name: &'a ActorName,
    /// As they were typed, or as a forge has them.
    pub keys: &'a [String],
    pub contact: Option<&'a str>,
    pub groups: &'a [ActorName],
    /// With which a person signs; none for a machine.
    pub signing_keys: &'a [String],
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

/// The same for keys that somebody signs with.
fn canonical_signing_keys(keys: &[String]) -> Result<Vec<String>, CommandError> {
    let canonical = |text: &String| {
        let key = signature::parse_key(text)
            .map_err(|error| CommandError::new(format!("--signing-key: {error}")))?;
        Ok(match &key.comment {
            Some(comment) => format!("{} {comment}", key.text),
            None => key.text,
        })
    };
    keys.iter().map(canonical).collect()
}

/// Registers somebody, or gives somebody who is there the keys, groups and contact that they don't have yet.
pub fn add(session: &Session, new: &Registration<'_>, publish: &Publish) -> Result<u8, CommandError> {
    let place = session.place()?;
    let (kind, name) = (new.kind, new.name);
    let keys = canonical_keys(new.keys)?;
    let signing_keys = canonical_signing_keys(new.signing_keys)?;
    let mut writer = Writer::begin(&place.store, repository(&place)?, &place.folder)?;
    let path = place.path(POLICY);
    let text = place.policy_text()?;
    let mut draft = Draft::read(&text, &path)?;
    let actor = NewActor { name, keys: &keys, groups: new.groups };
    let added = match kind {
        ActorKind::Person => draft.add_person(actor, new.contact)?,
        ActorKind::Machine => draft.add_machine(actor)?,
    };
    if !added.was_there && keys.is_empty() {
        return Err(CommandError::new(format!(
            "policy knows nobody named `{name}`, and who is new needs a key"
        ))
        .hint(format!("secrets {} add {name} --key age1…", kind.command())));
    }
    draft.add_signing_keys(new.name, &signing_keys)?;
    let edited = draft.to_string();
    if edited == text {
        session.say(format!("{name} is registered with just that already: nothing to do"))?;
        return Ok(0);
    }
    let policy = parse_policy(edited.as_bytes(), &path)?;
    for group in &added.new_groups {
        session.say(format!("new group: {group}"))?;
    }
    let before = parse_policy(text.as_bytes(), &path)?;
    let known = keys_of(&before, name);
    let new_keys: Vec<&PublicKey> = policy
        .actor(name)
        .map(Actor::keys)
        .unwrap_or_default()
        .iter()
        .filter(|key| !known.contains(&key.fingerprint))
        .collect();
    if added.was_there {
        let what = match new_keys.len() {
            0 => "stays with the keys that are there".to_owned(),
            count => format!("now has {}", counted(count, "new key")),
        };
        session.say(format!("{name} is registered already, and {what}"))?;
    }
    for key in &new_keys {
        session.say(format!("{name}: {} {}", key.kind, key.fingerprint))?;
    }
    for key in signing_keys_of(&policy, name) {
        if !signing_keys_of(&before, name).contains(&key) {
            session.say(format!("{name} signs with: {key}"))?;
        }
    }
    let records = Records::read(&place);
    let waiting = records.by_name.values().filter(|record| awaits(&policy, &record.sealed, name)).count();
    if waiting > 0 {
        let what = counted(waiting, "secret");
        let compare =
            if new_keys.is_empty() { "" } else { "compare the fingerprint above with its holder, then: " };
        session
            .say(format!("not sealed to all keys of {name} yet: {what}; {compare}secrets reseal --all"))?;
    }
    writer.put(POLICY, Some(Digest::of(text.as_bytes())), Some(edited.into_bytes()));
    let message = match new_keys.as_slice() {
        _ if !added.was_there => format!("secrets: add {} {name}", kind.noun()),
        [] => format!("secrets: change {} {name}", kind.noun()),
        [_] => format!("secrets: add a key of {name}"),
        several => format!("secrets: add {} keys of {name}", several.len()),
    };
    finish(session, &place, &policy, writer, &message, publish, None)?;
    Ok(0)
}

fn keys_of(policy: &Policy, name: &ActorName) -> Vec<Fingerprint> {
    let keys = policy.actor(name).map(Actor::keys).unwrap_or_default();
    keys.iter().map(|key| key.fingerprint.clone()).collect()
}

fn signing_keys_of(policy: &Policy, name: &ActorName) -> Vec<Fingerprint> {
    let person = policy.people.get(name);
    person.into_iter().flat_map(|person| &person.signing_keys).map(|key| key.fingerprint.clone()).collect()
}

/// Whether policy gives this reader a secret that is not sealed to all their keys.
fn awaits(policy: &Policy, sealed: &Sealed, name: &ActorName) -> bool {
    if !policy.resolve(&Rules::of(policy, &sealed.name).readers.value).contains(name) {
        return false;
    }
    let held = sealed.keys.get(name);
    let is_held = |key: &PublicKey| {
        held.is_some_and(|held| held.iter().any(|sealed| sealed.fingerprint == key.fingerprint))
    };
    let keys = policy.actor(name).map(Actor::keys).unwrap_or_default();
    keys.iter().any(|key| key.kind.can_be_sealed_to() && !is_held(key))
}
