//! One bash for a whole document, as its reader has one: folder, variables and functions stay from line to line.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// How long a command, or an expected question, may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Shell {
    child: Child,
    input: ChildStdin,
    codes: Receiver<i32>,
    folder: PathBuf,
    count: usize,
    /// A command did not come back: nothing can be run behind it.
    pub is_stuck: bool,
}

/// What a command printed on both of its streams, and its exit code.
pub struct Printed {
    pub text: String,
    pub code: i32,
}

impl Shell {
    /// Starts it; scripts and what they print are kept in `folder`.
    pub fn start(mut command: Command, folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).unwrap();
        command.args(["--noprofile", "--norc"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::inherit()).spawn().expect("bash is there");
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, codes) = mpsc::channel();
        thread::spawn(move || {
            for code in output.lines().map_while(Result::ok) {
                if code.trim().parse().is_ok_and(|code| sender.send(code).is_err()) {
                    break;
                }
            }
        });
        Self { child, input, codes, folder, count: 0, is_stuck: false }
    }

    /// Runs a piece of shell with this standard input. An error says what became of it instead.
    pub fn run(&mut self, script: &str, stdin: &str) -> Result<Printed, String> {
        let (script, output) = self.files(script);
        let given = self.folder.join("stdin");
        fs::write(&given, stdin).unwrap();
        self.begin(&script, &given, &output);
        let code = self.codes.recv_timeout(PATIENCE);
        let text = plain(&fs::read(&output).unwrap_or_default());
        self.is_stuck = code.is_err();
        code.map(|code| Printed { text: text.clone(), code })
            .map_err(|_| format!("it does not come back, or ends the shell\n{text}"))
    }

    /// The same on a terminal, where a person answers what is asked.
    pub fn run_on_a_terminal(
        &mut self,
        script: &str,
        dialogue: &[(String, String)],
    ) -> Result<Printed, String> {
        let (script, _) = self.files(script);
        let mut screen = Screen::open();
        let terminal = screen.path.clone();
        self.begin(&script, &terminal, &terminal);
        for (question, answer) in dialogue {
            screen.await_text(question).inspect_err(|_| self.is_stuck = true)?;
            screen.keyboard.write_all(format!("{answer}\n").as_bytes()).map_err(|error| error.to_string())?;
        }
        let code = self.codes.recv_timeout(PATIENCE);
        self.is_stuck = code.is_err();
        if self.is_stuck {
            // The terminal ends with those who have it open.
            let _ = self.child.kill();
            screen.keyboard.write_all(b"\x03").map_err(|error| error.to_string())?;
        }
        let text = screen.close();
        code.map(|code| Printed { text: text.clone(), code })
            .map_err(|_| format!("it waits for more than it was told\n{text}"))
    }

    fn files(&mut self, script: &str) -> (PathBuf, PathBuf) {
        self.count += 1;
        let [path, output] = ["sh", "out"].map(|end| self.folder.join(format!("{}.{end}", self.count)));
        fs::write(&path, format!("{script}\n")).unwrap();
        (path, output)
    }

    fn begin(&mut self, script: &Path, stdin: &Path, output: &Path) {
        let [script, stdin, output] = [script, stdin, output].map(Path::display);
        let line = format!(". '{script}' <'{stdin}' >'{output}' 2>&1; printf '%s\\n' \"$?\"\n");
        // A shell that has ended is told by the exit code that does not come.
        let _ = self.input.write_all(line.as_bytes()).and_then(|()| self.input.flush());
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A terminal, seen from the side of the person before it.
struct Screen {
    keyboard: File,
    /// Kept open, so that the terminal is there before the shell opens it and as long as it does.
    other_side: Option<File>,
    path: PathBuf,
    pieces: Receiver<Vec<u8>>,
    seen: Vec<u8>,
    read_to: usize,
}

impl Screen {
    fn open() -> Self {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let path = PathBuf::from(ptsname(&person, Vec::new()).unwrap().into_string().unwrap());
        let other_side = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        tcsetwinsize(&other_side, Winsize { ws_row: 50, ws_col: 110, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let keyboard = File::from(person);
        let mut side = keyboard.try_clone().unwrap();
        let (sender, pieces) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = side.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { keyboard, other_side: Some(other_side), path, pieces, seen: Vec::new(), read_to: 0 }
    }

    fn await_text(&mut self, text: &str) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = String::from_utf8_lossy(&self.seen[self.read_to..]).into_owned();
            if let Some(at) = seen.find(text) {
                self.read_to += at + text.len();
                return Ok(());
            }
            match self.pieces.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.seen.extend(bytes),
                Err(_) => return Err(format!("`{text}` is not asked\n{}", plain(&self.seen))),
            }
        }
    }

    fn close(mut self) -> String {
        self.other_side = None;
        while let Ok(bytes) = self.pieces.recv_timeout(PATIENCE) {
            self.seen.extend(bytes);
        }
        plain(&self.seen)
    }
}

/// Without what only a terminal makes use of.
fn plain(bytes: &[u8]) -> String {
    let text = anstream::adapter::strip_bytes(bytes).into_vec();
    String::from_utf8_lossy(&text).replace("\r\n", "\n")
}

/// The commands of a piece of shell, each with the number of its first line from 0. Several lines that are one
/// command stay together; comments and empty lines fall away. An error is bash's about the syntax.
pub fn commands(text: &str) -> Result<Vec<(usize, String)>, String> {
    let mut commands = Vec::new();
    let mut open: Option<(usize, String)> = None;
    let mut fault = String::new();
    for (number, line) in text.lines().enumerate() {
        let is_nothing = line.trim().is_empty() || line.trim_start().starts_with('#');
        let (first, command) = match open.take() {
            Some((first, before)) => (first, format!("{before}\n{line}")),
            None if is_nothing => continue,
            None => (number, line.to_owned()),
        };
        fault = syntax(&command);
        if fault.is_empty() && !command.ends_with('\\') {
            commands.push((first, command));
        } else {
            open = Some((first, command));
        }
    }
    match open {
        None => Ok(commands),
        Some(_) if fault.is_empty() => Err("a command ends in the middle of a line".to_owned()),
        Some(_) => Err(fault),
    }
}

/// What bash says of a command without running it.
fn syntax(command: &str) -> String {
    let outcome = Command::new("bash").args(["-n", "-c", command]).output().expect("bash is there");
    String::from_utf8_lossy(&outcome.stderr).into_owned()
}

#[test]
fn lines_that_are_one_command_stay_together() {
    let text = "# a remark\na \\\n  b   # behind\n\ncat <<END\nx\nEND\nfor i in 1 2; do\n  echo $i\ndone\n";
    let commands = commands(text).unwrap();
    let expected =
        [(1, "a \\\n  b   # behind"), (4, "cat <<END\nx\nEND"), (7, "for i in 1 2; do\n  echo $i\ndone")];
    assert_eq!(commands, expected.map(|(line, command)| (line, command.to_owned())));
    assert!(super::shell::commands("echo 'a\n").is_err());
}
