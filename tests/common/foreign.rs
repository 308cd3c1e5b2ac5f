//! Files as other tools seal them, made with those tools. `sops` is a double (`tests/live/sops`), because no registry
//! that the tests may use has it; the manifest of `SealedSecrets` is made up after its documented structure.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Outcome, Run, Sandbox, finish, identity_path, tools};

const DOUBLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/sops/sops");

/// What opens the vaults of [`Sandbox::ansible_vault`].
const VAULT_PASSWORD: &str = "the vault's password";

impl Run<'_> {
    /// With `sops` on the path, and a name of `tests/fixtures/identities` for it to open with.
    pub fn with_sops(mut self, identity: &str) -> Self {
        self.sandbox.lend_sops(&mut self.command, identity);
        self
    }
}

/// What sops seals.
impl Sandbox {
    /// Makes a folder that holds a program `sops` and nothing else.
    fn sops_folder(&self) -> PathBuf {
        let folder = self.path("programs");
        let calls = self.path("sops-calls");
        let script = format!(
            "#!/bin/sh\nprintf '%s\\n' \"$*\" >> '{}'\nexec '{}' -B '{DOUBLE}' \"$@\"\n",
            calls.display(),
            tools::python().display()
        );
        fs::create_dir_all(&folder).expect("the programs' folder can be made");
        fs::write(folder.join("sops"), script).expect("a program can be written");
        fs::set_permissions(folder.join("sops"), PermissionsExt::from_mode(0o755))
            .expect("it can be made to run");
        folder
    }

    /// Puts `sops` on the path of a command, and a name of `tests/fixtures/identities` for it to open with.
    pub fn lend_sops(&self, command: &mut Command, identity: &str) {
        let path = command.get_envs().find_map(|(name, value)| value.filter(|_| name == "PATH"));
        let mut with_sops = self.sops_folder().into_os_string();
        with_sops.push(":");
        with_sops.push(path.unwrap_or_default());
        command.env("PATH", with_sops).env("SOPS_AGE_KEY_FILE", identity_path(identity));
    }

    /// Runs `sops` as whoever has this identity.
    #[must_use]
    pub fn sops<S: AsRef<OsStr>>(
        &self,
        folder: &Path,
        identity: &str,
        arguments: impl IntoIterator<Item = S>,
        stdin: &[u8],
    ) -> Outcome {
        let mut command = self.command(self.sops_folder().join("sops"), folder);
        self.lend_sops(&mut command, identity);
        command.args(arguments);
        finish(command, stdin)
    }

    /// What `sops` was called with so far, one call a line.
    pub fn sops_calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("sops-calls")).unwrap_or_default();
        text.lines().map(ToOwned::to_owned).collect()
    }

    /// Seals a text to age recipients, in the form that the end of the path tells: YAML, JSON, dotenv, INI, else
    /// binary. The plaintext touches no disk.
    #[track_caller]
    pub fn sops_file(&self, path: &Path, text: impl AsRef<[u8]>, recipients: &[&str]) {
        self.sops_file_with(path, text, recipients, &[]);
    }

    /// The same with flags of `sops encrypt`, such as `--encrypted-regex`.
    #[track_caller]
    pub fn sops_file_with(&self, path: &Path, text: impl AsRef<[u8]>, recipients: &[&str], flags: &[&str]) {
        let kind = match path.extension().and_then(OsStr::to_str) {
            Some("yaml" | "yml") => "yaml",
            Some("json") => "json",
            Some("env") => "dotenv",
            Some("ini") => "ini",
            _ => "binary",
        };
        let recipients = recipients.join(",");
        let mut arguments =
            vec!["encrypt", "--age", &recipients, "--input-type", kind, "--output-type", kind];
        arguments.extend(flags);
        arguments.push("/dev/stdin");
        let sealed = self.sops(self.root(), "alice", arguments, text.as_ref()).code(0);
        write(path, &sealed.stdout);
    }

    /// A YAML file of sops that names one key of Google Cloud KMS, so that nobody here can open it. The data key is
    /// random bytes of the length of a wrapped one; the values are sealed as ever.
    #[track_caller]
    pub fn kms_file(&self, path: &Path, yaml: &str, resource_id: &str) {
        self.sops_file(path, yaml, &[&super::public_key("alice")]);
        let text = fs::read_to_string(path).expect("the file was written");
        let (before, rest) = text.split_once("\n    age:\n").expect("it is sealed to an age key");
        let (_, after) = rest.split_once("\n    lastmodified:").expect("what sops says ends with its date");
        let wrapped = STANDARD.encode(bytes(text.len(), 113));
        let keys = format!(
            "    gcp_kms:\n        - resource_id: {resource_id}\n          created_at: \"2021-05-12T18:26:42Z\"\n          \
             enc: {wrapped}"
        );
        write(path, format!("{before}\n{keys}\n    lastmodified:{after}").as_bytes());
    }

    /// A YAML file as `rops` seals it: sops' format by another hand.
    #[track_caller]
    pub fn rops_file(&self, path: &Path, yaml: &str, recipients: &[&str]) {
        let mut command = self.command(tools::rops(), self.root());
        command.args(["encrypt", "yaml"]).args(recipients);
        write(path, &finish(command, yaml.as_bytes()).code(0).stdout);
    }

    /// What `rops` reads in a YAML or JSON file of sops.
    #[must_use]
    #[track_caller]
    pub fn rops_decrypt(&self, path: &Path, identity: &str) -> Outcome {
        let json = path.extension() == Some(OsStr::new("json"));
        let mut command = self.command(tools::rops(), self.root());
        command.args(["decrypt", if json { "json" } else { "yaml" }]);
        // It wants the bare key, without the comments of a key file.
        let identity = fs::read_to_string(identity_path(identity)).expect("the fixture is there");
        let key = identity.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap_or_default();
        command.env("ROPS_AGE", key);
        finish(command, &fs::read(path).expect("the file is there"))
    }
}

/// What others seal.
impl Sandbox {
    /// Recipients are those that `age` takes: `age1…`, or public keys of ssh.
    #[track_caller]
    pub fn age_file(&self, path: &Path, bytes: &[u8], recipients: &[&str], armored: bool) {
        let mut command = self.command("age", self.root());
        command.args(recipients.iter().flat_map(|recipient| ["-r", recipient]));
        command.args(armored.then_some("-a"));
        write(path, &finish(command, bytes).code(0).stdout);
    }

    /// Sets a repository up for git-crypt, with a GPG user who can unlock it; committed. `patterns`: of the files that
    /// are sealed, as in `.gitattributes`.
    #[track_caller]
    pub fn git_crypt_init(&self, laptop: &Path, patterns: &[&str]) -> GpgHome {
        let gpg = GpgHome::new(self, "Alice Example <alice@example.org>");
        self.git_crypt(laptop, &gpg, ["init"]);
        self.git_crypt(laptop, &gpg, ["add-gpg-user", "--trusted", &gpg.fingerprint]);
        let lines: Vec<String> =
            patterns.iter().map(|pattern| format!("{pattern} filter=git-crypt diff=git-crypt\n")).collect();
        write(&laptop.join(".gitattributes"), lines.concat().as_bytes());
        self.git(laptop, ["add", ".gitattributes"]);
        self.git(laptop, ["commit", "-q", "-m", "Seal with git-crypt"]);
        gpg
    }

    /// Leaves the sealed files in the work tree as they are in git. Everything must be committed.
    #[track_caller]
    pub fn git_crypt_lock(&self, laptop: &Path, gpg: &GpgHome) {
        self.git_crypt(laptop, gpg, ["lock"]);
    }

    #[track_caller]
    pub fn git_crypt_unlock(&self, laptop: &Path, gpg: &GpgHome) {
        self.git_crypt(laptop, gpg, ["unlock"]);
    }

    #[track_caller]
    fn git_crypt<const N: usize>(&self, laptop: &Path, gpg: &GpgHome, arguments: [&str; N]) {
        let mut command = self.command("git-crypt", laptop);
        command.args(arguments).env("GNUPGHOME", &gpg.folder);
        let _ = finish(command, b"").code(0);
    }

    /// With a label it is a vault of format 1.2, else of 1.1.
    #[track_caller]
    pub fn ansible_vault(&self, path: &Path, text: &[u8], label: Option<&str>) {
        let encrypt = ["encrypt", "--output", "-"];
        write(path, &self.run_ansible_vault(label, &encrypt, text).code(0).stdout);
    }

    #[must_use]
    #[track_caller]
    pub fn ansible_vault_view(&self, path: &Path, label: Option<&str>) -> Outcome {
        self.run_ansible_vault(
            label,
            &["decrypt", "--output", "-"],
            &fs::read(path).expect("the file is there"),
        )
    }

    fn run_ansible_vault(&self, label: Option<&str>, arguments: &[&str], stdin: &[u8]) -> Outcome {
        let password = self.path("home/vault-password");
        write(&password, VAULT_PASSWORD.as_bytes());
        let mut command = self.command(tools::python(), self.root());
        command.args(["-m", "ansible", "vault"]).args(arguments);
        match label {
            Some(label) => command.arg("--vault-id").arg(format!("{label}@{}", password.display())),
            None => command.arg("--vault-password-file").arg(password),
        };
        // It refuses to start where the locale is not UTF-8.
        command.env("LC_ALL", "C.UTF-8");
        finish(command, stdin)
    }

    /// A `SealedSecret` as `kubeseal` would write it: per key two bytes of length, the session key under RSA 4096, then
    /// the value under AES-GCM with its tag; here random bytes, which only looks tell from a real one.
    pub fn sealed_secret(&self, path: &Path, keys: &[&str]) {
        let mut text = String::from(
            "---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  creationTimestamp: null\n  \
             name: hub\n  namespace: prod\nspec:\n  encryptedData:\n",
        );
        for (number, key) in keys.iter().enumerate() {
            let mut sealed = vec![2, 0];
            sealed.extend(bytes(number, 512 + 24 + 16));
            let _ = writeln!(text, "    {key}: {}", STANDARD.encode(sealed));
        }
        text.push_str("  template:\n    metadata:\n      creationTimestamp: null\n      name: hub\n      namespace: prod\n");
        write(path, text.as_bytes());
    }
}

/// A GPG home of its own with one key without a passphrase. Its agent ends with it.
pub struct GpgHome {
    pub folder: PathBuf,
    path: OsString,
    /// Of the primary key, 40 upper-case hexadecimal digits.
    pub fingerprint: String,
}

impl GpgHome {
    #[track_caller]
    pub fn new(sandbox: &Sandbox, user: &str) -> Self {
        let folder = sandbox.path("gpg");
        fs::create_dir_all(&folder).expect("a GPG home can be made");
        fs::set_permissions(&folder, PermissionsExt::from_mode(0o700)).expect("it can be kept to its owner");
        let gpg = |arguments: &[&str]| {
            let mut command = sandbox.command("gpg", sandbox.root());
            command.args(["--batch", "--quiet"]).args(arguments);
            command.env("GNUPGHOME", &folder);
            finish(command, b"").code(0)
        };
        let _ = gpg(&["--passphrase", "", "--quick-gen-key", user, "future-default", "default", "never"]);
        let listed = gpg(&["--with-colons", "--list-keys"]);
        let line = listed.text().lines().find_map(|line| line.strip_prefix("fpr:::::::::"));
        let fingerprint = line.expect("gpg tells the fingerprint").trim_end_matches(':').to_owned();
        let path = sandbox.command("gpgconf", sandbox.root());
        let path = path.get_envs().find_map(|(name, value)| value.filter(|_| name == "PATH"));
        Self { path: path.unwrap_or_default().to_owned(), folder, fingerprint }
    }
}

impl Drop for GpgHome {
    fn drop(&mut self) {
        let mut command = Command::new("gpgconf");
        command.env_clear().env("PATH", &self.path).env("GNUPGHOME", &self.folder);
        // An agent that is left ends by itself when it sees that its folder is gone.
        let _ = command.args(["--kill", "gpg-agent"]).status();
    }
}

fn write(path: &Path, bytes: &[u8]) {
    let folder = path.parent().expect("a file has a folder");
    fs::create_dir_all(folder).expect("a folder can be made");
    fs::write(path, bytes).expect("a file can be written");
}

/// Bytes that look random, the same each time.
fn bytes(seed: usize, length: usize) -> Vec<u8> {
    let mut state = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[4]
    };
    (0..length).map(|_| next()).collect()
}
