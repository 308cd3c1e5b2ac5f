//! 2024-07-22, a build farm: a ticket was opened by itself seven days before a certificate ended, and nobody looked at it.
//! Later tiers reach further people, and at last the warning hardens into a blocked deploy.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::common::Sandbox;

const NAME: &str = "farm/prod/signing-certificate";

/// A program that notes for whom it was called.
fn noting(sandbox: &Sandbox, who: &str) -> (PathBuf, PathBuf) {
    let (program, notes) = (sandbox.path(&format!("tell-{who}")), sandbox.path(&format!("told-{who}")));
    fs::write(&program, format!("#!/bin/sh\ncat >> '{0}' && echo >> '{0}'\n", notes.display()))
        .expect("a program can be written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("and be made one");
    (program, notes)
}

#[test]
fn a_ticket_that_nobody_looks_at_is_not_the_end_of_it() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let mut tables = String::from(
        "[[scope]]\nmatch = \"farm/**\"\nnotify-at = [\"7d\", \"3d\", \"1d\"]\nblock-within = \"2d\"\n",
    );
    let mut notes = Vec::new();
    for (who, from) in [("tickets", "7d"), ("lead", "3d"), ("pager", "1d")] {
        let (program, told) = noting(&sandbox, who);
        let command = program.display();
        let keys = format!("name = \"{who}\"\nfrom = \"{from}\"\ncommand = [\"{command}\"]\n");
        tables.extend(["[[notify]]\nkind = \"exec\"\n", &keys]);
        notes.push(told);
    }
    sandbox.add_accepting(&laptop, NAME, "2024-07-22", "a certificate", &["alice", "bob"]);
    let policy = laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&policy).expect("a store has a policy");
    fs::write(&policy, format!("{text}\n{tables}")).expect("the policy can be written");
    sandbox.git(&laptop, ["commit", "-qam", "Say who is told"]);
    sandbox.push(&laptop);

    // How often each was told by then, and what the gate says.
    for (at, told, gate) in [
        ("2024-07-14T23:59:59Z", [0, 0, 0], 0),
        ("2024-07-15T00:00:00Z", [1, 0, 0], 0),
        ("2024-07-17T12:00:00Z", [1, 0, 0], 0),
        ("2024-07-19T00:00:00Z", [2, 1, 0], 0),
        ("2024-07-19T23:59:59Z", [2, 1, 0], 0),
        ("2024-07-20T00:00:00Z", [3, 2, 0], 1),
        ("2024-07-21T00:00:00Z", [4, 3, 1], 1),
        ("2024-07-22T00:00:00Z", [5, 4, 2], 1),
    ] {
        sandbox.secrets(&laptop).args(["warn"]).at(at).run().code(0);
        let count = |notes: &PathBuf| fs::read_to_string(notes).map_or(0, |text| text.lines().count());
        assert_eq!(notes.iter().map(count).collect::<Vec<_>>(), told, "{at}");
        sandbox.secrets(&laptop).args(["check"]).at(at).run().code(gate);
    }
}
