use super::super::due_samples::{self, HOSTILE, NOW, timeline};
use super::*;

fn store() -> StoreId {
    "01JB0000000000000000000000".to_owned().try_into().unwrap()
}

fn rendered(timeline: &Timeline, unknowns: &[Unknown]) -> String {
    render(&Feed { name: "secrets, due", store: store(), timeline, unknowns })
}

#[test]
fn a_rich_feed() {
    let unknown = Unknown::new("clusters/b/custody.toml", "clusters/b/custody.toml:3:1: is cut off");
    let feed = rendered(&timeline(due_samples::rich()), &[unknown]);
    assert_eq!(feed.matches("\r\n").count(), feed.matches('\n').count());
    insta::assert_snapshot!(feed.replace("\r\n", "\n"));
}

#[test]
fn nothing_but_the_moment_and_the_store_makes_a_difference() {
    let once = rendered(&timeline(due_samples::rich()), &[]);
    let mut dues = due_samples::rich();
    dues.reverse();
    assert_eq!(rendered(&timeline(dues), &[]), once);
}

#[test]
fn a_new_value_moves_the_event() {
    let event = |date: &str, revised: &str| {
        let mut due = due_samples::due("web/db", due_samples::at(date), &[]);
        due.revised = Some(revised.parse().unwrap());
        let feed = rendered(&timeline(vec![due]), &[]);
        let of = |name: &str| {
            let line = feed.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.to_owned()
        };
        (of("UID:"), of("SEQUENCE:").parse::<u64>().unwrap())
    };
    let (before, after) = (event("2027-01-01", "2026-01-01"), event("2028-01-01", "2026-11-01T00:00:01Z"));
    assert_eq!(before.0, after.0);
    assert!(before.1 < after.1 && after.1 <= 0x7fff_ffff);
    assert_eq!(sequence(Some("2019-01-01".parse().unwrap())), 0);
    assert_eq!(sequence(Some("2200-01-01".parse().unwrap())), 0x7fff_ffff);
}

#[test]
fn hostile_text_adds_no_line_of_its_own() {
    let unknown = Unknown::new(HOSTILE, HOSTILE);
    let feed = rendered(&timeline(due_samples::hostile()), &[unknown]);
    let unfolded = feed.replace("\r\n ", "");
    assert!(!feed.contains(['\u{202e}', '\u{1b}', '\u{0}']));
    assert_eq!(unfolded.matches('\r').count(), unfolded.matches("\r\n").count());
    let count = |line: &str| unfolded.lines().filter(|it| *it == line).count();
    assert_eq!((count("END:VCALENDAR"), count("END:VEVENT"), count("BEGIN:VEVENT")), (1, 2, 2));
    assert!(!unfolded.lines().any(|line| line.starts_with("URL")));
}

#[test]
fn tiers_are_days_before_the_end() {
    for (seconds, trigger) in [(86_400, "-P1D"), (60 * 86_400, "-P60D"), (36 * 3_600, "-PT36H"), (0, "-P0D")]
    {
        assert_eq!(before(seconds), trigger);
    }
    let mut due = due_samples::due("web/db", due_samples::at("2027-03-31"), &[]);
    due.tiers = vec!["1mo".parse().unwrap()];
    let feed = rendered(&timeline(vec![due]), &[]);
    assert!(feed.contains("TRIGGER:-P31D"), "a month before 31 March is 28 February: {feed}");
    assert!(NOW.starts_with("2026-11"));
}

#[test]
fn only_plain_addresses_become_links() {
    for (runbook, is) in [
        ("https://wiki.example.org/a?b=c,d", true),
        ("http://wiki", true),
        ("docs/runbook.md", false),
        ("javascript:alert(1)", false),
        ("https://a\r\nATTACH:x", false),
        ("https://a b", false),
    ] {
        assert_eq!(is_address(runbook), is, "{runbook}");
    }
}
