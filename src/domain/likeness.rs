//! What tells a finding from another, and how bad it is: enough to say whether it stood somewhere before.

use std::collections::BTreeSet;

use super::check_id::CheckId;
use super::digest::Digest;
use super::finding::Finding;

/// The check, the secret and the path: findings are compared within one place only.
pub type Place<'a> = (CheckId, Option<&'a str>, Option<&'a str>);

/// What is kept of a finding to know it again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Likeness {
    pub id: CheckId,
    pub secret: Option<String>,
    pub path: Option<String>,
    pub weight: i64,
    pub mark: String,
    /// The digest of what it says; of those checks only that are [about it](is_about_its_message).
    pub message: Option<Digest>,
}

impl Likeness {
    pub fn of(finding: &Finding) -> Self {
        Self {
            id: finding.id,
            secret: finding.secret.as_ref().map(|name| name.as_str().to_owned()),
            path: finding.path.clone(),
            weight: finding.weight,
            mark: finding.mark.clone(),
            message: is_about_its_message(finding.id).then(|| Digest::of(finding.message.as_bytes())),
        }
    }

    pub fn place(&self) -> Place<'_> {
        (self.id, self.secret.as_deref(), self.path.as_deref())
    }

    /// Whether `new`, in the same place, is the fault that was there before, or a lesser one.
    pub fn stands(&self, new: &Self) -> bool {
        if matches!(new.id, CheckId::ExposedToDeparted | CheckId::Untracked) {
            return is_part_of(&new.mark, &self.mark);
        }
        if is_about_its_message(new.id) {
            return self.weight >= new.weight && self.message == new.message && self.mark == new.mark;
        }
        self.weight > new.weight || (self.weight == new.weight && self.mark == new.mark)
    }
}

/// Whether it is about the same leaver or key, and about no secret that was not exposed to it before. In a mark the
/// leaver comes first, and a secret on each line that follows.
fn is_part_of(new: &str, old: &str) -> bool {
    let stood: BTreeSet<&str> = old.lines().collect();
    new.lines().next() == old.lines().next() && new.lines().all(|line| stood.contains(line))
}

/// Several faults of these checks may stand in one place, each about another reader, file or glob that only the
/// message names: exchanging one for another is new, however little it weighs.
pub fn is_about_its_message(id: CheckId) -> bool {
    match id {
        CheckId::Missing
        | CheckId::RecordBehind
        | CheckId::Tampered
        | CheckId::WeakenedPolicy
        | CheckId::Unsigned
        | CheckId::RolledBack
        | CheckId::ExposedToDeparted
        | CheckId::UnprovenReader
        | CheckId::UnlistedReader
        | CheckId::DepartedReader
        | CheckId::WaiverExpired => true,
        CheckId::Uncommitted
        | CheckId::Unpushed
        | CheckId::Outdated
        | CheckId::RescuePending
        | CheckId::Untracked
        | CheckId::Orphan
        | CheckId::Plaintext
        | CheckId::Expired
        | CheckId::Expiring
        | CheckId::NoExpiry
        | CheckId::ExpiryMismatch
        | CheckId::Overlong
        | CheckId::OverdueRotation
        | CheckId::SameValue
        | CheckId::SingleHolder
        | CheckId::UnconfirmedKey
        | CheckId::HalfRotated
        | CheckId::MonitorSilent
        | CheckId::Unowned => false,
    }
}
