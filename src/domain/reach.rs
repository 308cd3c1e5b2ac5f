//! Which folders of a store can hold what somebody asks about: looking at a part costs what the part costs.

use super::glob::Glob;

/// The folders below which something that matters may lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Paths relative to the store, in lower case: on some machines two names that differ in case are one file, so
    /// that what lies beside counts. `None`: all of them.
    folders: Option<Vec<Vec<u8>>>,
}

impl Reach {
    /// The whole store.
    pub const ALL: Self = Self { folders: None };

    /// As far as what fits these globs can lie.
    pub fn of<'g>(globs: impl IntoIterator<Item = &'g Glob>) -> Self {
        Self::below(globs.into_iter().map(Glob::folder))
    }

    /// These folders, without a `/` at their ends; the empty one is the store.
    pub fn below<'f>(folders: impl IntoIterator<Item = &'f str>) -> Self {
        let mut lowered = Vec::new();
        for folder in folders {
            if folder.is_empty() {
                return Self::ALL;
            }
            lowered.push(folder.to_ascii_lowercase().into_bytes());
        }
        lowered.sort();
        lowered.dedup();
        Self { folders: Some(lowered) }
    }

    /// Whether a folder lies in it, or on the way to it. Bytes, because file systems and git allow any.
    pub fn leads_through(&self, folder: &[u8]) -> bool {
        let Some(folders) = &self.folders else { return true };
        let folder = folder.to_ascii_lowercase();
        folders.iter().any(|wanted| holds(wanted, &folder) || holds(&folder, wanted))
    }
}

/// Whether the inner path is the outer one, or lies below it.
fn holds(outer: &[u8], inner: &[u8]) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.first().is_none_or(|byte| *byte == b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(globs: &[&str]) -> Reach {
        let globs: Vec<Glob> = globs.iter().map(|glob| glob.parse().unwrap()).collect();
        Reach::of(&globs)
    }

    #[test]
    fn folders_that_hold_what_fits_and_those_on_the_way() {
        let deep = reach(&["web/prod/**"]);
        for (folder, is_led_through) in [
            ("web", true),
            ("web/prod", true),
            ("web/prod/eu/west", true),
            ("Web/PROD/eu", true),
            ("web/staging", false),
            ("web/production", false),
            ("we", false),
            ("webs", false),
            ("other", false),
        ] {
            assert_eq!(deep.leads_through(folder.as_bytes()), is_led_through, "{folder}");
        }
        let two = reach(&["a/b/c", "d/*"]);
        for folder in ["a", "a/b", "d"] {
            assert!(two.leads_through(folder.as_bytes()), "{folder}");
        }
        assert!(!two.leads_through(b"a/c") && !two.leads_through(b"b"));
        assert!(!two.leads_through(b"\xff"));
        assert!(!reach(&[]).leads_through(b"a"));
    }

    #[test]
    fn what_may_lie_anywhere_reaches_everywhere() {
        for globs in [&["**/db"][..], &["*/prod/**"], &["web*/x"], &["{a,b}/x"], &["web/x", "y"]] {
            assert_eq!(reach(globs), Reach::ALL, "{globs:?}");
        }
        assert!(Reach::ALL.leads_through(b"anything/at all"));
    }

    #[test]
    fn nothing_that_fits_lies_out_of_reach() {
        let globs = ["web/prod/**", "web/*/db", "a/b/c", "a/b?/c", "**/x", "w[ae]b/db", "w\\eb/db", "!a/b"];
        let names = ["web/prod/db", "web/dev/db", "a/b/c", "a/bc/c", "x", "q/x", "wab/db", "web/db", "!a/b"];
        let mut fitting = 0;
        for glob in globs {
            let parsed: Glob = glob.parse().unwrap();
            for name in names.iter().filter(|name| parsed.matches(name)) {
                fitting += 1;
                let folders = name.match_indices('/').map(|(at, _)| &name[..at]);
                for folder in folders {
                    assert!(reach(&[glob]).leads_through(folder.as_bytes()), "{glob}: {name}");
                }
            }
        }
        assert!(fitting >= globs.len(), "{fitting}");
    }
}
