//! `SealedSecret` manifests of Kubernetes: values that only the controller of a cluster opens.
//!
//! A value is base64 of: the length of the wrapped session key (16 bits, big-endian), that key as RSA wraps it, and
//! the value as AES-GCM seals it (github.com/bitnami-labs/sealed-secrets, `pkg/crypto`).

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::tree::{self, Node, Path};
use super::{json, yaml};
use crate::domain::digest::Digest;
use crate::domain::foreign::{Contents, Damage, ForeignFile, Leaf, SealedFormat};
use crate::domain::tracked_name::Pointer;

const KIND: &str = "SealedSecret";
const VERSION: &str = "bitnami.com/v1alpha1";
/// The lengths of what RSA keys of 1024 to 8192 bits wrap, in bytes.
const WRAPPED_BYTES: std::ops::RangeInclusive<usize> = 128..=1024;
const TAG_BYTES: usize = 16;
/// The shortest value, in characters of base64.
const LEAST_CHARACTERS: usize = 192;

/// `None`: it has no such manifest.
pub fn read(text: &str) -> Option<Contents> {
    if !text.contains(KIND) || !text.contains(VERSION) {
        return None;
    }
    let is_json = text.trim_ascii_start().starts_with('{');
    let documents =
        if is_json { json::document(text).map(|document| vec![document]) } else { yaml::documents(text) };
    let damaged = |why: String| Contents::Damaged(Damage { format: SealedFormat::SealedSecrets, why });
    let documents = match documents {
        Ok(documents) => documents,
        Err(why) => {
            let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c));
            // A template that is filled in later has no value yet.
            return words.any(is_sealed).then(|| damaged(why));
        }
    };
    let mut found = Found::default();
    let all = tree::numbered(&documents, |document| *document == Node::Null)
        .try_for_each(|(number, document)| found.manifest(document, &mut Path::new(number)));
    Some(match (all, found.malformed) {
        _ if found.leaves.is_empty() => Contents::Plain("no value in its manifests is sealed".to_owned()),
        (Err(why), _) => damaged(why),
        (Ok(()), Some(pointer)) => damaged(format!("its value at {pointer} is malformed")),
        (Ok(()), None) => Contents::Sealed(ForeignFile {
            format: SealedFormat::SealedSecrets,
            leaves: found.leaves,
            in_clear: found.in_clear,
            clear_unknown: None,
            access: super::opaque("sealed-secrets:controller"),
            modified: None,
            data_key: None,
        }),
    })
}

/// Whether a text has the structure of a sealed value.
fn is_sealed(text: &str) -> bool {
    if text.len() < LEAST_CHARACTERS {
        return false;
    }
    let Ok(bytes) = BASE64_STANDARD.decode(text) else { return false };
    let Some((length, rest)) = bytes.split_first_chunk::<2>() else { return false };
    let wrapped = usize::from(u16::from_be_bytes(*length));
    WRAPPED_BYTES.contains(&wrapped) && rest.len() >= wrapped + TAG_BYTES
}

#[derive(Default)]
struct Found {
    leaves: Vec<Leaf>,
    in_clear: Vec<Pointer>,
    /// The first value of a `SealedSecret` that is not sealed.
    malformed: Option<Pointer>,
}

impl Found {
    /// A manifest, or a list of them.
    fn manifest<'n>(&mut self, node: &'n Node<'_>, path: &mut Path<'n>) -> Result<(), String> {
        let text = |key: &str| node.get(key).and_then(Node::text).unwrap_or_default();
        match (text("apiVersion"), text("kind")) {
            (VERSION, KIND) => below(node, "spec", path, |spec, path| {
                below(spec, "encryptedData", path, |data, path| self.values(data, path))?;
                // All values in one text: the first form, and long out of use.
                below(spec, "data", path, |data, path| self.value(data, path))?;
                below(spec, "template", path, |template, path| self.data_in_clear(template, path))
            }),
            ("v1", "Secret") => self.data_in_clear(node, path),
            ("v1", "List") => below(node, "items", path, |items, path| match items {
                Node::List(items) => items.iter().enumerate().try_for_each(|(number, item)| {
                    path.at(Cow::Owned(number.to_string()), |path| self.manifest(item, path))
                }),
                Node::Null | Node::Text(_) | Node::Vault(_) | Node::Map(_) => Ok(()),
            }),
            _ => Ok(()),
        }
    }

    fn values<'n>(&mut self, data: &'n Node<'_>, path: &mut Path<'n>) -> Result<(), String> {
        data.entries()
            .iter()
            .try_for_each(|(key, value)| path.at(Cow::Borrowed(key.as_ref()), |path| self.value(value, path)))
    }

    fn value(&mut self, value: &Node<'_>, path: &mut Path<'_>) -> Result<(), String> {
        let text = value.text().map(str::trim_ascii);
        if let Some(text) = text.filter(|text| is_sealed(text)) {
            self.leaves.push(Leaf { pointer: path.pointer()?, seen: Digest::of(text.as_bytes()) });
        } else if self.malformed.is_none() {
            self.malformed = path.pointer()?;
        }
        Ok(())
    }

    /// The values of a `Secret`, or of the template for one, that anybody can read.
    fn data_in_clear<'n>(&mut self, node: &'n Node<'_>, path: &mut Path<'n>) -> Result<(), String> {
        for name in ["data", "stringData"] {
            below(node, name, path, |data, path| {
                let held = data.entries().iter().filter(|(_, value)| {
                    *value != Node::Null && value.text().is_none_or(|text| !text.is_empty())
                });
                held.into_iter().try_for_each(|(key, _)| {
                    let pointer = path.at(Cow::Borrowed(key.as_ref()), Path::pointer)?;
                    self.in_clear.extend(pointer);
                    Ok(())
                })
            })?;
        }
        Ok(())
    }
}

/// Does something with what stands at a key, if anything does.
fn below<'n>(
    node: &'n Node<'_>,
    key: &'static str,
    path: &mut Path<'n>,
    then: impl FnOnce(&'n Node<'_>, &mut Path<'n>) -> Result<(), String>,
) -> Result<(), String> {
    let Some(found) = node.get(key) else { return Ok(()) };
    path.at(Cow::Borrowed(key), |path| then(found, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::samples::sealed_value;

    fn manifest(values: &str) -> String {
        format!(
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: x\nspec:\n  encryptedData:\n{values}"
        )
    }

    fn told(text: &str) -> String {
        let pointers = |file: &ForeignFile| {
            let leaves = file.leaves.iter().filter_map(|leaf| leaf.pointer.as_ref()).map(Pointer::as_str);
            let in_clear = file.in_clear.iter().map(Pointer::as_str);
            format!("{} | {}", leaves.collect::<Vec<_>>().join(" "), in_clear.collect::<Vec<_>>().join(" "))
        };
        match read(text) {
            None => "none".to_owned(),
            Some(Contents::Sealed(file)) => pointers(&file),
            Some(Contents::Plain(_)) => "plain".to_owned(),
            Some(Contents::Damaged(Damage { why, .. })) => why,
        }
    }

    #[test]
    fn manifests() {
        let good =
            manifest(&format!("    a.b: {}\n    c: >-\n      {}\n", sealed_value(256), sealed_value(512)));
        assert_eq!(told(&good), "/spec/encryptedData/a.b /spec/encryptedData/c | ");
        let template = format!("{good}  template:\n    type: Opaque\n    data:\n      d: x\n      e: ''\n");
        assert!(told(&template).ends_with(" | /spec/template/data/d"));
        let secret = "apiVersion: v1\nkind: Secret\nstringData:\n  p: q\n";
        assert_eq!(
            told(&format!("---\n{secret}---\n{good}---\n")),
            "/1/spec/encryptedData/a.b /1/spec/encryptedData/c | /0/stringData/p"
        );
        let json = format!(
            r#"{{"apiVersion":"v1","kind":"List","items":[{{"apiVersion":"bitnami.com/v1alpha1","kind":"SealedSecret","spec":{{"encryptedData":{{"k":"{}"}}}}}}]}}"#,
            sealed_value(256)
        );
        assert_eq!(told(&json), "/items/0/spec/encryptedData/k | ");
    }

    #[test]
    fn what_is_not_sealed() {
        assert_eq!(told("kind: SealedSecret\n"), "none");
        assert_eq!(told(&manifest("    a: aGVsbG8=\n")), "plain");
        // A template.
        assert_eq!(told(&manifest("    a: {{ .Values.a }}\n")), "none");
        let good = manifest(&format!("    a: {}\n", sealed_value(256)));
        assert_eq!(told(&good.replace("kind: SealedSecret", "kind: SealedSecrets")), "plain");
        assert_eq!(
            told(&format!("{good}    b: aGVsbG8=\n")),
            "its value at /spec/encryptedData/b is malformed"
        );
        assert_eq!(
            told(&format!("{good}    a: b\n")),
            "a key stands twice in the mapping that ends here (line 9)"
        );
    }

    #[test]
    fn the_structure_of_values() {
        for (length, rest, sealed) in [
            (256, 256 + 16, true),
            (256, 256 + 15, false),
            (127, 900, false),
            (1025, 2000, false),
            (512, 512 + 40, true),
        ] {
            let bytes = [&u16::try_from(length).unwrap().to_be_bytes()[..], &vec![7; rest]].concat();
            assert_eq!(is_sealed(&BASE64_STANDARD.encode(bytes)), sealed, "{length} {rest}");
        }
        assert!(!is_sealed(&"A".repeat(400)) && !is_sealed(&"é".repeat(400)) && !is_sealed(""));
    }
}
