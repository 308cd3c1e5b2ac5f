//! `secrets init`: the store, and me as its first person.

use std::path::{Component, Path, PathBuf};

use rand::RngCore as _;
use rand::rngs::OsRng;

use super::actors::canonical_keys;
use super::writing::finish;
use super::{CommandError, Session};
use crate::change::writer::Writer;
use crate::cli::Init;
use crate::domain::id::StoreId;
use crate::domain::name::ActorName;
use crate::domain::policy::DeployRef;
use crate::git::Repository;
use crate::observe::place::{Place, parse_policy};
use crate::store::attributes;
use crate::store::layout::{ATTRIBUTES, POLICY, Store};
use crate::store::policy_edit::{NewActor, first_policy};
use crate::system::terminal::Question;

pub fn run(session: &Session, arguments: &Init) -> Result<u8, CommandError> {
    let current = session.environment.current_dir();
    let repository = Repository::discover(current, &session.environment).map_err(|error| {
        CommandError::from(error).hint("the store lives in a git repository; to make one here: git init")
    })?;
    let root = new_root(session, &repository)?;
    let person = person(session, arguments, &repository)?;
    let keys = keys(session, arguments)?;
    let deploy_ref = deploy_ref(session, arguments, &repository)?;

    let place =
        Place { folder: folder(&repository, &root)?, store: Store::at(&root), repository: Ok(repository) };
    let repository = super::session::repository(&place)?;
    let mut random = [0; 16];
    OsRng.fill_bytes(&mut random);
    let id = StoreId::from_parts(session.now, u128::from_le_bytes(random));
    let text = first_policy(id, &deploy_ref, NewActor { name: &person, keys: &keys, groups: &[] }, None);
    let policy = parse_policy(text.as_bytes(), &place.path(POLICY))?;
    let mut writer = Writer::begin(&place.store, repository, &place.folder)?;
    writer.put(POLICY, None, Some(text.into_bytes()));
    writer.put(ATTRIBUTES, None, Some(attributes::TEXT.as_bytes().to_vec()));
    let probe = [place.path("example.age"), place.path("example.json")];
    if let Some((path, rule)) = repository.ignored_by(&probe)?.into_iter().next() {
        return Err(CommandError::new(format!(
            "files of the store, such as {path}, would be ignored by {rule}"
        ))
        .hint(format!("add these lines below that rule: !{0}/ and !{0}/**", place.folder))
        .hint("or make the store elsewhere: secrets init --store custody"));
    }
    welcome(session, &place, &person, &policy.deploy_ref)?;
    finish(session, &place, &policy, writer, "secrets: make the store", &arguments.publish, None)?;
    Ok(0)
}

/// Where the store is to be: `--store`, `SECRETS_STORE`, else `secrets/` at the root of the repository.
fn new_root(session: &Session, repository: &Repository) -> Result<PathBuf, CommandError> {
    let current = session.environment.current_dir();
    let named = session.global.store.clone().or_else(|| session.environment.path("SECRETS_STORE"));
    let root = named.map_or_else(|| repository.root().join("secrets"), |path| current.join(path));
    if root.join("policy.toml").symlink_metadata().is_ok() {
        return Err(CommandError::new(format!("{}: there is a store already", root.display()))
            .hint("to join it, ask somebody in it to run: secrets people add YOU --key YOUR-PUBLIC-KEY"));
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

fn person(session: &Session, arguments: &Init, repository: &Repository) -> Result<ActorName, CommandError> {
    if let Some(person) = &arguments.person {
        return Ok(person.clone());
    }
    let login = session.environment.var("USER").or_else(|| session.environment.var("USERNAME"));
    let git_name = repository.config("user.name").unwrap_or_default();
    let first = git_name.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    let proposal = [first.as_str(), login.unwrap_or_default()]
        .into_iter()
        .find_map(|name| name.parse::<ActorName>().ok());
    if session.terminal.can_ask() {
        let default = proposal.as_ref().map(ActorName::as_str);
        let question = Question { what: "your name in this store", remedy: "give --person NAME" };
        return Ok(session.terminal.ask_line(question, default, str::parse::<ActorName>)?);
    }
    proposal.ok_or_else(|| CommandError::new("it is not said who you are").hint("give --person NAME"))
}

fn keys(session: &Session, arguments: &Init) -> Result<Vec<String>, CommandError> {
    if !arguments.keys.is_empty() {
        return canonical_keys(&arguments.keys);
    }
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    match identities.first_public_key() {
        Some(key) => {
            session.say(format!("your key: {} {}", key.kind, key.fingerprint))?;
            Ok(vec![key.text])
        }
        None => Err(CommandError::new("no identity of yours was found, so nothing could be sealed to you")
            .hint("make one: secrets key new")
            .hint("or name a public key: secrets init --key \"$(cat ~/.ssh/id_ed25519.pub)\"")),
    }
}

fn deploy_ref(
    session: &Session,
    arguments: &Init,
    repository: &Repository,
) -> Result<DeployRef, CommandError> {
    if let Some(deploy_ref) = &arguments.deploy_ref {
        return Ok(deploy_ref.clone());
    }
    let branch = repository.branch().unwrap_or_else(|| "main".to_owned());
    let proposal = format!("origin/{branch}");
    if !session.terminal.can_ask() {
        return proposal.parse().map_err(CommandError::new);
    }
    let question = Question {
        what: "remote branch from which deploys are made, or none",
        remedy: "give --deploy-ref origin/main",
    };
    Ok(session.terminal.ask_line(question, Some(&proposal), str::parse::<DeployRef>)?)
}

/// With one person in it the store is rightly blocked, so it is told how the second one joins; before the commit,
/// because the last line is for what became of that.
fn welcome(
    session: &Session,
    place: &Place,
    person: &ActorName,
    deploy_ref: &DeployRef,
) -> Result<(), CommandError> {
    let deploys = match deploy_ref {
        DeployRef::None => "nothing is deployed from git".to_owned(),
        DeployRef::Branch { .. } => format!("deploys are made from {deploy_ref}"),
    };
    session.say(format!("the store is {}/, and {person} is its first person; {deploys}", place.folder))?;
    session.say("")?;
    session
        .say("`secrets check` asks for two people who can open each secret, so a store of one is blocked.")?;
    session.say("How the second person joins:")?;
    session.say("  they run       secrets key new")?;
    session.say("  and send you   the public key that it prints")?;
    session.say("  you run        secrets people add NAME --key age1… --group team")?;
    session.say("")?;
    session.say("Then seal the first secret:  secrets add web/prod/db --expires-in 1y")?;
    session.say("")
}
