//! People, machines or single keys of theirs that are removed: what they could read is sealed anew, and what they knew
//! is told.

use std::collections::{BTreeMap, BTreeSet};

use super::actors::ActorKind;
use super::held_files::{self, HeldFiles};
use super::reading::Records;
use super::resealing::{Needing, Resealing, tell_left};
use super::session::repository;
use super::writing::finish;
use super::{CommandError, Session};
use crate::change::sealing::Sealer;
use crate::change::writer::Writer;
use crate::cli::ActorRemove;
use crate::domain::custody;
use crate::domain::digest::Digest;
use crate::domain::key::{Fingerprint, FingerprintPrefix, PublicKey};
use crate::domain::name::{ActorName, SecretName};
use crate::domain::policy::{Actor, Departed, Policy};
use crate::domain::rules::Rules;
use crate::domain::text::{counted, few, listed};
use crate::observe::place::{Place, parse_policy};
use crate::seal::public_key;
use crate::store::layout::POLICY;
use crate::store::policy_edit::{Draft, EditError, Removal};

/// How many names a line holds.
const MOST_NAMED: usize = 6;

pub fn remove(session: &Session, kind: ActorKind, arguments: &ActorRemove) -> Result<u8, CommandError> {
    let place = session.place()?;
    let name = &arguments.name;
    let mut writer = Writer::begin(&place.store, repository(&place)?, &place.folder)?;
    let path = place.path(POLICY);
    let text = place.policy_text()?;
    let before = parse_policy(text.as_bytes(), &path)?;
    let gone = Gone::of(kind.find(&before, name)?, kind, arguments)?;
    let mut records = Records::read(&place);
    let files = HeldFiles::read(&place, &before);
    records.unread.extend(files.unread.iter().cloned());
    refuse_orphaned(&place, &before, &gone, name)?;
    let mut draft = Draft::read(&text, &path)?;
    let removal = gone.leave(&mut draft, name)?;
    let edited = draft.to_string();
    let policy = parse_policy(edited.as_bytes(), &path)?;
    tell_removal(session, name, &removal)?;
    warn_of_few(session, &place, &before, &policy)?;

    let held: Vec<SecretName> = records
        .by_name
        .iter()
        .filter(|(_, record)| gone.could_open(record.sealed.keys.get(name).map(|keys| keys.iter())))
        .map(|(secret, _)| secret.clone())
        .collect();
    let prompts = session.prompts();
    let sealer = Sealer { policy: &policy, now: session.now, prompts: &prompts };
    let mut needing = Needing::among(&place, &sealer, &held);
    let keychain = session.keychain();
    let mut resealing =
        Resealing { session, place: &place, sealer: &sealer, identities: session.identities(&keychain) };
    resealing.leave_older(&mut needing);
    needing.say(session)?;
    let left = resealing.reseal(needing, &arguments.sealing.accept_key, &mut writer)?;
    tell_known(session, &records, &before, &policy, name)?;
    held_files::tell_named(session, &files, &gone.only(&before, name), name)?;
    writer.put(POLICY, Some(Digest::of(text.as_bytes())), Some(edited.into_bytes()));
    let code = tell_left(session, &left)?.max(records.tell_unread(session)?);
    let message = match &gone {
        Gone::Altogether => format!("secrets: remove {} {name}", kind.noun()),
        Gone::Keys(keys) if keys.len() == 1 => format!("secrets: remove a key of {name}"),
        Gone::Keys(keys) => format!("secrets: remove {} keys of {name}", keys.len()),
    };
    finish(
        session,
        &place,
        &policy,
        writer,
        &message,
        &arguments.publish,
        arguments.sealing.signing_key.as_deref(),
    )?;
    Ok(code)
}

/// What is removed.
enum Gone {
    Altogether,
    Keys(BTreeSet<Fingerprint>),
}

impl Gone {
    fn of(actor: Actor<'_>, kind: ActorKind, arguments: &ActorRemove) -> Result<Self, CommandError> {
        if arguments.keys.is_empty() {
            return Ok(Self::Altogether);
        }
        let keys = actor.keys().iter().map(|key| &key.fingerprint).collect::<Vec<_>>();
        let chosen = arguments.keys.iter().map(|begin| {
            choose(begin, &keys, &arguments.name)
                .map_err(|error| error.hint(format!("secrets {} list", kind.command())))
        });
        Ok(Self::Keys(chosen.collect::<Result<_, _>>()?))
    }

    /// Takes it out of the policy.
    fn leave(&self, draft: &mut Draft, name: &ActorName) -> Result<Removal, EditError> {
        match self {
            Self::Altogether => draft.remove_actor(name, true),
            Self::Keys(keys) => {
                let is_it = |text: &str| {
                    public_key::parse(text).is_ok_and(|key: PublicKey| keys.contains(&key.fingerprint))
                };
                draft.remove_key(name, is_it)?;
                Ok(Removal::default())
            }
        }
    }

    /// The policy with just those keys of theirs that go.
    fn only(&self, policy: &Policy, name: &ActorName) -> Policy {
        let mut policy = policy.clone();
        if let Self::Keys(gone) = self {
            let keys = [
                policy.people.get_mut(name).map(|person| &mut person.keys),
                policy.machines.get_mut(name).map(|machine| &mut machine.keys),
                policy.shared_keys.get_mut(name).map(|shared| &mut shared.keys),
            ];
            for keys in keys.into_iter().flatten() {
                keys.retain(|key| gone.contains(&key.fingerprint));
            }
        }
        policy
    }

    /// Whether a value that is sealed to these keys of theirs needs to be sealed again.
    fn could_open<'k>(
        &self,
        keys: Option<impl Iterator<Item = &'k crate::domain::record::SealedKey>>,
    ) -> bool {
        let Some(mut keys) = keys else { return false };
        match self {
            Self::Altogether => true,
            Self::Keys(gone) => keys.any(|key| gone.contains(&key.fingerprint)),
        }
    }
}

/// The one key of somebody that a fingerprint, or the beginning of one, names.
pub fn choose(
    begin: &FingerprintPrefix,
    keys: &[&Fingerprint],
    name: &ActorName,
) -> Result<Fingerprint, CommandError> {
    let fitting: Vec<&Fingerprint> = keys.iter().copied().filter(|key| begin.fits(key)).collect();
    match fitting.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let error = CommandError::new(format!("--key {begin}: `{name}` has no such key"));
            Err(keys.iter().fold(error, |error, key| error.hint(format!("{name}: {key}"))))
        }
        several => Err(CommandError::new(format!(
            "--key {begin}: {} keys of `{name}` begin like that; give more of it",
            several.len()
        ))),
    }
}

/// Refuses what would leave a secret with no person who could open it: a machine alone can't be asked.
fn refuse_orphaned(
    place: &Place,
    policy: &Policy,
    gone: &Gone,
    name: &ActorName,
) -> Result<(), CommandError> {
    if matches!(gone, Gone::Keys(_)) {
        // A person who keeps a key keeps what they can open.
        return Ok(());
    }
    let orphaned = |secret: &SecretName| {
        let readers = policy.resolve(&Rules::of(policy, secret).readers.value);
        let mut others = readers.clone();
        others.remove(name);
        let mut people = custody::people_behind(policy, &others);
        people.remove(name);
        readers.contains(name) && (others.is_empty() || people.is_empty() && policy.people.contains_key(name))
    };
    let names = place.list().secrets.into_keys().filter(orphaned).collect::<Vec<_>>();
    let Some(first) = names.first() else { return Ok(()) };
    let (count, shown) = (counted(names.len(), "secret"), few_of(&names));
    Err(CommandError::new(format!("{name} can't be removed: nobody else could open {count}: {shown}"))
        .hint(format!(
            "give them another reader first: `readers` in {}, then: secrets reseal {first}",
            place.path(POLICY)
        ))
        .hint("who could read them: secrets people list")
        .hint(format!("or remove what is not needed any more: secrets remove {first}")))
}

fn few_of(names: &[SecretName]) -> String {
    few(&names.iter().map(SecretName::as_str).collect::<Vec<_>>(), MOST_NAMED)
}

fn tell_removal(session: &Session, name: &ActorName, removal: &Removal) -> Result<(), CommandError> {
    for group in &removal.emptied_groups {
        session.say(format!("group {group} had nobody else in it, and was removed too"))?;
    }
    for shared in &removal.shared_keys {
        session
            .say(format!("{name} was behind the shared key {shared}, and still has it: exchange that key"))?;
    }
    if !removal.waivers.is_empty() {
        let waivers = few(&removal.waivers, MOST_NAMED);
        session.say(format!("waivers that {name} gave still stand: {waivers}"))?;
    }
    Ok(())
}

/// Warns of the secrets that fewer people read by then, and fewer than there should be.
fn warn_of_few(
    session: &Session,
    place: &Place,
    before: &Policy,
    after: &Policy,
) -> Result<(), CommandError> {
    let people = |policy: &Policy, secret: &SecretName| {
        let rules = Rules::of(policy, secret);
        let people = custody::people_behind(policy, &policy.resolve(&rules.readers.value));
        (people, usize::try_from(rules.min_people.value).unwrap_or(usize::MAX))
    };
    // Hundreds of secrets have a handful of different sets of readers.
    let mut few = BTreeMap::<(BTreeSet<ActorName>, usize), Vec<SecretName>>::new();
    for secret in place.list().secrets.into_keys() {
        let (left, least) = people(after, &secret);
        if left.len() < least && left.len() < people(before, &secret).0.len() {
            few.entry((left, least)).or_default().push(secret);
        }
    }
    for ((left, least), secrets) in few {
        let who = match left.iter().map(ActorName::as_str).collect::<Vec<_>>().as_slice() {
            [] => "no person".to_owned(),
            names => format!("only {}", listed(names)),
        };
        let shown = few_of(&secrets);
        session.say(format!("warning: {who} can open {shown} from now on, and min-people is {least}"))?;
    }
    Ok(())
}

/// Tells what they knew that has become known to somebody departed by this removal.
fn tell_known(
    session: &Session,
    records: &Records,
    before: &Policy,
    after: &Policy,
    name: &ActorName,
) -> Result<(), CommandError> {
    let mut knew: BTreeMap<Departed, Vec<SecretName>> = BTreeMap::new();
    for record in records.by_name.values() {
        let standing = custody::exposures(&record.sealed, before);
        for exposure in custody::exposures(&record.sealed, after) {
            let of_them = exposure.departed.name() == name;
            if of_them && !standing.contains(&exposure) {
                knew.entry(exposure.departed).or_default().push(exposure.secret);
            }
        }
    }
    for (departed, secrets) in knew {
        let Some(first) = secrets.first() else { continue };
        let (count, shown) = (counted(secrets.len(), "secret"), few_of(&secrets));
        let who = match &departed {
            Departed::Actor(name) => format!("{name} knew the values of {count}"),
            Departed::Key(name, key) => format!("that key of {name} ({key}) could open {count}"),
        };
        session.say(format!("{who}: {shown}; sealing them again does not change that"))?;
        session.say(format!("set new ones, each in turn: secrets set {first}"))?;
        session.say("or take it as it is, with a reason: see `secrets people accept --help`")?;
    }
    Ok(())
}
