//! A secret that a person rotates.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::common::person::Person;
use super::common::{Outcome, Sandbox, identity_path};

const OLD: &str = "old-hunter2-of-ftp";
const NEW: &str = "new-wX7-hidden-pL2";
const NAME: &str = "legacy/ftp";

/// A secret that is rotated by hand, with all that there is to know of it; `settings` are those of its rotator.
fn store(runbook: &str, settings: &[&str]) -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    fs::create_dir(laptop.join("docs")).unwrap();
    fs::write(laptop.join("docs/ftp.md"), "# FTP\n\n1. Log in at the panel.\n\t2. Press\u{1b}[2J *New*.\n")
        .unwrap();
    sandbox.git(&laptop, ["add", "docs"]);
    sandbox.git(&laptop, ["commit", "-q", "-m", "How to"]);
    let about = ["--issuer", "U of T", "--issuer-contact", "help@example.org", "--runbook", runbook];
    sandbox
        .secrets(&laptop)
        .args(["add", NAME, "--expires", "2026-05-01", "--owner", "team", "--as", "alice"])
        .args(about)
        .stdin(OLD)
        .run()
        .code(0);
    sandbox
        .secrets(&laptop)
        .args(["rotator", "set", NAME, "manual"])
        .args(settings)
        .args(["--as", "alice"])
        .identity("alice")
        .run()
        .code(0);
    sandbox.push(&laptop);
    (sandbox, laptop)
}

/// Rotates without a terminal.
#[track_caller]
fn rotate(sandbox: &Sandbox, laptop: &Path, arguments: &[&str], stdin: &str) -> Outcome {
    sandbox
        .secrets(laptop)
        .args(["rotate", NAME, "--push", "--as", "alice"])
        .args(arguments)
        .identity("alice")
        .stdin(stdin)
        .run()
}

#[test]
fn a_person_is_walked_through() {
    let (sandbox, laptop) = store("docs/ftp.md#new", &["lifetime=180d"]);
    let arguments = ["rotate", NAME, "--push", "--as", "alice"];
    let mut person = Person::runs(&sandbox, &laptop, &arguments, Some(&identity_path("alice")));
    person.sees("legacy/ftp: get a new value from its issuer");
    person.sees("U of T (help@example.org)").sees("version 1, set 2026-03-01T12:00:00Z by alice");
    person.sees("2026-05-01 (in 60 days; declared)").sees("docs/ftp.md#new");
    person.sees("| # FTP").sees("| 1. Log in at the panel.").sees(r"|     2. Press\u{1b}[2J *New*.");
    person.sees("value: ").types(&format!("{OLD}\n")).sees("again: ").types(&format!("{OLD}\n"));
    person.sees("that is the value it has already").sees("value: ").types(&format!("{NEW}\n"));
    person.sees("again: ").types(&format!("{NEW}\n"));
    person.sees("expires (date, period such as 1y, or never) [180d]: ").types("\n");
    person.sees("expires 2026-08-28T12:00:00Z (in 180 days");
    // Nothing here can try it.
    person.sees("how do you know that it works").types("logged in with it\n");
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains(NEW) && !seen.contains(OLD) && !seen.contains("\u{1b}[2J"), "{seen}");
    assert_eq!(sandbox.get(&laptop, NAME, "bob").code(0).stdout, NEW.as_bytes());
    let sealed = &sandbox.record(&laptop, NAME)["sealed"];
    assert_eq!(sealed["version"]["number"], 2);
    assert_eq!(sealed["expires"], json!({"at": "2026-08-28T12:00:00Z", "from": "declared"}));
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn without_a_terminal_all_is_given() {
    let (sandbox, laptop) = store("https://wiki.example.org/ftp", &["lifetime=90d"]);
    // The old value is refused, however it comes, and the new one is still to be brought.
    let file = sandbox.path("value");
    fs::write(&file, OLD).unwrap();
    let refused = rotate(&sandbox, &laptop, &["--from-file", file.to_str().unwrap()], "").code(2);
    let refused = refused.says("that is the value it has already (same-value)").says("--abort").lacks(OLD);
    assert!(!refused.stderr.contains("value: "), "nobody is asked: {}", refused.stderr);
    rotate(&sandbox, &laptop, &[], OLD).code(2).says("same-value");
    rotate(&sandbox, &laptop, &[], "").code(2).says("the value is empty");
    assert_eq!(sandbox.get(&laptop, NAME, "bob").code(0).stdout, OLD.as_bytes());

    fs::write(&file, NEW).unwrap();
    let rotated = rotate(&sandbox, &laptop, &["--from-file", file.to_str().unwrap()], "");
    let rotated = rotated.says("expires 2026-05-30T12:00:00Z").lacks(NEW);
    assert!(!rotated.stderr.contains("| "), "no runbook where nobody reads it: {}", rotated.stderr);
    assert_eq!(sandbox.get(&laptop, NAME, "bob").code(0).stdout, NEW.as_bytes());
    let sealed = &sandbox.record(&laptop, NAME)["sealed"];
    assert_eq!(sealed["expires"], json!({"at": "2026-05-30T12:00:00Z", "from": "rotator"}));
}

#[test]
fn when_it_ends_is_said_by_somebody() {
    let (sandbox, laptop) = store("docs/ftp.md", &[]);
    let unsaid = rotate(&sandbox, &laptop, &[], NEW).code(2);
    unsaid.says("it is not said when this credential ends").says("--expires-in 1y");
    assert_eq!(sandbox.get(&laptop, NAME, "bob").code(0).stdout, OLD.as_bytes());
    rotate(&sandbox, &laptop, &["--expires", "2027-01-01"], NEW).says("expires 2027-01-01T00:00:00Z");
    let sealed = &sandbox.record(&laptop, NAME)["sealed"];
    assert_eq!(sealed["expires"], json!({"at": "2027-01-01T00:00:00Z", "from": "declared"}));

    // A value that carries its own end needs nobody.
    let (sandbox, laptop) = store("docs/ftp.md", &["lifetime=10y"]);
    let certificate = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/value_ends/leaf.pem");
    rotate(&sandbox, &laptop, &["--from-file", certificate.to_str().unwrap()], "").says("the value carries");
    assert_eq!(sandbox.record(&laptop, NAME)["sealed"]["expires"]["from"], "x509");
}

/// Only files of the repository are shown, wherever a record or a link points.
#[test]
fn a_runbook_elsewhere_is_named_and_not_read() {
    const ELSEWHERE: &str = "what stands elsewhere";
    for (runbook, told) in [
        ("../elsewhere", "../elsewhere"),
        ("docs/link", "docs/link (is no file of this repository here)"),
        ("docs/absent.md", "docs/absent.md (is no file of this repository here)"),
        ("docs", "docs (is not a regular file)"),
        ("https://wiki.example.org/ftp", "https://wiki.example.org/ftp"),
    ] {
        let (sandbox, laptop) = store(runbook, &[]);
        fs::write(sandbox.path("elsewhere"), ELSEWHERE).unwrap();
        std::os::unix::fs::symlink(sandbox.path("elsewhere"), laptop.join("docs/link")).unwrap();
        let arguments = ["rotate", NAME, "--push", "--as", "alice"];
        let mut person = Person::runs(&sandbox, &laptop, &arguments, Some(&identity_path("alice")));
        person.sees(&format!("runbook  {told}\r\n")).sees("value: ").types("\x03");
        let (code, seen) = person.ends();
        assert!(code != 0 && !seen.contains(ELSEWHERE), "{runbook}: {seen}");
    }
}
