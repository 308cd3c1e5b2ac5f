//! The keys to which sops has wrapped a file's data key, by the lists in which its metadata names them.

use std::borrow::Cow;

use super::value::base64_length;
use crate::domain::foreign::ForeignKey;
use crate::foreign::tree::Node;

/// A kind of keys.
struct Kind {
    /// The name of its list.
    list: &'static str,
    /// The key that an entry is for.
    key: fn(&Node<'_>) -> Result<ForeignKey, String>,
    /// Whether a wrapped data key looks as this kind writes it.
    is_plausible: fn(&str) -> bool,
}

const KINDS: [Kind; 7] = [
    Kind { list: "age", key: age, is_plausible: |enc| is_armor(enc, "AGE ENCRYPTED FILE") },
    Kind { list: "pgp", key: pgp, is_plausible: |enc| is_armor(enc, "PGP MESSAGE") },
    Kind {
        list: "kms",
        key: |entry| Ok(ForeignKey::Kms(field(entry, "arn")?.to_owned())),
        is_plausible: is_blob,
    },
    Kind {
        list: "gcp_kms",
        key: |entry| Ok(ForeignKey::Kms(field(entry, "resource_id")?.to_owned())),
        is_plausible: is_blob,
    },
    Kind { list: "azure_kv", key: azure, is_plausible: is_blob },
    Kind {
        list: "hc_vault",
        key: vault,
        is_plausible: |enc| enc.strip_prefix("vault:v").is_some_and(|rest| rest.contains(':')),
    },
    Kind {
        list: "hckms",
        key: |entry| Ok(ForeignKey::Opaque(format!("hckms:{}", field(entry, "key_id")?))),
        is_plausible: |enc| enc.len() >= 32 && enc.bytes().all(|byte| byte.is_ascii_graphic()),
    },
];

/// The keys of a group and the data key as each of them wraps it.
#[derive(Debug, Default)]
pub struct Group {
    pub keys: Vec<ForeignKey>,
    pub wrapped: Vec<String>,
}

impl Group {
    /// Reads the lists of keys among the entries of a mapping. What is no list of keys is passed over.
    pub fn of(node: &Node<'_>) -> Result<Self, String> {
        let mut group = Self::default();
        for (list, entries) in node.entries() {
            match (KINDS.iter().find(|kind| kind.list == list), entries) {
                // Older versions write the lists that they don't need, too.
                (_, Node::Null) => {}
                (Some(kind), Node::List(entries)) => {
                    entries.iter().try_for_each(|entry| group.add(list, Some(kind), entry))?;
                }
                (Some(_), _) => return Err(format!("`{list}` is no list")),
                (None, Node::List(entries)) if entries.iter().any(|entry| entry.get("enc").is_some()) => {
                    entries.iter().try_for_each(|entry| group.add(list, None, entry))?;
                }
                (None, _) => {}
            }
        }
        Ok(group)
    }

    fn add(&mut self, list: &str, kind: Option<&Kind>, entry: &Node<'_>) -> Result<(), String> {
        let of_list = |why: String| format!("{why} in its list `{list}`");
        let enc = field(entry, "enc").map_err(of_list)?;
        let enc = normal(enc);
        if !kind.is_none_or(|kind| (kind.is_plausible)(&enc)) {
            return Err(of_list("a wrapped data key is malformed".to_owned()));
        }
        self.keys.push(match kind {
            Some(kind) => (kind.key)(entry).map_err(of_list)?,
            None => ForeignKey::Opaque(format!("sops:{list}")),
        });
        self.wrapped.push(enc.into_owned());
        Ok(())
    }
}

/// A text that an entry must have.
fn field<'n>(entry: &'n Node<'_>, name: &str) -> Result<&'n str, String> {
    entry.text_at(name)?.ok_or_else(|| format!("a key has no `{name}`"))
}

/// Without what differs between block scalars and between systems.
fn normal(enc: &str) -> Cow<'_, str> {
    let enc = enc.trim();
    if enc.contains('\r') { Cow::Owned(enc.replace("\r\n", "\n")) } else { Cow::Borrowed(enc) }
}

fn is_armor(enc: &str, label: &str) -> bool {
    let inner =
        enc.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_prefix(label)?.strip_prefix("-----\n"));
    let inner = inner.and_then(|rest| {
        let rest = rest.strip_suffix("-----")?.strip_suffix(label)?;
        rest.strip_suffix("\n-----END ")
    });
    inner.is_some_and(|inner| !inner.trim().is_empty() && !inner.contains("-----"))
}

/// Base64 of a data key that is wrapped, so of no fewer bytes than that has. Azure's is that of URLs, without padding.
fn is_blob(enc: &str) -> bool {
    let plain = enc.replace('-', "+").replace('_', "/");
    let padding = "=".repeat((4 - plain.len() % 4) % 4);
    base64_length(&format!("{plain}{padding}")).is_some_and(|length| length >= 32)
}

/// A recipient; of an ssh key without its comment.
fn age(entry: &Node<'_>) -> Result<ForeignKey, String> {
    let recipient = field(entry, "recipient")?.trim();
    if !recipient.starts_with("ssh-") {
        return Ok(ForeignKey::Age(recipient.to_owned()));
    }
    let mut words = recipient.split_ascii_whitespace();
    match (words.next(), words.next()) {
        (Some(kind), Some(key)) => Ok(ForeignKey::Age(format!("{kind} {key}"))),
        _ => Err("a recipient is malformed".to_owned()),
    }
}

fn pgp(entry: &Node<'_>) -> Result<ForeignKey, String> {
    let shown = field(entry, "fp")?;
    let digits = shown.strip_prefix("0x").or_else(|| shown.strip_prefix("0X")).unwrap_or(shown);
    let digits = digits.trim_end_matches('!').replace(' ', "").to_ascii_uppercase();
    let is_fingerprint =
        (16..=64).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_fingerprint { Ok(ForeignKey::Pgp(digits)) } else { Err("a fingerprint is malformed".to_owned()) }
}

fn azure(entry: &Node<'_>) -> Result<ForeignKey, String> {
    let (url, name) = (field(entry, "vault_url")?.trim_end_matches('/'), field(entry, "name")?);
    let version = entry.text_at("version")?.map(|version| format!("/{version}")).unwrap_or_default();
    Ok(ForeignKey::Kms(format!("{url}/keys/{name}{version}")))
}

fn vault(entry: &Node<'_>) -> Result<ForeignKey, String> {
    let address = field(entry, "vault_address")?.trim_end_matches('/');
    let (engine, name) = (field(entry, "engine_path")?.trim_matches('/'), field(entry, "key_name")?);
    Ok(ForeignKey::Kms(format!("{address}/v1/{engine}/keys/{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::yaml;

    fn group(text: &str) -> Result<Vec<ForeignKey>, String> {
        let documents = yaml::documents(text).unwrap();
        Group::of(&documents[0]).map(|group| group.keys)
    }

    const AGE: &str =
        "enc: |\n    -----BEGIN AGE ENCRYPTED FILE-----\n    YWdl\n    -----END AGE ENCRYPTED FILE-----\n";
    const PGP: &str =
        "enc: |-\n    -----BEGIN PGP MESSAGE-----\n\n    YWdl\n    =Ykiw\n    -----END PGP MESSAGE-----\n";
    const BLOB: &str = "enc: CiQAdQhXl0Sd5Jz3pDqFbZ0d3vJ0l6mE2gS8b1yq4bX8o5uCqk0=";

    #[test]
    fn ids() {
        let kms = |id: &str| ForeignKey::Kms(id.to_owned());
        for (text, key) in [
            (format!("age:\n- recipient: age1abc\n  {AGE}"), ForeignKey::Age("age1abc".to_owned())),
            (
                format!("age:\n- recipient: ssh-ed25519 AAAA a@b c\n  {AGE}"),
                ForeignKey::Age("ssh-ed25519 AAAA".to_owned()),
            ),
            (
                format!("pgp:\n- fp: 0xfbc7 b9e2 a4f9 289a!\n  {PGP}"),
                ForeignKey::Pgp("FBC7B9E2A4F9289A".to_owned()),
            ),
            (format!("kms:\n- arn: arn:aws:kms:a:1:key/x\n  {BLOB}"), kms("arn:aws:kms:a:1:key/x")),
            (
                format!("gcp_kms:\n- resource_id: projects/p/locations/global/keyRings/r/cryptoKeys/k\n  {BLOB}"),
                kms("projects/p/locations/global/keyRings/r/cryptoKeys/k"),
            ),
            (
                format!("azure_kv:\n- vault_url: https://v.vault.azure.net/\n  name: k\n  version: '1'\n  {BLOB}"),
                kms("https://v.vault.azure.net/keys/k/1"),
            ),
            (
                format!("azure_kv:\n- vault_url: https://v.vault.azure.net\n  name: k\n  version: ''\n  {BLOB}"),
                kms("https://v.vault.azure.net/keys/k"),
            ),
            (
                "hc_vault:\n- vault_address: https://v:8200/\n  engine_path: a/b\n  key_name: k\n  enc: vault:v1:x"
                    .to_owned(),
                kms("https://v:8200/v1/a/b/keys/k"),
            ),
            (format!("hckms:\n- key_id: r:u\n  {BLOB}"), ForeignKey::Opaque("hckms:r:u".to_owned())),
            (format!("new:\n- some: k\n  {BLOB}"), ForeignKey::Opaque("sops:new".to_owned())),
        ] {
            assert_eq!(group(&text), Ok(vec![key]), "{text}");
        }
        assert_eq!(group("age: []\nkms: null\nversion: 1\nother: [a, {b: c}]\n"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_malformed() {
        for (text, why) in [
            ("age: x\n".to_owned(), "`age` is no list"),
            ("age:\n- x\n".to_owned(), "no `enc` in its list `age`"),
            ("age:\n- recipient: age1abc\n  enc: ''\n".to_owned(), "no `enc`"),
            (format!("age:\n- recipient: age1abc\n  {PGP}"), "wrapped data key"),
            (format!("pgp:\n- fp: FBC7B9E2A4F9289A\n  {AGE}"), "wrapped data key"),
            (format!("age:\n- {AGE}"), "no `recipient`"),
            (format!("pgp:\n- fp: alice\n  {PGP}"), "fingerprint"),
            ("kms:\n- arn: a\n  enc: c2hvcnQ=\n".to_owned(), "wrapped data key"),
            ("hc_vault:\n- enc: x\n".to_owned(), "wrapped data key"),
            (format!("azure_kv:\n- vault_url: [x]\n  {BLOB}"), "`vault_url` is no text"),
        ] {
            let error = group(&text).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
