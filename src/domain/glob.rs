//! Globs over names and paths: `*` stops at `/`, `**` does not.

use std::fmt;
use std::str::FromStr;

use globset::{GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};

mod overlap;

pub use overlap::Extent;

/// Why a text is not a glob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no glob: {why}")]
pub struct GlobError {
    text: String,
    why: String,
}

/// What may stand for something else than itself.
const WILD: [char; 9] = ['*', '?', '[', ']', '{', '}', '\\', '!', ','];

/// One glob, compiled.
#[derive(Debug, Clone)]
pub struct Glob {
    text: String,
    /// `None` where the text can match itself only: a policy holds thousands of exact names, and a regular
    /// expression for each of them would take more memory than all records together.
    matcher: Option<GlobMatcher>,
}

impl Glob {
    /// The one that matches this text and no other, whatever is in it.
    pub fn exactly(text: &str) -> Self {
        Self { text: text.to_owned(), matcher: None }
    }

    pub fn matches(&self, text: &str) -> bool {
        self.matcher.as_ref().map_or_else(|| self.text == text, |matcher| matcher.is_match(text))
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it can match one text only, namely itself.
    pub fn is_literal(&self) -> bool {
        self.matcher.is_none()
    }

    /// The folder below which all lies that fits it, without a `/` at its end; empty where that may be anywhere.
    pub fn folder(&self) -> &str {
        let literal = if self.is_literal() {
            self.text.as_str()
        } else {
            self.text.split(WILD).next().unwrap_or_default()
        };
        literal.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// To be compared with others.
    pub fn extent(&self) -> Extent {
        Extent::of(&self.text)
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}
impl Eq for Glob {}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Glob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, GlobError> {
        let refuse = |why: String| GlobError { text: text.to_owned(), why };
        if text.is_empty() {
            return Err(refuse("it is empty and would match nothing".to_owned()));
        }
        let literal = !text.contains(WILD);
        let matcher = if literal {
            None
        } else {
            Some(build(text).map_err(|error| refuse(error.kind().to_string()))?.compile_matcher())
        };
        Ok(Self { text: text.to_owned(), matcher })
    }
}

fn build(text: &str) -> Result<globset::Glob, globset::Error> {
    GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build()
}

/// Many globs, matched at once; the answer is the positions of those that fit, ascending.
#[derive(Debug, Clone, Default)]
pub struct GlobList(GlobSet);

impl GlobList {
    /// # Errors
    ///
    /// When the globs together are too large to compile.
    pub fn new<'a>(globs: impl IntoIterator<Item = &'a Glob>) -> Result<Self, GlobError> {
        let mut builder = GlobSetBuilder::new();
        let refuse = |error: globset::Error| GlobError {
            text: "the globs together".to_owned(),
            why: error.kind().to_string(),
        };
        for glob in globs {
            builder.add(build(glob.as_str()).map_err(refuse)?);
        }
        builder.build().map(Self).map_err(refuse)
    }

    pub fn matching(&self, text: &str) -> Vec<usize> {
        self.0.matches(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_star_stops_at_a_slash_and_two_do_not() {
        for (glob, text, fits) in [
            ("*/prod/**", "utoronto/prod/azuread", true),
            ("*/prod/**", "utoronto/prod/a/b", true),
            ("*/prod/**", "a/b/prod/c", false),
            ("*/prod/*", "utoronto/prod/a/b", false),
            ("**/db", "db", true),
            ("**/db", "a/b/db", true),
            ("**", "a/b", true),
            ("*", "a/b", false),
            ("{a,b}/c", "b/c", true),
            ("exact", "exact", true),
            ("exact", "exactly", false),
        ] {
            assert_eq!(glob.parse::<Glob>().unwrap().matches(text), fits, "{glob} on {text}");
        }
        assert!("".parse::<Glob>().is_err());
        assert!("a[".parse::<Glob>().is_err());
    }

    #[test]
    fn a_list_answers_with_positions() {
        let globs: Vec<Glob> = ["**", "a/*", "b/*"].iter().map(|g| g.parse().unwrap()).collect();
        assert_eq!(GlobList::new(&globs).unwrap().matching("a/x"), [0, 1]);
    }

    #[test]
    fn a_glob_is_what_it_is_written_like() {
        let glob = |text: &str| text.parse::<Glob>().unwrap();
        assert_eq!(glob("a/*"), glob("a/*"));
        assert_ne!(glob("a/*"), glob("a/**"));
        assert!(glob("a/b").is_literal() && !glob("a/*").is_literal() && Glob::exactly("a/*").is_literal());
        for (glob, folder) in [
            (glob("a/b/c"), "a/b"),
            (glob("a/b/*"), "a/b"),
            (glob("a/b*/c"), "a"),
            (glob("**/c"), ""),
            (Glob::exactly("a/[b]/c"), "a/[b]"),
        ] {
            assert_eq!(glob.folder(), folder, "{glob}");
        }
    }
}
