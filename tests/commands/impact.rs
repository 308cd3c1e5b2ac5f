use serde_json::json;

use crate::common::{Sandbox, public_key};

#[test]
fn what_would_happen_is_told_before_it_does() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob", "carol"]);
    sandbox.secrets(&laptop).args(["machines", "add", "ci", "--key", &public_key("ci")]).run().code(0);
    let add_bob = ["people", "add", "bob", "--key", &public_key("bob"), "--group", "night"];
    sandbox.secrets(&laptop).args(add_bob).run().code(0);
    let add = |name: &str, owner: &str, readers: &[&str]| {
        let run = || {
            let add = ["add", name, "--expires", "2028-01-01", "--as", "bob", "--owner", owner];
            let readers = readers.iter().flat_map(|reader| ["--reader", *reader]);
            sandbox.secrets(&laptop).args(add).args(readers).stdin(name)
        };
        sandbox.accepting_new(run).code(0);
    };
    add("alone/x", "bob", &["bob", "ci"]);
    add("two/a", "team", &["alice", "bob"]);
    add("two/b", "night", &["bob", "carol"]);
    add("two/c", "team", &["bob", "carol"]);
    add("team/db", "team", &[]);
    add("not/his", "alice", &["alice", "carol"]);

    let human = sandbox.secrets(&laptop).args(["people", "impact", "bob"]).run().code(0);
    let first = human.text().lines().next().unwrap().to_owned();
    assert_eq!(first, "if bob leaves, nobody can open 1 secret, and 3 secrets have one person left");
    human
        .says("alone/x: nobody is left (min-people is 2)")
        .says("two/a: only alice left (min-people is 2)")
        .says("groups with nobody else in them: night")
        .says("the only owner of: alone/x and two/b")
        .says("knows the current value of 5 secrets")
        .says("secrets people add")
        .says("secrets people remove bob")
        .lacks("not/his");
    let json = ["people", "impact", "bob", "--format", "json"];
    let json = sandbox.secrets(&laptop).args(json).run().code(0).json();
    assert_eq!((&json["schema_version"], &json["opens"]), (&json!(1), &json!(5)));
    assert_eq!(json["nobody_left"], json!(["alone/x"]));
    let one = json["one_left"].as_array().unwrap();
    assert_eq!(one[0], json!({ "secret": "two/a", "people": ["alice"], "min_people": 2 }));
    assert_eq!((one.len(), json["below_min_people"].as_array().unwrap().len()), (3, 4));
    assert_eq!(json["alone_in_groups"], json!(["night"]));
    assert_eq!(json["knows"].as_array().unwrap().len(), 5);

    // Of the other, less depends.
    let carol = sandbox.secrets(&laptop).args(["people", "impact", "carol"]).run().code(0);
    assert!(
        carol.text().starts_with("if carol leaves, 3 secrets have one person left\n"),
        "{}",
        carol.text()
    );
}

#[test]
fn who_is_no_person_does_not_leave() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob", "carol"]);
    sandbox.secrets(&laptop).args(["machines", "add", "ci", "--key", &public_key("ci")]).run().code(0);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    let impact = |name: &str| sandbox.secrets(&laptop).args(["people", "impact", name]).run();
    impact("ci").code(2).says("ci is a machine").says("secrets machines list");
    impact("dora").code(2).says("policy knows no person named `dora`");
    impact("team").code(2).says("policy knows no person named `team`");
    assert!(impact("bob").code(0).text().starts_with("if bob leaves, every secret keeps enough people\n"));
}
