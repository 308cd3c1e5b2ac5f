//! Which remotes this clone knows.

use super::forge;
use super::program::LOCAL_LIMIT;
use super::repository::Repository;

impl Repository {
    /// The names of the remotes; none where git can't tell.
    pub fn remotes(&self) -> Vec<String> {
        let listed = self.git.read("list the remotes", &["remote"]);
        listed.map(|listed| listed.text().lines().map(str::to_owned).collect()).unwrap_or_default()
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
