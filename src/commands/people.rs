//! `secrets people`: who may read, by which keys.

use super::actors::{self, ActorKind, Registration};
use super::{CommandError, Session};
use crate::cli::People;

pub fn run(session: &Session, command: &People) -> Result<u8, CommandError> {
    match command {
        People::Add(arguments) => actors::add(
            session,
            &Registration {
                kind: ActorKind::Person,
                name: &arguments.name,
                keys: &arguments.keys,
                contact: arguments.contact.as_deref(),
                groups: &arguments.groups,
            },
            &arguments.publish,
        ),
        People::Remove(arguments) => actors::remove(session, ActorKind::Person, arguments),
        People::List(arguments) => actors::list(session, ActorKind::Person, arguments),
    }
}
