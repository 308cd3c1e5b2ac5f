//! The report as pictures, on one page that needs nothing else: verdict, the year ahead, findings, custody.
//!
//! It is whole without a script, and has none. How much is on it is bounded; what is left out is said, and where it is.

mod custody;
mod findings;
mod lanes;
mod verdict;
mod year;

use super::custody::html::SHAPES;
use super::markup::Markup;
use super::page::Head;
use crate::domain::finding::Known;
use crate::domain::matrix::Matrix;
use crate::domain::report::Report;
use crate::domain::timeline::Timeline;

const STYLE: &str = concat!(
    include_str!("page/base.css"),
    include_str!("custody/html/matrix.css"),
    include_str!("report/report.css"),
    include_str!("report/year.css")
);

/// What the page is made from.
pub struct Pictures<'p> {
    pub report: &'p Report,
    pub timeline: &'p Known<Timeline>,
    pub matrix: &'p Known<Matrix>,
    /// The globs to which all of it is limited; none: it is all of the store.
    pub scopes: &'p [String],
}

/// Renders the page. The same pictures give the same bytes.
pub fn render(pictures: &Pictures<'_>) -> String {
    let mut page = Markup::default();
    let title = format!("{}: {}", pictures.report.store, pictures.report.verdict.words());
    Head { title: &title, style: STYLE, script: None }.write(&mut page);
    page.tag(SHAPES);
    verdict::write(&mut page, pictures);
    page.tag("<main>\n");
    section(&mut page, "year", "The year ahead");
    match pictures.timeline {
        Ok(timeline) => year::write(&mut page, timeline),
        Err(unknown) => not_drawn(&mut page, &unknown.why),
    }
    page.tag("</section>\n");
    section(&mut page, "findings", "Findings");
    findings::write(&mut page, pictures.report);
    page.tag("</section>\n");
    section(&mut page, "custody", "Who holds what");
    match pictures.matrix {
        Ok(matrix) => custody::write(&mut page, matrix),
        Err(unknown) => not_drawn(&mut page, &unknown.why),
    }
    page.tag("</section>\n</main>\n</body>\n</html>\n");
    page.into_text()
}

fn section(page: &mut Markup, id: &'static str, title: &'static str) {
    page.tag("<section aria-labelledby=\"").tag(id).tag("\">\n<h2 id=\"").tag(id).tag("\">").tag(title);
    page.tag("</h2>\n");
}

fn not_drawn(page: &mut Markup, why: &str) {
    page.tag("<p class=\"lost\"><strong>Not known.</strong> ").text(why).tag("</p>\n");
}

#[cfg(test)]
mod tests;
