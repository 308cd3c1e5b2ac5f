//! A new secret, for whoever adds one.

use std::collections::BTreeSet;
use std::convert::Infallible;

use super::ending::{check_issued, echo_expiry, expiry_of_value};
use super::session::repository;
use super::signing::refuse_unsignable;
use super::standing::{Demand, KnownKeys, Standing, tracked};
use super::writing::{accept_keys, existing, finish, last_bound, read_value, same_readers, undisturbed};
use super::{CommandError, Session};
use crate::change::sealing::{self, NextVersion, Request, Sealer};
use crate::change::writer::{Pair, Writer};
use crate::cli::Add;
use crate::domain::digest::Digest;
use crate::domain::key::Fingerprint;
use crate::domain::name::{ActorName, SecretName};
use crate::domain::policy::Policy;
use crate::domain::record::{About, Issuer};
use crate::observe::place::{Place, parse_policy};
use crate::store::layout::{POLICY, SEALED_ENDING};
use crate::store::policy_edit::Draft;
use crate::system::terminal::Question;

/// What is noted beside the value, where nothing of it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notes {
    /// A person on a terminal is asked.
    Asked,
    /// It stays empty: whoever adds their first secret has enough to answer.
    Left,
}

pub fn add(session: &Session, arguments: &Add, notes_are: Notes) -> Result<u8, CommandError> {
    let place = session.place()?;
    let repository = repository(&place)?;
    let name = &arguments.name;
    check_issued(session, arguments.issued)?;
    refuse_existing(&place, name)?;
    let (policy, _) = policy_with_readers(&place, arguments)?;
    check_names(&policy, &arguments.notes.owners, &arguments.seen_by)?;
    let me = session.me(&policy, arguments.sealing.as_person.as_ref())?;
    let sealer = Sealer { policy: &policy, now: session.now, prompts: &session.prompts() };
    // Whatever would make sealing fail is found before a person types anything.
    let recipients = sealer.recipients(name)?;
    refuse_unsignable(session, &place, &policy, name, arguments.sealing.signing_key.as_deref())?;
    let mut accepted: BTreeSet<_> = arguments.sealing.accept_key.iter().cloned().collect();
    let known = undisturbed(&place, || known_keys(session, &place, &policy, name))?;
    if let Some(known) = known {
        accept_keys(session, &sealer, name, &known, &mut accepted)?;
    }

    let value = read_value(session, arguments.from_file.as_deref())?;
    let expires = expiry_of_value(session, &value, &arguments.lifetime, arguments.issued)?;
    echo_expiry(session, &expires)?;
    let (about, seen_by) = notes(session, &policy, arguments, notes_are)?;

    let mut writer = Writer::begin(&place.store, repository, &place.folder)?;
    refuse_existing(&place, name)?;
    let earlier = last_bound(&place, name)?;
    let (policy, policy_text) = {
        let (policy, text) = policy_with_readers(&place, arguments)?;
        same_readers(&Sealer { policy: &policy, ..sealer }, &sealer, name)?;
        (policy, text)
    };
    let sealer = Sealer { policy: &policy, ..sealer };
    let request = Request {
        name,
        value: &value,
        expires: Some(expires),
        issued: arguments.issued,
        version: NextVersion::New { set_by: me },
        seen_by: &seen_by,
        about,
        previous: None,
        earlier: earlier.as_ref(),
        above: None,
    };
    let (record, sealed) = sealer.seal(request)?;
    if let Some((was, text)) = policy_text {
        writer.put(POLICY, Some(was), Some(text.into_bytes()));
    }
    writer.put_secret(Pair::ABSENT, &record, sealed);
    for (reader, keys) in &recipients {
        for key in keys {
            session.say(format!("sealed to {reader}: {} {}", key.kind, key.fingerprint))?;
        }
    }
    let message = format!("secrets: add {name}");
    let signing_key = arguments.sealing.signing_key.as_deref();
    finish(session, &place, &policy, writer, &message, &arguments.publish, signing_key)?;
    Ok(0)
}

fn refuse_existing(place: &Place, name: &SecretName) -> Result<(), CommandError> {
    for path in [place.store.record_path(name), place.store.sealed_path(name)] {
        if path.symlink_metadata().is_ok() {
            return Err(CommandError::new(format!("{}: is there already", path.display()))
                .hint(format!("for a new value: secrets set {name}")));
        }
    }
    let folded = name.folded();
    match place.list().secrets.keys().find(|other| other.folded() == folded && *other != name) {
        Some(other) => Err(CommandError::new(format!("`{name}` and `{other}` differ only in case"))
            .hint("on macOS and Windows they would be one file: choose another name")),
        None => Ok(()),
    }
}

/// The policy that holds for the new secret; where `--reader` changes it also the digest of the old text, and the new
/// text.
fn policy_with_readers(
    place: &Place,
    arguments: &Add,
) -> Result<(Policy, Option<(Digest, String)>), CommandError> {
    let text = place.policy_text()?;
    let path = place.path(POLICY);
    if arguments.readers.is_empty() {
        return Ok((parse_policy(text.as_bytes(), &path)?, None));
    }
    let was = Digest::of(text.as_bytes());
    let mut draft = Draft::read(&text, &path)?;
    draft.set_readers(&arguments.name, &arguments.readers)?;
    let text = draft.to_string();
    Ok((parse_policy(text.as_bytes(), &path)?, Some((was, text))))
}

fn check_names(policy: &Policy, owners: &[ActorName], seen_by: &[ActorName]) -> Result<(), CommandError> {
    if let Some(owner) = owners.iter().find(|owner| !policy.can_own(owner)) {
        return Err(CommandError::new(format!(
            "--owner {owner}: policy knows no person or group of that name"
        ))
        .hint("secrets people list"));
    }
    match seen_by.iter().find(|name| policy.actor(name).is_none()) {
        Some(name) => Err(CommandError::new(format!("--seen-by {name}: policy knows nobody of that name"))
            .hint(format!("register them first: secrets people add {name} --key …"))),
        None => Ok(()),
    }
}

/// What is noted beside the value; on a terminal it is asked for where nothing was given.
fn notes(
    session: &Session,
    policy: &Policy,
    arguments: &Add,
    notes_are: Notes,
) -> Result<(About, Vec<ActorName>), CommandError> {
    let crate::cli::Notes { owners, issuer, issuer_contact, runbook } = &arguments.notes;
    let mut about = About {
        owners: owners.clone(),
        issuer: issuer.as_ref().map(|name| Issuer {
            name: name.clone(),
            contact: issuer_contact.clone(),
            others: serde_json::Map::new(),
        }),
        runbook: runbook.clone(),
        others: serde_json::Map::new(),
    };
    let mut seen_by = arguments.seen_by.clone();
    if notes_are == Notes::Left || !session.terminal.can_ask() {
        return Ok((about, seen_by));
    }
    let ask = |what: &str| ask(session, what);
    if about.owners.is_empty() {
        about.owners =
            ask_names(session, "owner (person or group, empty for none)", |name| policy.can_own(name))?;
    }
    if about.issuer.is_none()
        && let Some(name) = ask("issuer (who gives it out, empty for none)")?
    {
        let contact = ask("contact of the issuer (empty for none)")?;
        about.issuer = Some(Issuer { name, contact, others: serde_json::Map::new() });
    }
    if about.runbook.is_none() {
        about.runbook = ask("how to get the next one (path or address, empty for none)")?;
    }
    if seen_by.is_empty() {
        let what = "who else has seen the value in clear (names, empty for nobody)";
        seen_by = ask_names(session, what, |name| policy.actor(name).is_some())?;
    }
    Ok((about, seen_by))
}

/// A line that may be left empty.
fn ask(session: &Session, what: &str) -> Result<Option<String>, CommandError> {
    let question = Question { what, remedy: "see `secrets add --help`" };
    let answer = |answer: &str| Ok::<_, Infallible>((!answer.is_empty()).then(|| answer.to_owned()));
    Ok(session.terminal.ask_line(question, Some(""), answer)?)
}

/// Names that must be known, separated by commas or blanks; none is an answer too.
fn ask_names(
    session: &Session,
    what: &str,
    known: impl Fn(&ActorName) -> bool,
) -> Result<Vec<ActorName>, CommandError> {
    let read = |answer: &str| -> Result<Vec<ActorName>, String> {
        let parts = answer.split([',', ' ']).filter(|part| !part.is_empty());
        let names = parts.map(|part| part.parse::<ActorName>().map_err(|error| error.to_string()));
        let names = names.collect::<Result<Vec<_>, _>>()?;
        match names.iter().find(|name| !known(name)) {
            Some(name) => Err(format!("policy does not know `{name}` for this")),
            None => Ok(names),
        }
    };
    let question = Question { what, remedy: "see `secrets add --help`" };
    Ok(session.terminal.ask_line(question, Some(""), read)?)
}

/// The keys that some secret of this store was sealed to already; `None` where it never held one, because then
/// nobody can have put another key in the place of a known one. Where the new one must be signed, only what somebody
/// signed says which keys were accepted.
fn known_keys(
    session: &Session,
    place: &Place,
    policy: &Policy,
    name: &SecretName,
) -> Result<Option<KnownKeys>, CommandError> {
    let names = place.list().secrets;
    let folder = if place.folder == "." { "" } else { &place.folder };
    if names.is_empty() && !repository(place)?.ever_touched(folder, SEALED_ENDING)? {
        return Ok(None);
    }
    let whole = names.keys().filter_map(|other| existing(place, other).ok());
    let tracked = tracked(place, policy);
    if Demand::of(policy, tracked.as_ref()).wants_signed(name) {
        let standing =
            Standing::observe(session, place, policy, tracked.as_ref(), std::slice::from_ref(name));
        let why =
            "policy requires a signature, and no secret that somebody signed is sealed to some of its keys";
        let mut known = KnownKeys { not_vouched_for: Some(why.to_owned()), ..KnownKeys::default() };
        for secret in whole {
            let of_it = standing.known_keys(&standing.secret(&secret.record.sealed.name), &[name]);
            known.fingerprints.extend(of_it.fingerprints);
        }
        return Ok(Some(known));
    }
    let mut fingerprints: BTreeSet<Fingerprint> =
        whole.flat_map(|secret| sealing::keys_of(&secret.record.sealed)).collect();
    fingerprints.extend(last_bound(place, name)?.as_ref().map(sealing::keys_of).unwrap_or_default());
    Ok(Some(KnownKeys { fingerprints, not_vouched_for: None }))
}
