//! Stores of `pass` and `passage`: what lies in them, and the user's own `gpg`, which opens what `pass` sealed.
//!
//! Files are handed to `gpg` as bytes and values come out on standard output, so that nothing touches the disk in clear.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::text::visible;
use crate::domain::value::{MAX_VALUE_BYTES, Value};
use crate::system::environment::Environment;
use crate::system::files::{self, FileError};
use crate::system::process::{ProcessError, Program};
use crate::system::walk;

/// How long `gpg` may take: a person may have to find a smartcard and type its PIN.
const LIMIT: Duration = Duration::from_mins(5);
/// The largest sealed file, in bytes: a value in armour has a third more.
const MAX_SEALED_BYTES: u64 = 2 * MAX_VALUE_BYTES as u64;
/// The file by which a store of `pass` is known.
const PASS_MARK: &str = ".gpg-id";
/// The file by which a store of `passage` is known.
const PASSAGE_MARK: &str = ".age-recipients";

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Pass,
    Passage,
}

impl Kind {
    fn ending(self) -> &'static str {
        match self {
            Self::Pass => ".gpg",
            Self::Passage => ".age",
        }
    }

    /// Where the program itself would look.
    pub fn usual_place(self, environment: &Environment) -> Option<PathBuf> {
        let (variable, below_home) = match self {
            Self::Pass => ("PASSWORD_STORE_DIR", ".password-store"),
            Self::Passage => ("PASSAGE_DIR", ".passage/store"),
        };
        environment.path(variable).or_else(|| environment.home().map(|home| home.join(below_home)))
    }

    /// Which of the two a folder is; `None` where it is neither.
    pub fn of(root: &Path) -> Option<Self> {
        let has = |mark: &str| root.join(mark).symlink_metadata().is_ok();
        if has(PASS_MARK) {
            return Some(Self::Pass);
        }
        let holds = |kind: Self| walk_of(root).files.iter().any(|file| file.path.ends_with(kind.ending()));
        if has(PASSAGE_MARK) || holds(Self::Passage) {
            return Some(Self::Passage);
        }
        holds(Self::Pass).then_some(Self::Pass)
    }
}

/// Why a store can't be read, or a value of it.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    #[error("{}: {why}", path.display())]
    Folder { path: PathBuf, why: String },
    #[error("{}: is a symbolic link, and a store may not reach beyond itself: leave it out with --except, or copy the file", .0.display())]
    Link(PathBuf),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("`gpg` ended with {code}{said}: see what `gpg --decrypt` says of the file")]
    Gpg { code: String, said: String },
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// One file of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The folders and the name, without the ending.
    pub keys: Vec<String>,
    path: PathBuf,
    is_link: bool,
}

impl Sealed {
    /// The sealed bytes. Not through a symbolic link: it could point anywhere.
    pub fn read(&self) -> Result<Vec<u8>, PassError> {
        if self.is_link {
            return Err(PassError::Link(self.path.clone()));
        }
        Ok(files::read(&self.path, MAX_SEALED_BYTES)?)
    }
}

/// What a store holds, by name. Nothing is opened. What begins with a dot is the program's own.
pub fn list(kind: Kind, root: &Path) -> Result<Vec<Sealed>, PassError> {
    let folder = |why: &str| PassError::Folder { path: root.to_owned(), why: why.to_owned() };
    if !root.is_dir() {
        return Err(folder("there is no such folder"));
    }
    let walked = walk_of(root);
    if let Some((path, why)) = walked.unreadable.first() {
        return Err(PassError::Folder { path: root.join(path), why: why.clone() });
    }
    let sealed = walked.files.into_iter().filter_map(|file| {
        let path = root.join(&file.path);
        let name = match file.path.strip_suffix(kind.ending()) {
            Some(name) => name,
            // A folder elsewhere: what lies in it must not be missing without a word.
            None if !file.is_file && path.is_dir() => &file.path,
            None => return None,
        };
        let keys: Vec<String> = name.split('/').map(str::to_owned).collect();
        let is_own = keys.iter().any(|key| key.starts_with('.'));
        (!is_own).then_some(Sealed { keys, path, is_link: !file.is_file })
    });
    Ok(sealed.collect())
}

fn walk_of(root: &Path) -> walk::Walked {
    walk::walk(root, |path, _| !path.rsplit('/').next().unwrap_or_default().starts_with('.'))
}

/// The user's own `gpg`.
pub struct Gpg {
    program: Program,
}

impl Gpg {
    /// `terminal` is where a person can be asked for a passphrase, if `GPG_TTY` does not say so already.
    pub fn new(environment: &Environment, terminal: Option<&Path>) -> Self {
        let mut program =
            Program::new("gpg", environment.current_dir(), environment).args(["--quiet", "--batch", "--yes"]);
        if let Some(options) = environment.var("PASSWORD_STORE_GPG_OPTS") {
            program = program.args(options.split_whitespace());
        }
        if let Some(terminal) = terminal.filter(|_| environment.var("GPG_TTY").is_none()) {
            program = program.env("GPG_TTY", terminal);
        }
        Self { program: program.args(["--decrypt"]) }
    }

    /// Opens what `pass` sealed.
    pub fn open(&self, sealed: Vec<u8>) -> Result<Value, PassError> {
        let told = self.program.clone().input(sealed).run_for_value(LIMIT)?;
        if told.status.success() {
            return Ok(told.value);
        }
        let code = told.status.code().map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        let last = told.stderr.lines().map(str::trim).rfind(|line| !line.is_empty());
        let said = last.map(|line| format!(" ({})", visible(line.trim_start_matches("gpg: "))));
        Err(PassError::Gpg { code, said: said.unwrap_or_default() })
    }
}

/// The terminal that this process reads from, where the system tells.
pub fn own_terminal() -> Option<PathBuf> {
    std::fs::read_link("/proc/self/fd/0").ok().filter(|path| path.starts_with("/dev"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_lies_in_a_store() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        fs::create_dir_all(root.join("web/two words")).unwrap();
        fs::create_dir_all(root.join(".git/objects")).unwrap();
        for file in
            [".gpg-id", "web/db.gpg", "web/two words/x.gpg", "README", ".git/objects/y.gpg", "web/.z.gpg"]
        {
            fs::write(root.join(file), "x").unwrap();
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/etc/passwd", root.join("web/link.gpg")).unwrap();
            std::os::unix::fs::symlink("/etc", root.join("web/folder")).unwrap();
        }
        let listed = list(Kind::Pass, root).unwrap();
        let keys: Vec<String> = listed.iter().map(|sealed| sealed.keys.join("/")).collect();
        #[cfg(unix)]
        assert_eq!(keys, ["web/db", "web/folder", "web/link", "web/two words/x"]);
        #[cfg(unix)]
        assert!(matches!(listed[2].read(), Err(PassError::Link(_))));
        assert_eq!(listed[0].read().unwrap(), b"x");
        assert_eq!(Kind::of(root), Some(Kind::Pass));
        assert!(list(Kind::Pass, &root.join("nowhere")).is_err());
    }

    #[test]
    fn a_store_is_known_by_what_is_in_it() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(Kind::of(place.path()), None);
        fs::write(place.path().join("a.gpg"), "x").unwrap();
        assert_eq!(Kind::of(place.path()), Some(Kind::Pass));
        fs::write(place.path().join("a.age"), "x").unwrap();
        assert_eq!(Kind::of(place.path()), Some(Kind::Passage));
    }
}
