mod claims;
mod names_to_come;
mod rules;
mod tracking;
mod warning;

use super::*;
use crate::checks::samples::{
    NAME, actor, actors, key, levels, person, policy, setting, shared_key, store, time, waiver, with_scope,
    with_scopes,
};
use crate::domain::facts::Policies;
use crate::domain::key::{Fingerprint, KeyKind, SigningKey};
use crate::domain::policy::{Acceptance, Departed, Machine, Policy, RuleSet};

/// The messages for a change from one policy to another.
fn losses(before: &Policy, after: &Policy) -> Vec<String> {
    let names = vec!["old/one".parse().unwrap(), NAME.parse().unwrap()];
    losses_beside(Policies { names, ..between(before.clone(), after.clone()) })
}

/// Two policies, and nothing that either speaks of.
fn between(before: Policy, after: Policy) -> Policies {
    let reference = "0123456789ab".to_owned();
    Policies { before, after, names: Vec::new(), files: Vec::new(), values: Vec::new(), reference }
}

fn losses_beside(policies: Policies) -> Vec<String> {
    let (setting, mut store) = (setting(), store());
    store.names.push("web/new".parse().unwrap());
    store.policies = Some(Box::new(policies));
    let policy = policy();
    let faults = judge(&StoreSubject { setting: &setting, policy: &policy, store: &store }).unwrap();
    for fault in &faults {
        assert_eq!(fault.remedy, "git diff 0123456789ab -- :/secrets/policy.toml");
        assert_eq!(fault.path.as_deref(), Some("secrets/policy.toml"));
    }
    faults.into_iter().map(|fault| fault.message).collect()
}

/// Asserts that the change from one to the other is told so, and that the way back is silent.
fn one_way(before: &Policy, after: &Policy, told: &[&str]) {
    assert_eq!(losses(before, after), told);
    assert_eq!(losses(after, before), [""; 0], "the way back from {told:?}");
}

/// The same, where the way back is a weakening too.
fn told(before: &Policy, after: &Policy, told: &[&str]) {
    assert_eq!(losses(before, after), told);
}

fn with_defaults(change: impl Fn(&mut RuleSet)) -> Policy {
    changed(|policy| change(&mut policy.defaults))
}

fn changed(change: impl Fn(&mut Policy)) -> Policy {
    let mut policy = policy();
    change(&mut policy);
    policy
}

fn periods(tiers: &str) -> Option<Vec<crate::domain::period::Period>> {
    Some(tiers.split(' ').map(|tier| tier.parse().unwrap()).collect())
}

fn people(number: u32) -> RuleSet {
    RuleSet { min_people: Some(number), ..RuleSet::default() }
}

#[test]
fn without_a_reference_there_is_nothing_to_compare() {
    let (setting, store, policy) = (setting(), store(), policy());
    let judged = judge(&StoreSubject { setting: &setting, policy: &policy, store: &store });
    assert_eq!(judged, Ok(Vec::new()));
    assert_eq!(losses(&policy, &policy), [""; 0]);
}

#[test]
fn whose_key_is_whose() {
    let base = changed(|policy| {
        policy.shared_keys.insert(actor("team"), shared_key(&["team-1"], &["alice"]));
    });
    let change = |change: &dyn Fn(&mut Policy)| {
        let mut policy = base.clone();
        change(&mut policy);
        policy
    };
    let fp = |label: &str| Fingerprint::of(label.as_bytes());
    let person_of = |name: &'static str, keys: &'static [&'static str]| {
        change(&move |policy| {
            policy.people.insert(actor(name), person(keys));
        })
    };
    // One more key, or another one in its place: of whoever was there.
    let more = format!("bob has one more key: {} (X25519)", fp("mallory-1"));
    one_way(&base, &person_of("bob", &["bob-1", "mallory-1"]), &[&more]);
    let exchanged =
        format!("bob's key is exchanged: {} (X25519) instead of {}", fp("mallory-1"), fp("bob-1"));
    told(&base, &person_of("bob", &["mallory-1"]), &[&exchanged]);
    let ci = change(&|policy| {
        policy.machines.insert(actor("ci"), Machine { keys: vec![key(KeyKind::X25519, "ci-2")] });
    });
    told(&base, &ci, &[&format!("ci's key is exchanged: {} (X25519) instead of {}", fp("ci-2"), fp("ci-1"))]);
    // Somebody new with a key of their own is told in a note.
    one_way(&base, &person_of("dave", &["dave-1"]), &[]);
    // Two keys of one person are not two people, whatever the types of the keys.
    let two = person_of("carol", &["carol-1", "carol-2"]);
    let mut split = base.clone();
    split.people.insert(actor("dave"), person(&["carol-2"]));
    told(&two, &split, &[&format!("the key {} (X25519) is dave's instead of carol's", fp("carol-2"))]);
    let half = |policy: &mut Policy, name: &str| {
        policy.people.get_mut(&actor(name)).unwrap().keys[0].montgomery = Some([7; 32]);
    };
    let (mut before, mut after) = (base.clone(), base.clone());
    half(&mut before, "carol");
    after.people.remove(&actor("carol"));
    after.people.insert(actor("dave"), person(&["another type"]));
    half(&mut after, "dave");
    told(
        &before,
        &after,
        &[&format!("the key {} (X25519) is dave's instead of carol's", fp("another type"))],
    );
}

#[test]
fn names_that_stand_for_something_else() {
    let base = changed(|policy| {
        policy.shared_keys.insert(actor("team"), shared_key(&["team-1"], &["alice"]));
    });
    let turn = |name: &str, keys: &[&str]| {
        let mut policy = base.clone();
        policy.machines.remove(&actor(name));
        policy.shared_keys.remove(&actor(name));
        policy.people.insert(actor(name), person(keys));
        policy
    };
    assert!(
        losses(&base, &turn("ci", &["ci-1"])).contains(&"ci is a person instead of a machine".to_owned())
    );
    let team = turn("team", &["team-1"]);
    assert!(losses(&base, &team).contains(&"team is a person instead of a shared key".to_owned()));
    let mut group = base.clone();
    group.groups.insert(actor("ops"), actors(&["alice"]).into_iter().collect());
    told(&group, &turn("ops", &["ops-1"]), &["ops is a person instead of a group"]);
    let mut machine = base.clone();
    machine.people.remove(&actor("carol"));
    machine.machines.insert(actor("carol"), Machine { keys: vec![key(KeyKind::X25519, "carol-1")] });
    told(&base, &machine, &[]);
}

#[test]
fn shared_keys_and_signing_keys() {
    let with = |people: &[&str], confirmed: Option<&str>| {
        changed(|policy| {
            let mut shared = shared_key(&["team-1"], people);
            shared.confirmed = confirmed.map(time);
            policy.shared_keys.insert(actor("team"), shared);
        })
    };
    one_way(
        &with(&["alice"], None),
        &with(&["alice", "bob", "carol"], None),
        &["the shared key team counts for bob and carol too"],
    );
    one_way(
        &with(&["alice"], Some("2026-01-01")),
        &with(&["alice"], Some("2026-02-01")),
        &["the people of team are confirmed on 2026-02-01 instead of 2026-01-01"],
    );
    one_way(
        &with(&["alice"], None),
        &with(&["alice"], Some("2026-02-01")),
        &["the people of team are confirmed on 2026-02-01 instead of never"],
    );
    told(&with(&["alice"], Some("2026-01-01")), &with(&["alice"], Some("2026-01-01")), &[]);
    let signing = |name: &str, label: &str| {
        changed(|policy| {
            let mut signer = policy.people.remove(&actor(name)).unwrap_or_else(|| person(&["dave-1"]));
            let fingerprint = Fingerprint::of(label.as_bytes());
            signer.signing_keys = vec![SigningKey { text: label.to_owned(), comment: None, fingerprint }];
            policy.people.insert(actor(name), signer);
        })
    };
    let other = format!("alice signs with another key: {}", Fingerprint::of(b"s-2"));
    told(&signing("alice", "s-1"), &signing("alice", "s-2"), &[&other]);
    one_way(&policy(), &signing("alice", "s-2"), &[&other]);
    let dave = format!("dave signs with another key: {}", Fingerprint::of(b"s-2"));
    one_way(&policy(), &signing("dave", "s-2"), &[&dave]);
}

#[test]
fn waivers_and_acceptances() {
    let waiving = |waivers: &[(&str, &str, &str)]| {
        changed(|policy| {
            policy.waivers = waivers.iter().map(|(id, secret, until)| waiver(id, secret, until)).collect();
        })
    };
    let base = waiving(&[("expired", "web/*", "2026-12-31")]);
    for (after, told) in [
        (waiving(&[]), vec![]),
        (waiving(&[("expired", "web/*", "2026-12-30")]), vec![]),
        (waiving(&[("expired", "web/db", "2026-12-31")]), vec![]),
        (
            waiving(&[("expired", "web/*", "2027-01-01")]),
            vec!["the waiver of expired for web/* ends 2027-01-01 instead of 2026-12-31"],
        ),
        (
            waiving(&[("expired", "web/**", "2026-12-31")]),
            vec!["expired is waived for web/** until 2026-12-31"],
        ),
        (
            waiving(&[("tampered", "web/*", "2026-12-31")]),
            vec!["tampered is waived for web/* until 2026-12-31"],
        ),
    ] {
        assert_eq!(losses(&base, &after), told);
    }
    let of = |of: Departed, on: &str| {
        let (on, reason, by) = (time(on), "why".to_owned(), "alice".to_owned());
        changed(|policy| {
            policy.acceptances =
                vec![Acceptance { of: of.clone(), on, reason: reason.clone(), by: by.clone(), line: 9 }];
        })
    };
    let (carol, laptop) =
        (Departed::Actor(actor("carol")), Departed::Key(actor("carol"), Fingerprint::of(b"laptop")));
    one_way(
        &policy(),
        &of(carol.clone(), "2026-05-01"),
        &["what carol knew is accepted for versions before 2026-05-01T00:00:00Z"],
    );
    one_way(
        &of(carol.clone(), "2026-04-01"),
        &of(carol.clone(), "2026-05-01"),
        &[
            "what carol knew is accepted for versions before 2026-05-01T00:00:00Z instead of 2026-04-01T00:00:00Z",
        ],
    );
    let key = Fingerprint::of(b"laptop");
    told(
        &of(carol, "2026-05-01"),
        &of(laptop, "2026-05-01"),
        &[&format!("what carol's key {key} knew is accepted for versions before 2026-05-01T00:00:00Z")],
    );
}

#[test]
fn what_is_required_and_where_it_is_deployed_from() {
    let base = changed(|policy| policy.require = vec!["*/prod/db".parse().unwrap()]);
    one_way(&base, &policy(), &["`*/prod/db` is not required any more"]);
    let none = changed(|policy| policy.deploy_ref = "none".parse().unwrap());
    one_way(&policy(), &none, &["deploy-ref is none instead of origin/main"]);
    let other = changed(|policy| policy.deploy_ref = "origin/other".parse().unwrap());
    told(&policy(), &other, &["deploy-ref is origin/other instead of origin/main"]);
    let (old, new) = (crate::checks::samples::store_id(1), crate::checks::samples::store_id(2));
    let moved = changed(|policy| policy.store = new);
    told(
        &policy(),
        &moved,
        &[&format!("the store is {new} instead of {old}: what was sealed for another one fits")],
    );
}
