//! All secrets at a glance: when each ends, who holds it and how it stands; for whoever lists or draws them.

use rayon::prelude::*;
use serde::Serialize;

use super::reading::expiry_text;
use super::{CommandError, Session};
use crate::checks::driver;
use crate::domain::access;
use crate::domain::custody;
use crate::domain::expiry::Expiry;
use crate::domain::facts::Setting;
use crate::domain::finding::{Finding, Level};
use crate::domain::glob::Glob;
use crate::domain::name::{ActorName, SecretName};
use crate::domain::policy::Policy;
use crate::domain::time::Instant;
use crate::domain::tracked_facts::{FileFacts, TrackedSecret};
use crate::domain::tracked_name::{CredentialName, TrackedName};
use crate::observe::secrets::Observation;
use crate::observe::selection::Selection;
use crate::observe::tracked::TrackedFiles;
use crate::observe::trees::Ask;

/// One secret at a glance.
#[derive(Serialize)]
pub struct Row {
    pub name: String,
    pub version: Option<u64>,
    pub expires: Option<String>,
    pub never: Option<String>,
    pub days_left: Option<i64>,
    pub people: Option<usize>,
    pub owners: Vec<String>,
    /// What `check --offline` says of it without asking the remote: `ok`, `unknown`, or the gravest finding.
    pub state: String,
    pub level: &'static str,
    #[serde(skip)]
    pub expires_text: String,
}

/// Every secret at a glance, by name.
pub struct Inventory {
    pub rows: Vec<Row>,
}

impl Inventory {
    /// What the scopes fit, all where there are none; judged as this clone has it, without the remote.
    pub fn read(session: &Session, scopes: &[Glob]) -> Result<Self, CommandError> {
        let place = session.place()?;
        let policy = place.policy()?;
        let selection = Selection::of(scopes, &[], &place, session.environment.current_dir())?;
        let observation = Observation::new(&place, &policy.deploy_ref, Ask::LeaveOut);
        let setting = Setting {
            now: session.now,
            store: place.folder.clone(),
            deploy_ref: None,
            head: None,
            deployed_commit: None,
            deployed_is_ancestor: false,
        };
        let names: Vec<&SecretName> =
            observation.names.iter().filter(|name| selection.admits(name)).collect();
        let mut secrets: Vec<Row> =
            names.par_iter().map(|name| row(session, &setting, &policy, &observation, name)).collect();
        let tracked = TrackedFiles::observe(&place, &policy, &observation.trees, &selection);
        let tracked =
            tracked.map_err(|unknown| CommandError::new(format!("{}: {}", unknown.what, unknown.why)))?;
        let mut known = Vec::new();
        if let Some(tracked) = &tracked {
            let files: Vec<FileFacts> =
                tracked.files.par_iter().filter_map(|path| tracked.file(path)).collect();
            secrets.extend(
                files
                    .par_iter()
                    .map(|file| rows_of(&setting, &policy, file, &selection))
                    .flatten()
                    .collect::<Vec<_>>(),
            );
            known = files.iter().flat_map(names_of).collect();
        }
        if let Some(idle) = selection.idle_parts(&observation.names, &known).first() {
            return Err(CommandError::new(format!("{idle}: fits no secret")).hint("secrets list"));
        }
        secrets.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self { rows: secrets })
    }
}

fn row(
    session: &Session,
    setting: &Setting,
    policy: &Policy,
    observation: &Observation<'_>,
    name: &SecretName,
) -> Row {
    let facts = observation.secret(name);
    let judged = driver::judge_secret(setting, policy, &facts);
    let state = state_of(judged.findings.iter(), !judged.unchecked.is_empty());
    let record = facts.record.ok().flatten();
    let sealed = record.as_ref().map(|record| &record.sealed);
    let expires = sealed.and_then(|sealed| sealed.expires.as_ref());
    let people = sealed.map(|sealed| custody::people(sealed, policy).len());
    let owners = record.as_ref().map(|record| record.about.owners.as_slice()).unwrap_or_default();
    let version = sealed.map(|sealed| sealed.version.number);
    Row::new(session.now, name.as_str(), version, expires, people, owners, state)
}

/// The gravest finding, or that something is not known.
fn state_of<'f>(findings: impl Iterator<Item = &'f Finding>, is_unknown: bool) -> (String, &'static str) {
    let gravest = findings.max_by_key(|finding| (finding.level, std::cmp::Reverse(finding.id)));
    match gravest {
        _ if is_unknown && gravest.is_none_or(|finding| finding.level < Level::Error) => {
            ("unknown".to_owned(), "unknown")
        }
        Some(finding) => (finding.id.to_string(), finding.level.as_str()),
        None => ("ok".to_owned(), "ok"),
    }
}

impl Row {
    fn new(
        now: Instant,
        name: &str,
        version: Option<u64>,
        expires: Option<&Expiry>,
        people: Option<usize>,
        owners: &[ActorName],
        (state, level): (String, &'static str),
    ) -> Self {
        let at = expires.and_then(Expiry::at);
        let never = expires.and_then(|expiry| match expiry {
            Expiry::Never { why } => Some(why.clone()),
            Expiry::At { .. } => None,
        });
        Self {
            name: name.to_owned(),
            version,
            expires: at.map(|at| at.to_string()),
            never,
            days_left: at.map(|at| now.days_until(at)),
            people,
            owners: owners.iter().map(ToString::to_string).collect(),
            state,
            level,
            expires_text: expiry_text(expires),
        }
    }
}

/// The names of a file and of the secrets in it.
fn names_of(file: &FileFacts) -> impl Iterator<Item = TrackedName> {
    let secrets = file.secrets.as_deref().unwrap_or_default().iter();
    secrets.map(|secret| secret.name.clone()).chain([file.name.clone()])
}

/// The secrets of a file that another tool sealed. What the file as a whole is found with counts for each of them.
fn rows_of(setting: &Setting, policy: &Policy, file: &FileFacts, selection: &Selection) -> Vec<Row> {
    let judged = driver::judge_file(setting, policy, file);
    let access = file.access().ok().flatten();
    let people = access.map(|access| access::holders(access, policy, &file.claimed_readers).alone.len());
    let row = |secret: &TrackedSecret| {
        let name = CredentialName::from(secret.name.clone());
        let whole = CredentialName::from(file.name.clone());
        let concerns = |of: Option<&CredentialName>| of == Some(&name) || of == Some(&whole);
        let findings = judged.findings.iter().filter(|finding| concerns(finding.secret.as_ref()));
        let is_unknown = judged.unchecked.iter().any(|unchecked| concerns(unchecked.secret.as_ref()));
        let (state, level) = state_of(findings, is_unknown);
        let expires = secret.expires();
        Row::new(setting.now, name.as_str(), None, expires.as_ref(), people, secret.owners(), (state, level))
    };
    let secrets = file.secrets.as_deref().unwrap_or_default().iter();
    secrets.filter(|secret| selection.admits_tracked(&secret.name)).map(row).collect()
}
