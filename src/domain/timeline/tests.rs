use super::*;
use crate::domain::due::End;

fn due(name: &str, end: End) -> Due {
    Due {
        name: name.parse().unwrap(),
        end,
        doubt: None,
        tiers: vec!["60d".parse().unwrap(), "7d".parse().unwrap()],
        block_within: "0d".parse().unwrap(),
        owners: Vec::new(),
        people: Vec::new(),
        issuer: None,
        runbook: None,
        version: None,
        revised: None,
    }
}

fn at(date: &str) -> End {
    End::At(date.parse().unwrap())
}

fn timeline(now: &str, ends: &[(&str, End)]) -> Timeline {
    let dues = ends.iter().map(|(name, end)| due(name, end.clone())).collect();
    Timeline::new(now.parse().unwrap(), dues)
}

fn shown<'l>(lane: &'l Lane<'_>) -> &'l str {
    match &lane.common {
        Common::Name(name) => name,
        Common::None => "",
        Common::Unread => "?",
    }
}

fn names<'d>(dues: impl IntoIterator<Item = &'d Due>) -> Vec<&'d str> {
    dues.into_iter().map(|due| due.name.as_str()).collect()
}

#[test]
fn the_most_urgent_comes_first() {
    let never = End::Never("why".to_owned());
    let timeline = timeline(
        "2026-03-01T12:00:00Z",
        &[
            ("never", never),
            ("far", at("2029-01-01")),
            ("later", at("2026-12-01")),
            ("near", at("2026-03-10")),
            ("unsaid", End::Unsaid),
            ("unread", End::Unread("cut off".to_owned())),
            ("expired-later", at("2026-02-20")),
            ("expired", at("2026-02-01")),
            ("today", at("2026-03-01T12:00:01Z")),
        ],
    );
    let order = ["expired", "expired-later", "unread", "unsaid", "today", "near", "later", "far", "never"];
    assert_eq!(names(&timeline.dues), order);
    let tally = Tally { secrets: 9, expired: 2, unknown: 2, expiring: 2, later: 1, beyond: 1, never: 1 };
    assert_eq!(timeline.tally, tally);
    assert!(!timeline.is_whole());
}

#[test]
fn around_the_edges_of_the_year() {
    let timeline = timeline("2026-03-01T12:00:00Z", &[]);
    for (at, spot) in [
        ("2026-02-28T23:59:59Z", Spot::Before),
        ("2026-03-01", Spot::Within(0)),
        ("2026-08-30T12:00:00Z", Spot::Within(5000)),
        ("2027-02-28T23:59:59Z", Spot::Within(9999)),
        ("2027-03-01", Spot::Beyond),
    ] {
        assert_eq!(timeline.spot(at.parse().unwrap()), spot, "{at}");
    }
    let months: Vec<_> = timeline.months.iter().map(|month| (month.name, month.spot)).collect();
    assert_eq!(months.len(), 12);
    assert_eq!((months[0], months[1]), (("Mar", 0), ("Apr", 849)));
    let january = timeline.months.iter().find(|month| month.is_january).unwrap();
    assert_eq!((january.name, january.year), ("Jan", 2027));
}

#[test]
fn years_that_leap_and_the_last_one() {
    for (now, to) in [
        ("2028-02-29T08:00:00Z", "2029-02-28"),
        ("2027-03-01", "2028-03-01"),
        // There is nothing after it to be looked ahead to.
        ("9999-06-01", "9999-06-01"),
    ] {
        assert_eq!(timeline(now, &[]).to, to.parse().unwrap(), "{now}");
    }
    assert_eq!(timeline("9999-06-01", &[("a", at("9999-06-01T00:00:01Z"))]).tally.expiring, 1);
}

#[test]
fn every_end_within_the_year_is_in_one_week() {
    for moment in ["2026-03-01T12:00:00Z", "2027-12-31T23:59:59Z", "2028-02-29"] {
        let empty = timeline(moment, &[]);
        let days = (0..=366).filter_map(|day| empty.from.checked_add_seconds(day * 86_400));
        let ends: Vec<_> = days.map(|day| ("a", End::At(day))).collect();
        let timeline = timeline(moment, &ends);
        let within = timeline.tally.expiring + timeline.tally.later;
        assert_eq!(timeline.weeks.iter().map(|week| week.all()).sum::<usize>(), within, "{moment}");
        let expiring: usize = timeline.weeks.iter().map(|week| week.expiring).sum();
        assert_eq!(expiring, timeline.tally.expiring, "{moment}");
        assert_eq!((timeline.week(0).0, timeline.week(WEEKS - 1).1), (0, WHOLE));
        assert_eq!(timeline.week(1).0, timeline.week(0).1);
    }
}

#[test]
fn scopes_are_folders_below_what_all_have_in_common() {
    let lanes = |names: &[&str]| {
        let ends: Vec<_> = names.iter().map(|name| (*name, at("2026-12-01"))).collect();
        let timeline = timeline("2026-03-01", &ends);
        let mut lanes: Vec<(String, usize)> =
            timeline.scopes().iter().map(|lane| (shown(lane).to_owned(), lane.dues.len())).collect();
        lanes.sort();
        lanes
    };
    let named = |lanes: &[(&str, usize)]| {
        lanes.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<Vec<_>>()
    };
    assert_eq!(lanes(&[]), named(&[]));
    assert_eq!(lanes(&["web/a", "web/b/c", "db/x", "top"]), named(&[("", 1), ("db", 1), ("web", 2)]));
    assert_eq!(lanes(&["web/prod/a", "web/prod/b"]), named(&[("web/prod", 2)]));
    assert_eq!(lanes(&["k/a/x", "k/b/y", "k/b/z"]), named(&[("k/a", 1), ("k/b", 2)]));
    assert_eq!(lanes(&["k/a/x", "k/top"]), named(&[("k", 1), ("k/a", 1)]));
    // A `/` in a pointer makes no folder.
    assert_eq!(lanes(&["k/a/enc.yaml#/hub/x", "k/b/enc.yaml#/hub/y"]), named(&[("k/a", 1), ("k/b", 1)]));
    let many: Vec<String> = (0..30).map(|number| format!("k/f{}/n{number}", number % 3)).collect();
    let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
    many.push("other/x");
    assert_eq!(lanes(&many), named(&[("k/f0", 10), ("k/f1", 10), ("k/f2", 10), ("other", 1)]));
    let wide: Vec<String> = (0..30).map(|number| format!("k/f{number}/n")).collect();
    let mut wide: Vec<&str> = wide.iter().map(String::as_str).collect();
    wide.push("other/x");
    assert_eq!(lanes(&wide), named(&[("k", 30), ("other", 1)]));
}

#[test]
fn lanes_are_as_urgent_as_their_first_secret() {
    let mut dues = vec![
        due("a/later", at("2026-12-01")),
        due("b/expired", at("2026-01-01")),
        due("c/unsaid", End::Unsaid),
        due("c/damaged", End::Unread("cut off".to_owned())),
        due("c/never", End::Never("why".to_owned())),
    ];
    dues[0].owners = vec!["infra".parse().unwrap(), "alice".parse().unwrap(), "infra".parse().unwrap()];
    dues[1].owners = vec!["infra".parse().unwrap()];
    let timeline = Timeline::new("2026-03-01".parse().unwrap(), dues);
    let scopes = timeline.scopes();
    assert_eq!(scopes.iter().map(shown).collect::<Vec<_>>(), ["b", "c", "a"]);
    assert_eq!(names(scopes[1].dues.iter().copied()), ["c/damaged", "c/unsaid", "c/never"]);
    let owners = timeline.owners();
    let owners: Vec<(&str, usize)> = owners.iter().map(|lane| (shown(lane), lane.dues.len())).collect();
    assert_eq!(owners, [("infra", 2), ("?", 1), ("", 2), ("alice", 1)]);
}

#[test]
fn what_is_known_and_where_it_lies() {
    assert!(
        timeline("2026-03-01", &[("a", at("2026-12-01")), ("b", End::Never("why".to_owned()))]).is_whole()
    );
    let clamped = [Spot::Before, Spot::Within(17), Spot::Beyond].map(Spot::clamped);
    assert_eq!(clamped, [0, 17, WHOLE]);
    // Weeks are counted from the day on which the year begins.
    let day = |number: i64| timeline("2026-03-01", &[]).from.checked_add_seconds(number * 86_400).unwrap();
    for (days, week) in [(1, 0), (6, 0), (7, 1), (13, 1), (14, 2), (363, 51), (364, 51)] {
        let weeks = timeline("2026-03-01", &[("a", End::At(day(days)))]).weeks;
        assert_eq!(weeks.iter().position(|week| week.all() > 0), Some(week), "{days}");
    }
}

#[test]
fn around_the_number_that_is_many() {
    let lanes = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("k/f{}/g/n{number}", number % 2)).collect();
        let ends: Vec<_> = names.iter().map(|name| (name.as_str(), at("2026-12-01"))).collect();
        let all: Vec<_> = ends.into_iter().chain([("other/x", at("2026-12-01"))]).collect();
        timeline("2026-03-01", &all).scopes().len()
    };
    assert_eq!((lanes(MANY), lanes(MANY + 1)), (2, 3));
    // Folders that hold many are divided further in their turn.
    let names: Vec<String> =
        (0..60).map(|number| format!("k/f{}/g{}/n{number}", number % 2, number % 4)).collect();
    let ends: Vec<_> = names.iter().map(|name| (name.as_str(), at("2026-12-01"))).collect();
    let timeline =
        timeline("2026-03-01", &ends.into_iter().chain([("other/x", at("2026-12-01"))]).collect::<Vec<_>>());
    let mut shown: Vec<String> = timeline.scopes().iter().map(|lane| shown(lane).to_owned()).collect();
    shown.sort();
    assert_eq!(shown, ["k/f0/g0", "k/f0/g2", "k/f1/g1", "k/f1/g3", "other"]);
}
