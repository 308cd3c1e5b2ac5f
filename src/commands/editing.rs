//! The desk on which a value is edited: a private folder in memory, and an editor that works on one file in it.

use std::path::{Path, PathBuf};

use super::{CommandError, Session};
use crate::domain::text::{shell_word, visible};
use crate::domain::tracked_name::CredentialName;
use crate::domain::value::{MAX_VALUE_BYTES, Value};
use crate::observe::place::Place;
use crate::system::environment::Environment;
use crate::system::files;
use crate::system::private::{self, PrivateFolder, Purpose};
use crate::system::process::{Attendance, Ended, Output, Program};

/// Options of vim and its kin that keep copies of what is edited out of other folders: swap file, history of registers,
/// undo and backup.
const OF_VIM: &str = " -n -i NONE -c 'set noundofile nobackup nowritebackup'";

/// The editor, as a command of a shell: `VISUAL` unless the terminal can do nothing but print lines, `EDITOR`, else git's.
pub fn editor_of(session: &Session, place: &Place) -> Result<String, CommandError> {
    let variable = |name: &str| session.environment.var(name).map(ToOwned::to_owned);
    let of_terminal = if session.terminal.is_dumb { None } else { variable("VISUAL") };
    let found = of_terminal.or_else(|| variable("EDITOR"));
    let editor = match (found, &place.repository) {
        (Some(editor), _) => editor,
        (None, Ok(repository)) => repository
            .editor()
            .map_err(|error| CommandError::from(error).hint("name one: EDITOR=vim secrets edit NAME"))?,
        (None, Err(error)) => return Err(CommandError::new(error.to_string())),
    };
    Ok(if is_vim(&editor, &session.environment) { format!("{editor}{OF_VIM}") } else { editor })
}

/// Whether the first word of a command starts vim, by whatever name.
fn is_vim(editor: &str, environment: &Environment) -> bool {
    let word = editor.split_whitespace().next().unwrap_or_default();
    let path = environment.path("PATH").unwrap_or_default();
    let found = if word.contains('/') {
        Some(environment.current_dir().join(word))
    } else {
        std::env::split_paths(&path).map(|folder| folder.join(word)).find(|path| path.is_file())
    };
    let real = found.and_then(|path| path.canonicalize().ok());
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let is_one = |name: &str| {
        let stem = name.split('.').next().unwrap_or_default();
        matches!(stem, "vim" | "nvim" | "gvim" | "mvim" | "vimx" | "view" | "rvim" | "vimdiff")
    };
    real.as_deref().and_then(name).is_some_and(|name| is_one(&name))
}

/// A folder in memory, the editor, and what came of it.
pub struct Desk<'s> {
    session: &'s Session,
    name: CredentialName,
    editor: String,
    folder: PrivateFolder,
    /// What was edited, to be named where it can't be sealed.
    work: Option<PathBuf>,
}

impl<'s> Desk<'s> {
    /// Makes the folder before anything is opened.
    pub fn set_up(session: &'s Session, name: &CredentialName, editor: String) -> Result<Self, CommandError> {
        for left in private::left_behind(&session.environment) {
            let word = left.to_string_lossy().into_owned();
            session.say(format!(
                "warning: an earlier edit that was not sealed is still in {}; when it is of no use any more: rm -r {}",
                visible(&word),
                shell_word(&word)
            ))?;
        }
        let folder = PrivateFolder::create(&session.environment, Purpose::Editing).map_err(|error| {
            CommandError::from(error).hint(format!(
                "give the new value as a whole, from a prompt or a pipe: secrets set {}",
                shell_word(name.as_str())
            ))
        })?;
        Ok(Self { session, name: name.clone(), editor, folder, work: None })
    }

    /// Has a person edit the value; `None` where it stays as it was, which is said.
    pub fn edit(&mut self, current: Option<&Value>) -> Result<Option<Value>, CommandError> {
        let shown = visible(self.name.as_str()).into_owned();
        let word = shell_word(self.name.as_str()).into_owned();
        let Some(before) = current else {
            return Err(CommandError::new(format!("{shown}: can't be opened, so there is nothing to edit"))
                .hint(format!("give the new value as a whole: secrets set {word}")));
        };
        if !before.is_text() {
            self.session.say(format!(
                "warning: {shown}: is no text, and an editor may change more of it than you do"
            ))?;
        }
        let path = self.folder.write(&file_name(&self.name), before.expose(), true)?;
        self.run_editor(&path)?;
        // One more than fits: the line break that the editor added may be all that is too much.
        let bytes = files::read(&path, MAX_VALUE_BYTES as u64 + 2).map_err(|error| {
            if !error.is_not_found() {
                self.work = Some(path.clone());
            }
            CommandError::from(error).hint("nothing was changed")
        })?;
        let edited = Edited::of(before, Value::new(bytes));
        if edited.value.same_as(before) {
            self.session.say(format!("{shown}: is as it was; nothing was changed"))?;
            return Ok(None);
        }
        if edited.value.expose().is_empty() {
            return Err(CommandError::new(format!("{shown}: was left empty, so nothing was changed"))
                .hint(format!("to remove the secret: secrets remove {word}")));
        }
        if edited.is_trimmed {
            self.session.say(
                "the line break that the editor put behind the last line is left off: the value had none before",
            )?;
            // What is on the desk is what would be sealed.
            PrivateFolder::rewrite(&path, edited.value.expose())?;
        }
        self.work = Some(path);
        if edited.value.expose().len() > MAX_VALUE_BYTES {
            return Err(CommandError::new(format!("{shown}: is larger than {MAX_VALUE_BYTES} bytes now")));
        }
        Ok(Some(edited.value))
    }

    fn run_editor(&mut self, path: &Path) -> Result<(), CommandError> {
        let attendance = Attendance::begin()?;
        let folder = self.session.environment.current_dir();
        let script = format!("{} \"$@\"", self.editor);
        let program = Program::new("sh", folder, &self.session.environment)
            .args(["-c", script.as_str(), self.editor.as_str()])
            .args([path])
            // What it writes besides goes with the folder.
            .env("TMPDIR", self.folder.path());
        let ended = match program.run_attended(&attendance, Output::ToStandardError)? {
            // The shell in between says so of what it has started.
            Ended::Code(code @ 129..) => Ended::Signal(i32::from(code) - 128),
            ended @ (Ended::Code(_) | Ended::Signal(_)) => ended,
        };
        if ended == Ended::Code(0) {
            return Ok(());
        }
        // A terminal that is gone, say: nobody gave up what was saved.
        if attendance.was_to_end() || matches!(ended, Ended::Signal(_)) {
            self.work = Some(path.to_owned());
        }
        let shown = visible(&self.editor).into_owned();
        match ended {
            Ended::Code(code) => {
                let error = CommandError::new(format!("`{shown}` ended with {code}, so nothing was changed"));
                Err(match code {
                    126 | 127 => error.hint("name another editor: EDITOR=vim secrets edit NAME"),
                    _ => error,
                })
            }
            Ended::Signal(signal) => Err(CommandError::new(format!(
                "`{shown}` was ended by signal {signal}, so nothing was changed"
            ))),
        }
    }

    /// Removes it with all that is in it.
    pub fn clear(self) -> Result<(), CommandError> {
        Ok(self.folder.remove()?)
    }

    /// Leaves what was edited where it is, and says where.
    pub fn keep_work(self, error: CommandError) -> CommandError {
        let Some(path) = self.work else { return error };
        self.folder.keep();
        let shown = path.to_string_lossy().into_owned();
        let folder = path.parent().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default();
        error
            .hint(format!(
                "what was edited is not lost; until this machine restarts it is in {}",
                visible(&shown)
            ))
            .hint(format!(
                "to go on with it: secrets set {} --from-file {}",
                shell_word(self.name.as_str()),
                shell_word(&shown)
            ))
            .hint(format!("then, or to give it up: rm -r {}", shell_word(&folder)))
    }
}

/// What came out of an editor.
struct Edited {
    value: Value,
    /// A line break at the end was left off.
    is_trimmed: bool,
}

impl Edited {
    /// Editors end the last line, whether or not it was ended before. Of a value that did not end in a line break, just one
    /// is taken off again; whoever wants one leaves an empty line behind it.
    fn of(before: &Value, after: Value) -> Self {
        let bytes = after.expose();
        let trimmed = match bytes.strip_suffix(b"\n") {
            Some(rest) if !before.expose().ends_with(b"\n") => rest.strip_suffix(b"\r").unwrap_or(rest),
            Some(_) | None => return Self { value: after, is_trimmed: false },
        };
        Self { value: Value::new(trimmed.to_vec()), is_trimmed: true }
    }
}

/// The last part of the secret's name, so that the editor shows what it edits.
fn file_name(name: &CredentialName) -> String {
    let last = name.as_str().rsplit('/').next().unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let name: String = last.chars().map(plain).take(100).collect();
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) { name } else { format!("value{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_is_taken_off_where_there_was_none() {
        let value = |bytes: &[u8]| Value::new(bytes.to_vec());
        for (before, after, kept) in [
            (&b"a"[..], &b"a\n"[..], &b"a"[..]),
            (b"a", b"b", b"b"),
            (b"a", b"b\n", b"b"),
            (b"a", b"b\n\n", b"b\n"),
            (b"a", b"b\r\n", b"b"),
            (b"a\n", b"b\n", b"b\n"),
            (b"a\n", b"b", b"b"),
            (b"a\nb", b"a\nc\n", b"a\nc"),
            (b"a", b"\n", b""),
        ] {
            let edited = Edited::of(&value(before), value(after));
            assert_eq!(edited.value.expose(), kept, "{before:?} {after:?}");
            assert_eq!(edited.is_trimmed, kept != after, "{before:?} {after:?}");
        }
    }

    #[test]
    fn files_are_called_after_their_secret() {
        for (name, file) in [
            ("web/prod/db", "db"),
            ("a/enc.yaml#/hub/client_secret", "client_secret"),
            ("a/enc.yaml#/.dockerconfigjson", "value.dockerconfigjson"),
            ("a/enc.yaml#/x y;z", "x_y_z"),
            ("a/enc.yaml#/-rf", "value-rf"),
            ("a/enc.yaml#/", "value"),
        ] {
            assert_eq!(file_name(&name.parse().unwrap()), file, "{name}");
        }
    }
}
