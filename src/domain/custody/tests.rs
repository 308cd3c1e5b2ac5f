use super::*;
use crate::domain::digest::Digest;
use crate::domain::facts::{Deployed, PreviousValue, Stanza};
use crate::domain::id::{StoreId, VersionId};
use crate::domain::json::{SortedSet, UniqueMap};
use crate::domain::key::KeyKind;
use crate::domain::policy::tests::bare;
use crate::domain::policy::{Machine, Person, SharedKey};
use crate::domain::record::{About, Format, Record, SealedKey, Version};
use crate::domain::value_end::ValueEnds;

fn actor(name: &str) -> ActorName {
    name.parse().unwrap()
}

fn key(text: &str) -> PublicKey {
    PublicKey {
        kind: if text.starts_with("kms") { KeyKind::Kms } else { KeyKind::X25519 },
        text: text.to_owned(),
        comment: None,
        recipient_bytes: Vec::new(),
        fingerprint: fingerprint(text),
        montgomery: None,
    }
}

fn fingerprint(text: &str) -> Fingerprint {
    Fingerprint::of(text.as_bytes())
}

/// al has a laptop and a phone, bo and cy a laptop each, dee only a key that nothing is sealed to; the machine ci. Behind the
/// key `team` are al and bo, behind `cloud`, which opens only what others have sealed, bo and cy.
fn policy() -> Policy {
    let keys = |texts: &[&str]| texts.iter().map(|text| key(text)).collect::<Vec<_>>();
    let person = |name: &str, texts: &[&str]| {
        (actor(name), Person { keys: keys(texts), signing_keys: Vec::new(), contact: None })
    };
    let shared = |name: &str, text: &str, people: [&str; 2]| {
        (actor(name), SharedKey { keys: keys(&[text]), people: people.map(actor).into(), confirmed: None })
    };
    Policy {
        people: [
            person("al", &["al-laptop", "al-phone"]),
            person("bo", &["bo-laptop"]),
            person("cy", &["cy-laptop"]),
            person("dee", &["kms-dee"]),
        ]
        .into(),
        machines: [(actor("ci"), Machine { keys: keys(&["ci-key"]) })].into(),
        shared_keys: [shared("team", "team-key", ["al", "bo"]), shared("cloud", "kms-cloud", ["bo", "cy"])]
            .into(),
        ..bare()
    }
}

/// Whose keys they are: of `al-laptop`, al.
fn by_holder<T: Ord>(keys: &[&str], of: impl Fn(&str) -> T) -> UniqueMap<ActorName, SortedSet<T>> {
    let holders: BTreeSet<_> = keys.iter().map(|key| holder(key)).collect();
    let theirs = |one: &ActorName| keys.iter().filter(|key| holder(key) == *one).map(|key| of(key)).collect();
    holders.into_iter().map(|one| (one.clone(), theirs(&one))).collect()
}

fn holder(key: &str) -> ActorName {
    actor(key.split('-').next().unwrap())
}

fn sealed_key(text: &str) -> SealedKey {
    SealedKey { kind: KeyKind::X25519, fingerprint: fingerprint(text), stanza: None }
}

/// `exposed` could open it at some time.
fn sealed(keys: &[&str], exposed: &[&str]) -> Sealed {
    let set_at = "2026-01-01".parse().unwrap();
    Sealed {
        name: "web/db".parse().unwrap(),
        store: bare().store,
        format: Format::Text,
        version: Version { id: VersionId::from_parts(set_at, 1), number: 1, set_at, set_by: actor("al") },
        issued: None,
        expires: None,
        readers: keys.iter().map(|key| holder(key)).collect(),
        exposed_to: by_holder(exposed, fingerprint),
        keys: by_holder(keys, sealed_key),
        seal: 1,
        previous: None,
        rotator: None,
        probe: None,
    }
}

fn names(people: &BTreeSet<ActorName>) -> String {
    people.iter().map(ActorName::as_str).collect::<Vec<_>>().join(" ")
}

#[test]
fn who_can_open_it() {
    for (keys, people) in [
        (&[][..], ""),
        (&["al-laptop"], "al"),
        (&["al-laptop", "al-phone"], "al"),
        (&["al-laptop", "bo-laptop"], "al bo"),
        // One key of several is enough, and one that is not theirs any more is none.
        (&["al-stolen", "al-phone"], "al"),
        (&["al-stolen", "bo-laptop"], "bo"),
        (&["ci-key"], ""),
        (&["team-key"], "al bo"),
        (&["team-old"], ""),
        (&["cy-laptop", "team-key"], "al bo cy"),
        // Nobody whom policy knows.
        (&["eve-laptop", "cy-laptop"], "cy"),
    ] {
        assert_eq!(names(&super::people(&sealed(keys, &[]), &policy())), people, "{keys:?}");
    }
}

fn recomputed(proved: &[&str], plausible: &[&str], missing: &[&str], surplus: usize) -> Recomputed {
    let of = |keys: &[&str]| keys.iter().map(|key| (holder(key), fingerprint(key))).collect();
    let stanza = Stanza { kind: "X25519".to_owned(), args: Vec::new(), digest: Digest::of(b"stanza") };
    Recomputed {
        proved: of(proved),
        plausible: of(plausible),
        missing: missing.iter().map(|key| (holder(key), sealed_key(key))).collect(),
        surplus: vec![stanza; surplus],
        previous_value: Ok(PreviousValue::None),
        ends: ValueEnds::default(),
    }
}

fn not_opened() -> Proof {
    Proof::NotOpened { why: "no\nidentity".to_owned(), required: false }
}

#[test]
fn a_proof_takes_people_away_and_adds_none() {
    let sealed = sealed(&["al-laptop", "bo-laptop", "team-key"], &[]);
    for (proved, plausible, people) in [
        (&["al-laptop", "bo-laptop"][..], &[][..], "al bo"),
        (&["al-laptop"], &["bo-laptop"], "al bo"),
        (&["al-laptop"], &[], "al"),
        (&[], &["al-laptop"], "al"),
        (&[], &["team-key"], "al bo"),
        (&["al-phone", "cy-laptop"], &["bo-stolen"], ""),
        (&[], &[], ""),
    ] {
        let proof = Proof::Recomputed(recomputed(proved, plausible, &[], 0));
        let found = proved_people(&sealed, &policy(), &proof);
        assert_eq!(names(&found), people, "{proved:?} {plausible:?}");
    }
    for proof in [Proof::NotAsked, not_opened(), Proof::Broken("its MAC".to_owned())] {
        assert_eq!(names(&proved_people(&sealed, &policy(), &proof)), "al bo", "{proof:?}");
    }
}

fn facts(proof: Proof) -> SecretFacts {
    let record = Record {
        schema: 1,
        sealed: sealed(&["al-laptop"], &[]),
        digest: Digest::of(b""),
        signatures: SortedSet::default(),
        rotation: None,
        about: About::default(),
    };
    SecretFacts {
        name: "web/db".parse().unwrap(),
        record_path: "secrets/web/db.json".to_owned(),
        sealed_path: "secrets/web/db.age".to_owned(),
        record: Ok(Some(record)),
        sealed: Ok(None),
        binding_expected: None,
        plaintext: Vec::new(),
        uncommitted: Ok(Vec::new()),
        deployed: Ok(Deployed::Same),
        rescued: Ok(Vec::new()),
        signatures: Ok(Vec::new()),
        newest_seal: Ok(None),
        proof,
    }
}

#[test]
fn what_a_proof_comes_to() {
    let of = |proved: &[&str], plausible: &[&str], missing: &[&str], surplus| {
        Proof::Recomputed(recomputed(proved, plausible, missing, surplus))
    };
    let gone = "no stanza in it is for the key of al and bo";
    let one_more = "1 stanza in it can't be recomputed from the keys in record and policy";
    for (proof, grade, why) in [
        (not_opened(), Grade::Unproven, r"no\nidentity"),
        (Proof::Broken("its MAC".to_owned()), Grade::Unproven, "it is not what it must be: its MAC"),
        (of(&["al-laptop"], &[], &[], 0), Grade::Proved, ""),
        (
            of(&["al-laptop"], &["bo-laptop", "bo-phone"], &[], 0),
            Grade::Plausible,
            "for keys of bo age gives nothing that could be recomputed",
        ),
        (of(&["cy-laptop"], &[], &["bo-laptop", "al-laptop", "al-phone"], 0), Grade::Unproven, gone),
        (of(&["al-laptop"], &["bo-laptop"], &[], 1), Grade::Unproven, one_more),
        (of(&[], &[], &["al-laptop", "bo-laptop"], 1), Grade::Unproven, &format!("{gone}; {one_more}")),
    ] {
        let found = super::grade(&facts(proof), &policy()).unwrap();
        assert_eq!(found.secret.as_str(), "web/db");
        assert_eq!((found.grade, found.why.unwrap_or_default().as_str()), (grade, why));
    }
    assert_eq!(super::grade(&facts(Proof::NotAsked), &policy()), None);
}

/// Every key of it may be recomputed, and it is still no proof of the secret that it is taken for.
#[test]
fn the_proof_of_another_secret_is_none() {
    let proved = || facts(Proof::Recomputed(recomputed(&["al-laptop"], &[], &[], 0)));
    let graded = |change: &dyn Fn(&mut Sealed)| {
        let mut facts = proved();
        change(&mut facts.record.as_mut().unwrap().as_mut().unwrap().sealed);
        let found = super::grade(&facts, &policy()).unwrap();
        (found.grade, found.why)
    };
    assert_eq!(graded(&|_| {}), (Grade::Proved, None));
    let moved = graded(&|sealed| sealed.name = "web/other".parse().unwrap());
    assert_eq!(moved, (Grade::Unproven, Some("sealed under the name web/other".to_owned())));
    let carried_over = graded(&|sealed| sealed.store = StoreId::from_parts("2026-02-01".parse().unwrap(), 7));
    assert_eq!(carried_over, (Grade::Unproven, Some("sealed for another store".to_owned())));
}

#[test]
fn who_could_open_it_if_it_were_sealed_to_them() {
    for (readers, people) in [
        (&["al", "bo"][..], "al bo"),
        (&["ci"], ""),
        (&["team"], "al bo"),
        // To their keys nothing can be sealed.
        (&["cy", "dee"], "cy"),
        (&["cloud"], ""),
        (&["al", "eve"], "al"),
    ] {
        let readers = readers.iter().map(|name| actor(name)).collect();
        assert_eq!(names(&people_behind(&policy(), &readers)), people, "{readers:?}");
    }
}

#[test]
fn what_somebody_knows_who_left_or_with_a_key_that_was_removed() {
    let key_of = |key: &str| Departed::Key(holder(key), fingerprint(key));
    for (exposed, departed) in [
        (&["al-laptop", "al-phone", "ci-key", "team-key"][..], vec![]),
        (&["eve-laptop", "eve-phone"], vec![Departed::Actor(actor("eve"))]),
        (&["al-stolen", "al-phone"], vec![key_of("al-stolen")]),
        (&["ci-old"], vec![key_of("ci-old")]),
        (&["team-old"], vec![key_of("team-old")]),
    ] {
        let sealed = sealed(&[], exposed);
        let found = exposures(&sealed, &policy());
        assert!(found.iter().all(|one| one.secret == sealed.name && one.set_at == sealed.version.set_at));
        let found: Vec<_> = found.into_iter().map(|one| one.departed).collect();
        assert_eq!(found, departed, "{exposed:?}");
    }
}

/// Those behind a shared key are exposed with its fingerprint. That tells nothing of their own keys.
#[test]
fn a_shared_key_is_no_lost_key_of_those_behind_it() {
    let told = |of: &[(&str, &[&str])]| {
        let mut sealed = sealed(&[], &[]);
        for (name, keys) in of {
            sealed.exposed_to.insert(actor(name), keys.iter().map(|key| fingerprint(key)).collect());
        }
        let departed = exposures(&sealed, &policy()).into_iter().map(|one| one.departed);
        departed.collect::<Vec<_>>()
    };
    let key_of = |name: &str, key: &str| Departed::Key(actor(name), fingerprint(key));
    assert_eq!(told(&[("al", &["team-key"])]), []);
    // It was exchanged: once, under its own name.
    assert_eq!(
        told(&[("al", &["team-old"]), ("bo", &["team-old"]), ("team", &["team-old"])]),
        [key_of("team", "team-old")]
    );
    // Neither is cy behind that key, nor is it known whose the last one was.
    assert_eq!(told(&[("cy", &["team-key"])]), [key_of("cy", "team-key")]);
    assert_eq!(
        told(&[("cy", &["team-old"]), ("team", &["team-old"])]),
        [key_of("cy", "team-old"), key_of("team", "team-old")]
    );
    assert_eq!(told(&[("al", &["al-stolen"]), ("team", &["team-key"])]), [key_of("al", "al-stolen")]);
}
