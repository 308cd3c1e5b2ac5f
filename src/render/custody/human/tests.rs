use super::super::samples;
use super::*;

fn plain(width: usize) -> Style {
    Style { color: false, width: Some(width) }
}

#[test]
fn a_rich_matrix() {
    insta::assert_snapshot!(render(&samples::rich(), plain(80), Signs::UNICODE));
}

#[test]
fn a_rich_matrix_in_a_narrow_window() {
    insta::assert_snapshot!(render(&samples::rich(), plain(60), Signs::UNICODE));
}

#[test]
fn a_rich_matrix_in_a_wide_window_in_colour() {
    insta::assert_snapshot!(render(
        &samples::rich(),
        Style { color: true, width: Some(120) },
        Signs::UNICODE
    ));
}

#[test]
fn a_rich_matrix_on_a_terminal_that_only_prints() {
    let text = render(&samples::rich(), plain(80), Signs::ASCII);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn all_is_well() {
    insta::assert_snapshot!(render(&samples::calm(), plain(80), Signs::UNICODE));
}

#[test]
fn what_is_in_doubt_is_not_called_well() {
    let well = "every secret is held by as many people as policy asks for";
    assert!(render(&samples::calm(), plain(80), Signs::UNICODE).contains(well));
    let mut doubted = samples::calm();
    doubted.rows[0].doubts = vec!["edited".to_owned()];
    assert!(!render(&doubted, plain(80), Signs::UNICODE).contains(well));
    let mut unopened = samples::calm();
    unopened.rows[0].unopened = Some("none of your identities opens it".to_owned());
    assert!(!render(&unopened, plain(80), Signs::UNICODE).contains(well));
}

#[test]
fn many_people_are_listed() {
    insta::assert_snapshot!(render(&samples::large(40, 12), plain(80), Signs::UNICODE));
}

#[test]
fn no_line_is_wider_than_the_window() {
    for matrix in [samples::rich(), samples::calm(), samples::large(40, 300), samples::large(9, 20)] {
        for width in [60, 72, 80, 100, 120, 200] {
            let text = render(&matrix, plain(width), Signs::UNICODE);
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }
}

#[test]
fn colours_change_nothing_else() {
    for matrix in [samples::rich(), samples::large(40, 30)] {
        let coloured = render(&matrix, Style { color: true, width: Some(80) }, Signs::UNICODE);
        let plain = render(&matrix, plain(80), Signs::UNICODE);
        let stripped: String = anstream::adapter::strip_str(&coloured).to_string();
        let trimmed: Vec<&str> = stripped.lines().map(str::trim_end).collect();
        assert_eq!(trimmed, plain.lines().collect::<Vec<_>>());
    }
}

#[test]
fn nothing_hostile_reaches_the_terminal() {
    let text = render(&samples::hostile(), plain(80), Signs::UNICODE);
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{0}']), "{text}");
}
