//! The questions, on a real terminal with somebody at its other side.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::thread;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, tcgetattr};

use super::*;

const QUESTION: Question<'_> = Question { what: "value", remedy: "pass --from-file FILE" };

/// The person at the other side of a real terminal, and all that was to be seen on it.
struct Person {
    side: File,
    seen: String,
    read_to: usize,
}

impl Person {
    fn awaits(&mut self, text: &str) {
        while !self.seen[self.read_to..].contains(text) {
            let mut bytes = [0; 4096];
            let count = self.side.read(&mut bytes).unwrap();
            self.seen.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
        self.read_to += self.seen[self.read_to..].find(text).unwrap() + text.len();
    }

    fn types(&mut self, keys: impl AsRef<[u8]>) {
        self.side.write_all(keys.as_ref()).unwrap();
    }
}

fn settings(terminal: &File) -> String {
    let Termios { input_modes, output_modes, local_modes, special_codes, .. } = tcgetattr(terminal).unwrap();
    format!("{input_modes:?} {output_modes:?} {local_modes:?} {special_codes:?}")
}

/// Lets a dialog and a person talk; the terminal must be left as it was found.
fn talk<T: Send>(
    ask: impl FnOnce(&mut Dialog<File>) -> T + Send,
    answer: impl FnOnce(&mut Person),
) -> (T, String) {
    let side = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&side).unwrap();
    unlockpt(&side).unwrap();
    let name = ptsname(&side, Vec::new()).unwrap();
    let no_controlling = i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).unwrap();
    let name = OsStr::from_bytes(name.as_bytes());
    let terminal = OpenOptions::new().read(true).write(true).custom_flags(no_controlling).open(name).unwrap();
    let before = settings(&terminal);
    let keyboard = Keyboard::on(OwnedFd::from(terminal.try_clone().unwrap()));
    let mut dialog = Dialog { keyboard, out: terminal.try_clone().unwrap() };
    let mut person = Person { side: side.into(), seen: String::new(), read_to: 0 };
    let result = thread::scope(|scope| {
        let dialog = scope.spawn(move || {
            let result = ask(&mut dialog);
            dialog.out.write_all(b"<end>").unwrap();
            result
        });
        answer(&mut person);
        person.awaits("<end>");
        dialog.join().unwrap()
    });
    assert_eq!(settings(&terminal), before);
    (result, person.seen)
}

fn hidden(answer: impl FnOnce(&mut Person)) -> (Result<Zeroizing<String>, PromptError>, String) {
    talk(|dialog| dialog.ask_hidden(QUESTION), answer)
}

#[test]
fn a_hidden_answer_is_not_shown_and_can_be_corrected() {
    let (answer, seen) = hidden(|person| {
        person.awaits("value: ");
        person.types("wrong\x15p\u{e4}sx\u{fc}\u{7f}\u{8}s\tw\u{f6}rd \r");
    });
    assert_eq!(*answer.unwrap(), "p\u{e4}ss\tw\u{f6}rd ");
    assert_eq!(seen, "value: \r\n<end>");
}

#[test]
fn a_hidden_answer_is_taken_whole_or_not_at_all() {
    // A terminal's own line editing cuts at 4095 bytes.
    let long = "k".repeat(60_000);
    let (answer, _) = hidden(|person| {
        person.awaits("value: ");
        person.types(format!("{long}\n"));
    });
    assert_eq!(*answer.unwrap(), long);
    let (answer, seen) = hidden(|person| {
        person.awaits("value: ");
        person.types(format!("{long}{long}\n"));
        person.awaits("longer than 64 KiB");
        person.awaits("value: ");
        person.types("-----BEGIN KEY-----\nsecond\nthird\n");
        person.awaits("several lines");
        person.awaits("value: ");
        person.types("up \x1b[A\n");
        person.awaits("arrow key");
        person.awaits("value: ");
        person.types(b"\xff\n");
        person.awaits("not UTF-8");
        person.awaits("value: ");
        person.types("\n");
        person.awaits("empty");
        person.awaits("value: ");
        person.types("pasted with its line end\r\n");
    });
    assert_eq!(*answer.unwrap(), "pasted with its line end");
    assert!(!seen.contains("second") && !seen.contains("kkk"), "{seen}");
}

#[test]
fn two_hidden_answers_must_agree() {
    let (answer, seen) = talk(
        |dialog| dialog.ask_hidden_twice(QUESTION),
        |person| {
            for (first, second) in [("one\n", "two\n"), ("three\n", "three\n")] {
                person.awaits("value: ");
                person.types(first);
                person.awaits("value, again: ");
                person.types(second);
            }
        },
    );
    assert_eq!(*answer.unwrap(), "three");
    assert!(seen.contains("the two are not the same"));
}

#[test]
fn ctrl_c_and_ctrl_d_interrupt_every_question() {
    for key in ["\x03", "\x04"] {
        let (answer, _) = hidden(|person| {
            person.awaits("value: ");
            person.types(key);
        });
        assert!(matches!(answer, Err(PromptError::Interrupted)));
        let (answer, _) = talk(
            |dialog| dialog.confirm(QUESTION, true),
            |person| {
                person.awaits("value [Y/n] ");
                person.types(key);
            },
        );
        assert!(matches!(answer, Err(PromptError::Interrupted)));
    }
    let (answer, _) = hidden(|person| {
        person.awaits("value: ");
        person.types("half\x04way\x03");
    });
    assert!(matches!(answer, Err(PromptError::Interrupted)));
}

#[test]
fn a_line_is_asked_for_until_it_is_understood() {
    let number = |text: &str| text.parse::<u8>().map_err(|_| format!("`{text}` is no \x1b[31mnumber"));
    let (answer, seen) = talk(
        |dialog| dialog.ask_line(QUESTION, Some("7\x1b[2J"), number),
        |person| {
            person.awaits("value [7\u{fffd}[2J]: ");
            person.types("many\n");
            person.awaits("  `many` is no \u{fffd}[31mnumber");
            person.awaits("]: ");
            person.types(format!("{}\n", "1".repeat(5000)));
            person.awaits("longer than a terminal takes");
            person.awaits("]: ");
            person.types(" 4\u{7f}42 \n");
        },
    );
    assert_eq!(answer.unwrap(), 42);
    assert!(!seen.contains('\x1b'));
    let (answer, _) = talk(
        |dialog| dialog.ask_line(QUESTION, Some("7"), number),
        |person| {
            person.awaits("value [7]: ");
            person.types("\n");
        },
    );
    assert_eq!(answer.unwrap(), 7);
}

#[test]
fn yes_or_no() {
    for (default, typed, wanted) in
        [(true, "\n", true), (false, "\n", false), (true, "N\n", false), (false, "Yes\n", true)]
    {
        let (answer, _) = talk(
            |dialog| dialog.confirm(QUESTION, default),
            |person| {
                person.awaits("value [");
                person.types("perhaps\n");
                person.awaits("answer y or n");
                person.awaits("value [");
                person.types(typed);
            },
        );
        assert_eq!(answer.unwrap(), wanted);
    }
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let terminal = Terminal {
        stdin_is_terminal: true,
        stdout_is_terminal: true,
        stderr_is_terminal: false,
        color_stdout: false,
        color_stderr: false,
        width: None,
        is_dumb: false,
        is_ascii: false,
    };
    let message = "cannot ask for value without a terminal: pass --from-file FILE";
    assert_eq!(terminal.ask_hidden(QUESTION).unwrap_err().to_string(), message);
    assert_eq!(terminal.ask_hidden_twice(QUESTION).unwrap_err().to_string(), message);
    assert_eq!(terminal.confirm(QUESTION, true).unwrap_err().to_string(), message);
    let unasked = Terminal { stdin_is_terminal: false, stderr_is_terminal: true, ..terminal };
    let line = unasked.ask_line(QUESTION, None, |text| Ok::<_, String>(text.to_owned()));
    assert_eq!(line.unwrap_err().to_string(), message);
}
