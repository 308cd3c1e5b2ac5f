//! git is struck: each git that the command starts is killed, or fails, or is the last that the command sees; and git
//! itself is struck at its own writes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::core::{ADD, SET_AND_PUSH};
use crate::others::GLASS;
use crate::row::Row;
use crate::walk::{Walk, is_all};
use crate::world::World;

/// What befalls one git.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blow {
    /// The command is killed before git has done anything.
    KilledBefore,
    /// The command is killed when git has done its work.
    KilledAfter,
    /// git is killed before it has done anything.
    GitKilled,
    /// git can't be run: the file is there and can't be executed.
    NotRun,
    /// A call of git fails, or kills it.
    Inside(&'static str),
}

const OUTSIDE: [Blow; 4] = [Blow::KilledBefore, Blow::KilledAfter, Blow::GitKilled, Blow::NotRun];

/// git makes its files with these, and gives them their names.
const INSIDE: [Blow; 8] = [
    Blow::Inside("rename:signal=SIGKILL:when=1"),
    Blow::Inside("write:error=ENOSPC:when=1"),
    Blow::Inside("rename:error=EACCES:when=1+"),
    Blow::Inside("link:signal=SIGKILL:when=1"),
    Blow::Inside("write:error=EIO:when=2+"),
    Blow::Inside("rename:signal=SIGKILL:when=2"),
    Blow::Inside("unlink:signal=SIGKILL:when=1"),
    Blow::Inside("rename:error=EIO:when=2"),
];

/// The words of git by which something is changed.
const CHANGING: [&str; 6] = ["add", "commit", "push", "fast-import", "update-ref", "config"];

/// A program `git` that counts, and strikes at the number that it is told.
struct Gits<'w> {
    world: &'w World,
}

impl Gits<'_> {
    fn write(&self, number: usize, blow: Option<Blow>) {
        let folder = self.world.path("gits");
        fs::create_dir_all(&folder).unwrap();
        let calls = folder.join("calls");
        let _ = fs::remove_file(&calls);
        let git = self.world.sandbox.run(self.world.sandbox.root(), "sh", ["-c", "command -v git"]).code(0);
        let git = git.text().trim();
        let act = match blow {
            None => String::new(),
            Some(Blow::KilledBefore) => "kill -9 $PPID; exit 1".to_owned(),
            Some(Blow::KilledAfter) => format!("'{git}' \"$@\"; kill -9 $PPID; exit 1"),
            Some(Blow::GitKilled) => "kill -9 $$".to_owned(),
            Some(Blow::NotRun) => "echo 'git: cannot execute: Input/output error' >&2; exit 126".to_owned(),
            Some(Blow::Inside(inject)) => {
                format!("exec strace -qq -o /dev/null -e 'inject={inject}' '{git}' \"$@\"")
            }
        };
        let calls = calls.display();
        let script = format!(
            "#!/bin/sh\necho \"$*\" >> '{calls}'\nif [ \"$(grep -c '' '{calls}')\" = {number} ]; then :; {act}\nfi\nexec '{git}' \"$@\"\n"
        );
        fs::write(folder.join("git"), script).unwrap();
        fs::set_permissions(folder.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.world.path("gits/calls")).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

/// Strikes at each git that changes something with all, and at the others with one after the other.
fn walked(row: &'static Row, turn: usize) {
    let walk = Walk::new(row);
    let gits = Gits { world: &walk.world };
    let strike = |number: usize, blow: Option<Blow>| {
        walk.world.restore();
        gits.write(number, blow);
        walk.world.run(&walk.words, row.stdin, &[], Some(&walk.world.path("gits")))
    };
    assert_eq!(strike(0, None).code, Some(row.code));
    let calls = gits.calls();
    let changing = |call: &str| CHANGING.iter().any(|word| call.split(' ').any(|of_call| of_call == *word));
    assert!(calls.iter().any(|call| changing(call)), "{calls:?}");
    for (place, call) in calls.iter().enumerate() {
        let inside = if changing(call) { &INSIDE[..] } else { &[] };
        let all: Vec<Blow> = OUTSIDE.iter().chain(inside).copied().collect();
        let mine = all.iter().enumerate().filter(|(number, _)| {
            is_all() || (changing(call) && (number + turn).is_multiple_of(2)) || *number == (place + turn) % 4
        });
        for (_, blow) in mine {
            let ended = strike(place + 1, Some(*blow));
            walk.judge(&format!("{}: {blow:?} at `git {call}`", row.command), &ended, false);
        }
    }
    walk.tell(calls.len());
}

#[test]
fn a_git_that_dies_leaves_the_old_value_or_the_new_one() {
    walked(&SET_AND_PUSH, 0);
}

#[test]
fn a_git_that_dies_leaves_no_secret_or_the_whole_of_it() {
    walked(&ADD, 1);
}

#[test]
fn a_git_that_dies_loses_nothing_that_was_to_be_rescued() {
    walked(&GLASS, 0);
}
