//! `secrets` alone.

use std::fs;

use super::common::person::Person;
use super::common::{NOW, Sandbox, binary};

#[test]
fn outside_a_store_it_says_how_to_begin() {
    let sandbox = Sandbox::new();
    let nowhere = sandbox.path("nowhere");
    fs::create_dir(&nowhere).unwrap();
    // Nothing was checked, so `secrets $COMMAND && ./deploy` with an empty variable must not deploy.
    sandbox.secrets(&nowhere).run().code(2).says("$ git init").says("$ secrets init").says("no store here");
    let laptop = sandbox.origin_and_laptop();
    sandbox.secrets(&laptop).run().code(2).lacks("git init").says("$ secrets init");
    sandbox.secrets(&laptop).args(["--store", "elsewhere"]).run().code(2).says("elsewhere").lacks("to begin");
}

#[test]
fn it_agrees_with_the_gate_and_never_ends_with_its_code_for_a_finding() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.secrets(&laptop).run().code(2).says("not checked").says("$ secrets add web/prod/db");
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    sandbox.secrets(&laptop).run().code(2).says("unpushed").says("$ git push origin HEAD:main");
    sandbox.push(&laptop);
    let clear = sandbox.secrets(&laptop).run().code(0);
    let clear = clear.says("nothing blocks a deploy").says("next to end: web/db, 2028-01-01");
    clear.says("1 secret, 2 people; deploys from origin/main").says("$ secrets check");
    sandbox.check(&laptop, NOW).code(0);
    let late = "2028-06-01T00:00:00Z";
    let expired = sandbox.secrets(&laptop).at(late).run().code(2);
    expired.says("expired").says("$ secrets set web/db");
    sandbox.check(&laptop, late).code(1);
}

#[test]
fn what_is_due_is_named_with_date_and_owner_the_first_to_end_first() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/late", "2026-04-20", "hunter2");
    sandbox.add(&laptop, "web/soon", "2026-03-11", "hunter3");
    sandbox.add(&laptop, "web/far", "2029-01-01", "hunter4");
    sandbox.push(&laptop);
    let outcome = sandbox.secrets(&laptop).run().code(0);
    let text = outcome.text();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("  web/"))
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows,
        [["web/soon", "2026-03-11", "9", "team"], ["web/late", "2026-04-20", "49", "team"]],
        "{text}"
    );
    for number in 0..6 {
        sandbox.add(&laptop, &format!("many/s{number}"), "2026-04-01", &format!("hunter-{number}"));
    }
    sandbox.push(&laptop);
    sandbox.secrets(&laptop).run().code(0).says("and 3 more: secrets list");
}

#[test]
fn a_screen_is_enough_for_any_number_of_faults() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice"]);
    for number in 0..12 {
        sandbox.add(&laptop, &format!("web/s{number}"), "2026-02-01", &format!("hunter-{number}"));
    }
    fs::write(laptop.join("secrets/web/plain.txt"), "hunter2\n").unwrap();
    let outcome = sandbox.secrets(&laptop).run().code(2);
    let text = outcome.text();
    assert!(text.lines().count() < 30, "{text}");
    let heads: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("blocked")).collect();
    // What may be an attack comes first.
    assert!(heads[1].starts_with("  plaintext  secrets/web/plain.txt"), "{text}");
    assert!(text.contains("12 × expired  web/s0, web/s1, web/s10 and 9 more"), "{text}");
    assert!(text.contains("12 × single-holder"), "{text}");
}

#[test]
fn a_remote_that_does_not_answer_is_said_and_not_passed() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    sandbox.push(&laptop);
    sandbox.git(&laptop, ["remote", "set-url", "origin", "/nonexistent/origin.git"]);
    let outcome = sandbox.secrets(&laptop).run().code(2);
    outcome.says("blocked: not everything could be checked").says("not checked  web/db").says("origin/main");
}

#[test]
fn a_broken_policy_is_said() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    fs::write(laptop.join("secrets/policy.toml"), "schema = 1\nnonsense\n").unwrap();
    sandbox.secrets(&laptop).run().code(2).says("not checked  secrets/policy.toml").says("policy.toml:2: ");
}

#[test]
fn in_colour_on_a_terminal_and_without_an_escape_on_a_dumb_one() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    for (term, escapes) in [("xterm", true), ("dumb", false)] {
        let mut command = sandbox.command(binary(), &laptop);
        command.args(["--at", NOW]).env("TERM", term);
        let (code, seen) = Person::at(command, Some(40)).ends();
        assert_eq!((code, seen.contains('\u{1b}')), (2, escapes), "{seen:?}");
        assert!(seen.is_ascii(), "the locale is C: {seen}");
    }
}
