//! What can't be read: the gate is run with a fault at each thing in the sandbox that it, a thread of it or a git of it looks
//! into, and never passes because of it.
//!
//! strace strikes by path, so that the loader and all else that every program has stay whole, and whoever looks into the
//! same thing is struck.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::settle::words;
use crate::walk::is_all;
use crate::world::{Ended, World};

/// All calls by which a process looks into what is on the disk.
const CALLS: &str = "openat,read,pread64,readv,statx,newfstatat,fstat,lstat,getdents64,readlink,readlinkat,mmap,access,\
                     faccessat2";

/// Those by which it starts another one, or a thread.
const STARTS: &str = "clone,clone3,?vfork,?fork";

/// What a fault of reading is called, by turns.
const ERRORS: [&str; 3] = ["EIO", "EACCES", "EMFILE"];

/// What may fail without the gate knowing less: a call (or `*`), the path as [`kind`] has it, and why.
const OPTIONAL: &[(&str, &str, &str)] = &[];

/// A call, and the path as it was given.
type Look = (String, String);

fn check(world: &World, strace: &[&str]) -> Ended {
    world.run(&words(&["check", "--format", "json"]), "", strace, None)
}

/// Runs to the end; answers with the lines of the trace, without the ids of processes.
fn traced(world: &World, calls: &str, follow: bool, expected: i32) -> Vec<String> {
    let log = world.path("check.trace");
    let trace = format!("trace={calls}");
    let mut options = vec!["-qq", "-y", "-s", "4096", "-e", &trace, "-o", log.to_str().unwrap()];
    if follow {
        options.push("-f");
    }
    let ended = check(world, &options);
    assert_eq!(ended.code, Some(expected), "{}", ended.said);
    let text = fs::read(log).unwrap();
    let digits = |line: &str| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').to_owned();
    String::from_utf8_lossy(&text).lines().map(digits).collect()
}

/// What is looked into below the sandbox.
fn looks(world: &World, expected: i32) -> Vec<Look> {
    let root = world.sandbox.root().to_str().unwrap();
    let mut found = BTreeSet::new();
    for line in traced(world, CALLS, true, expected) {
        let Some((call, rest)) = line.split_once('(') else { continue };
        let Some(path) = path(call, rest) else { continue };
        if path.starts_with(root) || !path.starts_with('/') {
            found.insert((call.to_owned(), path.to_owned()));
        }
    }
    found.into_iter().collect()
}

/// The path that is given, or of the descriptor that is.
fn path<'l>(call: &str, rest: &'l str) -> Option<&'l str> {
    let of_descriptor = |text: &'l str| text.split_once('<')?.1.split_once('>').map(|(path, _)| path);
    if call == "mmap" {
        return of_descriptor(rest.split_once("MAP_")?.1).filter(|path| path.starts_with('/'));
    }
    let descriptor = rest.split_once(|c: char| c == ',' || c == ')')?.0;
    let given = rest.strip_prefix(descriptor)?.strip_prefix(", ").unwrap_or_default();
    let quoted = if rest.starts_with('"') { rest } else { given };
    let is_given = call != "read" && call != "pread64" && call != "readv";
    let literal = quoted.strip_prefix('"').and_then(|quoted| quoted.split_once('"')).map(|(path, _)| path);
    match literal.filter(|literal| is_given && !literal.is_empty()) {
        Some(literal) => Some(literal),
        None => of_descriptor(descriptor).filter(|path| path.starts_with('/')),
    }
}

/// A path without what is drawn at random.
fn kind(world: &World, path: &str) -> String {
    let path = path.strip_prefix(world.sandbox.root().to_str().unwrap()).unwrap_or(path);
    let is_hex = |part: &&str| part.len() >= 2 && part.chars().all(|c| c.is_ascii_hexdigit());
    let parts: Vec<&str> = path.split('/').map(|part| if is_hex(&part) { "…" } else { part }).collect();
    parts.join("/").replace("/…/…", "/…")
}

/// Strikes at every look; answers with those after which it passed all the same, as kinds.
fn walked(world: &World, expected: i32, allowed: &[i32], step: usize) -> (usize, BTreeSet<Look>) {
    let (mut struck, mut passed) = (0, BTreeSet::new());
    let mut of_kind: BTreeMap<Look, usize> = BTreeMap::new();
    for (place, (call, path)) in looks(world, expected).into_iter().enumerate() {
        let look = (call.clone(), kind(world, &path));
        let before = of_kind.entry(look.clone()).or_default();
        *before += 1;
        if !is_all() && (!place.is_multiple_of(step) || *before > 2) {
            continue;
        }
        for (turn, error) in ERRORS.iter().enumerate() {
            if !is_all() && turn != place / step % ERRORS.len() {
                continue;
            }
            let inject = format!("inject={call}:error={error}");
            let ended = check(world, &["-qq", "-f", "-o", "/dev/null", "-P", &path, "-e", &inject]);
            struck += 1;
            let code = ended.code.unwrap_or(-1);
            assert!(allowed.contains(&code), "{error} at {call} of {path}: {code}: {}", ended.said);
            if code == 0 {
                passed.insert(look.clone());
            }
        }
    }
    (struck, passed)
}

/// Strikes at every start of a process or a thread.
fn starts(world: &World, expected: i32, allowed: &[i32]) -> usize {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut struck = 0;
    for line in traced(world, STARTS, false, expected) {
        let Some((call, rest)) = line.split_once('(') else { continue };
        let number = counts.entry(call.to_owned()).or_default();
        *number += 1;
        let inject = format!("inject={call}:error=EAGAIN:when={number}");
        let ended = check(world, &["-qq", "-o", "/dev/null", "-e", &inject]);
        struck += 1;
        let code = ended.code.unwrap_or(-1);
        let told = format!("EAGAIN at {call}, number {number}");
        assert!(allowed.contains(&code), "{told}: {code}: {}", ended.said);
        // With a thread fewer it may be slower; what a process would have told, nobody knows.
        assert!(code != 0 || rest.contains("CLONE_THREAD"), "{told}: {rest}: {}", ended.said);
    }
    struck
}

#[test]
fn a_clean_store_passes_or_is_unknown() {
    let world = World::new();
    let (struck, passed) = walked(&world, 0, &[0, 2], 3);
    let is_judged = |(call, kind): &&Look| {
        OPTIONAL.iter().any(|(of, path, _)| (*of == "*" || of == call) && path == kind)
    };
    let unexplained: Vec<_> = passed.iter().filter(|look| !is_judged(look)).collect();
    println!("{struck} faults of reading on a clean store, {} kinds passed all the same", passed.len());
    assert!(unexplained.is_empty(), "passed without: {unexplained:#?}");
    assert!(struck > 20);
    let starts = starts(&world, 0, &[0, 2]);
    println!("{starts} starts");
    assert!(starts > 3);
}

#[test]
fn an_expired_secret_blocks_whatever_cannot_be_read() {
    let world = World::new();
    let add = ["add", "web/old", "--expires", "2026-02-01", "--owner", "team", "--as", "alice"];
    let run = world.sandbox.secrets(&world.laptop).args(add).at("2026-01-01T00:00:00Z");
    run.stdin("long gone").run().code(0);
    world.sandbox.push(&world.laptop);
    let (struck, passed) = walked(&world, 1, &[1, 2], 5);
    assert!(passed.is_empty());
    println!("{struck} faults of reading on a store with an expired secret");
    assert!(struck > 20);
    assert!(starts(&world, 1, &[1, 2]) > 3);
}
