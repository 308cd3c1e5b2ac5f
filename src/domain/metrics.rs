//! What a monitoring system is told of a store: numbers, and the names that lead to who can do something about them.

use std::collections::{BTreeMap, BTreeSet};

use super::check_id::CheckId;
use super::due::{Due, End};
use super::finding::Level;
use super::id::StoreId;
use super::ledger::RunEnd;
use super::name::ActorName;
use super::report::{Report, Verdict};
use super::time::Instant;
use super::tracked_name::CredentialName;

/// One secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    pub name: CredentialName,
    pub owners: BTreeSet<ActorName>,
    pub end: End,
    /// How many people can open it, machines not counted; `None` where it is not known.
    pub people: Option<usize>,
    /// Whether the gate finds that these are too few.
    pub is_single_holder: bool,
}

impl Measured {
    /// `report` is the gate's, of the same moment.
    pub fn new(due: &Due, people: Option<usize>, report: &Report) -> Self {
        let is_single_holder = report.findings.iter().any(|finding| {
            finding.id == CheckId::SingleHolder
                && finding.secret.as_ref().is_some_and(|found| is_about(found, &due.name))
        });
        Self {
            name: due.name.clone(),
            owners: due.owners.iter().cloned().collect(),
            end: due.end.clone(),
            people,
            is_single_holder,
        }
    }

    /// The folder in which it lies: of a secret of the store its name up to the last `/`, of a tracked one the folder of
    /// its file. Empty at the root.
    pub fn scope(&self) -> &str {
        // Not policy's `[[scope]]`: several of them fit one secret, and editing one would rename the series of all.
        let path = match &self.name {
            CredentialName::Own(name) => name.as_str(),
            CredentialName::Tracked(name) => name.file(),
        };
        path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// Whether a finding speaks of the secret: by its name, or by the file that holds it.
fn is_about(found: &CredentialName, name: &CredentialName) -> bool {
    found == name
        || match (found, name) {
            (CredentialName::Tracked(file), CredentialName::Tracked(name)) => file.as_str() == name.file(),
            _ => false,
        }
}

/// How many secrets have no date, by why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WithoutExpiry {
    /// They do not lapse, and a reason is on record.
    pub never: usize,
    /// Nobody has said.
    pub unsaid: usize,
    /// What would say it can't be read.
    pub unread: usize,
}

/// A store, measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    pub at: Instant,
    /// `None` where policy can't be read.
    pub store: Option<StoreId>,
    /// By what people know the repository: `github.com/org/infra`.
    pub repository: Option<String>,
    /// By name.
    pub secrets: Vec<Measured>,
    /// How many the gate judged.
    pub judged: usize,
    pub without_expiry: WithoutExpiry,
    pub findings: BTreeMap<(CheckId, Level), usize>,
    pub waived: usize,
    /// How much could not be judged or read.
    pub unchecked: usize,
    /// Whether a deploy is blocked.
    pub is_blocked: bool,
    /// Through how many channels the scheduled job tells people; `None` where policy can't be read, and where policy has
    /// the job remember nothing: then no run of it is ever known.
    pub channels: Option<usize>,
    /// How the scheduled job last ended; `None` where it never ran, or is not known to.
    pub last_warn: Option<RunEnd>,
}

impl Metrics {
    /// What the gate's report says of the store; the rest is for the caller to fill in.
    pub fn of_report(report: &Report) -> Self {
        let mut findings = BTreeMap::new();
        for finding in &report.findings {
            *findings.entry((finding.id, finding.level)).or_default() += 1;
        }
        Self {
            at: report.at,
            store: report.store_id,
            repository: None,
            secrets: Vec::new(),
            judged: report.summary.secrets,
            without_expiry: WithoutExpiry::default(),
            findings,
            waived: report.summary.waived,
            unchecked: report.summary.unchecked,
            is_blocked: report.verdict != Verdict::Pass,
            channels: None,
            last_warn: None,
        }
    }

    /// Takes the secrets, and counts those without a date.
    pub fn measure(&mut self, mut secrets: Vec<Measured>) {
        secrets.sort_by(|one, other| one.name.cmp(&other.name));
        self.without_expiry = WithoutExpiry::default();
        for secret in &secrets {
            match secret.end {
                End::At(_) => {}
                End::Never(_) => self.without_expiry.never += 1,
                End::Unsaid => self.without_expiry.unsaid += 1,
                End::Unread(_) => self.without_expiry.unread += 1,
            }
        }
        self.secrets = secrets;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::Finding;
    use crate::domain::report::{Draft, Outlook, Unchecked};
    use crate::domain::tracked_name::TrackedName;

    fn measured(name: &str) -> Measured {
        Measured {
            name: name.parse().unwrap(),
            owners: BTreeSet::new(),
            end: End::Unsaid,
            people: None,
            is_single_holder: false,
        }
    }

    #[test]
    fn the_scope_is_the_folder() {
        for (name, scope) in [
            ("db", ""),
            ("web/db", "web"),
            ("utoronto/prod/azuread", "utoronto/prod"),
            ("clusters/a/enc.yaml#/hub/client/secret", "clusters/a"),
            ("enc.yaml#/hub/secret", ""),
        ] {
            assert_eq!(measured(name).scope(), scope, "{name}");
        }
    }

    #[test]
    fn a_finding_of_a_file_is_about_what_is_in_it_and_about_nothing_else() {
        let own = |name: &str| name.parse::<CredentialName>().unwrap();
        let tracked = |name: &str| CredentialName::from(name.parse::<TrackedName>().unwrap());
        for (found, name, is) in [
            (own("web/db"), own("web/db"), true),
            (own("web/db"), own("web/db2"), false),
            (tracked("a/enc.yaml"), tracked("a/enc.yaml#/x"), true),
            (tracked("a/enc.yaml#/x"), tracked("a/enc.yaml#/x"), true),
            (tracked("a/enc.yaml#/x"), tracked("a/enc.yaml#/y"), false),
            (tracked("a/enc.yaml"), tracked("a/enc.yaml2#/x"), false),
            (own("a/enc.yaml"), tracked("a/enc.yaml#/x"), false),
        ] {
            assert_eq!(is_about(&found, &name), is, "{found} {name}");
        }
    }

    #[test]
    fn findings_are_counted_by_check_and_level_and_a_verdict_that_is_no_pass_blocks() {
        let finding = |id, level| Finding {
            id,
            level,
            secret: None,
            path: None,
            message: "m".to_owned(),
            remedy: String::new(),
            weight: 1,
            mark: String::new(),
        };
        let (expired, unowned) = (CheckId::Expired, CheckId::Unowned);
        let draft = |levels: &[(CheckId, Level)], unchecked: usize| Draft {
            at: "2026-01-01".parse().unwrap(),
            store: "secrets".to_owned(),
            store_id: None,
            commit: None,
            deploy_ref: None,
            strict: false,
            secrets: 7,
            outlook: Outlook::default(),
            judged: Vec::new(),
            findings: levels.iter().map(|(id, level)| finding(*id, *level)).collect(),
            waived: Vec::new(),
            off: Vec::new(),
            unchecked: (0..unchecked)
                .map(|n| Unchecked { secret: None, what: n.to_string(), why: String::new() })
                .collect(),
            custody: Vec::new(),
            notes: Vec::new(),
        };
        let (error, warning) = (Level::Error, Level::Warning);
        let found = [(expired, error), (expired, error), (unowned, warning), (expired, warning)];
        let metrics = Metrics::of_report(&Report::conclude(draft(&found, 2)));
        let counts = [((expired, error), 2), ((unowned, warning), 1), ((expired, warning), 1)];
        assert_eq!(metrics.findings, BTreeMap::from(counts));
        assert_eq!((metrics.judged, metrics.unchecked, metrics.waived), (7, 2, 0));
        for (found, unchecked, is_blocked) in [
            (&[][..], 0, false),
            (&[(unowned, warning)], 0, false),
            (&[(expired, error)], 0, true),
            (&[], 1, true),
        ] {
            let metrics = Metrics::of_report(&Report::conclude(draft(found, unchecked)));
            assert_eq!(metrics.is_blocked, is_blocked, "{found:?} {unchecked}");
        }
    }

    #[test]
    fn secrets_without_a_date_are_counted_by_the_reason() {
        let ends = [End::Unread(String::new()), End::Unsaid, End::Never(String::new()), End::Unsaid];
        let ends = ends.into_iter().chain([End::Never(String::new()), End::Never(String::new())]);
        let ends = ends.chain([End::At("2027-01-01".parse().unwrap()), End::Unread(String::new())]);
        let secrets = ends.enumerate().map(|(i, end)| Measured { end, ..measured(&format!("s{}", 9 - i)) });
        let mut metrics = Metrics {
            at: "2026-01-01".parse().unwrap(),
            store: None,
            repository: None,
            secrets: Vec::new(),
            judged: 0,
            without_expiry: WithoutExpiry::default(),
            findings: BTreeMap::new(),
            waived: 0,
            unchecked: 0,
            is_blocked: false,
            channels: None,
            last_warn: None,
        };
        let secrets = secrets.collect::<Vec<_>>();
        // Measured twice, it counts the second time only.
        for _ in 0..2 {
            metrics.measure(secrets.clone());
            let without = &metrics.without_expiry;
            assert_eq!((without.never, without.unsaid, without.unread), (3, 2, 2));
        }
        assert_eq!((metrics.secrets.len(), metrics.secrets[0].name.as_str()), (8, "s2"));
    }
}
