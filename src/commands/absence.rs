//! `secrets people impact`: what would happen if somebody left.

use std::fmt::Write as _;

use serde::Serialize;

use super::held_files::HeldFiles;
use super::reading::{Records, UnreadWire};
use super::{CommandError, Session};
use crate::cli::{PeopleImpact, ReadFormat};
use crate::domain::impact::{Impact, Short};
use crate::domain::name::ActorName;
use crate::domain::policy::{Acceptance, Actor, Departed, Policy};
use crate::domain::text::{counted, few, listed, shell_word, visible};
use crate::domain::tracked_name::{CredentialName, TrackedName};

/// How many secrets are named one by one, and how many on one line.
const MOST_LINES: usize = 20;
const MOST_NAMED: usize = 8;

pub fn run(session: &Session, arguments: &PeopleImpact) -> Result<u8, CommandError> {
    let place = session.place()?;
    let policy = place.policy()?;
    let name = &arguments.name;
    refuse_others(&policy, name)?;
    let mut records = Records::read(&place);
    let HeldFiles { files, unread } = HeldFiles::read(&place, &policy);
    records.unread.extend(unread);
    let impact = Impact::of(&policy, records.by_name.values(), &files, name, session.now);
    if arguments.output.format == ReadFormat::Json {
        session.print_json(&Wire::of(name, &impact, records.unread_wire()))?;
    } else {
        session.print(describe(name, &impact))?;
    }
    records.tell_unread(session)
}

/// Only people leave in the sense that somebody has to be found in their place.
fn refuse_others(policy: &Policy, name: &ActorName) -> Result<(), CommandError> {
    match policy.actor(name) {
        Some(Actor::Person(_)) => Ok(()),
        Some(Actor::Machine(_)) => {
            Err(CommandError::new(format!("{name} is a machine, and nobody counts on it to open a secret"))
                .hint("what it reads: secrets machines list"))
        }
        Some(Actor::SharedKey(_)) => {
            Err(CommandError::new(format!("{name} is a shared key: ask of each person behind it"))
                .hint("secrets people list"))
        }
        None => Err(CommandError::new(format!("policy knows no person named `{name}`"))
            .hint("secrets people list")
            .hint("what somebody who has left still knows: secrets check")),
    }
}

/// The first line: what matters most.
fn headline(name: &ActorName, impact: &Impact) -> String {
    let (nobody, one, below) =
        (impact.with_nobody().len(), impact.with_one().len(), impact.below_min_people().len());
    let has =
        |count: usize| format!("{} {}", counted(count, "secret"), if count == 1 { "has" } else { "have" });
    let mut parts = Vec::new();
    if nobody > 0 {
        parts.push(format!("nobody can open {}", counted(nobody, "secret")));
    }
    if one > 0 {
        parts.push(format!("{} one person left", has(one)));
    }
    if parts.is_empty() && below > 0 {
        parts.push(format!("{} fewer people left than min-people", has(below)));
    }
    if parts.is_empty() {
        parts.push("every secret keeps enough people".to_owned());
    }
    format!("if {name} leaves, {}", parts.join(", and "))
}

fn describe(name: &ActorName, impact: &Impact) -> String {
    let mut text = headline(name, impact);
    let mut line = |what: String| {
        text.push('\n');
        text.push_str(&visible(&what));
    };
    let mut shorts: Vec<&Short> = impact.short.iter().collect();
    shorts.sort_by_key(|short| (short.left.len(), short.secret.clone()));
    for short in shorts.iter().take(MOST_LINES) {
        line(format!("  {}: {}", short.secret, who_is_left(short)));
    }
    if let Some(more @ 1..) = shorts.len().checked_sub(MOST_LINES) {
        line(format!("  and {more} more (--format json lists all)"));
    }
    if !impact.groups.is_empty() {
        line(format!("groups with nobody else in them: {}", listed(&texts(&impact.groups))));
    }
    if !impact.only_reader_in.is_empty() {
        line(format!("the only reader in: {}", listed(&impact.only_reader_in)));
    }
    if !impact.owns.is_empty() {
        line(format!("the only owner of: {}", some(&impact.owns)));
    }
    for (shared, others) in &impact.shared_keys {
        let others = if *others { "" } else { ", with nobody else" };
        line(format!("behind the shared key {shared}{others}: whoever leaves still has it, so exchange it"));
    }
    if !impact.knows.is_empty() {
        let count = counted(impact.knows.len(), "secret");
        line(format!("knows the current value of {count}, to be rotated: {}", some(&impact.knows)));
    }
    if !impact.named_in.is_empty() {
        let count = counted(impact.named_in.len(), "file");
        let paths: Vec<&str> = impact.named_in.iter().map(TrackedName::as_str).collect();
        line(format!("a key of theirs is named in {count} of other tools: {}", few(&paths, MOST_NAMED)));
    }
    for acceptance in &impact.accepted {
        let key = key_of(acceptance).map(|key| format!(" (key {key})")).unwrap_or_default();
        let Acceptance { on, by, reason, .. } = acceptance;
        line(format!("what was set before {on} is accepted{key} by {by}: {reason}"));
    }
    let _ = write!(text, "\n{}", what_to_do(name, impact));
    text
}

fn what_to_do(name: &ActorName, impact: &Impact) -> String {
    let mut steps = String::from("what to do:\n");
    if !impact.short.is_empty() || !impact.groups.is_empty() {
        steps.push_str("  secrets people add NAME --key KEY --group GROUP    somebody in their place\n");
        steps.push_str("  secrets reseal --all\n");
    }
    let _ = writeln!(steps, "  secrets people remove {name}");
    if !impact.named_in.is_empty() {
        steps.push_str(
            "  sops updatekeys FILE    and the like: only the tool that sealed a file takes their key out\n",
        );
    }
    if let Some(first) = impact.knows.first() {
        let first = shell_word(first.as_str());
        let _ = writeln!(
            steps,
            "  secrets set {}    and so on, a new value for each that they knew",
            visible(&first)
        );
    }
    steps
}

fn who_is_left(short: &Short) -> String {
    let left = match texts(&short.left).as_slice() {
        [] => "nobody is left".to_owned(),
        names => format!("only {} left", listed(names)),
    };
    format!("{left} (min-people is {})", short.min_people)
}

fn texts<'a>(names: impl IntoIterator<Item = &'a ActorName>) -> Vec<&'a str> {
    names.into_iter().map(ActorName::as_str).collect()
}

fn some(names: &[CredentialName]) -> String {
    few(&names.iter().map(CredentialName::as_str).collect::<Vec<_>>(), MOST_NAMED)
}

fn key_of(acceptance: &Acceptance) -> Option<String> {
    match &acceptance.of {
        Departed::Actor(_) => None,
        Departed::Key(_, key) => Some(key.to_string()),
    }
}

#[derive(Serialize)]
struct Wire {
    schema_version: u32,
    name: String,
    opens: usize,
    nobody_left: Vec<String>,
    one_left: Vec<ShortWire>,
    below_min_people: Vec<ShortWire>,
    alone_in_groups: Vec<String>,
    only_reader_in: Vec<String>,
    only_owner_of: Vec<String>,
    shared_keys: Vec<SharedKeyWire>,
    knows: Vec<String>,
    accepted: Vec<AcceptedWire>,
    named_in: Vec<String>,
    unread: Vec<UnreadWire>,
}

#[derive(Serialize)]
struct ShortWire {
    secret: String,
    people: Vec<String>,
    min_people: u32,
}

#[derive(Serialize)]
struct SharedKeyWire {
    name: String,
    others_behind: bool,
}

#[derive(Serialize)]
struct AcceptedWire {
    key: Option<String>,
    before: String,
    reason: String,
    by: String,
}

impl Wire {
    fn of(name: &ActorName, impact: &Impact, unread: Vec<UnreadWire>) -> Self {
        let strings = |names: &[CredentialName]| names.iter().map(ToString::to_string).collect();
        let short = |short: &Short| ShortWire {
            secret: short.secret.to_string(),
            people: short.left.iter().map(ToString::to_string).collect(),
            min_people: short.min_people,
        };
        let shared = |(name, others): &(ActorName, bool)| SharedKeyWire {
            name: name.to_string(),
            others_behind: *others,
        };
        let accepted = |acceptance: &Acceptance| AcceptedWire {
            key: key_of(acceptance),
            before: acceptance.on.to_string(),
            reason: acceptance.reason.clone(),
            by: acceptance.by.clone(),
        };
        Self {
            schema_version: 1,
            name: name.to_string(),
            opens: impact.opens,
            nobody_left: impact.with_nobody().iter().map(|short| short.secret.to_string()).collect(),
            one_left: impact.with_one().into_iter().map(short).collect(),
            below_min_people: impact.below_min_people().into_iter().map(short).collect(),
            alone_in_groups: impact.groups.iter().map(ToString::to_string).collect(),
            only_reader_in: impact.only_reader_in.clone(),
            only_owner_of: strings(&impact.owns),
            shared_keys: impact.shared_keys.iter().map(shared).collect(),
            knows: strings(&impact.knows),
            accepted: impact.accepted.iter().map(accepted).collect(),
            named_in: impact.named_in.iter().map(ToString::to_string).collect(),
            unread,
        }
    }
}
