//! Where it is remembered what was told, and what happens where it is not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::desk::{Desk, EARLY, exec};

#[test]
fn without_a_state_each_run_is_a_digest() {
    let desk = Desk::with("[ledger]\nstate = \"none\"\n");
    let ops = desk.listener("ops", "");
    desk.policy(&exec("ops", &ops, ""));
    for at in [EARLY, "2026-03-02T12:00:00Z"] {
        desk.warned_at(at).code(0).says("state = \"none\"");
    }
    assert_eq!(desk.notices("ops"), ["web/prod/db expiring 60d", "web/prod/db expiring 60d"]);
    assert!(desk.heard("ops").iter().all(|told| told["digest"] == true));
    let refs = desk.sandbox.git(&desk.laptop, ["ls-remote", "origin"]);
    assert!(!refs.contains("refs/secrets"), "{refs}");
}

#[test]
fn a_file_remembers_as_well() {
    let desk = Desk::with("");
    let ops = desk.listener("ops", "");
    desk.policy(&exec("ops", &ops, ""));
    let state = desk.sandbox.path("state/ledger.jsonl");
    fs::create_dir_all(state.parent().unwrap()).unwrap();
    let run = |at: &str| desk.warn().args(["--state", state.to_str().unwrap()]).at(at).run();
    run(EARLY).code(0).says("ledger.jsonl");
    run("2026-03-02T12:00:00Z").code(0);
    assert_eq!(desk.notices("ops").len(), 1);
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&state).unwrap();
    // Broken lines: told again rather than not at all, and said.
    fs::write(
        &state,
        text.lines().filter(|line| !line.contains("\"sent\"")).collect::<Vec<_>>().join("\n") + "\n{oops\n",
    )
    .unwrap();
    run("2026-03-03T12:00:00Z").code(2).says("not judged");
    let notices = desk.notices("ops");
    assert_eq!(notices.iter().filter(|one| one.contains("expiring")).count(), 2, "{notices:?}");
    assert!(notices.iter().any(|one| one.contains("unchecked")), "{notices:?}");
}

#[test]
fn where_the_ledger_takes_no_push_everything_is_told_and_that_is_said() {
    let desk = Desk::with("");
    let ops = desk.listener("ops", "");
    desk.policy(&exec("ops", &ops, ""));
    let hook = desk.sandbox.path("origin.git/hooks/pre-receive");
    fs::write(&hook, "#!/bin/sh\nwhile read old new ref; do case $ref in refs/secrets/*) echo 'not you' >&2; exit 1;; esac; done\n").unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    for at in [EARLY, "2026-03-02T12:00:00Z"] {
        desk.warned_at(at).code(2).says("not remembered").says("not you");
    }
    assert_eq!(desk.notices("ops").len(), 2);
}

#[test]
fn a_ledger_that_was_rewound_tells_again_and_says_so() {
    let desk = Desk::with("");
    let ops = desk.listener("ops", "");
    desk.policy(&exec("ops", &ops, ""));
    desk.warned_at(EARLY).code(0);
    let origin = desk.sandbox.path("origin.git");
    desk.sandbox.git(&origin, ["update-ref", "-d", "refs/secrets/ledger"]);
    // This clone remembers what it saw; a fresh one does not, and tells again.
    let fresh = desk.sandbox.clone("fresh", &[]);
    desk.warn_in(&fresh).at("2026-03-02T12:00:00Z").run().code(0);
    assert_eq!(desk.notices("ops").len(), 2);
    desk.warned_at("2026-03-03T12:00:00Z").code(2).says("rewound");
    let told = desk.heard("ops");
    assert!(told.iter().any(|one| one["notices"].to_string().contains("rewound")), "{told:?}");
    // What was lost is back.
    let sent = desk.ledger().iter().filter(|line| line["event"] == "sent").count();
    assert!(sent >= 3, "{:?}", desk.ledger());
}

#[test]
fn seals_seen_are_kept_for_the_gate() {
    let desk = Desk::with("");
    let ops = desk.listener("ops", "");
    desk.policy(&exec("ops", &ops, ""));
    desk.warned_at(EARLY).code(0);
    desk.renew("web/prod/db", "2027-04-10", "new", "2026-03-02T00:00:00Z");
    desk.warned_at("2026-03-02T12:00:00Z").code(0);
    let ledger = desk.ledger();
    let seals: Vec<_> = ledger.iter().filter(|line| line["event"] == "seal").collect();
    let numbers = |name: &str| {
        seals
            .iter()
            .filter(|seal| seal["secret"] == name)
            .map(|seal| seal["number"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!((numbers("web/prod/db"), numbers("api/key")), (vec![1, 2], vec![1]));
    // The old pair put back, in a history that knows nothing of it: the ledger does.
    let old = desk.sandbox.git(&desk.laptop, ["rev-list", "--max-count=1", "--skip=1", "HEAD"]);
    desk.sandbox.git(&desk.laptop, ["checkout", "-q", &old, "--", "secrets/web/prod"]);
    desk.publish("Put it back");
    let shallow = desk.sandbox.clone("ci", &["--depth", "1"]);
    let found = desk.sandbox.check(&shallow, "2026-03-02T13:00:00Z").code(1).finding_ids();
    assert!(found.contains(&"rolled-back".to_owned()), "{found:?}");
}

#[test]
fn the_ledger_of_policy_may_bear_another_name() {
    let desk = Desk::with("[ledger]\nref = \"refs/ops/told\"\n");
    let ops = desk.listener("ops", "");
    desk.policy(&exec("ops", &ops, ""));
    desk.warned_at(EARLY).code(0).says("refs/ops/told");
    desk.warned_at("2026-03-02T12:00:00Z").code(0);
    assert_eq!(desk.notices("ops").len(), 1);
    let refs = desk.sandbox.git(&desk.laptop, ["ls-remote", "origin"]);
    assert!(refs.contains("refs/ops/told") && !refs.contains("refs/secrets/ledger"), "{refs}");
}
