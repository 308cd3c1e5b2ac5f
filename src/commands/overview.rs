//! `secrets` alone: where things stand.

use std::collections::BTreeMap;

use super::inventory::Inventory;
use super::{CommandError, Session, reporting};
use crate::cli::Check;
use crate::domain::check_id::CheckId;
use crate::domain::finding::{Finding, Level};
use crate::domain::policy::Policy;
use crate::domain::report::{Report, Unchecked, Verdict};
use crate::domain::text::{abridged, counted, visible};
use crate::git::Repository;
use crate::observe::place::Place;
use crate::render::overview::{self, Due, Fault, Next, Overview};
use crate::store::layout::StoreError;

/// How many faults, secrets and commands a screen has room for.
const MOST_FAULTS: usize = 5;
const MOST_DUE: usize = 5;
const MOST_NEXT: usize = 3;

/// The exit code where a deploy would be blocked. It is not `check`'s, and not 0 either: `secrets $COMMAND && ./deploy`
/// with an empty variable must not deploy.
const BLOCKED: u8 = 2;

/// What is looked at first: what may be an attack, then what breaks now, then what would.
const URGENT: &[CheckId] = &[
    CheckId::Plaintext,
    CheckId::Tampered,
    CheckId::RolledBack,
    CheckId::Orphan,
    CheckId::RecordBehind,
    CheckId::Outdated,
    CheckId::Uncommitted,
    CheckId::Expired,
    CheckId::ExpiryMismatch,
    CheckId::Missing,
    CheckId::Unpushed,
];

pub fn run(session: &Session) -> Result<u8, CommandError> {
    let place = match Place::find(session.global.store.as_deref(), &session.environment) {
        Ok(place) => place,
        Err(StoreError::NotFound { .. }) => return welcome(session),
        Err(error) => return Err(error.into()),
    };
    let report = reporting::report(session, &Check { briefly: true, ..Check::default() });
    let policy = place.policy().ok();
    let due = due(session, &report)?;
    let overview = of(&report, policy.as_ref(), due);
    session.print(overview::render(&overview, session.style()))?;
    Ok(if report.verdict == Verdict::Pass { 0 } else { BLOCKED })
}

/// What a newcomer sees.
fn welcome(session: &Session) -> Result<u8, CommandError> {
    let style = session.style();
    let in_repository = Repository::discover(session.environment.current_dir(), &session.environment).is_ok();
    let mut next = Vec::new();
    if !in_repository {
        next.push(Next::new("git init", "the store lives in a git repository; to make one here"));
    }
    next.push(Next::new("secrets init", "make the store: it asks, and says what it did"));
    next.push(Next::new("secrets --help", "all commands"));
    let what = overview::paragraph(
        0,
        "secrets keeps encrypted credentials in git beside a record of when they end and who can open them, and \
         blocks the deploys that would break. There is no store here yet.",
        style,
    );
    session.print(what + &overview::next_steps(&next, style))?;
    Ok(BLOCKED)
}

/// What the report comes to on one screen.
pub fn of(report: &Report, policy: Option<&Policy>, due: Vec<Due>) -> Overview {
    let groups = urgent_groups(report);
    let faults = groups.iter().map(|(id, findings)| fault(*id, findings, report));
    let unchecked = unchecked(&report.unchecked);
    let all = faults.chain(unchecked).collect::<Vec<_>>();
    let more = all.len().saturating_sub(MOST_FAULTS);
    let warnings = report.summary.warnings;
    let more_due = due.len().saturating_sub(MOST_DUE);
    let ends_first = report.outlook.next_to_expire.as_ref().filter(|_| due.is_empty());
    Overview {
        store: store_line(report, policy),
        as_of: as_of(report),
        verdict: report.verdict,
        blocked: all.into_iter().take(MOST_FAULTS).collect(),
        more_blocked: (more > 0)
            .then(|| format!("and {} more: secrets check shows all", counted(more, "kind of fault"))),
        warnings: (warnings > 0).then(|| format!("{}: secrets check", counted(warnings, "warning"))),
        due: due.into_iter().take(MOST_DUE).collect(),
        more_due: (more_due > 0).then(|| format!("and {more_due} more: secrets list")),
        ends_first: ends_first.map(|(at, secret)| {
            let days = counted(report.at.days_until(*at), "day");
            format!("next to end: {secret}, {} (in {days})", at.brief())
        }),
        next: next(report, policy, &groups),
    }
}

/// Errors by check, the most urgent first.
fn urgent_groups(report: &Report) -> Vec<(CheckId, Vec<&Finding>)> {
    let mut groups = BTreeMap::<(usize, CheckId), Vec<&Finding>>::new();
    for finding in report.findings.iter().filter(|finding| finding.level == Level::Error) {
        let rank = URGENT.iter().position(|id| *id == finding.id).unwrap_or(URGENT.len());
        groups.entry((rank, finding.id)).or_default().push(finding);
    }
    groups.into_iter().map(|((_, id), findings)| (id, findings)).collect()
}

fn fault(id: CheckId, findings: &[&Finding], report: &Report) -> Fault {
    let subject = |finding: &&Finding| match (&finding.secret, &finding.path) {
        (Some(secret), _) => secret.to_string(),
        (None, Some(path)) => path.clone(),
        (None, None) => format!("{}/", report.store),
    };
    let mut subjects: Vec<String> = findings.iter().map(subject).collect();
    subjects.dedup();
    let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
    Fault {
        what: times(findings.len(), id.as_str()),
        of: abridged(&subjects),
        message: findings.first().map(|finding| finding.message.clone()).unwrap_or_default(),
    }
}

fn times(count: usize, what: &str) -> String {
    if count == 1 { what.to_owned() } else { format!("{count} × {what}") }
}

/// What could not be checked; what many secrets have in common once.
fn unchecked(all: &[Unchecked]) -> Vec<Fault> {
    let mut reasons = BTreeMap::<(&str, &str), Vec<&str>>::new();
    for unchecked in all {
        let secrets = reasons.entry((&unchecked.what, &unchecked.why)).or_default();
        secrets.extend(
            unchecked.secret.as_ref().map(super::super::domain::tracked_name::CredentialName::as_str),
        );
    }
    let told = reasons.into_iter().map(|((what, why), secrets)| Fault {
        what: "not checked".to_owned(),
        of: if secrets.is_empty() { what.to_owned() } else { abridged(&secrets) },
        message: if secrets.is_empty() || why.starts_with(what) {
            why.to_owned()
        } else {
            format!("{what}: {why}")
        },
    });
    told.collect()
}

fn store_line(report: &Report, policy: Option<&Policy>) -> String {
    let mut counts = vec![counted(report.summary.secrets, "secret")];
    if let Some(policy) = policy {
        let people = policy.people.len();
        counts.push(if people == 1 { "1 person".to_owned() } else { format!("{people} people") });
        if !policy.machines.is_empty() {
            counts.push(counted(policy.machines.len(), "machine"));
        }
    }
    let deploys = match report.deploy_ref.as_deref() {
        Some("none") => "; nothing is deployed from git".to_owned(),
        Some(deploy_ref) => format!("; deploys from {deploy_ref}"),
        None => String::new(),
    };
    format!("{}/: {}{deploys}", report.store, counts.join(", "))
}

fn as_of(report: &Report) -> String {
    let commit = report.commit.as_deref().and_then(|commit| commit.get(..12));
    let at = commit.map(|commit| format!(", at commit {commit}")).unwrap_or_default();
    format!("as of {}{at}", report.at)
}

/// What ends within its first tier. Who answers for it stands in the records, which are read for that only where
/// something is due.
fn due(session: &Session, report: &Report) -> Result<Vec<Due>, CommandError> {
    let ending = report.findings.iter().filter(|finding| finding.id == CheckId::Expiring);
    let ending: Vec<&str> = ending.filter_map(|finding| Some(finding.secret.as_ref()?.as_str())).collect();
    if ending.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Inventory::read(session, &[])?.rows.into_iter();
    let rows = rows.filter(|row| ending.contains(&row.name.as_str()));
    let mut due: Vec<Due> = rows
        .filter_map(|row| {
            let owners = if row.owners.is_empty() { "nobody".to_owned() } else { row.owners.join(", ") };
            Some(Due { days: row.days_left?, name: row.name, ends: row.expires_text, owners })
        })
        .collect();
    due.sort_by(|one, other| (one.days, &one.name).cmp(&(other.days, &other.name)));
    Ok(due)
}

/// What to do next, as commands to paste.
pub fn next(report: &Report, policy: Option<&Policy>, groups: &[(CheckId, Vec<&Finding>)]) -> Vec<Next> {
    let mut next: Vec<Next> = Vec::new();
    if let Some(policy) = policy {
        if report.summary.secrets == 0 {
            next.push(first_secret());
        }
        if policy.people.len() == 1 {
            next.push(second_person(policy));
        }
    }
    for (id, findings) in groups {
        // How a second person joins is said already.
        let is_said = *id == CheckId::SingleHolder && policy.is_some_and(|policy| policy.people.len() == 1);
        let Some(first) = findings.first().filter(|first| !is_said && !first.remedy.is_empty()) else {
            continue;
        };
        if next.iter().all(|next| next.command != first.remedy) {
            let of = first.secret.as_ref().map(|secret| format!(" of {}", visible(secret.as_str())));
            next.push(Next::new(&first.remedy, format!("{id}{}", of.unwrap_or_default())));
        }
    }
    next.truncate(MOST_NEXT);
    if next.len() < MOST_NEXT {
        let why = if report.verdict == Verdict::Pass {
            "the gate, before every deploy"
        } else {
            "and then look again"
        };
        next.push(Next::new("secrets check", why));
    }
    next
}

/// How there is a first secret.
pub fn first_secret() -> Next {
    Next::new("secrets add web/prod/db --expires-in 1y", "the first secret: it asks for the value")
}

/// How the second person joins.
pub fn second_person(policy: &Policy) -> Next {
    let group = policy.groups.keys().next().map_or("team", |group| group.as_str());
    Next::new(
        format!("secrets people add NAME --key age1… --group {group}"),
        "the second person: they run `secrets key new`, and send you the public key that it prints",
    )
}
