//! What is sealed under a name for the first time: that the name is free, who reads it, which keys are known, and what is
//! noted beside the value.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use super::session::repository;
use super::standing::{Demand, KnownKeys, Standing, tracked};
use super::writing::{existing, last_bound};
use super::{CommandError, Session};
use crate::change::sealing::{self, NextVersion, Request, Runners, Sealer, SealingError};
use crate::cli::Notes;
use crate::domain::digest::Digest;
use crate::domain::expiry::Expiry;
use crate::domain::key::Fingerprint;
use crate::domain::name::{ActorName, SecretName};
use crate::domain::policy::Policy;
use crate::domain::record::{About, Issuer, Record, Sealed};
use crate::domain::time::Instant;
use crate::domain::value::Value;
use crate::observe::place::{Place, parse_policy};
use crate::store::layout::{POLICY, SEALED_ENDING};
use crate::store::policy_edit::Draft;
use crate::system::terminal::Question;

/// The names that are taken, in the form in which those that differ only in case are equal.
pub struct Taken(BTreeMap<String, SecretName>);

impl Taken {
    pub fn read(place: &Place) -> Self {
        Self(place.list().secrets.into_keys().map(|name| (name.folded(), name)).collect())
    }

    /// An error where a name is not free.
    pub fn refuse(&self, place: &Place, name: &SecretName) -> Result<(), CommandError> {
        for path in [place.store.record_path(name), place.store.sealed_path(name)] {
            if path.symlink_metadata().is_ok() {
                return Err(CommandError::new(format!("{}: is there already", path.display()))
                    .hint(format!("for a new value: secrets set {name}")));
            }
        }
        match self.0.get(&name.folded()).filter(|other| *other != name) {
            Some(other) => Err(CommandError::new(format!("`{name}` and `{other}` differ only in case"))
                .hint("on macOS and Windows they would be one file: choose another name")),
            None => Ok(()),
        }
    }
}

/// The policy that holds for new secrets; where `--reader` changes it also the digest of the old text, and the new
/// text.
pub fn policy_with_readers(
    place: &Place,
    names: &[SecretName],
    readers: &[ActorName],
) -> Result<(Policy, Option<(Digest, String)>), CommandError> {
    let text = place.policy_text()?;
    let path = place.path(POLICY);
    if readers.is_empty() {
        return Ok((parse_policy(text.as_bytes(), &path)?, None));
    }
    let was = Digest::of(text.as_bytes());
    let mut draft = Draft::read(&text, &path)?;
    for name in names {
        draft.set_readers(name, readers)?;
    }
    let text = draft.to_string();
    Ok((parse_policy(text.as_bytes(), &path)?, Some((was, text))))
}

pub fn check_names(policy: &Policy, owners: &[ActorName], seen_by: &[ActorName]) -> Result<(), CommandError> {
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

/// What becomes of notes that were not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsaid {
    /// A person on a terminal is asked.
    Asked,
    /// They stay empty: whoever adds their first secret has enough to answer.
    Left,
}

/// What is noted beside the value, as the command line says it.
pub fn about(notes: &Notes) -> About {
    let Notes { owners, issuer, issuer_contact, runbook } = notes.clone();
    let others = serde_json::Map::new;
    let issuer = issuer.map(|name| Issuer { name, contact: issuer_contact, others: others() });
    About { owners, issuer, runbook, others: others() }
}

/// The same; on a terminal it is asked for where nothing was given.
pub fn notes(
    session: &Session,
    policy: &Policy,
    notes: &Notes,
    seen_by: &[ActorName],
    unsaid: Unsaid,
) -> Result<(About, Vec<ActorName>), CommandError> {
    let mut about = about(notes);
    let mut seen_by = seen_by.to_vec();
    if unsaid == Unsaid::Left || !session.terminal.can_ask() {
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

/// What was last sealed under each of these names, as [`last_bound`] tells it. Git is asked about each only where it ever
/// knew one of them: of hundreds of new names it mostly knows none.
pub fn earlier(place: &Place, names: &[SecretName]) -> Result<BTreeMap<SecretName, Sealed>, CommandError> {
    let sealed: Vec<String> = names.iter().map(|name| place.sealed_path(name)).collect();
    let mut earlier = BTreeMap::new();
    if names.len() > 1 && !repository(place)?.ever_touched_any(&sealed)? {
        return Ok(earlier);
    }
    for name in names {
        if let Some(sealed) = last_bound(place, name)? {
            earlier.insert(name.clone(), sealed);
        }
    }
    Ok(earlier)
}

/// The keys that secrets of this store were sealed to already.
pub struct Vouched {
    of_all: BTreeSet<Fingerprint>,
    of_signed: BTreeSet<Fingerprint>,
    must_be_signed: BTreeSet<SecretName>,
}

impl Vouched {
    /// `None` where the store never held a secret, because then nobody can have put another key in the place of a known
    /// one.
    pub fn observe(
        session: &Session,
        place: &Place,
        policy: &Policy,
        names: &[SecretName],
    ) -> Result<Option<Self>, CommandError> {
        let listed = place.list().secrets;
        let folder = if place.folder == "." { "" } else { &place.folder };
        if listed.is_empty() && !repository(place)?.ever_touched(folder, SEALED_ENDING)? {
            return Ok(None);
        }
        let whole: Vec<_> = listed.keys().filter_map(|other| existing(place, other).ok()).collect();
        let tracked = tracked(place, policy);
        let demand = Demand::of(policy, tracked.as_ref());
        let signed: Vec<SecretName> =
            names.iter().filter(|name| demand.wants_signed(name)).cloned().collect();
        let mut of_signed = BTreeSet::new();
        if !signed.is_empty() {
            let others = whole.iter().map(|secret| secret.record.sealed.name.clone());
            let looked_at: Vec<SecretName> = others.chain(signed.iter().cloned()).collect();
            let standing = Standing::observe(session, place, policy, tracked.as_ref(), &looked_at);
            let signed: Vec<&SecretName> = signed.iter().collect();
            for secret in &whole {
                let facts = standing.secret(&secret.record.sealed.name);
                of_signed.extend(standing.known_keys(&facts, &signed).fingerprints);
            }
        }
        let of_all = whole.iter().flat_map(|secret| sealing::keys_of(&secret.record.sealed)).collect();
        Ok(Some(Self { of_all, of_signed, must_be_signed: signed.into_iter().collect() }))
    }

    /// The keys known for a new secret. Where it must be signed, only what somebody signed says which keys were accepted.
    pub fn of(&self, name: &SecretName, earlier: Option<&Sealed>) -> KnownKeys {
        if self.must_be_signed.contains(name) {
            let why = "policy requires a signature, and no secret that somebody signed is sealed to some of its keys";
            return KnownKeys { fingerprints: self.of_signed.clone(), not_vouched_for: Some(why.to_owned()) };
        }
        let mut fingerprints = self.of_all.clone();
        fingerprints.extend(earlier.map(sealing::keys_of).unwrap_or_default());
        KnownKeys { fingerprints, not_vouched_for: None }
    }
}

/// What is to be sealed under a name that is free.
pub struct New<'a> {
    pub name: &'a SecretName,
    pub value: &'a Value,
    pub expires: Option<Expiry>,
    pub issued: Option<Instant>,
    pub set_by: ActorName,
    pub seen_by: &'a [ActorName],
    pub about: About,
    /// What was last sealed under the name.
    pub earlier: Option<&'a Sealed>,
}

impl New<'_> {
    pub fn seal(self, sealer: &Sealer<'_>) -> Result<(Record, Vec<u8>), SealingError> {
        sealer.seal(Request {
            name: self.name,
            value: self.value,
            expires: self.expires,
            issued: self.issued,
            version: NextVersion::New { set_by: self.set_by, id: None },
            seen_by: self.seen_by,
            about: self.about,
            rotation: None,
            runners: Runners::AsBefore,
            previous: None,
            earlier: self.earlier,
            above: None,
        })
    }
}
