//! The matrix as one page that needs nothing else: no request leaves it, and nothing but its own script can run.
//!
//! The table is whole without the script, which only filters and sorts. Written by hand: a template engine would be
//! a dependency more, and [`Markup`](super::markup::Markup) lets no text become markup by mistake.

mod aside;
mod table;

use super::super::markup::Markup;
use super::super::page::{self, Head};
use crate::domain::matrix::{Grade, Holding, Matrix, Standing};

const STYLE: &str = concat!(
    include_str!("../page/base.css"),
    include_str!("html/matrix.css"),
    include_str!("html/controls.css")
);
const SCRIPT: &str = include_str!("html/page.js");
/// The signs as shapes: fonts draw such characters differently, and printers leave out backgrounds.
pub(in crate::render) const SHAPES: &str = include_str!("html/shapes.svg");

/// Renders the page. The same matrix gives the same bytes.
pub fn render(matrix: &Matrix) -> String {
    let mut page = Markup::default();
    let name = format!("Custody of {}", matrix.source.store);
    Head { title: &name, style: STYLE, script: Some(SCRIPT) }.write(&mut page);
    page.tag(SHAPES);
    title(&mut page, matrix);
    page.tag("<main>\n");
    cards(&mut page, matrix);
    legend(&mut page, matrix);
    heading(&mut page);
    table::controls(&mut page);
    table::write(&mut page, matrix, usize::MAX);
    page.tag("</section>\n");
    beside(&mut page, matrix);
    page.tag("</main>\n<script>").tag(SCRIPT).tag("</script>\n</body>\n</html>\n");
    page.into_text()
}

fn heading(page: &mut Markup) {
    page.tag("<section aria-labelledby=\"matrix\">\n<h2 id=\"matrix\">People and secrets</h2>\n");
}

/// What is not known, what does not fit, and what each actor comes to.
fn beside(page: &mut Markup, matrix: &Matrix) {
    aside::unknowns(page, matrix);
    aside::doubts(page, matrix);
    aside::actors(page, matrix);
}

/// The matrix within another page, which brings the [`SHAPES`] along: at most so many rows, and what of them is not
/// known or does not fit.
pub(in crate::render) fn part(page: &mut Markup, matrix: &Matrix, most_rows: usize) {
    table::write(page, matrix, most_rows);
    signs(page, matrix);
    beside(page, matrix);
}

fn title(page: &mut Markup, matrix: &Matrix) {
    let source = &matrix.source;
    page.tag("<header>\n<h1>Who holds what</h1>\n<p class=\"source\"><code>").text(&source.store);
    page.tag("/</code> as of <time>").text(&source.at.to_string()).tag("</time>");
    if let Some(commit) = &source.commit {
        page.tag(" at commit ");
        page::commit(page, commit);
    }
    page.tag("</p>\n<p>");
    page.tag(if source.proving {
        "Values were opened with the identities at hand, and their readers recomputed from them."
    } else {
        "No value was opened: what is plausible here, <code>secrets custody --prove</code> proves."
    });
    page.tag(" No value of a secret is in this page.</p>\n</header>\n");
}

fn cards(page: &mut Markup, matrix: &Matrix) {
    let summary = &matrix.summary;
    page.tag("<ul class=\"cards\">\n");
    let mut card = |class, number: &str, what: &str| page::card(page, class, number, what);
    card("", &summary.secrets.to_string(), if summary.secrets == 1 { "secret" } else { "secrets" });
    card("", &summary.people.to_string(), if summary.people == 1 { "person" } else { "people" });
    let alone = summary.of(Standing::Alone);
    card(if alone == 0 { "good" } else { "bad" }, &alone.to_string(), "held by one person alone");
    for (standing, class, what) in [
        (Standing::Nobody, "bad", "held by nobody"),
        (Standing::TooFew, "warning", "held by too few"),
        (Standing::Unknown, "warning", "unknown"),
    ] {
        if summary.of(standing) > 0 {
            card(class, &summary.of(standing).to_string(), what);
        }
    }
    let grade = if matrix.source.proving { Grade::Proved } else { Grade::Plausible };
    let graded = summary.graded(grade);
    let class = if matrix.source.proving && graded == summary.secrets && graded > 0 { "good" } else { "" };
    card(class, &format!("{graded} of {}", summary.secrets), grade.as_str());
    page.tag("</ul>\n");
}

/// A sign for eyes, a word for ears.
fn sign(page: &mut Markup, holding: Holding) {
    let word = holding.as_str();
    page.tag("<svg aria-hidden=\"true\"><use href=\"#").tag(word).tag("\"/></svg>");
}

fn legend(page: &mut Markup, matrix: &Matrix) {
    page.tag("<section aria-labelledby=\"legend\">\n<h2 id=\"legend\">What the signs mean</h2>\n");
    signs(page, matrix);
    page.tag("</section>\n");
}

fn signs(page: &mut Markup, matrix: &Matrix) {
    page.tag("<dl class=\"legend\">\n");
    for holding in Holding::ALL {
        page.tag("<div><dt class=\"").tag(holding.as_str()).tag("\">");
        sign(page, holding);
        page.tag(" ").tag(holding.as_str()).tag("</dt><dd>").tag(holding.meaning()).tag("</dd></div>\n");
    }
    page.tag("</dl>\n");
    let has_shared = matrix.rows.iter().any(|row| row.cells.values().any(|cell| !cell.through.is_empty()));
    if has_shared {
        page.tag("<p>A <sup>*</sup> marks who holds it through a shared key, one key that stands for several people.</p>\n");
    }
}

#[cfg(test)]
mod tests;
