//! What a path in the store is, by its name alone: the same rules for the folder on disk and for a tree of git.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::layout::{ATTRIBUTES, POLICY, RECORD_ENDING, SEALED_ENDING};
use crate::domain::finding::Unknown;
use crate::domain::name::SecretName;

/// One thing in the store that is no folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Relative to the store, with `/`. Bytes, because file systems and git allow any.
    pub path: Cow<'a, [u8]>,
    pub kind: EntryKind,
}

impl<'a> Entry<'a> {
    pub fn file(path: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self { path: Cow::Borrowed(path.as_ref()), kind: EntryKind::File }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    File,
    SymbolicLink,
    /// In a tree of git only; on disk it is a folder.
    Submodule,
    /// A fifo, a socket or a device.
    Special,
}

/// What lies in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    pub secrets: BTreeMap<SecretName, FilesPresent>,
    /// Files that are neither a secret's nor the store's own. Whoever lists must look into each: what is not
    /// encrypted is plaintext.
    pub others: Vec<Other>,
    /// What could not be judged by its name, or not be seen at all.
    pub unknowns: Vec<Unknown>,
    pub policy: bool,
    pub attributes: bool,
}

/// Which of a secret's two files are there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FilesPresent {
    pub record: bool,
    pub sealed: bool,
}

/// A file that is no part of a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Other {
    /// Relative to the store, with `/`.
    pub path: String,
    /// Why it is no secret's, where it looks like one: its name is refused.
    pub refused: Option<String>,
}

/// Sorts paths into secrets, others and unknowns. `explained` tells of a temporary file whether an unfinished
/// change accounts for it ([`super::journal::Unfinished::explains`]).
pub fn classify<'a>(
    entries: impl IntoIterator<Item = Entry<'a>>,
    explained: impl Fn(&str) -> bool,
) -> Listing {
    let mut listing = Listing::default();
    for entry in entries {
        listing.take(&entry, &explained);
    }
    listing.find_case_collisions();
    listing.others.sort();
    listing.unknowns.sort();
    listing
}

impl Listing {
    fn take(&mut self, entry: &Entry<'_>, explained: &impl Fn(&str) -> bool) {
        let Ok(path) = std::str::from_utf8(&entry.path) else {
            let shown = shown(&entry.path);
            self.unknowns.push(Unknown::new(shown, "its name is not UTF-8; rename or remove it"));
            return;
        };
        match entry.kind {
            EntryKind::File => self.take_file(path, explained),
            EntryKind::SymbolicLink => self.unknowns.push(Unknown::new(
                shown(path.as_bytes()),
                "is a symbolic link, which the store does not follow; replace it by the file itself, or remove it",
            )),
            EntryKind::Submodule => self.unknowns.push(Unknown::new(
                shown(path.as_bytes()),
                "is a submodule, so its files are another repository's; move it out of the store",
            )),
            EntryKind::Special => self.unknowns.push(Unknown::new(
                shown(path.as_bytes()),
                "is neither a file nor a folder; remove it from the store",
            )),
        }
    }

    fn take_file(&mut self, path: &str, explained: &impl Fn(&str) -> bool) {
        match path {
            POLICY => self.policy = true,
            ATTRIBUTES => self.attributes = true,
            _ if is_exempt(path) || (is_temporary(path) && explained(path)) => {}
            _ => match secret_file(path) {
                None => self.others.push(Other { path: path.to_owned(), refused: None }),
                Some((_, Err(why))) => self.others.push(Other { path: path.to_owned(), refused: Some(why) }),
                Some((file, Ok(name))) => {
                    let present = self.secrets.entry(name).or_default();
                    match file {
                        SecretFile::Record => present.record = true,
                        SecretFile::Sealed => present.sealed = true,
                    }
                }
            },
        }
    }

    /// On macOS and Windows such a pair is one file: which of the two it holds depends on the machine.
    fn find_case_collisions(&mut self) {
        let mut first_by_folded: HashMap<String, &SecretName> = HashMap::with_capacity(self.secrets.len());
        for name in self.secrets.keys() {
            if let Some(first) = first_by_folded.insert(name.folded(), name) {
                let what = name.to_string();
                let why = format!("differs from `{first}` in case only; rename one with `secrets move`");
                self.unknowns.push(Unknown { what, why });
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretFile {
    Record,
    Sealed,
}

/// Which file of which secret bears this path; the name may be refused. `None`: it has not the ending of either.
pub fn secret_file(path: &str) -> Option<(SecretFile, Result<SecretName, String>)> {
    let (file, stem) = if let Some(stem) = path.strip_suffix(SEALED_ENDING) {
        (SecretFile::Sealed, stem)
    } else {
        (SecretFile::Record, path.strip_suffix(RECORD_ENDING)?)
    };
    Some((file, stem.parse().map_err(|e: crate::domain::name::NameError| e.to_string())))
}

/// Whether design exempts it by its name: git's own files, and a README in a language for people.
fn is_exempt(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    if matches!(file, ATTRIBUTES | ".gitignore" | ".gitkeep") {
        return true;
    }
    let folded = file.to_ascii_lowercase();
    match folded.strip_prefix("readme") {
        Some("") => true,
        // Not `README.json` and not `README-passwords`: those are looked into like all others.
        Some(rest) => {
            rest.starts_with('.')
                && rest.rsplit('.').next().is_some_and(|ending| {
                    matches!(ending, "md" | "markdown" | "txt" | "rst" | "adoc" | "asciidoc" | "org")
                })
        }
        None => false,
    }
}

/// Whether it has the form of `system::files::temporary_name`.
fn is_temporary(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".new").is_some_and(|rest| rest.starts_with('.'))
}

/// For messages: a path on one line, whatever its bytes.
pub(super) fn shown(path: &[u8]) -> String {
    let text = String::from_utf8_lossy(path);
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(paths: &[&str]) -> Listing {
        classify(paths.iter().map(Entry::file), |path| path == "a/.x.age.new")
    }

    #[test]
    fn files_become_secrets() {
        let listing = of(&["b.json", "a/x.age", "a/x.json", "c.d/e.f.age", "policy.toml", ".gitattributes"]);
        let found: Vec<_> = listing.secrets.iter().map(|(n, f)| (n.as_str(), f.record, f.sealed)).collect();
        assert_eq!(found, [("a/x", true, true), ("b", true, false), ("c.d/e.f", false, true)]);
        assert!(listing.policy && listing.attributes);
        assert!(listing.others.is_empty() && listing.unknowns.is_empty(), "{listing:?}");
    }

    #[test]
    fn what_is_exempt_is_exempt_by_its_whole_name() {
        let exempt = [
            ".gitignore",
            "a/.gitkeep",
            "a/.gitattributes",
            "README",
            "a/README.md",
            "readme.de.txt",
            "a/.x.age.new",
        ];
        let listing = of(&exempt);
        assert!(listing.others.is_empty() && listing.secrets.is_empty() && listing.unknowns.is_empty());
        let looked_into = [
            "README-passwords",
            "README.env",
            "READMEmd",
            "a/policy.toml",
            ".env",
            "a/.y.age.new",
            "x.new",
            "policy.toml~",
            "x.AGE",
            "values.yaml",
            ".gitignore.bak",
        ];
        let listing = of(&looked_into);
        let mut expected = looked_into.to_vec();
        expected.sort_unstable();
        assert_eq!(listing.others.iter().map(|o| o.path.as_str()).collect::<Vec<_>>(), expected);
        assert!(of(&["README.json"]).secrets.contains_key("README"));
    }

    #[test]
    fn refused_names_say_why() {
        for (path, why) in [
            ("a b.age", "ASCII letters"),
            (".hidden.json", "ASCII letters"),
            ("x.age.age", "ends in `.age`"),
            ("x.age/y.json", "ends in `.age`"),
            ("a/.age", "empty segment"),
            (".json", "empty"),
        ] {
            let listing = of(&[path]);
            let refused = listing.others[0].refused.as_deref().unwrap();
            assert!(refused.contains(why), "{path}: {refused}");
        }
        let long = format!("{}.age", "a".repeat(201));
        assert!(of(&[&long]).others[0].refused.as_deref().unwrap().contains("200 bytes"));
    }

    #[test]
    fn names_that_differ_in_case_only_are_told() {
        let listing = of(&["prod/Db.age", "prod/db.json", "prod/dc.age"]);
        assert_eq!(listing.unknowns.len(), 1);
        assert_eq!(listing.unknowns[0].what, "prod/db");
        assert!(listing.unknowns[0].why.contains("`prod/Db`"));
    }

    #[test]
    fn links_specials_and_strange_bytes_are_unknown() {
        let entries = [
            Entry { kind: EntryKind::SymbolicLink, ..Entry::file("a.age") },
            Entry { kind: EntryKind::SymbolicLink, ..Entry::file(".gitignore") },
            Entry { kind: EntryKind::Special, ..Entry::file("fifo.json") },
            Entry::file(b"caf\xe9.age"),
        ];
        let listing = classify(entries, |_| true);
        let whats: Vec<_> = listing.unknowns.iter().map(|u| u.what.as_str()).collect();
        assert_eq!(whats, [".gitignore", "a.age", "caf\u{fffd}.age", "fifo.json"]);
        assert!(listing.secrets.is_empty() && listing.others.is_empty());
    }

    #[test]
    fn a_shown_path_stays_on_its_line() {
        assert_eq!(shown(b"a\n\x1b[31mb"), "a\\n\\u{1b}[31mb");
    }
}
