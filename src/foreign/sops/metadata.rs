//! What sops writes into a file beside the values: keys, rules, the MAC, and when.

use chrono::DateTime;

use super::keys::Group;
use super::rules::Rule;
use super::value::Encrypted;
use crate::domain::digest::Digest;
use crate::domain::foreign::Access;
use crate::domain::time::Instant;
use crate::foreign::tree::Node;

/// The metadata of a file.
#[derive(Debug)]
pub struct Metadata {
    pub rule: Rule,
    pub access: Access,
    pub modified: Instant,
    pub data_key: Digest,
}

impl Metadata {
    /// An error says what is missing or malformed.
    pub fn read(node: &Node<'_>) -> Result<Self, String> {
        if !matches!(node, Node::Map(_)) {
            return Err("the metadata of sops is no mapping".to_owned());
        }
        let mac = required(node, "mac")?;
        if Encrypted::parse(mac).is_none_or(|mac| mac.kind != "str" || mac.length == 0) {
            return Err("`mac` in the metadata of sops is malformed".to_owned());
        }
        // Not every tool that writes the format has a version.
        node.text_at("version")?;
        let modified = DateTime::parse_from_rfc3339(required(node, "lastmodified")?).ok();
        let modified = modified.and_then(|moment| Instant::new(moment.to_utc()));
        let (access, data_key) = access(node)?;
        Ok(Self {
            rule: Rule::of(node)?,
            access,
            modified: modified.ok_or("`lastmodified` in the metadata of sops is no date")?,
            data_key,
        })
    }
}

fn required<'n>(node: &'n Node<'_>, key: &str) -> Result<&'n str, String> {
    node.text_at(key)?.ok_or_else(|| format!("the metadata of sops has no `{key}`"))
}

/// Who can open the file, and the digest of the data key in all its wrapped forms.
fn access(node: &Node<'_>) -> Result<(Access, Digest), String> {
    let beside = Group::of(node)?;
    let groups = match node.get("key_groups") {
        None | Some(Node::Null) => Vec::new(),
        Some(Node::List(groups)) => groups.iter().map(Group::of).collect::<Result<Vec<_>, _>>()?,
        Some(_) => return Err("`key_groups` is no list".to_owned()),
    };
    let threshold = match node.text_at("shamir_threshold")? {
        None => 0,
        Some(text) => text.parse::<usize>().map_err(|_| "`shamir_threshold` is no number")?,
    };
    // sops would pass over the groups; other readers need not.
    let groups = match (beside.keys.is_empty(), groups.is_empty()) {
        (true, true) => return Err("the metadata of sops names no key".to_owned()),
        (false, false) => return Err("its metadata names keys both in and beside `key_groups`".to_owned()),
        (false, true) => vec![beside],
        (true, false) => groups,
    };
    if groups.iter().any(|group| group.keys.is_empty()) {
        return Err("a group of keys is empty".to_owned());
    }
    let threshold = match (groups.len(), threshold) {
        // With one group nothing is shared out, whatever the threshold.
        (1, _) => 1,
        (all, 0) => all,
        (all, some) if (2..=all).contains(&some) => some,
        (all, some) => return Err(format!("its {all} groups of keys can't have a threshold of {some}")),
    };
    let wrapped = groups.iter().flat_map(|group| group.wrapped.iter().map(String::as_str)).collect();
    let digest = digest_of(wrapped);
    let groups = groups.into_iter().map(|group| group.keys).collect();
    Ok((Access { groups, threshold }, digest))
}

/// The digest of texts in any order: sorted, each after its length in bytes (64 bits, big-endian).
fn digest_of(mut texts: Vec<&str>) -> Digest {
    texts.sort_unstable();
    let mut all = Vec::with_capacity(texts.iter().map(|text| text.len() + 8).sum());
    for text in texts {
        all.extend_from_slice(&(text.len() as u64).to_be_bytes());
        all.extend_from_slice(text.as_bytes());
    }
    Digest::of(&all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::foreign::ForeignKey;
    use crate::foreign::samples::{self, age_entry};
    use crate::foreign::yaml;

    fn read(text: &str) -> Result<Metadata, String> {
        Metadata::read(&yaml::documents(text).unwrap()[0])
    }

    /// The two lines that every metadata has.
    fn with(rest: &str) -> String {
        format!("lastmodified: '2026-05-22T20:16:23Z'\nmac: {}\n{rest}", samples::value("mac"))
    }

    #[test]
    fn one_group() {
        let read =
            read(&with(&format!("version: 3.9.0\nkms: []\nage:\n{}{}", age_entry("a"), age_entry("b"))))
                .unwrap();
        let keys = ["age1a", "age1b"].map(|id| ForeignKey::Age(id.to_owned())).to_vec();
        assert_eq!(read.access, Access { groups: vec![keys], threshold: 1 });
        assert_eq!(read.modified.to_string(), "2026-05-22T20:16:23Z");
    }

    #[test]
    fn groups_and_thresholds() {
        let groups = |threshold: &str, names: &[&str]| {
            let groups = names.iter().map(|name| {
                let entry = age_entry(name).replace("\n  ", "\n      ").replacen("- ", "    - ", 1);
                format!("- pgp: []\n  age:\n{entry}")
            });
            let groups = groups.collect::<String>();
            read(&with(&format!("{threshold}\nkey_groups:\n{groups}")))
                .map(|read| (read.access.groups.len(), read.access.threshold))
        };
        assert_eq!(groups("", &["a", "b", "c"]), Ok((3, 3)));
        assert_eq!(groups("shamir_threshold: 2", &["a", "b", "c"]), Ok((3, 2)));
        assert_eq!(groups("shamir_threshold: 0", &["a", "b"]), Ok((2, 2)));
        assert_eq!(groups("shamir_threshold: 2", &["a"]), Ok((1, 1)));
        for threshold in ["1", "4", "-1", "x", "[]"] {
            assert!(
                groups(&format!("shamir_threshold: {threshold}"), &["a", "b", "c"]).is_err(),
                "{threshold}"
            );
        }
    }

    #[test]
    fn the_data_key_is_that_of_all_wrapped_forms() {
        let (a, b) = (age_entry("a"), age_entry("b"));
        let of = |list: &str| read(&with(&format!("age:\n{list}"))).unwrap().data_key;
        assert_eq!(of(&format!("{a}{b}")), of(&format!("{b}{a}")));
        assert_eq!(of(&a), of(&a.replace("enc: |", "enc: |-")));
        assert_ne!(of(&a), of(&format!("{a}{b}")));
        assert_ne!(of(&a), of(&b));
        let expected = [&2_u64.to_be_bytes()[..], b"ab", &1_u64.to_be_bytes(), b"c"].concat();
        assert_eq!(digest_of(vec!["c", "ab"]), Digest::of(&expected));
    }

    #[test]
    fn what_is_missing_or_malformed() {
        let keys = format!("age:\n{}", age_entry("a"));
        let good = with(&keys);
        let groups = format!(
            "key_groups:\n- age:\n{}",
            age_entry("b").replace("\n  ", "\n    ").replacen("- ", "  - ", 1)
        );
        for (text, why) in [
            ("- a".to_owned(), "no mapping"),
            (good.replace("mac:", "cam:"), "no `mac`"),
            (good.replace("type:str", "type:int"), "`mac`"),
            (good.replace("tag:", "tab:"), "`mac`"),
            (good.replace("2026-05-22T20:16:23Z", "yesterday"), "`lastmodified`"),
            (good.replace("lastmodified", "lastmod"), "`lastmodified`"),
            (with(""), "names no key"),
            (with("age: []\nkey_groups: []"), "names no key"),
            (with(&format!("{keys}{groups}")), "both in and beside"),
            (with("key_groups: 3"), "no list"),
            (with("key_groups:\n- age: []\n"), "is empty"),
            (format!("{good}version: [1]\n"), "`version`"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.contains(why), "{why}: {error}");
        }
        assert!(read(&good).is_ok());
    }
}
