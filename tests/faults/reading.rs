//! What can't be read: the gate is run with a fault at one call by which something is read after the other, and never
//! passes because of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::settle::words;
use crate::walk::is_all;
use crate::world::World;

/// All calls by which a process reads from the disk, and by which it starts another one.
const CALLS: &str = "openat,read,pread64,readv,statx,newfstatat,fstat,lstat,getdents64,readlink,mmap,clone,clone3,vfork,access,faccessat2";

/// What a fault of reading is called, by turns.
const ERRORS: [&str; 3] = ["EIO", "EACCES", "EMFILE"];

/// What may fail without the gate knowing less, as a part of what strace shows of the call, and why.
const OPTIONAL: &[(&str, &str)] = &[
    ("ld.so", "the loader goes on without its cache"),
    ("/etc/", "of the machine, not of the store"),
    ("/proc/", "of the machine, not of the store"),
    ("/sys/", "of the machine, not of the store"),
    ("/dev/", "of the machine, not of the store"),
    ("/usr/", "programs and libraries"),
    ("/lib", "programs and libraries"),
    ("/bin", "programs and libraries"),
];

/// One call, as strace shows it.
struct Call {
    name: String,
    number: usize,
    shown: String,
}

fn check(world: &World, strace: &[&str]) -> crate::world::Ended {
    world.run(&words(&["check", "--format", "json"]), "", strace, None)
}

fn calls(world: &World, expected: i32) -> Vec<Call> {
    let log = world.path("check.trace");
    let trace = format!("trace={CALLS}");
    let ended = check(world, &["-qq", "-y", "-s", "80", "-e", &trace, "-o", log.to_str().unwrap()]);
    assert_eq!(ended.code, Some(expected), "{}", ended.said);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in fs::read_to_string(log).unwrap().lines() {
        let Some((name, shown)) = line.split_once('(') else { continue };
        let number = counts.entry(name.to_owned()).or_default();
        *number += 1;
        calls.push(Call { name: name.to_owned(), number: *number, shown: shown.to_owned() });
    }
    calls
}

/// Strikes at every call that is not the loader's; answers with those after which it passed all the same.
fn walked(world: &World, expected: i32, allowed: &[i32], step: usize) -> (usize, BTreeSet<String>) {
    let calls = calls(world, expected);
    // Up to here the loader is at work, which every program has.
    let first = calls.iter().rposition(|call| call.shown.contains(".so")).unwrap() + 1;
    let (mut struck, mut passed) = (0, BTreeSet::new());
    for (place, call) in calls.iter().enumerate().skip(first) {
        if !is_all() && !place.is_multiple_of(step) {
            continue;
        }
        if call.name == "mmap" && !call.shown.contains(world.sandbox.root().to_str().unwrap()) {
            continue;
        }
        let is_start = call.name.contains("clone") || call.name == "vfork";
        for (turn, error) in ERRORS.iter().enumerate() {
            if !is_all() && turn != place / step % ERRORS.len() {
                continue;
            }
            let error = if is_start { "EAGAIN" } else { error };
            let inject = format!("inject={}:error={error}:when={}", call.name, call.number);
            let ended = check(world, &["-qq", "-o", "/dev/null", "-e", &inject]);
            struck += 1;
            let told = format!("{error} at {}({}", call.name, call.shown);
            let code = ended.code.unwrap_or(-1);
            assert!(allowed.contains(&code), "{told}: {code}: {}", ended.said);
            if code == 0 {
                passed.insert(format!("{}({}", call.name, call.shown.split(" = ").next().unwrap()));
            }
        }
    }
    (struck, passed)
}

#[test]
fn a_clean_store_passes_or_is_unknown() {
    let world = World::new();
    let (struck, passed) = walked(&world, 0, &[0, 2], 5);
    let root = world.sandbox.root().to_str().unwrap();
    let unexplained: Vec<String> = passed
        .iter()
        .filter(|call| !OPTIONAL.iter().any(|(part, _)| call.contains(part)))
        .map(|call| call.replace(root, "…"))
        .collect();
    println!("{struck} faults of reading on a clean store, {} passed all the same", passed.len());
    assert!(unexplained.is_empty(), "passed without: {unexplained:#?}");
    assert!(struck > 20);
}

#[test]
fn an_expired_secret_blocks_whatever_cannot_be_read() {
    let world = World::new();
    let add = ["add", "web/old", "--expires", "2026-02-01", "--owner", "team", "--as", "alice"];
    let run = world.sandbox.secrets(&world.laptop).args(add).at("2026-01-01T00:00:00Z");
    run.stdin("long gone").run().code(0);
    world.sandbox.push(&world.laptop);
    let (struck, passed) = walked(&world, 1, &[1, 2], 7);
    assert!(passed.is_empty());
    println!("{struck} faults of reading on a store with an expired secret");
    assert!(struck > 20);
}
