use proptest::prelude::*;

use super::samples::{FULL, PARSERS};
use super::*;
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::glob::Glob;
use crate::domain::name::ActorName;
use crate::domain::policy::DeployRef;
use crate::domain::rules::Rules;
use crate::domain::tracking::{KindRule, Track};

const PATH: &str = "secrets/policy.toml";

fn read(text: &str) -> Result<Policy, PolicyError> {
    parse(text, PATH, PARSERS)
}

fn lines_of(text: &str) -> Vec<String> {
    read(text).unwrap_err().to_string().lines().map(str::to_owned).collect()
}

/// The line, from 1, on which a part of the text stands.
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
    assert_eq!(policy.people["alice"].signing_keys[0].text, "ssh-ed25519 AAAAsign");
    assert_eq!(policy.people["alice"].signing_keys[0].comment.as_deref(), Some("alice@laptop"));
    assert_eq!(policy.people["bob"].signing_keys, []);
    assert_eq!(policy.defaults.require_signature, Some(false));
    assert_eq!(policy.scopes[0].rules.require_signature, Some(true));
    assert_eq!(policy.machines.len(), 1);
    assert_eq!(policy.shared_keys["team-kms"].people.len(), 2);
    assert_eq!(policy.shared_keys["team-kms"].confirmed.unwrap().date(), "2026-08-01");
    assert_eq!(policy.groups["infra"].len(), 3);
    assert_eq!(shown(policy.defaults.notify_at.as_ref().unwrap()), "60d 2w 7d");
    assert_eq!(policy.defaults.rotate_every.unwrap().to_string(), "1y");
    assert_eq!(policy.defaults.overlap.unwrap().to_string(), "12h");
    assert!(policy.scopes[0].rules.overlap.unwrap().is_zero(), "none at all is no mistake");
    assert_eq!(policy.scopes[0].line, line_of(FULL, "[[scope]]"));
    assert_eq!(policy.scopes[0].rules.readers.as_ref().unwrap().len(), 2);
    assert_eq!(policy.scopes[0].rules.levels[&CheckId::Unowned], Level::Off);
    assert_eq!(policy.scope_globs.matching("utoronto/prod/x"), [0]);
    assert_eq!(policy.waivers[0].line, line_of(FULL, "[[waiver]]"));
    assert_eq!(policy.waivers[0].until.date(), "2026-12-31");
    assert_eq!(policy.require.len(), 1);
    let track = policy.track.unwrap();
    let texts = |globs: &[Glob]| globs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    assert_eq!(texts(&track.files), "**/enc-* vault.yml");
    assert_eq!((texts(&track.except), texts(&track.not_secret)), ("docs/**".into(), "**/client_id".into()));
    let never = KindRule::Never("GitHub OAuth app secrets do not lapse".to_owned());
    assert_eq!((&policy.kinds[0].rule, policy.kinds[0].line), (&never, line_of(FULL, "[[kind]]")));
    assert_eq!(policy.kinds[0].owners.iter().map(ActorName::as_str).collect::<Vec<_>>(), ["bob", "infra"]);
    assert_eq!((policy.kinds[1].glob.as_str(), policy.kinds.len()), ("**/client_secret", 2));
    assert_eq!((&policy.kinds[1].rule, policy.kinds[1].owners.len()), (&KindRule::ExpiryRequired, 0));
}

#[test]
fn other_spellings_of_the_same_policy_are_read() {
    let minimal = "schema = 1\nstore = \"01K3Y3Q5W0000000000000001A\"\ndeploy-ref = \"none\"\n";
    assert_eq!(read(minimal).unwrap().deploy_ref, DeployRef::None);
    assert_eq!(read(minimal).unwrap().track, None);
    // Then only files with a record are tracked.
    assert_eq!(read(&format!("{minimal}[track]\n")).unwrap().track, Some(Track::default()));
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

#[test]
fn one_private_half_is_one_key_whatever_its_type() {
    let text = FULL.replace("age1bob", "age1half-7").replace("AAAAalice", "AAAAhalf-7");
    let found = lines_of(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("secrets/policy.toml:12: this is the key of `alice` on line 8"),
        "{}",
        found[0]
    );
}

#[test]
fn all_faults_are_told_in_the_order_of_their_lines() {
    let text = FULL
        .replacen("by = \"alice\"\n", "", 1)
        .replace("min-people = 2", "min-people = 0")
        .replace("\"bob\", \"ci\"]", "\"bob\", \"cj\"]")
        .replace("age1ci", "nokey")
        .replace("deploy-ref = \"origin/main\"", "deploy_ref = \"origin/main\"");
    let lines: Vec<_> = read(&text).unwrap_err().faults.iter().map(|fault| fault.line.unwrap()).collect();
    assert_eq!(lines, [1, 4, 14, 20, 24, line_of(&text, "[[waiver]]")]);
}

#[test]
fn a_newer_schema_is_the_only_fault() {
    assert_eq!(lines_of("schema = 2\nanything = \"else\"\n").len(), 1);
}

#[test]
fn the_number_of_faults_told_is_bounded() {
    let many: Vec<String> = (0..5000).map(|n| format!("unknown{n} = 1\n")).collect();
    let error = read(&format!("{}{FULL}", many.concat())).unwrap_err();
    assert_eq!((error.faults.len(), error.untold), (200, 4800));
    assert!(error.to_string().ends_with("and 4800 more faults"));
}

#[test]
fn bad_bytes_are_answered_with_file_and_line() {
    let error = parse_bytes(b"schema = 1\n\xff", PATH, PARSERS).unwrap_err().to_string();
    assert!(error.starts_with("secrets/policy.toml:2: is not UTF-8"), "{error}");
    let large = vec![b'#'; 100 * 1024 * 1024];
    let error = parse_bytes(&large, PATH, PARSERS).unwrap_err().to_string();
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
    // In two parts, each of which is read up to every byte: the effort grows with the square of the length.
    let (first, second) = FULL.split_at(FULL.find("[[notify]]").unwrap());
    for part in [first.to_owned(), format!("schema = 1\n{second}")] {
        for end in 0..part.len() {
            if let Err(error) = parse_bytes(&part.as_bytes()[..end], PATH, PARSERS) {
                assert!(
                    error.to_string().lines().all(|line| line.starts_with(PATH)),
                    "cut at {end}: {error}"
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Err(error) = parse_bytes(&bytes, PATH, PARSERS) {
            prop_assert!(error.to_string().starts_with(PATH));
        }
    }

    #[test]
    fn any_change_of_a_byte_is_answered(at in 0..FULL.len(), byte in any::<u8>()) {
        let mut bytes = FULL.as_bytes().to_vec();
        bytes[at] = byte;
        if let Err(error) = parse_bytes(&bytes, PATH, PARSERS) {
            prop_assert!(!error.faults.is_empty());
        }
    }
}

#[test]
fn how_long_an_old_value_stays_valid_is_said_for_all_or_by_scope() {
    let overlap = |text: &str, name: &str| {
        let rule = Rules::of(&read(text).unwrap(), &name.parse().unwrap()).overlap;
        (rule.value.to_string(), rule.origin.to_string())
    };
    let scope = format!("[[scope]] */prod/** (line {})", line_of(FULL, "[[scope]]"));
    assert_eq!(overlap(FULL, "utoronto/prod/x"), ("0h".to_owned(), scope));
    assert_eq!(overlap(FULL, "utoronto/x"), ("12h".to_owned(), "[defaults]".to_owned()));
    let silent = FULL.replace("overlap = \"12h\"\n", "");
    assert_eq!(overlap(&silent, "utoronto/x"), ("24h".to_owned(), "built in".to_owned()));
}
