//! What must hold of any bytes.

use proptest::prelude::*;

use super::real::FIXTURES;
use crate::domain::foreign::Contents;
use crate::foreign::read;
use crate::foreign::samples::{age_enc, metadata, metadata_flat, metadata_json, sealed_value, value};

/// How many values a file has sealed, at most.
fn leaves(bytes: &[u8]) -> usize {
    if let Contents::Sealed(file) = read(bytes) { file.leaves.len() } else { 0 }
}

fn is_sealed(text: &str) -> bool {
    matches!(read(text.as_bytes()), Contents::Sealed(_))
}

/// Sealed files of all formats of this room.
fn all_sealed() -> Vec<Vec<u8>> {
    let texts = [
        format!("a: {}\nb: c\n{}", value("a"), metadata(&[])),
        format!(r#"{{"a":"{}","sops":{}}}"#, value("a"), metadata_json()),
        format!("A={}\n#{}\n{}", value("a"), value("c"), metadata_flat("sops_", "=")),
        format!("[s]\na={}\n[sops]\n{}", value("a"), metadata_flat("", "=")),
        format!(
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec:\n  encryptedData:\n    a: {}\n",
            sealed_value(256)
        ),
    ];
    texts.map(String::into_bytes).into_iter().chain(FIXTURES.map(<[u8]>::to_vec)).collect()
}

#[test]
fn a_file_cut_short_has_no_more_than_the_whole() {
    for whole in all_sealed() {
        let most = leaves(&whole);
        assert!(most > 0, "{}", String::from_utf8_lossy(&whole));
        // Of long files not at every byte.
        for length in (0..whole.len()).step_by(1 + whole.len() / 1000) {
            assert!(leaves(&whole[..length]) <= most, "{length}");
        }
    }
}

/// Values that only look like those of sops.
fn near_value() -> impl Strategy<Value = String> {
    let broken = (0_usize..120, any::<char>()).prop_map(|(at, c)| {
        let whole = value("near");
        let changed =
            whole.chars().enumerate().map(|(n, old)| if n == at { c } else { old }).collect::<String>();
        if changed == whole { String::new() } else { changed }
    });
    let harmless = |text: &String| crate::foreign::sops_value(text).is_none();
    prop_oneof!["[a-z0-9 ]{0,12}", "ENC\\[[A-Za-z0-9+/=:,]{0,60}\\]", broken]
        .prop_filter("this one is sealed", harmless)
}

/// Metadata of sops, of which anything may be missing or wrong.
fn near_metadata() -> impl Strategy<Value = Vec<(String, String)>> {
    let mac = prop_oneof![Just(value("mac")), near_value()];
    let enc = prop_oneof![Just(age_enc("a")), near_value()];
    let names = "mac|lastmodified|version|age|kms|pgp|unencrypted_suffix|encrypted_regex|key_groups";
    let other = (names, near_value());
    (mac, enc, proptest::collection::vec(other, 0..4)).prop_map(|(mac, enc, others)| {
        let given = [
            ("mac", mac),
            ("lastmodified", "2026-05-22T20:16:23Z".to_owned()),
            ("version", "3.9.0".to_owned()),
            ("recipient", "age1a".to_owned()),
            ("enc", enc),
        ];
        given.map(|(key, value)| (key.to_owned(), value)).into_iter().chain(others).collect()
    })
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// The same in each form: entries, and what says it is metadata.
fn in_all_forms(values: &[(String, String)], metadata: &[(String, String)]) -> [String; 4] {
    let (of_key, plain): (Vec<_>, Vec<_>) =
        metadata.iter().cloned().partition(|(key, _)| key == "enc" || key == "recipient");
    let entries = |of: &[(String, String)]| {
        let mut seen = std::collections::BTreeSet::new();
        let once = of.iter().filter(|(key, _)| seen.insert(key.clone()));
        once.map(|(key, value)| format!("{}: {}", quoted(key), quoted(value))).collect::<Vec<_>>().join(", ")
    };
    let age = format!("\"age\": [{{{}}}]", entries(&of_key));
    let plain = plain.into_iter().filter(|(key, _)| key != "age").collect::<Vec<_>>();
    let sops = format!("\"sops\": {{{}}}", [entries(&plain), age].join(", "));
    let lines = |of: &[(String, String)], prefix: &str| {
        let one_line = |text: &str| text.replace('\n', "\\n").replace('\r', "");
        of.iter()
            .map(|(key, value)| format!("{prefix}{key}={}\n", one_line(value)))
            .collect::<Vec<_>>()
            .concat()
    };
    let yaml = values.iter().map(|(key, value)| format!("{key}: {}\n", quoted(value)));
    let yaml = yaml.collect::<Vec<_>>().concat();
    [
        format!("{{{}, {sops}}}", entries(values)),
        format!("{yaml}{sops}\n"),
        format!(
            "{}{}{}",
            lines(values, ""),
            lines(&plain, "sops_"),
            lines(&of_key, "sops_age__list_0__map_")
        ),
        format!(
            "[a]\n{}[sops]\n{}{}",
            lines(values, ""),
            lines(&plain, ""),
            lines(&of_key, "age__list_0__map_")
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_is_not_sealed_is_never_taken_for_sealed(
        values in proptest::collection::vec(("[a-z]{1,6}", near_value()), 1..5),
        metadata in near_metadata(),
    ) {
        for text in in_all_forms(&values, &metadata) {
            prop_assert!(!is_sealed(&text), "{}", text);
        }
    }

    #[test]
    fn any_bytes_are_something(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(!matches!(read(&bytes), Contents::Sealed(_)));
    }

    #[test]
    fn any_text_is_something(text in "([a-zA-Z0-9:=#\\[\\]{}|>!&*'\"?,. \n-]|sops|ENC\\[AES256_GCM,|ä){0,80}") {
        prop_assert!(!is_sealed(&text));
    }

    #[test]
    fn one_byte_makes_no_value(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let files = all_sealed();
        let whole = which.get(&files);
        let mut changed = whole.clone();
        changed[at.index(whole.len())] = byte;
        prop_assert!(leaves(&changed) <= leaves(whole));
    }
}

/// The strategy above makes sealed files of values that are sealed: it can tell the two apart.
#[test]
fn the_forms_are_those_of_sealed_files() {
    let metadata = [("mac", value("mac")), ("lastmodified", "2026-05-22T20:16:23Z".to_owned())];
    let keys = [("recipient", "age1a".to_owned()), ("enc", age_enc("a"))];
    let metadata =
        metadata.into_iter().chain(keys).map(|(key, value)| (key.to_owned(), value)).collect::<Vec<_>>();
    for text in in_all_forms(&[("a".to_owned(), value("a"))], &metadata) {
        assert!(is_sealed(&text), "{text}: {:?}", read(text.as_bytes()));
    }
}
