//! The rules of two policies by their effect: for each secret there is, and by [`names_to_come`] for the rest.

use std::collections::{BTreeMap, BTreeSet};

use super::demand::Demand;
use super::names_to_come;
use super::readers::Readers;
use crate::domain::facts::Policies;
use crate::domain::name::SecretName;
use crate::domain::policy::{Actor, Policy};
use crate::domain::rules::{Origin, Rules};
use crate::domain::text::listed;
use crate::domain::tracked_name::{CredentialName, TrackedName};

/// How many secrets, and how many parts of a policy, a message names.
const MOST_NAMES: usize = 3;

/// Where something is asked less: by which parts of the change's policy, and for which of the secrets there are.
#[derive(Default)]
struct Places {
    by: BTreeSet<Origin>,
    secrets: BTreeSet<CredentialName>,
}

/// What is asked less, in words, and where.
type Losses = BTreeMap<String, Places>;

pub(super) fn losses(policies: &Policies, names: &[SecretName]) -> impl Iterator<Item = String> {
    let mut losses = Losses::new();
    if !ask_the_same(&policies.before, &policies.after) {
        of_names(policies, names, &mut losses);
        of_the_store(policies, &mut losses);
        for (loss, origin) in names_to_come::losses(policies) {
            losses.entry(loss).or_default().add(origin, []);
        }
    }
    losses.into_iter().map(|(loss, places)| told(&loss, &places))
}

fn told(loss: &str, places: &Places) -> String {
    // Of what is built in, nothing in the policy can be shown.
    let by = places.by.iter().filter(|origin| **origin != Origin::BuiltIn);
    let (by, secrets) = (some_of(by), some_of(&places.secrets));
    let by = if by.is_empty() { by } else { format!(", by {by}") };
    let secrets = if secrets.is_empty() { secrets } else { format!(": {secrets}") };
    format!("{loss}{by}{secrets}")
}

pub(super) fn some_of<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let mut items = items.into_iter();
    let mut shown = items.by_ref().take(MOST_NAMES).map(|item| item.to_string()).collect::<Vec<_>>();
    let more = items.count();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    listed(&shown)
}

impl Places {
    fn add<'a>(&mut self, origin: Origin, secrets: impl IntoIterator<Item = &'a CredentialName>) {
        self.by.insert(origin);
        self.secrets.extend(secrets.into_iter().cloned());
    }
}

/// Whether nothing differs that rules are made of: so it is for most changes, and spares the rest.
fn ask_the_same(before: &Policy, after: &Policy) -> bool {
    let kinds = |policy: &Policy| {
        let people = |actor: Actor<'_>| match actor {
            Actor::Person(_) => None,
            Actor::Machine(_) => Some(BTreeSet::new()),
            Actor::SharedKey(shared) => Some(shared.people.clone()),
        };
        policy.actors().map(|(name, actor)| (name.clone(), people(actor))).collect::<BTreeMap<_, _>>()
    };
    let scopes = |policy: &Policy| {
        policy.scopes.iter().map(|scope| (scope.glob.clone(), scope.rules.clone())).collect::<Vec<_>>()
    };
    before.defaults == after.defaults
        && scopes(before) == scopes(after)
        && before.groups == after.groups
        && kinds(before) == kinds(after)
}

/// Of each secret of either side, whoever sealed it, and of each name that a scope spells out.
fn of_names(policies: &Policies, names: &[SecretName], losses: &mut Losses) {
    let Policies { before, after, .. } = policies;
    let spelled_out = (before.scopes.iter().chain(&after.scopes))
        .filter(|scope| scope.glob.is_literal())
        .filter_map(|scope| scope.glob.as_str().parse::<CredentialName>().ok());
    let names_before = policies.names.iter().collect::<BTreeSet<_>>();
    let files = policies.files.iter().filter_map(|path| TrackedName::new(path, None));
    let tracked = files.chain(policies.values.iter().cloned()).map(CredentialName::from);
    let own = policies.names.iter().chain(names).cloned().map(CredentialName::from);
    let there_are = own.chain(tracked).collect::<BTreeSet<_>>();
    let all = there_are.iter().cloned().chain(spelled_out).collect::<BTreeSet<_>>();
    // Whatever the same scopes fit has the same rules.
    let mut alike = BTreeMap::<_, Vec<CredentialName>>::new();
    for name in all {
        let matching = [before, after].map(|policy| {
            let fitting = name.known_as().flat_map(|known| policy.scope_globs.matching(known));
            fitting.collect::<BTreeSet<_>>()
        });
        alike.entry(matching).or_default().push(name);
    }
    for names in alike.into_values() {
        let Some(one) = names.first() else { continue };
        let rules = [before, after].map(|policy| match one {
            CredentialName::Own(name) => Rules::of(policy, name),
            CredentialName::Tracked(name) => Rules::of_tracked(policy, name),
        });
        let there = names.iter().filter(|name| there_are.contains(*name));
        for (loss, origin) in compare(&rules, Demand::all()) {
            losses.entry(loss).or_default().add(origin, there.clone());
        }
        // Whoever adds a secret says who reads it; that those are enough is another check's business. Who reads what other
        // tools have sealed is no rule of policy.
        let was_there = |name: &&CredentialName| match name {
            CredentialName::Own(name) => names_before.contains(name),
            CredentialName::Tracked(_) => false,
        };
        let were_there = there.filter(was_there).collect::<Vec<_>>();
        if let Some((loss, origin)) = fewer_readers(policies, &rules)
            && !were_there.is_empty()
        {
            losses.entry(loss).or_default().add(origin, were_there);
        }
    }
}

fn fewer_readers(policies: &Policies, [before, after]: &[Rules; 2]) -> Option<(String, Origin)> {
    let old = Readers::of(&policies.before, &before.readers.value);
    let new = Readers::of(&policies.after, &after.readers.value);
    Some((new.loss(&old)?, after.readers.origin.clone()))
}

/// Levels of what is said of the store as a whole, which follow no scope.
fn of_the_store(policies: &Policies, losses: &mut Losses) {
    let rules = [&policies.before, &policies.after].map(Rules::of_store);
    let levels = Demand::all().filter(|demand| matches!(demand, Demand::Level(..)));
    for (loss, origin) in compare(&rules, levels) {
        losses.entry(loss).or_default().add(origin, []);
    }
}

fn compare([before, after]: &[Rules; 2], demands: impl Iterator<Item = Demand>) -> Vec<(String, Origin)> {
    let lost = |demand: Demand| {
        let (old, _) = demand.asked(before);
        let (new, origin) = demand.asked(after);
        Some((demand.loss(&old, &new)?, origin))
    };
    demands.filter_map(lost).collect()
}
