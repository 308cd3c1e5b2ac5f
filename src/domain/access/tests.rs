use super::*;
use crate::domain::key::Fingerprint;
use crate::domain::policy::tests::bare;
use crate::domain::policy::{Machine, Person, SharedKey};

fn actor(name: &str) -> ActorName {
    name.parse().unwrap()
}

/// A key of the kind that its text looks like.
fn key(text: &str) -> PublicKey {
    let kind = match text.split([':', ' ', '-', '/']).next().unwrap() {
        "ssh" => KeyKind::SshEd25519,
        "pgp" => KeyKind::Pgp,
        "projects" | "arn" | "https" => KeyKind::Kms,
        "ansible" | "git" | "age" => KeyKind::Opaque,
        "age1yubikey1a" => KeyKind::Plugin("yubikey".to_owned()),
        _ => KeyKind::X25519,
    };
    PublicKey {
        kind,
        text: text.to_owned(),
        comment: None,
        recipient_bytes: text.as_bytes().to_vec(),
        fingerprint: Fingerprint::of(text.as_bytes()),
        montgomery: None,
    }
}

const LONG: &str = "3D16CEE4A27381B4";
const FULL: &str = "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4";
const KMS: &str = "projects/p/locations/global/keyRings/r/cryptoKeys/k";
const AZURE: &str = "https://v.vault.azure.net/keys/k";

/// alice has an age and an ssh key, bob an age and an `OpenPGP` key, carol an `OpenPGP` key only, dave a hardware key; the
/// machine ci has a key of its own. Behind the key `team` are alice and bob, behind `cloud` bob and carol.
fn policy() -> Policy {
    let keys = |texts: &[&str]| texts.iter().map(|text| key(text)).collect::<Vec<_>>();
    let person = |texts: &[&str]| Person { keys: keys(texts), signing_keys: Vec::new(), contact: None };
    let shared = |texts: &[&str], people: &[&str]| SharedKey {
        keys: keys(texts),
        people: people.iter().map(|name| actor(name)).collect(),
        confirmed: None,
    };
    Policy {
        people: BTreeMap::from([
            (actor("alice"), person(&["age1alice", "ssh-ed25519 AAAA"])),
            (actor("bob"), person(&["age1bob", &format!("pgp:{FULL}")])),
            (actor("carol"), person(&["pgp:0000000000000000000000000000000000000001"])),
            (actor("dave"), person(&["age1yubikey1a"])),
        ]),
        machines: BTreeMap::from([(actor("ci"), Machine { keys: keys(&["age1ci"]) })]),
        shared_keys: BTreeMap::from([
            (actor("cloud"), shared(&[KMS], &["bob", "carol"])),
            (actor("team"), shared(&["ansible-vault:prod", AZURE], &["alice", "bob"])),
        ]),
        groups: BTreeMap::from([(actor("infra"), [actor("alice"), actor("bob"), actor("ci")].into())]),
        ..bare()
    }
}

/// The key that a text stands for in a file.
fn found(text: &str) -> ForeignKey {
    if let Some(kind) = text.strip_prefix('?') {
        return ForeignKey::Anonymous(kind.to_owned());
    }
    if let Some(tag) = text.strip_prefix('#') {
        return ForeignKey::SshTag(tag.to_owned());
    }
    match key(text).kind {
        KeyKind::Kms => ForeignKey::Kms(text.to_owned()),
        KeyKind::Opaque => ForeignKey::Opaque(text.to_owned()),
        KeyKind::Pgp => ForeignKey::Pgp(text[4..].to_owned()),
        KeyKind::X25519 | KeyKind::SshEd25519 | KeyKind::SshRsa | KeyKind::Plugin(_) => {
            ForeignKey::Age(text.to_owned())
        }
    }
}

fn access(threshold: usize, groups: &[&[&str]]) -> Access {
    let groups = groups.iter().map(|group| group.iter().map(|text| found(text)).collect()).collect();
    Access { groups, threshold }
}

fn names(names: &BTreeSet<ActorName>) -> String {
    names.iter().map(ActorName::as_str).collect::<Vec<_>>().join(" ")
}

/// In words: who opens it alone, who together, by which machines and shared keys, and what nobody has.
fn told(holders: &Holders) -> String {
    let mut parts = Vec::new();
    for (label, set) in [
        ("alone", &holders.alone),
        ("together", &holders.together),
        ("machines", &holders.machines),
        ("shared", &holders.shared),
    ] {
        if !set.is_empty() {
            parts.push(format!("{label} {}", names(set)));
        }
    }
    let unmatched: Vec<&str> = holders.unmatched.iter().map(ForeignKey::id).collect();
    if !unmatched.is_empty() {
        parts.push(format!("unmatched {}", unmatched.join(" ")));
    }
    parts.join("; ")
}

#[test]
fn keys_are_matched_by_what_names_them() {
    let policy = policy();
    let tag = format!("#{}", key("ssh-ed25519 AAAA").fingerprint.ssh_tag().unwrap());
    let version = |id: &str| format!("{KMS}/cryptoKeyVersions/{id}");
    for (text, expected) in [
        ("age1alice", "alone alice"),
        ("age1zoe", "unmatched age1zoe"),
        ("ssh-ed25519 AAAA", "alone alice"),
        ("ssh-ed25519 AAAA alice@laptop", "alone alice"),
        ("ssh-ed25519 AAAB", "unmatched ssh-ed25519 AAAB"),
        (&tag, "alone alice"),
        ("#AAAAAA", "unmatched AAAAAA"),
        (&format!("pgp:{FULL}"), "alone bob"),
        (&format!("pgp:{LONG}"), "alone bob"),
        // The begin is no id of a key of version 4, and eight digits are no id at all.
        (&format!("pgp:{}", &FULL[..16]), "unmatched FBC7B9E2A4F9289A"),
        (&format!("pgp:{}", &LONG[8..]), "unmatched A27381B4"),
        (KMS, "alone bob carol; shared cloud"),
        (&version("3"), "alone bob carol; shared cloud"),
        (&format!("{KMS}2"), &format!("unmatched {KMS}2")),
        (&format!("{AZURE}/0a1b"), "alone alice bob; shared team"),
        (&format!("{AZURE}2/0a1b"), &format!("unmatched {AZURE}2/0a1b")),
        ("ansible-vault:prod", "alone alice bob; shared team"),
        ("ansible-vault:dev", "unmatched ansible-vault:dev"),
        ("age1ci", "machines ci"),
        // Stanzas without a name are nobody's unless somebody is claimed.
        ("?X25519", "unmatched X25519"),
    ] {
        assert_eq!(told(&holders(&access(1, &[&[text]]), &policy, &[])), expected, "{text}");
    }
    // A text is compared with keys of its own kind only.
    let opaque = Access { groups: vec![vec![ForeignKey::Opaque("age1alice".to_owned())]], threshold: 1 };
    assert_eq!(told(&holders(&opaque, &policy, &[])), "unmatched age1alice");
}

#[test]
fn the_same_version_of_a_kms_key_on_both_sides_is_that_key() {
    let mut policy = policy();
    let version = |id: &str| format!("{KMS}/cryptoKeyVersions/{id}");
    policy.people.get_mut(&actor("dave")).unwrap().keys.push(key(&version("3")));
    for (id, expected) in [("3", "alone dave"), ("4", "alone bob carol; shared cloud")] {
        assert_eq!(told(&holders(&access(1, &[&[&version(id)]]), &policy, &[])), expected, "{id}");
    }
}

#[test]
fn only_a_key_of_their_own_names_an_actor() {
    let found = holders(&access(1, &[&["age1alice", "age1ci", KMS]]), &policy(), &[]);
    for (name, is) in [("alice", true), ("ci", true), ("cloud", true), ("bob", false), ("dave", false)] {
        assert_eq!(found.names(&actor(name)), is, "{name}");
    }
}

#[test]
fn a_name_that_fits_keys_of_several_is_nobodys() {
    let other = format!("pgp:{}{LONG}", "0".repeat(24));
    let mut policy = policy();
    policy.people.get_mut("carol").unwrap().keys.push(key(&other));
    let opened = |policy: &Policy, text: &str| told(&holders(&access(1, &[&[text]]), policy, &[]));
    assert_eq!(opened(&policy, &format!("pgp:{LONG}")), format!("unmatched {LONG}"));
    assert_eq!(opened(&policy, &other), "alone carol");
    assert_eq!(opened(&policy, &format!("pgp:{FULL}")), "alone bob");
    // Policy may know a key by its id alone, or by one version.
    let mut policy = super::tests::policy();
    policy.people.get_mut("bob").unwrap().keys = vec![key(&format!("pgp:{LONG}"))];
    policy.shared_keys.get_mut("cloud").unwrap().keys = vec![key(&format!("{KMS}/cryptoKeyVersions/1"))];
    assert_eq!(opened(&policy, &format!("pgp:{FULL}")), "alone bob");
    assert_eq!(opened(&policy, KMS), "alone bob carol; shared cloud");
    assert_eq!(
        opened(&policy, &format!("{KMS}/cryptoKeyVersions/2")),
        format!("unmatched {KMS}/cryptoKeyVersions/2")
    );
    // A long id of version 6 is the begin of the fingerprint.
    let six = format!("pgp:{LONG}{}", "0".repeat(48));
    policy.people.get_mut("bob").unwrap().keys = vec![key(&six)];
    assert_eq!(opened(&policy, &format!("pgp:{LONG}")), "alone bob");
    assert_eq!(opened(&policy, &format!("pgp:{}", "0".repeat(16))), format!("unmatched {}", "0".repeat(16)));
}

#[test]
fn groups_of_keys_open_together() {
    let policy = policy();
    for (threshold, groups, expected) in [
        (1, &[&["age1alice", "age1bob", "age1ci"][..]][..], "alone alice bob; machines ci"),
        (2, &[&["age1alice"], &["age1bob"]], "together alice bob"),
        // One is enough of several groups.
        (1, &[&["age1alice"], &["age1bob"]], "alone alice bob"),
        // 2 of 3.
        (2, &[&["age1alice"], &["age1bob"], &["age1yubikey1a"]], "together alice bob dave"),
        // Somebody with keys in two groups needs nobody, and two keys in one group are one part.
        (
            2,
            &[&["age1alice"], &["age1bob", "ssh-ed25519 AAAA"], &["age1ci"]],
            "alone alice; together bob; machines ci",
        ),
        (2, &[&["age1alice", "ssh-ed25519 AAAA"], &["age1bob"]], "together alice bob"),
        // A machine has the other part.
        (2, &[&["age1alice"], &["age1ci"]], "together alice; machines ci"),
        // The other parts are with people whom policy does not know: alice is not known to find them.
        (2, &[&["age1alice"], &["age1zoe"]], "unmatched age1zoe"),
        (3, &[&["age1alice"], &["age1bob"], &["age1zoe"]], "unmatched age1zoe"),
        // Who is behind a shared key counts as if it were theirs.
        (2, &[&[KMS], &["age1bob"]], "alone bob; together carol; shared cloud"),
        (2, &[&[KMS], &["ansible-vault:prod"]], "alone bob; together alice carol; shared cloud team"),
        (
            2,
            &[&[KMS, "ansible-vault:prod"], &["age1ci"]],
            "together alice bob carol; machines ci; shared cloud team",
        ),
        // Nothing can be said of more groups than there are, nor of none.
        (2, &[&["age1alice"]], ""),
        (1, &[], ""),
        (1, &[&[]], ""),
        // At least one is always needed.
        (0, &[&["age1alice"], &[]], "alone alice"),
        (1, &[&["age1zoe", "age1zoe", "age1a"]], "unmatched age1a age1zoe"),
    ] {
        let holders = holders(&access(threshold, groups), &policy, &[]);
        assert_eq!(told(&holders), expected, "{threshold} of {groups:?}");
        assert_eq!(holders.misfit, None);
    }
}

#[test]
fn stanzas_without_a_name_are_the_claimed_readers_if_their_number_fits() {
    let policy = policy();
    let of = |stanzas: &[&str], claimed: &[&str]| {
        let claimed: Vec<ActorName> = claimed.iter().map(|name| actor(name)).collect();
        let holders = holders(&access(1, &[stanzas]), &policy, &claimed);
        let misfit = holders.misfit.clone().unwrap_or_default();
        (told(&holders), misfit)
    };
    for (stanzas, claimed, expected) in [
        (&["?X25519", "?X25519"][..], &["alice", "bob"][..], "alone alice bob"),
        (&["?X25519", "?X25519", "?X25519"], &["infra"], "alone alice bob; machines ci"),
        // A plugin's stanza is of its own type, or of age's.
        (&["?X25519", "?piv-p256"], &["alice", "dave"], "alone alice dave"),
        (&["?X25519", "?X25519"], &["alice", "dave"], "alone alice dave"),
        // Who has no such key gets nothing by being claimed.
        (&["?X25519"], &["alice", "carol"], "alone alice"),
        (&["?X25519"], &[], "unmatched X25519"),
    ] {
        assert_eq!(of(stanzas, claimed), (expected.to_owned(), String::new()), "{stanzas:?} {claimed:?}");
    }
    for (stanzas, claimed, unmatched, misfit) in [
        (
            &["?X25519", "?X25519", "?X25519"][..],
            &["alice", "bob"][..],
            "unmatched X25519",
            "the file has 3 stanzas of type X25519, and its readers alice and bob have 2 such keys in policy",
        ),
        (
            &["?X25519"],
            &["alice", "bob"],
            "unmatched X25519",
            "the file has 1 stanza of type X25519, and its readers alice and bob have 2 such keys in policy",
        ),
        (
            &["?X25519"],
            &["carol"],
            "unmatched X25519",
            "the file has 1 stanza of type X25519, and its reader carol has no such key in policy",
        ),
        // alice has no plugin.
        (
            &["?piv-p256"],
            &["alice"],
            "unmatched piv-p256",
            "the file has 1 stanza of type piv-p256, and its reader alice has 1 such key in policy",
        ),
        (
            &["?X25519", "?X25519"],
            &["alice", "zoe"],
            "unmatched X25519",
            "whose its 2 stanzas are can't be told, because policy does not know zoe, who is said to read it",
        ),
    ] {
        assert_eq!(
            of(stanzas, claimed),
            (unmatched.to_owned(), misfit.to_owned()),
            "{stanzas:?} {claimed:?}"
        );
    }
    // Where the file names its keys, a claim adds nobody.
    assert_eq!(of(&["age1alice"], &["alice", "bob", "zoe"]), ("alone alice".to_owned(), String::new()));
    // What else is named in the file is matched all the same.
    assert_eq!(of(&["?X25519", "#AAAAAA"], &["bob"]).0, "alone bob; unmatched AAAAAA");
}
