//! Somebody's `git pull` while a command is at work: what it brought is never overwritten with what is older. The pull
//! is made by the `ssh-keygen` that the command signs with, after everything was read and sealed.

use std::fs;
use std::path::{Path, PathBuf};

use super::signing::{commit, edit_policy, signed_store, signing};
use crate::common::{Outcome, Sandbox};

/// A store of alice's and bob's whose default readers are alice alone by now, so that `web/db` and `web/api` are to be
/// sealed again; and another clone of it.
fn store_and_desk() -> (Sandbox, PathBuf, PathBuf) {
    let (sandbox, laptop) = signed_store();
    edit_policy(&laptop, &[("team = [\"alice\", \"bob\"]", "team = [\"alice\"]")]);
    commit(&sandbox, &laptop, "Only alice reads");
    sandbox.push(&laptop);
    let desk = sandbox.clone("desk", &[]);
    (sandbox, laptop, desk)
}

/// Runs a command on the laptop that signs by `ssh-keygen`; just before that the desk pushes, and the laptop pulls.
fn pulling_meanwhile(sandbox: &Sandbox, [laptop, desk]: [&Path; 2], by: &str, arguments: &[&str]) -> Outcome {
    let (programs, clone, desk) = (sandbox.path("programs"), laptop.display(), desk.display());
    #[expect(
        clippy::disallowed_methods,
        reason = "the stand-in comes first, the programs of this machine after it"
    )]
    let path = std::env::var("PATH").unwrap();
    let push = format!("git -C '{desk}' push -q origin HEAD:main >&2 || exit 9");
    let pull = format!("{push}; git -C '{clone}' pull -q --ff-only origin main >&2 || exit 9");
    let script = format!("case \"$*\" in *' sign '*) {pull} ;; esac\nPATH='{path}' exec ssh-keygen \"$@\"");
    sandbox.hook(&programs, "ssh-keygen", &script);
    // A public key: what signs with its private half is the program.
    let key = sandbox.path(&format!("home/{by}.pub"));
    let run = sandbox.secrets(laptop).env("PATH", format!("{}:{path}", programs.display()));
    run.env("SECRETS_SIGNING_KEY", key).identity("alice").args(arguments).stdin("made of the old state").run()
}

/// Nothing was written over what was pulled, nor beside it.
#[track_caller]
fn is_as_pulled(sandbox: &Sandbox, laptop: &Path, desk: &Path, outcome: Outcome, changed: &str) {
    let path = laptop.join(changed);
    let refusal =
        format!("{}: changed meanwhile, and nothing was written: run the command again", path.display());
    outcome.code(2).says(&refusal);
    assert_eq!(sandbox.head(laptop), sandbox.head(desk), "the pull was made, and nothing came on top of it");
    assert_eq!(sandbox.status(laptop), "");
    assert!(fs::read(&path).unwrap() == fs::read(desk.join(changed)).unwrap(), "{changed}");
}

#[test]
fn no_writer_puts_an_old_value_over_a_newer_one() {
    let writers: [(&str, &[&str]); 6] = [
        ("alice", &["reseal", "--all"]),
        ("alice", &["expiry", "set", "web/api", "web/db", "--expires", "2029-01-01", "--reason", "extended"]),
        ("alice", &["move", "web/db", "web/rest"]),
        ("alice", &["set", "web/db", "--expires", "2029-01-01"]),
        ("alice", &["people", "remove", "bob"]),
        ("bob", &["sign", "web/db", "--yes"]),
    ];
    for (by, arguments) in writers {
        let (sandbox, laptop, desk) = store_and_desk();
        let set = ["set", "web/db", "--expires", "2028-06-30"];
        signing(&sandbox, &desk, "alice").identity("alice").args(set).stdin("newer").run().code(0);
        let outcome = pulling_meanwhile(&sandbox, [&laptop, &desk], by, arguments);
        let changed = if by == "bob" { "secrets/web/db.json" } else { "secrets/web/db.age" };
        is_as_pulled(&sandbox, &laptop, &desk, outcome, changed);
        assert_eq!(sandbox.get(&laptop, "web/db", "alice").code(0).stdout, b"newer", "{arguments:?}");
        assert_eq!(sandbox.record(&laptop, "web/db")["sealed"]["version"]["number"], 2, "{arguments:?}");
    }
}

#[test]
fn what_was_added_meanwhile_under_the_same_name_stays() {
    for arguments in [
        ["add", "web/new", "--expires", "2029-01-01", "--owner", "team"].as_slice(),
        &["move", "web/db", "web/new"],
    ] {
        let (sandbox, laptop, desk) = store_and_desk();
        let add = ["add", "web/new", "--expires", "2028-06-30", "--owner", "team"];
        signing(&sandbox, &desk, "alice").identity("alice").args(add).stdin("theirs").run().code(0);
        let outcome = pulling_meanwhile(&sandbox, [&laptop, &desk], "alice", arguments);
        is_as_pulled(&sandbox, &laptop, &desk, outcome, "secrets/web/new.age");
        assert_eq!(sandbox.get(&laptop, "web/new", "alice").code(0).stdout, b"theirs");
    }
}

#[test]
fn a_policy_that_came_meanwhile_is_not_overwritten() {
    let (sandbox, laptop, desk) = store_and_desk();
    edit_policy(&desk, &[("[defaults]\n", "[defaults]\nblock-within = \"1d\"\n")]);
    commit(&sandbox, &desk, "Block a day ahead");
    let outcome = pulling_meanwhile(&sandbox, [&laptop, &desk], "alice", &["people", "remove", "bob"]);
    is_as_pulled(&sandbox, &laptop, &desk, outcome, "secrets/policy.toml");
}

/// What came meanwhile and is not written to is nobody's obstacle.
#[test]
fn a_pull_of_something_else_is_no_hindrance() {
    let (sandbox, laptop, desk) = store_and_desk();
    fs::write(desk.join("README"), "another text\n").unwrap();
    commit(&sandbox, &desk, "Say more");
    pulling_meanwhile(&sandbox, [&laptop, &desk], "alice", &["reseal", "--all"]).code(0);
    assert_eq!(fs::read(laptop.join("README")).unwrap(), b"another text\n");
    assert_eq!(sandbox.record(&laptop, "web/db")["sealed"]["readers"], serde_json::json!(["alice"]));
    assert_eq!(sandbox.status(&laptop), "");
}
