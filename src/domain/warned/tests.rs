use super::*;
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::notice::{Notice, Topic};

fn notice() -> Notice {
    Notice {
        secret: None,
        topic: Topic::Check(CheckId::Expiring),
        tier: None,
        expires: None,
        days_left: None,
        level: Level::Warning,
        message: "found".to_owned(),
        remedy: "secrets check".to_owned(),
        owners: Vec::new(),
        people: Vec::new(),
        issuer: None,
        runbook: None,
        dedup_key: "k".to_owned(),
        cause: "c".to_owned(),
        since: "2026-01-01".parse().unwrap(),
    }
}

fn origin() -> Origin {
    Origin { store: "secrets".to_owned(), store_id: None, repository: None }
}

/// One that was to be told three things.
fn channel(outcome: Outcome) -> WarnedChannel {
    let message = Message {
        origin: origin(),
        at: "2026-03-01".parse().unwrap(),
        notices: vec![notice(), notice(), notice()],
        resolved: Vec::new(),
        standing: Vec::new(),
        is_digest: false,
    };
    WarnedChannel { name: "ops".parse().unwrap(), kind: "slack", message, left_to_others: 0, outcome }
}

fn failed(told: usize) -> Outcome {
    Outcome::Failed { why: "500".to_owned(), told, due_again: 3 - told }
}

fn warned(outcomes: Vec<Outcome>) -> Warned {
    Warned {
        at: "2026-03-01".parse().unwrap(),
        origin: origin(),
        deployed: "origin/main".to_owned(),
        is_dry: false,
        secrets: 1,
        channels: outcomes.into_iter().map(channel).collect(),
        unchecked: Vec::new(),
        remembered: Step::Done,
        memory: String::new(),
        heartbeat: Step::LeftOut("not asked for"),
    }
}

#[test]
fn how_much_was_told() {
    for (outcome, word, told) in [
        (Outcome::Planned, "planned", 3),
        (Outcome::Delivered, "delivered", 3),
        (failed(2), "failed", 2),
        (Outcome::Nothing, "nothing", 0),
    ] {
        assert_eq!((outcome.as_str(), channel(outcome.clone()).told()), (word, told));
    }
    assert_eq!(warned(vec![Outcome::Delivered, failed(2), Outcome::Nothing]).told(), 5);
}

#[test]
fn a_run_is_whole_where_nothing_failed_and_somebody_was_to_be_told() {
    let all_well = || warned(vec![Outcome::Delivered, Outcome::Nothing]);
    assert!(all_well().is_whole());
    assert_eq!(all_well().exit_code(), 0);
    let unknown = Unchecked { secret: None, what: "x".to_owned(), why: "w".to_owned() };
    for broken in [
        warned(Vec::new()),
        warned(vec![Outcome::Delivered, failed(3)]),
        Warned { unchecked: vec![unknown], ..all_well() },
        Warned { remembered: Step::Failed("no".to_owned()), ..all_well() },
        Warned { heartbeat: Step::Failed("no".to_owned()), ..all_well() },
    ] {
        assert!(!broken.is_whole(), "{broken:?}");
        assert_eq!(broken.exit_code(), 2, "{broken:?}");
    }
}
