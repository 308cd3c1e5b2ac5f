//! `secrets people accept`: that somebody who left, or a lost key, knew what was set until now.

use std::collections::{BTreeMap, BTreeSet};

use super::leaving::choose;
use super::reading::Records;
use super::session::repository;
use super::writing::finish;
use super::{CommandError, Session};
use crate::change::writer::Writer;
use crate::cli::PeopleAccept;
use crate::domain::custody;
use crate::domain::digest::Digest;
use crate::domain::name::{ActorName, SecretName};
use crate::domain::policy::{Departed, Policy};
use crate::domain::text::{counted, few};
use crate::domain::time::Instant;
use crate::observe::place::parse_policy;
use crate::store::layout::POLICY;
use crate::store::policy_edit::{Draft, NewAcceptance};

/// How many names a line holds.
const MOST_NAMED: usize = 6;

/// What is known to each leaver or key, and not accepted yet.
type Known = BTreeMap<Departed, BTreeSet<SecretName>>;

pub fn run(session: &Session, arguments: &PeopleAccept) -> Result<u8, CommandError> {
    let place = session.place()?;
    let name = &arguments.name;
    let reason = arguments.reason.trim();
    if reason.is_empty() {
        return Err(CommandError::new("--reason is empty: say why it need not be rotated")
            .hint("--reason 'left on good terms, ticket 812'"));
    }
    let mut writer = Writer::begin(&place.store, repository(&place)?, &place.folder)?;
    let path = place.path(POLICY);
    let text = place.policy_text()?;
    let policy = parse_policy(text.as_bytes(), &path)?;
    let records = Records::read(&place);
    let mut known = known_to(&records, &policy, name, session.now);
    if let Some(begin) = &arguments.key {
        let key = |departed: &Departed| match departed {
            Departed::Key(_, key) => Some(key.clone()),
            Departed::Actor(_) => None,
        };
        let keys = known.keys().filter_map(key).collect::<Vec<_>>();
        if policy.actor(name).is_none() {
            return Err(CommandError::new(format!("{name} has left altogether: leave --key out")));
        }
        let chosen = choose(begin, &keys.iter().collect::<Vec<_>>(), name)?;
        known.retain(|departed, _| key(departed).as_ref() == Some(&chosen));
    }
    if known.is_empty() {
        let nothing =
            format!("there is nothing to accept: {name} knows no value still in use that nobody answers for");
        let error = CommandError::new(nothing).hint("what is exposed, and to whom: secrets check");
        return Err(if records.unread.is_empty() { error } else { error.hint("some records can't be read") });
    }
    let by = session.me(&policy, arguments.as_person.as_ref())?;
    let mut draft = Draft::read(&text, &path)?;
    for (departed, secrets) in &known {
        draft.accept(NewAcceptance { of: departed, on: session.now, reason, by: by.as_str() })?;
        let whose = match departed {
            Departed::Actor(name) => name.to_string(),
            Departed::Key(name, key) => format!("{key} of {name}"),
        };
        let shown = few(&secrets.iter().map(SecretName::as_str).collect::<Vec<_>>(), MOST_NAMED);
        let count = counted(secrets.len(), "secret");
        session.say(format!("accepted of {whose}: {count} set before {}: {shown}", session.now))?;
    }
    let edited = draft.to_string();
    let policy = parse_policy(edited.as_bytes(), &path)?;
    let code = records.tell_unread(session)?;
    writer.put(POLICY, Some(Digest::of(text.as_bytes())), Some(edited.into_bytes()));
    let message = format!("secrets: accept what {name} knew");
    finish(session, &place, &policy, writer, &message, &arguments.publish, None)?;
    Ok(code)
}

fn known_to(records: &Records, policy: &Policy, name: &ActorName, now: Instant) -> Known {
    let mut known = Known::new();
    for record in records.by_name.values() {
        for exposure in custody::exposures(&record.sealed, policy) {
            let open = !policy.accepts(&exposure.departed, exposure.set_at, now) && exposure.set_at < now;
            if open && exposure.departed.name() == name {
                known.entry(exposure.departed).or_default().insert(exposure.secret);
            }
        }
    }
    known
}
