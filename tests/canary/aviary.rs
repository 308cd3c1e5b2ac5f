//! A store full of canaries, and how they are looked for.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::common::{NOW, Outcome, Run, Sandbox};

/// The first version, and the ones after it.
pub const CANARIES: [&str; 3] = [
    "kV7xQm2ZrT9uWc4LpHs8YbNd3EgJfA6v",
    "Rj5PzDw1MtXa7KqYh9CnSe2BvUo4LfGi",
    "w8FhNc3TyVb6JmRk1QzXs5DgPe9AuLo7",
];

/// The texts by which a value would betray itself: a third of it is enough, in the usual encodings.
pub fn traces() -> Vec<String> {
    let mut traces = Vec::new();
    for canary in CANARIES {
        for part in [&canary[..12], &canary[10..22], &canary[20..]] {
            traces.push(part.to_owned());
            let hex = part.bytes().fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").unwrap();
                hex
            });
            traces.push(hex.to_uppercase());
            traces.push(hex);
            traces.push(part.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", "));
        }
        // Base64 takes three bytes at a time: wherever in them the value starts, what is inside of it looks like one
        // of these.
        for skipped in 0..3 {
            let inner = &canary.as_bytes()[skipped..skipped + 27];
            traces.push(STANDARD_NO_PAD.encode(inner));
            traces.push(URL_SAFE_NO_PAD.encode(inner));
        }
    }
    traces
}

pub fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[track_caller]
pub fn clean(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for trace in traces() {
        assert!(!text.contains(&trace) && !contains_slow(bytes, &trace), "{what} holds `{trace}`\n{text}");
    }
}

/// Text that is no UTF-8 is searched as bytes, the first of them first.
fn contains_slow(bytes: &[u8], needle: &str) -> bool {
    std::str::from_utf8(bytes).is_err() && contains(bytes, needle)
}

#[track_caller]
pub fn quiet(outcome: Outcome) -> Outcome {
    clean("standard output", &outcome.stdout);
    clean("standard error", outcome.stderr.as_bytes());
    outcome
}

/// A store full of canaries; where each value comes from lies outside of the sandbox.
pub struct Aviary {
    pub sandbox: Sandbox,
    pub laptop: PathBuf,
    pub outside: tempfile::TempDir,
}

impl Aviary {
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        let outside = tempfile::tempdir().unwrap();
        for (number, canary) in CANARIES.iter().enumerate() {
            fs::write(outside.path().join(number.to_string()), canary).unwrap();
        }
        let editor = outside.path().join("editor");
        fs::write(&editor, format!("#!/bin/sh\nprintf %s '{}' > \"$1\"\n", CANARIES[1])).unwrap();
        fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
        for (name, text) in [
            ("dotenv", format!("ONE={}\nTWO='{}'\n", CANARIES[0], CANARIES[1])),
            ("json", format!(r#"{{"three": "{}", "four": {{"five": "{}"}}}}"#, CANARIES[0], CANARIES[2])),
            ("yaml", format!("six: {}\nseven:\n  eight: |\n    {}\n", CANARIES[1], CANARIES[2])),
        ] {
            fs::write(outside.path().join(name), text).unwrap();
        }
        Self { sandbox, laptop, outside }
    }

    /// The words of a command line; `FILE` is one that holds the second canary, `OUTSIDE` the folder that it is in, with
    /// others.
    pub fn words(&self, line: &str) -> Vec<String> {
        let outside = self.outside.path().to_str().unwrap();
        let word = |word: &str| word.replace("FILE", "OUTSIDE/1").replace("OUTSIDE", outside);
        line.split_whitespace().map(word).collect()
    }

    /// A run as alice, who edits by putting the second canary in the place of what was there.
    pub fn prepare(&self, line: &str, stdin: &str) -> Run<'_> {
        let (line, at) = line.split_once(" --at ").unwrap_or((line, NOW));
        let run =
            self.sandbox.secrets(&self.laptop).args(self.words(line)).identity("alice").stdin(stdin).at(at);
        run.env("RUST_BACKTRACE", "full")
            .env("RUST_LOG", "trace")
            .env("GIT_TRACE", "1")
            .env("EDITOR", self.outside.path().join("editor"))
    }

    pub fn run(&self, line: &str, stdin: &str) -> Outcome {
        quiet(self.prepare(line, stdin).run())
    }

    pub fn fill(&self) {
        self.run("add web/db --expires 2026-03-20 --owner team --issuer IT", CANARIES[0]).code(0);
        self.run("add web/api --never why --owner team --from-file FILE", "").code(0);
        self.run(
            "add web/raw --expires 2028-01-01 --reader bob --reader alice",
            &format!("\0{}\0", CANARIES[2]),
        )
        .code(0);
    }

    /// Every file below the sandbox, and every object of its repositories as it was before it was compressed.
    pub fn search(&self) {
        let mut folders = vec![self.sandbox.root().to_owned()];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else if entry.file_type().unwrap().is_file() {
                    clean(&entry.path().display().to_string(), &fs::read(entry.path()).unwrap());
                    files += 1;
                }
            }
        }
        assert!(files > 20, "only {files} files were searched");
        for repository in [&self.laptop, &self.sandbox.path("origin.git")] {
            let objects =
                self.sandbox.run(repository, "git", ["cat-file", "--batch-all-objects", "--batch"]).code(0);
            assert!(
                contains(&objects.stdout, "deploy-ref"),
                "objects are searched as they were before compression"
            );
            clean("an object of git", &objects.stdout);
        }
    }
}

#[test]
fn the_search_would_find_it() {
    for (what, bytes) in [
        ("itself", CANARIES[0].as_bytes().to_vec()),
        ("a part", format!("--value={}", &CANARIES[1][..12]).into_bytes()),
        ("among bytes", [b"\xff\0".as_slice(), CANARIES[2].as_bytes()].concat()),
        ("base64", STANDARD_NO_PAD.encode(format!("x{}y", CANARIES[0])).into_bytes()),
        ("base64 of a line", STANDARD_NO_PAD.encode(format!("xy{}\n", CANARIES[0])).into_bytes()),
        ("a debug print of bytes", format!("{:?}", CANARIES[1].as_bytes()).into_bytes()),
    ] {
        assert!(std::panic::catch_unwind(|| clean("it", &bytes)).is_err(), "{what} is not found");
    }
}
