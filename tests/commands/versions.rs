//! `secrets get --version N`: what git's history has.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{NOW, Sandbox};

const LATER: &str = "2026-03-03T00:00:00Z";

fn set(sandbox: &Sandbox, laptop: &Path, name: &str, value: &str) {
    let set = ["set", name, "--expires", "2028-01-01"];
    sandbox.secrets(laptop).args(set).identity("alice").stdin(value).run().code(0);
}

fn version(sandbox: &Sandbox, laptop: &Path, number: u64) -> crate::common::Outcome {
    let number = number.to_string();
    sandbox.secrets(laptop).args(["get", "web/db", "--version", &number]).identity("alice").run()
}

/// Three values of `web/db`, each in a commit of its own.
fn three() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "the first");
    set(&sandbox, &laptop, "web/db", "the second");
    set(&sandbox, &laptop, "web/db", "the third");
    (sandbox, laptop)
}

#[test]
fn every_version_that_history_has_is_read_and_no_other() {
    let (sandbox, laptop) = three();
    for (number, value) in [(1, "the first"), (2, "the second"), (3, "the third")] {
        let get = version(&sandbox, &laptop, number).code(0);
        assert_eq!((get.stdout.as_slice(), get.stderr.as_str()), (value.as_bytes(), ""));
    }
    for number in [0, 4] {
        let get = version(&sandbox, &laptop, number).code(2);
        let get = get.says(&format!("version {number} is not in git's history")).says("versions 3, 2 and 1");
        assert!(get.stdout.is_empty());
    }
    // Not yet committed, it stands here all the same; and what it replaced is `HEAD`'s.
    let set = ["set", "web/db", "--expires", "2028-01-01", "--no-commit"];
    sandbox.secrets(&laptop).args(set).identity("alice").stdin("the fourth").run().code(0);
    assert_eq!(version(&sandbox, &laptop, 4).code(0).stdout, b"the fourth");
    assert_eq!(version(&sandbox, &laptop, 3).code(0).stdout, b"the third");
    let none = ["get", "web/none", "--version", "1"];
    sandbox.secrets(&laptop).args(none).identity("alice").run().code(2).says("web/none").says("secrets list");
}

/// What was sealed again last is opened: the keys of then may be gone.
#[test]
fn of_one_version_the_newest_seal_is_opened() {
    let (sandbox, laptop) = three();
    sandbox.secrets(&laptop).args(["people", "remove", "bob"]).at(LATER).identity("alice").run().code(0);
    set(&sandbox, &laptop, "web/db", "the fourth");
    let of_bob = |number: &str| {
        sandbox.secrets(&laptop).args(["get", "web/db", "--version", number]).identity("bob").run()
    };
    of_bob("3").code(2).lacks("the third");
    assert_eq!(of_bob("2").code(0).stdout, b"the second", "it was never sealed without bob");
    assert_eq!(version(&sandbox, &laptop, 3).code(0).stdout, b"the third");
}

#[test]
fn what_was_removed_can_be_read_still() {
    let (sandbox, laptop) = three();
    sandbox.secrets(&laptop).args(["remove", "web/db"]).identity("alice").run().code(0);
    assert_eq!(version(&sandbox, &laptop, 3).code(0).stdout, b"the third");
    assert_eq!(version(&sandbox, &laptop, 1).code(0).stdout, b"the first");
    version(&sandbox, &laptop, 9).code(2).says("versions 3, 2 and 1");
}

/// Whoever can write to the repository can put any pair under any name; only what was sealed for it counts.
#[test]
fn a_pair_that_was_not_sealed_together_is_no_version() {
    let (sandbox, laptop) = three();
    let record = laptop.join("secrets/web/db.json");
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&record, text.replace("\"number\": 3", "\"number\": 7")).unwrap();
    version(&sandbox, &laptop, 7).code(2).says("versions 3, 2 and 1");
    sandbox.git(&laptop, ["commit", "-qam", "another number"]);
    version(&sandbox, &laptop, 7).code(2).lacks("versions 7");
    assert_eq!(
        version(&sandbox, &laptop, 3).code(0).stdout,
        b"the third",
        "the one before it was tampered with"
    );
    // Another secret's pair, copied, is of another name.
    sandbox.git(&laptop, ["checkout", "-q", "HEAD~1", "--", "secrets"]);
    sandbox.add(&laptop, "web/other", "2028-01-01", "somebody else's");
    set(&sandbox, &laptop, "web/other", "somebody else's second");
    for ending in ["json", "age"] {
        fs::copy(
            laptop.join("secrets/web/other").with_extension(ending),
            laptop.join("secrets/web/db").with_extension(ending),
        )
        .unwrap();
    }
    sandbox.git(&laptop, ["commit", "-qam", "copied"]);
    assert_eq!(version(&sandbox, &laptop, 2).code(0).stdout, b"the second");
}

#[test]
fn a_history_that_is_cut_off_is_said() {
    let (sandbox, laptop) = three();
    sandbox.push(&laptop);
    let origin = format!("file://{}", sandbox.path("origin.git").display());
    sandbox.git(sandbox.root(), ["clone", "-q", "--depth=1", &origin, "shallow"]);
    let shallow = sandbox.path("shallow");
    assert_eq!(version(&sandbox, &shallow, 3).code(0).stdout, b"the third");
    let get = version(&sandbox, &shallow, 2).code(2);
    get.says("shallow clone's history is cut off").says("git fetch --unshallow").says("there is version 3");
    sandbox.git(&shallow, ["fetch", "-q", "--unshallow"]);
    assert_eq!(version(&sandbox, &shallow, 2).code(0).stdout, b"the second");
    assert_eq!(
        sandbox.secrets(&shallow).args(["get", "web/db"]).identity("alice").at(NOW).run().stdout,
        b"the third"
    );
}
