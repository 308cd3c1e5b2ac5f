use proptest::prelude::*;

use super::*;
use crate::domain::channel::ChannelName;
use crate::domain::id::RunId;
use crate::domain::ledger::{Claim, RunEnd, RunOutcome, Sent};
use crate::domain::notice::{NoticeId, Resolved};
use crate::domain::time::Instant;

fn seal(secret: &str, number: u64, seal: u64, of: &str) -> String {
    let digest = Digest::of(of.as_bytes());
    format!(
        r#"{{"v":1,"event":"seal","secret":"{secret}","number":{number},"seal":{seal},"digest":"{digest}"}}"#
    )
}

#[test]
fn the_highest_seal_wins_wherever_it_stands() {
    let lines = [
        seal("a", 1, 100, "a1"),
        seal("a", 3, 300, "a3"),
        seal("a", 2, 200, "a2"),
        String::new(),
        r#"{"v":7,"event":"notice","secret":5,"more":{"x":[null]}}"#.to_owned(),
        seal("b", 1, 50, "b1"),
        seal("b", 1, 50, "b1 of another branch"),
        // Removed and added anew: the number may be lower, the seal is not.
        seal("b/c", 9, 10, "old"),
        seal("b/c", 1, 11, "new"),
    ];
    for ending in ["\n", "\r\n"] {
        let ledger = Ledger::parse(lines.join(ending).as_bytes());
        assert_eq!(ledger.faults(), []);
        let newest = |name: &str| ledger.newest(&name.parse().unwrap()).cloned();
        let a = newest("a").unwrap();
        assert_eq!((a.order, a.digests.len()), (VersionOrder { number: 3, seal: 300 }, 1));
        assert!(a.digests.contains(&Digest::of(b"a3")));
        assert_eq!(newest("b").unwrap().digests.len(), 2);
        assert_eq!(newest("b/c").unwrap().order, VersionOrder { number: 1, seal: 11 });
        assert_eq!(newest("c"), None);
    }
    assert_eq!(Ledger::parse(b""), Ledger::default());
}

#[test]
fn lines_that_cannot_be_read_are_named() {
    let good = seal("a", 1, 100, "a1");
    let other = seal("other", 1, 100, "o");
    let digest = Digest::of(b"x");
    for bad in [
        "no JSON".to_owned(),
        "5".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"v":1}"#.to_owned(),
        r#"{"v":-1,"event":"seal"}"#.to_owned(),
        good.replace(r#""number":1"#, r#""number":"1""#),
        good.replace(r#""seal":100"#, r#""seal":1.5"#),
        good.replace(r#""secret":"a""#, r#""secret":"../a""#),
        good.replace(r#""secret":"a""#, r#""secret":"a","secret":"b""#),
        good.replace("sha256:", "md5:"),
        format!(r#"{{"v":1,"event":"seal","digest":"{digest}"}}"#),
        good.get(..good.len() - 1).unwrap().to_owned(),
        "[".repeat(100_000),
    ] {
        let ledger = Ledger::parse(format!("{other}\n\n{bad}\n{good}\n").as_bytes());
        let [fault] = ledger.faults() else { panic!("{bad:.80}: {:?}", ledger.faults()) };
        assert!(matches!(fault, LedgerError::NoEvent { line: 3, .. }), "{bad:.80}: {fault}");
        assert!(fault.to_string().starts_with("ledger.jsonl:3: "), "{fault}");
        // What stands around it is read.
        assert!(ledger.newest(&"a".parse().unwrap()).is_some());
        assert!(ledger.newest(&"other".parse().unwrap()).is_some());
    }
    let newer = good.replace(r#""v":1"#, r#""v":2"#);
    let ledger = Ledger::parse(newer.as_bytes());
    assert_eq!(ledger.faults(), [LedgerError::NewerVersion { line: 1, found: 2 }]);
    assert_eq!(Ledger::parse(b"{\"v\":1,\"event\":\"\xff\"}").unread(), 1);
    let many = Ledger::parse("no\n".repeat(1000).as_bytes());
    assert_eq!((many.faults().len(), many.unread()), (MOST_FAULTS, 1000));
    let hostile = r#"{"v":1,"event":"run","run":"\u001b[31m\u202e","at":"x","outcome":"y","told":1}"#;
    let fault = Ledger::parse(hostile.as_bytes()).faults()[0].to_string();
    assert!(!fault.contains(['\u{1b}', '\u{202e}']) && fault.contains("ledger mend"), "{fault}");
}

#[test]
fn one_that_is_too_large_is_refused() {
    let good = seal("a", 1, 1, "a");
    let within = |most| Ledger::within(most, good.as_bytes());
    assert_eq!(within(good.len() - 1).faults(), [LedgerError::TooLarge]);
    assert_eq!(within(good.len() - 1).newest(&"a".parse().unwrap()), None);
    assert_eq!(within(good.len()).faults(), []);
}

fn moment() -> impl Strategy<Value = Instant> {
    (0_i64..4_000_000_000).prop_map(|seconds| {
        Instant::parse_rfc3339("1970-01-01T00:00:00Z").unwrap().checked_add_seconds(seconds).unwrap()
    })
}

fn run_id() -> impl Strategy<Value = RunId> {
    (moment(), any::<u128>()).prop_map(|(at, random)| RunId::from_parts(at, random))
}

fn channel() -> impl Strategy<Value = ChannelName> {
    "[A-Za-z0-9][A-Za-z0-9._-]{0,20}".prop_map(|text| text.parse().unwrap())
}

fn notice() -> impl Strategy<Value = NoticeId> {
    "[0-9a-f]{32}".prop_map(|text| NoticeId::parse(&text).unwrap())
}

fn event() -> impl Strategy<Value = Event> {
    let maybe = || proptest::option::of(any::<String>());
    let seal = ("[a-z]{1,5}(/[a-z]{1,5}){0,2}", any::<u64>(), any::<u64>(), any::<[u8; 32]>()).prop_map(
        |(secret, number, seal, digest)| Event::Seal {
            secret: secret.parse().unwrap(),
            number,
            seal,
            digest: Digest::from_bytes(digest),
        },
    );
    let notices = proptest::collection::btree_set(notice(), 0..3);
    let closing = proptest::collection::btree_set(any::<String>(), 0..3);
    let claim = (run_id(), moment(), moment(), channel(), notices, closing).prop_map(
        |(run, at, until, channel, notices, closing)| {
            Event::Claim(Claim { run, at, until, channel, notices, closing })
        },
    );
    let released = (run_id(), moment(), channel(), any::<String>())
        .prop_map(|(run, at, channel, why)| Event::Released { run, at, channel, why });
    let subject = (any::<String>(), maybe(), any::<String>(), maybe(), proptest::option::of(moment()));
    let sent = (run_id(), moment(), channel(), notice(), subject).prop_map(
        |(run, at, channel, notice, (dedup_key, secret, finding, tier, expires))| {
            Event::Sent(Sent { run, at, channel, notice, dedup_key, secret, finding, tier, expires })
        },
    );
    let closed = (run_id(), moment(), channel(), any::<String>(), maybe()).prop_map(
        |(run, at, channel, dedup_key, secret)| Event::Closed {
            run,
            at,
            channel,
            resolved: Resolved { secret, dedup_key },
        },
    );
    let outcome = prop_oneof![Just(RunOutcome::Delivered), Just(RunOutcome::Failed)];
    let run = (run_id(), moment(), outcome, any::<u64>())
        .prop_map(|(run, at, outcome, told)| Event::Run(RunEnd { run, at, outcome, told }));
    prop_oneof![seal, claim, released, sent, closed, run]
}

/// Few different lines, so that two ledgers share some.
fn ledger_bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec("[ab]{0,2}\r?", 0..8).prop_map(|lines| lines.join("\n").into_bytes())
}

fn set(bytes: &[u8]) -> BTreeSet<&[u8]> {
    lines(bytes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn events_are_read_back_as_they_were(all in proptest::collection::vec(event(), 0..6)) {
        let text = appended(b"", &all);
        prop_assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), all.len());
        prop_assert!(!String::from_utf8(text.clone()).unwrap().contains("null"));
        let ledger = Ledger::parse(&text);
        prop_assert_eq!(ledger.faults(), &[]);
        prop_assert_eq!(events(&text).collect::<Vec<_>>(), all);
    }

    #[test]
    fn keys_that_nobody_knows_change_nothing(event in event()) {
        let text = line(&event).replacen('{', r#"{"later":{"x":[1]},"#, 1);
        prop_assert_eq!(events(text.as_bytes()).collect::<Vec<_>>(), vec![event]);
    }

    #[test]
    fn a_union_has_all_lines_each_once(a in ledger_bytes(), b in ledger_bytes(), c in ledger_bytes()) {
        let both = union(&a, &b);
        prop_assert_eq!(set(&both), &set(&a) | &set(&b));
        prop_assert_eq!(count(&both), set(&both).len());
        prop_assert_eq!(&union(&both, &b), &both);
        prop_assert_eq!(&union(&both, &a), &both);
        prop_assert!(both.starts_with(&union(&a, b"")));
        let other = union(&b, &a);
        prop_assert_eq!(set(&other), set(&both));
        prop_assert_eq!(union(&union(&a, &b), &c), union(&a, &union(&b, &c)));
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..500), all in proptest::collection::vec(event(), 1..3)) {
        // Whatever stands before them, what is appended is read.
        let text = appended(&bytes, &all);
        prop_assert!(text.starts_with(&bytes));
        let found: Vec<Event> = events(&text).collect();
        prop_assert!(found.ends_with(&all));
        let (mended_text, broken) = mended(&text);
        prop_assert_eq!(Ledger::parse(&mended_text).faults().iter().filter(|f| matches!(f, LedgerError::NoEvent { .. })).count(), 0);
        prop_assert_eq!(count(&mended_text) + broken, count(&text));
    }
}

#[test]
fn what_was_lost_and_what_was_taken_out() {
    let [a, b] = ["a", "b"].map(|name| seal(name, 1, 1, name) + "\n");
    let before = format!("{a}no event\n{b}");
    assert_eq!(lost(before.as_bytes(), b.as_bytes()), a.as_bytes());
    assert!(lost(before.as_bytes(), format!("{b}\r\n{a}").as_bytes()).is_empty());
    let newer = r#"{"v":2,"event":"seal"}"#;
    let (text, broken) = mended(format!("{before}{newer}").as_bytes());
    assert_eq!((text, broken), (format!("{a}{b}{newer}\n").into_bytes(), 1));
}
