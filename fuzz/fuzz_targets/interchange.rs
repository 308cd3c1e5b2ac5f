//! Any bytes as dotenv, JSON and YAML; what was read of dotenv is read again from what is written of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use secrets::domain::value::Value;
use secrets::interchange::print::{self, Item};
use secrets::interchange::{Content, Entry, Notation, read};

fn values(notation: Notation, text: &[u8]) -> Option<Vec<(String, Value)>> {
    let value = |entry: Entry| match entry.content {
        Content::Value(value) => Some((entry.keys.join("/"), value)),
        Content::Null | Content::List => None,
    };
    Some(read(notation, text).ok()?.into_iter().filter_map(value).collect())
}

fuzz_target!(|bytes: &[u8]| {
    for notation in [Notation::Dotenv, Notation::Json, Notation::Yaml] {
        let Some(all) = values(notation, bytes) else { continue };
        let items: Vec<Item<'_>> =
            all.iter().map(|(key, value)| Item { key, secret: key, value }).collect();
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
});
