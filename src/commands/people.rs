//! `secrets people`: who may read, by which keys.

use super::actors::{self, ActorKind, Registration};
use super::{CommandError, Session, absence, accepting, account_keys, leaving, roster};
use crate::cli::{People, PeopleAdd};

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
        keys.extend(account_keys::on_github(session, &arguments.github_url, user)?);
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
