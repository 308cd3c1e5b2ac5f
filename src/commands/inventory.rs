//! All secrets at a glance: when each ends, who holds it and how it stands; for whoever lists or draws them.

use serde::Serialize;

use super::judging::setting_here;
use super::{CommandError, Session, dues};
use crate::checks::{Judged, driver};
use crate::domain::access;
use crate::domain::custody;
use crate::domain::due::{Due, End};
use crate::domain::facts::Setting;
use crate::domain::finding::{Finding, Level, Unknown};
use crate::domain::foreign::Contents;
use crate::domain::glob::Glob;
use crate::domain::id::StoreId;
use crate::domain::name::SecretName;
use crate::domain::policy::Policy;
use crate::domain::rotation::RotationState;
use crate::domain::text::shell_word;
use crate::domain::time::Instant;
use crate::domain::timeline::Timeline;
use crate::domain::tracked_facts::{FileFacts, TrackedSecret};
use crate::domain::tracked_name::{CredentialName, TrackedName};
use crate::observe::secrets::Observation;
use crate::observe::selection::Selection;
use crate::observe::tracked::TrackedFiles;
use crate::observe::trees::Ask;
use crate::system::threads::{ParallelIterator as _, Shared as _};

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
    /// How far a rotation has come, where one is under way: `planned`, `sealed`, `verified` or `aborted`.
    pub rotation: Option<RotationState>,
    #[serde(skip)]
    pub expires_text: String,
    #[serde(skip)]
    pub due: Due,
}

/// Every secret at a glance, by name.
pub struct Inventory {
    pub store: StoreId,
    pub rows: Vec<Row>,
    /// What may hold more secrets, or is one without being told when it ends.
    pub unknowns: Vec<Unknown>,
}

impl Inventory {
    /// What the scopes fit, all where there are none; judged as this clone has it, without the remote.
    pub fn read(session: &Session, scopes: &[Glob]) -> Result<Self, CommandError> {
        let place = session.place()?;
        let policy = place.policy()?;
        let selection = Selection::of(scopes, &[], &place, session.environment.current_dir())?;
        let observation = Observation::new(&place, &policy, Ask::LeaveOut);
        let setting = setting_here(session.now, &place);
        let names: Vec<&SecretName> =
            observation.names.iter().filter(|name| selection.admits(name)).collect();
        let mut secrets: Vec<Row> =
            names.par_iter().map(|name| row(session, &setting, &policy, &observation, name)).collect();
        let tracked = TrackedFiles::observe(&place, &policy, &observation.trees, &selection)?;
        let mut known = Vec::new();
        let mut unknowns = observation.listing.unknowns.clone();
        if let Some(tracked) = &tracked {
            let files: Vec<FileFacts> =
                tracked.files.par_iter().filter_map(|path| tracked.file(path)).collect();
            let looked: Vec<(Vec<Row>, Vec<Unknown>)> =
                files.par_iter().map(|file| rows_of(&setting, &policy, file, &selection)).collect();
            unknowns.extend(tracked.unknowns.iter().cloned());
            for (rows, unseen) in looked {
                secrets.extend(rows);
                unknowns.extend(unseen);
            }
            known = files.iter().flat_map(names_of).collect();
        }
        if let Some(idle) = selection.idle_parts(&observation.names, &known).first() {
            return Err(CommandError::new(format!("{idle}: fits no secret")).hint("secrets list"));
        }
        secrets.sort_by(|one, other| one.name.cmp(&other.name));
        unknowns.sort();
        unknowns.dedup();
        Ok(Self { store: policy.store, rows: secrets, unknowns })
    }

    /// The year ahead of these.
    pub fn timeline(&self, now: Instant) -> Timeline {
        Timeline::new(now, self.rows.iter().map(|row| row.due.clone()).collect())
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
    let due = dues::of_secret(policy, &facts, &judged);
    let record = facts.record.ok().flatten();
    let rotation = record.as_ref().and_then(|record| Some(record.rotation.as_ref()?.state));
    let people = record.map(|record| custody::people(&record.sealed, policy).len());
    Row { rotation, ..Row::new(session.now, due, people, state) }
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
    fn new(now: Instant, due: Due, people: Option<usize>, (state, level): (String, &'static str)) -> Self {
        let at = due.at();
        let (never, expires_text) = match &due.end {
            End::At(at) => (None, at.brief()),
            End::Never(why) => (Some(why.clone()), "never".to_owned()),
            End::Unsaid | End::Unread(_) => (None, "unknown".to_owned()),
        };
        Self {
            name: due.name.to_string(),
            version: due.version,
            expires: at.map(|at| at.to_string()),
            never,
            days_left: at.map(|at| now.days_until(at)),
            people,
            owners: due.owners.iter().map(ToString::to_string).collect(),
            state,
            level,
            rotation: None,
            expires_text,
            due,
        }
    }
}

/// The names of a file and of the secrets in it.
fn names_of(file: &FileFacts) -> impl Iterator<Item = TrackedName> {
    let secrets = file.secrets.as_deref().unwrap_or_default().iter();
    secrets.map(|secret| secret.name.clone()).chain([file.name.clone()])
}

/// The secrets of a file that another tool sealed, and what of it can't be told. What the file as a whole is found with
/// counts for each of them.
fn rows_of(
    setting: &Setting,
    policy: &Policy,
    file: &FileFacts,
    selection: &Selection,
) -> (Vec<Row>, Vec<Unknown>) {
    let judged = driver::judge_file(setting, policy, file);
    let access = file.access().ok().flatten();
    let people = access.map(|access| access::holders(access, policy, &file.claimed_readers).alone.len());
    let whole = CredentialName::from(file.name.clone());
    let row = |secret: &TrackedSecret| {
        let name = CredentialName::from(secret.name.clone());
        let concerns = |of: Option<&CredentialName>| of == Some(&name) || of == Some(&whole);
        let findings = judged.findings.iter().filter(|finding| concerns(finding.secret.as_ref()));
        let is_unknown = judged.unchecked.iter().any(|unchecked| concerns(unchecked.secret.as_ref()));
        let state = state_of(findings, is_unknown);
        Row::new(setting.now, dues::of_tracked(policy, file, secret, &judged), people, state)
    };
    let secrets = file.secrets.as_deref().unwrap_or_default().iter();
    let rows = secrets.filter(|secret| selection.admits_tracked(&secret.name)).map(row).collect();
    (rows, unseen(file, &whole, &judged, selection))
}

/// What of a file can't be read, and the values in it of which nobody has said anything.
fn unseen(file: &FileFacts, whole: &CredentialName, judged: &Judged, selection: &Selection) -> Vec<Unknown> {
    let is_read = file.secrets.is_ok() && !matches!(file.contents, Err(_) | Ok(Some(Contents::Damaged(_))));
    let of_file = judged.unchecked.iter().filter(|unchecked| unchecked.secret.as_ref() == Some(whole));
    let of_file = of_file.filter(|_| !is_read);
    let unread = of_file.map(|unchecked| Unknown::new(unchecked.what.clone(), unchecked.why.clone()));
    let undecided = file.undecided.iter().filter(|name| selection.admits_tracked(name));
    let unsaid = undecided.map(|name| {
        let track = format!("secrets track {}", shell_word(file.name.as_str()));
        Unknown::new(name.as_str(), format!("encrypted, with neither record nor rule: {track}"))
    });
    unread.chain(unsaid).collect()
}
