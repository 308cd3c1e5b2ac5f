//! Files and values that other programs wrote.

use secrets::domain::foreign::Contents;
use secrets::domain::text::is_treacherous;
use secrets::domain::tracked_name::Pointer;
use secrets::domain::value::Value;
use secrets::interchange::print::{self, Item};
use secrets::interchange::{Content, Entry, Notation, read};
use secrets::rotate::probe::tls;
use secrets::sops::document;

/// Whatever the bytes are, they are read in time and without a panic; what is taken for sealed has values, whose
/// ciphertexts stand in the file, and names that can be read back.
pub fn foreign(bytes: &[u8]) {
    let Contents::Sealed(file) = secrets::foreign::read(bytes) else { return };
    assert!(!file.leaves.is_empty());
    assert!(!file.access.groups.is_empty() && file.access.groups.iter().all(|group| !group.is_empty()));
    assert!((1..=file.access.groups.len()).contains(&file.access.threshold));
    let pointers = file.leaves.iter().filter_map(|leaf| leaf.pointer.as_ref()).chain(&file.in_clear);
    for pointer in pointers {
        assert_eq!(pointer.as_str().parse::<Pointer>().as_ref(), Ok(pointer));
    }
    assert!(file.clear_unknown.is_none() || file.in_clear.is_empty());
    // Every value of sops costs more than this.
    assert!(!file.format.is_sops() || file.leaves.len() * 90 < bytes.len());
}

/// Any bytes as what `sops` decrypted to: no document of JSON is refused, and every text in it is found where it lies.
pub fn sops_values(bytes: &[u8]) {
    let opened = document::values(&Value::new(bytes.to_vec()));
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(bytes) else { return };
    let opened = opened.expect("a document of JSON");
    let mut path = Vec::new();
    texts(&json, &mut path, &mut |path, text| {
        let Some(pointer) = Pointer::of(path) else { return };
        let found = opened.get(Some(&pointer)).expect("a text of the document");
        assert!(found.is_text);
        // Of keys that stand twice, both readers have the last one.
        assert!(found.value.expose() == text.as_bytes());
    });
}

fn texts(json: &serde_json::Value, path: &mut Vec<String>, see: &mut impl FnMut(&[String], &str)) {
    match json {
        serde_json::Value::String(text) if !path.is_empty() => see(path, text),
        serde_json::Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                path.push(at.to_string());
                texts(item, path, see);
                path.pop();
            }
        }
        serde_json::Value::Object(members) => {
            for (key, member) in members {
                path.push(key.clone());
                texts(member, path, see);
                path.pop();
            }
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}

fn values(notation: Notation, text: &[u8]) -> Option<Vec<(String, Value)>> {
    let value = |entry: Entry| match entry.content {
        Content::Value(value) => Some((entry.keys.join("/"), value)),
        Content::Null | Content::List => None,
    };
    Some(read(notation, text).ok()?.into_iter().filter_map(value).collect())
}

/// Any bytes as dotenv, JSON and YAML; what was read of dotenv is read again from what is written of it.
pub fn interchange(bytes: &[u8]) {
    for notation in [Notation::Dotenv, Notation::Json, Notation::Yaml] {
        let Some(all) = values(notation, bytes) else { continue };
        let items: Vec<Item<'_>> = all.iter().map(|(key, value)| Item { key, secret: key, value }).collect();
        if notation != Notation::Dotenv {
            continue;
        }
        for (notation, written) in [
            (Notation::Dotenv, print::dotenv(&items)),
            (Notation::Json, print::json(&items)),
            (Notation::Yaml, print::yaml(&items)),
        ] {
            let Ok(written) = written else { continue };
            let again = values(notation, written.expose()).expect("what was written can be read");
            assert_eq!(again.len(), all.len());
            assert!(all.iter().zip(&again).all(|(one, other)| one.0 == other.0 && one.1.same_as(&other.1)));
        }
    }
}

/// Any value at all: nothing panics, the bounds hold, and nothing told would act on a terminal.
pub fn value_ends(value: &[u8]) {
    let ends = secrets::value_ends::read(value);
    assert!(ends.ends.is_sorted() && ends.ends.len() <= 1_000 && ends.unread.len() <= 101);
    for text in ends.ends.iter().map(|end| &end.what).chain(&ends.unread) {
        assert!(text.len() < 2_000 && !text.chars().any(is_treacherous));
    }
    // The probe of TLS compares a server's with the first one.
    if let Some(certificate) = tls::first_certificate(value) {
        assert!(!certificate.is_empty() && certificate.len() < value.len());
    }
}
