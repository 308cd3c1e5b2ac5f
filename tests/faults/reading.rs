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

/// What may fail without the gate knowing less: why that is so, and calls, each with the path as [`kind`] has it. What is
/// relative or in `origin.git` is looked into by the git that answers for the remote.
const OPTIONAL: &[(&str, &[&str])] = &[
    (
        "the user's own settings of git say nothing of the store",
        &["access /home/.config/git/config", "access /home/.gitconfig"],
    ),
    ("asked before it is opened, and that it can't be opened is an error", &["access /laptop/.git/config"]),
    (
        "asked for a better message after it could not be opened, because it is not there",
        &["statx /laptop/.git/secrets/journal.json", "statx /laptop/.git/shallow"],
    ),
    (
        "where it is not seen no file is excused for being absent",
        &["statx /laptop/.git/info/sparse-checkout"],
    ),
    (
        "rescues that wait block nothing: what is said of them is a note",
        &["openat /laptop/.git/secrets/waiting", "statx /laptop/.git/secrets/waiting"],
    ),
    (
        "the way to a repository: where it is lost there is none, which is an error",
        &[
            "faccessat2 /laptop/",
            "newfstatat ",
            "newfstatat .git/commondir",
            "newfstatat /laptop/.git/.git",
            "newfstatat /laptop/.git/commondir",
            "newfstatat /laptop/.git/gitdir",
            "openat /laptop/.git/commondir",
            "readlink /laptop/.git",
        ],
    ),
    (
        "a further place of objects: one that is found nowhere is an error",
        &[
            "access /laptop/.git/objects/info/alternates",
            "getdents64 /laptop/.git/objects/pack",
            "newfstatat /laptop/.git/objects/pack",
            "openat /laptop/.git/objects/info/alternates",
            "openat /laptop/.git/objects/pack/multi-pack-index",
        ],
    ),
    (
        "the remote answers for the one branch that it is asked for, whatever else it can't read",
        &[
            "getdents64 /origin.git/objects/pack",
            "getdents64 /origin.git/refs/tags",
            "newfstatat ./commondir",
            "newfstatat /origin.git/.git",
            "newfstatat /origin.git/commondir",
            "newfstatat /origin.git/objects/pack",
            "newfstatat /origin.git/objects/…",
            "newfstatat /origin.git/refs/tags",
            "openat ./config",
            "openat ./objects/info/alternates",
            "openat ./objects/pack",
            "openat ./objects/pack/multi-pack-index",
            "openat ./objects/pack/multi-pack-index.d/multi-pack-index-chain",
            "openat ./objects/…",
            "openat ./refs/bisect/",
            "openat ./refs/rewritten/",
            "openat ./refs/tags/",
            "openat ./refs/worktree/",
            "read /origin.git/config",
        ],
    ),
];

/// A call, and the path as it was given.
type Look = (String, String);

fn check(world: &World, strace: &[&str]) -> Ended {
    world.run(&words(&["check", "--format", "json"]), "", strace, None)
}

/// Runs to the end; answers with the calls of all its processes: the process, the call, and what it was given.
fn traced(world: &World, calls: &str, expected: i32) -> Vec<[String; 3]> {
    let log = world.path("check.trace");
    let trace = format!("trace={calls}");
    let options = ["-qq", "-f", "-y", "-s", "4096", "-e", &trace, "-o", log.to_str().unwrap()];
    let ended = check(world, &options);
    assert_eq!(ended.code, Some(expected), "{}", ended.said);
    let text = fs::read(log).unwrap();
    let parts = |line: &str| {
        let (process, rest) = line.split_once(' ')?;
        let (call, given) = rest.trim_start().split_once('(')?;
        Some([process, call, given].map(str::to_owned))
    };
    String::from_utf8_lossy(&text).lines().filter_map(parts).collect()
}

/// What is looked into below the sandbox.
fn looks(world: &World, expected: i32) -> Vec<Look> {
    let root = world.sandbox.root().to_str().unwrap();
    let mut found = BTreeSet::new();
    for [_, call, given] in traced(world, CALLS, expected) {
        let Some(path) = path(&call, &given) else { continue };
        if path.starts_with(root) || !path.starts_with('/') {
            found.insert((call.clone(), path.to_owned()));
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
    let descriptor = rest.split_once([',', ')'])?.0;
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
            let told = format!("{error} at {call} of {path}");
            assert!(allowed.contains(&code), "{told}: {code}: {}", ended.said);
            // What can't be listed may look as if it were gone, and it is said that it could not be listed.
            let is_unknown = expected == 1 || code != 1 || ended.said.contains("\"why\": ");
            assert!(is_unknown, "{told}: {}", ended.said);
            if code == 0 {
                passed.insert(look.clone());
            }
        }
    }
    (struck, passed)
}

/// Strikes at every start of a process or a thread: at the n-th one of each process at once.
fn starts(world: &World, expected: i32, allowed: &[i32]) -> usize {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut moments: BTreeMap<(String, usize), Vec<String>> = BTreeMap::new();
    for [process, call, given] in traced(world, STARTS, expected) {
        let number = counts.entry((process, call.clone())).or_default();
        *number += 1;
        moments.entry((call, *number)).or_default().push(given);
    }
    for ((call, number), given) in &moments {
        let inject = format!("inject={call}:error=EAGAIN:when={number}");
        let ended = check(world, &["-qq", "-f", "-o", "/dev/null", "-e", &inject]);
        let code = ended.code.unwrap_or(-1);
        let told = format!("EAGAIN at {call}, number {number}, {given:?}");
        assert!(allowed.contains(&code), "{told}: {code}: {}", ended.said);
        // With a thread fewer it may be slower; what a process would have told, nobody knows.
        let are_threads = given.iter().all(|given| given.contains("CLONE_THREAD"));
        assert!(code != 0 || are_threads, "{told}: {}", ended.said);
    }
    moments.len()
}

#[test]
fn a_clean_store_passes_or_is_unknown() {
    let world = World::new();
    let (struck, passed) = walked(&world, 0, &[0, 1, 2], 2);
    let is_judged = |(call, kind): &&Look| {
        OPTIONAL.iter().any(|(_, looks)| looks.contains(&format!("{call} {kind}").as_str()))
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
    let (struck, passed) = walked(&world, 1, &[1, 2], 2);
    assert!(passed.is_empty());
    println!("{struck} faults of reading on a store with an expired secret");
    assert!(struck > 20);
    assert!(starts(&world, 1, &[1, 2]) > 3);
}
