//! With which ssh key the user's git signs commits: a good guess at the one that they sign records with.

use std::path::PathBuf;

use super::error::GitError;
use super::program::LOCAL_LIMIT;
use super::repository::Repository;

/// git's `user.signingKey`, where `gpg.format` is `ssh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitSigningKey {
    /// A private or a public key.
    File(PathBuf),
    /// A public key, as the line of a `.pub` file; its private half is in an agent.
    Literal(String),
}

impl Repository {
    /// `None` where git signs with no ssh key, or is not told with which.
    pub fn ssh_signing_key(&self) -> Result<Option<GitSigningKey>, GitError> {
        if self.setting(&["gpg.format"])?.as_deref() != Some("ssh") {
            return Ok(None);
        }
        // As a path, git itself puts the home folder in the place of `~`.
        Ok(self.setting(&["--type=path", "user.signingKey"])?.map(|text| {
            let literal = text.strip_prefix("key::").or_else(|| text.starts_with("ssh-").then_some(&*text));
            match literal {
                Some(key) => GitSigningKey::Literal(key.to_owned()),
                None => GitSigningKey::File(self.root().join(text)),
            }
        }))
    }

    /// A setting of git; `None` where it is not set, or to nothing.
    fn setting(&self, arguments: &[&str]) -> Result<Option<String>, GitError> {
        let read = self.git.reading().args(["config", "--get"]).args(arguments).run(LOCAL_LIMIT)?;
        Ok(Some(read.text()).filter(|text| read.succeeded() && !text.is_empty()))
    }
}
