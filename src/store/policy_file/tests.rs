use proptest::prelude::*;

use super::samples::{FULL, parse_key};
use super::*;
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::policy::DeployRef;

const PATH: &str = "secrets/policy.toml";

fn read(text: &str) -> Result<Policy, PolicyError> {
    parse(text, PATH, &parse_key)
}

fn lines_of(text: &str) -> Vec<String> {
    read(text).unwrap_err().to_string().lines().map(str::to_owned).collect()
}

/// The line, from 1, on which a part of the sample stands.
fn line_of(text: &str, part: &str) -> usize {
    text.lines().position(|line| line.contains(part)).unwrap() + 1
}

#[test]
fn the_sample_is_read_whole() {
    let policy = read(FULL).unwrap();
    let shown = |names: &[crate::domain::period::Period]| {
        names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(policy.deploy_ref, DeployRef::Branch { remote: "origin".into(), branch: "main".into() });
    assert_eq!(policy.people["alice"].keys.len(), 2);
    assert_eq!(policy.people["alice"].contact.as_deref(), Some("@alice"));
    assert_eq!(policy.machines.len(), 1);
    assert_eq!(policy.shared_keys["team-kms"].people.len(), 2);
    assert_eq!(policy.shared_keys["team-kms"].confirmed.unwrap().date(), "2026-08-01");
    assert_eq!(policy.groups["infra"].len(), 3);
    assert_eq!(shown(policy.defaults.notify_at.as_ref().unwrap()), "60d 2w 7d");
    assert_eq!(policy.defaults.rotate_every.unwrap().to_string(), "1y");
    assert_eq!(policy.scopes[0].line, line_of(FULL, "[[scope]]"));
    assert_eq!(policy.scopes[0].rules.readers.as_ref().unwrap().len(), 2);
    assert_eq!(policy.scopes[0].rules.levels[&CheckId::Unowned], Level::Off);
    assert_eq!(policy.scope_globs.matching("utoronto/prod/x"), [0]);
    assert_eq!(policy.waivers[0].line, line_of(FULL, "[[waiver]]"));
    assert_eq!(policy.waivers[0].until.date(), "2026-12-31");
    assert_eq!(policy.require.len(), 1);
}

#[test]
fn other_spellings_of_the_same_policy_are_read() {
    let minimal = "schema = 1\nstore = \"01K3Y3Q5W0000000000000001A\"\ndeploy-ref = \"none\"\n";
    assert_eq!(read(minimal).unwrap().deploy_ref, DeployRef::None);
    for spelling in [
        "[people]\nalice = { keys = [\"age1a\"] }\n",
        "people.alice.keys = [\"age1a\"]\n",
        "people = { alice = { keys = [\"age1a\"] } }\n",
        "[people.\"alice\"]\nkeys = ['age1a']\r\n",
    ] {
        let policy = read(&format!("\u{feff}{minimal}{spelling}")).unwrap();
        assert_eq!(policy.people["alice"].keys.len(), 1, "{spelling}");
    }
    let quoted = FULL.replace("until = 2026-12-31", "until = \"2026-12-31\"");
    assert_eq!(read(&quoted).unwrap().waivers[0].until, read(FULL).unwrap().waivers[0].until);
    let instant = FULL.replace("until = 2026-12-31", "until = 2026-12-31T12:00:00+02:00");
    assert_eq!(read(&instant).unwrap().waivers[0].until.to_string(), "2026-12-31T10:00:00Z");
}

/// What is replaced in the sample by what, where the fault then is (a part of that line), and what is said.
#[test]
fn each_fault_names_its_line_and_the_remedy() {
    let cases = [
        // The head.
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
        (
            "[people.alice]",
            "[heartbeat]\nurl = \"x\"\n[people.alice]",
            "[heartbeat]",
            "unknown key `heartbeat`",
        ),
        // Who there is.
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
        ("[\"age1ci\"]", "[\"projects/p\"]", "\"projects/p\"", "list `ci` under its people"),
        ("[\"age1ci\"]", "[\"age1bob\"]", "keys = [\"age1bob\"]\n[shared", "the key of `bob` on line 11"),
        ("[\"age1bob\"]", "[\"age1bob\",\n \"age1bob\"]", " \"age1bob\"]", "the key of `bob` on line 11"),
        ("[people.bob]", "[people.\"b b\"]", "b b", "may hold ASCII letters"),
        (
            "[machines.ci]",
            "[machines.bob]",
            "[machines.bob]",
            "`bob` is taken: it stands under [people] (line 10)",
        ),
        ("infra = [", "ci = [", "ci = [", "`ci` is taken: it stands under [machines] (line 12)"),
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
        // What it demands.
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
        // What is no TOML.
        ("schema = 1\n", "schema = 1\nschema = 1\n", "store", "duplicate key `schema`"),
        ("schema = 1\n", "schema = 1\nschema\n", "schema\n", "expected `=`"),
        ("schema = 1\n", "schema = 1\n<<<<<<< HEAD\n", "<<<<<<< HEAD", "unresolved merge conflict"),
    ];
    for (from, to, at, part) in cases {
        assert!(FULL.contains(from), "{from}");
        let text = FULL.replacen(from, to, 1);
        let offset = text.find(at).unwrap_or_else(|| panic!("{at} is not in the text"));
        let mut line = text[..offset].matches('\n').count() + 1;
        if at == "store" {
            line -= 1;
        }
        let found = lines_of(&text);
        let expected = format!("{PATH}:{line}: ");
        assert!(
            found.iter().any(|found| found.starts_with(&expected) && found.contains(part)),
            "{from:?} → {to:?} at line {line}:\n{}",
            found.join("\n")
        );
    }
}

#[test]
fn one_private_half_is_one_key_whatever_its_type() {
    let text = FULL.replace("age1bob", "age1half-7").replace("AAAAalice", "AAAAhalf-7");
    let found = lines_of(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("secrets/policy.toml:11: this is the key of `alice` on line 8"),
        "{}",
        found[0]
    );
}

#[test]
fn all_faults_are_told_in_the_order_of_their_lines() {
    let text = FULL
        .replace("by = \"alice\"\n", "")
        .replace("min-people = 2", "min-people = 0")
        .replace("\"bob\", \"ci\"]", "\"bob\", \"cj\"]")
        .replace("age1ci", "nokey")
        .replace("deploy-ref = \"origin/main\"", "deploy_ref = \"origin/main\"");
    let lines: Vec<_> = read(&text).unwrap_err().faults.iter().map(|fault| fault.line.unwrap()).collect();
    assert_eq!(lines, [1, 4, 13, 19, 23, line_of(&text, "[[waiver]]")]);
}

#[test]
fn a_newer_schema_is_the_only_fault() {
    assert_eq!(lines_of("schema = 2\nanything = \"else\"\n").len(), 1);
}

#[test]
fn the_number_of_faults_told_is_bounded() {
    let many: String = (0..5000).map(|n| format!("unknown{n} = 1\n")).collect();
    let error = read(&format!("{many}{FULL}")).unwrap_err();
    assert_eq!((error.faults.len(), error.untold), (200, 4800));
    assert!(error.to_string().ends_with("and 4800 more faults"));
}

#[test]
fn bad_bytes_are_answered_with_file_and_line() {
    let error = parse_bytes(b"schema = 1\n\xff", PATH, &parse_key).unwrap_err().to_string();
    assert!(error.starts_with("secrets/policy.toml:2: is not UTF-8"), "{error}");
    let large = vec![b'#'; 100 * 1024 * 1024];
    let error = parse_bytes(&large, PATH, &parse_key).unwrap_err().to_string();
    assert!(error.starts_with("secrets/policy.toml: is larger than"), "{error}");
    for deep in [
        "[".repeat(100_000),
        format!("a = {}", "[".repeat(100_000)),
        format!("a{} = 1", ".a".repeat(100_000)),
    ] {
        assert!(lines_of(&deep)[0].starts_with(PATH));
    }
    let glob = FULL.replace("*/prod/db", &"{a,b}".repeat(400));
    assert!(lines_of(&glob)[0].contains("longer than 1000 bytes"));
}

#[test]
fn a_policy_cut_anywhere_does_not_panic_and_names_the_file() {
    for end in 0..FULL.len() {
        if let Err(error) = parse_bytes(&FULL.as_bytes()[..end], PATH, &parse_key) {
            assert!(error.to_string().lines().all(|line| line.starts_with(PATH)), "cut at {end}: {error}");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Err(error) = parse_bytes(&bytes, PATH, &parse_key) {
            prop_assert!(error.to_string().starts_with(PATH));
        }
    }

    #[test]
    fn any_change_of_a_byte_is_answered(at in 0..FULL.len(), byte in any::<u8>()) {
        let mut bytes = FULL.as_bytes().to_vec();
        bytes[at] = byte;
        if let Err(error) = parse_bytes(&bytes, PATH, &parse_key) {
            prop_assert!(!error.faults.is_empty());
        }
    }
}
