//! The matrix as one page that needs nothing else: no request leaves it, and nothing but its own script can run.
//!
//! The table is whole without the script, which only filters and sorts. Written by hand: a template engine would be
//! a dependency more, and [`Markup`](super::markup::Markup) lets no text become markup by mistake.

mod aside;
mod table;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::markup::Markup;
use crate::domain::matrix::{Grade, Holding, Matrix, Standing};

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");
/// The signs as shapes: fonts draw such characters differently, and printers leave out backgrounds.
const SHAPES: &str = include_str!("html/shapes.svg");

/// Renders the page. The same matrix gives the same bytes.
pub fn render(matrix: &Matrix) -> String {
    let mut page = Markup::default();
    head(&mut page, matrix);
    page.tag("<body>\n").tag(SHAPES);
    title(&mut page, matrix);
    page.tag("<main>\n");
    cards(&mut page, matrix);
    legend(&mut page, matrix);
    table::write(&mut page, matrix);
    aside::unknowns(&mut page, matrix);
    aside::doubts(&mut page, matrix);
    aside::actors(&mut page, matrix);
    page.tag("</main>\n<script>").tag(SCRIPT).tag("</script>\n</body>\n</html>\n");
    page.into_text()
}

/// The source expression by which a policy names just this text.
fn hash_of(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

fn head(page: &mut Markup, matrix: &Matrix) {
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash_of(STYLE),
        hash_of(SCRIPT)
    );
    page.tag("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.tag("<meta http-equiv=\"Content-Security-Policy\" content=\"").text(&policy).tag("\">\n");
    page.tag(
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"robots\" content=\"noindex\">\n\
         <link rel=\"icon\" href=\"data:,\">\n",
    );
    page.tag("<title>Custody of ").text(&matrix.source.store).tag("</title>\n<style>").tag(STYLE);
    page.tag("</style>\n</head>\n");
}

fn title(page: &mut Markup, matrix: &Matrix) {
    let source = &matrix.source;
    page.tag("<header>\n<h1>Who holds what</h1>\n<p class=\"source\"><code>").text(&source.store);
    page.tag("/</code> as of <time>").text(&source.at.to_string()).tag("</time>");
    if let Some(commit) = &source.commit {
        let short: String = commit.chars().take(12).collect();
        page.tag(" at commit <code title=\"").text(commit).tag("\">").text(&short).tag("</code>");
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
    let mut card = |class: &'static str, number: &str, what: &str| {
        page.tag("<li class=\"")
            .tag(class)
            .tag("\"><strong>")
            .text(number)
            .tag("</strong> <span>")
            .text(what);
        page.tag("</span></li>\n");
    };
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
    page.tag("<section aria-labelledby=\"legend\">\n<h2 id=\"legend\">What the signs mean</h2>\n<dl class=\"legend\">\n");
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
    page.tag("</section>\n");
}

#[cfg(test)]
mod tests;
