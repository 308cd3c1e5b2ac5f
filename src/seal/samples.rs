//! What the tests of this room share: worthless keys, drafts, and the programs that bear witness.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use age::armor::{ArmoredWriter, Format};
use age::secrecy::SecretString;
use zeroize::Zeroizing;

use super::identity::{Identity, parse_identities};
use super::prompts::Prompts;
use super::public_key;
use super::sealing::{SealError, SealedValue, seal};
use crate::domain::json::{self, UniqueMap};
use crate::domain::key::PublicKey;
use crate::domain::name::ActorName;
use crate::domain::record::Sealed;
use crate::domain::value::Value;
use crate::system::files::{Access, write_atomic};

pub fn actor(name: &str) -> ActorName {
    name.parse().unwrap()
}

/// One of `tests/vectors/`.
pub fn vectors(name: &str) -> serde_json::Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    json::read(&std::fs::read(path).unwrap()).unwrap()
}

pub fn draft<'a>(readers: impl IntoIterator<Item = &'a str>) -> Sealed {
    let first = vectors("sealed.json")[0]["sealed"].clone();
    let mut draft: Sealed = json::read_value(first).unwrap();
    draft.readers = readers.into_iter().map(actor).collect();
    draft.keys = UniqueMap::default();
    draft
}

/// A new X25519 key: its identity file, and its public half.
pub fn age_key() -> (Vec<u8>, PublicKey) {
    let (line, public) = super::identity::generate().unwrap();
    (line.as_bytes().to_vec(), public)
}

pub fn read_identity(bytes: &[u8]) -> Identity {
    let mut identities = parse_identities(bytes, "test", &Prompts::none()).unwrap();
    assert_eq!(identities.len(), 1);
    identities.remove(0)
}

pub fn seal_to(value: &[u8], readers: &[(&str, &[&PublicKey])]) -> Result<SealedValue, SealError> {
    let keys = |keys: &[&PublicKey]| keys.iter().map(|&key| key.clone()).collect();
    let recipients = readers.iter().map(|(name, list)| (actor(name), keys(list))).collect::<Vec<_>>();
    let draft = draft(readers.iter().map(|(name, _)| *name));
    seal(&Value::new(value.to_vec()), draft, &recipients, &Prompts::none())
}

/// Prompts that answer one after the other, the last one for ever, and count how often they were asked.
pub fn answering(answers: &[&str]) -> (Prompts, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let answers = answers.iter().map(ToString::to_string).collect::<Vec<_>>();
    let answer = move |_: &str| {
        let index = counter.fetch_add(1, Ordering::SeqCst);
        answers.get(index).or(answers.last()).map(|answer| Zeroizing::new(answer.clone()))
    };
    (Prompts::new(answer, |_| {}, |_| Some(true)), asked)
}

/// An identity file behind a passphrase, with so little work that tests are fast.
pub fn passphrase_file(content: &[u8], passphrase: &str, format: Format) -> Vec<u8> {
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
    recipient.set_work_factor(2);
    let encryptor =
        age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient)).unwrap();
    let output = ArmoredWriter::wrap_output(Vec::new(), format).unwrap();
    let mut writer = encryptor.wrap_output(output).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap().finish().unwrap()
}

/// A temporary folder and the programs run in it.
pub struct Workshop(tempfile::TempDir);

impl Workshop {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        write_atomic(&self.path(name), bytes, Access::OwnerOnly).unwrap();
    }

    /// Runs a program that must succeed, and returns its output.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// A key made by `ssh-keygen`: its private file, and its public half.
    pub fn ssh_key(&self, kind: &str, passphrase: &str) -> (Vec<u8>, PublicKey) {
        let name = format!("id_{kind}_{}", passphrase.len());
        self.run("ssh-keygen", &["-q", "-t", kind, "-N", passphrase, "-C", "alice@laptop", "-f", &name]);
        let line = std::fs::read_to_string(self.path(&format!("{name}.pub"))).unwrap();
        (std::fs::read(self.path(&name)).unwrap(), public_key::parse(&line).unwrap())
    }

    /// What the `age` program opens with an identity.
    pub fn age_opens(&self, sealed: &[u8], identity: &[u8]) -> Vec<u8> {
        self.write("sealed.age", sealed);
        self.write("identity", identity);
        self.run("age", &["-d", "-i", "identity", "sealed.age"])
    }
}
