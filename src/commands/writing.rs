//! What the writing commands share: asking for a value, accepting keys, and telling what came of it.

use std::collections::BTreeSet;
use std::path::Path;

use super::other_tools::{hint_of_file, no_such_secret};
use super::session::repository;
use super::signing::sign_where_required;
use super::standing::KnownKeys;
use super::{CommandError, Session};
use crate::change::publish::{self, Committed};
use crate::change::sealing::{self, NewKey, Sealer};
use crate::change::writer::{Pair, Then, Writer};
use crate::cli::{Publish, Sealing};
use crate::domain::digest::Digest;
use crate::domain::key::Fingerprint;
use crate::domain::name::SecretName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::record::{Record, Sealed};
use crate::domain::text::{pathspec, push_command, shell_word};
use crate::domain::value::{MAX_VALUE_BYTES, Value};
use crate::git::{Fallback, Pushed, Repository};
use crate::observe::MAX_SEALED_BYTES;
use crate::observe::place::Place;
use crate::store::record_file::{self, MAX_RECORD_BYTES};
use crate::system::files;
use crate::system::terminal::Question;
use crate::system::wiped;

/// How the command line wants a change to be sealed and published.
pub struct Manner<'a> {
    pub sealing: &'a Sealing,
    pub publish: &'a Publish,
}

/// The value: from a file, from standard input where that is no terminal, else from a hidden prompt, twice. It is never
/// empty: that is a variable that was not set, or a command that failed.
pub fn read_value(session: &Session, from_file: Option<&Path>) -> Result<Value, CommandError> {
    let (value, source) = if let Some(path) = from_file {
        let bytes = files::read_following_links(path, MAX_VALUE_BYTES as u64)?;
        (Value::new(bytes), path.display().to_string())
    } else if session.terminal.can_ask() {
        let question = Question { what: "value", remedy: "give --from-file FILE" };
        let typed = session.terminal.ask_hidden_twice(question)?;
        (Value::new(typed.as_bytes().to_vec()), "the answer".to_owned())
    } else {
        let read = wiped::read_stdin(MAX_VALUE_BYTES);
        let bytes = read.map_err(|error| CommandError::new(format!("standard input: {error}")))?;
        (Value::new(bytes), "standard input".to_owned())
    };
    if value.expose().len() > MAX_VALUE_BYTES {
        return Err(CommandError::new(format!("{source}: the value is larger than {MAX_VALUE_BYTES} bytes")));
    }
    if value.expose().is_empty() {
        return Err(CommandError::new(format!("{source}: the value is empty, so nothing was sealed")).hint(
            "see whether what makes the value has failed; it is piped in, or given with --from-file FILE",
        ));
    }
    Ok(value)
}

/// A secret as it stands in the work tree.
pub struct Existing {
    pub record: Record,
    pub bytes: Vec<u8>,
    /// Of the record's file.
    record_digest: Digest,
}

impl Existing {
    /// What a change that is made of it must still find.
    pub fn pair(&self) -> Pair {
        Pair { record: Some(self.record_digest), sealed: Some(Digest::of(&self.bytes)) }
    }
}

/// Reads a secret that must be there, and whose record must be the one that the value was sealed with.
pub fn existing(place: &Place, name: &SecretName) -> Result<Existing, CommandError> {
    let secret = existing_unverified(place, name)?;
    sealing::verify_bound(&secret.record, &secret.bytes).map_err(|error| {
        let sealed = place.sealed_path(name);
        let both = format!("{} {}", pathspec(&place.record_path(name)), pathspec(&sealed));
        CommandError::from(error)
            .hint(format!("see how it came about: git log -p -- {both}"))
            .hint(format!("restore both as they were: git checkout COMMIT -- {both}"))
            .hint(format!("or set a new value: secrets set {name}"))
            .hint(format!("the value alone can be read with: age -d -i KEY {}", shell_word(&sealed)))
    })?;
    Ok(secret)
}

/// Reads a secret that must be there, whatever its record is worth.
pub fn existing_unverified(place: &Place, name: &SecretName) -> Result<Existing, CommandError> {
    let record_path = place.store.record_path(name);
    let Some(record) = place.store.read(&record_path, MAX_RECORD_BYTES)? else {
        let error = no_such_secret(name.as_str());
        return Err(match hint_of_file(place, name) {
            Some(hint) => error.hint(hint),
            None => error.hint(format!("to seal a new one: secrets add {name}")),
        });
    };
    let shown = record_path.display().to_string();
    let record_digest = Digest::of(&record);
    let record = record_file::parse(&record, &shown)?;
    if record.sealed.name != *name {
        return Err(CommandError::new(format!(
            "{shown}: is the record of `{}`, copied here: restore the right one from git",
            record.sealed.name
        )));
    }
    let bytes = files::read(&place.store.sealed_path(name), MAX_SEALED_BYTES)?;
    Ok(Existing { record, bytes, record_digest })
}

/// Reads what several files tell together while nobody writes: under way, a change has files of two states side by
/// side.
pub fn undisturbed<T>(
    place: &Place,
    read: impl FnOnce() -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let _writer = Writer::begin(&place.store, repository(place)?, &place.folder)?;
    read()
}

/// The policy once the lock is held; an error where it names other readers than those that were shown before.
pub fn policy_unchanged(
    place: &Place,
    shown: &Sealer<'_>,
    name: &SecretName,
) -> Result<Policy, CommandError> {
    let policy = place.policy()?;
    same_readers(&Sealer { policy: &policy, ..*shown }, shown, name)?;
    Ok(policy)
}

/// Whether two states of the policy seal a secret to the same keys.
pub fn same_readers(now: &Sealer<'_>, shown: &Sealer<'_>, name: &SecretName) -> Result<(), CommandError> {
    if now.recipients(name)? == shown.recipients(name)? {
        return Ok(());
    }
    Err(CommandError::new(format!("{name}: somebody changed meanwhile who reads it, so nothing was sealed"))
        .hint("run the same command again"))
}

/// What was last sealed under a name, as far as git's history at hand has it: the latest pair of record and value
/// that belong together. Other pairs could say anything.
pub fn last_bound(place: &Place, name: &SecretName) -> Result<Option<Sealed>, CommandError> {
    let (record_path, sealed_path) = (place.record_path(name), place.sealed_path(name));
    let pairs = repository(place)?.past_pairs([&record_path, &sealed_path])?;
    Ok(pairs.into_iter().find_map(|[record, sealed]| {
        let record = record_file::parse(&record, &record_path).ok()?;
        sealing::verify_bound(&record, &sealed).ok().filter(|()| record.sealed.name == *name)?;
        Some(record.sealed)
    }))
}

/// Asks for every key that is not among those known to be accepted, unless it was accepted on the command line.
pub fn accept_keys(
    session: &Session,
    sealer: &Sealer<'_>,
    name: &SecretName,
    known: &KnownKeys,
    accepted: &mut BTreeSet<Fingerprint>,
) -> Result<(), CommandError> {
    let new = sealer.new_keys(name, &known.fingerprints)?;
    let open: Vec<&NewKey> = new.iter().filter(|key| !accepted.contains(&key.fingerprint)).collect();
    if open.is_empty() {
        return Ok(());
    }
    let not_vouched_for = known.not_vouched_for.as_ref().map(|why| format!("{name}: {why}"));
    if session.terminal.can_ask() {
        if let Some(why) = &not_vouched_for {
            session.say(why)?;
        }
        for key in &open {
            session.say(format!("{name} would be sealed to a new {} key of {}:", key.kind, key.reader))?;
            session.say(format!("  {}", key.fingerprint))?;
            let what = format!("did {} confirm this fingerprint to you", key.reader);
            let question = Question { what: &what, remedy: "see `secrets reseal --help`" };
            if !session.terminal.confirm(question, false)? {
                return Err(CommandError::new(format!(
                    "{name}: the key {} of {} was not accepted, so nothing was changed",
                    key.fingerprint, key.reader
                )));
            }
            accepted.insert(key.fingerprint.clone());
        }
        return Ok(());
    }
    let mut error =
        CommandError::new(not_vouched_for.unwrap_or_else(|| {
            format!("{name}: would be sealed to keys that it was never sealed to before")
        }));
    for key in open {
        error = error.hint(format!("{} of {}: {}", key.kind, key.reader, key.fingerprint));
    }
    Err(error.hint(
        "compare each fingerprint with its holder over another channel, then accept it as `secrets reseal --help` says",
    ))
}

/// Signs what policy wants signed, writes, commits and, where asked, pushes what was planned. `signing_key` is what the
/// command line says of it.
pub fn finish(
    session: &Session,
    place: &Place,
    policy: &Policy,
    mut writer: Writer<'_>,
    message: &str,
    options: &Publish,
    signing_key: Option<&Path>,
) -> Result<(), CommandError> {
    let repository = repository(place)?;
    sign_where_required(session, place, policy, &mut writer, signing_key)?;
    let written = writer.write(if options.no_commit { Then::Leave } else { Then::Commit })?;
    if options.no_commit {
        session.say("written, not committed: `secrets check` blocks until this is committed and pushed")?;
        return Ok(());
    }
    let committed = publish::commit(repository, &written, message, session.terminal.can_ask())?;
    drop(written);
    match committed {
        Committed::Made(commit) => {
            session.say(format!("committed {} {message}", commit.short()))?;
            if options.is_pushed_later {
                return Ok(());
            }
            after_commit(session, repository, &policy.deploy_ref, commit, message, options.push)
                .map_err(CommandError::behind_the_commit)
        }
        Committed::Nothing | Committed::Left => {
            session.say("nothing to commit: HEAD holds these bytes already")
        }
    }
}

fn after_commit(
    session: &Session,
    repository: &Repository,
    deploy_ref: &DeployRef,
    commit: crate::git::Commit,
    topic: &str,
    push: bool,
) -> Result<(), CommandError> {
    let DeployRef::Branch { remote, branch } = deploy_ref else { return Ok(()) };
    let what = format!("push to {deploy_ref} now");
    let question = Question { what: &what, remedy: "give --push" };
    let push = push || (session.terminal.can_ask() && session.terminal.confirm(question, true)?);
    if !push {
        session.say(format!(
            "NOT on {deploy_ref} yet: a deploy still has the old state. To push: {}",
            push_command(remote, branch)
        ))?;
        return Ok(());
    }
    push_commit(session, repository, deploy_ref, commit, topic)
}

/// Pushes a commit, and says where it went.
pub fn push_commit(
    session: &Session,
    repository: &Repository,
    deploy_ref: &DeployRef,
    commit: crate::git::Commit,
    topic: &str,
) -> Result<(), CommandError> {
    match publish::push(repository, deploy_ref, commit, &[], Fallback::Branch { topic })? {
        Some(Pushed::ToBranch) => session.say(format!("pushed to {deploy_ref}")),
        Some(Pushed::Beside { branch, url }) => {
            session.say(format!("{deploy_ref} takes no direct push, so this went to the branch {branch}"))?;
            match url {
                Some(url) => session.say(format!("open the pull request: {url}"))?,
                None => session.say("open a pull request for it on your forge")?,
            }
            session.say(format!("NOT on {deploy_ref} until that is merged"))
        }
        None => Ok(()),
    }
}
