//! `secrets show` of what another tool has sealed: a value in a file, or the file as a whole.

use serde::Serialize;

use super::judging::setting_here;
use super::other_tools::as_tracked;
use super::reading::names_text;
use super::showing::{FindingWire, HistoryWire, RuleWire, Sections, end_text, history, people_text, rules};
use super::{CommandError, Session};
use crate::checks::driver;
use crate::cli::ReadFormat;
use crate::domain::access::{self, Holders};
use crate::domain::check_id::CheckId;
use crate::domain::claim::Claim;
use crate::domain::expiry::Expiry;
use crate::domain::foreign::{Contents, ForeignFile};
use crate::domain::name::ActorName;
use crate::domain::policy::Policy;
use crate::domain::rules::Rules;
use crate::domain::text::{counted, shell_word, visible};
use crate::domain::time::Instant;
use crate::domain::tracked_facts::{FileFacts, TrackedSecret};
use crate::domain::tracked_name::{CredentialName, TrackedName};
use crate::domain::tracking::{Decision, Kind, KindRule, Track, decide};
use crate::observe::place::Place;

/// Rules that say nothing of what another tool seals.
const NOT_APPLICABLE: [&str; 2] = ["readers", "require-signature"];

#[derive(Serialize)]
struct Wire {
    schema_version: u32,
    name: String,
    file: String,
    format: &'static str,
    /// When its tool last wrote the file, where the format says so.
    modified: Option<Instant>,
    /// Of a file as a whole: how many encrypted values it holds.
    values: Option<usize>,
    /// By what its end is decided, in words.
    decided_by: String,
    record: Option<RecordWire>,
    expires: Option<Expiry>,
    owners: Vec<ActorName>,
    /// How the ciphertext differs from the one that the record speaks of.
    behind: Option<String>,
    custody: Custody,
    policy: Vec<RuleWire>,
    history: Vec<HistoryWire>,
    findings: Vec<FindingWire>,
    unchecked: Vec<String>,
}

#[derive(Serialize)]
struct RecordWire {
    path: String,
    line: usize,
    expires: Option<Expiry>,
    issued: Option<Instant>,
    owners: Vec<ActorName>,
    issuer: Option<String>,
    issuer_contact: Option<String>,
    runbook: Option<String>,
    readers: Vec<ActorName>,
    set_at: Option<Instant>,
    seen: Option<String>,
    data_key: Option<String>,
}

#[derive(Serialize)]
struct Custody {
    /// People who open it by themselves.
    alone: Vec<ActorName>,
    /// People who open it only with others.
    together: Vec<ActorName>,
    machines: Vec<ActorName>,
    shared_keys: Vec<ActorName>,
    /// Keys that are nobody's in policy.
    unmatched: Vec<String>,
    /// Why nameless stanzas could not be given to the claimed readers.
    misfit: Option<String>,
    /// The keys that the file names. Whoever has keys of `threshold` groups opens it.
    groups: Vec<Vec<String>>,
    threshold: usize,
}

pub fn run(
    session: &Session,
    place: &Place,
    policy: &Policy,
    name: &CredentialName,
    file: &FileFacts,
    format: ReadFormat,
) -> Result<u8, CommandError> {
    let wire = describe(session, place, policy, name, file)?;
    match format {
        ReadFormat::Json => session.print_json(&wire)?,
        ReadFormat::Human => session.print(human(&wire, session.now))?,
    }
    Ok(0)
}

/// The file as it is sealed; an error where it is not.
fn sealed(file: &FileFacts) -> Result<&ForeignFile, CommandError> {
    let path = visible(file.name.as_str());
    match &file.contents {
        Ok(Some(Contents::Sealed(sealed))) => Ok(sealed),
        Ok(Some(Contents::Plain(why))) => {
            Err(CommandError::new(format!("{path}: is not sealed: {}", visible(why)))
                .hint("seal it first, with `sops encrypt --in-place` for one"))
        }
        Ok(Some(Contents::Damaged(damage))) => {
            Err(CommandError::new(format!("{path}: {}", visible(&damage.to_string())))
                .hint("restore it from git"))
        }
        Ok(None) => Err(CommandError::new(format!("{path}: there is no such file"))),
        Err(unknown) => Err(CommandError::new(format!("{path}: {}", visible(&unknown.why)))),
    }
}

fn describe(
    session: &Session,
    place: &Place,
    policy: &Policy,
    name: &CredentialName,
    file: &FileFacts,
) -> Result<Wire, CommandError> {
    let sealed = sealed(file)?;
    let secrets = file.secrets.as_ref().map_err(|unknown| {
        CommandError::new(format!("{}: {}", visible(&unknown.what), visible(&unknown.why)))
    })?;
    let name = as_tracked(name).ok_or_else(|| super::other_tools::no_such_secret(name.as_str()))?;
    let pointer = name.pointer();
    let is_there = pointer.is_none() || sealed.leaves.iter().any(|leaf| leaf.pointer == pointer);
    if !is_there {
        let error = CommandError::new(format!(
            "{}: nothing is sealed at that place of the file",
            visible(name.as_str())
        ));
        return Err(if file.orphans.contains(&name) {
            error.hint(format!("its record speaks of nothing: secrets untrack {}", shell_word(name.as_str())))
        } else {
            error.hint("secrets list")
        });
    }
    let secret = secrets.iter().find(|secret| secret.name == name);
    let judged = driver::judge_file(&setting_here(session.now, place), policy, file);
    let concerns = |of: Option<&CredentialName>| {
        of.is_some_and(|of| of.as_str() == name.as_str() || of.as_str() == file.name.as_str())
    };
    let findings: Vec<_> =
        judged.findings.iter().filter(|finding| concerns(finding.secret.as_ref())).collect();
    let unchecked = judged.unchecked.iter().filter(|unchecked| concerns(unchecked.secret.as_ref()));
    let mut unchecked: Vec<String> = unchecked.map(|one| format!("{}: {}", one.what, one.why)).collect();
    let history = history(place, file.name.file()).unwrap_or_else(|why| {
        unchecked.push(format!("history: {why}"));
        Vec::new()
    });
    let behind = findings.iter().find(|finding| {
        finding.id == CheckId::RecordBehind
            && finding.secret.as_ref().is_some_and(|of| of.as_str() == name.as_str())
    });
    let applicable = |rule: &RuleWire| !NOT_APPLICABLE.contains(&rule.rule());
    Ok(Wire {
        schema_version: 1,
        name: name.to_string(),
        file: file.name.to_string(),
        format: sealed.format.as_str(),
        modified: sealed.modified,
        values: (pointer.is_none() && sealed.leaves.iter().any(|leaf| leaf.pointer.is_some()))
            .then_some(sealed.leaves.len()),
        decided_by: decided_by(policy, file, secrets, &name),
        record: secret.and_then(|secret| secret.claim.as_ref()).map(|claim| record(claim, &file.claims_path)),
        expires: secret.and_then(TrackedSecret::expires),
        owners: secret.map(|secret| secret.owners().to_vec()).unwrap_or_default(),
        behind: behind.map(|finding| finding.message.clone()),
        custody: custody(&access::holders(&sealed.access, policy, &file.claimed_readers), sealed),
        policy: rules(&Rules::of_tracked(policy, &name)).into_iter().filter(applicable).collect(),
        history,
        findings: findings.into_iter().map(FindingWire::from).collect(),
        unchecked,
    })
}

fn record(claim: &Claim, path: &str) -> RecordWire {
    let issuer = claim.issuer.clone();
    RecordWire {
        path: path.to_owned(),
        line: claim.line,
        expires: claim.expires.clone(),
        issued: claim.issued,
        owners: claim.owners.clone(),
        issuer_contact: issuer.as_ref().and_then(|issuer| issuer.contact.clone()),
        issuer: issuer.map(|issuer| issuer.name),
        runbook: claim.runbook.clone(),
        readers: claim.readers.clone(),
        set_at: claim.set_at,
        seen: claim.seen.map(|digest| digest.to_string()),
        data_key: claim.data_key.map(|digest| digest.to_string()),
    }
}

fn custody(holders: &Holders, sealed: &ForeignFile) -> Custody {
    let names = |names: &std::collections::BTreeSet<ActorName>| names.iter().cloned().collect();
    let id = |key: &crate::domain::foreign::ForeignKey| key.id().to_owned();
    Custody {
        alone: names(&holders.alone),
        together: names(&holders.together),
        machines: names(&holders.machines),
        shared_keys: names(&holders.shared),
        unmatched: holders.unmatched.iter().map(id).collect(),
        misfit: holders.misfit.clone(),
        groups: sealed.access.groups.iter().map(|group| group.iter().map(id).collect()).collect(),
        threshold: sealed.access.threshold,
    }
}

/// What says when it ends.
fn decided_by(policy: &Policy, file: &FileFacts, secrets: &[TrackedSecret], name: &TrackedName) -> String {
    let claim_of = |name: &TrackedName| {
        secrets.iter().find(|secret| secret.name == *name).and_then(|secret| secret.claim.as_ref())
    };
    let of_file = claim_of(&file.name).filter(|_| *name != file.name);
    let nothing = Track::default();
    let track = policy.track.as_ref().unwrap_or(&nothing);
    let path = &file.claims_path;
    if name.pointer().is_none() && claim_of(name).is_none() && !secrets.is_empty() {
        return "records and rules of the values in it".to_owned();
    }
    match decide(track, &policy.kinds, name, claim_of(name), of_file) {
        Decision::NotSecret => "policy's [track] not-secret: it is none".to_owned(),
        Decision::Recorded { claim, of_file: true, .. } => {
            format!("the record of the file as a whole ({path}:{})", claim.line)
        }
        // The record's own word comes first, where it has one.
        Decision::Recorded { claim, kind: Some(kind), .. } if claim.expires.is_none() => {
            format!("its record ({path}:{}), which does not say; then {}", claim.line, rule_text(kind))
        }
        Decision::Recorded { claim, .. } => format!("its record ({path}:{})", claim.line),
        Decision::Ruled(kind) => rule_text(kind),
        Decision::Undecided => "nothing: it has neither a record nor a rule".to_owned(),
    }
}

fn rule_text(kind: &Kind) -> String {
    let says = match &kind.rule {
        KindRule::Never(why) => format!("never, {why}"),
        KindRule::ExpiryRequired => "each needs an end".to_owned(),
    };
    format!("policy's [[kind]] {} (line {}): {says}", kind.glob, kind.line)
}

fn human(wire: &Wire, now: Instant) -> String {
    let mut out = Sections::default();
    out.add(&wire.name, facts_lines(wire, now));
    out.add("custody", custody_lines(&wire.custody));
    out.add_rules(&wire.policy);
    out.add_history(&wire.history);
    out.add_findings(&wire.findings, &wire.unchecked);
    out.finish()
}

fn facts_lines(wire: &Wire, now: Instant) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let mut line = |key: &str, value: String| lines.push((key.to_owned(), value));
    let written = wire.modified.map(|at| format!(", written {at}")).unwrap_or_default();
    line("sealed", format!("as {}{written}", wire.format));
    if let Some(values) = wire.values {
        line("holds", counted(values, "encrypted value"));
    }
    line("expires", end_text(wire.expires.as_ref(), now));
    line("decided by", wire.decided_by.clone());
    if let Some(behind) = &wire.behind {
        line("BEHIND", behind.clone());
    }
    line("owners", names_text(&wire.owners));
    let Some(record) = &wire.record else { return lines };
    let mut optional =
        |key: &str, value: Option<String>| lines.extend(value.map(|value| (key.to_owned(), value)));
    optional("issued", record.issued.map(Instant::brief));
    let contact = record.issuer_contact.as_ref().map(|contact| format!(" <{contact}>")).unwrap_or_default();
    optional("issuer", record.issuer.as_ref().map(|issuer| format!("{issuer}{contact}")));
    optional("runbook", record.runbook.clone());
    optional(
        "readers",
        (!record.readers.is_empty()).then(|| format!("{} (claimed)", names_text(&record.readers))),
    );
    optional("set at", record.set_at.map(|at| at.to_string()));
    optional("seen", record.seen.clone());
    optional("data key", record.data_key.clone());
    lines
}

fn custody_lines(custody: &Custody) -> Vec<(String, String)> {
    let texts = |names: &[ActorName]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut lines = vec![("alone".to_owned(), people_text(&texts(&custody.alone)))];
    for (key, names) in [
        ("together", &custody.together),
        ("machines", &custody.machines),
        ("shared keys", &custody.shared_keys),
    ] {
        if !names.is_empty() {
            lines.push((key.to_owned(), names_text(names)));
        }
    }
    if custody.groups.len() > 1 {
        lines.push((
            "opens with".to_owned(),
            format!("keys of {} of {} groups", custody.threshold, custody.groups.len()),
        ));
    }
    for (position, group) in custody.groups.iter().enumerate() {
        let title =
            if custody.groups.len() > 1 { format!("group {}", position + 1) } else { "keys".to_owned() };
        for (row, key) in group.iter().enumerate() {
            let nobody = if custody.unmatched.contains(key) { "  (nobody's in policy)" } else { "" };
            lines.push((if row == 0 { title.clone() } else { String::new() }, format!("{key}{nobody}")));
        }
    }
    lines.extend(custody.misfit.iter().map(|why| ("misfit".to_owned(), why.clone())));
    lines
}
