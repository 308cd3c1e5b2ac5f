//! `secrets machines`: readers that are no people.

use super::actors::{self, ActorKind, Registration};
use super::{CommandError, Session, leaving, roster};
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
                signing_keys: &[],
            },
            &arguments.publish,
        ),
        Machines::Remove(arguments) => leaving::remove(session, ActorKind::Machine, arguments),
        Machines::List(arguments) => roster::list(session, ActorKind::Machine, arguments),
    }
}
