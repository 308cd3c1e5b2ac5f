//! The marks in the index that keep git from looking at a file: `assume-unchanged` and `skip-worktree`.

use std::collections::{BTreeMap, BTreeSet};

use super::error::GitError;
use super::program::{LOCAL_LIMIT, must_succeed};
use super::repository::Repository;
use super::work_tree::{common_folder, literal, nul_separated};
use crate::domain::facts::Overlooked;

impl Repository {
    /// Of these paths (relative to the root, with `/`), those that git is told to overlook.
    pub fn overlooked(&self, paths: &BTreeSet<String>) -> Result<BTreeMap<String, Overlooked>, GitError> {
        self.overlooked_below(common_folder(paths)).map(|mut found| {
            found.retain(|path, _| paths.contains(path));
            found
        })
    }

    /// The same for all paths below a folder (relative to the root; an empty one is the root itself).
    pub fn overlooked_below(&self, folder: &str) -> Result<BTreeMap<String, Overlooked>, GitError> {
        let listed = self.git.read("list the index", &["ls-files", "-v", "-z", "--", &literal(folder)])?;
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        let marks = text.split_terminator('\0').filter_map(|entry| {
            let (tag, path) = entry.split_once(' ')?;
            let overlooked = Overlooked {
                assume_unchanged: tag.starts_with(|c: char| c.is_ascii_lowercase()),
                skip_worktree: tag.eq_ignore_ascii_case("S"),
            };
            overlooked.any().then(|| (path.to_owned(), overlooked))
        });
        Ok(marks.collect())
    }

    /// Makes git look at these paths again.
    pub(super) fn look_again(&self, paths: &BTreeSet<String>) -> Result<(), GitError> {
        let found = self.overlooked(paths)?;
        // One at a time: of two such options git heeds the first only.
        for (option, is_set) in Overlooked::REMEDIES {
            let marked = found.iter().filter(|(_, overlooked)| is_set(**overlooked)).map(|(path, _)| path);
            let input = nul_separated(marked);
            if !input.is_empty() {
                let program = self.git.writing().args(["update-index", option, "-z", "--stdin"]).input(input);
                let _ = must_succeed("make git look at the files again", program.run(LOCAL_LIMIT)?)?;
            }
        }
        Ok(())
    }
}
