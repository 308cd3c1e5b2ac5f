use super::super::due_samples::{self, HOSTILE, at, due, timeline};
use super::*;

fn plain(width: usize) -> Style {
    Style { color: false, width: Some(width) }
}

#[test]
fn a_rich_year() {
    insta::assert_snapshot!(render(&timeline(due_samples::rich()), plain(100), Marks::UNICODE));
}

#[test]
fn a_rich_year_in_ascii_and_a_narrow_window() {
    let text = render(&timeline(due_samples::rich()), plain(40), Marks::ASCII);
    assert!(text.is_ascii());
    insta::assert_snapshot!(text);
}

#[test]
fn a_rich_year_in_a_wide_window_in_colour() {
    let style = Style { color: true, width: Some(160) };
    let text = render(&timeline(due_samples::rich()), style, Marks::UNICODE);
    insta::assert_snapshot!(text);
    let stripped = anstream::adapter::strip_str(&text).to_string();
    assert_eq!(stripped, render(&timeline(due_samples::rich()), plain(160), Marks::UNICODE));
}

#[test]
fn no_line_is_wider_than_the_window() {
    // What doubts a date stands behind it, and may go beyond.
    let mut dues = due_samples::rich();
    for due in &mut dues {
        due.doubt = None;
    }
    dues.extend(due_samples::large(300));
    for width in 40..=220 {
        let text = render(&timeline(dues.clone()), plain(width), Marks::UNICODE);
        for line in text.lines().take(dues.len() + 2) {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
        let rows = text.lines().skip(2).take_while(|line| !line.is_empty());
        assert_eq!(rows.count(), dues.len(), "{width}");
    }
}

#[test]
fn the_mark_stands_where_the_date_is() {
    let dues = vec![
        due("a/first-day-of-next", at("2026-12-01"), &[]),
        due("b/july", at("2027-07-01"), &[]),
        due("c/last-day", at("2027-11-25"), &[]),
        due("d/one-year", at("2027-11-26"), &[]),
        due("e/yesterday", at("2026-11-25"), &[]),
        due("f/an-hour-ago", at("2026-11-26T07:30:00Z"), &[]),
    ];
    let text = render(&timeline(dues), plain(120), Marks::UNICODE);
    let months = text.lines().nth(1).unwrap();
    let column = |line: &str, sign: &str| line.find(sign).map(|at| line[..at].chars().count());
    let row = |name: &str| text.lines().find(|line| line.contains(name)).unwrap();
    assert_eq!(column(row("first-day"), "●"), column(months, "Dec"));
    assert_eq!(column(row("july"), "●"), column(months, "Jul"));
    assert!(column(row("last-day"), "●") > column(months, "Nov"));
    assert!(row("one-year").contains('▶') && !row("one-year").contains('●'));
    assert_eq!(column(row("yesterday"), "◀"), column(row("an-hour-ago"), "◀"));
    assert!(row("an-hour-ago").ends_with("-1d"));
}

#[test]
fn hostile_text_stays_text() {
    let text = render(&timeline(due_samples::hostile()), plain(200), Marks::UNICODE);
    assert!(!text.contains(HOSTILE) && !text.contains(['\u{202e}', '\u{1b}', '\u{0}', '\r']));
    assert_eq!(text.lines().count(), 8, "{text}");
}

#[test]
fn names_are_cut_at_their_beginning() {
    assert_eq!(ending("abc", 3, "…"), "abc");
    assert_eq!(ending("abcd", 3, "…"), "…cd");
    assert_eq!(beginning("abcd", 3, "…"), "ab…");
}
