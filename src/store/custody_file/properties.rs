//! What holds of any claims, and of any text.

use proptest::prelude::*;

use super::samples::{FULL, PATH};
use super::*;
use crate::domain::digest::Digest;
use crate::domain::expiry::{Expiry, ExpirySource};
use crate::domain::name::ActorName;
use crate::domain::record::Issuer;
use crate::domain::time::Instant;
use crate::domain::tracked_name::Pointer;

const FOLDER: &str = "clusters/x";

fn prose() -> impl Strategy<Value = String> {
    // All that a text can hold: quotes, escapes, line ends, controls. Line endings are the file's.
    proptest::string::string_regex("(?s)[a-z\"'\\\\\r\n\t#=\u{1b}\u{7f}\u{85}\u{feff}é漢 ]{0,12}x")
        .unwrap()
        .prop_map(|text| with_line_feeds(&text))
}

fn moment() -> impl Strategy<Value = Instant> {
    prop_oneof![0..20_000_i64, (0..20_000_i64).prop_map(|day| day * 86_400)]
        .prop_map(|seconds| "2020-01-01".parse::<Instant>().unwrap().checked_add_seconds(seconds).unwrap())
}

fn names() -> impl Strategy<Value = Vec<ActorName>> {
    proptest::collection::btree_set("[a-z][a-z0-9.-]{0,5}", 0..4)
        .prop_map(|names| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<_>>())
        .prop_shuffle()
}

fn expiry() -> impl Strategy<Value = Expiry> {
    let source = proptest::sample::select(ExpirySource::ALL.to_vec());
    prop_oneof![
        (moment(), source, proptest::option::of(prose())).prop_map(|(at, from, reason)| Expiry::At {
            at,
            from,
            reason
        }),
        prose().prop_map(|why| Expiry::Never { why }),
    ]
}

fn claim() -> impl Strategy<Value = Claim> {
    use proptest::option::of;
    let issuer = (prose(), of(prose())).prop_map(|(name, contact)| Issuer {
        name,
        contact,
        others: serde_json::Map::new(),
    });
    let digest = || of(any::<[u8; 32]>().prop_map(Digest::from_bytes));
    let people = (names(), names());
    (of(expiry()), of(moment()), people, of(issuer), of(prose()), of(moment()), digest(), digest()).prop_map(
        |(expires, issued, (owners, readers), issuer, runbook, set_at, seen, data_key)| Claim {
            expires,
            issued,
            owners,
            issuer,
            runbook,
            readers,
            set_at,
            seen,
            data_key,
            line: 0,
        },
    )
}

/// A file of this folder, or a place in one: with all that makes a key hard to write.
fn name() -> impl Strategy<Value = TrackedName> {
    let file = proptest::string::string_regex("(schema|[a-z.\"' #\n\u{1b}é-]{0,8}[a-z#])").unwrap();
    let keys = proptest::collection::vec("[a-z.~/\"' \\\\\\n]{0,5}", 0..3);
    (file, keys).prop_filter_map("no name", |(file, keys)| {
        TrackedName::new(&format!("{FOLDER}/{file}"), Pointer::of(keys).as_ref())
    })
}

fn claims() -> impl Strategy<Value = BTreeMap<TrackedName, Claim>> {
    proptest::collection::btree_map(name(), claim(), 0..6)
}

/// What a text says, without the lines on which it does.
fn said(text: &str) -> BTreeMap<TrackedName, Claim> {
    let file = parse(text.as_bytes(), PATH).unwrap_or_else(|error| panic!("{error}\n{text}"));
    file.claims.into_iter().map(|(name, claim)| (name, Claim { line: 0, ..claim })).collect()
}

fn printed<'c>(claims: impl IntoIterator<Item = (&'c TrackedName, &'c Claim)>) -> String {
    let mut draft = Draft::new();
    claims.into_iter().for_each(|(name, claim)| draft.put(name, claim));
    draft.to_string()
}

/// The lines of the table of a secret, and those before and after it.
fn around<'t>(text: &'t str, name: &TrackedName) -> (&'t str, &'t str) {
    let line = parse(text.as_bytes(), PATH).unwrap().claims.get(name).unwrap().line;
    let start = text.split_inclusive('\n').take(line - 1).map(str::len).sum::<usize>();
    let (before, rest) = text.split_at(start);
    let end = rest.find("\n[").map_or(rest.len(), |end| end + 1);
    (before, &rest[end..])
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(claims in claims()) {
        let text = printed(&claims);
        prop_assert_eq!(said(&text), claims.clone());
        // In any order it is the same text, and saying it again changes nothing.
        prop_assert_eq!(&printed(claims.iter().rev()), &text);
        let mut draft = Draft::read(&text, PATH).unwrap();
        for (name, claim) in &claims {
            draft.put(name, claim);
        }
        prop_assert_eq!(draft.to_string(), text);
    }

    #[test]
    fn one_table_is_changed_and_no_other_line(claims in claims(), at in any::<prop::sample::Index>(), new in claim(), windows in any::<bool>()) {
        prop_assume!(!claims.is_empty());
        let name = claims.keys().nth(at.index(claims.len())).unwrap();
        // Comments above each table, and behind values.
        let text = printed(&claims).replace("\n[", "\n# of this one\n[").replace("expires =", "\texpires  =");
        let text = if windows { text.replace('\n', "\r\n") } else { text };
        let before = said(&text);
        let mut draft = Draft::read(&text, PATH).unwrap();
        draft.put(name, &new);
        let after = draft.to_string();
        prop_assert_eq!(around(&after, name), around(&text, name));
        let mut expected = before.clone();
        expected.insert(name.clone(), new);
        prop_assert_eq!(said(&after), expected);

        let mut draft = Draft::read(&text, PATH).unwrap();
        prop_assert!(draft.remove(name));
        let mut expected = before;
        expected.remove(name);
        prop_assert_eq!(draft.is_empty(), expected.is_empty());
        prop_assert_eq!(said(&draft.to_string()), expected);
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Err(error) = parse(&bytes, PATH) {
            prop_assert!(error.to_string().starts_with(PATH));
        }
    }

    /// What can still be read can still be changed, and then says what it is told.
    #[test]
    fn any_change_of_a_byte_is_answered(at in 0..FULL.len(), byte in any::<u8>(), new in claim(), name in name()) {
        let mut bytes = FULL.as_bytes().to_vec();
        bytes[at] = byte;
        if let Err(error) = parse(&bytes, PATH) {
            prop_assert!(!error.faults.is_empty());
            return Ok(());
        }
        let text = String::from_utf8(bytes).unwrap();
        let mut expected = said(&text);
        let mut draft = Draft::read(&text, PATH).unwrap();
        draft.put(&name, &new);
        expected.insert(name, new);
        prop_assert_eq!(said(&draft.to_string()), expected);
    }
}
