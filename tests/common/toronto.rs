//! The hub at Toronto as it was in 2022: a bare origin, the laptop of an engineer, and clones that CI makes with
//! `--depth 1`. Two secrets: the client secret that ends on 2022-08-30, and one of another hub that is healthy.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Outcome, Sandbox, binary, public_key};

pub const AZUREAD: &str = "utoronto/prod/azuread";
pub const OAUTH: &str = "callysto/prod/oauth";

/// When the two secrets were sealed.
pub const SEALED: &str = "2021-09-01T09:00:00Z";
/// Nothing is wrong, and nothing is near.
pub const CALM: &str = "2022-03-01T12:00:00Z";
/// The engineer gets the new client secret.
pub const RENEWED: &str = "2022-08-31T20:15:00Z";
/// CI redeploys what the repository has.
pub const REDEPLOY: &str = "2022-09-07T12:25:00Z";

pub const OLD_VALUE: &str = "client-secret-of-2021";
pub const NEW_VALUE: &str = "client-secret-of-2022";

/// Names in braces stand for the store's id and the public keys of the fixtures.
const POLICY: &str = r#"schema = 1
store = "{store}"
deploy-ref = "origin/main"

[people.alice]
keys = ["{alice}"]

[people.bob]
keys = ["{bob}"]

[people.carol]
keys = ["{carol}"]

[machines.ci]
keys = ["{ci}"]

[groups]
infra = ["alice", "bob", "carol", "ci"]

[defaults]
readers = ["infra"]
min-people = 2
block-within = "1d"
"#;

pub struct Toronto {
    pub sandbox: Sandbox,
    /// Clone A.
    pub laptop: PathBuf,
}

impl Sandbox {
    /// Makes a store whose policy is written by hand; nothing is committed. `{store}` and the names of the
    /// fixtures in braces are filled in.
    #[track_caller]
    pub fn store_by_hand(&self, laptop: &Path, policy: &str) {
        self.secrets(laptop)
            .args(["init", "--person", "alice", "--key", &public_key("alice"), "--no-commit"])
            .args(["--deploy-ref", "origin/main"])
            .run()
            .code(0);
        let path = laptop.join("secrets/policy.toml");
        let made = fs::read_to_string(&path).expect("init writes a policy");
        let id = made.lines().find_map(|line| line.strip_prefix("store = \"")?.split('"').next());
        let mut text = policy.replace("{store}", id.expect("a policy names its store"));
        for name in ["alice", "bob", "carol", "ci"] {
            text = text.replace(&format!("{{{name}}}"), &public_key(name));
        }
        fs::write(path, text).expect("the policy can be written");
    }

    /// Commits everything that git sees in the work tree.
    #[track_caller]
    pub fn commit_all(&self, clone: &Path, message: &str) {
        self.git(clone, ["add", "--all"]);
        self.git(clone, ["commit", "-q", "-m", message]);
    }

    /// Commits everything, and pushes it to the deploy ref.
    #[track_caller]
    pub fn publish_all(&self, clone: &Path, message: &str) {
        self.commit_all(clone, message);
        self.push(clone);
    }

    /// A fresh public key, and no private one to go with it.
    #[track_caller]
    pub fn new_ssh_key(&self, name: &str) -> String {
        let path = self.path(name);
        let file = path.to_str().expect("a temporary path is UTF-8");
        let made =
            self.run(&self.path(""), "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file]);
        made.code(0);
        let text = fs::read_to_string(self.path(&format!("{name}.pub"))).expect("a public key was written");
        text.trim().to_owned()
    }
}

impl Toronto {
    /// Everything committed and on the deploy ref.
    #[track_caller]
    pub fn new() -> Self {
        let toronto = Self::unpublished();
        toronto.publish("Seal the client secrets");
        toronto
    }

    /// The same, with nothing committed yet.
    #[track_caller]
    pub fn unpublished() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.origin_and_laptop();
        sandbox.store_by_hand(&laptop, POLICY);
        let toronto = Self { sandbox, laptop };
        toronto.add(AZUREAD, "2022-08-30", OLD_VALUE, &["--owner", "infra"]);
        toronto.add(OAUTH, "2024-06-30", "callysto-client-secret", &["--owner", "infra"]);
        toronto
    }

    /// Seals a secret; nothing is committed.
    #[track_caller]
    pub fn add(&self, name: &str, expires: &str, value: &str, arguments: &[&str]) {
        self.sandbox
            .secrets(&self.laptop)
            .args(["add", name, "--expires", expires, "--as", "alice", "--no-commit"])
            .args(arguments)
            .at(SEALED)
            .stdin(value)
            .run()
            .code(0);
    }

    /// Seals the new client secret in this clone.
    #[track_caller]
    pub fn renew(&self, clone: &Path, person: &str, arguments: &[&str]) -> Outcome {
        self.sandbox
            .secrets(clone)
            .args(["set", AZUREAD, "--expires", "2023-08-30"])
            .args(arguments)
            .identity(person)
            .at(RENEWED)
            .stdin(NEW_VALUE)
            .run()
            .code(0)
    }

    /// A clone as CI makes it, with the deploy ref as it is now.
    #[track_caller]
    pub fn ci(&self, name: &str) -> PathBuf {
        self.sandbox.clone(name, &["--depth", "1"])
    }

    /// The gate on the laptop.
    #[track_caller]
    pub fn gate(&self, at: &str, arguments: &[&str], expected: i32) -> Outcome {
        self.sandbox.gate(&self.laptop, at, arguments, expected)
    }

    #[track_caller]
    pub fn publish(&self, message: &str) {
        self.sandbox.publish_all(&self.laptop, message);
    }

    pub fn git<const N: usize>(&self, arguments: [&str; N]) -> String {
        self.sandbox.git(&self.laptop, arguments)
    }

    /// Writes a file of the laptop's clone.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.laptop.join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.laptop.join(path)).expect("a file can be read")
    }

    /// Edits a file of the laptop's clone; what is to be replaced must be there.
    #[track_caller]
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no `{from}`:\n{text}");
        self.write(path, text.replace(from, to));
    }

    /// Adds lines at the end of the policy.
    pub fn extend_policy(&self, lines: &str) {
        let text = self.read("secrets/policy.toml");
        self.write("secrets/policy.toml", format!("{text}\n{lines}"));
    }

    /// What a deploy job does, in a real shell: the gate, and only then the deploy. Answers with the gate's words
    /// and whether anything was deployed.
    #[track_caller]
    pub fn deploy(&self, clone: &Path, at: &str, scope: &str) -> (Outcome, bool) {
        let deployed = clone.join("DEPLOYED");
        assert!(!deployed.exists());
        let script = format!("'{}' --at {at} check --scope '{scope}' && touch DEPLOYED", binary());
        let outcome = self.sandbox.run(clone, "sh", ["-c", &script]);
        let was_deployed = deployed.exists();
        if was_deployed {
            fs::remove_file(deployed).expect("a file can be removed");
        }
        (outcome, was_deployed)
    }
}
