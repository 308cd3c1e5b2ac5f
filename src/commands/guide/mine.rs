//! My key and my name.

use super::Guide;
use crate::commands::actors::canonical_keys;
use crate::commands::{CommandError, founding, keeping};
use crate::domain::key::PublicKey;
use crate::domain::name::ActorName;
use crate::domain::text::visible;
use crate::keys::keychain::Place as Kept;
use crate::keys::sources::IdentitySource;
use crate::observe::identities::{Found, State};
use crate::seal::identity::Identity;
use crate::system::terminal::Question;

/// What a new identity is called.
const FIRST_NAME: &str = "default";

impl Guide<'_> {
    /// The keys that were given, else the one that is found, else one that is made.
    pub(super) fn my_keys(&self, given: &[String]) -> Result<Vec<String>, CommandError> {
        if !given.is_empty() {
            return canonical_keys(given);
        }
        let session = self.session;
        session.say("looked for a key of yours at:")?;
        let keychain = session.keychain();
        let mut identities = session.identities(&keychain);
        let mut mine = None;
        for found in identities.all() {
            self.tell_inside(&format!("{}: {}", found.source, state_of(found)))?;
            if let (State::Unusable { why, remedy }, true) = (&found.state, found.source.is_explicit()) {
                return Err(CommandError::new(why.clone()).hint(remedy.clone()));
            }
            let key = found.identities().iter().flat_map(Identity::public_keys).next();
            mine = mine.or_else(|| key.map(|key| (key.clone(), found.source.clone())));
        }
        let key = match mine {
            Some((_, IdentitySource::SshKey)) if !self.takes_ssh_key()? => self.make_key()?,
            Some((key, _)) => key,
            None => {
                self.tell(
                    "None was found. A new one is kept in the OS keyring, or where there is none in a file that only \
                     you can read.",
                )?;
                let question = Question { what: "make a new key now", remedy: "secrets key new" };
                if !session.terminal.confirm(question, true)? {
                    return Err(CommandError::new("without a key of yours nothing could be sealed to you")
                        .hint("make one: secrets key new")
                        .hint("or name a public key: secrets init --key \"$(cat ~/.ssh/id_ed25519.pub)\""));
                }
                self.make_key()?
            }
        };
        self.tell(&format!("your key: {} {}", key.kind, key.fingerprint))?;
        Ok(vec![key.text])
    }

    fn takes_ssh_key(&self) -> Result<bool, CommandError> {
        self.tell("That ssh key can open secrets too. If you would rather not: a new key, for this alone.")?;
        let question = Question { what: "use the ssh key", remedy: "give --key" };
        Ok(self.session.terminal.confirm(question, true)?)
    }

    fn make_key(&self) -> Result<PublicKey, CommandError> {
        let session = self.session;
        let name: ActorName = FIRST_NAME.parse()?;
        let error = match keeping::make(session, &name, Kept::Automatic) {
            Ok(key) => return Ok(key),
            Err(error) => error,
        };
        self.tell_error(&error)?;
        let what = "keep it in a file that only you can read instead";
        if !session.terminal.confirm(Question { what, remedy: "secrets key new --place file" }, false)? {
            return Err(error);
        }
        keeping::make(session, &name, Kept::File)
    }

    pub(super) fn my_name(&self) -> Result<ActorName, CommandError> {
        let repository = crate::commands::session::repository(self.place)?;
        let proposal = founding::name_made_valid(self.session, repository);
        let question = Question { what: "your name in this store", remedy: "give --person NAME" };
        let default = proposal.as_ref().map(ActorName::as_str);
        Ok(self.session.terminal.ask_line(question, default, str::parse::<ActorName>)?)
    }
}

/// What a source had, in a few words.
fn state_of(found: &Found) -> String {
    match &found.state {
        State::Absent(why) => why.clone(),
        State::Unusable { why, remedy } => format!("{why}; {remedy}"),
        State::Identities(identities) => {
            let keys = identities.iter().flat_map(Identity::public_keys);
            let keys: Vec<String> =
                keys.map(|key| format!("{} {}", key.kind, visible(&key.fingerprint.short()))).collect();
            match keys.as_slice() {
                [] => "an identity whose public key can't be told".to_owned(),
                keys => keys.join(", "),
            }
        }
    }
}
