//! A year, day by day, with runs that fall out: what people would have been told.

use proptest::prelude::*;

use super::*;

const SECRETS: usize = 200;
const DAYS: i64 = 365;
const TIERS: [&str; 5] = ["60d", "30d", "14d", "7d", "1d"];

/// One secret through the year: it ends, and some days after a notice, or never, somebody sets a new value.
#[derive(Debug, Clone)]
struct Life {
    /// The day on which the first version ends.
    ends: i64,
    /// How many days after the first notice of a version somebody mends it; `None`: nobody does.
    mended_after: Option<i64>,
}

fn life() -> impl Strategy<Value = Life> {
    (1..DAYS, prop::option::weighted(0.8, 0..70_i64))
        .prop_map(|(ends, mended_after)| Life { ends, mended_after })
}

fn day(number: i64) -> Instant {
    at("2026-01-01").checked_add_seconds(number * 86_400 + 43_200).unwrap()
}

fn end_text(number: i64) -> String {
    at("2026-01-01").checked_add_seconds(number * 86_400).unwrap().to_string()
}

#[derive(Debug, Clone)]
struct Heard {
    on: i64,
    secret: String,
    version: u32,
    tier: String,
}

/// What every channel heard in that year, and which alerts it was told to be over.
#[derive(Default)]
struct Diary {
    heard: BTreeMap<String, Vec<Heard>>,
    closed: BTreeMap<String, Vec<(i64, String)>>,
    /// When a version ended to count, by secret: a new value was set.
    mended: BTreeMap<(String, u32), i64>,
}

fn live(lives: &[Life], runs: &[bool], channels: &[Channel]) -> Diary {
    let (mut diary, mut told) = (Diary::default(), Told::default());
    let mut versions: Vec<(u32, i64, Option<i64>)> = lives.iter().map(|life| (1, life.ends, None)).collect();
    for today in 0..DAYS {
        for ((version, ends, mend_on), (life, number)) in versions.iter_mut().zip(lives.iter().zip(0..)) {
            if mend_on.is_some_and(|mend_on: i64| today >= mend_on) {
                diary.mended.insert((format!("s{number}"), *version), today);
                (*version, *ends, *mend_on) = (*version + 1, today + 365, None);
            }
            let _ = life;
        }
        if !runs[usize::try_from(today).unwrap()] {
            continue;
        }
        let now = day(today);
        let near = versions.iter().zip(0..).filter(|((_, ends, _), _)| today >= ends - 60);
        let all = near
            .map(|((version, ends, _), number)| {
                ending(&format!("s{number}"), &format!("v{version}"), &end_text(*ends), now, &TIERS)
            })
            .collect();
        let mut standings = standings(all);
        standings.judged = (0..lives.len()).map(|number| format!("s{number}")).collect();
        let by = run(u128::try_from(today).unwrap());
        for channel in channels {
            let plan = standings.plan(channel, Some(&told), by, now);
            for notice in &plan.notices {
                let secret = notice.secret.as_ref().unwrap().to_string();
                let number: usize = secret[1..].parse().unwrap();
                let (version, _, mend_on) = &mut versions[number];
                if mend_on.is_none() {
                    *mend_on = lives[number].mended_after.map(|days| today + 1 + days);
                }
                let tier = notice.tier.unwrap().to_string();
                let heard = Heard { on: today, secret, version: *version, tier };
                diary.heard.entry(channel.name.to_string()).or_default().push(heard);
            }
            let closed = plan.resolved.iter().map(|one| (today, one.secret.clone().unwrap()));
            diary.closed.entry(channel.name.to_string()).or_default().extend(closed);
            remember(&mut told, channel, &plan, by, now);
        }
    }
    diary
}

/// The tier in force on a day for a channel that joins at `from` days.
fn tier_on(today: i64, ends: i64, from: i64) -> Option<String> {
    if today >= ends {
        return Some("0d".to_owned());
    }
    let days = [60, 30, 14, 7, 1];
    let crossed = days.into_iter().filter(|tier| *tier <= from && today >= ends - tier);
    crossed.min().map(|tier| format!("{tier}d"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_told_twice_or_too_late_and_what_is_mended_is_closed(
        lives in prop::collection::vec(life(), SECRETS),
        runs in prop::collection::vec(prop::bool::weighted(0.7), usize::try_from(DAYS).unwrap()),
    ) {
        let channels = [channel("slack", Some("60d")), channel("mail", Some("14d")), channel("pager", Some("1d"))];
        let diary = live(&lives, &runs, &channels);
        let ran = |on: i64| runs[usize::try_from(on).unwrap()];
        for (name, from) in [("slack", 60), ("mail", 14), ("pager", 1)] {
            let none = Vec::new();
            let heard = diary.heard.get(name).unwrap_or(&none);
            let mut once = BTreeSet::new();
            for one in heard {
                prop_assert!(once.insert((&one.secret, one.version, &one.tier)), "{name} was told twice: {one:?}");
            }
            for (number, life) in lives.iter().enumerate() {
                let secret = format!("s{number}");
                let mended = diary.mended.get(&(secret.clone(), 1)).copied().unwrap_or(DAYS);
                // Told on each day that a run saw another tier in force, and on no other.
                let mut expected = Vec::new();
                for today in (0..mended.min(DAYS)).filter(|today| ran(*today)) {
                    if let Some(tier) = tier_on(today, life.ends, from)
                        && expected.last().is_none_or(|(_, last)| *last != tier)
                    {
                        expected.push((today, tier));
                    }
                }
                let told: Vec<(i64, String)> = heard
                    .iter()
                    .filter(|one| one.secret == secret && one.version == 1)
                    .map(|one| (one.on, one.tier.clone()))
                    .collect();
                prop_assert_eq!(&told, &expected, "{} {} {:?}", name, secret, life);
                // The first run after it was mended closes it, once.
                let closed: Vec<i64> = (diary.closed.get(name).into_iter().flatten())
                    .filter(|(_, closed)| *closed == secret)
                    .map(|(on, _)| *on)
                    .collect();
                let first_after = (mended..DAYS).find(|today| ran(*today));
                let is_due = !told.is_empty() && mended < DAYS;
                let expected: Vec<i64> = first_after.filter(|_| is_due).into_iter().collect();
                prop_assert_eq!(closed.get(..closed.len().min(1)).unwrap(), &expected[..], "{} {}", name, secret);
            }
        }
    }
}
