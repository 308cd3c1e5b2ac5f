use super::*;
use crate::domain::channel::{Channel, ChannelKind, Heartbeat, LedgerRules, LedgerState, Setting};
use crate::domain::check_id::CheckId;

fn channel(name: &str, change: impl Fn(&mut Channel)) -> Channel {
    let mut channel = Channel {
        name: name.parse().unwrap(),
        kind: ChannelKind::Slack { url: Setting::Env("SLACK".to_owned()) },
        from: None,
        scope: Vec::new(),
        findings: std::collections::BTreeSet::new(),
        line: 1,
    };
    change(&mut channel);
    channel
}

fn telling(name: &str, change: impl Fn(&mut Channel)) -> Policy {
    changed(|policy| policy.channels = vec![channel(name, &change)])
}

fn scoped(globs: &[&str]) -> Policy {
    telling("ops", |channel| channel.scope = globs.iter().map(|glob| glob.parse().unwrap()).collect())
}

#[test]
fn channels_that_are_told_less() {
    let base = telling("ops", |_| {});
    one_way(&base, &policy(), &["the channel `ops` (slack) is gone: nobody is told through it any more"]);
    let from = |from: &str| telling("ops", |channel| channel.from = Some(from.parse().unwrap()));
    one_way(
        &base,
        &from("60d"),
        &["the channel `ops` joins 60d before the end instead of at the first tier"],
    );
    one_way(&from("60d"), &from("7d"), &["the channel `ops` joins 7d before the end instead of 60d"]);
    one_way(&from("1w"), &from("7d"), &[]);
    let told = |ids: &[CheckId]| telling("ops", |channel| channel.findings = ids.iter().copied().collect());
    one_way(
        &told(&[CheckId::SingleHolder, CheckId::Unowned]),
        &told(&[CheckId::Unowned]),
        &["the channel `ops` is not told of single-holder any more"],
    );
    // Another address, program or kind is looked at by whoever reviews the change.
    one_way(&base, &telling("ops", |channel| channel.kind = ChannelKind::Stdout), &[]);
    // By another name it is still told, and no less.
    one_way(&base, &telling("on-call", |_| {}), &[]);
    assert_eq!(
        losses(&base, &telling("on-call", |channel| channel.from = Some("1d".parse().unwrap()))),
        ["the channel `on-call` joins 1d before the end instead of at the first tier"]
    );
    // The order says nothing.
    let two = |names: [&str; 2]| {
        changed(|policy| policy.channels = names.map(|name| channel(name, |_| {})).to_vec())
    };
    one_way(&two(["a", "b"]), &two(["b", "a"]), &[]);
}

#[test]
fn channels_whose_scope_is_narrowed() {
    let all = scoped(&[]);
    one_way(
        &all,
        &scoped(&["*/prod/**"]),
        &["the channel `ops` is not told of what is not `*/prod/**` any more"],
    );
    one_way(&all, &scoped(&["**"]), &[]);
    one_way(
        &scoped(&["web/**", "db/**"]),
        &scoped(&["web/**"]),
        &["the channel `ops` is not told of `db/**` any more"],
    );
    one_way(
        &scoped(&["web/**"]),
        &scoped(&["web/prod/**"]),
        &["the channel `ops` is not told of `web/**` any more"],
    );
    one_way(&scoped(&["web/**", "web/x"]), &scoped(&["web/**"]), &[]);
}

#[test]
fn silence_that_is_not_noticed() {
    let called = |name: &str| {
        changed(|policy| policy.heartbeat = Some(Heartbeat { url: Setting::Env(name.to_owned()) }))
    };
    one_way(
        &called("H"),
        &policy(),
        &["[heartbeat] is gone: nobody learns that `secrets warn` does not run any more"],
    );
    one_way(&called("H"), &called("I"), &[]);
    let ledger = |change: fn(&mut LedgerRules)| changed(|policy| change(&mut policy.ledger));
    one_way(
        &policy(),
        &ledger(|ledger| ledger.state = LedgerState::None),
        &["the ledger refs/secrets/ledger is not kept any more: which seals were seen is forgotten"],
    );
    told(
        &policy(),
        &ledger(|ledger| ledger.full_ref = "refs/x/y".to_owned()),
        &["the ledger is refs/x/y instead of refs/secrets/ledger: which seals were seen is forgotten"],
    );
    let silent = |after: &str| {
        let after = after.parse().unwrap();
        changed(|policy| policy.ledger.silent_after = Some(after))
    };
    one_way(&silent("48h"), &policy(), &["`silent-after` is gone: it was 48h"]);
    one_way(&silent("48h"), &silent("3d"), &["`silent-after` is 3d instead of 48h"]);
    one_way(&silent("48h"), &silent("2d"), &[]);
}
