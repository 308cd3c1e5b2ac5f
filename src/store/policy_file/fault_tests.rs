//! Each fault that a policy can have: what is said of it, and on which line.

use super::samples::{FULL, PARSERS};
use super::*;

/// What is replaced in the sample by what, a part of the line on which the fault then is, and what is said.
pub(super) type Case = (&'static str, &'static str, &'static str, &'static str);

pub(super) fn check(cases: &[Case]) {
    for (from, to, at, part) in cases {
        assert!(FULL.contains(from), "{from}");
        let text = FULL.replacen(from, to, 1);
        let offset = text.find(at).unwrap_or_else(|| panic!("{at} is not in the text"));
        let line = text[..offset].matches('\n').count() + 1;
        let found = parse(&text, "policy.toml", PARSERS).unwrap_err().to_string();
        let expected = format!("policy.toml:{line}: ");
        assert!(
            found.lines().any(|found| found.starts_with(&expected) && found.contains(part)),
            "{from:?} → {to:?} at line {line}:\n{found}"
        );
    }
}

#[test]
fn the_head() {
    check(&[
        ("schema = 1\n", "", "# The policy", "has no `schema`: write schema = 1"),
        ("schema = 1\n", "schema = 2\n", "schema = 2", "schema 2 is newer"),
        ("schema = 1\n", "schema = 0\n", "schema = 0", "write schema = 1"),
        ("schema = 1\n", "schema = \"1\"\n", "schema = ", "must be a whole number, not string"),
        ("store = \"01K3Y3Q5W0000000000000001A\"\n", "", "# The policy", "has no `store`"),
        ("01K3Y3Q5W0000000000000001A", "01JB…", "store = ", "is no id"),
        ("deploy-ref = \"origin/main\"\n", "", "# The policy", "deploy-ref = \"origin/main\""),
        ("\"origin/main\"", "\"main\"", "deploy-ref", "or none"),
        ("require = [\"*/prod/db\"]", "require = [\"a[\"]", "require", "is no glob"),
        ("require = [\"*/prod/db\"]", "require = []", "require", "or remove the key"),
        (
            "require = [\"*/prod/db\"]",
            "require = \"a\"",
            "require",
            "must be an array of strings, not string",
        ),
        ("require =", "requires =", "requires", "did you mean `require`?"),
        ("[people.alice]", "[metrics]\nurl = \"x\"\n[people.alice]", "[metrics]", "unknown key `metrics`"),
    ]);
}

#[test]
fn who_there_is() {
    check(&[
        ("contact = \"@alice\"", "contct = \"@alice\"", "contct", "did you mean `contact`?"),
        ("contact = \"@alice\"", "contact = \" \"", "contact", "`contact` is empty"),
        (
            "[people.bob]\nkeys = [\"age1bob\"]",
            "[people.bob]\n",
            "[people.bob]",
            "[people.bob] has no `keys`",
        ),
        ("[\"age1bob\"]", "[]", "keys = []", "write keys = [\"age1…\"]"),
        ("[\"age1bob\"]", "\"age1bob\"", "keys = \"age1bob\"", "must be an array of strings"),
        ("[\"age1bob\"]", "[1]", "keys = [1]", "must be a string in quotes, not integer"),
        ("[\"age1bob\"]", "[\"bobkey\"]", "bobkey", "`bobkey` is no key"),
        ("[\"age1bob\"]", "[\"projects/p\"]", "\"projects/p\"", "move it to [shared-keys.NAME]"),
        ("[\"age1ci\"]", "[\"age1bob\"]", "keys = [\"age1bob\"]\n[shared", "the key of `bob` on line 12"),
        ("[\"age1bob\"]", "[\"age1bob\",\n \"age1bob\"]", " \"age1bob\"]", "the key of `bob` on line 12"),
        ("[people.bob]", "[people.\"b b\"]", "b b", "may hold ASCII letters"),
        (
            "[machines.ci]",
            "[machines.bob]",
            "[machines.bob]",
            "`bob` is taken: it stands under [people] (line 11)",
        ),
        ("origin/main", "origin/main;id", "deploy-ref", "`origin/main;id` is no deploy ref"),
        ("infra = [", "ci = [", "ci = [", "`ci` is taken: it stands under [machines] (line 13)"),
        (
            "[machines.ci]",
            "[machines.ci]\ncontact = \"x\"",
            "contact = \"x\"",
            "unknown key `contact` in [machines.ci]",
        ),
        (
            "people = [\"alice\", \"bob\"]\n",
            "",
            "[shared-keys.team-kms]",
            "name everyone who can use the key",
        ),
        (
            "people = [\"alice\", \"bob\"]",
            "people = [\"alice\", \"ci\"]",
            "people = [",
            "only a person can be named",
        ),
        ("people = [\"alice\", \"bob\"]", "people = [\"alcie\"]", "people = [", "did you mean `alice`?"),
        ("confirmed = 2026-08-01", "confirmed = \"08/01/2026\"", "confirmed", "write it as YYYY-MM-DD"),
        ("confirmed = 2026-08-01", "confirmed = 2026-08-01T10:00:00", "confirmed", "write YYYY-MM-DD"),
        (
            "confirmed = 2026-08-01",
            "confirmed = 20260801",
            "confirmed",
            "a date such as 2026-12-31, not integer",
        ),
        ("infra = [\"alice\", \"bob\", \"ci\"]", "infra = []", "infra = []", "`groups.infra` is empty"),
        ("\"bob\", \"ci\"]", "\"bob\", \"cj\"]", "infra = ", "`cj` is no person, machine or shared key"),
        ("\"bob\", \"ci\"]", "\"bob\", \"bob\"]", "infra = ", "`bob` stands in this list twice"),
        ("\"bob\", \"ci\"]\n", "\"bob\", \"ci\"]\nall = [\"infra\"]\n", "all = ", "stands under [groups]"),
    ]);
}

#[test]
fn who_signs() {
    let sign = "signing-keys = [\"ssh-ed25519 AAAAsign alice@laptop\"]";
    let twice = "[people.bob]\nsigning-keys = [\"ssh-ed25519 AAAAsign bob\"]";
    check(&[
        (sign, "signing-keys = []", "signing-keys", "or remove the key"),
        (sign, "signing-keys = \"x\"", "signing-keys", "must be an array of strings, not string"),
        (sign, "signing-keys = [\"age1alice\"]", "signing-keys", "`age1alice` is no key to sign with"),
        (sign, "signing_keys = [\"x\"]", "signing_keys", "did you mean `signing-keys`?"),
        ("[people.bob]", twice, twice.lines().last().unwrap(), "the signing key of `alice` on line 9"),
        (
            "[machines.ci]",
            "[machines.ci]\nsigning-keys = [\"x\"]",
            "signing-keys = [\"x",
            "unknown key `signing-keys`",
        ),
        (
            "require-signature = true",
            "require-signature = \"yes\"",
            "require-signature = \"",
            "must be true or false",
        ),
        (
            "require-signature = true",
            "require-signatures = true",
            "require-signatures",
            "did you mean `require-signature`?",
        ),
    ]);
}

#[test]
fn what_it_demands() {
    check(&[
        ("readers = [\"infra\"]", "readers = [\"infar\"]", "readers = [\"infar", "did you mean `infra`?"),
        ("readers = [\"infra\"]", "readers = []", "readers = []", "`readers` is empty"),
        (
            "  \"team-kms\",",
            "  \"team-gpg\",",
            "team-gpg",
            "`team-gpg` is no person, machine, shared key or group",
        ),
        ("min-people = 2", "min-people = 0", "min-people = 0", "write 1 or more"),
        ("min-people = 2", "min-people = -1", "min-people = -1", "no number of people"),
        ("min-people = 2", "min_people = 2", "min_people", "did you mean `min-people`?"),
        ("block-within = \"2d\"", "block-within = \"2\"", "block-within = \"2\"", "`2` has no unit"),
        ("block-within = \"2d\"", "block-within = 2", "block-within = 2", "a string in quotes, not integer"),
        ("rotate-every = \"1y\"", "rotate-every = \"0d\"", "rotate-every", "would never be kept"),
        ("max-lifetime = \"2y\"", "max-lifetime = \"two\"", "max-lifetime", "is no period"),
        ("overlap = \"12h\"", "overlap = \"12\"", "overlap", "`12` has no unit"),
        ("overlap = \"0h\"", "overlap = 0", "overlap = 0", "a string in quotes, not integer"),
        ("[\"7d\", \"60d\", \"2w\"]", "[\"7d\", \"1w\"]", "notify-at", "1w is the same as 7d"),
        ("[\"7d\", \"60d\", \"2w\"]", "[7]", "notify-at", "a string in quotes"),
        ("[\"7d\", \"60d\", \"2w\"]", "[]", "notify-at", "expiring = \"off\""),
        ("overdue-rotation =", "overdue-rotatoin =", "levels", "did you mean `overdue-rotation`?"),
        ("unowned = \"off\"", "unowned = \"no\"", "levels", "write error, warning or off"),
        ("match = \"*/prod/**\"\n", "", "[[scope]]", "[[scope]] has no `match`"),
        ("match = \"*/prod/**\"", "match = \"\"", "match = \"\"", "would match nothing"),
        ("[[scope]]", "[scope]", "[scope]", "must be written [[scope]]"),
        (
            "finding = \"single-holder\"",
            "finding = \"single-holders\"",
            "finding",
            "did you mean `single-holder`?",
        ),
        ("finding = \"single-holder\"\n", "", "[[waiver]]", "has no `finding`"),
        ("secret = \"legacy/ftp\"\n", "", "[[waiver]]", "has no `secret`"),
        ("until = 2026-12-31\n", "", "[[waiver]]", "has no `until`: write the day"),
        ("until = 2026-12-31", "until = \"2026-02-30\"", "until", "is no date"),
        ("by = \"alice\"\n", "", "[[waiver]]", "has no `by`"),
        (
            "reason = \"vendor gives out one login; ticket 812\"",
            "reason = \"\"",
            "reason",
            "`reason` is empty",
        ),
    ]);
}

#[test]
fn what_is_no_toml() {
    check(&[
        ("schema = 1\n", "schema = 1\nschema = 1\n", "schema = 1\nstore", "duplicate key `schema`"),
        ("schema = 1\n", "schema = 1\nschema\n", "schema\n", "expected `=`"),
        ("schema = 1\n", "schema = 1\n<<<<<<< HEAD\n", "<<<<<<< HEAD", "unresolved merge conflict"),
    ]);
}

#[test]
fn what_was_accepted() {
    check(&[
        ("of = \"carol\"\n", "", "[[acceptance]]", "[[acceptance]] has no `of`: write who left"),
        ("of = \"carol\"", "of = \"ca/rol\"", "of = ", "`of`: "),
        (
            "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
            "SHA256:47",
            "key = \"SHA256",
            "is no fingerprint",
        ),
        ("on = 2026-11-20T12:00:00Z\n", "", "[[acceptance]]", "has no `on`: write the moment"),
        ("on = 2026-11-20T12:00:00Z", "on = \"20/11/2026\"", "on = \"20/11", "write it as YYYY-MM-DD"),
        (
            "reason = \"left on good terms; ticket 813\"",
            "reason = \"\"",
            "reason = \"\"",
            "`reason` is empty",
        ),
        ("reason = \"left on good terms; ticket 813\"\n", "", "[[acceptance]]", "has no `reason`"),
        ("of = \"carol\"\n", "of = \"carol\"\nuntil = 2027-01-01\n", "until = 2027", "unknown key `until`"),
        ("[[acceptance]]", "[acceptance]", "[acceptance]", "must be written [[acceptance]]"),
    ]);
}

#[test]
fn what_is_tracked() {
    check(&[
        (
            "files = [\"**/enc-*\", \"vault.yml\"]",
            "files = []",
            "files = []",
            "`files` is empty: name the files",
        ),
        ("except = [", "excpet = [", "excpet", "unknown key `excpet` in [track]; did you mean `except`?"),
        ("\"docs/**\"", "\"docs[\"", "docs[", "is no glob"),
        (
            "not-secret = [\"**/client_id\"]",
            "not-secret = \"x\"",
            "not-secret",
            "must be an array of strings",
        ),
        ("not-secret = [", "not_secret = [", "not_secret", "did you mean `not-secret`?"),
        ("[track]", "[[track]]", "[[track]]", "`track` must be a table"),
        ("match = \"**/client_secret\"\n", "", "[[kind]]\nexpiry", "[[kind]] has no `match`: write match ="),
        (
            "expiry = \"required\"\n",
            "",
            "[[kind]]\nmatch = \"**/client_secret",
            "[[kind]] says nothing: write expiry",
        ),
        (
            "expiry = \"required\"",
            "never = \"no\"\nexpiry = \"required\"",
            "expiry = \"required\"",
            "exclude each other: remove one of the two",
        ),
        ("expiry = \"required\"", "expiry = \"Required\"", "expiry = \"R", "did you mean `required`?"),
        (
            "expiry = \"required\"",
            "expiry = true",
            "expiry = true",
            "must be a string in quotes, not boolean",
        ),
        ("\"GitHub OAuth app secrets do not lapse\"", "\" \"", "never = \" \"", "`never` is empty"),
        (
            "[\"bob\", \"infra\"]",
            "[\"bbo\"]",
            "owners",
            "`bbo` is no person or group of this policy; did you mean `bob`?",
        ),
        ("[\"bob\", \"infra\"]", "[\"ci\"]", "owners", "only a person or group can be named here"),
        ("[\"bob\", \"infra\"]", "[\"bob\", \"bob\"]", "owners", "stands in this list twice"),
        ("owners = [\"bob\"", "owner = [\"bob\"", "owner = ", "did you mean `owners`?"),
        ("\"bob\", \"infra\"]", "\"bob\"]\nmatch = \"x\"", "match = \"x\"", "duplicate key `match`"),
    ]);
}

#[test]
fn which_key_belongs_to_whom() {
    check(&[
        ("[\"age1bob\"]", "[\"git-crypt:default\"]", "git-crypt", "move it to [shared-keys.NAME]"),
        ("[\"age1ci\"]", "[\"projects/p\"]", "\"projects/p\"", "list `ci` under its people"),
    ]);
    for (from, to) in [
        ("[\"age1bob\"]", "[\"pgp:AB\"]"),
        ("[\"age1ci\"]", "[\"pgp:AB\"]"),
        ("[\"age1ci\"]", "[\"git-crypt:default\"]"),
        ("[\"projects/p/locations/global/keyRings/r/cryptoKeys/k\"]", "[\"pgp:AB\", \"git-crypt:default\"]"),
    ] {
        let text = FULL.replacen(from, to, 1);
        assert_ne!(text, FULL);
        parse(&text, "policy.toml", PARSERS).unwrap();
    }
}
