use super::*;
use crate::domain::rescue::{GlassOutcome, saved};

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn finding(id: CheckId, level: Level, secret: &str) -> Finding {
    Finding {
        id,
        level,
        secret: Some(secret.parse().unwrap()),
        path: None,
        message: "m".to_owned(),
        remedy: String::new(),
        weight: 1,
        mark: String::new(),
    }
}

fn unchecked(what: &str) -> Unchecked {
    Unchecked { secret: None, what: what.to_owned(), why: "w".to_owned() }
}

fn custody(secret: &str, grade: Grade, why: Option<&str>) -> Custody {
    Custody { secret: secret.parse().unwrap(), grade, why: why.map(ToOwned::to_owned) }
}

fn draft() -> Draft {
    Draft {
        at: at("2026-03-01"),
        store: "secrets".to_owned(),
        store_id: None,
        commit: None,
        deploy_ref: None,
        strict: false,
        secrets: 3,
        outlook: Outlook::default(),
        judged: Vec::new(),
        findings: Vec::new(),
        waived: Vec::new(),
        off: Vec::new(),
        unchecked: Vec::new(),
        custody: Vec::new(),
        notes: Vec::new(),
    }
}

#[test]
fn unknown_is_never_a_pass_and_a_failure_goes_before_it() {
    let levels =
        |levels: &[Level]| levels.iter().map(|level| finding(CheckId::Expired, *level, "a")).collect();
    for (found, strict, is_known, verdict, code) in [
        (&[][..], false, true, Verdict::Pass, 0),
        (&[], true, true, Verdict::Pass, 0),
        (&[], false, false, Verdict::Unknown, 2),
        (&[Level::Warning], false, true, Verdict::Pass, 0),
        (&[Level::Warning], true, true, Verdict::Fail, 1),
        (&[Level::Warning], false, false, Verdict::Unknown, 2),
        (&[Level::Warning], true, false, Verdict::Fail, 1),
        (&[Level::Error], false, true, Verdict::Fail, 1),
        (&[Level::Error], false, false, Verdict::Fail, 1),
        (&[Level::Off], true, true, Verdict::Pass, 0),
    ] {
        let unchecked = if is_known { Vec::new() } else { vec![unchecked("x")] };
        let report = Report::conclude(Draft { findings: levels(found), strict, unchecked, ..draft() });
        assert_eq!((report.verdict, report.exit_code()), (verdict, code), "{found:?} {strict} {is_known}");
        assert_eq!(report.findings.iter().any(|finding| report.fails(finding)), verdict == Verdict::Fail);
        assert!(!report.is_let_through());
    }
    let words =
        [Verdict::Pass, Verdict::Fail, Verdict::Unknown].map(|verdict| (verdict.as_str(), verdict.words()));
    assert_eq!(
        words,
        [("pass", "clear to deploy"), ("fail", "deploy blocked"), ("unknown", "deploy blocked")]
    );
}

#[test]
fn what_was_saved_is_let_through_and_the_verdict_stays() {
    let saved = saved();
    let findings = vec![finding(CheckId::Expired, Level::Error, "a")];
    let mut report = Report::conclude(Draft { findings, ..draft() });
    for (outcome, through, code) in
        [(GlassOutcome::Refused("no remote".to_owned()), false, 1), (GlassOutcome::Broken(saved), true, 0)]
    {
        let reason = "it can't wait".parse().unwrap();
        report.break_glass = Some(BreakGlass { reason, by: "alice".to_owned(), outcome });
        assert_eq!((report.is_let_through(), report.exit_code()), (through, code));
        assert_eq!(report.verdict, Verdict::Fail);
    }
}

#[test]
fn what_is_counted() {
    let (error, warning) = (Level::Error, Level::Warning);
    let report = Report::conclude(Draft {
        findings: vec![
            finding(CheckId::Unowned, warning, "a"),
            finding(CheckId::Expired, error, "b"),
            finding(CheckId::Expired, error, "a"),
        ],
        unchecked: vec![unchecked("y"), unchecked("x"), unchecked("y")],
        custody: vec![
            custody("d", Grade::Plausible, Some("r")),
            custody("a", Grade::Proved, None),
            custody("b", Grade::Plausible, Some("r")),
            custody("c", Grade::Unproven, Some("s")),
            custody("e", Grade::Proved, None),
            custody("f", Grade::Proved, None),
        ],
        ..draft()
    });
    let order = report.findings.iter().map(|finding| finding.secret.as_ref().map(CredentialName::as_str));
    assert_eq!(order.collect::<Vec<_>>(), [Some("a"), Some("b"), Some("a")]);
    assert_eq!(
        report.summary,
        Summary {
            secrets: 3,
            proved: 3,
            plausible: 2,
            unproven: 1,
            errors: 2,
            warnings: 1,
            waived: 0,
            unchecked: 2
        }
    );
    assert_eq!(
        report.not_proved(),
        [
            CustodyGroup { grade: Grade::Unproven, why: "s", secrets: vec!["c"] },
            CustodyGroup { grade: Grade::Plausible, why: "r", secrets: vec!["b", "d"] },
        ]
    );
    let grades = [Grade::Unproven, Grade::Plausible, Grade::Proved].map(Grade::as_str);
    assert_eq!(grades, ["unproven", "plausible", "proved"]);
}

#[test]
fn what_one_waiver_lets_through_is_one_group() {
    let waived = |id, until: &str, by: &str| Waived {
        finding: finding(id, Level::Error, "a"),
        until: at(until),
        reason: "r".to_owned(),
        by: by.to_owned(),
    };
    let report = Report::conclude(Draft {
        waived: vec![
            waived(CheckId::Expired, "2027-01-01", "bob"),
            waived(CheckId::Unowned, "2026-06-01", "alice"),
            waived(CheckId::Expired, "2026-06-01", "alice"),
            waived(CheckId::Unowned, "2026-06-01", "alice"),
        ],
        ..draft()
    });
    let groups = report.waived_groups();
    let told: Vec<_> =
        groups.iter().map(|group| (group.by, group.waived.len(), group.kinds.clone())).collect();
    assert_eq!(
        told,
        [
            ("alice", 3, vec![(CheckId::Unowned, 2), (CheckId::Expired, 1)]),
            ("bob", 1, vec![(CheckId::Expired, 1)]),
        ]
    );
}

#[test]
fn what_says_the_same_is_told_together_and_outlooks_are_joined() {
    let said = |message: &str, secret: &str| Finding {
        message: message.to_owned(),
        ..finding(CheckId::Expired, Level::Error, secret)
    };
    let all = [said("x", "a"), said("y", "b"), said("y", "c")];
    let groups = Alike::group(&all.iter().collect::<Vec<_>>());
    let told: Vec<_> = groups.iter().map(|group| (group.message, group.findings.len())).collect();
    assert_eq!(told, [("y", 2), ("x", 1)]);

    let outlook = |fewest_people, next: Option<(&str, &str)>| Outlook {
        fewest_people,
        next_to_expire: next.map(|(end, name)| (at(end), name.parse().unwrap())),
    };
    let mut all = outlook(None, Some(("2027-01-01", "a")));
    all.absorb(outlook(Some(2), Some(("2026-06-01", "b"))));
    all.absorb(outlook(Some(3), None));
    assert_eq!(all, outlook(Some(2), Some(("2026-06-01", "b"))));
}
