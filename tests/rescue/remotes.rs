//! The remote: up, down, read-only, refusing direct pushes, slow.

use crate::common::toronto::{AZUREAD, CALM};
use crate::night::{Night, REASON, VALUES};

#[test]
fn up_it_is_saved_and_then_let_through_and_the_verdict_stays() {
    let night = Night::new();
    let main = night.toronto.git(["rev-parse", "origin/main"]);
    for format in ["human", "github", "json"] {
        let reason = format!("{REASON}, {format}");
        let check = ["check", "--format", format, "--break-glass", &reason];
        let told = night.run(night.laptop(), &check).identity("alice").run().code(0);
        let told = told.says(&reason).says("alice").says("rescue/2022-08-31-alice-").says("uncommitted");
        if format == "json" {
            let report = told.json();
            assert_eq!(report["verdict"], "fail");
            assert_eq!(report["break_glass"]["by"], "alice");
            assert_eq!(report["break_glass"]["remote"], "origin");
            assert_eq!(report["break_glass"]["left_out"], serde_json::json!([]));
        } else {
            let last = told.text().lines().rfind(|line| !line.is_empty()).unwrap();
            assert!(last.ends_with(": LET THROUGH by --break-glass"), "{last}");
        }
    }
    let branches = night.branches();
    assert_eq!(branches.len(), 3, "{branches:?}");
    for branch in &branches {
        assert_eq!(night.value_on(branch), VALUES.1);
    }
    // The deploy ref is as it was, and nothing is kept here.
    assert_eq!(night.toronto.sandbox.git(&night.origin(), ["rev-parse", "main"]), main);
    assert_eq!(night.own_refs(), "");
    assert!(!night.queue().exists());
}

#[test]
fn the_commit_says_who_when_and_why() {
    let night = Night::new();
    let branch = night.broken();
    let format = "--format=%(trailers:key=Rescue-By,key=Rescue-At,key=Rescue-Reason,only)";
    let trailers = night.toronto.sandbox.git(&night.origin(), ["log", "-1", format, &branch]);
    let expected = format!("Rescue-By: alice\nRescue-At: 2022-08-31T20:15:00Z\nRescue-Reason: {REASON}");
    assert_eq!(trailers.trim(), expected);
    let parent = night.toronto.sandbox.git(&night.origin(), ["rev-parse", &format!("{branch}^")]);
    assert_eq!(parent, night.toronto.git(["rev-parse", "HEAD"]));
}

#[test]
fn where_nothing_blocks_nothing_is_pushed() {
    let night = Night::calm();
    for format in ["human", "github", "json"] {
        let check = ["check", "--format", format, "--break-glass", REASON];
        let told = night.run(night.laptop(), &check).at(CALM).run().code(0);
        if format == "json" {
            let report = told.json();
            assert_eq!(
                (&report["verdict"], &report["break_glass"]["let_through"]),
                (&"pass".into(), &false.into())
            );
        } else {
            told.says("not needed").says("clear to deploy");
        }
    }
    assert_eq!(night.branches(), [""; 0]);
}

#[test]
fn what_is_committed_and_not_pushed_goes_along() {
    let night = Night::calm();
    night.toronto.renew(night.laptop(), "alice", &[]);
    let head = night.toronto.git(["rev-parse", "HEAD"]);
    let branch = night.broken();
    assert_eq!(night.value_on(&branch), VALUES.1);
    assert_eq!(night.toronto.sandbox.git(&night.origin(), ["rev-parse", &format!("{branch}^")]), head);
}

#[test]
fn down_on_a_laptop_it_is_queued_and_the_next_command_delivers_it() {
    let night = Night::new();
    night.remote_is_up(false);
    let told = night.glass(night.laptop(), REASON).run().code(0);
    let glass = told.json()["break_glass"].clone();
    assert_eq!((&glass["let_through"], &glass["queued"]), (&true.into(), &true.into()));
    assert!(glass["why"].as_str().unwrap().contains("origin"), "{glass:#}");
    let branch = glass["branch"].as_str().unwrap().to_owned();
    // In words too, and with a command that does it by hand.
    let human = night.run(night.laptop(), &["check", "--break-glass", "again"]).identity("alice").run();
    let human = human.code(0).says("NOT on origin yet").says("git push --no-verify origin ");
    let last = human.text().lines().rfind(|line| !line.is_empty()).unwrap().to_owned();
    assert!(last.ends_with(": LET THROUGH by --break-glass"), "{last}");
    // While the remote is away every command says so, and does its work.
    let list = night.run(night.laptop(), &["list"]).run().code(0);
    assert!(list.stderr.contains(&format!("`{branch}` is not on origin yet")), "{}", list.stderr);
    night.remote_is_up(true);
    let list = night.run(night.laptop(), &["list", "--format", "json"]).run().code(0);
    assert!(list.stderr.contains(&format!("delivered `{branch}` to origin")), "{}", list.stderr);
    assert!(list.json()["secrets"].is_array(), "the answer is as ever");
    assert_eq!(night.branches().len(), 2);
    assert_eq!(night.value_on(&branch), VALUES.1);
    assert!(!night.queue().exists());
    assert_eq!(night.own_refs(), "");
    assert_eq!(night.run(night.laptop(), &["list"]).run().code(0).stderr, "");
    night.a_week_later("ci", &["--scope", AZUREAD], 1).says("rescue-pending");
}

#[test]
fn in_ci_what_cannot_be_saved_is_not_let_through() {
    let night = Night::new();
    let refused = |expected: i32| {
        for format in ["human", "github", "json"] {
            let check = ["check", "--format", format, "--break-glass", REASON];
            let told =
                night.run(night.laptop(), &check).identity("ci").env("CI", "true").run().code(expected);
            if format == "json" {
                let glass = told.json()["break_glass"].clone();
                assert_eq!((&glass["let_through"], &glass["queued"]), (&false.into(), &false.into()));
                assert!(glass["why"].as_str().unwrap().contains("nobody would deliver it"), "{glass:#}");
            } else {
                told.says("NOT broken").says("nobody would deliver it").says("deploy blocked");
            }
        }
        assert!(!night.queue().exists());
        assert_eq!(night.own_refs(), "");
    };
    night.remote_is_up(false);
    refused(1);
    night.remote_is_up(true);
    night.origin_hook("pre-receive", "echo 'read-only for maintenance'; exit 1");
    refused(1);
    // And where nothing is found but nobody knows, with the code of that.
    night.toronto.git(["stash", "-q"]);
    night.remote_is_up(false);
    let check = ["check", "--format", "json", "--break-glass", REASON];
    let told = night.run(night.laptop(), &check).at(CALM).env("CI", "true").run().code(2);
    assert_eq!(told.json()["verdict"], "unknown");
}

#[test]
fn in_ci_it_is_let_through_where_it_can_be_saved() {
    let night = Night::new();
    let told = night.glass(night.laptop(), REASON).identity("ci").env("CI", "true").run().code(0);
    assert_eq!(told.json()["break_glass"]["by"], "ci");
    assert_eq!(night.branches().len(), 1);
}

#[test]
fn an_unknown_verdict_can_be_let_through_too() {
    let night = Night::calm();
    night.remote_is_up(false);
    let told = night.glass(night.laptop(), REASON).at(CALM).run().code(0).json();
    assert_eq!((&told["verdict"], &told["break_glass"]["queued"]), (&"unknown".into(), &true.into()));
}

#[test]
fn a_read_only_remote_is_as_good_as_none() {
    let night = Night::new();
    night.origin_hook("pre-receive", "echo 'read-only for maintenance'; exit 1");
    let glass = night.glass(night.laptop(), REASON).run().code(0).json()["break_glass"].clone();
    assert_eq!(glass["queued"], true);
    assert!(glass["why"].as_str().unwrap().contains("read-only for maintenance"), "{glass:#}");
    let list = night.run(night.laptop(), &["list"]).run().code(0);
    assert!(list.stderr.contains("read-only for maintenance"), "{}", list.stderr);
    night.remove_hook("pre-receive");
    night.run(night.laptop(), &["list"]).run().code(0).says("delivered");
    assert_eq!(night.branches(), [glass["branch"].as_str().unwrap()]);
}

#[test]
fn a_deploy_ref_that_takes_no_direct_push_does_not_matter() {
    let night = Night::new();
    night.origin_hook(
        "pre-receive",
        "while read old new ref; do [ \"$ref\" = refs/heads/main ] && exit 1; done; \
         echo 'Create a pull request:'; echo '  https://forge.example/hub/pull/new/x'; exit 0",
    );
    let told = night.glass(night.laptop(), REASON).env("CI", "true").run().code(0);
    assert_eq!(told.json()["break_glass"]["url"], "https://forge.example/hub/pull/new/x");
    assert_eq!(night.branches().len(), 1);
}

/// It took the push, and never said so: nobody knows whether it has arrived. Delivering it again changes nothing.
#[test]
fn a_remote_that_takes_it_and_hangs() {
    let night = Night::new();
    night.origin_hook("post-receive", "exec sleep 1000");
    let glass = night.glass(night.laptop(), REASON).run().code(0).json()["break_glass"].clone();
    assert_eq!(glass["queued"], true);
    assert!(glass["why"].as_str().unwrap().contains("nobody knows whether it has arrived"), "{glass:#}");
    let before = night.toronto.sandbox.git(&night.origin(), ["for-each-ref", "refs/heads/rescue/"]);
    assert!(before.contains(glass["branch"].as_str().unwrap()), "it has arrived: {before}");
    night.run(night.laptop(), &["list"]).run().code(0).says("delivered");
    assert_eq!(night.toronto.sandbox.git(&night.origin(), ["for-each-ref", "refs/heads/rescue/"]), before);
    assert!(!night.queue().exists());
}

#[test]
fn a_remote_that_hangs_before_it_takes_anything() {
    let night = Night::new();
    night.origin_hook("pre-receive", "exec sleep 1000");
    let glass = night.glass(night.laptop(), REASON).run().code(0).json()["break_glass"].clone();
    assert_eq!(glass["queued"], true);
    assert_eq!(night.branches(), [""; 0]);
    night.remove_hook("pre-receive");
    night.run(night.laptop(), &["list"]).run().code(0).says("delivered");
    assert_eq!(night.branches(), [glass["branch"].as_str().unwrap()]);
}

#[test]
fn where_nothing_is_deployed_from_git_there_is_nowhere_to_save_it() {
    let night = Night::new();
    night.toronto.edit("secrets/policy.toml", "\"origin/main\"", "\"none\"");
    let glass = night.glass(night.laptop(), REASON).run().code(1).json()["break_glass"].clone();
    assert_eq!(glass["let_through"], false);
    assert!(glass["why"].as_str().unwrap().contains("deploy-ref is \"none\""), "{glass:#}");
    assert!(!night.queue().exists());
}

#[test]
fn what_cannot_be_read_cannot_be_saved() {
    let night = Night::new();
    night.toronto.write("secrets/policy.toml", "schema = ");
    let report = night.glass(night.laptop(), REASON).run().code(2).json();
    assert_eq!(
        (&report["verdict"], &report["break_glass"]["let_through"]),
        (&"unknown".into(), &false.into())
    );
    // No commit yet.
    let sandbox = &night.toronto.sandbox;
    sandbox.git(sandbox.root(), ["init", "-q", "empty"]);
    let empty = sandbox.path("empty");
    let key = crate::common::public_key("alice");
    let init = ["init", "--person", "alice", "--key", &key, "--deploy-ref", "origin/main", "--no-commit"];
    let _ = night.run(&empty, &init).run().code(0);
    let told = night.glass(&empty, REASON).run();
    assert_ne!(told.code, 0);
    assert!(told.json()["break_glass"]["why"].as_str().unwrap().contains("there is no commit yet"));
    // No store, no repository.
    let told = night.glass(&sandbox.path("home"), REASON).run().code(2);
    assert_eq!(told.json()["break_glass"]["let_through"], false);
}

#[test]
fn a_reason_is_asked_for_and_is_one_readable_line() {
    let night = Night::new();
    let long = "x".repeat(501);
    for reason in ["", "  ", "a\nb", "a\u{1b}[31mb", "a\u{202e}b", &long] {
        let told = night.glass(night.laptop(), reason).run().code(2);
        assert!(told.stdout.is_empty() && told.stderr.contains("--break-glass"), "{}", told.stderr);
    }
    for others in
        [&["--against", "HEAD"][..], &["--offline"], &["--baseline", "b", "--accept-until", "2022-12-01"]]
    {
        let told = night.glass(night.laptop(), REASON).args(others).run().code(2);
        assert!(told.stdout.is_empty() && told.stderr.contains("--break-glass"), "{}", told.stderr);
    }
    assert_eq!(night.branches(), [""; 0]);
}
