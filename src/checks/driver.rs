//! The loop over the checks: the one place where levels and waivers are settled and unknown facts collected.
//!
//! In this order: the check's default, `[defaults]`, the scopes; what is off is not run, and told. Then what
//! blocks is hardened into an error, and last a waiver may let it through. `--baseline`, `--against` and `--strict`
//! come after that, in this order: `domain::baseline`, [`super::against`] and `Report::conclude`.
//!
//! Here too everything that came from records, policy or git is made fit for a terminal, once for all checks.

use std::collections::BTreeSet;

use super::{CHECKS, Check, Fault, FileSubject, Judgement, StoreSubject, Subject, TrackedSubject};
use crate::domain::check_id::CheckId;
use crate::domain::facts::{Inside, Proof, SecretFacts, Setting, StoreFacts};
use crate::domain::finding::{Finding, Level, Unknown};
use crate::domain::foreign::Contents;
use crate::domain::name::SecretName;
use crate::domain::policy::{Policy, Waiver};
use crate::domain::report::{SwitchedOff, Unchecked, Waived};
use crate::domain::rules::{Origin, Rules};
use crate::domain::text::visible;
use crate::domain::time::Instant;
use crate::domain::tracked_facts::FileFacts;
use crate::domain::tracked_name::CredentialName;

/// How a check judges one kind of thing.
type Judge<S> = fn(&S) -> Judgement;

/// Which checks run.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    All,
    /// For who asks about a few, a hook for one.
    Only(&'a [CheckId]),
}

impl Which<'_> {
    fn has(self, id: CheckId) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => ids.contains(&id),
        }
    }
}

/// What is judged by name, and by which rules.
struct Named<'a> {
    which: Which<'a>,
    policy: &'a Policy,
    rules: &'a Rules,
    now: Instant,
    name: &'a CredentialName,
    record_path: &'a str,
}

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
    judge_secret_by(Which::All, setting, policy, facts)
}

/// Runs some checks on one secret.
pub fn judge_secret_by(which: Which<'_>, setting: &Setting, policy: &Policy, facts: &SecretFacts) -> Judged {
    let rules = Rules::of(policy, &facts.name);
    let subject = Subject { setting, policy, rules: &rules, secret: facts };
    let mut judged = Judged::default();
    let name = CredentialName::from(facts.name.clone());
    // Here and not in a check, because a check can be switched off.
    if let Proof::NotOpened { why, required: true } = &facts.proof {
        judged.leave_unchecked(Some(&name), &Unknown::new("who can open it", why));
    }
    let (now, record_path) = (setting.now, facts.record_path.as_str());
    let named = Named { which, policy, rules: &rules, now, name: &name, record_path };
    judged.judge_named(&named, &subject, |check| check.secret.map(|judge| judge as fn(&_) -> _));
    judged
}

/// Runs every check that applies on a file that another tool sealed, and on each secret in it.
pub fn judge_file(setting: &Setting, policy: &Policy, facts: &FileFacts) -> Judged {
    judge_file_by(Which::All, setting, policy, facts)
}

/// Runs some checks on such a file, and on each secret in it.
pub fn judge_file_by(which: Which<'_>, setting: &Setting, policy: &Policy, facts: &FileFacts) -> Judged {
    let mut judged = Judged::default();
    let rules = Rules::of_tracked(policy, &facts.name);
    let name = CredentialName::from(facts.name.clone());
    // Here and not in a check, because a check can be switched off.
    if let Ok(Some(Contents::Damaged(damage))) = &facts.contents {
        let unknown = Unknown::new(facts.name.as_str(), damage.to_string());
        judged.leave_unchecked(Some(&name), &unknown);
    }
    for unknown in [facts.contents.as_ref().err(), facts.secrets.as_ref().err()].into_iter().flatten() {
        judged.leave_unchecked(Some(&name), unknown);
    }
    let subject = FileSubject { setting, policy, rules: &rules, file: facts };
    let (now, record_path) = (setting.now, facts.claims_path.as_str());
    let named = Named { which, policy, rules: &rules, now, name: &name, record_path };
    judged.judge_named(&named, &subject, |check| check.file.map(|judge| judge as fn(&_) -> _));
    for secret in facts.secrets.as_deref().unwrap_or_default() {
        let rules = Rules::of_tracked(policy, &secret.name);
        let name = CredentialName::from(secret.name.clone());
        if let Inside::NotLookedInto { why, required: true } = &secret.inside {
            judged.leave_unchecked(Some(&name), &Unknown::new("the end that the value itself carries", why));
        }
        let subject = TrackedSubject { setting, policy, rules: &rules, file: facts, secret };
        let named = Named { which, policy, rules: &rules, now, name: &name, record_path };
        judged.judge_named(&named, &subject, |check| check.tracked.map(|judge| judge as fn(&_) -> _));
    }
    judged
}

/// Runs every check on the store as a whole.
///
/// A fault that has a name in policy's terms (a stray file's would-be one, one that is required) is judged by the
/// rules for that name, and waived by it; every fault can be waived by its path from the root of the repository.
pub fn judge_store(setting: &Setting, policy: &Policy, facts: &StoreFacts) -> Judged {
    judge_store_by(Which::All, setting, policy, facts)
}

/// Runs some checks on the store as a whole.
pub fn judge_store_by(which: Which<'_>, setting: &Setting, policy: &Policy, facts: &StoreFacts) -> Judged {
    let subject = StoreSubject { setting, policy, store: facts };
    let rules_of_store = Rules::of_store(policy);
    let mut judged = Judged::default();
    for unknown in &facts.unknowns {
        judged.leave_unchecked(None, unknown);
    }
    for check in CHECKS.iter().filter(|check| which.has(check.id)) {
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

    /// Runs every check on one thing that has a name. `judge` is how a check judges it, if it does.
    fn judge_named<S>(&mut self, named: &Named<'_>, subject: &S, judge: fn(&Check) -> Option<Judge<S>>) {
        let known_as: Vec<&str> = named.name.known_as().collect();
        for check in CHECKS.iter().filter(|check| named.which.has(check.id)) {
            let Some(judge) = judge(check) else { continue };
            let Some(level) = self.level(check, named.rules) else { continue };
            match judge(subject) {
                Ok(faults) => {
                    for fault in faults {
                        let waiver = in_force(named.policy, check.id, named.now, &known_as);
                        // What is about no file in particular is about the record.
                        let path = fault.path.clone().unwrap_or_else(|| named.record_path.to_owned());
                        let name = Some(named.name.clone());
                        // A check may find that what it told weighs less than policy has it, never more.
                        let level = fault.level.map_or(level, |own| own.min(level));
                        self.take(finding(check.id, level, name, Some(path), &fault), waiver);
                    }
                }
                Err(unknown) => self.leave_unchecked(Some(named.name), &unknown),
            }
        }
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
        let secret = name.filter(|_| fault.path.is_none()).map(CredentialName::from);
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

    fn leave_unchecked(&mut self, secret: Option<&CredentialName>, unknown: &Unknown) {
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
    secret: Option<CredentialName>,
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
