//! The matrix, as `secrets custody --format html` has it.

use crate::domain::matrix::{Matrix, Standing};
use crate::render::custody::html;
use crate::render::markup::Markup;

/// How many secrets have a row; those at risk come first.
const MOST_ROWS: usize = 400;

pub(super) fn write(page: &mut Markup, matrix: &Matrix) {
    page.tag("<p>");
    page.tag(if matrix.source.proving {
        "Values were opened with the identities at hand, and their readers recomputed from them."
    } else {
        "No value was opened: what is plausible here, <code>secrets report --html --prove</code> proves."
    });
    let risks: Vec<String> = [
        (Standing::Nobody, "held by nobody"),
        (Standing::Alone, "held by one person alone"),
        (Standing::TooFew, "held by too few"),
        (Standing::Unknown, "unknown"),
    ]
    .iter()
    .map(|(standing, words)| (matrix.summary.of(*standing), words))
    .filter(|(count, _)| *count > 0)
    .map(|(count, words)| format!("{count} {words}"))
    .collect();
    if !risks.is_empty() {
        page.tag(" Of ").text(&matrix.summary.secrets.to_string()).tag(": ");
        page.text(&risks.join(", ")).tag(".");
    }
    page.tag("</p>\n");
    html::part(page, matrix, MOST_ROWS);
}
