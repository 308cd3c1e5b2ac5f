//! # weakened-policy
//!
//! With `--against`: the change asks for fewer people or fewer checks, allows more or for longer, or exchanges a
//! reader's key. A change is judged by the rules of what it is held against, so this is about the rules that hold
//! once it is merged. What asks for more is silent.
//!
//! Of the scheduled job: a channel is gone, joins later, or is told of less; nobody is called, or looked for, when the job is
//! silent; the ledger is another one, or none.
//!
//! Of what other tools have sealed: the change looks at fewer files, calls something no secret, or has a kind never lapse.
//! Their records are open to everybody's pen, so one that says of the same ciphertext that it ends later, or never, is
//! told too: as a warning where a reason is written beside it.
//!
//! **Mend:** read the difference; take it back, or have somebody merge it who answers for the policy.

mod actors;
mod allowances;
mod claims;
mod demand;
mod names_to_come;
mod readers;
mod rules;
mod tracking;
mod warning;

use super::{Check, Fault, Judgement, StoreSubject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::text::shell_word;

pub const CHECK: Check =
    Check::of_store(CheckId::WeakenedPolicy, Level::Error, judge).and_tracked(claims::judge);

fn judge(subject: &StoreSubject<'_>) -> Judgement {
    let Some(policies) = &subject.store.policies else { return Ok(Vec::new()) };
    let path = &subject.store.policy_path;
    let remedy = format!("git diff {} -- {}", shell_word(&policies.reference), wording::pathspec(path));
    let losses = allowances::losses(policies)
        .chain(actors::losses(policies))
        .chain(rules::losses(policies, &subject.store.names))
        .chain(tracking::losses(policies))
        .chain(warning::losses(policies));
    Ok(losses.map(|loss| Fault::new(loss, remedy.clone()).at(path)).collect())
}

#[cfg(test)]
mod tests;
