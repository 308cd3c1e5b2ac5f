use super::*;
use crate::checks::samples::tracked::{CLAIMS, FILE, access, file, sealed_in};
use crate::checks::samples::{NOW, actor, actors, key, policy, setting_at, shared_key};
use crate::domain::foreign::{Damage, SealedFormat};
use crate::domain::key::{KeyKind, PublicKey};
use crate::domain::policy::SharedKey;

const KMS: &str = "projects/p/locations/global/keyRings/r/cryptoKeys/k";

/// Behind `cloud`, a KMS key, are bob and carol; behind `vault`, a password, alice and bob.
fn with_shared() -> Policy {
    let mut policy = policy();
    for (name, kind, text, people) in [
        ("cloud", KeyKind::Kms, KMS, ["bob", "carol"]),
        ("vault", KeyKind::Opaque, "ansible-vault:prod", ["alice", "bob"]),
    ] {
        let key = PublicKey { kind, ..key(KeyKind::X25519, text) };
        policy.shared_keys.insert(actor(name), SharedKey { keys: vec![key], ..shared_key(&[], &people) });
    }
    policy
}

fn kms() -> ForeignKey {
    ForeignKey::Kms(KMS.to_owned())
}

fn age(label: &str) -> ForeignKey {
    ForeignKey::Age(label.to_owned())
}

fn password() -> ForeignKey {
    ForeignKey::Opaque("ansible-vault:prod".to_owned())
}

fn stanza() -> ForeignKey {
    ForeignKey::Anonymous("X25519".to_owned())
}

fn sealed_to(threshold: usize, groups: &[&[ForeignKey]]) -> FileFacts {
    let mut file = file();
    let groups = groups.iter().map(|group| group.to_vec()).collect();
    sealed_in(&mut file).access = Access { groups, threshold };
    file
}

fn judged(file: &FileFacts) -> Row {
    file_row(&setting_at(NOW), &with_shared(), file)
}

/// `name=standing`, with `/shared` where it is held through a shared key.
fn cells_of(row: &Row) -> Vec<String> {
    let told = |(name, cell): (&ActorName, &Cell)| {
        let through = cell.through.iter().map(ToString::to_string).collect::<Vec<_>>();
        let through = if through.is_empty() { String::new() } else { format!("/{}", through.join("/")) };
        format!("{name}={}{through}", cell.holding.as_str())
    };
    row.cells.iter().map(told).collect()
}

const CLAIM: &str = "the file does not name all who can open it: of some only policy or a record says so";

#[test]
fn who_holds_it_and_how_much_is_known() {
    type Expected<'a> = (&'a [&'a str], Standing, Option<Grade>, &'a [&'a str]);
    let rows: [(usize, &[&[ForeignKey]], Expected<'_>); 9] = [
        (
            1,
            &[&[age("alice-1"), age("bob-1"), age("ci-1")]],
            (
                &["alice=plausible", "bob=plausible", "ci=plausible"],
                Standing::Enough,
                Some(Grade::Plausible),
                &[],
            ),
        ),
        (
            1,
            &[&[kms()]],
            (
                &["bob=plausible/cloud", "carol=plausible/cloud", "cloud=plausible"],
                Standing::Enough,
                Some(Grade::Plausible),
                &[],
            ),
        ),
        // A key of one's own is the shorter way.
        (
            1,
            &[&[kms(), age("bob-1")]],
            (
                &["bob=plausible", "carol=plausible/cloud", "cloud=plausible"],
                Standing::Enough,
                Some(Grade::Plausible),
                &[],
            ),
        ),
        (
            1,
            &[&[password()]],
            (
                &["alice=claimed/vault", "bob=claimed/vault", "vault=claimed"],
                Standing::Enough,
                Some(Grade::Claimed),
                &[CLAIM],
            ),
        ),
        // What is named counts for more, person by person.
        (
            1,
            &[&[password(), age("alice-1")]],
            (
                &["alice=plausible", "bob=claimed/vault", "vault=claimed"],
                Standing::Enough,
                Some(Grade::Claimed),
                &[CLAIM],
            ),
        ),
        (1, &[&[age("ci-1")]], (&["ci=plausible"], Standing::Nobody, Some(Grade::Plausible), &[])),
        (
            1,
            &[&[age("alice-1"), age("mallory-1")]],
            (
                &["alice=plausible"],
                Standing::Alone,
                Some(Grade::Plausible),
                &[
                    "sealed to mallory-1, which is nobody's in policy; say whose it is: [people.NAME] keys = [\"mallory-1\"]",
                ],
            ),
        ),
        // carol has a part only, and the machine too little.
        (
            2,
            &[&[age("alice-1"), age("ci-1")], &[age("alice-1"), kms()]],
            (
                &["alice=plausible"],
                Standing::Alone,
                Some(Grade::Plausible),
                &["bob and carol open it only together with others (2 of 2 key groups)"],
            ),
        ),
        (
            2,
            &[&[kms()], &[kms()]],
            (
                &["bob=plausible/cloud", "carol=plausible/cloud", "cloud=plausible"],
                Standing::Enough,
                Some(Grade::Plausible),
                &[],
            ),
        ),
    ];
    for (threshold, groups, (cells, standing, grade, doubts)) in rows {
        let row = judged(&sealed_to(threshold, groups));
        assert_eq!(cells_of(&row), cells, "{threshold} {groups:?}");
        assert_eq!((row.standing, row.grade), (standing, grade), "{groups:?}");
        assert_eq!(row.doubts, doubts, "{groups:?}");
        assert_eq!(row.secret.as_str(), FILE);
    }
}

/// Stanzas that don't say whose they are: of them only the record tells.
#[test]
fn readers_that_the_record_claims() {
    let mut file = sealed_to(1, &[&[stanza(), stanza()]]);
    let row = judged(&file);
    assert_eq!((cells_of(&row), row.standing, row.grade), (vec![], Standing::Nobody, None));
    assert!(row.doubts[0].contains(&format!("write who can open it into {CLAIMS}")), "{:?}", row.doubts);
    file.claimed_readers = actors(&["alice", "bob"]);
    let row = judged(&file);
    assert_eq!(cells_of(&row), ["alice=claimed", "bob=claimed"]);
    assert_eq!(
        (row.standing, row.grade, row.doubts),
        (Standing::Enough, Some(Grade::Claimed), vec![CLAIM.to_owned()])
    );
    // As many keys as stanzas, or nobody's.
    file.claimed_readers = actors(&["alice", "bob", "carol"]);
    let row = judged(&file);
    assert_eq!((cells_of(&row), row.standing), (vec![], Standing::Nobody));
    assert!(row.doubts[0].contains("has 2 stanzas of type X25519"), "{:?}", row.doubts);
}

#[test]
fn the_number_of_people_that_policy_asks_of_the_file() {
    let mut policy = with_shared();
    policy.defaults.min_people = Some(3);
    let row = file_row(&setting_at(NOW), &policy, &file());
    assert_eq!((row.standing, row.min_people), (Standing::TooFew, 3));
}

#[test]
fn what_cannot_be_read_is_unknown() {
    type Spoil = fn(&mut FileFacts);
    let rows: [(Spoil, &str); 5] = [
        (|file| file.contents = Err(Unknown::new(FILE, "permission denied")), "permission denied"),
        (|file| file.secrets = Err(Unknown::new(CLAIMS, "line 3: no TOML")), "line 3: no TOML"),
        (|file| file.contents = Ok(None), "there is no such file here, and a record of it"),
        (
            |file| file.contents = Ok(Some(Contents::Plain("no `sops` in it".to_owned()))),
            "is not sealed (no `sops` in it)",
        ),
        (
            |file| {
                let (format, why) = (SealedFormat::SopsYaml, "it is cut off".to_owned());
                file.contents = Ok(Some(Contents::Damaged(Damage { format, why })));
            },
            "looks like sops-yaml, and can't be read: it is cut off",
        ),
    ];
    for (spoil, why) in rows {
        let mut file = file();
        sealed_in(&mut file).access = access(1, &[&["alice-1", "bob-1"]]);
        spoil(&mut file);
        let row = judged(&file);
        assert_eq!((row.standing, row.grade), (Standing::Unknown, None));
        assert_eq!(row.unknown.map(|unknown| unknown.why), Some(why.to_owned()));
        assert_eq!(row.cells, BTreeMap::new());
    }
}
