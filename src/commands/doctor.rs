//! `secrets doctor`: what works here, and how to mend what does not.

use serde::Serialize;

use super::at_hand::{self, DriverState, HookState};
use super::{CommandError, Session};
use crate::change::writer::Writer;
use crate::cli::{Doctor, HookName, ReadFormat};
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::text::visible;
use crate::git::{self, Repository};
use crate::observe::identities::State as IdentityState;
use crate::observe::place::Place;
use crate::observe::trees::REMOTE_LIMIT;

#[derive(Serialize)]
struct DoctorWire {
    schema_version: u32,
    healthy: bool,
    items: Vec<Item>,
}

#[derive(Serialize)]
struct Item {
    what: String,
    state: State,
    detail: String,
    remedy: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    /// Worth knowing, nothing to mend.
    Note,
    Problem,
}

#[derive(Default)]
struct Items(Vec<Item>);

impl Items {
    fn push(&mut self, what: &str, state: State, detail: impl Into<String>, remedy: Option<&str>) {
        let remedy = remedy.map(ToOwned::to_owned);
        self.0.push(Item { what: what.to_owned(), state, detail: detail.into(), remedy });
    }

    fn ok(&mut self, what: &str, detail: impl Into<String>) {
        self.push(what, State::Ok, detail, None);
    }

    fn note(&mut self, what: &str, detail: impl Into<String>) {
        self.push(what, State::Note, detail, None);
    }

    fn problem(&mut self, what: &str, detail: impl Into<String>, remedy: Option<&str>) {
        self.push(what, State::Problem, detail, remedy);
    }
}

pub fn run(session: &Session, arguments: &Doctor) -> Result<u8, CommandError> {
    let mut items = Items::default();
    match git::git_version(&session.environment) {
        Ok((major, minor, patch)) => items.ok("git", format!("version {major}.{minor}.{patch}")),
        Err(error) => items.problem("git", error.to_string(), Some("install git 2.35 or later")),
    }
    let place = session.place();
    let policy = match &place {
        Ok(place) => {
            items.ok("store", place.store.root().display().to_string());
            examine_place(session, arguments, place, &mut items)
        }
        Err(error) => {
            items.problem("store", error.to_string(), Some("secrets init"));
            None
        }
    };
    examine_identities(session, policy.as_ref(), &mut items);
    let healthy = items.0.iter().all(|item| item.state != State::Problem);
    match arguments.output.format {
        ReadFormat::Json => session.print_json(&DoctorWire { schema_version: 1, healthy, items: items.0 })?,
        ReadFormat::Human => session.print(human(&items.0, healthy))?,
    }
    Ok(if healthy { 0 } else { 2 })
}

fn examine_place(session: &Session, arguments: &Doctor, place: &Place, items: &mut Items) -> Option<Policy> {
    match &place.repository {
        Ok(repository) => {
            items.ok("repository", repository.root().display().to_string());
            match repository.head() {
                Ok(Some(commit)) => items.ok("HEAD", commit.short()),
                Ok(None) => items.problem("HEAD", "there is no commit yet", Some("git commit")),
                Err(error) => items.problem("HEAD", error.to_string(), None),
            }
            examine_journal(arguments, place, repository, items);
            examine_waiting(repository, items);
            match git_at_hand(session, place, repository) {
                Ok(detail) => items.push("git at hand", detail.0, detail.1, None),
                Err(error) => items.problem("git at hand", error.to_string(), Some("secrets git install")),
            }
        }
        Err(error) => items.problem("repository", error.to_string(), None),
    }
    match place.policy() {
        Err(error) => {
            items.problem("policy", error.to_string(), Some("secrets schema policy tells what it may hold"));
            None
        }
        Ok(policy) => {
            let (people, machines) = (policy.people.len(), policy.machines.len());
            items.ok(
                "policy",
                format!("{people} people, {machines} machines, deploy ref {}", policy.deploy_ref),
            );
            if let (DeployRef::Branch { remote, branch }, Ok(repository)) =
                (&policy.deploy_ref, &place.repository)
            {
                match repository.ask_remote(remote, branch, REMOTE_LIMIT) {
                    Ok(tip) => items
                        .ok("deploy ref", format!("{} is at {}", policy.deploy_ref, tip.commit().short())),
                    Err(error) => items.problem("deploy ref", error.to_string(), Some("git remote -v")),
                }
            }
            let listing = place.list();
            items.ok(
                "secrets",
                format!("{} in the work tree of {}", listing.secrets.len(), session.now.date()),
            );
            for unknown in listing.unknowns {
                items.problem("store", format!("{}: {}", unknown.what, unknown.why), None);
            }
            Some(policy)
        }
    }
}

fn examine_journal(arguments: &Doctor, place: &Place, repository: &Repository, items: &mut Items) {
    match place.unfinished() {
        Ok(None) => {}
        Ok(Some(_)) if arguments.mend => match Writer::begin(&place.store, repository, &place.folder) {
            Ok(_) => items.ok("journal", "an interrupted change was completed; look at it with `git status`"),
            Err(error) => items.problem("journal", error.to_string(), None),
        },
        Ok(Some(change)) => items.problem("journal", change.description(), Some("secrets doctor --mend")),
        Err(error) => items.problem("journal", error.to_string(), None),
    }
}

/// What was to be delivered before this command, and could not be.
fn examine_waiting(repository: &Repository, items: &mut Items) {
    for waiting in repository.waiting_rescues() {
        match waiting {
            Ok(waiting) => {
                let detail = format!(
                    "{} waits to be pushed to {}, and only this clone has it",
                    waiting.branch, waiting.remote
                );
                items.problem("rescue", detail, Some(&waiting.command()));
            }
            Err(error) => items.problem("rescue", error.to_string(), None),
        }
    }
}

/// Whether git shows, merges and guards the store in this clone. Nobody has to have it so.
fn git_at_hand(
    session: &Session,
    place: &Place,
    repository: &Repository,
) -> Result<(State, String), CommandError> {
    let program = at_hand::program(session)?;
    let install = "secrets git install";
    match at_hand::driver_state(repository, &place.folder, &program)? {
        DriverState::Absent => return Ok((State::Note, format!("not set up in this clone: {install}"))),
        DriverState::Other => {
            let detail = format!("set up for another program or store; to bring it up to date: {install}");
            return Ok((State::Note, detail));
        }
        DriverState::Current => {}
    }
    for hook in HookName::ALL {
        let name = hook.as_str();
        match at_hand::hook_state(repository, hook, &program)? {
            HookState::Ours { is_current: true, .. } | HookState::Chained(_) => {}
            HookState::Absent(_) | HookState::Ours { .. } | HookState::Foreign(_) => {
                return Ok((
                    State::Note,
                    format!("diffs and merges are set up, the hook {name} is not: {install}"),
                ));
            }
        }
    }
    Ok((State::Ok, "diffs, merges and hooks are set up".to_owned()))
}

fn examine_identities(session: &Session, policy: Option<&Policy>, items: &mut Items) {
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    let mut any = false;
    for found in identities.all() {
        let what = format!("identity: {}", found.source);
        match &found.state {
            IdentityState::Absent(why) => items.note(&what, why.clone()),
            IdentityState::Unusable { why, remedy } => items.problem(&what, why.clone(), Some(remedy)),
            IdentityState::Identities(all) => {
                any |= !all.is_empty();
                for identity in all {
                    let keys: Vec<String> = identity
                        .public_keys()
                        .iter()
                        .map(|key| {
                            let holder = policy.and_then(|policy| policy.holder_of(&key.fingerprint));
                            let whose = holder
                                .map_or("not in policy".to_owned(), |name| format!("of {name} in policy"));
                            format!("{} {}, {whose}", key.kind, key.fingerprint)
                        })
                        .collect();
                    items.ok(&what, format!("{}: {}", identity.label(), keys.join("; ")));
                }
            }
        }
        for note in &found.notes {
            items.note(&what, note.clone());
        }
    }
    if !any {
        items.problem("identities", "none was found, so nothing can be opened here", Some("secrets key new"));
    }
}

fn human(items: &[Item], healthy: bool) -> String {
    let width = items.iter().map(|item| item.what.chars().count()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for item in items {
        let mark = match item.state {
            State::Ok => "ok      ",
            State::Note => "-       ",
            State::Problem => "PROBLEM ",
        };
        lines.push(format!("{mark} {:width$}  {}", item.what, visible(&item.detail)).trim_end().to_owned());
        if let Some(remedy) = &item.remedy {
            lines.push(format!("{:8} {:width$}  to mend: {}", "", "", visible(remedy)));
        }
    }
    let problems = items.iter().filter(|item| item.state == State::Problem).count();
    lines.push(String::new());
    lines.push(if healthy { "all is well".to_owned() } else { format!("{problems} problems") });
    lines.join("\n") + "\n"
}
