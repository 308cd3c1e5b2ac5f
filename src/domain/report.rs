//! The report of a run: what every format shows, with the verdict already fallen.

use std::collections::BTreeMap;

use super::check_id::CheckId;
use super::finding::{Finding, Level};
use super::id::StoreId;
use super::name::SecretName;
use super::rescue::BreakGlass;
use super::time::Instant;
use super::tracked_name::CredentialName;

/// What a run of `check` came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing failing, everything checked.
    Pass,
    /// At least one failing finding, whatever else is unknown.
    Fail,
    /// Nothing failing, but something could not be judged.
    Unknown,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }

    /// What it means for a deploy.
    pub fn words(self) -> &'static str {
        match self {
            Self::Pass => "clear to deploy",
            Self::Fail | Self::Unknown => "deploy blocked",
        }
    }

    pub fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Unknown => 2,
        }
    }
}

/// A finding that a waiver lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waived {
    pub finding: Finding,
    pub until: Instant,
    pub reason: String,
    pub by: String,
}

/// A check that policy switched off, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SwitchedOff {
    pub id: CheckId,
    /// `[defaults]`, or the scope.
    pub by: String,
}

/// How much is known of who can open a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// None of the identities at hand opens it, or what was opened is not what it must be.
    Unproven,
    /// Every key that can be recomputed was; the others fit what the record states of them.
    Plausible,
    /// Every key was recomputed: each opens this very value.
    Proved,
}

impl Grade {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unproven => "unproven",
            Self::Plausible => "plausible",
            Self::Proved => "proved",
        }
    }
}

/// What `--prove` came to for one secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Custody {
    pub secret: SecretName,
    pub grade: Grade,
    /// Why it is not proved.
    pub why: Option<String>,
}

/// Something that could not be judged, of one secret or of the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unchecked {
    pub secret: Option<CredentialName>,
    pub what: String,
    pub why: String,
}

/// Secrets of which the proof came to the same, for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustodyGroup<'a> {
    pub grade: Grade,
    pub why: &'a str,
    /// In the report's order.
    pub secrets: Vec<&'a str>,
}

/// Findings that one waiver, or one baseline, lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaivedGroup<'a> {
    pub until: Instant,
    pub reason: &'a str,
    pub by: &'a str,
    /// In the report's order.
    pub waived: Vec<&'a Waived>,
    /// How many of each check; the most first.
    pub kinds: Vec<(CheckId, usize)>,
}

/// Findings that say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike<'a> {
    pub message: &'a str,
    /// In the report's order.
    pub findings: Vec<&'a Finding>,
}

impl<'a> Alike<'a> {
    /// Puts together what says the same; the most first, then as they came.
    pub fn group(findings: &[&'a Finding]) -> Vec<Self> {
        let mut position = BTreeMap::<&str, usize>::new();
        let mut groups = Vec::<Self>::new();
        for &finding in findings {
            let next = groups.len();
            let at = *position.entry(&finding.message).or_insert(next);
            match groups.get_mut(at) {
                Some(group) => group.findings.push(finding),
                None => groups.push(Self { message: &finding.message, findings: vec![finding] }),
            }
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.findings.len()));
        groups
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many were judged.
    pub secrets: usize,
    /// Of how many the readers were proved with an identity.
    pub proved: usize,
    /// Of how many they are plausible, because some keys can't be recomputed.
    pub plausible: usize,
    /// Of how many a proof was asked for, and not given.
    pub unproven: usize,
    pub errors: usize,
    pub warnings: usize,
    pub waived: usize,
    pub unchecked: usize,
}

/// What is worth knowing of the secrets that were judged, also when all is well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlook {
    /// The fewest people who can open one of them.
    pub fewest_people: Option<usize>,
    /// The one that ends first, of those that have not ended yet.
    pub next_to_expire: Option<(Instant, CredentialName)>,
}

impl Outlook {
    /// Takes another part of the secrets into account.
    pub fn absorb(&mut self, other: Self) {
        self.fewest_people = [self.fewest_people, other.fewest_people].into_iter().flatten().min();
        self.next_to_expire = [self.next_to_expire.take(), other.next_to_expire].into_iter().flatten().min();
    }
}

/// Everything that a renderer needs; it computes nothing.
#[derive(Debug, Clone)]
pub struct Report {
    pub at: Instant,
    /// The path of the store relative to the root of the repository.
    pub store: String,
    pub store_id: Option<StoreId>,
    pub commit: Option<String>,
    /// `None` where policy could not be read; `none` where nothing is deployed from git.
    pub deploy_ref: Option<String>,
    pub verdict: Verdict,
    /// Where `--break-glass` was given: what became of it. The verdict stays what it was.
    pub break_glass: Option<BreakGlass>,
    pub strict: bool,
    pub summary: Summary,
    pub outlook: Outlook,
    /// What was judged and has a name, by name: secrets, and the files of other tools.
    pub judged: Vec<CredentialName>,
    /// Errors first, then by name.
    pub findings: Vec<Finding>,
    pub waived: Vec<Waived>,
    pub off: Vec<SwitchedOff>,
    pub unchecked: Vec<Unchecked>,
    /// By secret; empty where no proof was asked for.
    pub custody: Vec<Custody>,
    /// What else a reader should know: no deploy ref, judged against another ref, keys that a change brings.
    pub notes: Vec<String>,
}

/// What goes into a report before it is sorted, counted and judged.
#[derive(Debug, Clone)]
pub struct Draft {
    pub at: Instant,
    pub store: String,
    pub store_id: Option<StoreId>,
    pub commit: Option<String>,
    pub deploy_ref: Option<String>,
    pub strict: bool,
    pub secrets: usize,
    pub outlook: Outlook,
    /// What of it has a name, and the files of other tools.
    pub judged: Vec<CredentialName>,
    pub findings: Vec<Finding>,
    pub waived: Vec<Waived>,
    pub off: Vec<SwitchedOff>,
    pub unchecked: Vec<Unchecked>,
    /// By secret; empty where no proof was asked for.
    pub custody: Vec<Custody>,
    pub notes: Vec<String>,
}

impl Report {
    /// What the run ends with, whatever the format.
    pub fn exit_code(&self) -> u8 {
        if self.is_let_through() { Verdict::Pass.exit_code() } else { self.verdict.exit_code() }
    }

    /// Whether a deploy goes through that the verdict would block.
    pub fn is_let_through(&self) -> bool {
        self.break_glass.as_ref().is_some_and(BreakGlass::lets_through)
    }

    /// What was not proved, reasons that many secrets have in common once; the worst first.
    pub fn not_proved(&self) -> Vec<CustodyGroup<'_>> {
        let mut groups: BTreeMap<(Grade, &str), Vec<&str>> = BTreeMap::new();
        for custody in self.custody.iter().filter(|custody| custody.grade != Grade::Proved) {
            let why = custody.why.as_deref().unwrap_or_default();
            groups.entry((custody.grade, why)).or_default().push(custody.secret.as_str());
        }
        let group = |((grade, why), secrets)| CustodyGroup { grade, why, secrets };
        groups.into_iter().map(group).collect()
    }

    /// What is let through, that which has one end, reason and author together; what ends first comes first.
    pub fn waived_groups(&self) -> Vec<WaivedGroup<'_>> {
        let mut groups = BTreeMap::<_, Vec<&Waived>>::new();
        for waived in &self.waived {
            let key = (waived.until, waived.by.as_str(), waived.reason.as_str());
            groups.entry(key).or_default().push(waived);
        }
        let mut all = Vec::with_capacity(groups.len());
        for ((until, by, reason), waived) in groups {
            let mut kinds = BTreeMap::<CheckId, usize>::new();
            for one in &waived {
                *kinds.entry(one.finding.id).or_default() += 1;
            }
            let mut kinds: Vec<(CheckId, usize)> = kinds.into_iter().collect();
            kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            all.push(WaivedGroup { until, reason, by, waived, kinds });
        }
        all
    }

    /// Whether this finding blocks: `fail` is the verdict where, and only where, one of them does.
    pub fn fails(&self, finding: &Finding) -> bool {
        blocks(finding, self.strict)
    }

    /// Sorts, counts and judges: the one place where a verdict falls.
    pub fn conclude(mut draft: Draft) -> Self {
        let by_rank = |f: &Finding| {
            (std::cmp::Reverse(f.level), f.secret.clone(), f.id, f.path.clone(), f.message.clone())
        };
        draft.findings.sort_by_cached_key(by_rank);
        draft.waived.sort_by_cached_key(|w| by_rank(&w.finding));
        draft.off.sort();
        draft.off.dedup();
        draft.unchecked.sort();
        draft.unchecked.dedup();
        draft.custody.sort();
        draft.judged.sort();
        draft.judged.dedup();
        let graded = |grade| draft.custody.iter().filter(|custody| custody.grade == grade).count();
        let count = |level| draft.findings.iter().filter(|f| f.level == level).count();
        let (errors, warnings) = (count(Level::Error), count(Level::Warning));
        let verdict = if draft.findings.iter().any(|finding| blocks(finding, draft.strict)) {
            Verdict::Fail
        } else if draft.unchecked.is_empty() {
            Verdict::Pass
        } else {
            Verdict::Unknown
        };
        Self {
            at: draft.at,
            store: draft.store,
            store_id: draft.store_id,
            commit: draft.commit,
            deploy_ref: draft.deploy_ref,
            verdict,
            break_glass: None,
            strict: draft.strict,
            summary: Summary {
                secrets: draft.secrets,
                proved: graded(Grade::Proved),
                plausible: graded(Grade::Plausible),
                unproven: graded(Grade::Unproven),
                errors,
                warnings,
                waived: draft.waived.len(),
                unchecked: draft.unchecked.len(),
            },
            outlook: draft.outlook,
            judged: draft.judged,
            findings: draft.findings,
            waived: draft.waived,
            off: draft.off,
            unchecked: draft.unchecked,
            custody: draft.custody,
            notes: draft.notes,
        }
    }
}

/// Warnings do where they are strictly taken.
fn blocks(finding: &Finding, strict: bool) -> bool {
    match finding.level {
        Level::Error => true,
        Level::Warning => strict,
        Level::Off => false,
    }
}

#[cfg(test)]
mod tests;
