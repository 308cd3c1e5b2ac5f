//! Names of what other tools have sealed, and of anything that a report can speak of.

use std::fmt;
use std::str::FromStr;

use super::name::SecretName;

/// What stands between a file's path and the pointer into it.
const SEPARATOR: &str = "#/";

/// The longest pointer that is taken, in bytes; that of a key of 1 KiB, some levels deep.
pub const MAX_POINTER_BYTES: usize = 4096;

/// Where a value lies in a document: an RFC 6901 JSON Pointer, never the empty one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(String);

/// A text that is no pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no JSON Pointer: write `/`, then each key, with `~0` for a `~` and `~1` for a `/` in it (RFC 6901)"
)]
pub struct PointerError(String);

impl Pointer {
    /// The pointer to what these keys lead to, one after the other; `None` without a key.
    pub fn of<S: AsRef<str>>(keys: impl IntoIterator<Item = S>) -> Option<Self> {
        let mut text = String::new();
        for key in keys {
            text.push('/');
            for c in key.as_ref().chars() {
                match c {
                    '~' => text.push_str("~0"),
                    '/' => text.push_str("~1"),
                    other => text.push(other),
                }
            }
        }
        (!text.is_empty()).then_some(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The keys that lead there, unescaped.
    pub fn keys(&self) -> impl Iterator<Item = String> {
        self.0.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~"))
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        let refuse = || PointerError(text.to_owned());
        let rest = text.strip_prefix('/').ok_or_else(refuse)?;
        // Every `~` begins one of the two escapes.
        let escaped = rest.split('~').skip(1).all(|part| part.starts_with(['0', '1']));
        if escaped && text.len() <= MAX_POINTER_BYTES { Ok(Self(text.to_owned())) } else { Err(refuse()) }
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The name of a secret that another tool has sealed: the path of its file from the root of the repository, and where
/// it lies in it: `clusters/a/enc-prod.yaml#/hub/client_secret`. Without a pointer it is the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackedName {
    text: String,
    /// The length of the path.
    file: usize,
}

/// A text that names nothing that could be tracked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrackedNameError {
    #[error("`{0}` is no path from the root of the repository: write it with `/`, without `.` or `..`")]
    Path(String),
    #[error(transparent)]
    Pointer(#[from] PointerError),
}

impl TrackedName {
    /// `None` where the path could not be told from the pointer, or is none.
    pub fn new(file: &str, pointer: Option<&Pointer>) -> Option<Self> {
        if !is_path(file) || file.contains(SEPARATOR) {
            return None;
        }
        let text = pointer.map_or_else(|| file.to_owned(), |pointer| format!("{file}#{pointer}"));
        Some(Self { text, file: file.len() })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path of the file, from the root of the repository.
    pub fn file(&self) -> &str {
        self.text.get(..self.file).unwrap_or_default()
    }

    /// `None`: the file as a whole.
    pub fn pointer(&self) -> Option<Pointer> {
        self.text.get(self.file + 1..).map(|pointer| Pointer(pointer.to_owned()))
    }

    /// The pointer's text; empty for the file as a whole.
    pub fn pointer_text(&self) -> &str {
        self.text.get(self.file + 1..).unwrap_or_default()
    }
}

fn is_path(text: &str) -> bool {
    let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
    text.split('/').all(plain)
}

impl FromStr for TrackedName {
    type Err = TrackedNameError;

    fn from_str(text: &str) -> Result<Self, TrackedNameError> {
        let (file, pointer) = match text.find(SEPARATOR) {
            Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
            None => (text, None),
        };
        let pointer = pointer.map(str::parse::<Pointer>).transpose()?;
        Self::new(file, pointer.as_ref()).ok_or_else(|| TrackedNameError::Path(file.to_owned()))
    }
}

impl fmt::Display for TrackedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// The name of a secret, whoever sealed it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CredentialName {
    /// Of the store.
    Own(SecretName),
    /// Sealed by another tool.
    Tracked(TrackedName),
}

impl CredentialName {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Own(name) => name.as_str(),
            Self::Tracked(name) => name.as_str(),
        }
    }

    /// What policy's globs may match of it: its name, and of a tracked one also the path of its file.
    pub fn known_as(&self) -> impl Iterator<Item = &str> {
        let file = match self {
            Self::Own(_) => None,
            Self::Tracked(name) => Some(name.file()),
        };
        [self.as_str()].into_iter().chain(file)
    }
}

impl fmt::Display for CredentialName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for CredentialName {
    type Err = TrackedNameError;

    /// What could be either is read as a secret of ours: a file as a whole has a name that one of ours could have.
    fn from_str(text: &str) -> Result<Self, TrackedNameError> {
        match text.parse::<SecretName>() {
            Ok(name) => Ok(Self::Own(name)),
            Err(_) => text.parse().map(Self::Tracked),
        }
    }
}

impl From<SecretName> for CredentialName {
    fn from(name: SecretName) -> Self {
        Self::Own(name)
    }
}

impl From<TrackedName> for CredentialName {
    fn from(name: TrackedName) -> Self {
        Self::Tracked(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_what_they_must() {
        let pointer = Pointer::of(["web.yml", "a/b", "c~d", ""]).unwrap();
        assert_eq!(pointer.as_str(), "/web.yml/a~1b/c~0d/");
        assert_eq!(pointer.keys().collect::<Vec<_>>(), ["web.yml", "a/b", "c~d", ""]);
        assert_eq!(pointer.as_str().parse::<Pointer>().unwrap(), pointer);
        assert_eq!(Pointer::of([""; 0]), None);
        // The escape of an escape is not undone twice.
        assert_eq!(Pointer::of(["~1"]).unwrap().keys().collect::<Vec<_>>(), ["~1"]);
        for bad in ["", "a", "/a~", "/a~2b", &format!("/{}", "a".repeat(MAX_POINTER_BYTES))] {
            assert!(bad.parse::<Pointer>().is_err(), "{bad:.20}");
        }
    }

    #[test]
    fn names_of_tracked_secrets() {
        for (text, file, pointer) in [
            ("clusters/a/enc-prod.yaml#/hub/client_secret", "clusters/a/enc-prod.yaml", "/hub/client_secret"),
            ("enc.age", "enc.age", ""),
            ("a#b/c#/d#/e", "a#b/c", "/d#/e"),
            ("a#", "a#", ""),
        ] {
            let name: TrackedName = text.parse().unwrap();
            assert_eq!((name.as_str(), name.file(), name.pointer_text()), (text, file, pointer));
            assert_eq!(
                (name.to_string(), CredentialName::from(name.clone()).to_string()),
                (text.into(), text.into())
            );
            assert_eq!(name.pointer().map(|found| found.to_string()).unwrap_or_default(), pointer);
            assert_eq!(TrackedName::new(file, name.pointer().as_ref()), Some(name));
        }
        for bad in ["", "/a", "a/../b", "./a", "a//b", "#/x", "a#/b~"] {
            assert!(bad.parse::<TrackedName>().is_err(), "{bad}");
        }
        assert_eq!(TrackedName::new("a#/b", None), None);
    }

    #[test]
    fn globs_see_name_and_file() {
        let tracked: CredentialName = "a/enc.yaml#/x".parse::<TrackedName>().unwrap().into();
        assert_eq!(tracked.known_as().collect::<Vec<_>>(), ["a/enc.yaml#/x", "a/enc.yaml"]);
        let own: CredentialName = "a/enc".parse::<SecretName>().unwrap().into();
        assert_eq!(own.known_as().collect::<Vec<_>>(), ["a/enc"]);
    }
}
