use std::collections::BTreeMap;

use super::*;
use crate::domain::channel::{ChannelKind, Setting};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::ledger::{Event, Sent};
use crate::domain::notice::dedup_key;
use crate::domain::tracked_name::CredentialName;

mod year;

fn at(text: &str) -> Instant {
    Instant::parse_date_or_instant(text).unwrap()
}

fn run(number: u128) -> RunId {
    RunId::from_parts(at("2026-01-01"), number)
}

fn channel(name: &str, from: Option<&str>) -> Channel {
    Channel {
        name: name.parse().unwrap(),
        kind: ChannelKind::Slack { url: Setting::Env("URL".to_owned()) },
        from: from.map(|from| from.parse().unwrap()),
        scope: Vec::new(),
        findings: BTreeSet::new(),
        line: 1,
    }
}

/// A secret near its end.
fn ending(name: &str, version: &str, end: &str, now: Instant, tiers: &[&str]) -> Standing {
    let end = at(end);
    let topic = Topic::Check(if now < end { CheckId::Expiring } else { CheckId::Expired });
    Standing {
        tiers: tiers.iter().map(|tier| tier.parse().unwrap()).collect(),
        ..found(name, topic, version, Some(end))
    }
}

fn found(name: &str, topic: Topic, cause: &str, expires: Option<Instant>) -> Standing {
    let notice = Notice {
        secret: Some(name.parse().unwrap()),
        topic,
        tier: None,
        expires,
        days_left: None,
        level: Level::Warning,
        message: "found".to_owned(),
        remedy: "secrets check".to_owned(),
        owners: Vec::new(),
        people: Vec::new(),
        issuer: None,
        runbook: None,
        dedup_key: dedup_key(None, topic, name),
        cause: cause.to_owned(),
        since: at("2026-01-01"),
    };
    Standing { notice, tiers: Vec::new() }
}

fn standings(all: Vec<Standing>) -> Standings {
    let named = |standing: &Standing| standing.notice.secret.as_ref().map(|name| name.as_str().to_owned());
    let judged = all.iter().filter(|one| one.notice.topic != Topic::Unchecked).filter_map(named).collect();
    Standings { all, judged, is_whole: true }
}

/// What a run leaves in the ledger that told all of a plan.
fn remember(told: &mut Told, channel: &Channel, plan: &ChannelPlan, by: RunId, now: Instant) {
    for notice in &plan.notices {
        told.absorb(&Event::Sent(Sent {
            run: by,
            at: now,
            channel: channel.name.clone(),
            notice: NoticeId::of(&channel.name, notice),
            dedup_key: notice.dedup_key.clone(),
            secret: notice.secret.as_ref().map(|secret| secret.as_str().to_owned()),
            finding: notice.topic.as_str().to_owned(),
            tier: notice.tier.map(|tier| tier.to_string()),
            expires: notice.expires,
        }));
    }
    for resolved in &plan.resolved {
        let resolved = resolved.clone();
        told.absorb(&Event::Closed { run: by, at: now, channel: channel.name.clone(), resolved });
    }
}

fn tiers_of(plan: &ChannelPlan) -> Vec<String> {
    plan.notices.iter().map(|notice| notice.tier.map(|tier| tier.to_string()).unwrap_or_default()).collect()
}

#[test]
fn around_each_tier_and_the_end() {
    let tiers = ["60d", "30d", "7d"];
    for (now, from, tier) in [
        ("2026-12-31T23:59:59Z", None, None),
        ("2027-01-01T00:00:00Z", None, Some("60d")),
        ("2027-01-30T23:59:59Z", None, Some("60d")),
        ("2027-01-31T00:00:00Z", None, Some("30d")),
        ("2027-03-01T23:59:59Z", None, Some("7d")),
        ("2027-03-02T00:00:00Z", None, Some("0d")),
        ("2027-09-01", None, Some("0d")),
        // Whoever joins later is not told before, and then by the tier that is crossed.
        ("2027-01-30T23:59:59Z", Some("30d"), None),
        ("2027-01-31T00:00:00Z", Some("30d"), Some("30d")),
        ("2027-02-23T00:00:00Z", Some("10d"), Some("7d")),
        ("2027-02-22T23:59:59Z", Some("10d"), None),
        ("2027-03-02T00:00:00Z", Some("1d"), Some("0d")),
    ] {
        let all = standings(vec![ending("web/db", "v1", "2027-03-02", at(now), &tiers)]);
        let plan = all.plan(&channel("ops", from), Some(&Told::default()), run(1), at(now));
        assert_eq!(
            tiers_of(&plan),
            tier.into_iter().map(str::to_owned).collect::<Vec<_>>(),
            "{now} {from:?}"
        );
    }
}

#[test]
fn the_moment_since_when_it_stands_is_that_of_the_tier() {
    let now = at("2027-02-01T12:00:00Z");
    let all = standings(vec![ending("web/db", "v1", "2027-03-02", now, &["7d", "30d", "60d"])]);
    let plan = all.plan(&channel("ops", None), None, run(1), now);
    assert_eq!(plan.standing[0].since, at("2027-01-31"));
    assert_eq!(plan.notices, plan.standing);
}

#[test]
fn one_version_is_told_once_a_tier_and_a_new_end_anew() {
    let (ops, mut told) = (channel("ops", None), Told::default());
    let plan = |told: &Told, version: &str, end: &str, now: &str| {
        let all = standings(vec![ending("web/db", version, end, at(now), &["60d", "7d"])]);
        all.plan(&ops, Some(told), run(2), at(now))
    };
    let first = plan(&told, "v1", "2027-03-02", "2027-01-05");
    assert_eq!(tiers_of(&first), ["60d"]);
    remember(&mut told, &ops, &first, run(1), at("2027-01-05"));
    assert!(plan(&told, "v1", "2027-03-02", "2027-01-06").is_empty());
    assert_eq!(tiers_of(&plan(&told, "v1", "2027-03-02", "2027-02-25")), ["7d"]);
    assert_eq!(tiers_of(&plan(&told, "v1 2027-03-03", "2027-03-03", "2027-01-06")), ["60d"], "another end");
    assert_eq!(tiers_of(&plan(&told, "v2", "2027-03-02", "2027-01-06")), ["60d"], "another version");
    // Another channel was told nothing yet.
    let all = standings(vec![ending("web/db", "v1", "2027-03-02", at("2027-01-06"), &["60d"])]);
    assert_eq!(all.plan(&channel("mail", None), Some(&told), run(2), at("2027-01-06")).notices.len(), 1);
}

#[test]
fn what_is_mended_or_gone_is_closed_once_and_what_is_not_known_is_not() {
    let (ops, now) = (channel("ops", None), at("2027-01-06"));
    let mut told = Told::default();
    let before = standings(vec![
        ending("web/mended", "v1", "2027-02-01", now, &["60d"]),
        ending("web/gone", "v1", "2027-02-01", now, &["60d"]),
        ending("web/doubtful", "v1", "2027-02-01", now, &["60d"]),
        ending("web/still", "v1", "2027-02-01", now, &["60d"]),
    ]);
    let plan = before.plan(&ops, Some(&told), run(1), now);
    remember(&mut told, &ops, &plan, run(1), now);
    let mut after = standings(vec![
        ending("web/still", "v1", "2027-02-01", now, &["60d"]),
        found("web/doubtful", Topic::Unchecked, "can't be read", None),
    ]);
    after.judged.insert("web/mended".to_owned());
    let closed = |standings: &Standings, told: &Told| {
        let plan = standings.plan(&ops, Some(told), run(2), now);
        plan.resolved.iter().map(|one| one.secret.clone().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(closed(&after, &told), ["web/gone", "web/mended"]);
    // While not all is seen, what is not there may be so and not be found.
    after.is_whole = false;
    assert_eq!(closed(&after, &told), ["web/mended"]);
    let plan = after.plan(&ops, Some(&told), run(2), now);
    remember(&mut told, &ops, &plan, run(2), at("2027-01-07"));
    assert!(closed(&after, &told).is_empty());
}

#[test]
fn what_another_run_is_about_to_tell_is_left_to_it() {
    let (ops, now) = (channel("ops", None), at("2027-01-06"));
    let all = standings(vec![ending("web/db", "v1", "2027-02-01", now, &["60d"])]);
    let mut told = Told::default();
    let first = all.plan(&ops, Some(&told), run(1), now);
    told.absorb(&Event::Claim(first.claim(&ops, run(1), now).unwrap()));
    let second = all.plan(&ops, Some(&told), run(2), now);
    assert!(second.is_empty() && second.claim(&ops, run(2), now).is_none());
    assert_eq!(second.left_to_others, 1);
    // Whoever claimed it may have been killed.
    let later = now.checked_add_seconds(CLAIM_SECONDS).unwrap();
    assert_eq!(all.plan(&ops, Some(&told), run(2), later).notices.len(), 1);
}

#[test]
fn what_another_run_is_about_to_close_is_left_to_it() {
    let (ops, now) = (channel("ops", None), at("2027-01-06"));
    let mut told = Told::default();
    let before = ["web/one", "web/two"].map(|name| ending(name, "v1", "2027-02-01", now, &["60d"]));
    let plan = standings(before.to_vec()).plan(&ops, Some(&told), run(1), now);
    remember(&mut told, &ops, &plan, run(1), now);
    let mended = standings(Vec::new());
    let claimed = mended.plan(&ops, Some(&told), run(2), now);
    assert_eq!((claimed.resolved.len(), claimed.left_to_others), (2, 0));
    told.absorb(&Event::Claim(claimed.claim(&ops, run(2), now).unwrap()));
    let other = mended.plan(&ops, Some(&told), run(3), now);
    assert_eq!((other.is_empty(), other.left_to_others), (true, 2));
    // Whoever claimed it goes on with it.
    assert_eq!(mended.plan(&ops, Some(&told), run(2), now).resolved, claimed.resolved);
}

#[test]
fn findings_go_to_who_asked_for_them_and_what_is_unknown_to_everybody() {
    let now = at("2027-01-06");
    let all = standings(vec![
        found("web/prod/db", Topic::Check(CheckId::SingleHolder), "alice", None),
        found("api/key", Topic::Check(CheckId::OverdueRotation), "2025-01-01", None),
        found("api/key", Topic::Unchecked, "can't be read", None),
    ]);
    let told_of = |channel: &Channel| {
        let plan = all.plan(channel, Some(&Told::default()), run(1), now);
        plan.notices.iter().map(|notice| notice.topic.as_str()).collect::<Vec<_>>()
    };
    let mut ops = channel("ops", Some("1d"));
    assert_eq!(told_of(&ops), ["unchecked"]);
    ops.findings = [CheckId::SingleHolder, CheckId::OverdueRotation].into();
    assert_eq!(told_of(&ops), ["unchecked", "overdue-rotation", "single-holder"]);
    ops.scope = vec!["web/**".parse().unwrap()];
    assert_eq!(told_of(&ops), ["unchecked", "single-holder"]);
}

#[test]
fn what_is_not_known_comes_first_and_then_what_ends_first() {
    let now = at("2026-03-01");
    let all = standings(vec![
        found("b", Topic::Check(CheckId::SingleHolder), "x", None),
        ending("a", "v", "2026-03-20", now, &["60d"]),
        ending("z", "v", "2026-03-10", now, &["60d"]),
        found("c", Topic::Unchecked, "x", None),
    ]);
    let slack = Channel { findings: [CheckId::SingleHolder].into(), ..channel("slack", None) };
    let plan = all.plan(&slack, None, run(1), now);
    let names = plan.notices.iter().filter_map(|notice| notice.secret.as_ref());
    assert_eq!(names.map(CredentialName::as_str).collect::<Vec<_>>(), ["c", "z", "a", "b"]);
}
