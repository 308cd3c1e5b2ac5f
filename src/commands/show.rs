//! `secrets show`: everything that is known of one secret but its value.

use serde::Serialize;

use super::judging::setting_here;
use super::other_tools::{self, no_such_secret};
use super::reading::names_text;
use super::showing::{FindingWire, HistoryWire, RuleWire, Sections, end_text, history, people_text, rules};
use super::{CommandError, Session, showing_tracked};
use crate::checks::driver::{self, Judged};
use crate::cli::{ReadFormat, Show};
use crate::domain::check_id::CheckId;
use crate::domain::custody;
use crate::domain::facts::{SecretFacts, SignatureVerdict};
use crate::domain::id::VersionId;
use crate::domain::name::ActorName;
use crate::domain::policy::{Actor, Policy};
use crate::domain::probe::Probe;
use crate::domain::record::Record;
use crate::domain::rotation::{How, Rotation, RotationState};
use crate::domain::rotator::Rotator;
use crate::domain::rules::Rules;
use crate::domain::time::Instant;
use crate::domain::tracked_name::CredentialName;
use crate::observe::place::Place;
use crate::observe::secrets::Observation;
use crate::observe::trees::Ask;

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

pub fn run(session: &Session, arguments: &Show) -> Result<u8, CommandError> {
    let place = session.place()?;
    let policy = place.policy()?;
    let observation = Observation::new(&place, &policy, Ask::LeaveOut);
    let name = match &arguments.name {
        CredentialName::Own(name) if observation.names.binary_search(name).is_ok() => name,
        other @ (CredentialName::Own(_) | CredentialName::Tracked(_)) => {
            let file = other_tools::file_of(&place, &policy, other)?;
            let file = file.ok_or_else(|| no_such_secret(other.as_str()))?;
            return showing_tracked::run(session, &place, &policy, other, &file, arguments.output.format);
        }
    };
    let facts = observation.secret(name);
    let record = match &facts.record {
        Ok(Some(record)) => record,
        Ok(None) => {
            return Err(CommandError::new(format!("{}: there is no record here", facts.record_path))
                .hint("git status; then `secrets check` says what is missing"));
        }
        Err(unknown) => return Err(CommandError::new(unknown.why.clone())),
    };
    let judged = driver::judge_secret(&setting_here(session.now, &place), &policy, &facts);
    let wire = describe(&place, &policy, &facts, record, &judged);
    match arguments.output.format {
        ReadFormat::Json => session.print_json(&wire)?,
        ReadFormat::Human => session.print(human(&wire, session.now))?,
    }
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
    let history = history(place, &facts.record_path).unwrap_or_else(|why| {
        unchecked.push(format!("history: {why}"));
        Vec::new()
    });
    ShowWire {
        schema_version: 1,
        name: facts.name.to_string(),
        record,
        custody: custody(policy, record, judged),
        signatures: signatures(facts),
        policy: rules(&Rules::of(policy, &facts.name)),
        history,
        findings: judged.findings.iter().map(FindingWire::from).collect(),
        unchecked,
    }
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

fn human(wire: &ShowWire<'_>, now: Instant) -> String {
    let mut out = Sections::default();
    out.add(&wire.name, facts_lines(wire.record, now));
    let mut custody = vec![(wire.custody.state.to_owned(), people_text(&wire.custody.people))];
    for reader in &wire.custody.readers {
        for (position, key) in reader.keys.iter().enumerate() {
            let name = if position == 0 { reader.name.clone() } else { String::new() };
            custody.push((name, format!("{:<10}  {key}", reader.kind)));
        }
    }
    out.add("custody", custody);
    let signatures = wire.signatures.iter().map(|signature| {
        let why = signature.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        (signature.by.clone(), format!("{}{why}", signature.state))
    });
    out.add("signatures (by the policy here)", signatures.collect());
    out.add_rules(&wire.policy);
    out.add_history(&wire.history);
    out.add_findings(&wire.findings, &wire.unchecked);
    out.finish()
}

fn facts_lines(record: &Record, now: Instant) -> Vec<(String, String)> {
    let sealed = &record.sealed;
    let version = &sealed.version;
    let mut lines = Vec::new();
    let mut line = |key: &str, value: String| lines.push((key.to_owned(), value));
    line("expires", end_text(sealed.expires.as_ref(), now));
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
            let fault = match key {
                "rotator" => Rotator::parse(runner).err(),
                _ => Probe::parse(runner).err(),
            };
            let fault = fault.map(|fault| format!("; can't be used: {}", fault.why)).unwrap_or_default();
            line(key, format!("{}{with}{fault}", runner.kind));
        }
    }
    if let Some(rotation) = &record.rotation {
        let version = sealed.version.id;
        line("rotation", rotation_text(rotation, version));
    }
    line("owners", names_text(&record.about.owners));
    if let Some(issuer) = &record.about.issuer {
        let contact = issuer.contact.as_ref().map(|contact| format!(" <{contact}>")).unwrap_or_default();
        line("issuer", format!("{}{contact}", issuer.name));
    }
    if let Some(runbook) = &record.about.runbook {
        line("runbook", runbook.clone());
    }
    lines
}

/// `sealed: replaces version 3; begun 2026-11-26T12:00:00Z by alice`.
fn rotation_text(rotation: &Rotation, version: VersionId) -> String {
    let Rotation { state, from, started, .. } = rotation;
    let about = if rotation.fits(version) {
        format!("replaces version {}", from.number)
    } else {
        format!("was to replace version {}, and another value stands", from.number)
    };
    let last = match (state, &rotation.verified, &rotation.aborted) {
        (RotationState::Verified, Some(verified), _) => match &verified.how {
            How::Tried => format!(" {}", verified.at.brief()),
            How::Vouched { by, reason } => {
                format!(" {}, vouched for by {by} ({reason})", verified.at.brief())
            }
        },
        (RotationState::Aborted, _, Some(aborted)) => format!(" {}", aborted.at.brief()),
        (
            RotationState::Planned | RotationState::Sealed | RotationState::Verified | RotationState::Aborted,
            ..,
        ) => String::new(),
    };
    format!("{state}{last}; {about}; begun {} by {}", started.at.brief(), started.by)
}
