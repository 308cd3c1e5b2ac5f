//! The same of a file that another tool sealed: who holds it by the keys that it names, and who as people claim.

use std::collections::{BTreeMap, BTreeSet};

use crate::checks::{FileSubject, unlisted_reader};
use crate::domain::access::{self, Holders};
use crate::domain::facts::Setting;
use crate::domain::finding::{Known, Unknown};
use crate::domain::foreign::{Access, Contents, ForeignFile, ForeignKey};
use crate::domain::matrix::{Cell, Grade, Holding, Row, Standing};
use crate::domain::name::ActorName;
use crate::domain::policy::Policy;
use crate::domain::rules::Rules;
use crate::domain::text::listed;
use crate::domain::tracked_facts::FileFacts;

/// What policy, record and file together say about those who can open the file.
pub fn file_row(setting: &Setting, policy: &Policy, file: &FileFacts) -> Row {
    let rules = Rules::of_tracked(policy, &file.name);
    let subject = FileSubject { setting, policy, rules: &rules, file };
    known_row(&subject)
        .unwrap_or_else(|unknown| Row::unknown(file.name.clone(), rules.min_people.value, unknown))
}

fn known_row(subject: &FileSubject<'_>) -> Known<Row> {
    let (file, min_people) = (subject.file, subject.rules.min_people.value);
    // Whom the records claim as readers is not known while they are not.
    file.secrets.as_ref().map_err(Clone::clone)?;
    let access = &sealed(file)?.access;
    let holders = access::holders(access, subject.policy, &file.claimed_readers);
    let cells = cells(subject, access, &holders);
    let grade = cells.values().filter_map(grade_of).min();
    Ok(Row {
        secret: file.name.clone().into(),
        standing: Standing::of(holders.alone.len(), min_people),
        grade,
        people: holders.alone.clone(),
        min_people,
        cells,
        doubts: doubts(subject, access, &holders, grade),
        unopened: None,
        unknown: None,
    })
}

fn sealed(file: &FileFacts) -> Known<&ForeignFile> {
    let name = file.name.as_str();
    match file.contents.as_ref().map_err(Clone::clone)? {
        Some(Contents::Sealed(sealed)) => Ok(sealed),
        Some(Contents::Plain(why)) => Err(Unknown::new(name, format!("is not sealed ({why})"))),
        Some(Contents::Damaged(damage)) => Err(Unknown::new(name, damage.to_string())),
        None => Err(Unknown::new(name, "there is no such file here, and a record of it")),
    }
}

/// Whoever needs others for it does not hold it.
fn cells(subject: &FileSubject<'_>, access: &Access, holders: &Holders) -> BTreeMap<ActorName, Cell> {
    let policy = subject.policy;
    let named = access::holders(&named_only(access), policy, &[]);
    let holds = |is_named: bool| Holding::Holds(if is_named { Grade::Plausible } else { Grade::Claimed });
    let mut cells = BTreeMap::new();
    for person in &holders.alone {
        let mut cell = Cell::new(holds(named.alone.contains(person)));
        if !holders.by_own_key.contains(person) {
            let behind = |shared: &&ActorName| {
                policy.shared_keys.get(*shared).is_some_and(|shared| shared.people.contains(person))
            };
            cell.through = holders.shared.iter().filter(behind).cloned().collect();
        }
        cells.insert(person.clone(), cell);
    }
    let is_enough = access.threshold <= 1;
    for machine in holders.machines.iter().filter(|_| is_enough) {
        cells.insert(machine.clone(), Cell::new(holds(named.machines.contains(machine))));
    }
    let opens = |shared: &&ActorName| {
        let people = policy.shared_keys.get(*shared).map(|shared| &shared.people);
        is_enough || people.is_some_and(|people| !people.is_empty() && people.is_subset(&holders.alone))
    };
    for shared in holders.shared.iter().filter(opens) {
        cells.insert(shared.clone(), Cell::new(holds(named.shared.contains(shared))));
    }
    cells
}

/// The access without what a file does not name: a password, or a key that only policy and records tell of.
fn named_only(access: &Access) -> Access {
    let is_named = |key: &&ForeignKey| !matches!(key, ForeignKey::Opaque(_) | ForeignKey::Anonymous(_));
    let named = |group: &Vec<ForeignKey>| group.iter().filter(is_named).cloned().collect();
    Access { groups: access.groups.iter().map(named).collect(), threshold: access.threshold }
}

fn grade_of(cell: &Cell) -> Option<Grade> {
    match cell.holding {
        Holding::Holds(grade) => Some(grade),
        Holding::Unlisted | Holding::LeftOut | Holding::Exposed => None,
    }
}

fn doubts(
    subject: &FileSubject<'_>,
    access: &Access,
    holders: &Holders,
    grade: Option<Grade>,
) -> Vec<String> {
    let unlisted = unlisted_reader::CHECK.file.and_then(|judge| judge(subject).ok()).unwrap_or_default();
    let mut doubts: Vec<String> = unlisted.into_iter().map(|fault| fault.message).collect();
    if !holders.together.is_empty() {
        let people: BTreeSet<&str> = holders.together.iter().map(ActorName::as_str).collect();
        let people: Vec<&str> = people.into_iter().collect();
        let opens = if people.len() == 1 { "opens" } else { "open" };
        let (threshold, groups) = (access.threshold, access.groups.len());
        doubts.push(format!(
            "{} {opens} it only together with others ({threshold} of {groups} key groups)",
            listed(&people)
        ));
    }
    if grade == Some(Grade::Claimed) {
        doubts.push(
            "the file does not name all who can open it: of some only policy or a record says so".to_owned(),
        );
    }
    doubts
}

#[cfg(test)]
mod tests;
