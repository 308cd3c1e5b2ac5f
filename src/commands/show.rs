//! `secrets show`: everything that is known of one secret but its value.

use std::fmt::Write as _;

use serde::Serialize;

use super::{CommandError, Session};
use crate::checks::driver::{self, Judged};
use crate::cli::{ReadFormat, Show};
use crate::domain::check_id::CheckId;
use crate::domain::custody;
use crate::domain::expiry::Expiry;
use crate::domain::facts::{SecretFacts, Setting, SignatureVerdict};
use crate::domain::name::ActorName;
use crate::domain::policy::{Actor, Policy};
use crate::domain::record::Record;
use crate::domain::rules::{Rule, Rules};
use crate::domain::text::visible;
use crate::domain::time::Instant;
use crate::git::HistoryEntry;
use crate::observe::place::Place;
use crate::observe::secrets::Observation;
use crate::observe::trees::Ask;

/// How many commits of the secret's history are shown.
const HISTORY_LENGTH: usize = 10;

#[derive(Serialize)]
struct ShowWire<'a> {
    schema_version: u32,
    name: String,
    record: &'a Record,
    custody: Custody,
    signatures: Vec<SignatureWire>,
    policy: Vec<RuleWire>,
    history: Vec<HistoryWire>,
    findings: Vec<FindingWire>,
    unchecked: Vec<String>,
}

#[derive(Serialize)]
struct Custody {
    /// `plausible`: the header fits the record. `claimed`: the record says so, and nothing more is known.
    state: &'static str,
    people: Vec<String>,
    readers: Vec<ReaderWire>,
}

#[derive(Serialize)]
struct ReaderWire {
    name: String,
    kind: &'static str,
    keys: Vec<String>,
}

#[derive(Serialize)]
struct SignatureWire {
    by: String,
    /// `valid`, `not-listed` or `false`, by the signing keys of the policy here.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

#[derive(Serialize)]
struct RuleWire {
    rule: String,
    value: String,
    origin: String,
}

#[derive(Serialize)]
struct HistoryWire {
    commit: String,
    date: String,
    author: String,
    subject: String,
}

#[derive(Serialize)]
struct FindingWire {
    id: &'static str,
    level: &'static str,
    message: String,
    remedy: String,
}

pub fn run(session: &Session, arguments: &Show) -> Result<u8, CommandError> {
    let place = session.place()?;
    let policy = place.policy()?;
    let observation = Observation::new(&place, &policy.deploy_ref, Ask::LeaveOut);
    if observation.names.binary_search(&arguments.name).is_err() {
        return Err(CommandError::new(format!("{}: there is no secret of that name", arguments.name))
            .hint("secrets list"));
    }
    let facts = observation.secret(&arguments.name);
    let record = match &facts.record {
        Ok(Some(record)) => record,
        Ok(None) => {
            return Err(CommandError::new(format!("{}: there is no record here", facts.record_path))
                .hint("git status; then `secrets check` says what is missing"));
        }
        Err(unknown) => return Err(CommandError::new(unknown.why.clone())),
    };
    let setting = Setting {
        now: session.now,
        store: place.folder.clone(),
        deploy_ref: None,
        head: None,
        deployed_commit: None,
        deployed_is_ancestor: false,
    };
    let judged = driver::judge_secret(&setting, &policy, &facts);
    let wire = describe(&place, &policy, &facts, record, &judged);
    let text = match arguments.output.format {
        ReadFormat::Json => serde_json::to_string_pretty(&wire)? + "\n",
        ReadFormat::Human => human(&wire, session.now),
    };
    session.print(text)?;
    Ok(0)
}

fn describe<'a>(
    place: &Place,
    policy: &Policy,
    facts: &SecretFacts,
    record: &'a Record,
    judged: &Judged,
) -> ShowWire<'a> {
    let mut unchecked: Vec<String> =
        judged.unchecked.iter().map(|u| format!("{}: {}", u.what, u.why)).collect();
    let history = history(place, facts).unwrap_or_else(|why| {
        unchecked.push(format!("history: {why}"));
        Vec::new()
    });
    let finding = |finding: &crate::domain::finding::Finding| FindingWire {
        id: finding.id.as_str(),
        level: finding.level.as_str(),
        message: finding.message.clone(),
        remedy: finding.remedy.clone(),
    };
    ShowWire {
        schema_version: 1,
        name: facts.name.to_string(),
        record,
        custody: custody(policy, record, judged),
        signatures: signatures(facts),
        policy: rules(&Rules::of(policy, &facts.name)),
        history: history.into_iter().map(HistoryWire::from).collect(),
        findings: judged.findings.iter().map(finding).collect(),
        unchecked,
    }
}

impl From<HistoryEntry> for HistoryWire {
    fn from(entry: HistoryEntry) -> Self {
        Self { commit: entry.commit, date: entry.date, author: entry.author, subject: entry.subject }
    }
}

fn history(place: &Place, facts: &SecretFacts) -> Result<Vec<HistoryEntry>, String> {
    let repository = place.repository.as_ref().map_err(ToString::to_string)?;
    repository.history(&facts.record_path, HISTORY_LENGTH).map_err(|error| error.to_string())
}

fn custody(policy: &Policy, record: &Record, judged: &Judged) -> Custody {
    let doubts = [
        CheckId::Tampered,
        CheckId::RecordBehind,
        CheckId::UnprovenReader,
        CheckId::UnlistedReader,
        CheckId::Orphan,
    ];
    let doubted =
        judged.findings.iter().any(|finding| doubts.contains(&finding.id)) || !judged.unchecked.is_empty();
    let kind = |name: &ActorName| match policy.actor(name) {
        Some(Actor::Person(_)) => "person",
        Some(Actor::Machine(_)) => "machine",
        Some(Actor::SharedKey(_)) => "shared key",
        None => "unknown to policy",
    };
    Custody {
        state: if doubted { "claimed" } else { "plausible" },
        people: custody::people(&record.sealed, policy).iter().map(ToString::to_string).collect(),
        readers: record
            .sealed
            .keys
            .iter()
            .map(|(name, keys)| ReaderWire {
                name: name.to_string(),
                kind: kind(name),
                keys: keys.iter().map(|key| format!("{} {}", key.kind, key.fingerprint)).collect(),
            })
            .collect(),
    }
}

fn signatures(facts: &SecretFacts) -> Vec<SignatureWire> {
    let known = facts.signatures.as_deref().unwrap_or_default().iter();
    known
        .map(|signature| {
            let (state, why) = match &signature.verdict {
                SignatureVerdict::Valid => ("valid", None),
                SignatureVerdict::NotListed => {
                    ("not-listed", Some("policy has no signing key of theirs".to_owned()))
                }
                SignatureVerdict::False(why) => ("false", Some(why.clone())),
            };
            SignatureWire { by: signature.by.to_string(), state, why }
        })
        .collect()
}

fn rules(rules: &Rules) -> Vec<RuleWire> {
    fn line<T>(name: &str, rule: &Rule<T>, text: impl Fn(&T) -> String) -> RuleWire {
        RuleWire { rule: name.to_owned(), value: text(&rule.value), origin: rule.origin.to_string() }
    }
    let joined = |items: Vec<String>| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
    let optional = |period: &Option<crate::domain::period::Period>| {
        period.map_or_else(|| "off".to_owned(), |period| period.to_string())
    };
    let mut lines = vec![
        line("readers", &rules.readers, |readers| joined(readers.iter().map(ToString::to_string).collect())),
        line("min-people", &rules.min_people, ToString::to_string),
        line("notify-at", &rules.notify_at, |tiers| joined(tiers.iter().map(ToString::to_string).collect())),
        line("block-within", &rules.block_within, ToString::to_string),
        line("rotate-every", &rules.rotate_every, optional),
        line("max-lifetime", &rules.max_lifetime, optional),
        line("require-signature", &rules.require_signature, ToString::to_string),
    ];
    for (id, level) in &rules.levels {
        lines.push(line(&format!("levels.{id}"), level, ToString::to_string));
    }
    lines
}

fn human(wire: &ShowWire<'_>, now: Instant) -> String {
    let mut out = String::new();
    let mut section = |title: &str, lines: Vec<(String, String)>| {
        if lines.is_empty() {
            return;
        }
        let width = lines.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0);
        // Writing into a String can't fail.
        let _ = writeln!(out, "{title}");
        for (key, value) in lines {
            let line = format!("  {key:width$}  {}", visible(&value));
            let _ = writeln!(out, "{}", line.trim_end());
        }
        let _ = writeln!(out);
    };
    section(&wire.name, facts_lines(wire.record, now));
    let mut custody = vec![(wire.custody.state.to_owned(), people_text(&wire.custody.people))];
    for reader in &wire.custody.readers {
        for (position, key) in reader.keys.iter().enumerate() {
            let name = if position == 0 { reader.name.clone() } else { String::new() };
            custody.push((name, format!("{:<10}  {key}", reader.kind)));
        }
    }
    section("custody", custody);
    let signatures = wire.signatures.iter().map(|signature| {
        let why = signature.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        (signature.by.clone(), format!("{}{why}", signature.state))
    });
    section("signatures (by the policy here)", signatures.collect());
    let policy =
        wire.policy.iter().map(|rule| (rule.rule.clone(), format!("{}  ({})", rule.value, rule.origin)));
    section("policy in force", policy.collect());
    let history = wire.history.iter().map(|entry| {
        let short: String = entry.commit.chars().take(10).collect();
        (entry.date.clone(), format!("{short}  {}  {}", entry.author, entry.subject))
    });
    section("history", history.collect());
    let findings = wire
        .findings
        .iter()
        .map(|f| (format!("{} {}", f.level, f.id), format!("{}; {}", f.message, f.remedy)));
    section("findings (the remote was not asked)", findings.collect());
    section("unchecked", wire.unchecked.iter().map(|text| (String::new(), text.clone())).collect());
    let end = out.trim_end().len();
    out.truncate(end);
    out.push('\n');
    out
}

fn people_text(people: &[String]) -> String {
    match people {
        [] => "nobody can open it".to_owned(),
        [one] => format!("1 person can open it: {one}"),
        many => format!("{} people can open it: {}", many.len(), many.join(", ")),
    }
}

fn facts_lines(record: &Record, now: Instant) -> Vec<(String, String)> {
    let sealed = &record.sealed;
    let version = &sealed.version;
    let mut lines = Vec::new();
    let mut line = |key: &str, value: String| lines.push((key.to_owned(), value));
    line(
        "expires",
        match &sealed.expires {
            None => "unknown".to_owned(),
            Some(Expiry::Never { why }) => format!("never: {why}"),
            Some(Expiry::At { at, from, reason }) => {
                let days = now.days_until(*at);
                let distance =
                    if *at <= now { format!("{} days ago", -days) } else { format!("in {days} days") };
                let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                format!("{} ({distance}; {}{reason})", at.brief(), from.as_str())
            }
        },
    );
    line("version", format!("{} set {} by {}", version.number, version.set_at, version.set_by));
    if let Some(issued) = sealed.issued {
        line("issued", issued.brief());
    }
    let exposed: Vec<&str> = sealed.exposed_to.keys().map(ActorName::as_str).collect();
    line("exposed to", exposed.join(", "));
    // They run beside the plaintext, so that nobody should have to look for them.
    for (key, runner) in [("rotator", &sealed.rotator), ("probe", &sealed.probe)] {
        if let Some(runner) = runner {
            let with: Vec<String> =
                runner.with.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            let with = if with.is_empty() { String::new() } else { format!(" ({})", with.join(", ")) };
            line(key, format!("{}{with}", runner.kind));
        }
    }
    let owners: Vec<&str> = record.about.owners.iter().map(ActorName::as_str).collect();
    line("owners", if owners.is_empty() { "none".to_owned() } else { owners.join(", ") });
    if let Some(issuer) = &record.about.issuer {
        let contact = issuer.contact.as_ref().map(|contact| format!(" <{contact}>")).unwrap_or_default();
        line("issuer", format!("{}{contact}", issuer.name));
    }
    if let Some(runbook) = &record.about.runbook {
        line("runbook", runbook.clone());
    }
    lines
}
