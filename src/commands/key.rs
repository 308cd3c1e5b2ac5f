//! `secrets key`: my identities.

use serde::Serialize;

use super::{CommandError, Session, keeping};
use crate::cli::{Key, KeyImport, KeyList, KeyNew, KeyPlace, KeyRemove, ReadFormat};
use crate::keys::identity::MAX_IDENTITY_BYTES;
use crate::keys::keychain::Place;
use crate::render::table::Table;
use crate::seal::identity::{self, Identity};
use crate::system::files;
use crate::system::terminal::Question;

pub fn run(session: &Session, command: &Key) -> Result<u8, CommandError> {
    match command {
        Key::New(arguments) => new(session, arguments),
        Key::Import(arguments) => import(session, arguments),
        Key::List(arguments) => list(session, arguments),
        Key::Remove(arguments) => remove(session, arguments),
    }
}

fn place(place: KeyPlace) -> Place {
    match place {
        KeyPlace::Auto => Place::Automatic,
        KeyPlace::Keyring => Place::Keyring,
        KeyPlace::File => Place::File,
    }
}

fn new(session: &Session, arguments: &KeyNew) -> Result<u8, CommandError> {
    let public = keeping::make(session, &arguments.name, place(arguments.place))?;
    session.say("send this public key to somebody in the store, who adds you with `secrets people add`:")?;
    session.print(format!("{}\n", public.text))?;
    Ok(0)
}

fn import(session: &Session, arguments: &KeyImport) -> Result<u8, CommandError> {
    let path = session.environment.current_dir().join(&arguments.file);
    let bytes = zeroize::Zeroizing::new(files::read_following_links(&path, MAX_IDENTITY_BYTES as u64)?);
    let label = arguments.file.display().to_string();
    let identities = identity::parse_identities(&bytes, &label, &session.prompts())?;
    let public = identities.iter().flat_map(Identity::public_keys).next();
    keeping::keep(session, &arguments.name, &bytes, public, place(arguments.place))?;
    if let Some(public) = public {
        session.print(format!("{}\n", public.text))?;
    }
    session.say(format!("{label} is still where it was: remove it if it is not needed there"))?;
    Ok(0)
}

#[derive(Serialize)]
struct ListWire {
    schema_version: u32,
    identities: Vec<IdentityWire>,
    failed: Vec<String>,
}

#[derive(Serialize)]
struct IdentityWire {
    name: Option<String>,
    place: String,
}

fn list(session: &Session, arguments: &KeyList) -> Result<u8, CommandError> {
    let listing = session.keychain().list();
    for note in &listing.notes {
        session.say(note)?;
    }
    let identities: Vec<IdentityWire> = listing
        .entries
        .iter()
        .map(|entry| IdentityWire {
            name: entry.name.as_ref().map(ToString::to_string),
            place: entry.place.to_string(),
        })
        .collect();
    let failed: Vec<String> = listing.failed.iter().map(ToString::to_string).collect();
    if arguments.output.format == ReadFormat::Json {
        session.print_json(&ListWire { schema_version: 1, identities, failed })?;
        return Ok(0);
    }
    for failure in &failed {
        session.say(failure)?;
    }
    if identities.is_empty() {
        session.say("no identity is kept here: secrets key new")?;
        return Ok(0);
    }
    let mut table = Table::new(&["NAME", "KEPT IN"]);
    for identity in identities {
        table.row([identity.name.unwrap_or_else(|| "(not named)".to_owned()), identity.place]);
    }
    session.print(table.render(session.style()))?;
    Ok(0)
}

fn remove(session: &Session, arguments: &KeyRemove) -> Result<u8, CommandError> {
    let name = &arguments.name;
    if !arguments.yes {
        if !session.terminal.can_ask() {
            return Err(CommandError::new(format!("removing the identity `{name}` can't be undone"))
                .hint(format!("secrets key remove {name} --yes")));
        }
        let what = format!("remove the identity `{name}`; what only it opens is lost to you");
        if !session.terminal.confirm(Question { what: &what, remedy: "give --yes" }, false)? {
            return Err(CommandError::new("nothing was removed"));
        }
    }
    let from = session.keychain().remove(name, place(arguments.place))?;
    session.say(format!("removed `{name}` from {from}"))?;
    Ok(0)
}
