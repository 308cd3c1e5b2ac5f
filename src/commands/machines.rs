//! `secrets machines`: readers that are no people.

use super::actors::{self, ActorKind, Registration};
use super::{CommandError, Session};
use crate::cli::Machines;

pub fn run(session: &Session, command: &Machines) -> Result<u8, CommandError> {
    match command {
        Machines::Add(arguments) => actors::add(
            session,
            &Registration {
                kind: ActorKind::Machine,
                name: &arguments.name,
                keys: &arguments.keys,
                contact: None,
                groups: &arguments.groups,
            },
            &arguments.publish,
        ),
        Machines::Remove(arguments) => actors::remove(session, ActorKind::Machine, arguments),
        Machines::List(arguments) => actors::list(session, ActorKind::Machine, arguments),
    }
}
