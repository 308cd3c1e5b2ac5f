//! The user's own `sops` program: it opens files that it sealed, with the user's own keys, and seals one value anew.
//!
//! Values go in on standard input and come out on standard output, never by way of a command line or a file. Files are
//! handed over as bytes, so that what is opened is what was judged.

pub mod document;

use std::path::Path;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::domain::foreign::SealedFormat;
use crate::domain::opened::Opened;
use crate::domain::text::visible;
use crate::domain::value::Value;
use crate::system::environment::Environment;
use crate::system::files;
use crate::system::process::{ProcessError, Program, Told};

/// How long `sops` may take: keys may lie in a cloud, or behind a question that nobody answers.
const LIMIT: Duration = Duration::from_mins(1);
/// From here on it has commands of their own for everything.
const WITH_COMMANDS: Version = Version([3, 9, 0]);
/// From here on `sops set` takes a value on standard input.
const VALUE_ON_STDIN: Version = Version([3, 11, 0]);
/// Where the one value of a file that is sealed as a whole lies.
const WHOLE: &str = "[\"data\"]";
/// The largest file that it may make of one, in bytes.
const MAX_FILE_BYTES: u64 = 128 * 1024 * 1024;

/// Why `sops` did not do what was asked. Nothing of it names the file: whoever calls knows it, and many files have
/// the reason in common.
#[derive(Debug, thiserror::Error)]
pub enum SopsError {
    #[error("no `sops` on PATH")]
    NotInstalled,
    #[error("`sops` here is {found}, and takes no value on standard input before {VALUE_ON_STDIN}")]
    TooOld { found: String },
    #[error("no key at hand opens it: see what `sops decrypt` says of it")]
    NoKey,
    #[error("it was changed by hand: its values do not fit what `sops` has noted of them (its MAC)")]
    Tampered,
    #[error("`sops` ended with {code}{said}")]
    Refused {
        code: String,
        /// Its own words, where they can hold no value.
        said: String,
    },
    #[error("what `sops` printed is no single JSON document")]
    Malformed,
    #[error("the value is no UTF-8, and `sops` takes nothing else: seal the whole file with `sops encrypt`")]
    NotText,
    #[error("`{0}` seals no single values")]
    OtherFormat(SealedFormat),
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("a folder for a sealed copy could not be made: {0}")]
    Copy(#[from] std::io::Error),
    #[error(transparent)]
    File(#[from] files::FileError),
}

/// The version of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version([u32; 3]);

impl Version {
    /// Reads the second word of `sops 3.11.0 (latest)`.
    fn read(text: &str) -> Option<Self> {
        let word = text.split_whitespace().nth(1)?;
        let mut numbers = word.trim_start_matches('v').split(['.', '-', '+']).map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Self([next()?, next()?, next()?]))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// The program, found.
pub struct Sops<'a> {
    environment: &'a Environment,
    /// `None` where it does not say.
    version: Option<Version>,
}

impl<'a> Sops<'a> {
    /// Finds it on `PATH`, and its version.
    pub fn find(environment: &'a Environment) -> Result<Self, SopsError> {
        let program = Program::new("sops", environment.current_dir(), environment).args(["--version"]);
        // Else it asks the network whether there is a newer one.
        let told = match program.env("SOPS_DISABLE_VERSION_CHECK", "true").run(LIMIT) {
            Err(ProcessError::NotFound { .. }) => return Err(SopsError::NotInstalled),
            other => other?,
        };
        Ok(Self { environment, version: Version::read(&told.text()) })
    }

    /// Opens a sealed file.
    pub fn open(&self, format: SealedFormat, sealed: &[u8]) -> Result<Opened, SopsError> {
        let kind = kind(format)?;
        let out = if format == SealedFormat::SopsBinary { kind } else { "json" };
        let is_old = self.version.is_some_and(|version| version < WITH_COMMANDS);
        let decrypt = if is_old { "--decrypt" } else { "decrypt" };
        let program = Program::new("sops", self.environment.current_dir(), self.environment);
        let arguments = [decrypt, "--input-type", kind, "--output-type", out, "/dev/stdin"];
        let told = program.args(arguments).input(sealed.to_vec()).run_for_value(LIMIT)?;
        if !told.status.success() {
            return Err(refusal(&told, true));
        }
        if format == SealedFormat::SopsBinary {
            return Ok(Opened::whole(told.value, Some(WHOLE.to_owned())));
        }
        document::values(&told.value).map_err(|document::Malformed| SopsError::Malformed)
    }

    /// An error where it can't seal a single value without showing it to everybody on the machine.
    pub fn refuse_without_stdin(&self) -> Result<(), SopsError> {
        match self.version {
            Some(version) if version >= VALUE_ON_STDIN => Ok(()),
            Some(version) => Err(SopsError::TooOld { found: version.to_string() }),
            None => Err(SopsError::TooOld { found: "of a version that it does not tell".to_owned() }),
        }
    }

    /// Seals one value of a file anew; answers with the file as it is then. `folder` is where the file lies, for the
    /// settings beside it; the file itself is not touched: it works on a copy of what is sealed.
    pub fn set(
        &self,
        format: SealedFormat,
        sealed: &[u8],
        folder: &Path,
        address: &str,
        value: &Value,
    ) -> Result<Vec<u8>, SopsError> {
        self.refuse_without_stdin()?;
        let kind = kind(format)?;
        let text = std::str::from_utf8(value.expose()).map_err(|_| SopsError::NotText)?;
        let place = tempfile::tempdir()?;
        let copy = place.path().join("sealed");
        std::fs::write(&copy, sealed)?;
        let program = Program::new("sops", folder, self.environment)
            .args(["set", "--value-stdin", "--input-type", kind, "--output-type", kind])
            .args([copy.as_os_str(), address.as_ref()])
            .input(std::mem::take(&mut *quoted(text)?));
        let told = program.run_for_value(LIMIT)?;
        if !told.status.success() {
            return Err(refusal(&told, false));
        }
        Ok(files::read(&copy, MAX_FILE_BYTES)?)
    }
}

/// A text in JSON. The buffer never grows, so no part of it is left behind.
fn quoted(text: &str) -> std::io::Result<Zeroizing<Vec<u8>>> {
    // The longest escape, `\u0000`, stands for one byte.
    let mut json = Zeroizing::new(Vec::with_capacity(text.len() * 6 + 2));
    serde_json::to_writer(&mut *json, text)?;
    Ok(json)
}

/// What the program calls a form of file. It is always said, because the name of a file need not tell it.
fn kind(format: SealedFormat) -> Result<&'static str, SopsError> {
    match format {
        SealedFormat::SopsYaml => Ok("yaml"),
        SealedFormat::SopsJson => Ok("json"),
        SealedFormat::SopsDotenv => Ok("dotenv"),
        SealedFormat::SopsIni => Ok("ini"),
        SealedFormat::SopsBinary => Ok("binary"),
        SealedFormat::Age
        | SealedFormat::AgeArmored
        | SealedFormat::GitCrypt
        | SealedFormat::SealedSecrets
        | SealedFormat::AnsibleVault => Err(SopsError::OtherFormat(format)),
    }
}

/// Why it did not succeed, after the exit codes of sops (`cmd/sops/codes`). Its own words are shown only where it has
/// not seen a value: then they name paths and keys.
fn refusal(told: &Told, is_speakable: bool) -> SopsError {
    match told.status.code() {
        Some(128) => SopsError::NoKey,
        // It would print a digest of all values, which is as good as a guess at each.
        Some(51 | 52) => SopsError::Tampered,
        code => {
            let code = code.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
            let last = told.stderr.lines().map(str::trim).rfind(|line| !line.is_empty());
            let said = last.filter(|_| is_speakable).map(|line| format!(": {}", visible(line)));
            SopsError::Refused { code, said: said.unwrap_or_default() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, version) in [
            ("sops 3.11.0 (latest)", Some([3, 11, 0])),
            ("sops v3.10.2-rc.1\n", Some([3, 10, 2])),
            ("sops 3.9.4 [warning] a newer one is there", Some([3, 9, 4])),
            ("sops dev", None),
            ("", None),
        ] {
            assert_eq!(Version::read(text), version.map(Version), "{text}");
        }
        assert!(Version([3, 9, 12]) < VALUE_ON_STDIN && VALUE_ON_STDIN < Version([4, 0, 0]));
    }

    #[test]
    fn a_text_is_quoted_without_growing() {
        for text in ["", "plain", "\"\\\n\u{0}\u{1}", &"\u{1}".repeat(1000), "gr\u{fc}n\u{1f600}"] {
            let quoted = quoted(text).unwrap();
            assert!(quoted.len() <= text.len() * 6 + 2);
            assert_eq!(serde_json::from_slice::<String>(&quoted).unwrap(), text);
        }
    }

    #[test]
    fn without_the_program_that_is_said() {
        let environment = Environment::new([], std::env::temp_dir());
        let found = Sops::find(&environment).err().map(|error| error.to_string());
        assert_eq!(found.as_deref(), Some("no `sops` on PATH"));
    }
}
