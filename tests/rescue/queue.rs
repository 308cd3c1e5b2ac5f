//! What waits to be pushed, and how it gets there.

use std::fs;

use crate::common::toronto::{AZUREAD, RENEWED};
use crate::night::{Night, REASON, VALUES};

/// The glass is broken while the remote is away; answers with the branch.
#[track_caller]
fn queued(night: &Night) -> String {
    night.remote_is_up(false);
    let glass = night.glass(night.laptop(), REASON).run().code(0).json()["break_glass"].clone();
    assert_eq!(glass["queued"], true);
    night.remote_is_up(true);
    glass["branch"].as_str().unwrap().to_owned()
}

#[test]
fn git_gc_does_not_take_it() {
    let night = Night::new();
    let branch = queued(&night);
    night.toronto.git(["gc", "-q", "--prune=now"]);
    // The value is lost here meanwhile.
    night.toronto.git(["checkout", "-q", "--", "."]);
    night.run(night.laptop(), &["list"]).run().code(0).says("delivered");
    assert_eq!(night.value_on(&branch), VALUES.1);
}

#[test]
fn any_command_of_the_store_delivers_it() {
    for command in [
        &["show", AZUREAD][..],
        &["get", AZUREAD],
        &["check", "--scope", "callysto/**"],
        &["people", "list"],
        &["doctor"],
        &["custody"],
        // Even one that fails by itself.
        &["show", "no/such"],
    ] {
        let night = Night::new();
        let branch = queued(&night);
        let told = night.run(night.laptop(), command).identity("alice").run();
        assert!(told.stderr.contains(&format!("delivered `{branch}`")), "{command:?}: {}", told.stderr);
        assert_eq!(night.branches(), [branch], "{command:?}");
    }
}

#[test]
fn what_a_shell_runs_when_it_starts_does_not_wait_for_it() {
    let night = Night::new();
    let branch = queued(&night);
    for command in [&["completions", "bash"][..], &["schema", "policy"], &["man"]] {
        let told = night.run(night.laptop(), command).run().code(0);
        assert_eq!(told.stderr, "", "{command:?}");
    }
    assert_eq!(night.branches(), [""; 0]);
    // From a folder below, by --store from elsewhere, and from another work tree of the same repository.
    let elsewhere = night.toronto.sandbox.path("home");
    let store = night.laptop().join("secrets");
    let list = ["list", "--store", store.to_str().unwrap()];
    night.run(&elsewhere, &list).run().code(0).says("delivered");
    assert_eq!(night.branches(), [branch]);
}

#[test]
fn another_work_tree_of_the_repository_delivers_it() {
    let night = Night::new();
    let linked = night.toronto.sandbox.path("linked");
    night.toronto.git(["worktree", "add", "-q", "--detach", linked.to_str().unwrap()]);
    let branch = queued(&night);
    night.run(&linked, &["list"]).run().code(0).says("delivered");
    assert_eq!(night.branches(), [branch]);
    assert!(!night.queue().exists());
}

#[test]
fn the_laptop_says_that_something_waits_here() {
    let night = Night::new();
    let branch = queued(&night);
    night.origin_hook("pre-receive", "exit 1");
    let check = night.run(night.laptop(), &["check"]).run().code(1);
    check.says(&format!("note: {branch} waits here to be pushed to origin")).lacks("rescue-pending");
    let doctor = night.run(night.laptop(), &["doctor", "--format", "json"]).identity("alice").run().code(2);
    let report = doctor.json();
    let items = report["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["what"] == "rescue").unwrap();
    assert_eq!(item["state"], "problem");
    // Its remedy, pasted; what is on the remote already is then delivered without ado.
    night.remove_hook("pre-receive");
    let remedy = item["remedy"].as_str().unwrap();
    let _ = night.toronto.sandbox.run(night.laptop(), "bash", ["-c", remedy]).code(0);
    assert_eq!(night.branches(), [branch]);
    night.run(night.laptop(), &["list"]).run().code(0).says("delivered");
    assert!(!night.queue().exists());
}

#[test]
fn its_own_push_does_not_block_the_laptop_but_what_is_not_merged_does() {
    let night = Night::new();
    let branch = queued(&night);
    let report = night.run(night.laptop(), &["check", "--format", "json"]).run().code(1);
    assert!(report.stderr.contains("delivered"), "{}", report.stderr);
    let message = report.message("rescue-pending");
    assert!(message.contains(&branch), "{message}");
    // Committed and pushed as it should have been, everything is in order.
    night.toronto.publish("Renew the client secret");
    let report = night.toronto.gate(RENEWED, &[], 0).finds(&[]);
    report.says(&format!("{branch} has no newer version of a secret than origin/main"));
}

#[test]
fn a_queue_that_cannot_be_read_is_told_and_stops_nothing() {
    let night = Night::new();
    let branch = queued(&night);
    let file = fs::read_dir(night.queue()).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&file).unwrap();
    let (deep, large) = (vec![b'['; 60_000], vec![b' '; 100_000]);
    for text in [&b""[..], b"{", b"{\"schema\":2}", b"\xff\xfe", &deep, &large] {
        fs::write(&file, text).unwrap();
        let list = night.run(night.laptop(), &["list"]).run().code(0);
        assert!(list.stderr.contains("warning: "), "{}", list.stderr);
        assert_eq!(list.stderr.lines().count(), 1, "{}", list.stderr);
    }
    let doctor = night.run(night.laptop(), &["doctor"]).identity("alice").run().code(2);
    doctor.says("rescue");
    fs::write(&file, whole).unwrap();
    night.run(night.laptop(), &["list"]).run().code(0).says("delivered");
    assert_eq!(night.branches(), [branch]);
}

#[test]
fn several_wait_and_one_that_is_refused_is_kept() {
    let night = Night::new();
    night.remote_is_up(false);
    for reason in ["one", "two", "three"] {
        let _ = night.glass(night.laptop(), reason).run().code(0);
    }
    // The second and the third were not tried against a remote that is away.
    let list = night.run(night.laptop(), &["list"]).run().code(0);
    assert_eq!(list.stderr.matches("not tried again").count(), 2, "{}", list.stderr);
    night.remote_is_up(true);
    let list = night.run(night.laptop(), &["list"]).run().code(0);
    assert_eq!(list.stderr.matches("delivered").count(), 3, "{}", list.stderr);
    assert_eq!(night.branches().len(), 3);
}
