use proptest::prelude::*;

use super::print::{self, Item};
use super::*;
use crate::domain::name::SecretName;

fn values(notation: Notation, text: &[u8]) -> Vec<(String, Vec<u8>)> {
    let entries = read(notation, text).unwrap_or_else(|fault| panic!("line {}: {fault}", fault.line));
    let value = |entry: Entry| {
        let Content::Value(value) = &entry.content else { panic!("{} has no value", entry.key()) };
        (entry.key(), value.expose().to_vec())
    };
    entries.into_iter().map(value).collect()
}

fn fault(notation: Notation, text: &str) -> (usize, String) {
    let fault = read(notation, text.as_bytes()).err().unwrap_or_else(|| panic!("{text:?} was read"));
    (fault.line, fault.to_string())
}

#[test]
fn dotenv_lines() {
    for (text, expected) in [
        ("A=1", "1"),
        ("\u{feff}A=1\r\n", "1"),
        ("  export\tA = a b \t# c\n", "a b"),
        ("A='a # b' # c", "a # b"),
        ("A='a\\nb'", "a\\nb"),
        ("A=\"a\\nb\\t\\\"\\\\\"", "a\nb\t\"\\"),
        ("A=\"a\r\nb\nc\"\r\n", "a\nb\nc"),
        ("# x\n\n\nA='\n\n'\n\n#y", "\n\n"),
        ("A=a\\b\\\\", "a\\b\\\\"),
        ("exported=1", "1"),
        ("A=\"\u{1f511}\\\u{e4}\"", "\u{1f511}\\\u{e4}"),
        ("A=", ""),
        ("A=\nB=1", ""),
    ] {
        let read = values(Notation::Dotenv, text.as_bytes());
        assert_eq!(read[0].1, expected.as_bytes(), "{text:?}");
    }
}

#[test]
fn lines_are_counted_through_quotes() {
    let entries = read(Notation::Dotenv, b"A='1\n2\r\n3'\n\nB=x # y\nC=z").unwrap();
    assert_eq!(entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [1, 5, 6]);
    assert_eq!(
        fault(Notation::Dotenv, "A='1\n2'\nA=1\n"),
        (3, "the key stands in line 1 already: remove one".into())
    );
    assert_eq!(fault(Notation::Json, "{\"a\": {\n\"x\": 1},\n\n\"b\": tru}").0, 4);
    assert_eq!(fault(Notation::Json, "{\"a\": {\n\"x\":\n{\"y\": 1, \"y\": 2}}}").0, 3);
    assert_eq!(fault(Notation::Yaml, "a:\n  b: 1\n  b: 2\n").0, 3);
}

#[test]
fn too_much_is_refused() {
    let many: Vec<String> = (0..=MAX_ENTRIES).map(|n| format!("K{n}=1\n")).collect();
    let many = many.concat();
    assert!(fault(Notation::Dotenv, &many).1.contains("more than"));
    for open in ["{a: ", "[", "? "] {
        assert!(read(Notation::Yaml, open.repeat(500).as_bytes()).is_err(), "{open}");
    }
    assert!(read(Notation::Json, "{\"a\":".repeat(100_000).as_bytes()).is_err());
    assert!(read(Notation::Json, format!("{{\"a\":{}", "[".repeat(100_000)).as_bytes()).is_err());
}

#[test]
fn lists_are_told_once_and_what_is_in_them_is_passed_over() {
    let entries = read(Notation::Yaml, b"a:\n  - b: 1\n  - [c, {d: e}]\nf: g\n").unwrap();
    let told: Vec<_> =
        entries.iter().map(|entry| (entry.key(), matches!(entry.content, Content::List))).collect();
    assert_eq!(told, [("a".to_owned(), true), ("f".to_owned(), false)]);
}

#[test]
fn names() {
    let name = |keys: &[&str], prefix: Option<&str>| {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        let entry = Entry { keys, line: 1, content: Content::Null, remark: None };
        let prefix: Option<SecretName> = prefix.map(|prefix| prefix.parse().unwrap());
        naming::name_of(&entry, prefix.as_ref()).map(|name| name.to_string()).ok()
    };
    for (keys, expected) in [
        (&["DB_PASSWORD"][..], Some("DB_PASSWORD")),
        (&["db", "user name"], Some("db/user-name")),
        (&["web/prod/db"], Some("web/prod/db")),
        (&["_token"], Some("token")),
        (&[".hidden"], Some("hidden")),
        (&["service.json"], Some("service-json")),
        (&["a.AGE"], Some("a-AGE")),
        (&["a."], Some("a-")),
        (&["\u{e4}b\u{e4}"], Some("b-")),
        (&["!"], None),
        (&["a", ""], None),
        (&["a//b"], None),
        (&[".."], None),
    ] {
        assert_eq!(name(keys, None).as_deref(), expected, "{keys:?}");
    }
    assert_eq!(name(&["x"], Some("web/prod")).as_deref(), Some("web/prod/x"));
    assert_eq!(name(&["!"], Some("web/prod")), None);
    assert_eq!(name(&[&"x".repeat(300)], None), None);
}

#[test]
fn what_yaml_shows_as_a_block() {
    for (value, expected) in [
        ("a\nb\n", "\"k\": |\n  a\n  b\n"),
        ("a\n\nb", "\"k\": |-\n  a\n\n  b\n"),
        ("a\n", "\"k\": \"a\\n\"\n"),
        (" a\nb\n", "\"k\": \" a\\nb\\n\"\n"),
        ("a\nb\n\n", "\"k\": \"a\\nb\\n\\n\"\n"),
        ("a\r\nb\n", "\"k\": \"a\\r\\nb\\n\"\n"),
    ] {
        let value = Value::new(value.into());
        let printed = print::yaml(&[Item { key: "k", secret: "k", value: &value }]).unwrap();
        assert_eq!(String::from_utf8_lossy(printed.expose()), expected);
    }
}

#[test]
fn nothing_of_a_growing_text_is_lost() {
    let mut text = Text::default();
    for n in 0..2000 {
        text.push_str(&n.to_string());
    }
    assert_eq!(text.into_bytes(), (0..2000).map(|n| n.to_string()).collect::<String>().into_bytes());
}

/// Texts that are more likely to be awkward than those drawn from all characters.
fn awkward() -> impl Strategy<Value = String> {
    let awkward = proptest::sample::select(vec![
        "'",
        "\"",
        "\\",
        "$",
        "{",
        "}",
        "`",
        "#",
        " ",
        "\t",
        "\n",
        "\r",
        "=",
        ":",
        "-",
        "|",
        ">",
        "!",
        "&",
        "*",
        "%",
        "@",
        "a",
        "B",
        "0",
        "\u{e4}",
        "\u{1f511}",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{7f}",
        "\u{1}",
        "export ",
        "---",
        "\n...\n",
    ]);
    prop_oneof![proptest::collection::vec(awkward, 0..20).prop_map(|parts| parts.concat()), any::<String>()]
}

#[test]
fn what_is_left_out_at_the_end_is_on_the_last_line() {
    let entries = read(Notation::Yaml, "a: b\n? 0".as_bytes()).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [1, 2]);
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_it_was(all in proptest::collection::vec(awkward(), 1..6)) {
        let keys: Vec<String> = (0..all.len()).map(|n| format!("K{n}")).collect();
        let held: Vec<Value> = all.iter().map(|text| Value::new(text.clone().into_bytes())).collect();
        let items: Vec<Item<'_>> =
            keys.iter().zip(&held).map(|(key, value)| Item { key, secret: key, value }).collect();
        let expected: Vec<(String, Vec<u8>)> =
            keys.iter().cloned().zip(all.iter().map(|text| text.clone().into_bytes())).collect();
        let json = print::json(&items).unwrap();
        prop_assert_eq!(&values(Notation::Json, json.expose()), &expected);
        let yaml = print::yaml(&items).unwrap();
        prop_assert_eq!(&values(Notation::Yaml, yaml.expose()), &expected);
        if let Ok(dotenv) = print::dotenv(&items) {
            prop_assert_eq!(&values(Notation::Dotenv, dotenv.expose()), &expected);
        }
        // Nor does another reader find anything else.
        let known: serde_json::Value = serde_json::from_slice(json.expose()).unwrap();
        for (key, value) in keys.iter().zip(&all) {
            prop_assert_eq!(known[key].as_str(), Some(value.as_str()));
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in awkward()) {
        for notation in [Notation::Dotenv, Notation::Json, Notation::Yaml] {
            // For YAML a carriage return by itself ends a line too.
            let lines = 1 + text.matches(['\n', '\r']).count();
            match read(notation, text.as_bytes()) {
                Ok(entries) => prop_assert!(entries.iter().all(|entry| entry.line >= 1 && entry.line <= lines)),
                Err(fault) => prop_assert!(fault.line <= lines + 1),
            }
        }
    }
}
