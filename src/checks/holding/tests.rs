use super::*;
use crate::checks::samples::{
    NOW, actor, actors, file_of, policy, record_of, seal_to, sealed_key, sealed_of, secret, setting_at,
    shared_key, stanza, store_id,
};
use crate::domain::digest::Digest;
use crate::domain::facts::{PreviousValue, Recomputed};
use crate::domain::finding::Unknown;
use crate::domain::key::Fingerprint;

fn judged(policy: &Policy, secret: &SecretFacts) -> Row {
    row(&setting_at(NOW), policy, secret)
}

/// `name=standing`, with `/shared` where it is held through a shared key.
fn cells_of(row: &Row) -> Vec<String> {
    (row.cells.iter())
        .map(|(name, cell)| {
            let mut text = format!("{name}={}", cell.holding.as_str());
            for shared in &cell.through {
                text.push('/');
                text.push_str(shared.as_str());
            }
            text
        })
        .collect()
}

fn people_of(row: &Row) -> Vec<&str> {
    row.people.iter().map(ActorName::as_str).collect()
}

fn named(name: &str, key: &str) -> (ActorName, Fingerprint) {
    (actor(name), Fingerprint::of(key.as_bytes()))
}

fn recomputed(proved: &[(&str, &str)]) -> Recomputed {
    Recomputed {
        ends: crate::domain::value_end::ValueEnds::default(),
        proved: proved.iter().map(|(name, key)| named(name, key)).collect(),
        plausible: BTreeSet::new(),
        missing: Vec::new(),
        surplus: Vec::new(),
        previous_value: Ok(PreviousValue::None),
    }
}

const ALL: [(&str, &str); 3] = [("alice", "alice-1"), ("bob", "bob-1"), ("ci", "ci-1")];

#[test]
fn a_header_that_fits_is_plausible_and_machines_do_not_count() {
    let row = judged(&policy(), &secret());
    assert_eq!(cells_of(&row), ["alice=plausible", "bob=plausible", "ci=plausible"]);
    assert_eq!(
        (people_of(&row), row.grade, row.standing),
        (vec!["alice", "bob"], Some(Grade::Plausible), Standing::Enough)
    );
    assert_eq!(row.doubts, [""; 0]);
}

#[test]
fn one_person_and_nobody() {
    for (keys, people, standing) in [
        (&[("alice", &["alice-1"][..]), ("ci", &["ci-1"])][..], vec!["alice"], Standing::Alone),
        (&[("ci", &["ci-1"])], vec![], Standing::Nobody),
    ] {
        let mut secret = secret();
        seal_to(&mut secret, keys);
        let row = judged(&policy(), &secret);
        assert_eq!((people_of(&row), row.standing), (people, standing));
        assert_eq!(row.alone().is_some(), standing == Standing::Alone);
        // Policy's infra names bob, and it is not sealed to him.
        assert!(cells_of(&row).contains(&"bob=left-out".to_owned()));
    }
}

#[test]
fn a_pair_that_is_not_bound_is_claimed_only() {
    type Way = (&'static str, fn(&mut SecretFacts));
    let ways: [Way; 6] = [
        ("no binding", |s| file_of(s).binding = Binding::Absent),
        ("malformed", |s| file_of(s).binding = Binding::Malformed("it is not the first")),
        ("another record's", |s| s.binding_expected = Some(Digest::of(b"other"))),
        ("another file", |s| record_of(s).digest = Digest::of(b"other")),
        ("another name", |s| sealed_of(s).name = "web/staging/db".parse().unwrap()),
        ("another store", |s| sealed_of(s).store = store_id(2)),
    ];
    for (what, spoil) in ways {
        let mut secret = secret();
        spoil(&mut secret);
        let row = judged(&policy(), &secret);
        assert_eq!(cells_of(&row), ["alice=claimed", "bob=claimed", "ci=claimed"], "{what}");
        assert_eq!(row.grade, Some(Grade::Claimed), "{what}");
        assert!(!row.doubts.is_empty(), "{what}");
        // A proof can't make it better.
        secret.proof = Proof::Recomputed(recomputed(&ALL));
        assert_eq!(judged(&policy(), &secret).grade, Some(Grade::Claimed), "{what}");
    }
}

#[test]
fn a_header_that_does_not_fit_is_claimed_only() {
    for (stanzas, alice) in [(4, "alice=claimed"), (2, "alice=claimed"), (0, "alice=left-out")] {
        let mut secret = secret();
        file_of(&mut secret).stanzas = vec![stanza("X25519", &["x"]); stanzas];
        let row = judged(&policy(), &secret);
        assert!(cells_of(&row).contains(&alice.to_owned()), "{stanzas}: {:?}", cells_of(&row));
        assert_eq!(row.grade, Some(Grade::Claimed), "{stanzas}");
        assert!(!row.doubts.is_empty(), "{stanzas}");
        assert_eq!(row.standing, if stanzas == 0 { Standing::Nobody } else { Standing::Enough }, "{stanzas}");
    }
}

#[test]
fn people_behind_a_shared_key_hold_it_through_that_key() {
    let mut policy = policy();
    policy.shared_keys.insert(actor("team"), shared_key(&["team-1"], &["alice", "carol"]));
    let mut secret = secret();
    seal_to(&mut secret, &[("alice", &["alice-1"]), ("bob", &["bob-1"]), ("team", &["team-1"])]);
    policy.defaults.readers = Some(actors(&["alice", "bob", "team"]));
    let row = judged(&policy, &secret);
    assert_eq!(
        cells_of(&row),
        ["alice=plausible", "bob=plausible", "carol=plausible/team", "ci=exposed", "team=plausible"]
    );
    assert_eq!(people_of(&row), ["alice", "bob", "carol"]);

    // Where the shared key is proved and her own is not there, she holds it through the shared one.
    let mut found = recomputed(&[("bob", "bob-1"), ("team", "team-1")]);
    found.missing = vec![(actor("alice"), sealed_key("alice-1"))];
    secret.proof = Proof::Recomputed(found);
    let row = judged(&policy, &secret);
    assert_eq!(cells_of(&row)[0], "alice=proved/team");
    assert_eq!(row.grade, Some(Grade::Claimed), "a key that the record names is not there");
}

#[test]
fn who_left_and_whose_key_was_exchanged_count_for_nobody() {
    let mut policy = policy();
    policy.people.remove(&actor("bob"));
    policy.groups.clear();
    policy.defaults.readers = Some(actors(&["alice", "ci"]));
    let mut secret = secret();
    seal_to(&mut secret, &[("alice", &["alice-0"]), ("bob", &["bob-1"]), ("ci", &["ci-1"])]);
    let row = judged(&policy, &secret);
    assert_eq!(cells_of(&row), ["alice=unlisted", "bob=unlisted", "ci=plausible"]);
    assert_eq!(row.standing, Standing::Nobody);
    assert!(
        row.doubts.iter().any(|doubt| doubt.contains("bob, whom policy no longer knows")),
        "{:?}",
        row.doubts
    );
}

#[test]
fn who_could_open_it_once_is_no_holder() {
    let mut secret = secret();
    sealed_of(&mut secret)
        .exposed_to
        .insert(actor("carol"), [Fingerprint::of(b"carol-1")].into_iter().collect());
    let row = judged(&policy(), &secret);
    assert_eq!(cells_of(&row), ["alice=plausible", "bob=plausible", "carol=exposed", "ci=plausible"]);
    assert_eq!(people_of(&row), ["alice", "bob"]);
}

#[test]
fn proofs() {
    let (mut secret, policy) = (secret(), policy());
    secret.proof = Proof::Recomputed(recomputed(&ALL));
    let row = judged(&policy, &secret);
    assert_eq!((cells_of(&row)[1].as_str(), row.grade), ("bob=proved", Some(Grade::Proved)));

    let mut opaque = recomputed(&[ALL[0], ALL[2]]);
    opaque.plausible.insert(named("bob", "bob-1"));
    secret.proof = Proof::Recomputed(opaque);
    let row = judged(&policy, &secret);
    assert_eq!((cells_of(&row)[1].as_str(), row.grade), ("bob=plausible", Some(Grade::Plausible)));
    assert_eq!(row.standing, Standing::Enough);

    // The record names bob, and the stanza that looks like his is somebody else's.
    let mut false_stanza = recomputed(&[ALL[0], ALL[2]]);
    false_stanza.missing = vec![(actor("bob"), sealed_key("bob-1"))];
    false_stanza.surplus = vec![stanza("X25519", &["b"])];
    secret.proof = Proof::Recomputed(false_stanza);
    let row = judged(&policy, &secret);
    assert_eq!(cells_of(&row), ["alice=proved", "bob=left-out", "ci=proved"]);
    assert_eq!((row.standing, row.grade), (Standing::Alone, Some(Grade::Claimed)));

    // A key of which the proof says nothing at all does not count either.
    secret.proof = Proof::Recomputed(recomputed(&[ALL[0], ALL[2]]));
    let row = judged(&policy, &secret);
    assert_eq!((cells_of(&row)[1].as_str(), row.standing), ("bob=claimed", Standing::Alone));

    let mut surplus = recomputed(&ALL);
    surplus.surplus = vec![stanza("x-grease", &[])];
    secret.proof = Proof::Recomputed(surplus);
    assert_eq!(judged(&policy, &secret).grade, Some(Grade::Claimed));

    secret.proof = Proof::Broken("the payload is cut off".to_owned());
    assert_eq!(cells_of(&judged(&policy, &secret))[0], "alice=claimed");
    for (required, unopened) in [(true, true), (false, false)] {
        secret.proof = Proof::NotOpened { why: "none of your identities opens it".to_owned(), required };
        let row = judged(&policy, &secret);
        assert_eq!((row.grade, row.unopened.is_some()), (Some(Grade::Plausible), unopened));
    }
}

#[test]
fn what_cannot_be_read_is_unknown() {
    let cut_off = || Unknown::new("secrets/web/prod/db.json", "is cut off");
    let ways: [fn(&mut SecretFacts, Unknown); 4] = [
        |s, unknown| s.record = Err(unknown),
        |s, unknown| s.sealed = Err(unknown),
        |s, _| s.record = Ok(None),
        |s, _| s.sealed = Ok(None),
    ];
    for spoil in ways {
        let mut secret = secret();
        spoil(&mut secret, cut_off());
        let row = judged(&policy(), &secret);
        assert_eq!((row.standing, row.grade), (Standing::Unknown, None));
        assert!(row.unknown.is_some() && row.cells.is_empty());
    }
}

#[test]
fn a_proof_is_of_the_one_key_and_not_of_its_neighbours() {
    let (mut policy, mut secret) = (policy(), secret());
    let second = crate::checks::samples::key(KeyKind::X25519, "alice-2");
    policy.people.get_mut(&actor("alice")).unwrap().keys.push(second);
    seal_to(&mut secret, &[("alice", &["alice-1", "alice-2"]), ("bob", &["bob-1"]), ("ci", &["ci-1"])]);
    let mut found = recomputed(&[("bob", "bob-1"), ("ci", "ci-1")]);
    found.missing = vec![(actor("alice"), sealed_key("alice-1"))];
    secret.proof = Proof::Recomputed(found);
    // Of her second key nothing is known, and that is less than that it is missing.
    assert_eq!(cells_of(&judged(&policy, &secret)), ["alice=claimed", "bob=proved", "ci=proved"]);
}

#[test]
fn an_ssh_key_is_known_by_its_tag() {
    let ssh = |label: &str| SealedKey { kind: KeyKind::SshEd25519, ..sealed_key(label) };
    let (mut policy, mut secret) = (policy(), secret());
    for (name, label) in [("alice", "alice-ssh"), ("bob", "bob-ssh")] {
        policy.people.get_mut(&actor(name)).unwrap().keys =
            vec![crate::checks::samples::key(KeyKind::SshEd25519, label)];
        sealed_of(&mut secret).keys.insert(actor(name), [ssh(label)].into_iter().collect());
    }
    let tag = Fingerprint::of(b"bob-ssh").ssh_tag().unwrap();
    file_of(&mut secret).stanzas = vec![stanza("ssh-ed25519", &[&tag, "x"]), stanza("X25519", &["x"])];
    // Hers is the one that is too few, whatever the number.
    assert_eq!(cells_of(&judged(&policy, &secret)), ["alice=left-out", "bob=claimed", "ci=claimed"]);
}

#[test]
fn who_is_behind_several_shared_keys_holds_it_through_all_that_tell_as_much() {
    let (mut policy, mut secret) = (policy(), secret());
    let keys = ["crew", "duo", "team"];
    for name in keys {
        policy.shared_keys.insert(actor(name), shared_key(&[&format!("{name}-1")], &["carol"]));
    }
    seal_to(&mut secret, &[("crew", &["crew-1"]), ("duo", &["duo-1"]), ("team", &["team-1"])]);
    policy.defaults.readers = Some(actors(&keys));
    assert!(cells_of(&judged(&policy, &secret)).contains(&"carol=plausible/crew/duo/team".to_owned()));
    secret.proof = Proof::Recomputed(recomputed(&[("crew", "crew-1"), ("team", "team-1")]));
    assert!(cells_of(&judged(&policy, &secret)).contains(&"carol=proved/crew/team".to_owned()));
}
