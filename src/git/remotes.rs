//! Which remotes this clone knows.

use std::time::Duration;

use super::forge;
use super::program::{Deadline, LOCAL_LIMIT};
use super::remote_error::RemoteError;
use super::remote_settings::RemoteSettings;
use super::repository::Repository;
use super::words;

impl Repository {
    /// The names of the remotes; none where git can't tell.
    pub fn remotes(&self) -> Vec<String> {
        let listed = self.git.read("list the remotes", &["remote"]);
        listed.map(|listed| listed.text().lines().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// `origin`, else the only one there is.
    pub fn usual_remote(&self) -> Option<String> {
        let remotes = self.remotes();
        match remotes.as_slice() {
            [only] => Some(only.clone()),
            several => several.iter().find(|remote| *remote == "origin").cloned(),
        }
    }

    /// A remote's default branch, as the remote says; `None` where its `HEAD` names no branch that is there.
    pub fn default_branch(&self, remote: &str, limit: Duration) -> Result<Option<String>, RemoteError> {
        let deadline = Deadline::after(limit);
        let settings = RemoteSettings::of(&self.git, remote, deadline)?;
        let asked = (settings.asking(&self.git).reading())
            .args(["ls-remote", "--symref", "--end-of-options", remote, "HEAD"])
            .run(deadline.left())
            .map_err(|error| RemoteError::of_process(&error, remote, deadline))?;
        if !asked.succeeded() {
            let why = words::last_line(&asked.stderr);
            return Err(RemoteError::Unreachable { remote: remote.to_owned(), why });
        }
        let text = asked.text();
        let named =
            text.lines().filter_map(|line| line.strip_prefix("ref: refs/heads/")?.strip_suffix("\tHEAD"));
        Ok(named.map(str::to_owned).next())
    }

    /// The branch that a remote's `HEAD` names, as this clone remembers it.
    pub fn remote_head(&self, remote: &str) -> Option<String> {
        let prefix = format!("refs/remotes/{remote}/");
        let head = format!("{prefix}HEAD");
        let finished = self.git.reading().args(["symbolic-ref", "--quiet", &head]).run(LOCAL_LIMIT).ok()?;
        let text = finished.text();
        text.trim_end().strip_prefix(&prefix).map(str::to_owned).filter(|_| finished.succeeded())
    }

    /// By what people know the repository behind a remote: `github.com/org/infra`. `None` where its address is a path, or
    /// of another form.
    pub fn known_as(&self, remote: &str) -> Option<String> {
        let address =
            self.git.read("ask for the remote's address", &["remote", "get-url", "--", remote]).ok()?;
        let (host, project) = forge::host_and_project(address.text().trim_end())?;
        Some(format!("{host}/{project}"))
    }
}
