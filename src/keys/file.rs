//! `identities.txt`: identities in a file that only its owner may read, where there is no OS keyring.
//!
//! It is an age identity file (`age -d -i identities.txt` reads it while it holds age keys only). A line
//! `# NAME · created DATE · public key KEY` stands before each identity; what stands before the first such line was
//! put there by somebody else and is kept as it is, without a name.

use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::domain::name::ActorName;
use crate::domain::text::shell_word;
use crate::domain::time::Instant;
use crate::system::files::{self, Access, FileError};

use super::identity::MAX_IDENTITY_BYTES;

/// Its name in the tool's own folder.
pub const FILE_NAME: &str = "identities.txt";

/// Why the file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityFileError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{}: can be read by others: run `chmod 600 {}`", .0.display(), shell_word(&.0.to_string_lossy()))]
    ReadableByOthers(PathBuf),
    #[error("{}: can hold text only: keep the identity in a file of its own and name that in SECRETS_IDENTITY_FILE", .0.display())]
    NotText(PathBuf),
    #[error("{}: the identity holds several named ones already: add them one by one", .0.display())]
    SeveralNames(PathBuf),
    #[error("{}: would be larger than {MAX_IDENTITY_BYTES} bytes", .0.display())]
    Full(PathBuf),
}

/// An identity about to be kept.
#[derive(Clone, Copy)]
pub struct NewIdentity<'a> {
    pub name: &'a ActorName,
    pub bytes: &'a [u8],
    /// For the comment line only.
    pub public_key: &'a str,
    pub created: Instant,
}

/// A part of the file: the comment line that names an identity, and all up to the next such line.
pub struct Section {
    pub name: Option<ActorName>,
    /// Its comment line.
    pub header: Vec<u8>,
    pub body: Zeroizing<Vec<u8>>,
}

impl Section {
    /// Whether anything but comments and blank lines is in it.
    pub fn holds_key(&self) -> bool {
        self.body
            .split(|b| *b == b'\n')
            .map(<[u8]>::trim_ascii)
            .any(|l| !l.is_empty() && !l.starts_with(b"#"))
    }
}

/// The file, whether it exists or not.
pub struct IdentityFile {
    path: PathBuf,
}

impl IdentityFile {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its parts; `None` where there is no such file.
    pub(super) fn read(&self) -> Result<Option<Vec<Section>>, IdentityFileError> {
        // Links are followed: people keep their settings in a repository and link to them.
        match files::is_readable_by_others(&self.path) {
            Ok(false) => {}
            Ok(true) => return Err(IdentityFileError::ReadableByOthers(self.path.clone())),
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let text = Zeroizing::new(files::read_following_links(&self.path, MAX_IDENTITY_BYTES as u64)?);
        Ok(Some(split(&text)))
    }

    /// Adds an identity at the end. Comes to `false` where the name has one. The caller holds the lock.
    pub(super) fn add(&self, new: NewIdentity<'_>) -> Result<bool, IdentityFileError> {
        let mut sections = self.read()?.unwrap_or_default();
        if sections.iter().any(|section| section.name.as_ref() == Some(new.name)) {
            return Ok(false);
        }
        let is_text = |text: &str| !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n'));
        if !std::str::from_utf8(new.bytes).is_ok_and(is_text) {
            return Err(IdentityFileError::NotText(self.path.clone()));
        }
        if split(new.bytes).iter().any(|section| section.name.is_some()) {
            return Err(IdentityFileError::SeveralNames(self.path.clone()));
        }
        sections.push(Section {
            name: Some(new.name.clone()),
            header: header(&new).into_bytes(),
            body: Zeroizing::new(new.bytes.to_vec()),
        });
        self.write(&sections)?;
        Ok(true)
    }

    /// Removes an identity. Comes to `false` where the name has none. The caller holds the lock.
    pub(super) fn remove(&self, name: &ActorName) -> Result<bool, IdentityFileError> {
        let Some(mut sections) = self.read()? else { return Ok(false) };
        let before = sections.len();
        sections.retain(|section| section.name.as_ref() != Some(name));
        if sections.len() == before {
            return Ok(false);
        }
        if sections.iter().all(|section| section.header.is_empty() && section.body.is_empty()) {
            files::remove(&self.target())?;
        } else {
            self.write(&sections)?;
        }
        Ok(true)
    }

    fn write(&self, sections: &[Section]) -> Result<(), IdentityFileError> {
        let parts = || sections.iter().flat_map(|s| [s.header.as_slice(), s.body.as_slice()]);
        // With room for the line ends that may be missing, so that the buffer never moves and leaves a copy.
        let room = parts().map(|part| part.len() + 1).sum();
        if room > MAX_IDENTITY_BYTES {
            return Err(IdentityFileError::Full(self.path.clone()));
        }
        let mut text = Zeroizing::new(Vec::with_capacity(room));
        for part in parts() {
            text.extend_from_slice(part);
            if text.last().is_some_and(|last| *last != b'\n') {
                text.push(b'\n');
            }
        }
        Ok(files::write_atomic(&self.target(), &text, Access::OwnerOnly)?)
    }

    /// The file itself where the path is a link: that one is replaced or removed, and holds no key afterwards that
    /// the path no longer shows.
    fn target(&self) -> PathBuf {
        fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone())
    }
}

const CREATED: &str = " \u{b7} created ";

fn header(new: &NewIdentity<'_>) -> String {
    let public_key: String = new.public_key.chars().filter(|c| !c.is_control()).collect();
    format!("# {}{CREATED}{} \u{b7} public key {public_key}\n", new.name, new.created)
}

/// The name in a comment line of ours.
fn name_in(line: &[u8]) -> Option<ActorName> {
    std::str::from_utf8(line).ok()?.strip_prefix("# ")?.split_once(CREATED)?.0.parse().ok()
}

/// Every byte comes to be in one of them, in its order.
pub fn split(text: &[u8]) -> Vec<Section> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive(|b| *b == b'\n') {
        if let Some(name) = name_in(line) {
            starts.push((at, at + line.len(), Some(name)));
        }
        at += line.len();
    }
    if starts.first().is_none_or(|(start, ..)| *start > 0) {
        starts.insert(0, (0, 0, None));
    }
    let ends: Vec<usize> = starts.iter().skip(1).map(|(start, ..)| *start).chain([text.len()]).collect();
    let part = |from, to| text.get(from..to).unwrap_or_default().to_vec();
    starts
        .into_iter()
        .zip(ends)
        .map(|((start, body, name), end)| Section {
            name,
            header: part(start, body),
            body: Zeroizing::new(part(body, end)),
        })
        .filter(|section| section.name.is_some() || !section.body.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"AGE-SECRET-KEY-1WORTHLESS";

    fn file() -> (tempfile::TempDir, IdentityFile) {
        let dir = tempfile::tempdir().unwrap();
        let file = IdentityFile::new(dir.path().join("config/secrets").join(FILE_NAME));
        (dir, file)
    }

    fn add(file: &IdentityFile, name: &str, bytes: &[u8]) -> Result<bool, IdentityFileError> {
        file.add(NewIdentity {
            name: &name.parse().unwrap(),
            bytes,
            public_key: "age1worthless\n# x \u{b7} created y",
            created: Instant::parse_rfc3339("2026-08-30T20:15:52Z").unwrap(),
        })
    }

    fn names(file: &IdentityFile) -> Vec<Option<String>> {
        let sections = file.read().unwrap().unwrap_or_default();
        sections.into_iter().map(|s| s.name.map(|n| n.to_string())).collect()
    }

    #[test]
    fn identities_come_and_go_by_name() {
        let (_dir, file) = file();
        assert!(file.read().unwrap().is_none());
        assert!(!file.remove(&"laptop".parse().unwrap()).unwrap());
        assert!(add(&file, "laptop", KEY).unwrap());
        assert!(add(&file, "work", b"-----BEGIN OPENSSH PRIVATE KEY-----\nYQ==\n").unwrap());
        assert!(!add(&file, "laptop", b"another").unwrap());
        assert_eq!(names(&file), [Some("laptop".to_owned()), Some("work".to_owned())]);
        let sections = file.read().unwrap().unwrap();
        assert_eq!(sections[0].body.as_slice(), [KEY, b"\n"].concat());
        assert!(sections[0].holds_key());
        let text = fs::read_to_string(file.path()).unwrap();
        assert!(
            text.starts_with("# laptop \u{b7} created 2026-08-30T20:15:52Z \u{b7} public key age1worthless")
        );
        assert!(file.remove(&"laptop".parse().unwrap()).unwrap());
        assert_eq!(names(&file), [Some("work".to_owned())]);
        assert!(file.remove(&"work".parse().unwrap()).unwrap());
        assert!(!file.path().exists());
    }

    #[test]
    fn what_others_wrote_is_kept_byte_for_byte() {
        let (_dir, file) = file();
        let foreign = b"# created: 2024-01-01\r\n# public key: age1abc\r\nAGE-SECRET-KEY-1OTHER\r\n\xff\n";
        files::write_atomic(file.path(), foreign, Access::OwnerOnly).unwrap();
        assert!(add(&file, "laptop", KEY).unwrap());
        assert_eq!(names(&file), [None, Some("laptop".to_owned())]);
        assert!(fs::read(file.path()).unwrap().starts_with(foreign));
        assert!(file.remove(&"laptop".parse().unwrap()).unwrap());
        assert_eq!(fs::read(file.path()).unwrap(), foreign);
    }

    #[test]
    fn what_the_file_cannot_hold_is_refused() {
        let (_dir, file) = file();
        assert!(matches!(add(&file, "a", b"age\x00"), Err(IdentityFileError::NotText(_))));
        assert!(matches!(add(&file, "a", b"\xff"), Err(IdentityFileError::NotText(_))));
        let nested = format!("# b{CREATED}c\nAGE-SECRET-KEY-1WORTHLESS\n");
        assert!(matches!(add(&file, "a", nested.as_bytes()), Err(IdentityFileError::SeveralNames(_))));
        let large = vec![b'A'; MAX_IDENTITY_BYTES];
        assert!(matches!(add(&file, "a", &large), Err(IdentityFileError::Full(_))));
        assert!(!file.path().exists());
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_dir, file) = file();
        add(&file, "laptop", KEY).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(file.path()), mode(file.path().parent().unwrap())), (0o600, 0o700));
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).unwrap();
        let error = file.read().err().unwrap();
        assert!(error.to_string().ends_with(&format!("run `chmod 600 {}`", file.path().display())));
        assert!(add(&file, "work", KEY).is_err());
        assert!(file.remove(&"laptop".parse().unwrap()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let (dir, file) = file();
        let real = dir.path().join("dotfiles.txt");
        files::write_atomic(&real, b"", Access::OwnerOnly).unwrap();
        files::create_dir(file.path().parent().unwrap(), Access::OwnerOnly).unwrap();
        std::os::unix::fs::symlink(&real, file.path()).unwrap();
        add(&file, "laptop", KEY).unwrap();
        assert!(fs::symlink_metadata(file.path()).unwrap().is_symlink());
        assert!(fs::read_to_string(&real).unwrap().contains("WORTHLESS"));
        assert!(file.remove(&"laptop".parse().unwrap()).unwrap());
        assert!(!real.exists());
    }
}
