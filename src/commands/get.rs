//! `secrets get`: the value, bytes exact.

use super::other_tools::{as_tracked, file_of, reading_command};
use super::versions::{self, Wanted};
use super::writing::existing;
use super::{CommandError, Session};
use crate::cli::Get;
use crate::domain::text::visible;
use crate::domain::tracked_name::CredentialName;
use crate::observe::place::Place;

pub fn run(session: &Session, arguments: &Get) -> Result<u8, CommandError> {
    let place = session.place()?;
    let name = match &arguments.name {
        CredentialName::Own(name) if place.store.record_path(name).exists() => name,
        // What was removed is in git's history still.
        CredentialName::Own(name)
            if arguments.number.is_some()
                && file_of(&place, &place.policy()?, &arguments.name)?.is_none() =>
        {
            name
        }
        other @ (CredentialName::Own(_) | CredentialName::Tracked(_)) => {
            return Err(refusal(&place, other)?);
        }
    };
    let sealed = match arguments.number {
        None => existing(&place, name)?.bytes,
        Some(number) => versions::older(&place, name, Wanted::Number(number))?.sealed,
    };
    let value = session.identities(&session.keychain()).open(name.as_str(), &sealed)?;
    session.print_exactly(value.expose())?;
    Ok(0)
}

/// What another tool sealed is opened by that tool, with its keys.
fn refusal(place: &Place, name: &CredentialName) -> Result<CommandError, CommandError> {
    let file = file_of(place, &place.policy()?, name)?;
    let format = file.as_ref().and_then(crate::domain::tracked_facts::FileFacts::format);
    let shown = visible(name.as_str());
    Ok(match (format, as_tracked(name), name) {
        (Some(format), Some(tracked), _) => CommandError::new(format!(
            "{shown}: is sealed as {format}, and only the tool that sealed it opens it"
        ))
        .hint(reading_command(format, &tracked)),
        (_, _, CredentialName::Own(own)) => match existing(place, own) {
            Err(error) => error,
            Ok(_) => CommandError::new(format!("{shown}: changed meanwhile: run the command again")),
        },
        (_, _, CredentialName::Tracked(_)) => super::other_tools::no_such_secret(name.as_str()),
    })
}
