//! Which values of a file sops encrypts, by the names of the keys that lead to them.

use std::cell::OnceCell;

use regex::bytes::{Regex, RegexBuilder};

use crate::foreign::tree::Node;

/// Ends the keys whose values stay in clear where a file has no rule.
const DEFAULT_SUFFIX: &str = "_unencrypted";
/// Of a regular expression, compiled, in bytes.
const MAX_COMPILED_BYTES: usize = 128 * 1024;
const MAX_PATTERN_BYTES: usize = 16 * 1024;

/// The one rule of a file. It is about keys: where any key on the way to a value fits, the rule holds.
#[derive(Debug)]
pub struct Rule {
    keys: Keys,
    /// Whether a key that fits says that the value is encrypted, or that it is not.
    encrypts: bool,
}

#[derive(Debug)]
enum Keys {
    Suffix(String),
    /// Those of `^(data|stringData)$`, the most common pattern: compiling it would cost more than reading a file.
    Words(Vec<String>),
    Pattern(Box<Pattern>),
    /// Why it can't be told which keys fit.
    Unknown(String),
}

impl Default for Rule {
    fn default() -> Self {
        Self { keys: Keys::Suffix(DEFAULT_SUFFIX.to_owned()), encrypts: false }
    }
}

impl Rule {
    /// Reads the rule in the metadata of a file. More than one are refused, as sops does.
    pub fn of(metadata: &Node<'_>) -> Result<Self, String> {
        let mut rules = Vec::new();
        for name in [
            "unencrypted_suffix",
            "encrypted_suffix",
            "unencrypted_regex",
            "encrypted_regex",
            "unencrypted_comment_regex",
            "encrypted_comment_regex",
        ] {
            if let Some(text) = metadata.text_at(name)? {
                rules.push((name, text));
            }
        }
        match rules.as_slice() {
            [] => Ok(Self::default()),
            [(name, text)] => {
                Ok(Self { keys: Keys::of(name, text), encrypts: name.starts_with("encrypted") })
            }
            [(one, _), (other, _), ..] => {
                Err(format!("it has both `{one}` and `{other}`, and sops takes one"))
            }
        }
    }

    /// Why it can't be told at all which values are to be encrypted.
    pub fn unknown(&self) -> Option<&str> {
        if let Keys::Unknown(why) = &self.keys { Some(why) } else { None }
    }

    /// Whether this key makes the rule hold for all that is below it. An error says why it can't be told.
    pub fn fits(&self, key: &str) -> Result<bool, String> {
        match &self.keys {
            Keys::Suffix(suffix) => Ok(key.ends_with(suffix.as_str())),
            Keys::Words(words) => Ok(words.iter().any(|word| word == key)),
            Keys::Pattern(pattern) => pattern.fits(key),
            Keys::Unknown(why) => Err(why.clone()),
        }
    }

    /// Whether a value is encrypted, the rule holding for it or not.
    pub fn demands(&self, holds: bool) -> bool {
        holds == self.encrypts
    }
}

impl Keys {
    fn of(name: &str, text: &str) -> Self {
        if name.ends_with("suffix") {
            return Self::Suffix(text.to_owned());
        }
        if name.ends_with("comment_regex") {
            return Self::Unknown(format!(
                "comments say which values are to be encrypted (`{name}`), and comments are not read"
            ));
        }
        if let Some(words) = words(text) {
            return Self::Words(words);
        }
        Pattern::new(text).map_or_else(
            || Self::Unknown(format!("`{name}` is no regular expression that is understood")),
            |pattern| Self::Pattern(Box::new(pattern)),
        )
    }
}

/// The words that a pattern names, if it does nothing else.
fn words(pattern: &str) -> Option<Vec<String>> {
    let inner = pattern.strip_prefix("^(")?.strip_suffix(")$")?;
    let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let words = inner.split('|').map(|word| is_word(word).then(|| word.to_owned()));
    words.collect()
}

/// A regular expression of Go, as far as it means the same to Rust.
#[derive(Debug)]
struct Pattern {
    text: String,
    /// With classes of ASCII, as in Go. It sees bytes, so it is right about keys in ASCII.
    bytes: Regex,
    /// Sees characters; for keys beyond ASCII. Compiled when such a key comes.
    characters: OnceCell<Option<Regex>>,
}

impl Pattern {
    fn new(text: &str) -> Option<Self> {
        if text.len() > MAX_PATTERN_BYTES || !means_the_same(text) {
            return None;
        }
        Some(Self { text: text.to_owned(), bytes: compile(text, false)?, characters: OnceCell::new() })
    }

    fn fits(&self, key: &str) -> Result<bool, String> {
        let fits = self.bytes.is_match(key.as_bytes());
        if key.is_ascii() && self.text.is_ascii() {
            return Ok(fits);
        }
        let other = self.characters.get_or_init(|| compile(&self.text, true));
        let agreed = other.as_ref().is_some_and(|other| other.is_match(key.as_bytes()) == fits);
        let why = || "a key or the rule is not ASCII, and Go and Rust could differ about it".to_owned();
        if agreed { Ok(fits) } else { Err(why()) }
    }
}

fn compile(text: &str, unicode: bool) -> Option<Regex> {
    RegexBuilder::new(text).unicode(unicode).size_limit(MAX_COMPILED_BYTES).build().ok()
}

/// Whether a pattern has nothing that both languages take and read differently: Rust has operators and nesting within
/// classes, flags of its own, and boundaries where Go escapes a character.
fn means_the_same(text: &str) -> bool {
    let only_in_rust = ["&&", "--", "~~", r"\<", r"\>", r"\b{", r"\B{"];
    if only_in_rust.iter().any(|operator| text.contains(operator)) {
        return false;
    }
    let flags = text.split("(?").skip(1).map(|rest| rest.split([')', ':']).next().unwrap_or_default());
    let mut known =
        flags.map(|flags| flags.starts_with(['P', '<']) || flags.chars().all(|c| "imsU-".contains(c)));
    known.all(|known| known) && !nests_classes(text)
}

/// Whether a `[` stands within a class, other than in one like `[[:alpha:]]`.
fn nests_classes(text: &str) -> bool {
    let (mut in_class, mut characters) = (false, text.chars().peekable());
    while let Some(c) = characters.next() {
        match c {
            '\\' => drop(characters.next()),
            '[' if !in_class => in_class = true,
            '[' if characters.peek() != Some(&':') => return true,
            // Past the `:]` of the named class.
            '[' => drop(characters.find(|c| *c == ']')),
            ']' => in_class = false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn rule(name: &'static str, text: &'static str) -> Rule {
        Rule::of(&Node::Map(vec![(Cow::Borrowed(name), Node::Text(Cow::Borrowed(text)))])).unwrap()
    }

    #[test]
    fn keys_that_fit() {
        for (name, text, key, fits) in [
            ("unencrypted_suffix", "_clear", "a_clear", true),
            ("unencrypted_suffix", "_clear", "a_unencrypted", false),
            ("encrypted_suffix", "Secret", "clientSecret", true),
            ("encrypted_regex", "^(data|stringData)$", "data", true),
            ("encrypted_regex", "^(data|stringData)$", "metadata", false),
            ("encrypted_regex", "^(data|stringData)$", "stringData", true),
            ("encrypted_regex", "^(data|)$", "", true),
            ("encrypted_regex", "^(d.ta|x)$", "data", true),
            ("encrypted_regex", "^(a)|(b)$", "ab", true),
            ("encrypted_regex", "(?i)PASS", "my_password", true),
            ("unencrypted_regex", r"^\w+$", "a-b", false),
            ("unencrypted_regex", "^[[:alpha:]_]+$", "a_b", true),
            ("encrypted_regex", "^geheim.+$", "geheimnisträger", true),
            ("encrypted_regex", "schlüssel", "schlüssel", true),
        ] {
            assert_eq!(rule(name, text).fits(key), Ok(fits), "{name} {text} {key}");
        }
        let default = Rule::of(&Node::Map(Vec::new())).unwrap();
        assert_eq!((default.fits("a_unencrypted"), default.fits("a")), (Ok(true), Ok(false)));
        assert!(default.demands(false) && !default.demands(true));
        assert!(rule("encrypted_regex", "a").demands(true) && !rule("encrypted_regex", "a").demands(false));
    }

    #[test]
    fn what_go_and_rust_read_differently_is_unknown() {
        for text in [
            "(",
            "[a&&b]",
            "[[a]b]",
            "[a--b]",
            r"\<a",
            "(?x)a b",
            "(?u)a",
            r"a\b{start}",
            "(a{1000}){1000}",
            r"\pL",
        ] {
            assert!(rule("encrypted_regex", text).unknown().is_some(), "{text}");
        }
        // A character of two bytes.
        assert!(rule("encrypted_regex", "^.$").fits("ä").is_err());
        assert!(rule("encrypted_comment_regex", "a").unknown().is_some());
        assert!(rule("unencrypted_regex", "(?i:a)(?P<n>b)(c)").unknown().is_none());
    }

    #[test]
    fn two_rules_are_none() {
        let text = |text| Node::Text(Cow::Borrowed(text));
        let both = |other| {
            Node::Map(vec![
                (Cow::Borrowed("encrypted_regex"), text("a")),
                (Cow::Borrowed("unencrypted_suffix"), other),
            ])
        };
        assert!(Rule::of(&both(text("b"))).unwrap_err().contains("`encrypted_regex`"));
        assert!(Rule::of(&both(text(""))).is_ok());
        assert!(Rule::of(&both(Node::List(Vec::new()))).is_err());
    }
}
