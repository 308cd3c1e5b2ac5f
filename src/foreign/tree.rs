//! The common form of the documents that are looked into, and the bounds on them.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::domain::tracked_name::{MAX_POINTER_BYTES, Pointer};

/// The deepest nesting that is followed.
pub const MAX_DEPTH: usize = 128;
/// The most values of a file, so that a hostile one can't fill the memory.
pub const MAX_NODES: usize = 1 << 20;
/// The most bytes of all pointers into a file together: a long key above many values counts once for each.
const MAX_POINTERS_BYTES: usize = 64 * 1024 * 1024;

pub const TOO_DEEP: &str = "it is nested too deeply";
pub const TOO_MANY: &str = "it holds too many values";
pub const TOO_LONG: &str = "the keys that lead to a value are longer than 4096 bytes";
pub const TWICE: &str = "a key stands twice";
pub const TWICE_ABOVE: &str = "a key stands twice in the mapping that ends here";

/// A value of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node<'t> {
    Null,
    /// Any other scalar: text, numbers and booleans as they are written.
    Text(Cow<'t, str>),
    /// A scalar with YAML's tag `!vault`.
    Vault(Cow<'t, str>),
    List(Vec<Self>),
    Map(Vec<Entry<'t>>),
}

pub type Entry<'t> = (Cow<'t, str>, Node<'t>);

impl<'t> Node<'t> {
    /// The value at a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The entries of a mapping; nothing of anything else.
    pub fn entries(&self) -> &[Entry<'t>] {
        if let Self::Map(entries) = self { entries } else { &[] }
    }

    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The text at a key; `None` where there is none, or an empty one.
    pub fn text_at(&self, key: &str) -> Result<Option<&str>, String> {
        match self.get(key) {
            None | Some(Self::Null) => Ok(None),
            Some(Self::Text(text)) => Ok(Some(text.as_ref()).filter(|text| !text.is_empty())),
            Some(Self::Vault(_) | Self::List(_) | Self::Map(_)) => Err(format!("`{key}` is no text")),
        }
    }
}

/// Whether no key stands twice.
pub fn are_unique(entries: &[Entry<'_>]) -> bool {
    if entries.len() <= 8 {
        return (1..entries.len()).all(|at| {
            let (before, from) = entries.split_at(at);
            from.first().is_none_or(|(key, _)| before.iter().all(|(other, _)| other != key))
        });
    }
    let mut seen = HashSet::with_capacity(entries.len());
    entries.iter().all(|(key, _)| seen.insert(key.as_ref()))
}

/// The way from the root of a file to a value of it.
pub struct Path<'n> {
    keys: Vec<Cow<'n, str>>,
    left: usize,
}

impl<'n> Path<'n> {
    /// Starts at a document; of several, the number of each goes before the keys.
    pub fn new(document: Option<usize>) -> Self {
        let keys = document.map(|number| Cow::Owned(number.to_string())).into_iter().collect();
        Self { keys, left: MAX_POINTERS_BYTES }
    }

    /// Does something one step further down.
    pub fn at<T>(&mut self, key: Cow<'n, str>, then: impl FnOnce(&mut Self) -> T) -> T {
        self.keys.push(key);
        let done = then(self);
        self.keys.pop();
        done
    }

    /// `None` at the root.
    pub fn pointer(&mut self) -> Result<Option<Pointer>, String> {
        let Some(pointer) = Pointer::of(&self.keys) else { return Ok(None) };
        let length = pointer.as_str().len();
        if length > MAX_POINTER_BYTES {
            return Err(TOO_LONG.to_owned());
        }
        self.left = self.left.checked_sub(length).ok_or(TOO_MANY)?;
        Ok(Some(pointer))
    }
}

/// The documents that hold anything, each with what goes before its pointers.
pub fn numbered<T>(
    documents: &[T],
    is_empty: impl Fn(&T) -> bool,
) -> impl Iterator<Item = (Option<usize>, &T)> {
    let held = documents.iter().enumerate().filter(|(_, document)| !is_empty(document)).collect::<Vec<_>>();
    let several = held.len() > 1;
    held.into_iter().map(move |(number, document)| (several.then_some(number), document))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_stand_twice() {
        for length in [0, 1, 2, 8, 9, 40] {
            let mut entries =
                (0..length).map(|n| (Cow::Owned(format!("k{n}")), Node::Null)).collect::<Vec<Entry<'_>>>();
            assert!(are_unique(&entries), "{length}");
            if let Some(first) = entries.first().cloned() {
                entries.push(first);
                assert!(!are_unique(&entries), "{length}");
            }
        }
    }

    #[test]
    fn all_pointers_together_are_bounded() {
        let key = "k".repeat(MAX_POINTER_BYTES - 1);
        let mut path = Path::new(None);
        path.at(Cow::Borrowed(&key), |path| {
            let fit = MAX_POINTERS_BYTES / MAX_POINTER_BYTES;
            assert!((0..fit).all(|_| path.pointer().is_ok()));
            assert_eq!(path.pointer(), Err(TOO_MANY.to_owned()));
        });
        let mut path = Path::new(Some(3));
        path.at(Cow::Borrowed(&key), |path| assert!(path.pointer().is_err()));
        assert_eq!(path.pointer().unwrap().unwrap().as_str(), "/3");
    }
}
