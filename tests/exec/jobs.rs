//! A program at a terminal: what is typed there reaches it once, and a shell can stop and continue it as any other job.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::common::person::Person;
use crate::common::{binary, identity_path};
use crate::stage::Stage;

/// A shell with job control, at a terminal of its own; `secrets` is on its path.
fn shell(stage: &Stage) -> Person {
    let bin = stage.sandbox.path("home/bin");
    std::fs::create_dir_all(&bin).unwrap();
    if !bin.join("secrets").exists() {
        std::os::unix::fs::symlink(binary(), bin.join("secrets")).unwrap();
    }
    let mut command: Command = stage.sandbox.command("setsid", &stage.laptop);
    let path = command.get_envs().find(|(name, _)| *name == "PATH").unwrap().1.unwrap().to_owned();
    command.args(["--ctty", "--wait", "bash", "--norc", "--noprofile", "-i"]);
    let mut folders = vec![bin];
    folders.extend(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(folders).unwrap()).env("TERM", "xterm").env("PS1", "READY> ");
    command.env("SECRETS_IDENTITY_FILE", identity_path("alice"));
    let mut person = Person::at(command, None);
    person.sees("READY> ");
    person
}

/// Waits until the program itself has stopped. The shell waits for us alone: what is typed before may still be read by
/// a program that the kernel has woken to stop it.
fn is_stopped(script: &str) {
    let wanted = format!("sh\0-c\0{script}\0");
    let deadline = Instant::now() + Duration::from_mins(1);
    let stands_still = |process: PathBuf| {
        let is_it = fs::read(process.join("cmdline")).is_ok_and(|line| line == wanted.as_bytes());
        is_it && fs::read_to_string(process.join("stat")).is_ok_and(|stat| stat.contains(") T "))
    };
    while !fs::read_dir("/proc").unwrap().any(|entry| stands_still(entry.unwrap().path())) {
        assert!(Instant::now() < deadline, "the program does not stop");
        std::thread::yield_now();
    }
}

#[test]
fn a_shell_stops_and_continues_it() {
    let stage = Stage::with(&[("web/db", b"hunter2")]);
    for way in ["--env", "--file"] {
        let mut person = shell(&stage);
        let script = "echo \"beg\"un; read x; echo \"got [$x]\"; exit 6";
        person.types(&format!("secrets exec {way} A=web/db -- sh -c '{script}'; echo \"ended \"with $?\n"));
        person.sees("begun").types("\x1a").sees("Stopped").sees("READY> ");
        is_stopped(script);
        person.types("fg\n").sees("secrets exec").types("a line\n").sees("got [a line]").sees("READY> ");
        // One that stops itself alone has the shell come back all the same.
        person.types(&format!("secrets exec {way} A=web/db -- sh -c 'kill -STOP $$; echo \"go\"es on'\n"));
        person.sees("Stopped").sees("READY> ").types("fg\n").sees("goes on").sees("READY> ").types("exit\n");
        let (_, seen) = person.ends();
        assert!(!seen.contains("hunter2"), "{seen}");
    }
}

#[test]
fn what_is_typed_reaches_it_once() {
    let stage = Stage::with(&[("web/db", b"hunter2")]);
    for way in ["--env", "--file"] {
        let mut person = shell(&stage);
        let script =
            "trap \"echo interr\"upted INT; echo \"beg\"un; read x; read y; echo \"got [$y]\"; exit 7";
        person.types(&format!("secrets exec {way} A=web/db -- bash -c '{script}'; echo \"ended \"with $?\n"));
        person.sees("begun").types("\x03").sees("interrupted").types("a\nb\n");
        person.sees("got [").sees("ended with 7").sees("READY> ").types("exit\n");
        let (_, seen) = person.ends();
        assert_eq!(seen.matches("interrupted").count(), 1, "{seen}");
        // A program that the terminal ends takes us along, as that signal does.
        let mut person = shell(&stage);
        person.types(&format!(
            "secrets exec {way} A=web/db -- sh -c 'echo \"beg\"un; exec sleep 600'; echo \"ended \"with $?\n"
        ));
        person.sees("begun").types("\x03").sees("READY> ").types("exit\n");
        let (_, seen) = person.ends();
        assert!(!seen.contains("ended with"), "the shell takes it for interrupted: {seen}");
    }
}
