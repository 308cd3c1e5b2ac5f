//! What a policy lets pass, what it requires to be there, and for which store and deploys it holds.

use crate::domain::facts::Policies;
use crate::domain::policy::{Acceptance, Departed, DeployRef, Policy, Waiver};

pub(super) fn losses(policies: &Policies) -> impl Iterator<Item = String> {
    let Policies { before, after, .. } = policies;
    store(before, after)
        .into_iter()
        .chain(deploy_ref(before, after))
        .chain(required(before, after))
        .chain(after.waivers.iter().filter_map(|waiver| waived(before, waiver)))
        .chain(after.acceptances.iter().filter_map(|acceptance| accepted(before, acceptance)))
}

fn store(before: &Policy, after: &Policy) -> Option<String> {
    let (old, new) = (before.store, after.store);
    (old != new).then(|| format!("the store is {new} instead of {old}: what was sealed for another one fits"))
}

fn deploy_ref(before: &Policy, after: &Policy) -> Option<String> {
    let (old, new) = (&before.deploy_ref, &after.deploy_ref);
    (*old != DeployRef::None && old != new).then(|| format!("deploy-ref is {new} instead of {old}"))
}

fn required(before: &Policy, after: &Policy) -> impl Iterator<Item = String> {
    let gone = before.require.iter().filter(|glob| !after.require.contains(glob));
    gone.map(|glob| format!("`{glob}` is not required any more"))
}

/// What the waiver lets through beyond those that stood before.
fn waived(before: &Policy, waiver: &Waiver) -> Option<String> {
    let Waiver { finding, secret, until, .. } = waiver;
    let of_it = || before.waivers.iter().filter(|old| old.finding == *finding);
    let covers =
        |old: &Waiver| old.secret == *secret || (secret.is_literal() && old.secret.matches(secret.as_str()));
    if of_it().any(|old| old.until >= *until && covers(old)) {
        return None;
    }
    let ended = of_it().filter(|old| covers(old)).map(|old| old.until).max();
    Some(match ended {
        Some(old) => {
            let (old, until) = (old.brief(), until.brief());
            format!("the waiver of {finding} for {secret} ends {until} instead of {old}")
        }
        None => format!("{finding} is waived for {secret} until {}", until.brief()),
    })
}

fn accepted(before: &Policy, acceptance: &Acceptance) -> Option<String> {
    let of_it = before.acceptances.iter().filter(|old| old.of == acceptance.of);
    let longest = of_it.map(|old| old.on).max();
    let who = match &acceptance.of {
        Departed::Actor(name) => name.to_string(),
        Departed::Key(name, key) => format!("{name}'s key {key}"),
    };
    match longest {
        Some(old) if old >= acceptance.on => None,
        Some(old) => {
            let on = acceptance.on;
            Some(format!("what {who} knew is accepted for versions before {on} instead of {old}"))
        }
        None => Some(format!("what {who} knew is accepted for versions before {}", acceptance.on)),
    }
}
