//! What the tests here begin with: the hub at Toronto, the night on which the client secret has lapsed.

use std::path::{Path, PathBuf};

use crate::common::toronto::{AZUREAD, NEW_VALUE, OLD_VALUE, REDEPLOY, RENEWED, Toronto};
use crate::common::{Outcome, Run, identity_path};

pub const REASON: &str = "client secret lapsed; ticket 812";

pub struct Night {
    pub toronto: Toronto,
}

impl Night {
    /// The new client secret is sealed on the laptop, and in no commit.
    pub fn new() -> Self {
        let night = Self::calm();
        night.toronto.renew(&night.toronto.laptop, "alice", &["--no-commit"]);
        night
    }

    /// Nothing has happened yet.
    pub fn calm() -> Self {
        Self { toronto: Toronto::new() }
    }

    pub fn laptop(&self) -> &Path {
        &self.toronto.laptop
    }

    pub fn origin(&self) -> PathBuf {
        self.toronto.sandbox.path("origin.git")
    }

    pub fn run(&self, folder: &Path, arguments: &[&str]) -> Run<'_> {
        self.toronto.sandbox.secrets(folder).args(arguments).at(RENEWED)
    }

    /// `check --break-glass` in a clone, as alice.
    pub fn glass(&self, folder: &Path, reason: &str) -> Run<'_> {
        self.run(folder, &["check", "--format", "json", "--break-glass", reason]).identity("alice")
    }

    /// Breaks the glass on the laptop; answers with the branch.
    #[track_caller]
    pub fn broken(&self) -> String {
        let told = self.glass(self.laptop(), REASON).run().code(0);
        let glass = &told.json()["break_glass"];
        assert_eq!((&glass["let_through"], &glass["queued"]), (&true.into(), &false.into()), "{glass:#}");
        glass["branch"].as_str().unwrap().to_owned()
    }

    /// The gate a week later, in a clone as CI makes it.
    #[track_caller]
    pub fn a_week_later(&self, clone: &str, arguments: &[&str], code: i32) -> Outcome {
        let ci = self.toronto.ci(clone);
        self.toronto.sandbox.gate(&ci, REDEPLOY, arguments, code)
    }

    /// The rescue branches of the origin.
    #[track_caller]
    pub fn branches(&self) -> Vec<String> {
        let format = "--format=%(refname:short)";
        let listed = self.toronto.sandbox.git(&self.origin(), ["for-each-ref", format, "refs/heads/rescue/"]);
        listed.lines().map(str::to_owned).collect()
    }

    /// What a program that knows nothing of this tool reads from a branch of the origin.
    #[track_caller]
    pub fn value_on(&self, branch: &str) -> String {
        let sandbox = &self.toronto.sandbox;
        let file = format!("{branch}:secrets/{AZUREAD}.age");
        let sealed = sandbox.run(&self.origin(), "git", ["cat-file", "blob", &file]).code(0).stdout;
        let path = sandbox.path("from-the-branch.age");
        std::fs::write(&path, sealed).unwrap();
        let identity = identity_path("bob");
        let arguments = ["-d", "-i", identity.to_str().unwrap(), path.to_str().unwrap()];
        sandbox.run(sandbox.root(), "age", arguments).code(0).text().to_owned()
    }

    /// Whether any object of the origin, reachable or not, holds a text.
    #[track_caller]
    pub fn origin_holds(&self, text: &str) -> bool {
        let arguments = ["cat-file", "--batch-all-objects", "--batch", "--buffer"];
        let all = self.toronto.sandbox.run(&self.origin(), "git", arguments).code(0).stdout;
        all.windows(text.len()).any(|window| window == text.as_bytes())
    }

    /// Our own refs in the laptop's clone.
    #[track_caller]
    pub fn own_refs(&self) -> String {
        self.toronto.git(["for-each-ref", "refs/secrets/"])
    }

    pub fn queue(&self) -> PathBuf {
        self.laptop().join(".git/secrets/waiting")
    }

    /// Has the origin run a hook before it takes anything.
    pub fn origin_hook(&self, name: &str, script: &str) {
        self.toronto.sandbox.hook(&self.origin().join("hooks"), name, script);
    }

    pub fn remove_hook(&self, name: &str) {
        std::fs::remove_file(self.origin().join("hooks").join(name)).unwrap();
    }

    /// Takes the remote away, or brings it back.
    pub fn remote_is_up(&self, up: bool) {
        let (here, gone) = (self.origin(), self.toronto.sandbox.path("gone.git"));
        let (from, to) = if up { (gone, here) } else { (here, gone) };
        std::fs::rename(from, to).unwrap();
    }
}

/// What stands there before and after.
pub const VALUES: (&str, &str) = (OLD_VALUE, NEW_VALUE);
