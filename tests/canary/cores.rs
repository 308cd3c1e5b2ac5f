//! No image of the process's memory comes to lie on a disk, and nobody else of the same user looks into it; what `exec`
//! starts is as the user has it.

use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};

use crate::aviary::{Aviary, CANARIES};
use crate::common::{NOW, binary, identity_path};
use crate::memory::found;

/// A run that waits: for its standard input to end, or for the program that it has started.
fn start(aviary: &Aviary, line: &str) -> Child {
    // As generous as the system is: what a user sets who wants cores.
    let script = r#"ulimit -c "$(ulimit -H -c)" && exec "$0" "$@""#;
    let mut command = aviary.sandbox.command("sh", &aviary.laptop);
    command.args(["-c", script, binary(), "--at", NOW]).args(line.split_whitespace());
    command.env("SECRETS_IDENTITY_FILE", identity_path("alice"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// The soft and the hard limit.
fn core_limit(process: &str) -> (String, String) {
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    (words[0].to_owned(), words[1].to_owned())
}

/// `set` that has been given the first half of a value, and has taken it.
fn holding(aviary: &Aviary) -> Child {
    let mut child = start(aviary, "set web/db --expires 2028-01-01 --as alice");
    // As much as a pipe holds, and then some: when all of it is in the pipe, some has been taken out.
    let much = [CANARIES[1], "\n"].concat().repeat(65_536 / 32 + 1);
    child.stdin.as_mut().unwrap().write_all(much.as_bytes()).unwrap();
    child
}

/// Ends it as a fault of it would, and asks whether the system was to write a core.
fn leaves_a_core(mut child: Child) -> bool {
    kill(child.id(), "ABRT");
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(6));
    status.core_dumped()
}

/// Gives a running process the limit on cores that the user has.
fn raise_the_limit(process: u32) {
    let limit = format!("--core={0}:{0}", core_limit("self").1);
    let raised = Command::new("prlimit").args(["--pid", &process.to_string(), &limit]).status().unwrap();
    assert!(raised.success() && core_limit(&process.to_string()).0 == core_limit("self").1);
}

#[test]
fn a_value_in_hand_is_in_no_core_and_for_no_debugger() {
    let aviary = Aviary::new();
    aviary.fill();
    let child = holding(&aviary);
    assert_eq!(core_limit(&child.id().to_string()).0, "0");
    // Root may look all the same, and sees that there is something to be seen.
    match fs::File::open(format!("/proc/{}/mem", child.id())) {
        Ok(_) => assert!(!found(child.id()).is_empty()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied),
    }
    assert!(!leaves_a_core(child));
    // The limit alone does not hold off a program that takes cores, nor somebody who raises it.
    let child = holding(&aviary);
    raise_the_limit(child.id());
    assert!(!leaves_a_core(child));
    aviary.search();
}

/// Where cores are handed to a program, that one decides what becomes of them.
#[test]
fn without_that_there_would_be_a_core() {
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let script = r#"ulimit -c "$(ulimit -H -c)"; kill -ABRT $$"#;
    let status = Command::new("sh").args(["-c", script]).current_dir(&folder).status().unwrap();
    let (_, hard) = core_limit("self");
    // What the test above shows would mean little on a machine that writes none.
    assert!(status.core_dumped() || pattern.starts_with('|') || hard == "0", "{pattern}");
}

#[test]
fn what_exec_starts_has_the_limit_of_the_user() {
    let aviary = Aviary::new();
    aviary.fill();
    let hard = core_limit("self").1;
    for option in ["--env A=web/db", "--file A=web/db"] {
        let mut child = start(&aviary, &format!("exec {option} -- sh -c echo${{IFS}}$$;read${{IFS}}end"));
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        assert_eq!(core_limit(line.trim()), (hard.clone(), hard.clone()), "{option}");
        // Beside files we wait, and have what is in them no longer.
        if option.starts_with("--file") {
            // The other may speak before we have lowered our own limit again; in vain this waits until it is ended.
            while core_limit(&child.id().to_string()).0 != "0" {
                std::thread::yield_now();
            }
            match fs::File::open(format!("/proc/{}/mem", child.id())) {
                Ok(_) => assert_eq!(found(child.id()), Vec::<String>::new()),
                Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied),
            }
        }
        kill(line.trim().parse().unwrap(), "ABRT");
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(6), "{option}");
    }
}

fn kill(process: u32, signal: &str) {
    assert!(Command::new("kill").args(["-s", signal, &process.to_string()]).status().unwrap().success());
}
