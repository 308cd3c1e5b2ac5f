use super::super::samples::{self, HOSTILE};
use super::*;
use crate::render::page::hash_of;

#[test]
fn a_rich_page() {
    // The page's own style, script and shapes stand in files of their own.
    let page = render(&samples::rich());
    let page = page.replace(STYLE, "…").replace(SCRIPT, "…").replace(SHAPES, "…\n");
    let page = page.replace(&escaped(&hash_of(STYLE)), "STYLE").replace(&escaped(&hash_of(SCRIPT)), "SCRIPT");
    insta::assert_snapshot!(page);
}

fn escaped(text: &str) -> String {
    text.replace('\'', "&#39;")
}

#[test]
fn the_same_matrix_gives_the_same_bytes() {
    assert_eq!(render(&samples::rich()), render(&samples::rich()));
}

#[test]
fn the_page_allows_just_its_own_style_and_script() {
    let page = render(&samples::calm());
    for (name, text) in [("style", STYLE), ("script", SCRIPT)] {
        assert!(page.contains(&format!("<{name}>{text}</{name}>")), "{name}");
        assert!(page.contains(&escaped(&format!("{name}-src {}", hash_of(text)))), "{name}");
        // Windows line ends would be read as LF, and the hash would not fit.
        assert!(!text.contains('\r') && !text.contains("</"), "{name}");
    }
    assert!(page.contains(&escaped("default-src 'none'")));
    // Whatever a style attribute said would be refused.
    assert!(!page.contains(" style="));
    for outside in ["http://", "https://", "url(", "@import", "src="] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn hostile_text_stays_text() {
    let page = render(&samples::hostile());
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</script").count(), 1);
    assert!(!page.contains(HOSTILE));
    assert!(!page.contains(['\u{202e}', '\u{1b}', '\u{0}']));
    let told = "&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onload=x \\u{202e}\\u{1b}[2J\\u{0}\\n&amp;amp;";
    // Store, title, commit (whose short form is cut off), four contacts, doubt, not opened, and twice the unknown.
    assert!(page.matches(told).count() >= 8, "{}", page.matches(told).count());
}

#[test]
fn every_cell_is_there_in_a_large_one() {
    let matrix = samples::large(40, 300);
    let page = render(&matrix);
    let rows = page.lines().filter(|line| line.contains("<th scope=\"row\">hub-"));
    let cells: Vec<usize> = rows.map(|line| line.matches("<td").count()).collect();
    let columns = matrix.columns.iter().filter(|column| !column.is_empty()).count();
    assert_eq!(cells, vec![columns + 1; 300]);
}
