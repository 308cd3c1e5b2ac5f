//! A store of two people in a repository whose files other tools have sealed: what the tests here begin with.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Outcome, Run, Sandbox, public_key};

/// A key of Google Cloud KMS.
pub const KMS: &str = "projects/p/locations/global/keyRings/r/cryptoKeys/k";

pub struct Desk {
    pub sandbox: Sandbox,
    pub laptop: PathBuf,
}

impl Desk {
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        Self { sandbox, laptop }
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.laptop.join(path)
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn append(&self, path: &str, text: &str) {
        self.write(path, self.read(path) + text);
    }

    /// A file that sops sealed to alice and bob.
    #[track_caller]
    pub fn sops(&self, path: &str, text: &str) {
        self.sandbox.sops_file(&self.path(path), text, &[&public_key("alice"), &public_key("bob")]);
    }

    pub fn secrets(&self) -> Run<'_> {
        self.sandbox.secrets(&self.laptop)
    }

    #[track_caller]
    pub fn runs(&self, arguments: &[&str], code: i32) -> Outcome {
        self.secrets().args(arguments).run().code(code)
    }

    /// Commits and pushes all there is.
    #[track_caller]
    pub fn publish(&self, message: &str) {
        self.sandbox.git(&self.laptop, ["add", "-A"]);
        self.sandbox.git(&self.laptop, ["commit", "-q", "--allow-empty", "-m", message]);
        self.sandbox.push(&self.laptop);
    }

    /// The gate's report, which exits with this code in every format.
    #[track_caller]
    pub fn gate(&self, arguments: &[&str], code: i32) -> Outcome {
        self.sandbox.gate(&self.laptop, crate::common::NOW, arguments, code)
    }

    pub fn head(&self) -> String {
        self.sandbox.head(&self.laptop)
    }

    pub fn status(&self) -> String {
        self.sandbox.status(&self.laptop)
    }

    /// What lies in the work tree, `.git` left out.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.laptop.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.file_name() == Some(std::ffi::OsStr::new(".git")) {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push((path.clone(), fs::read(&path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }

    pub fn hook(&self, name: &str, script: &str) {
        self.sandbox.hook(Path::new(&self.laptop.join(".git/hooks")), name, script);
    }
}
