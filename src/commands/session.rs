//! What every command is given: the environment, the moment, the terminal and the options that hold everywhere.

use serde::Serialize;

use super::CommandError;
use crate::cli::Global;
use crate::domain::name::ActorName;
use crate::domain::policy::Policy;
use crate::domain::time::Instant;
use crate::git::Repository;
use crate::keys::keychain::Keychain;
use crate::observe::identities::Identities;
use crate::observe::place::Place;
use crate::render::Style;
use crate::seal::prompts::Prompts;
use crate::system::environment::Environment;
use crate::system::terminal::{Question, Terminal};

pub struct Session {
    pub environment: Environment,
    /// As of when everything is judged and dated.
    pub now: Instant,
    pub terminal: Terminal,
    pub global: Global,
}

impl Session {
    pub fn place(&self) -> Result<Place, CommandError> {
        Ok(Place::find(self.global.store.as_deref(), &self.environment)?)
    }

    /// How a passphrase is asked for: on a terminal, else not at all.
    pub fn prompts(&self) -> Prompts {
        if !self.terminal.can_ask() {
            return Prompts::none();
        }
        let terminal = self.terminal;
        let remedy = "run it on a terminal";
        Prompts::new(
            move |what| terminal.ask_hidden(Question { what, remedy }).ok(),
            // A message that can't be shown must not stop what it tells of.
            move |what| drop(terminal.say(what)),
            move |what| terminal.confirm(Question { what, remedy }, false).ok(),
        )
    }

    /// How answers are shown on standard output.
    pub fn style(&self) -> Style {
        Style { color: self.terminal.color_stdout, width: self.terminal.width }
    }

    /// How what is said beside them, on standard error, is shown: as wide as what is printed.
    pub fn style_beside(&self) -> Style {
        Style { color: self.terminal.color_stderr, ..self.style() }
    }

    /// Whether what is printed is best kept to ASCII.
    pub fn is_plain(&self) -> bool {
        self.terminal.is_dumb || !self.environment.speaks_utf8()
    }

    pub fn keychain(&self) -> Keychain<'_> {
        Keychain::new(&self.environment, self.terminal.can_ask())
    }

    pub fn identities<'k>(&self, keychain: &'k Keychain<'_>) -> Identities<'k> {
        Identities::new(self.global.identity.as_deref(), keychain, self.prompts())
    }

    /// Who I am: the holder of my identity, else `--as`.
    pub fn me(&self, policy: &Policy, as_person: Option<&ActorName>) -> Result<ActorName, CommandError> {
        if let Some(name) = as_person {
            if policy.actor(name).is_none() {
                return Err(CommandError::new(format!(
                    "--as {name}: policy knows no person or machine of that name"
                ))
                .hint("secrets people list"));
            }
            return Ok(name.clone());
        }
        self.identities(&self.keychain()).holder(policy).ok_or_else(|| {
            CommandError::new(
                "none of my identities is a key that policy knows, so I can't say who sets this value",
            )
            .hint("say who you are with --as NAME")
            .hint("see which identities are found with: secrets doctor")
        })
    }

    /// Says something to the person, on standard error.
    pub fn say(&self, line: impl AsRef<str>) -> Result<(), CommandError> {
        self.terminal.say(line.as_ref()).map_err(|error| CommandError::of_output(&error))
    }

    /// Prints the answer, on standard output.
    pub fn print(&self, text: impl AsRef<[u8]>) -> Result<(), CommandError> {
        self.terminal.show(text.as_ref()).map_err(|error| CommandError::of_output(&error))
    }

    /// The same for a program: JSON, with one line feed at the end.
    pub fn print_json(&self, wire: &impl Serialize) -> Result<(), CommandError> {
        self.print(serde_json::to_string_pretty(wire)? + "\n")
    }

    /// What is printed, with every byte as it is, whatever the terminal makes of it: a value.
    pub fn print_exactly(&self, bytes: &[u8]) -> Result<(), CommandError> {
        self.terminal.write_stdout(bytes).map_err(|error| CommandError::of_output(&error))
    }
}

/// The repository, which every writing command needs.
pub fn repository(place: &Place) -> Result<&Repository, CommandError> {
    place.repository.as_ref().map_err(|error| CommandError::new(error.to_string()))
}
