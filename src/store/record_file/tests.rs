use proptest::prelude::*;

use super::samples::{FULL, record};
use super::*;

const PATH: &str = "secrets/a.json";

fn error(text: &str) -> RecordError {
    parse(text.as_bytes(), PATH).unwrap_err()
}

fn message(text: &str) -> String {
    error(text).to_string()
}

#[test]
fn the_sample_is_printed_as_it_stands() {
    let record = parse(FULL.as_bytes(), PATH).unwrap();
    assert_eq!(String::from_utf8(print(&record)).unwrap(), FULL);
}

/// What serde itself takes for a struct is none in a file whose schema says so.
#[test]
fn an_array_is_no_object() {
    let (before, rest) = FULL.split_once("\"version\": {").unwrap();
    let (_, after) = rest.split_once('}').unwrap();
    let version = r#"["01K3Y3Q5W0000000000000002B", 3, "2026-08-30T20:15:52Z", "alice"]"#;
    let text = format!("{before}\"version\": {version}{after}");
    assert!(serde_json::from_str::<Record>(&text).is_ok(), "{text}");
    assert!(message(&text).contains(":7:"), "{}", message(&text));
    assert!(message(&text).contains("sealed.version: invalid type: sequence, expected struct"));
    assert_eq!(order_of(text.as_bytes()), None);
}

#[test]
fn line_ends_of_windows_are_white_space() {
    let crlf = FULL.replace('\n', "\r\n");
    assert_eq!(parse(crlf.as_bytes(), PATH).unwrap(), parse(FULL.as_bytes(), PATH).unwrap());
}

/// Each edit of the sample, the line at which the message points, and a part of what it says.
#[test]
fn each_fault_is_named_with_its_line() {
    let cases = [
        (
            "\"number\": 3",
            "\"number\": 3.0",
            9,
            "sealed.version.number: invalid type: floating point, expected u64",
        ),
        ("\"number\": 3", "\"number\": -1", 9, "invalid value"),
        ("\"number\": 3", "\"number\": 9007199254740992", 9, "above 2^53 - 1"),
        ("\"number\": 3", "\"number\": null", 9, "null"),
        ("\"number\": 3,", "\"number\": 3, \"number\": 3,", 9, "duplicate field `number`"),
        (
            "\"format\": \"text\"",
            "\"format\": \"yaml\"",
            6,
            "sealed.format: unknown variant, expected `text` or `binary`",
        ),
        (
            "\"format\": \"text\"",
            "\"format\": \"text\", \"extra\": 1",
            6,
            "sealed.…: unknown field, expected one of `name`",
        ),
        ("azuread-client\"", "../x\"", 4, "sealed.name: may hold ASCII letters"),
        ("2026-08-30T20:15:52Z", "2026-08-30", 10, "sealed.version.set_at: is no date"),
        ("\"set_by\": \"alice\"", "\"set_by\": \"a b\"", 12, "sealed.version.set_by: may hold ASCII letters"),
        ("\"issued\": \"2026-08-30T00:00:00Z\"", "\"issued\": null", 13, "null"),
        ("\"from\": \"declared\"", "\"never\": \"x\"", 17, "sealed.expires: expires: expected either"),
        (
            "\"alice\",\n      \"ci\"",
            "\"ci\",\n      \"alice\"",
            21,
            "sealed.readers[1]: the array is not sorted",
        ),
        ("\"alice\",\n      \"ci\"", "\"alice\",\n      \"alice\"", 21, "not sorted"),
        ("\"type\": \"X25519\"", "\"type\": \"kms\"", 33, "sealed.keys.…[0].type: is no type of key"),
        ("SHA256:47DEQ", "SHA256:47DE", 25, "sealed.exposed_to.…[0]: is no fingerprint"),
        ("\"seal\": 1788120952", "\"seal\": \"1\"", 45, "invalid type"),
        ("\"by\": \"alice\",", "\"by\": \"a b\",", 57, "signatures[0].by: may hold ASCII"),
        ("\"sig\": \"", "\"key\": \"", 58, "signatures[0].…: unknown field"),
        ("\"team-note\": {", "\"team-note\": {\"kept\": 1,", 110, "stands twice"),
        (
            "\"runbook\": \"docs/runbooks/azuread.md\"",
            "\"runbook\": null",
            112,
            "about.runbook: invalid type: null, expected a string; correct it",
        ),
        ("\"schema\": 1", "\"schema\": \"1\"", 2, "invalid type"),
        ("\"schema\": 1,", "\"schema\": 1, \"wrong\": 1,", 2, "…: unknown field, expected"),
        (
            "\"state\": \"aborted\"",
            "\"state\": \"minted\"",
            62,
            "rotation.state: unknown variant, expected one of `planned`, `sealed`, `verified`, `aborted`; a newer version",
        ),
        (
            "\"state\": \"aborted\"",
            "\"state\": \"aborted\", \"step\": 1",
            62,
            "rotation.…: unknown field, expected one of `state`",
        ),
        (
            "\"was_pushed\": true",
            "\"was_pushed\": true, \"by\": \"bob\"",
            92,
            "rotation.aborted.by: unknown field",
        ),
        ("\"vouched\": {", "\"seen\": {", 84, "rotation.verified.how.…: unknown variant"),
        (
            "\"reason\": \"logged",
            "\"because\": \"logged",
            86,
            "rotation.verified.how.vouched.…: unknown field",
        ),
        (
            "\"handle\": \"key-of-2026\"",
            "\"handle\": \"key\\u0000\"",
            79,
            "rotation.handle: it is no handle of a credential",
        ),
        ("\"handle\": \"key-of-2026\"", "\"handle\": null", 79, "rotation.handle: invalid type: null"),
        ("\"key-of-2025\"\n", "\"b\", \"a\"\n", 74, "rotation.before[1]: the array is not sorted"),
        ("\"state\": \"aborted\",", "", 95, "rotation: missing field `state`; restore"),
        ("\"schema\": 1,", "\"schema\": 1,\n<<<<<<< HEAD\n", 3, "merge conflict"),
    ];
    for (from, to, line, part) in cases {
        assert!(FULL.contains(from), "{from}");
        let text = FULL.replacen(from, to, 1);
        let message = message(&text);
        assert!(message.contains(part), "{to}: {message}");
        assert!(message.starts_with(&format!("{PATH}:{line}:")), "{to}: {message}");
        assert!(message.contains("; "), "no remedy: {message}");
        assert_eq!(message.matches(" line ").count(), 0, "the position stands twice: {message}");
    }
}

#[test]
fn one_person_signs_once() {
    let mut record = parse(FULL.as_bytes(), PATH).unwrap();
    let other = record.signatures.first().unwrap().clone();
    record.signatures.insert(crate::domain::record::RecordSignature { sig: "z".to_owned(), ..other.clone() });
    let error = parse(&print(&record), PATH).unwrap_err().to_string();
    assert!(error.contains("two of one person") && error.contains("from git"), "{error}");
    record.signatures =
        [other.clone(), crate::domain::record::RecordSignature { by: "bob".parse().unwrap(), ..other }]
            .into_iter()
            .collect();
    assert_eq!(parse(&print(&record), PATH).unwrap(), record);
}

/// A value that somebody pasted into a field is not repeated, whatever the field and whatever is wrong with it.
#[test]
fn nothing_of_the_record_is_repeated() {
    const VALUE: &str = "hunter2-Passw0rd, expected 815";
    let strings = FULL.match_indices('"').map(|(at, _)| at).collect::<Vec<_>>();
    let mut faulty = Vec::new();
    for pair in strings.as_chunks::<2>().0 {
        // Each string and each key of the sample: replaced, and continued.
        faulty.push(format!("{}{VALUE}{}", &FULL[..=pair[0]], &FULL[pair[1]..]));
        faulty.push(format!("{}{VALUE}{}", &FULL[..pair[1]], &FULL[pair[1]..]));
        // An object or a number where a string is expected.
        faulty.push(format!("{}{{\"{VALUE}\": 1}}{}", &FULL[..pair[0]], &FULL[pair[1] + 1..]));
        faulty.push(format!("{}815{}", &FULL[..pair[0]], &FULL[pair[1] + 1..]));
    }
    for (from, to) in [
        ("\"schema\": 1", "\"schema\": 8150815".to_owned()),
        ("\"schema\": 1", format!("\"schema\": \"{VALUE}\"")),
        ("\"number\": 3", "\"number\": -815".to_owned()),
        ("\"number\": 3", "\"number\": 81508150815081508150".to_owned()),
        ("\"number\": 3", format!("\"number\": \"{VALUE}\"")),
        ("\"kept\"", format!("\"{VALUE}\": 1, \"{VALUE}\"")),
        ("\"alice\",", "\"hunter2\",".to_owned()),
    ] {
        faulty.push(FULL.replacen(from, &to, 1));
    }
    let mut refused = 0;
    for text in faulty {
        if let Err(error) = parse(text.as_bytes(), PATH) {
            refused += 1;
            let message = error.to_string();
            assert!(!message.contains("hunter2") && !message.contains("Passw0rd"), "{message}\n{text}");
            assert!(!message.contains("815"), "{message}\n{text}");
        }
    }
    assert!(refused > 100, "only {refused} were refused");
}

#[test]
fn what_contradicts_itself_is_refused() {
    let text = FULL.replacen("\"number\": 3", "\"number\": 0", 1);
    assert!(matches!(error(&text), RecordError::Contradictory { .. }));
    let message = message(&text);
    assert!(message.starts_with("secrets/a.json: ") && message.contains("first version is 1"), "{message}");
}

#[test]
fn a_rotation_that_contradicts_itself_is_refused() {
    for (from, to, told) in [
        (
            "\"to\": \"01K3Y3Q5W0000000000000003C\"",
            "\"to\": \"01K3Y3Q5W0000000000000002B\"",
            "the version that it replaces",
        ),
        (
            "01K3Y3Q5W0000000000000004D",
            "01K3Y3Q5W0000000000000003C",
            "abandoned holds the version that is being made",
        ),
        (
            ",\n    \"aborted\": {\n      \"at\": \"2026-08-30T20:15:52Z\",\n      \"was_pushed\": true\n    }",
            "",
            "`aborted` is missing",
        ),
    ] {
        let text = FULL.replacen(from, to, 1);
        assert_ne!(text, FULL, "{from}");
        assert!(matches!(error(&text), RecordError::Contradictory { .. }), "{to}");
        let message = message(&text);
        assert!(message.contains(told) && message.ends_with("; restore the file from git"), "{message}");
    }
    let mut record = parse(FULL.as_bytes(), PATH).unwrap();
    let rotation = record.rotation.as_mut().unwrap();
    (rotation.state, rotation.aborted) = (crate::domain::rotation::RotationState::Verified, None);
    assert_eq!(parse(&print(&record), PATH).unwrap(), record);
    record.rotation.as_mut().unwrap().verified = None;
    let message = parse(&print(&record), PATH).unwrap_err().to_string();
    assert!(message.contains("`verified` is missing"), "{message}");
}

#[test]
fn readers_who_fit_no_key_are_for_the_checks_to_tell() {
    for (from, to) in [
        ("\"alice\",\n      \"ci\"", "\"alice\",\n      \"ci\", \"zoe\""),
        ("\"alice\",\n      \"ci\"", "\"alice\""),
    ] {
        let text = FULL.replacen(from, to, 1);
        assert_ne!(text, FULL);
        parse(text.as_bytes(), PATH).unwrap();
    }
}

#[test]
fn other_json_is_no_record_and_a_newer_record_is_not_malformed() {
    for text in [
        "{}",
        "[]",
        "null",
        "\"hunter2\"",
        "{\"password\":\"x\"}",
        "{\"schema\":1}",
        "{\"sealed\":{}}",
        "{\"schema\":1,\"sealed\":\"hunter2\"}",
    ] {
        assert!(matches!(error(text), RecordError::NotARecord { .. }), "{text}");
    }
    let newer = FULL.replace("\"schema\": 1", "\"schema\": 2");
    assert!(matches!(error(&newer), RecordError::NewerSchema { .. }));
    assert!(message("{\"schema\": 2, \"sealed\": {\"other\": 1}}").contains("upgrade `secrets`"));
}

#[test]
fn bytes_that_are_no_text_are_placed() {
    let mut bytes = FULL.replacen("alice", "al?ce", 1).into_bytes();
    let at = bytes.iter().position(|b| *b == b'?').unwrap();
    bytes[at] = 0xff;
    let message = parse(&bytes, PATH).unwrap_err().to_string();
    assert!(message.starts_with("secrets/a.json:11:20: is not UTF-8"), "{message}");
    let message = parse(format!("\u{feff}{FULL}").as_bytes(), PATH).unwrap_err().to_string();
    assert!(message.contains("byte order mark") && message.contains("UTF-8 without one"), "{message}");
    assert!(message.starts_with("secrets/a.json:1:1:"), "{message}");
}

#[test]
fn garbage_after_the_end_is_refused() {
    let end = FULL.lines().count() + 1;
    let expected = format!("{PATH}:{end}:1: is no JSON: trailing characters; correct it");
    assert!(message(&format!("{FULL}x")).starts_with(&expected), "{}", message(&format!("{FULL}x")));
    assert!(parse(format!("{FULL}{FULL}").as_bytes(), PATH).is_err());
    assert!(parse(format!("{FULL}\0").as_bytes(), PATH).is_err());
}

#[test]
fn a_file_cut_anywhere_is_refused_with_its_name() {
    for end in 0..FULL.len() - 2 {
        let message = parse(&FULL.as_bytes()[..end], PATH).unwrap_err().to_string();
        assert!(message.starts_with(PATH), "cut at {end}: {message}");
    }
}

#[test]
fn deep_and_large_input_is_refused() {
    for text in
        ["[".repeat(500_000), "{\"a\":".repeat(100_000), format!("{{\"about\":{}", "[".repeat(300_000))]
    {
        assert!(message(&text).contains("recursion limit"), "{}", message(&text));
    }
    let deep = FULL.replacen("1.5", &format!("{}{}", "[".repeat(4000), "]".repeat(4000)), 1);
    assert!(message(&deep).contains("recursion limit"));
    let large = vec![b' '; 100 * 1024 * 1024];
    assert!(matches!(parse(&large, PATH), Err(RecordError::TooLarge { .. })));
}

proptest! {
    #[test]
    fn parse_undoes_print(record in record()) {
        let bytes = print(&record);
        prop_assert_eq!(bytes.last(), Some(&b'\n'));
        prop_assert_eq!(&parse(&bytes, PATH).unwrap(), &record);
        prop_assert_eq!(print(&parse(&bytes, PATH).unwrap()), bytes);
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Err(e) = parse(&bytes, PATH) {
            prop_assert!(e.to_string().starts_with(PATH));
        }
    }

    #[test]
    fn any_change_of_a_byte_is_answered(at in 0..FULL.len(), byte in any::<u8>()) {
        let mut bytes = FULL.as_bytes().to_vec();
        bytes[at] = byte;
        if let Err(e) = parse(&bytes, PATH) {
            prop_assert!(e.to_string().starts_with(PATH));
        }
    }
}
