//! `secrets init`: the store, and me as its first person.

use super::actors::canonical_keys;
use super::{CommandError, Session, founding, guide};
use crate::cli::Init;
use crate::domain::name::ActorName;
use crate::domain::policy::DeployRef;
use crate::git::Repository;
use crate::observe::place::Place;
use crate::store::policy_edit::NewActor;
use crate::system::terminal::Question;

pub fn run(session: &Session, arguments: &Init) -> Result<u8, CommandError> {
    let place = founding::site(session)?;
    if session.terminal.can_ask() && !says_all(arguments) {
        return guide::run(session, arguments, &place);
    }
    let repository = super::session::repository(&place)?;
    let person = person(session, arguments, repository)?;
    let keys = keys(session, arguments)?;
    let deploy_ref = deploy_ref(session, arguments, repository)?;
    welcome(session, &place, &person, &deploy_ref)?;
    let person = NewActor { name: &person, keys: &keys, groups: &[] };
    founding::make(session, &place, &deploy_ref, person, &arguments.publish)?;
    Ok(0)
}

/// Whether nothing is left to be asked, or what comes after the store is left to somebody who commits by themselves.
fn says_all(arguments: &Init) -> bool {
    let Init { person, keys, deploy_ref, publish } = arguments;
    publish.no_commit || (person.is_some() && !keys.is_empty() && deploy_ref.is_some() && publish.push)
}

fn person(session: &Session, arguments: &Init, repository: &Repository) -> Result<ActorName, CommandError> {
    if let Some(person) = &arguments.person {
        return Ok(person.clone());
    }
    let proposal = founding::proposed_name(session, repository);
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
