//! Stores in every state that a report can tell of.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{NOW, Sandbox};

/// The moment at which `web/old` has ended.
pub const LATER: &str = "2027-06-01T00:00:00Z";
/// When it is about to.
pub const SOON: &str = "2026-12-01T00:00:00Z";

/// A state of the store, and the exit code of `check` there.
pub struct Scenario {
    pub what: &'static str,
    pub at: &'static str,
    pub arguments: &'static [&'static str],
    pub prepare: fn(&Sandbox, &Path),
    pub code: i32,
}

pub fn store() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/old", "2027-01-01", "hunter2");
    sandbox.add(&laptop, "web/new", "2029-01-01", "hunter3");
    sandbox.push(&laptop);
    (sandbox, laptop)
}

const NOTHING: fn(&Sandbox, &Path) = |_, _| {};

fn remote_gone(sandbox: &Sandbox, laptop: &Path) {
    sandbox.git(laptop, ["remote", "set-url", "origin", "/nonexistent/origin.git"]);
}

fn damaged(sandbox: &Sandbox, laptop: &Path) {
    fs::write(laptop.join("secrets/web/new.json"), "{").unwrap();
    publish(sandbox, laptop);
}

fn publish(sandbox: &Sandbox, laptop: &Path) {
    sandbox.git(laptop, ["add", "-A"]);
    sandbox.git(laptop, ["commit", "-qm", "Change"]);
    sandbox.push(laptop);
}

fn policy_with(sandbox: &Sandbox, laptop: &Path, more: &str) {
    let path = laptop.join("secrets/policy.toml");
    fs::write(&path, fs::read_to_string(&path).unwrap() + more).unwrap();
    publish(sandbox, laptop);
}

fn waived(sandbox: &Sandbox, laptop: &Path) {
    let waiver = "\n[[waiver]]\nfinding = \"expired\"\nsecret = \"web/*\"\nuntil = 2027-12-31\n\
                  reason = \"<b>@alice</b> & \\\"co\\\" | `x`\"\nby = \"alice\"\n";
    policy_with(sandbox, laptop, waiver);
}

fn switched_off(sandbox: &Sandbox, laptop: &Path) {
    policy_with(
        sandbox,
        laptop,
        "\n[[scope]]\nmatch = \"web/**\"\nlevels = { expired = \"off\", unowned = \"off\" }\n",
    );
}

/// Names that mean something in markup, in addresses and on terminals, and one that is no UTF-8.
fn odd_names(sandbox: &Sandbox, laptop: &Path) {
    use std::os::unix::ffi::OsStrExt as _;
    let odd: [&[u8]; 6] = [
        b"a<b>&\"c'|d`e.txt",
        b"%41?x#y:z.txt",
        b"red\x1b[31m.txt",
        "\u{202e}ä\u{ffff}.txt".as_bytes(),
        b"line\nbreak.txt",
        b"\xff\xfe.txt",
    ];
    for name in odd {
        fs::write(laptop.join("secrets").join(std::ffi::OsStr::from_bytes(name)), "plain").unwrap();
    }
    publish(sandbox, laptop);
}

fn policy_broken(_: &Sandbox, laptop: &Path) {
    fs::write(laptop.join("secrets/policy.toml"), "schema = 1\nwhat = \n").unwrap();
}

fn no_store(sandbox: &Sandbox, laptop: &Path) {
    sandbox.git(laptop, ["rm", "-rq", "secrets"]);
}

pub const ALL: &[Scenario] = &[
    Scenario { what: "all is well", at: NOW, arguments: &[], prepare: NOTHING, code: 0 },
    Scenario { what: "a warning", at: SOON, arguments: &[], prepare: NOTHING, code: 0 },
    Scenario { what: "a warning, strict", at: SOON, arguments: &["--strict"], prepare: NOTHING, code: 1 },
    Scenario { what: "an error", at: LATER, arguments: &[], prepare: NOTHING, code: 1 },
    Scenario {
        what: "an error out of scope",
        at: LATER,
        arguments: &["--scope", "web/new"],
        prepare: NOTHING,
        code: 0,
    },
    Scenario {
        what: "an error that REF has",
        at: LATER,
        arguments: &["--against", "HEAD"],
        prepare: NOTHING,
        code: 0,
    },
    Scenario { what: "an unknown", at: NOW, arguments: &[], prepare: remote_gone, code: 2 },
    Scenario {
        what: "offline, and a warning",
        at: SOON,
        arguments: &["--offline"],
        prepare: NOTHING,
        code: 2,
    },
    Scenario { what: "an error and an unknown", at: LATER, arguments: &[], prepare: remote_gone, code: 1 },
    Scenario { what: "a record that can't be read", at: NOW, arguments: &[], prepare: damaged, code: 2 },
    Scenario { what: "the same beside an error", at: LATER, arguments: &[], prepare: damaged, code: 1 },
    Scenario {
        what: "nothing fits the scope",
        at: NOW,
        arguments: &["--scope", "x/**"],
        prepare: NOTHING,
        code: 2,
    },
    Scenario { what: "only what is waived", at: LATER, arguments: &[], prepare: waived, code: 0 },
    Scenario { what: "waived, and unknown", at: LATER, arguments: &["--offline"], prepare: waived, code: 2 },
    Scenario { what: "switched off", at: LATER, arguments: &[], prepare: switched_off, code: 0 },
    Scenario { what: "not proved", at: NOW, arguments: &["--prove=available"], prepare: NOTHING, code: 0 },
    Scenario {
        what: "a proof that is demanded",
        at: NOW,
        arguments: &["--prove"],
        prepare: NOTHING,
        code: 2,
    },
    Scenario { what: "odd names", at: NOW, arguments: &[], prepare: odd_names, code: 1 },
    Scenario {
        what: "a policy that can't be read",
        at: NOW,
        arguments: &[],
        prepare: policy_broken,
        code: 2,
    },
    Scenario { what: "no store", at: NOW, arguments: &[], prepare: no_store, code: 2 },
];
