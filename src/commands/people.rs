//! `secrets people`: who may read, by which keys.

use super::actors::{self, ActorKind, Registration};
use super::{CommandError, Session, absence, accepting, leaving, roster};
use crate::cli::{People, PeopleAdd};
use crate::forge::github_keys::{GithubKeys, Page};
use crate::seal::public_key;

pub fn run(session: &Session, command: &People) -> Result<u8, CommandError> {
    match command {
        People::Add(arguments) => add(session, arguments),
        People::Remove(arguments) => leaving::remove(session, ActorKind::Person, arguments),
        People::Impact(arguments) => absence::run(session, arguments),
        People::Accept(arguments) => accepting::run(session, arguments),
        People::List(arguments) => roster::list(session, ActorKind::Person, arguments),
    }
}

fn add(session: &Session, arguments: &PeopleAdd) -> Result<u8, CommandError> {
    let mut keys = arguments.keys.clone();
    if let Some(user) = &arguments.github {
        keys.extend(keys_on_github(session, &arguments.github_url, user)?);
    }
    let registration = Registration {
        kind: ActorKind::Person,
        name: &arguments.name,
        keys: &keys,
        contact: arguments.contact.as_deref(),
        groups: &arguments.groups,
        signing_keys: &arguments.signing_keys,
    };
    actors::add(session, &registration, &arguments.publish)
}

/// The keys on somebody's page that a value can be sealed to. What the page says is what its owner, the forge, or
/// whoever sits between says: their holder confirms the fingerprints.
fn keys_on_github(session: &Session, base: &str, user: &str) -> Result<Vec<String>, CommandError> {
    let page = Page::of(base, user)?;
    let GithubKeys { lines } = page.read()?;
    let mut keys = Vec::new();
    let mut skipped = Vec::new();
    for line in lines {
        match public_key::parse(&line) {
            Ok(key) => keys.push(key),
            // Its type says what it is; the rest of the line says nothing to a person.
            Err(error) => {
                skipped.push(format!("{}: {error}", line.split_whitespace().next().unwrap_or_default()));
            }
        }
    }
    for why in &skipped {
        session.say(format!("skipped a key on {page}: {why}"))?;
    }
    if keys.is_empty() {
        let what =
            if skipped.is_empty() { "lists no key" } else { "lists no key that a value can be sealed to" };
        return Err(CommandError::new(format!("{page} {what}"))
            .hint("they make an ssh-ed25519 key with `ssh-keygen -t ed25519` and put it into their account")
            .hint("or an age key with `secrets key new`, and send you its public half: --key age1…"));
    }
    session.say(format!("keys on {page}:"))?;
    for key in &keys {
        session.say(format!("  {} {}", key.kind, key.fingerprint))?;
    }
    session.say("compare each fingerprint with its holder over another channel: whoever gets into that account can put keys there")?;
    Ok(keys.into_iter().map(|key| key.text).collect())
}
