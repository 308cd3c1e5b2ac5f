//! The second person, and the first secret.

use super::{Guide, PUSHED_LATER};
use crate::cli::{Add, Lifetime, Notes, Sealing};
use crate::commands::account_keys::{self, GITHUB};
use crate::commands::actors::{self, ActorKind, Registration};
use crate::commands::adding::Unsaid;
use crate::commands::new_secret;
use crate::commands::{CommandError, overview};
use crate::domain::name::{ActorName, SecretName};
use crate::render::overview::Next;
use crate::seal::public_key;

/// Whose keys somebody named.
enum Named {
    Key(String),
    Account(String),
}

impl Guide<'_> {
    pub(super) fn second_person(&mut self, me: &ActorName) -> Result<(), CommandError> {
        self.tell(
            "Two people must be able to open each secret: when one is asleep, the other can. Until then `secrets check` \
             blocks.",
        )?;
        let read = |answer: &str| match answer.parse::<ActorName>() {
            Ok(name) if name == *me => Err(format!("{me} is you; name somebody else")),
            Ok(name) => Ok(name),
            Err(error) => Err(error.to_string()),
        };
        let Some(name) = self.ask_or_leave("second person's name (Enter: later)", read)? else {
            return self.invite(None);
        };
        self.tell(&format!(
            "The public key of {name}: age1..., as `secrets key new` prints it, or an ssh key, or github:USER for the ssh \
             keys of an account."
        ))?;
        let what = format!("{name}'s public key (Enter: later)");
        loop {
            let Some(named) = self.ask_or_leave(&what, read_key)? else {
                return self.invite(Some(&name));
            };
            match self.add_person(&name, named) {
                Ok(()) => break,
                Err(error) if error.is_interruption() => return Err(error),
                Err(error) => self.tell_error(&error)?,
            }
        }
        self.tell(&format!(
            "{name} reads what is sealed from now on. Compare the fingerprint above with {name} over another channel: it is \
             a claim until then."
        ))?;
        let deploy_ref = self.policy()?.deploy_ref;
        self.push(&deploy_ref, &format!("secrets: add person {name}"))
    }

    fn add_person(&self, name: &ActorName, named: Named) -> Result<(), CommandError> {
        let keys = match named {
            Named::Key(key) => vec![key],
            Named::Account(user) => account_keys::on_github(self.session, GITHUB, &user)?,
        };
        let groups: Vec<ActorName> = self.policy()?.groups.into_keys().collect();
        let registration = Registration {
            kind: ActorKind::Person,
            name,
            keys: &keys,
            contact: None,
            groups: &groups,
            signing_keys: &[],
        };
        actors::add(self.session, &registration, &PUSHED_LATER).map(drop)
    }

    /// What to send, to whom, and what to run when the answer comes.
    fn invite(&self, name: Option<&ActorName>) -> Result<(), CommandError> {
        let session = self.session;
        let whom = name.map_or("the second person", ActorName::as_str);
        let Next { command, .. } = overview::second_person(&self.policy()?);
        self.tell(&format!("Send this to {whom}:"))?;
        session.say(
            "    please install secrets, run `secrets key new`, and send me the line that begins with age1",
        )?;
        self.tell("When it has come:")?;
        session.say(format!(
            "    $ {}",
            name.map_or(command.clone(), |name| command.replace("NAME", name.as_str()))
        ))?;
        session.say("    $ secrets reseal --all")
    }

    pub(super) fn first_secret(&mut self, me: &ActorName) -> Result<(), CommandError> {
        self.tell("A secret is named like a path, web/prod/db for one: who reads it and how it is judged can be said for a folder.")?;
        let place = self.place;
        let read = |answer: &str| match answer.parse::<SecretName>() {
            Ok(name) if place.store.record_path(&name).symlink_metadata().is_ok() => {
                Err(format!("{name} is there already"))
            }
            Ok(name) => Ok(name),
            Err(error) => Err(error.to_string()),
        };
        let what = "first secret's name (Enter: later)";
        let Some(name) = self.ask_or_leave(what, read)? else {
            self.tell("When you have one:")?;
            return self.session.say(format!("    $ {}", overview::first_secret().command));
        };
        self.tell("What you type or paste as its value is not shown.")?;
        let policy = self.policy()?;
        let owner = policy.groups.keys().next().unwrap_or(me).clone();
        let add = Add {
            name: name.clone(),
            from_file: None,
            lifetime: Lifetime::default(),
            issued: None,
            notes: Notes { owners: vec![owner.clone()], ..Notes::default() },
            readers: Vec::new(),
            seen_by: Vec::new(),
            sealing: Sealing { as_person: Some(me.clone()), ..Sealing::default() },
            publish: PUSHED_LATER,
        };
        match new_secret::add(self.session, &add, Unsaid::Left) {
            Ok(_) => {}
            Err(error) if error.is_interruption() => return Err(error),
            Err(error) => {
                self.tell_error(&error)?;
                self.tell("Nothing was sealed. To try again:")?;
                return self.session.say(format!("    $ secrets add {name} --expires-in 1y"));
            }
        }
        let folder = &place.folder;
        self.tell(&format!(
            "sealed {folder}/{name}.age, and wrote {folder}/{name}.json: when it ends, who opens it, and {owner} as its \
             owner"
        ))?;
        self.push(&policy.deploy_ref, &format!("secrets: add {name}"))
    }
}

/// A key that a value can be sealed to, or an account that has some.
fn read_key(answer: &str) -> Result<Named, String> {
    if let Some(user) = answer.strip_prefix("github:") {
        return Ok(Named::Account(user.trim().to_owned()));
    }
    public_key::parse(answer).map(|_| Named::Key(answer.to_owned())).map_err(|error| error.to_string())
}
