//! Looking for identities, one source after the other.

use std::path::Path;

use zeroize::Zeroizing;

use crate::domain::name::ActorName;
use crate::domain::text::shell_word;
use crate::system::environment::{Environment, IDENTITY_VARIABLE};

use super::file::{IdentityFile, IdentityFileError};
use super::identity::{self, IdentityBytes};
use super::keyring::{Keyring, KeyringError};
use super::sources::{IDENTITY_FILE_VARIABLE, IdentitySource, Outcome, Probe};

/// Looks at the sources one by one, each only when it is asked for: the keyring is slow and may prompt. Ends after
/// one that [is fatal](Probe::is_fatal).
pub struct Search<'a> {
    environment: &'a Environment,
    keyring: &'a Keyring,
    file: Option<&'a IdentityFile>,
    sources: std::vec::IntoIter<IdentitySource>,
    ended: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        environment: &'a Environment,
        keyring: &'a Keyring,
        file: Option<&'a IdentityFile>,
        sources: Vec<IdentitySource>,
    ) -> Self {
        Self { environment, keyring, file, sources: sources.into_iter(), ended: false }
    }

    fn probe(&self, source: IdentitySource) -> Probe {
        let mut notes = Vec::new();
        let outcome = match &source {
            IdentitySource::Option(path) => self.named_file(path, "name another file with --identity"),
            IdentitySource::Variable => self.variable(),
            IdentitySource::VariableFile => match self.environment.path(IDENTITY_FILE_VARIABLE) {
                None => Outcome::Absent("not set".to_owned()),
                Some(path) => {
                    self.named_file(&path, "name another file in SECRETS_IDENTITY_FILE, or unset it")
                }
            },
            IdentitySource::Keyring => keyring_outcome(self.keyring, &mut notes),
            IdentitySource::File => self.identity_file(&mut notes),
            IdentitySource::SshKey => self.ssh_key(),
        };
        Probe { source, outcome, notes }
    }

    fn named_file(&self, path: &Path, remedy: &str) -> Outcome {
        match identity::read_named(&self.environment.current_dir().join(path)) {
            Ok(bytes) => Outcome::Found(vec![IdentityBytes { label: path.display().to_string(), bytes }]),
            Err(error) => Outcome::Failed { why: error.to_string(), remedy: remedy.to_owned() },
        }
    }

    fn variable(&self) -> Outcome {
        if let Some(text) = self.environment.var(IDENTITY_VARIABLE) {
            let bytes = Zeroizing::new(text.as_bytes().to_vec());
            return Outcome::Found(vec![IdentityBytes { label: IDENTITY_VARIABLE.to_owned(), bytes }]);
        }
        if self.environment.path(IDENTITY_VARIABLE).is_some() {
            return Outcome::Failed {
                why: format!("{IDENTITY_VARIABLE}: is not text"),
                remedy: format!(
                    "set it to the key itself, or name the key's file in {IDENTITY_FILE_VARIABLE}"
                ),
            };
        }
        // CI systems set a secret that a job may not see to nothing.
        let why = if self.environment.has(IDENTITY_VARIABLE) { "set, but empty" } else { "not set" };
        Outcome::Absent(why.to_owned())
    }

    fn identity_file(&self, notes: &mut Vec<String>) -> Outcome {
        let Some(file) = self.file else { return Outcome::Absent("there is no home folder".to_owned()) };
        let path = file.path().display();
        let sections = match file.read() {
            Ok(Some(sections)) => sections,
            Ok(None) => return Outcome::Absent(format!("{path} does not exist")),
            Err(IdentityFileError::ReadableByOthers(_)) => {
                let why = format!("{path}: can be read by others");
                let name = file.path().to_string_lossy();
                let word = shell_word(&name);
                return Outcome::Refused { why, remedy: format!("chmod 600 {word}") };
            }
            Err(error) => {
                return Outcome::Failed { why: error.to_string(), remedy: format!("look at {path}") };
            }
        };
        let mut found = Vec::new();
        for section in sections {
            let label =
                section.name.as_ref().map_or_else(|| path.to_string(), |name| format!("{path}: {name}"));
            if section.holds_key() {
                found.push(IdentityBytes { label, bytes: section.body });
            } else if section.name.is_some() {
                notes.push(format!("{label}: there is no key under this name"));
            }
        }
        if found.is_empty() {
            Outcome::Absent(format!("{path} holds no identity"))
        } else {
            Outcome::Found(found)
        }
    }

    fn ssh_key(&self) -> Outcome {
        let Some(home) = self.environment.home() else {
            return Outcome::Absent("there is no home folder".to_owned());
        };
        let path = home.join(".ssh").join("id_ed25519");
        let label = path.display().to_string();
        match identity::read_named(&path) {
            Ok(bytes) => Outcome::Found(vec![IdentityBytes { label, bytes }]),
            Err(error) if error.is_not_found() => Outcome::Absent(format!("{label} does not exist")),
            Err(error) => Outcome::Failed { why: error.to_string(), remedy: format!("look at {label}") },
        }
    }
}

impl Iterator for Search<'_> {
    type Item = Probe;

    fn next(&mut self) -> Option<Probe> {
        if self.ended {
            return None;
        }
        let source = self.sources.next()?;
        let probe = self.probe(source);
        self.ended = probe.is_fatal();
        Some(probe)
    }
}

fn keyring_outcome(keyring: &Keyring, notes: &mut Vec<String>) -> Outcome {
    match keyring.load() {
        Ok(kept) => {
            notes.extend(kept.gone.iter().map(gone_note));
            if kept.identities.is_empty() {
                return Outcome::Absent("the OS keyring holds no identity of ours".to_owned());
            }
            let label = |(name, bytes)| IdentityBytes { label: format!("keyring: {name}"), bytes };
            Outcome::Found(kept.identities.into_iter().map(label).collect())
        }
        Err(error @ KeyringError::NotAvailable(_)) => Outcome::Absent(error.to_string()),
        Err(error) => Outcome::Failed { why: error.to_string(), remedy: error.remedy().to_owned() },
    }
}

pub(super) fn gone_note(name: &ActorName) -> String {
    format!("keyring: the identity `{name}` is gone; `secrets key remove {name}` takes it off the list")
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use super::super::sources::in_order;
    use super::*;

    const KEY: &str = "AGE-SECRET-KEY-1WORTHLESS";

    /// A home folder; the keyring is one that was given up, so that no test touches a real one.
    struct Home(tempfile::TempDir);

    impl Home {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn write(&self, path: &str, mode: u32) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, format!("{KEY}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }

        fn search(&self, variables: &[(&str, &str)], option: Option<&str>) -> Vec<String> {
            let home = ("HOME", self.0.path().to_str().unwrap());
            let variables = variables.iter().chain([&home]).map(|(n, v)| (n.into(), v.into()));
            let environment = Environment::new(variables, self.0.path().to_owned());
            let keyring = Keyring::given_up(Duration::from_secs(10));
            let file = environment.config_dir().map(|dir| IdentityFile::new(dir.join("identities.txt")));
            let search = Search::new(&environment, &keyring, file.as_ref(), in_order(option.map(Path::new)));
            search.map(|probe| self.shown(&probe)).collect()
        }

        fn shown(&self, probe: &Probe) -> String {
            let outcome = match &probe.outcome {
                Outcome::Found(found) => {
                    assert!(found.iter().all(|i| i.bytes.starts_with(KEY.as_bytes())));
                    format!("found {}", found.iter().map(|i| i.label.as_str()).collect::<Vec<_>>().join(", "))
                }
                Outcome::Absent(why) => format!("absent: {why}"),
                Outcome::Refused { why, remedy } => format!("refused: {why}: {remedy}"),
                Outcome::Failed { why, .. } => format!("failed: {why}"),
            };
            format!("{}: {outcome}", probe.source).replace(self.0.path().to_str().unwrap(), "~")
        }
    }

    #[test]
    fn an_empty_home_is_absent_everywhere() {
        assert_eq!(
            Home::new().search(&[("SECRETS_IDENTITY", "")], None),
            [
                "SECRETS_IDENTITY: absent: set, but empty",
                "SECRETS_IDENTITY_FILE: absent: not set",
                "OS keyring: failed: the OS keyring gave no answer within 10 s",
                "identities.txt: absent: ~/.config/secrets/identities.txt does not exist",
                "~/.ssh/id_ed25519: absent: ~/.ssh/id_ed25519 does not exist",
            ]
        );
    }

    #[test]
    fn all_sources_are_found_in_order() {
        let home = Home::new();
        for file in ["option.txt", "named.txt", ".config/secrets/identities.txt", ".ssh/id_ed25519"] {
            home.write(file, 0o600);
        }
        let found = home
            .search(&[("SECRETS_IDENTITY", KEY), ("SECRETS_IDENTITY_FILE", "named.txt")], Some("option.txt"));
        assert_eq!(
            found,
            [
                "--identity option.txt: found option.txt",
                "SECRETS_IDENTITY: found SECRETS_IDENTITY",
                "SECRETS_IDENTITY_FILE: found named.txt",
                "OS keyring: failed: the OS keyring gave no answer within 10 s",
                "identities.txt: found ~/.config/secrets/identities.txt",
                "~/.ssh/id_ed25519: found ~/.ssh/id_ed25519",
            ]
        );
    }

    #[test]
    fn what_was_asked_for_and_fails_ends_the_search() {
        let home = Home::new();
        home.write(".ssh/id_ed25519", 0o600);
        let missing = home.search(&[], Some("none.txt"));
        assert_eq!(missing.len(), 1);
        assert!(missing[0].starts_with("--identity none.txt: failed: ~/none.txt: "), "{}", missing[0]);
        let folder = home.search(&[("SECRETS_IDENTITY_FILE", ".ssh")], None);
        assert_eq!(folder.last().unwrap(), "SECRETS_IDENTITY_FILE: failed: ~/.ssh: is not a regular file");
        fs::write(home.0.path().join("large"), vec![b'#'; identity::MAX_IDENTITY_BYTES + 1]).unwrap();
        let large = home.search(&[], Some("large"));
        assert_eq!(large, ["--identity large: failed: ~/large: is larger than 1048576 bytes"]);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_and_the_search_goes_on() {
        let home = Home::new();
        home.write(".config/secrets/identities.txt", 0o644);
        home.write(".ssh/id_ed25519", 0o600);
        let found = home.search(&[], None);
        assert_eq!(
            found[3],
            "identities.txt: refused: ~/.config/secrets/identities.txt: can be read by others: \
             chmod 600 ~/.config/secrets/identities.txt"
        );
        assert_eq!(found[4], "~/.ssh/id_ed25519: found ~/.ssh/id_ed25519");
    }

    #[test]
    fn a_pipe_can_be_named() {
        let home = Home::new();
        let fifo = home.0.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let writer = std::thread::spawn(move || fs::write(fifo, KEY).unwrap());
        assert_eq!(home.search(&[], Some("pipe"))[0], "--identity pipe: found pipe");
        writer.join().unwrap();
    }
}
