//! Who is told ahead of time, and whether it is noticed that nobody was. Another address or program is no loss by itself:
//! what a change brings is told to whoever reviews it.

use crate::domain::channel::{Channel, LedgerRules, LedgerState};
use crate::domain::facts::Policies;
use crate::domain::glob::{Extent, Glob};
use crate::domain::policy::Policy;
use crate::domain::text::{few, listed};

/// How many globs a message names.
const MOST_GLOBS: usize = 3;

pub(super) fn losses(policies: &Policies) -> Vec<String> {
    let Policies { before, after, .. } = policies;
    let mut losses: Vec<String> =
        before.channels.iter().flat_map(|channel| of_channel(channel, &after.channels)).collect();
    losses.extend(heartbeat(before, after));
    losses.extend(ledger(&before.ledger, &after.ledger));
    losses
}

/// What a channel is not told any more, by its name; one that has another name now is known by what it is.
fn of_channel(old: &Channel, after: &[Channel]) -> Vec<String> {
    let same_name = after.iter().find(|new| new.name == old.name);
    let Some(new) = same_name.or_else(|| after.iter().find(|new| new.kind == old.kind)) else {
        let (name, kind) = (&old.name, old.kind.as_str());
        return vec![format!("the channel `{name}` ({kind}) is gone: nobody is told through it any more")];
    };
    let mut losses = Vec::new();
    let name = &new.name;
    losses.extend(match (old.from, new.from) {
        (Some(from), Some(later)) if from.may_exceed(later) => {
            Some(format!("the channel `{name}` joins {later} before the end instead of {from}"))
        }
        (None, Some(later)) => {
            Some(format!("the channel `{name}` joins {later} before the end instead of at the first tier"))
        }
        (_, None) | (Some(_), Some(_)) => None,
    });
    let lost = narrowed(&old.scope, &new.scope);
    if !lost.is_empty() {
        losses.push(format!("the channel `{name}` is not told of {} any more", few(&lost, MOST_GLOBS)));
    }
    let findings: Vec<&str> = old.findings.difference(&new.findings).map(|id| id.as_str()).collect();
    if !findings.is_empty() {
        losses.push(format!("the channel `{name}` is not told of {} any more", listed(&findings)));
    }
    losses
}

/// The globs of a scope that another does not reach as far as; no globs at all reach everything.
fn narrowed(before: &[Glob], after: &[Glob]) -> Vec<String> {
    if after.is_empty() {
        return Vec::new();
    }
    let reached: Vec<Extent> = after.iter().map(Glob::extent).collect();
    let is_reached =
        |glob: &Glob| after.contains(glob) || reached.iter().any(|wide| wide.covers(&glob.extent()));
    if before.is_empty() {
        let is_all = after.iter().any(|glob| glob.as_str() == "**");
        let globs: Vec<&str> = after.iter().map(Glob::as_str).collect();
        let but = format!("what is not `{}`", few(&globs, MOST_GLOBS));
        return if is_all { Vec::new() } else { vec![but] };
    }
    before.iter().filter(|glob| !is_reached(glob)).map(|glob| format!("`{glob}`")).collect()
}

fn heartbeat(before: &Policy, after: &Policy) -> Option<String> {
    let is_gone = before.heartbeat.is_some() && after.heartbeat.is_none();
    is_gone.then(|| "[heartbeat] is gone: nobody learns that `secrets warn` does not run any more".to_owned())
}

fn ledger(before: &LedgerRules, after: &LedgerRules) -> Vec<String> {
    let mut losses = Vec::new();
    if before.state == LedgerState::Git {
        let (old, new) = (&before.full_ref, &after.full_ref);
        if after.state == LedgerState::None {
            losses.push(format!("the ledger {old} is not kept any more: which seals were seen is forgotten"));
        } else if old != new {
            losses.push(format!("the ledger is {new} instead of {old}: which seals were seen is forgotten"));
        }
    }
    match (before.silent_after, after.silent_after) {
        (Some(old), None) => losses.push(format!("`silent-after` is gone: it was {old}")),
        (Some(old), Some(new)) if new.may_exceed(old) => {
            losses.push(format!("`silent-after` is {new} instead of {old}"));
        }
        (None, _) | (Some(_), Some(_)) => {}
    }
    losses
}
