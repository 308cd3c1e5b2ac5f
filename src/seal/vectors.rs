//! The vectors in `tests/vectors/`, made by another implementation (`make.py` there).

use age_core::format::FileKey;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::prompts::Prompts;
use super::samples::{actor, read_identity, vectors};
use super::{binding, canonical, derivation, inspection, opening, public_key, sealing};
use crate::domain::digest::Digest;
use crate::domain::facts::Binding;
use crate::domain::json::UniqueMap;
use crate::domain::record::{Record, Sealed};

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap()
}

fn hex(value: &serde_json::Value) -> Vec<u8> {
    let text = text(value);
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn file_key(value: &serde_json::Value) -> FileKey {
    FileKey::init_with_mut(|key| key.copy_from_slice(&hex(value)))
}

fn salt(value: &serde_json::Value) -> [u8; 32] {
    hex(value).try_into().unwrap()
}

#[test]
fn seeds() {
    let all = vectors("seeds.json");
    for vector in all.as_array().unwrap() {
        let recipient = public_key::parse(text(&vector["recipient"])).unwrap().recipient_bytes;
        assert_eq!(recipient, hex(&vector["recipient_bytes"]));
        let namespace = text(&vector["namespace"]);
        let (file_key, salt) = (file_key(&vector["file_key"]), salt(&vector["salt"]));
        let seed = derivation::seed(namespace, &file_key, &salt, text(&vector["type"]), &recipient).unwrap();
        assert_eq!(seed.to_vec(), hex(&vector["seed"]), "{namespace}");
    }
    // The one that the design fixes.
    let fixed = "425a5ce0fdf649df9b1f2e85b860582373d82eeaedc25fb2bfcf6391551f2ad1";
    assert_eq!(all[0]["seed"], fixed);
    assert_eq!(all.as_array().unwrap().len(), 3);
}

#[test]
fn stanzas() {
    let all = vectors("stanzas.json");
    for vector in all.as_array().unwrap() {
        let key = public_key::parse(text(&vector["recipient"])).unwrap();
        assert_eq!(key.montgomery.unwrap().to_vec(), hex(&vector["montgomery"]));
        let (file_key, salt) = (file_key(&vector["file_key"]), salt(&vector["salt"]));
        let stanza = derivation::derive_stanza(&file_key, &salt, &key).unwrap();
        assert_eq!(String::from_utf8(stanza).unwrap(), text(&vector["stanza"]));
    }
    assert_eq!(all.as_array().unwrap().len(), 3);
}

#[test]
fn canonical_forms_and_binding_digests() {
    for vector in vectors("sealed.json").as_array().unwrap() {
        let sealed: Sealed = serde_json::from_value(vector["sealed"].clone()).unwrap();
        let mut written = Vec::new();
        canonical::write(&sealed, &mut written).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), text(&vector["jcs"]));
        assert_eq!(binding::digest(&sealed).unwrap().to_string(), text(&vector["digest"]));
    }
}

#[test]
fn whole_files() {
    let identities = vectors("identities.json");
    for vector in vectors("files.json").as_array().unwrap() {
        let bytes = BASE64_STANDARD.decode(text(&vector["file"])).unwrap();
        let record: Record = serde_json::from_value(vector["record"].clone()).unwrap();
        let seen = inspection::inspect(&bytes).unwrap();
        assert_eq!(seen.digest, record.digest);
        let expected = text(&vector["binding"]).parse().unwrap();
        assert_eq!(seen.binding, Binding::Bound(expected));
        assert_eq!(binding::digest(&record.sealed).unwrap(), expected);
        for (name, key) in record.sealed.all_keys() {
            let public = public_key::parse(text(&identities[name.as_str()]["recipient"])).unwrap();
            assert_eq!((&key.kind, &key.fingerprint), (&public.kind, &public.fingerprint));
            let kind = key.kind.to_string();
            let fits = |digest: &Digest| seen.stanzas.iter().any(|s| s.digest == *digest && s.kind == kind);
            assert!(key.stanza.as_ref().is_none_or(fits));
            let identity = read_identity(text(&identities[name.as_str()]["identity"]).as_bytes());
            let value = opening::open(&bytes, &[identity]).unwrap();
            assert_eq!(value.expose(), text(&vector["plaintext"]).as_bytes());
        }
    }
}

/// With the randomness of the vector, our header is the other implementation's, byte for byte.
#[test]
fn the_same_header() {
    let identities = vectors("identities.json");
    let vector = &vectors("files.json")[0];
    let record: Record = serde_json::from_value(vector["record"].clone()).unwrap();
    let names = vector["readers"].as_array().unwrap().iter().map(text);
    let keys = names
        .map(|name| (actor(name), public_key::parse(text(&identities[name]["recipient"])).unwrap()))
        .collect::<Vec<_>>();
    let keys = keys.iter().map(|(reader, key)| (reader, key)).collect::<Vec<_>>();
    let draft = Sealed { keys: UniqueMap::default(), ..record.sealed.clone() };
    let (file_key, salt) = (file_key(&vector["file_key"]), salt(&vector["salt"]));
    let (header, sealed) = sealing::seal_header(draft, &keys, &file_key, &salt, &Prompts::none()).unwrap();
    assert_eq!(String::from_utf8(header).unwrap(), text(&vector["header"]));
    assert_eq!(sealed, record.sealed);
}
