//! What git is told in this clone alone: its own config, its attributes, its hooks.

use std::path::{Path, PathBuf};

use super::error::GitError;
use super::program::{LOCAL_LIMIT, must_succeed};
use super::repository::Repository;

impl Repository {
    /// Every value of a key in the clone's own config, in the order of the file.
    pub fn settings(&self, key: &str) -> Result<Vec<String>, GitError> {
        let arguments = ["config", "--local", "-z", "--get-all", key];
        let finished = self.git.reading().args(arguments).run(LOCAL_LIMIT)?;
        // 1 says that there is none.
        if finished.status.code() == Some(1) {
            return Ok(Vec::new());
        }
        let finished = must_succeed("read the clone's config", finished)?;
        let text = String::from_utf8_lossy(&finished.stdout).into_owned();
        Ok(text.split_terminator('\0').map(str::to_owned).collect())
    }

    /// Sets a key of the clone's own config, instead of whatever it was.
    pub fn set(&self, key: &str, value: &str) -> Result<(), GitError> {
        self.write_config(&["--replace-all", key, value])
    }

    /// Adds a value to a key of the clone's own config.
    pub fn add_setting(&self, key: &str, value: &str) -> Result<(), GitError> {
        self.write_config(&["--add", key, value])
    }

    /// Takes a key out of the clone's own config, with all its values.
    pub fn unset(&self, key: &str) -> Result<(), GitError> {
        if self.settings(key)?.is_empty() { Ok(()) } else { self.write_config(&["--unset-all", key]) }
    }

    /// Takes a section that is there out of the clone's own config.
    pub fn remove_section(&self, section: &str) -> Result<(), GitError> {
        self.write_config(&["--remove-section", section])
    }

    fn write_config(&self, arguments: &[&str]) -> Result<(), GitError> {
        let program = self.git.writing().args(["config", "--local"]).args(arguments);
        must_succeed("write the clone's config", program.run(LOCAL_LIMIT)?).map(|_| ())
    }

    /// The attributes of this clone, which go before those in the files; shared by all its work trees.
    pub fn attributes_file(&self) -> PathBuf {
        self.common_dir().join("info/attributes")
    }

    /// The folder in which git looks for hooks, and whether that is the clone's own.
    pub fn hooks(&self) -> Result<(PathBuf, bool), GitError> {
        let finished = self.git.read("find the hooks", &["rev-parse", "--git-path", "hooks"])?;
        let folder = self.root().join(finished.text());
        let own = self.common_dir().join("hooks");
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let is_own = real(&folder) == real(&own) || (folder == own);
        Ok((folder, is_own))
    }
}
