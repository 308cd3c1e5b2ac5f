//! What may stand in a command line: the names that the store has at this moment.
//!
//! Nobody is asked for anything: no identity, no remote, no person. What can't be read is left out without a word.

use std::any::TypeId;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Arg, Command, ValueHint};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use super::Session;
use crate::domain::claim::CUSTODY;
use crate::domain::glob::Glob;
use crate::domain::key::{FingerprintPrefix, PublicKey};
use crate::domain::name::{ActorName, SecretName};
use crate::domain::policy::Policy;
use crate::domain::text::counted;
use crate::domain::tracked_name::CredentialName;
use crate::observe::place::Place;
use crate::store::custody_file::{self, MAX_CUSTODY_BYTES};
use crate::system::environment::Environment;
use crate::system::files;

/// How many names are listed whole; of more, the folders are offered first.
const MOST_WHOLE: usize = 100;

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Secrets of the store.
    Own,
    /// Folders of the store, for a name that is to be new.
    Folders,
    /// Secrets of the store, and what other tools have sealed.
    Secrets,
    /// What other tools have sealed: secrets and files.
    Tracked,
    Scopes,
    People,
    Machines,
    Groups,
    /// People and groups.
    Owners,
    /// People, machines, shared keys and groups.
    Readers,
    /// The same without groups.
    Actors,
    /// Fingerprints of the keys that policy lists.
    Keys,
    /// The deploy ref.
    DeployRef,
}

/// Where the names come from.
pub struct Source {
    store: Option<PathBuf>,
    environment: Environment,
}

impl Source {
    pub fn new(session: &Session, store: Option<PathBuf>) -> Self {
        // git must not fetch what a partial clone lacks: completing a word talks to no remote.
        let quiet = [("GIT_NO_LAZY_FETCH", "1"), ("GIT_ALLOW_PROTOCOL", "none")];
        let quiet = quiet.map(|(name, value)| (name.into(), value.into()));
        let variables = session.environment.for_children();
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).chain(quiet);
        let environment = Environment::new(variables, session.environment.current_dir().to_owned());
        Self { store, environment }
    }

    fn place(&self) -> Option<Place> {
        Place::find(self.store.as_deref(), &self.environment).ok()
    }

    fn candidates(&self, kind: Kind, typed: &str) -> Vec<CompletionCandidate> {
        let Some(place) = self.place() else { return Vec::new() };
        let plain = |names: Vec<String>| names.into_iter().map(CompletionCandidate::new).collect();
        match kind {
            Kind::Own => plain(staged(own(&place), typed)),
            Kind::Folders => plain(next_folders(&own(&place), typed)),
            Kind::Secrets => plain(staged([own(&place), tracked(&place, typed)].concat(), typed)),
            Kind::Tracked => plain(staged(tracked(&place, typed), typed)),
            Kind::Scopes => {
                let names = [own(&place), tracked(&place, typed)].concat();
                plain(staged(scopes(&names), typed))
            }
            Kind::People
            | Kind::Machines
            | Kind::Groups
            | Kind::Owners
            | Kind::Readers
            | Kind::Actors
            | Kind::Keys
            | Kind::DeployRef => {
                let Ok(policy) = place.policy() else { return Vec::new() };
                let mut candidates = of_policy(&policy, kind);
                candidates.retain(|(name, _)| name.starts_with(typed));
                candidates.into_iter().map(|(name, what)| described(name, what)).collect()
            }
        }
    }
}

fn described(name: String, what: String) -> CompletionCandidate {
    CompletionCandidate::new(name).help(Some(what.into()))
}

/// Has the arguments of every command offer what they take.
pub fn attach(command: Command, source: &Arc<Source>) -> Command {
    attach_below(command, "", source)
}

fn attach_below(command: Command, path: &str, source: &Arc<Source>) -> Command {
    let command = command.mut_args(|arg| match kind_of(path, &arg) {
        Some(kind) => {
            let source = Arc::clone(source);
            let answer = move |typed: &OsStr| source.candidates(kind, &typed.to_string_lossy());
            arg.add(ArgValueCompleter::new(answer))
        }
        None if takes_files(path, &arg) => arg.value_hint(ValueHint::AnyPath),
        None => arg,
    });
    command.mut_subcommands(|inner| {
        let path = format!("{path} {}", inner.get_name());
        attach_below(inner, path.trim_start(), source)
    })
}

/// The type of an argument says what it takes; for names of people also the command does. That a fingerprint to be
/// accepted is not offered is the point of accepting it: it is compared with its holder.
fn kind_of(command: &str, arg: &Arg) -> Option<Kind> {
    let of = arg.get_value_parser().type_id();
    let id = arg.get_id().as_str();
    if of == TypeId::of::<SecretName>() {
        let is_new = matches!((command, id), ("add", "name") | ("move", "new"));
        return Some(if is_new { Kind::Folders } else { Kind::Own });
    }
    if of == TypeId::of::<CredentialName>() {
        return Some(Kind::Secrets);
    }
    if of == TypeId::of::<Glob>() {
        return Some(Kind::Scopes);
    }
    if of == TypeId::of::<FingerprintPrefix>() {
        return Some(Kind::Keys);
    }
    if of == TypeId::of::<ActorName>() {
        return match (command, id) {
            (_, "owners") => Some(Kind::Owners),
            (_, "readers") => Some(Kind::Readers),
            (_, "seen_by" | "as_person") => Some(Kind::Actors),
            (_, "groups") => Some(Kind::Groups),
            (command, "name") if command.starts_with("people ") => Some(Kind::People),
            (command, "name") if command.starts_with("machines ") => Some(Kind::Machines),
            _ => None,
        };
    }
    match (command, id) {
        ("untrack" | "confirm", "names") => Some(Kind::Tracked),
        ("check", "against") => Some(Kind::DeployRef),
        _ => None,
    }
}

fn takes_files(command: &str, arg: &Arg) -> bool {
    (command, arg.get_id().as_str()) == ("track", "paths")
}

fn own(place: &Place) -> Vec<String> {
    place.store.list(None).secrets.into_keys().map(|name| name.to_string()).collect()
}

/// Files that policy calls sealed, and whatever has a record beside its file, in the folder that was typed so far.
fn tracked(place: &Place, typed: &str) -> Vec<String> {
    tracked_names(place, typed).unwrap_or_default().into_iter().collect()
}

fn tracked_names(place: &Place, typed: &str) -> Option<BTreeSet<String>> {
    let repository = place.repository.as_ref().ok()?;
    let track = place.policy().ok().and_then(|policy| policy.track);
    let path = typed.split_once("#/").map_or(typed, |(file, _)| file);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let tree = repository.snapshot(repository.head().ok()??, folder).ok()?;
    let mut names = BTreeSet::new();
    for path in tree.entries().keys() {
        if track.as_ref().is_some_and(|track| track.covers(path)) {
            names.insert(path.clone());
        }
        if path.rsplit('/').next() == Some(CUSTODY) {
            let Ok(bytes) = files::read(&repository.root().join(path), MAX_CUSTODY_BYTES) else { continue };
            let claims = custody_file::parse(&bytes, path).map(|file| file.claims).unwrap_or_default();
            names.extend(claims.keys().map(ToString::to_string));
        }
    }
    Some(names)
}

/// Every folder as a glob, and every name.
fn scopes(names: &[String]) -> Vec<String> {
    let mut scopes = BTreeSet::new();
    for name in names {
        let file = name.split_once("#/").map_or(name.as_str(), |(file, _)| file);
        scopes.extend(file.match_indices('/').filter_map(|(at, _)| Some(format!("{}/**", name.get(..at)?))));
    }
    scopes.into_iter().chain(names.iter().cloned()).collect()
}

/// The names that begin with what was typed; where there are many, the next folders of them first, as a shell
/// completes paths.
fn staged(mut names: Vec<String>, typed: &str) -> Vec<String> {
    names.retain(|name| name.starts_with(typed));
    if names.len() <= MOST_WHOLE {
        return names;
    }
    let cut = |name: &String| {
        let rest = name.get(typed.len()..).unwrap_or_default();
        let end = rest.find('/').map_or(name.len(), |at| typed.len() + at + 1);
        name.get(..end).unwrap_or(name).to_owned()
    };
    names.iter().map(cut).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The folders in which a new name may stand.
fn next_folders(names: &[String], typed: &str) -> Vec<String> {
    let folders = names.iter().filter(|name| name.starts_with(typed)).filter_map(|name| {
        let at = name.get(typed.len()..)?.find('/')?;
        name.get(..=typed.len() + at).map(str::to_owned)
    });
    folders.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Names of policy, and what each is.
fn of_policy(policy: &Policy, kind: Kind) -> Vec<(String, String)> {
    let people = || policy.people.keys().map(|name| (name.to_string(), "person".to_owned()));
    let machines = || policy.machines.keys().map(|name| (name.to_string(), "machine".to_owned()));
    let shared = || policy.shared_keys.keys().map(|name| (name.to_string(), "shared key".to_owned()));
    let groups = || {
        let of = |members: usize| format!("group of {}", counted(members, "reader"));
        policy.groups.iter().map(move |(name, members)| (name.to_string(), of(members.len())))
    };
    match kind {
        Kind::People => people().collect(),
        Kind::Machines => machines().collect(),
        Kind::Groups => groups().collect(),
        Kind::Owners => people().chain(groups()).collect(),
        Kind::Actors => people().chain(machines()).chain(shared()).collect(),
        Kind::Readers => people().chain(machines()).chain(shared()).chain(groups()).collect(),
        Kind::Keys => {
            let keys = policy.actors().flat_map(|(name, actor)| {
                let of = move |key: &PublicKey| format!("{} of {name}", key.kind);
                actor.keys().iter().map(move |key| (key.fingerprint.to_string(), of(key)))
            });
            keys.collect()
        }
        Kind::DeployRef => vec![(policy.deploy_ref.to_string(), "the deploy ref".to_owned())],
        Kind::Own | Kind::Folders | Kind::Secrets | Kind::Tracked | Kind::Scopes => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn few_names_are_offered_whole_and_many_by_folder() {
        let few = names(&["legacy/ftp", "web/prod/api", "web/prod/db"]);
        assert_eq!(staged(few.clone(), ""), few);
        assert_eq!(staged(few.clone(), "web/prod/d"), ["web/prod/db"]);
        assert_eq!(staged(few, "none"), [""; 0]);
        let many: Vec<String> = (0..150).map(|number| format!("web/{}/s{number}", number % 2)).collect();
        let many = [many, names(&["top"])].concat();
        assert_eq!(staged(many.clone(), ""), ["top", "web/"]);
        assert_eq!(staged(many.clone(), "we"), ["web/"]);
        assert_eq!(staged(many.clone(), "web/"), ["web/0/", "web/1/"]);
        assert_eq!(staged(many, "web/0/").len(), 75);
    }

    #[test]
    fn a_new_name_begins_in_a_folder_that_there_is() {
        let there = names(&["top", "web/prod/db", "web/staging/db"]);
        assert_eq!(next_folders(&there, ""), ["web/"]);
        assert_eq!(next_folders(&there, "web/"), ["web/prod/", "web/staging/"]);
        assert_eq!(next_folders(&there, "web/prod/"), [""; 0]);
    }

    #[test]
    fn scopes_are_folders_and_names_and_no_parts_of_pointers() {
        let there = names(&["a/enc.yaml#/hub/token", "web/prod/db"]);
        assert_eq!(scopes(&there), ["a/**", "web/**", "web/prod/**", "a/enc.yaml#/hub/token", "web/prod/db"]);
    }

    #[test]
    fn a_name_that_is_cut_within_a_sign_offers_nothing() {
        assert_eq!(staged(names(&["é/a"]), "e"), [""; 0]);
        assert_eq!(staged(names(&["é/a"]), "é"), ["é/a"]);
    }

    #[test]
    fn no_key_to_be_accepted_is_offered() {
        let command = crate::cli::Cli::described();
        let add = command.find_subcommand("add").unwrap();
        let arg = |id: &str| add.get_arguments().find(|arg| arg.get_id().as_str() == id).unwrap();
        assert_eq!(kind_of("add", arg("accept_key")), None);
        assert_eq!(kind_of("add", arg("name")), Some(Kind::Folders));
        assert_eq!(kind_of("add", arg("owners")), Some(Kind::Owners));
    }
}
