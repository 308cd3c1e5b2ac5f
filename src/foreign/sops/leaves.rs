//! The values of a file of sops: which are encrypted, and which stand in clear although its rule says otherwise.

use std::borrow::Cow;

use super::rules::Rule;
use super::value::{Encrypted, MARK};
use crate::domain::digest::Digest;
use crate::domain::foreign::Leaf;
use crate::domain::tracked_name::{MAX_POINTER_BYTES, Pointer};
use crate::foreign::tree::{self, Node, Path};

/// What the values of a file turned out to be.
#[derive(Debug, Default)]
pub struct Found {
    pub leaves: Vec<Leaf>,
    /// Empty where `clear_unknown` says something.
    pub in_clear: Vec<Pointer>,
    pub clear_unknown: Option<String>,
    /// What begins as an encrypted value and is none: the first one.
    pub broken: Option<Pointer>,
}

/// Looks through documents, each with its number where there are several.
///
/// Null, empty texts, and empty mappings and lists are no secrets, and sops leaves them as they are; some tools
/// encrypt an empty text, to no bytes.
pub fn find<'n>(
    documents: impl Iterator<Item = (Option<usize>, &'n Node<'n>)>,
    rule: &Rule,
) -> Result<Found, String> {
    let found = Found { clear_unknown: rule.unknown().map(str::to_owned), ..Found::default() };
    let mut walk = Walk { rule, found };
    for (number, values) in documents {
        walk.node(values, false, &mut Path::new(number))?;
    }
    if walk.found.clear_unknown.is_some() {
        walk.found.in_clear.clear();
    }
    Ok(walk.found)
}

struct Walk<'r> {
    rule: &'r Rule,
    found: Found,
}

impl Walk<'_> {
    /// `holds`: a key above made the rule hold.
    fn node<'n>(&mut self, node: &'n Node<'_>, holds: bool, path: &mut Path<'n>) -> Result<(), String> {
        match node {
            Node::Null => Ok(()),
            Node::Text(text) | Node::Vault(text) => self.text(text, holds, path),
            Node::List(items) => items.iter().enumerate().try_for_each(|(number, item)| {
                path.at(Cow::Owned(number.to_string()), |path| self.node(item, holds, path))
            }),
            Node::Map(entries) => entries.iter().try_for_each(|(key, node)| {
                // No pointer could lead there, and no pattern is to be tried on it.
                if key.len() > MAX_POINTER_BYTES {
                    return Err(tree::TOO_LONG.to_owned());
                }
                let holds = holds || self.fits(key);
                path.at(Cow::Borrowed(key.as_ref()), |path| self.node(node, holds, path))
            }),
        }
    }

    fn fits(&mut self, key: &str) -> bool {
        if self.found.clear_unknown.is_some() {
            return false;
        }
        self.rule.fits(key).unwrap_or_else(|why| {
            self.found.clear_unknown = Some(why);
            false
        })
    }

    fn text(&mut self, text: &str, holds: bool, path: &mut Path<'_>) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        if let Some(value) = Encrypted::parse(text) {
            if value.length > 0 {
                self.found.leaves.push(Leaf { pointer: path.pointer()?, seen: Digest::of(text.as_bytes()) });
            }
            return Ok(());
        }
        let is_unknown = self.found.clear_unknown.is_some();
        if !is_unknown && !self.rule.demands(holds) {
            return Ok(());
        }
        if text.starts_with(MARK) {
            if self.found.broken.is_none() {
                self.found.broken = path.pointer()?;
            }
        } else if !is_unknown {
            self.found.in_clear.extend(path.pointer()?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::{samples, yaml};

    fn found(text: &str, rule: &str) -> (Vec<String>, Vec<String>, bool, Option<String>) {
        let documents = yaml::documents(text).unwrap();
        let rules = yaml::documents(rule).unwrap();
        let rule = rules.first().map_or_else(Rule::default, |rule| Rule::of(rule).unwrap());
        let found = find(documents.iter().map(|document| (None, document)), &rule).unwrap();
        let leaves = found.leaves.iter().map(|leaf| leaf.pointer.as_ref().unwrap().to_string()).collect();
        let in_clear = found.in_clear.iter().map(Pointer::to_string).collect();
        (leaves, in_clear, found.clear_unknown.is_some(), found.broken.map(|pointer| pointer.to_string()))
    }

    #[test]
    fn sealed_and_in_clear() {
        let value = samples::value("x");
        let empty = value.replacen(samples::data_of(&value), "", 1);
        let text = format!(
            "a: {value}\nb: clear\nc: ''\nd: ~\ne: {{}}\nf: []\ng: [{{h: 1}}, '{value}']\ni_unencrypted: {{j: [k]}}\nl: '{empty}'\n"
        );
        let strings = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
        let all = strings(&["/a", "/g/1"]);
        for (rule, in_clear, is_unknown) in [
            ("", &["/b", "/g/0/h"][..], false),
            ("encrypted_regex: ^(g|i)", &["/g/0/h", "/i_unencrypted/j/0"], false),
            ("unencrypted_regex: ^h$", &["/b", "/i_unencrypted/j/0"], false),
            ("encrypted_suffix: b", &["/b"], false),
            ("unencrypted_suffix: j", &["/b", "/g/0/h"], false),
            ("encrypted_comment_regex: b", &[], true),
            ("encrypted_regex: '('", &[], true),
        ] {
            assert_eq!(found(&text, rule), (all.clone(), strings(in_clear), is_unknown, None), "{rule}");
        }
    }

    #[test]
    fn a_rule_that_fails_late_leaves_nothing_said() {
        let (_, in_clear, is_unknown, _) = found("a: b\nä: c\n", "encrypted_regex: '^.$'");
        assert!(is_unknown && in_clear.is_empty());
    }

    #[test]
    fn broken_values_are_neither() {
        let value = samples::value("x");
        let broken = value.replace("tag", "tab");
        let text = format!("a: {value}\nb: {broken}\nc_unencrypted: {broken}\n");
        assert_eq!(found(&text, "").3, Some("/b".to_owned()));
        assert_eq!(found(&text, "").1, Vec::<String>::new());
        assert_eq!(found(&text, "encrypted_regex: a").3, None);
        assert_eq!(found(&text, "encrypted_comment_regex: a").3, Some("/b".to_owned()));
    }

    #[test]
    fn keys_are_bounded() {
        let told = |length: usize| {
            let documents = [Node::Map(vec![(Cow::Owned("k".repeat(length)), Node::Null)])];
            find(documents.iter().map(|document| (None, document)), &Rule::default()).is_ok()
        };
        assert!(told(MAX_POINTER_BYTES) && !told(MAX_POINTER_BYTES + 1));
    }
}
