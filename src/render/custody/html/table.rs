//! The matrix itself.

use super::super::groups;
use super::sign;
use crate::domain::matrix::{Column, Matrix, Row, Standing};
use crate::domain::text::listed;
use crate::render::markup::Markup;

/// From so many columns on their names stand upright.
const MANY: usize = 9;

/// At most so many rows, of which those at risk come first.
pub(super) fn write(page: &mut Markup, matrix: &Matrix, most_rows: usize) {
    let groups = groups(matrix);
    let columns: Vec<&Column> = groups.iter().flat_map(|(_, columns)| columns.iter().copied()).collect();
    page.tag("<div class=\"frame\" tabindex=\"0\" role=\"region\" aria-labelledby=\"matrix\">\n<table id=\"secrets\"");
    page.tag(if columns.len() >= MANY { " class=\"upright\"" } else { "" });
    page.tag(">\n<caption>Those at risk first, then those in doubt, then by name</caption>\n<thead>\n<tr>");
    page.tag("<th scope=\"col\" rowspan=\"2\" class=\"corner\">Secret</th><th scope=\"col\" rowspan=\"2\">People</th>");
    for (kind, columns) in &groups {
        page.tag("<th scope=\"colgroup\" colspan=\"").text(&columns.len().to_string()).tag("\">");
        page.tag(kind.plural()).tag("</th>");
    }
    page.tag("</tr>\n<tr>");
    for (_, columns) in &groups {
        for (position, column) in columns.iter().enumerate() {
            page.tag("<th scope=\"col\"").tag(if position == 0 { " class=\"first\"" } else { "" });
            page.tag("><span>").text(column.name.as_str()).tag("</span></th>");
        }
    }
    page.tag("</tr>\n</thead>\n<tbody>\n");
    let firsts: Vec<bool> =
        groups.iter().flat_map(|(_, columns)| (0..columns.len()).map(|position| position == 0)).collect();
    for row in matrix.rows.iter().take(most_rows) {
        write_row(page, row, &columns, &firsts);
    }
    page.tag("</tbody>\n</table>\n</div>\n");
    let left_out = matrix.rows.len().saturating_sub(most_rows);
    if left_out > 0 {
        page.tag("<p>And ").text(&left_out.to_string());
        page.tag(" more: <code>secrets custody --format html</code> has all of them.</p>\n");
    }
    let idle: Vec<&str> =
        matrix.columns.iter().filter(|column| column.is_empty()).map(|column| column.name.as_str()).collect();
    if !idle.is_empty() {
        page.tag("<p>Without a column, because they hold none of these: ")
            .text(&listed(&idle))
            .tag(".</p>\n");
    }
}

/// Shown by the script only, which they are for.
pub(super) fn controls(page: &mut Markup) {
    page.tag(
        "<form id=\"controls\" hidden>\n\
         <label><input type=\"checkbox\" id=\"only\"> only where one person is alone, or nobody</label>\n\
         <label>secret or person <input type=\"search\" id=\"words\" autocomplete=\"off\" spellcheck=\"false\"></label>\n\
         <label>order <select id=\"order\"><option value=\"risk\">risk first</option>\
         <option value=\"name\">by name</option></select></label>\n\
         <output id=\"shown\" aria-live=\"polite\"></output>\n</form>\n",
    );
}

fn write_row(page: &mut Markup, row: &Row, columns: &[&Column], firsts: &[bool]) {
    let standing = row.standing.as_str();
    page.tag("<tr class=\"").tag(standing).tag("\" data-secret=\"").text(row.secret.as_str());
    page.tag("\"><th scope=\"row\">").path(row.secret.as_str());
    if !row.doubts.is_empty() || row.unopened.is_some() || row.unknown.is_some() {
        page.tag(" <a href=\"#").tag(if row.doubts.is_empty() { "unknown" } else { "doubts" });
        page.tag("\" title=\"something does not fit, or is not known\">in doubt</a>");
    }
    page.tag("</th><td class=\"count\">");
    let number = format!("{} of {}", row.people.len(), row.min_people);
    match row.standing {
        Standing::Unknown => page.tag("<em>unknown</em>"),
        Standing::Nobody => page.text(&number).tag(" <em>nobody</em>"),
        Standing::Alone => page.text(&number).tag(" <em>alone</em>"),
        Standing::TooFew => page.text(&number).tag(" <em>too few</em>"),
        Standing::Enough => page.text(&number),
    };
    page.tag("</td>");
    for (column, first) in columns.iter().zip(firsts) {
        write_cell(page, row, column, *first);
    }
    page.tag("</tr>\n");
}

fn write_cell(page: &mut Markup, row: &Row, column: &Column, first: bool) {
    let edge = if first { " first" } else { "" };
    let Some(cell) = row.cells.get(&column.name) else {
        if row.unknown.is_some() {
            page.tag("<td class=\"nothing").tag(edge).tag("\">?</td>");
        } else {
            page.tag(if first { "<td class=\"first\"></td>" } else { "<td></td>" });
        }
        return;
    };
    let through: Vec<&str> = cell.through.iter().map(crate::domain::name::ActorName::as_str).collect();
    let word = cell.holding.as_str();
    page.tag("<td class=\"")
        .tag(word)
        .tag(edge)
        .tag("\" title=\"")
        .text(column.name.as_str())
        .tag(": ")
        .tag(word);
    if !through.is_empty() {
        page.tag(", through ").text(&listed(&through));
    }
    page.tag("\">");
    sign(page, cell.holding);
    page.tag("<span class=\"spoken\">").tag(word);
    if !through.is_empty() {
        page.tag(" through ").text(&listed(&through));
    }
    page.tag("</span>").tag(if through.is_empty() { "" } else { "<sup aria-hidden=\"true\">*</sup>" });
    page.tag("</td>");
}
