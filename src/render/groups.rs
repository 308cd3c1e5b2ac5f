//! Which findings a person sees together.

use std::collections::BTreeMap;

use crate::domain::check_id::CheckId;
use crate::domain::finding::{Finding, Level};
use crate::domain::name::SecretName;

/// How many findings of one check, at one level, are listed one by one.
const LISTED: usize = 10;

pub(super) enum Group<'a> {
    /// Of one secret; of the store where there is none.
    Of(Option<&'a SecretName>, Vec<&'a Finding>),
    /// Of one check: too many to be listed.
    Many(Vec<&'a Finding>),
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Of(Option<&'a SecretName>),
    Many(Level, CheckId),
}

/// In the order of the report: where the first finding of a group stands, there the group stands.
pub(super) fn groups(findings: &[Finding]) -> Vec<Group<'_>> {
    let mut numbers = BTreeMap::<(Level, CheckId), usize>::new();
    for finding in findings {
        *numbers.entry((finding.level, finding.id)).or_default() += 1;
    }
    let mut members = BTreeMap::<Key<'_>, (usize, Vec<&Finding>)>::new();
    for (position, finding) in findings.iter().enumerate() {
        let many = numbers.get(&(finding.level, finding.id)).is_some_and(|number| *number > LISTED);
        let key = if many { Key::Many(finding.level, finding.id) } else { Key::Of(finding.secret.as_ref()) };
        members.entry(key).or_insert_with(|| (position, Vec::new())).1.push(finding);
    }
    let mut groups = members.into_iter().collect::<Vec<_>>();
    groups.sort_by_key(|(_, (first, _))| *first);
    groups
        .into_iter()
        .map(|(key, (_, findings))| match key {
            Key::Of(secret) => Group::Of(secret, findings),
            Key::Many(..) => Group::Many(findings),
        })
        .collect()
}
