//! The people or the machines of a store: their keys, and what they hold.

use std::collections::BTreeSet;

use serde::Serialize;

use super::actors::ActorKind;
use super::held_files::HeldFiles;
use super::reading::{Records, UnreadWire};
use super::{CommandError, Session};
use crate::cli::{ActorList, ReadFormat};
use crate::domain::access::Holders;
use crate::domain::custody;
use crate::domain::key::PublicKey;
use crate::domain::name::ActorName;
use crate::domain::policy::Policy;
use crate::domain::text::few;
use crate::domain::tracked_facts::FileFacts;
use crate::render::table::Table;

/// How many secrets a cell names.
const MOST_NAMED: usize = 3;

#[derive(Serialize)]
struct Wire {
    schema_version: u32,
    actors: Vec<ActorWire>,
    unread: Vec<UnreadWire>,
}

#[derive(Serialize)]
struct ActorWire {
    name: String,
    contact: Option<String>,
    groups: Vec<String>,
    keys: Vec<KeyWire>,
    /// Of what other tools have sealed, files.
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
    let mut records = Records::read(&place);
    let files = HeldFiles::read(&place, &policy);
    records.unread.extend(files.unread.iter().cloned());
    if arguments.output.format == ReadFormat::Json {
        let actors = describe(&records, &files, &policy, kind);
        session.print_json(&Wire { schema_version: 1, actors, unread: records.unread_wire() })?;
        return records.tell_unread(session);
    }
    let mut table = Table::new(&["NAME", "KEYS", "SECRETS", "ALONE WITH", "GROUPS", "CONTACT"]);
    table.align_right(2);
    let actors = describe(&records, &files, &policy, kind);
    if actors.is_empty() {
        let (noun, command) = (kind.noun(), kind.command());
        session.say(format!("no {noun} is registered: secrets {command} add NAME --key KEY"))?;
        return records.tell_unread(session);
    }
    for actor in actors {
        let keys = policy
            .actor(&actor.name.parse()?)
            .map(|actor| actor.keys().iter().map(key_text).collect::<Vec<_>>());
        table.row([
            actor.name,
            keys.unwrap_or_default().join("\n"),
            actor.secrets.to_string(),
            few(&actor.sole_holder_of, MOST_NAMED),
            actor.groups.join(", "),
            actor.contact.unwrap_or_default(),
        ]);
    }
    session.print(table.render(session.style()))?;
    records.tell_unread(session)
}

/// `ssh-ed25519 SHA256:… alice@laptop`. The whole fingerprint is for programs; `--key` takes its beginning.
fn key_text(key: &PublicKey) -> String {
    let comment = key.comment.as_ref().map(|comment| format!(" {comment}")).unwrap_or_default();
    format!("{} {}{comment}", key.kind, key.fingerprint.short())
}

fn describe(records: &Records, files: &HeldFiles, policy: &Policy, kind: ActorKind) -> Vec<ActorWire> {
    let holders: Vec<(&FileFacts, Holders)> = files.holders(policy).collect();
    let of_records =
        records.by_name.iter().map(|(name, record)| (name.as_str(), custody::people(&record.sealed, policy)));
    let of_files = holders.iter().map(|(file, holders)| (file.name.as_str(), holders.alone.clone()));
    let alone: Vec<(&str, BTreeSet<ActorName>)> =
        of_records.chain(of_files).filter(|(_, people)| people.len() == 1).collect();
    let wire = |key: &PublicKey| KeyWire {
        r#type: key.kind.to_string(),
        fingerprint: key.fingerprint.to_string(),
        comment: key.comment.clone(),
    };
    let of = |name: &ActorName| {
        let groups = policy.groups.iter().filter(|(_, members)| members.contains(name));
        let held = records.by_name.values().filter(|record| record.sealed.keys.contains_key(name));
        let alone = alone.iter().filter(|(_, people)| people.contains(name));
        (
            groups.map(|(group, _)| group.to_string()).collect(),
            held.count() + holders.iter().filter(|(_, holders)| holders.names(name)).count(),
            alone.map(|(secret, _)| (*secret).to_owned()).collect(),
        )
    };
    let actors = policy.actors().filter(|(_, actor)| kind.fits(actor));
    let actors = actors.map(|(name, actor)| {
        let (groups, secrets, sole_holder_of) = of(name);
        ActorWire {
            name: name.to_string(),
            contact: policy.people.get(name).and_then(|person| person.contact.clone()),
            groups,
            keys: actor.keys().iter().map(wire).collect(),
            secrets,
            sole_holder_of,
        }
    });
    actors.collect()
}
