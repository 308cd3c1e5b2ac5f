//! The store is made: where, of what, and what stands in the way.

use std::path::{Component, Path, PathBuf};

use rand::RngCore as _;
use rand::rngs::OsRng;

use super::writing::finish;
use super::{CommandError, Session};
use crate::change::writer::Writer;
use crate::cli::Publish;
use crate::domain::id::StoreId;
use crate::domain::name::ActorName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::text::listed;
use crate::git::Repository;
use crate::observe::place::{Place, parse_policy};
use crate::store::attributes;
use crate::store::journal;
use crate::store::layout::{ATTRIBUTES, POLICY, STORE_VARIABLE, Store};
use crate::store::policy_edit::{NewActor, first_policy};

/// Where the store is to be; an error where it can't be there.
pub fn site(session: &Session) -> Result<Place, CommandError> {
    let current = session.environment.current_dir();
    let repository = Repository::discover(current, &session.environment).map_err(|error| {
        CommandError::from(error).hint("the store lives in a git repository; to make one here: git init")
    })?;
    let root = new_root(session, &repository)?;
    let folder = folder(&repository, &root)?;
    let place = Place { folder, store: Store::at(&root), repository: Ok(repository) };
    refuse_ignored(&place)?;
    Ok(place)
}

/// Makes the store, in one commit.
pub fn make(
    session: &Session,
    place: &Place,
    deploy_ref: &DeployRef,
    person: NewActor<'_>,
    publish: &Publish,
) -> Result<Policy, CommandError> {
    let repository = super::session::repository(place)?;
    let mut random = [0; 16];
    OsRng.fill_bytes(&mut random);
    let id = StoreId::from_parts(session.now, u128::from_le_bytes(random));
    let text = first_policy(id, deploy_ref, person, None);
    let policy = parse_policy(text.as_bytes(), &place.path(POLICY))?;
    let mut writer = Writer::begin(&place.store, repository, &place.folder)?;
    writer.put(POLICY, None, Some(text.into_bytes()));
    writer.put(ATTRIBUTES, None, Some(attributes::TEXT.as_bytes().to_vec()));
    finish(session, place, &policy, writer, MESSAGE, publish, None)?;
    Ok(policy)
}

/// Of the commit that makes a store.
pub const MESSAGE: &str = "secrets: make the store";

/// My name as git or the login has it.
pub fn proposed_name(session: &Session, repository: &Repository) -> Option<ActorName> {
    let [git, login] = known_names(session, repository);
    [git, login].into_iter().find_map(|name| name.parse().ok())
}

/// The same, with what a name can't have left out of it.
pub fn name_made_valid(session: &Session, repository: &Repository) -> Option<ActorName> {
    let [git, login] = known_names(session, repository);
    let valid = |name: String| {
        let kept = name.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c));
        kept.skip_while(|c| !c.is_ascii_alphanumeric()).collect::<String>().parse().ok()
    };
    proposed_name(session, repository).or_else(|| [login, git].into_iter().find_map(valid))
}

fn known_names(session: &Session, repository: &Repository) -> [String; 2] {
    let login = session.environment.var("USER").or_else(|| session.environment.var("USERNAME"));
    let git_name = repository.config("user.name").unwrap_or_default();
    let first = git_name.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    [first, login.unwrap_or_default().to_owned()]
}

/// Where the store is to be: `--store`, `SECRETS_STORE`, else `secrets/` at the root of the repository.
fn new_root(session: &Session, repository: &Repository) -> Result<PathBuf, CommandError> {
    let current = session.environment.current_dir();
    let named = session.global.store.clone().or_else(|| session.environment.path(STORE_VARIABLE));
    let root = named.map_or_else(|| repository.root().join("secrets"), |path| current.join(path));
    let is_there = || root.join(POLICY).symlink_metadata().is_ok();
    if !is_there() && !matches!(journal::unfinished(repository.git_dir()), Ok(None)) {
        // An `init` that was cut short is completed here: without a policy no other command knows of the store.
        let store = Store::at(&root);
        drop(Writer::begin(&store, repository, ".")?);
    }
    if is_there() {
        return Err(already_there(session, &root));
    }
    let taken = root.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if taken {
        return Err(CommandError::new(format!("{}: is taken by other files", root.display()))
            .hint("make the store in another folder: secrets init --store custody"));
    }
    Ok(root)
}

fn folder(repository: &Repository, root: &Path) -> Result<String, CommandError> {
    let outside = || CommandError::new(format!("{}: lies outside the repository", root.display()));
    let base = repository.root().canonicalize()?;
    let full = resolved(root).ok_or_else(outside)?;
    let relative = full.strip_prefix(&base).map_err(|_| outside())?;
    let segments: Option<Vec<&str>> = relative.components().map(|part| part.as_os_str().to_str()).collect();
    Ok(segments.ok_or_else(outside)?.join("/"))
}

/// The path with links resolved as far down as its folders are there; the others, and the store itself, are made later.
fn resolved(path: &Path) -> Option<PathBuf> {
    let mut above = path.ancestors().skip(1);
    let (folder, there) = above.find_map(|folder| Some((folder, folder.canonicalize().ok()?)))?;
    let missing = path.strip_prefix(folder).ok()?;
    // What lies above a folder that is not there can't be told.
    let plain = missing.components().all(|part| matches!(part, Component::Normal(_)));
    plain.then(|| there.join(missing))
}

/// What is there already, and how to join it.
fn already_there(session: &Session, root: &Path) -> CommandError {
    let error = CommandError::new(format!("{}: there is a store already", root.display()));
    let to_join = "to join it, ask somebody in it to run: secrets people add YOU --key YOUR-PUBLIC-KEY";
    let policy = Place::find(Some(root), &session.environment).ok().and_then(|place| place.policy().ok());
    // Where nobody is there to unlock a keyring, nobody is asked who they are.
    let Some(policy) = policy.filter(|_| session.terminal.can_ask()) else { return error.hint(to_join) };
    let people: Vec<&str> = policy.people.keys().map(ActorName::as_str).collect();
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    if let Some(me) = identities.holder(&policy) {
        return error.hint(format!("you are in it as {me}; where it stands: secrets"));
    }
    match identities.first_public_key() {
        Some(key) => {
            let group = policy.groups.keys().next().map(|group| format!(" --group {group}"));
            let add = format!("secrets people add YOU --key '{}'{}", key.text, group.unwrap_or_default());
            error.hint(format!("to join it, ask {} to run: {add}", listed(&people)))
        }
        None => error
            .hint("you have no key yet; to make one: secrets key new")
            .hint(format!("its people are {}; {to_join}", listed(&people))),
    }
}

/// Refuses a place where git would never see what is sealed.
fn refuse_ignored(place: &Place) -> Result<(), CommandError> {
    let probe = [place.path("example.age"), place.path("example.json")];
    match super::session::repository(place)?.ignored_by(&probe)?.into_iter().next() {
        None => Ok(()),
        Some((path, rule)) => {
            Err(CommandError::new(format!("files of the store, such as {path}, would be ignored by {rule}"))
                .hint(format!("add these lines below that rule: !{0}/ and !{0}/**", place.folder))
                .hint("or make the store elsewhere: secrets init --store custody"))
        }
    }
}
