//! The loop over the checks: the one place where levels and waivers are settled and unknown facts collected.
//!
//! In this order: the check's default, `[defaults]`, the scopes; what is off is not run, and told. Then what
//! blocks is hardened into an error, and last a waiver may let it through. `--against` and `--strict` come after
//! that: [`super::against`] and `Report::conclude`.
//!
//! Here too everything that came from records, policy or git is made fit for a terminal, once for all checks.

use std::collections::BTreeSet;

use super::{CHECKS, Check, Fault, StoreSubject, Subject};
use crate::domain::check_id::CheckId;
use crate::domain::facts::{Proof, SecretFacts, Setting, StoreFacts};
use crate::domain::finding::{Finding, Level, Unknown};
use crate::domain::name::SecretName;
use crate::domain::policy::{Policy, Waiver};
use crate::domain::report::{SwitchedOff, Unchecked, Waived};
use crate::domain::rules::{Origin, Rules};
use crate::domain::text::visible;
use crate::domain::time::Instant;

/// What judging came to, of one secret, of the store, or of all together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    pub findings: Vec<Finding>,
    pub waived: Vec<Waived>,
    pub off: BTreeSet<SwitchedOff>,
    pub unchecked: BTreeSet<Unchecked>,
}

/// Runs every check on one secret.
pub fn judge_secret(setting: &Setting, policy: &Policy, facts: &SecretFacts) -> Judged {
    let rules = Rules::of(policy, &facts.name);
    let subject = Subject { setting, policy, rules: &rules, secret: facts };
    let mut judged = Judged::default();
    // Here and not in a check, because a check can be switched off.
    if let Proof::NotOpened { why, required: true } = &facts.proof {
        judged.leave_unchecked(Some(&facts.name), &Unknown::new("who can open it", why));
    }
    for check in CHECKS {
        let Some(judge) = check.secret else { continue };
        let Some(level) = judged.level(check, &rules) else { continue };
        match judge(&subject) {
            Ok(faults) => {
                for fault in faults {
                    let path = fault.path.clone().unwrap_or_else(|| facts.record_path.clone());
                    let waiver = in_force(policy, check.id, setting.now, &[facts.name.as_str()]);
                    let finding = finding(check.id, level, Some(facts.name.clone()), Some(path), &fault);
                    judged.take(finding, waiver);
                }
            }
            Err(unknown) => judged.leave_unchecked(Some(&facts.name), &unknown),
        }
    }
    judged
}

/// Runs every check on the store as a whole.
///
/// A fault that has a name in policy's terms (a stray file's would-be one, one that is required) is judged by the
/// rules for that name, and waived by it; every fault can be waived by its path from the root of the repository.
pub fn judge_store(setting: &Setting, policy: &Policy, facts: &StoreFacts) -> Judged {
    let subject = StoreSubject { setting, policy, store: facts };
    let rules_of_store = Rules::of_store(policy);
    let mut judged = Judged::default();
    for unknown in &facts.unknowns {
        judged.leave_unchecked(None, unknown);
    }
    for check in CHECKS {
        let Some(judge) = check.store else { continue };
        let level = judged.level(check, &rules_of_store);
        let in_scopes = judged.is_set_by_scopes(check, policy);
        if level.is_none() && !in_scopes {
            continue;
        }
        match judge(&subject) {
            Ok(faults) => {
                for fault in faults {
                    judged.take_of_store(check, &subject, &rules_of_store, &fault);
                }
            }
            Err(unknown) if level.is_some() => judged.leave_unchecked(None, &unknown),
            Err(_) => {}
        }
    }
    judged
}

impl Judged {
    /// Adds what judging another secret, or the store, came to.
    pub fn absorb(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.waived.extend(other.waived);
        self.off.extend(other.off);
        self.unchecked.extend(other.unchecked);
    }

    /// The level that the rules give the check; `None`, and told, where it is off.
    fn level(&mut self, check: &Check, rules: &Rules) -> Option<Level> {
        let level = rules.level(check.id, check.default);
        if level != Level::Off {
            return Some(level);
        }
        let origin = rules.levels.get(&check.id).map_or(&Origin::BuiltIn, |rule| &rule.origin);
        self.switch_off(check.id, origin);
        None
    }

    /// Whether any scope sets the level of the check; those that switch it off are told even when nothing lies in
    /// them.
    fn is_set_by_scopes(&mut self, check: &Check, policy: &Policy) -> bool {
        let mut any = false;
        for scope in &policy.scopes {
            let Some(level) = scope.rules.levels.get(&check.id) else { continue };
            any = true;
            if *level == Level::Off {
                let origin = Origin::Scope { glob: scope.glob.to_string(), line: scope.line };
                self.switch_off(check.id, &origin);
            }
        }
        any
    }

    fn switch_off(&mut self, id: CheckId, by: &Origin) {
        self.off.insert(SwitchedOff { id, by: visible(&by.to_string()).into_owned() });
    }

    fn take_of_store(&mut self, check: &Check, subject: &StoreSubject<'_>, of_store: &Rules, fault: &Fault) {
        let name = fault.about.as_deref().and_then(|about| about.parse::<SecretName>().ok());
        let of_name = name.as_ref().map(|name| Rules::of(subject.policy, name));
        let settled = fault.level.or_else(|| self.level(check, of_name.as_ref().unwrap_or(of_store)));
        let Some(level) = settled else { return };
        let known_as =
            [fault.about.as_deref(), fault.path.as_deref()].into_iter().flatten().collect::<Vec<_>>();
        let waiver = in_force(subject.policy, check.id, subject.setting.now, &known_as);
        // Without a path it is about the name itself; with one the name is only what policy would call it.
        let secret = name.filter(|_| fault.path.is_none());
        let path = fault.path.clone();
        self.take(finding(check.id, level, secret, path, fault), waiver);
    }

    fn take(&mut self, finding: Finding, waiver: Option<&Waiver>) {
        match waiver {
            Some(waiver) => self.waived.push(Waived {
                finding,
                until: waiver.until,
                reason: visible(&waiver.reason).into_owned(),
                by: visible(&waiver.by).into_owned(),
            }),
            None => self.findings.push(finding),
        }
    }

    fn leave_unchecked(&mut self, secret: Option<&SecretName>, unknown: &Unknown) {
        self.unchecked.insert(Unchecked {
            secret: secret.cloned(),
            what: visible(&unknown.what).into_owned(),
            why: visible(&unknown.why).into_owned(),
        });
    }
}

/// The path stays as git has it: it is a key that machines compare, and each format escapes it in its own way.
fn finding(
    id: CheckId,
    level: Level,
    secret: Option<SecretName>,
    path: Option<String>,
    fault: &Fault,
) -> Finding {
    Finding {
        id,
        level: if fault.blocks { Level::Error } else { level },
        secret,
        path,
        message: visible(&fault.message).into_owned(),
        remedy: visible(&fault.remedy).into_owned(),
        weight: fault.weight,
        mark: fault.mark.clone(),
    }
}

/// The waiver that lets such a finding through, of several the one that holds longest.
fn in_force<'a>(policy: &'a Policy, id: CheckId, now: Instant, known_as: &[&str]) -> Option<&'a Waiver> {
    (policy.waivers.iter())
        .filter(|waiver| waiver.finding == id && now < waiver.until)
        .filter(|waiver| known_as.iter().any(|name| waiver.secret.matches(name)))
        .max_by_key(|waiver| (waiver.until, std::cmp::Reverse(waiver.line)))
}

#[cfg(test)]
mod tests;
