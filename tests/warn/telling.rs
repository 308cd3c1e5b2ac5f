//! Who is told what, and when.

use crate::desk::{Desk, EARLY, exec, notices_of};

#[test]
fn each_tier_is_told_once_and_what_is_mended_is_closed() {
    let desk = Desk::with("");
    let (early, late) = (desk.listener("early", ""), desk.listener("late", ""));
    desk.policy(&[exec("early", &early, ""), exec("late", &late, "from = \"7d\"")].concat());
    for (at, early, late) in [
        (EARLY, &["web/prod/db expiring 60d"][..], &[][..]),
        ("2026-03-02T12:00:00Z", &[], &[]),
        // Runs were missed: of two tiers the last one only.
        ("2026-03-28T12:00:00Z", &["web/prod/db expiring 14d"], &[]),
        ("2026-04-03T00:00:00Z", &["web/prod/db expiring 7d"], &["web/prod/db expiring 7d"]),
        ("2026-04-11T00:00:00Z", &["web/prod/db expired 0d"], &["web/prod/db expired 0d"]),
    ] {
        let report = desk.warn().args(["--format", "json"]).at(at).run().code(0).json();
        let told = |position: usize| notices_of(&report["channels"][position]["message"]);
        assert_eq!(told(0), early, "{at}");
        assert_eq!(told(1), late, "{at}");
    }
    assert_eq!(desk.notices("early").len(), 4);
    assert_eq!(desk.notices("late"), ["web/prod/db expired 0d", "web/prod/db expiring 7d"]);

    desk.renew("web/prod/db", "2027-04-10", "hunter2-new", "2026-04-12T00:00:00Z");
    desk.warned_at("2026-04-12T01:00:00Z").code(0).says("no longer due");
    for name in ["early", "late"] {
        let heard = desk.heard(name);
        let closed: Vec<_> = heard.iter().flat_map(|told| told["resolved"].as_array().unwrap()).collect();
        assert_eq!(closed.len(), 1, "{name}");
        assert_eq!(closed[0]["secret"], "web/prod/db");
        let opened = heard.iter().flat_map(|told| told["notices"].as_array().unwrap());
        assert!(opened.into_iter().all(|notice| notice["dedup_key"] == closed[0]["dedup_key"]), "{name}");
    }
    // Told before and mended: neither again.
    let report = desk.warn().args(["--format", "json"]).at("2026-04-13T00:00:00Z").run().code(0).json();
    assert_eq!(report["told"], 0);
    assert_eq!(desk.heard("early").len(), 5);
}

#[test]
fn a_notice_says_whom_to_ask_and_how_to_mend_it() {
    let desk = Desk::with("[[notify]]\nkind = \"stdout\"\n");
    let outcome = desk.warn().args(["--dry-run"]).run().code(0).says("expires 2026-04-10 (in 39 days)");
    assert!(outcome.text().contains("would be told"));
    desk.warn()
        .run()
        .code(0)
        .says("owners   team")
        .says("people   alice, bob")
        .says("secrets set web/prod/db");
    let told = desk.warn().args(["--format", "json", "--state", "elsewhere.jsonl"]).run().code(0).json();
    let notice = &told["channels"][0]["message"]["notices"][0];
    assert_eq!(notice["message"], "expires 2026-04-10 (in 39 days)");
    assert_eq!((&notice["days_left"], &notice["expires"]), (&39.into(), &"2026-04-10T00:00:00Z".into()));
    let people: Vec<_> =
        notice["people"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(people, ["alice", "bob"]);
}

#[test]
fn a_dry_run_tells_nobody_and_remembers_nothing() {
    let desk = Desk::with("");
    let program = desk.listener("ops", "");
    desk.policy(&exec("ops", &program, ""));
    desk.warn().args(["--dry-run"]).run().code(0).says("web/prod/db").says("would be told 1 notice");
    assert!(desk.heard("ops").is_empty());
    let refs = desk.sandbox.git(&desk.laptop, ["ls-remote", "origin"]);
    assert!(!refs.contains("refs/secrets"), "{refs}");
}

#[test]
fn findings_are_told_to_who_asked_for_them() {
    let desk = Desk::with("");
    let (asked, other) = (desk.listener("asked", ""), desk.listener("other", ""));
    desk.policy(
        &[
            "[[scope]]\nmatch = \"api/*\"\nmin-people = 3\nrotate-every = \"1d\"\n".to_owned(),
            exec("asked", &asked, "findings = [\"single-holder\", \"overdue-rotation\"]\nscope = \"api/*\""),
            exec("other", &other, "findings = [\"single-holder\"]\nscope = [\"web/**\"]"),
        ]
        .concat(),
    );
    let later = "2026-03-05T12:00:00Z";
    desk.warned_at(later).code(0);
    desk.warned_at("2026-03-06T12:00:00Z").code(0);
    assert_eq!(desk.notices("asked"), ["api/key overdue-rotation -", "api/key single-holder -"]);
    assert_eq!(desk.notices("other"), ["web/prod/db expiring 60d"]);
}

#[test]
fn without_a_channel_nobody_is_told_and_that_is_a_fault() {
    let desk = Desk::with("");
    desk.warn().run().code(2).says("policy has no [[notify]]");
    // Where there is no store on the deploy ref, or nothing in it, nothing was watched.
    let empty = crate::common::Sandbox::new();
    let laptop = empty.origin_and_laptop();
    empty.secrets(&laptop).args(["warn"]).run().code(2);
    let bare = crate::common::Sandbox::new();
    let laptop = bare.store(&["alice", "bob"]);
    let path = laptop.join("secrets/policy.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}\n[[notify]]\nkind = \"stdout\"\n")).unwrap();
    bare.git(&laptop, ["commit", "-qam", "p"]);
    bare.push(&laptop);
    bare.secrets(&laptop).args(["warn"]).run().code(2).says("holds no secret");
}
