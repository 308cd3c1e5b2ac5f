//! Real git in a temporary folder, seeing nothing of the machine's own settings.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::repository::Repository;
use crate::system::environment::Environment;
use crate::system::process::{Finished, Program};

pub(super) const LIMIT: Duration = Duration::from_mins(1);

pub(super) struct Sandbox {
    dir: tempfile::TempDir,
    variables: Vec<(OsString, OsString)>,
}

impl Sandbox {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let sandbox = Self { dir, variables: Vec::new() };
        let home = sandbox.path("home");
        std::fs::create_dir(&home).unwrap();
        let ceiling = sandbox.dir.path().to_owned();
        sandbox
            .with("PATH", "/usr/local/bin:/usr/bin:/bin")
            .with("HOME", home)
            .with("GIT_CONFIG_GLOBAL", "/dev/null")
            .with("GIT_CONFIG_NOSYSTEM", "1")
            .with("GIT_CEILING_DIRECTORIES", ceiling)
            .with("GIT_AUTHOR_NAME", "Alice")
            .with("GIT_AUTHOR_EMAIL", "alice@example.org")
            .with("GIT_COMMITTER_NAME", "Alice")
            .with("GIT_COMMITTER_EMAIL", "alice@example.org")
            .with("GIT_AUTHOR_DATE", "2026-08-30T20:15:52Z")
            .with("GIT_COMMITTER_DATE", "2026-08-30T20:15:52Z")
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.into(), value.into()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    pub(super) fn environment(&self) -> Environment {
        Environment::new(self.variables.clone(), self.dir.path().to_owned())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn try_git(&self, folder: &Path, arguments: &[&str]) -> Finished {
        Program::new("git", folder, &self.environment()).args(arguments).run(LIMIT).unwrap()
    }

    /// Runs git, which must succeed, and gives what it printed.
    pub(super) fn git(&self, folder: &Path, arguments: &[&str]) -> String {
        let finished = self.try_git(folder, arguments);
        assert!(finished.succeeded(), "git {arguments:?}: {}", finished.stderr);
        finished.text()
    }

    /// An empty repository.
    pub(super) fn init(&self, name: &str) -> PathBuf {
        let dir = self.path(name);
        std::fs::create_dir_all(&dir).unwrap();
        self.git(&dir, &["init", "--quiet", "--initial-branch=main"]);
        dir
    }

    /// A bare repository with one commit of `secrets/a.age`, `secrets/prod/b.json` and `README`, and a clone of it
    /// named `clone`.
    pub(super) fn origin_and_clone(&self) -> (PathBuf, PathBuf) {
        let origin = self.path("origin.git");
        self.git(self.dir.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "origin.git"]);
        self.git(&origin, &["config", "uploadpack.allowFilter", "true"]);
        self.git(&origin, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
        let clone = self.clone_of(&origin, "clone", &[]);
        write(&clone, "secrets/a.age", "sealed a 1\n");
        write(&clone, "secrets/prod/b.json", "{}\n");
        write(&clone, "README", "hello\n");
        self.commit_all(&clone, "first");
        self.git(&clone, &["push", "--quiet", "origin", "HEAD:main"]);
        (origin, clone)
    }

    pub(super) fn clone_of(&self, origin: &Path, name: &str, options: &[&str]) -> PathBuf {
        let url = format!("file://{}", origin.display());
        let arguments = [&["clone", "--quiet"], options, &[&url, name]].concat();
        self.git(self.dir.path(), &arguments);
        self.path(name)
    }

    pub(super) fn commit_all(&self, folder: &Path, message: &str) -> String {
        self.git(folder, &["add", "--all"]);
        self.git(folder, &["commit", "--quiet", "-m", message]);
        self.git(folder, &["rev-parse", "HEAD"])
    }

    /// Changes a file and pushes it, from a clone of its own.
    pub(super) fn push_from_elsewhere(&self, origin: &Path, path: &str, text: &str) -> String {
        let name = format!("elsewhere-{}", path.replace('/', "-"));
        let elsewhere =
            if self.path(&name).exists() { self.path(&name) } else { self.clone_of(origin, &name, &[]) };
        self.git(&elsewhere, &["pull", "--quiet", "--rebase", "origin", "main"]);
        write(&elsewhere, path, text);
        let commit = self.commit_all(&elsewhere, "from elsewhere");
        self.git(&elsewhere, &["push", "--quiet", "origin", "HEAD:main"]);
        commit
    }

    pub(super) fn open(&self, folder: &Path) -> Repository {
        Repository::discover(folder, &self.environment()).unwrap()
    }
}

pub(super) fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// All that a repository's own state consists of besides objects: refs, `HEAD`, `FETCH_HEAD`, shallow file, config.
pub(super) fn state(sandbox: &Sandbox, clone: &Path) -> Vec<Option<String>> {
    let read = |name: &str| std::fs::read_to_string(clone.join(".git").join(name)).ok();
    let mut state: Vec<_> =
        ["HEAD", "FETCH_HEAD", "shallow", "config", "packed-refs", "logs/HEAD"].map(read).into();
    state.push(Some(sandbox.git(clone, &["for-each-ref"])));
    state.push(Some(sandbox.git(clone, &["rev-list", "--all", "--count"])));
    state
}
