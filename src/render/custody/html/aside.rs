//! What stands below the table: what is not known, what does not fit, and what each actor comes to.

use crate::domain::matrix::{Column, ColumnKind, Matrix};
use crate::domain::name::ActorName;
use crate::domain::text::listed;
use crate::domain::tracked_name::CredentialName;
use crate::render::markup::Markup;

pub(super) fn unknowns(page: &mut Markup, matrix: &Matrix) {
    if matrix.is_whole() {
        return;
    }
    page.tag("<section aria-labelledby=\"unknown\">\n<h2 id=\"unknown\">What is not known</h2>\n<dl class=\"reasons\">\n");
    for unknown in &matrix.unknowns {
        page.tag("<div><dt>").path(&unknown.what).tag("</dt><dd>").text(&unknown.why).tag("</dd></div>\n");
    }
    for row in &matrix.rows {
        for why in row.unknown.iter().map(|unknown| &unknown.why).chain(&row.unopened) {
            reason(page, &row.secret, std::slice::from_ref(why));
        }
    }
    page.tag("</dl>\n</section>\n");
}

pub(super) fn doubts(page: &mut Markup, matrix: &Matrix) {
    if matrix.rows.iter().all(|row| row.doubts.is_empty()) {
        return;
    }
    page.tag("<section aria-labelledby=\"doubts\">\n<h2 id=\"doubts\">What does not fit</h2>\n");
    page.tag("<p><code>secrets check</code> says how to mend it.</p>\n<dl class=\"reasons\">\n");
    for row in matrix.rows.iter().filter(|row| !row.doubts.is_empty()) {
        reason(page, &row.secret, &row.doubts);
    }
    page.tag("</dl>\n</section>\n");
}

fn reason(page: &mut Markup, secret: &CredentialName, reasons: &[String]) {
    page.tag("<div><dt>").path(secret.as_str()).tag("</dt>");
    for why in reasons {
        page.tag("<dd>").text(why).tag("</dd>");
    }
    page.tag("</div>\n");
}

pub(super) fn actors(page: &mut Markup, matrix: &Matrix) {
    let of_kind = |kind| matrix.columns.iter().filter(move |column| column.kind == kind);
    page.tag("<section aria-labelledby=\"people\">\n<h2 id=\"people\">Each person</h2>\n");
    page.tag("<div class=\"frame\" tabindex=\"0\" role=\"region\" aria-labelledby=\"people\">\n<table>\n<thead>\n<tr>");
    page.tag("<th scope=\"col\">Person</th><th scope=\"col\">Contact</th><th scope=\"col\" class=\"number\">Holds</th>");
    page.tag("<th scope=\"col\">Alone</th><th scope=\"col\" class=\"number\">Left out</th>");
    page.tag("<th scope=\"col\" class=\"number\">Once exposed</th></tr>\n</thead>\n<tbody>\n");
    for column in of_kind(ColumnKind::Person) {
        person(page, column);
    }
    page.tag("</tbody>\n</table>\n</div>\n");
    let others: Vec<&Column> =
        matrix.columns.iter().filter(|column| column.kind != ColumnKind::Person).collect();
    if !others.is_empty() {
        page.tag("<ul class=\"others\">\n");
        for column in others {
            other(page, column);
        }
        page.tag("</ul>\n");
    }
    page.tag("</section>\n");
}

fn person(page: &mut Markup, column: &Column) {
    let tally = &column.tally;
    page.tag(if tally.alone.is_empty() { "<tr>" } else { "<tr class=\"alone\">" });
    page.tag("<th scope=\"row\">").text(column.name.as_str()).tag("</th><td>");
    page.text(column.contact.as_deref().unwrap_or_default()).tag("</td><td class=\"number\">");
    page.text(&tally.holds.to_string()).tag("</td><td class=\"names\">");
    if !tally.alone.is_empty() {
        page.tag("<em>").text(&tally.alone.len().to_string()).tag("</em> ");
    }
    for (position, secret) in tally.alone.iter().enumerate() {
        page.tag(if position == 0 { "" } else { ", " }).path(secret.as_str());
    }
    page.tag("</td><td class=\"number\">").text(&number(tally.left_out)).tag("</td><td class=\"number\">");
    page.text(&number(tally.exposed + tally.unlisted)).tag("</td></tr>\n");
}

/// Nothing for nothing, so that what is there stands out.
fn number(number: usize) -> String {
    if number == 0 { String::new() } else { number.to_string() }
}

fn other(page: &mut Markup, column: &Column) {
    page.tag("<li><strong>").text(column.name.as_str()).tag("</strong> ");
    match column.kind {
        ColumnKind::SharedKey => {
            let people: Vec<&str> = column.people.iter().map(ActorName::as_str).collect();
            page.tag("is a shared key that stands for ").text(&listed(&people));
            match column.confirmed {
                Some(on) => page.tag(", compared with its access list on ").text(&on.brief()),
                None => page.tag(", never compared with its access list"),
            };
        }
        ColumnKind::Machine => {
            page.tag("is a machine, which is no person");
        }
        ColumnKind::Departed | ColumnKind::Person => {
            page.tag("is not in policy any more");
        }
    }
    page.tag("; holds ").text(&(column.tally.holds + column.tally.unlisted).to_string());
    if column.tally.exposed > 0 {
        page.tag(", could open ").text(&column.tally.exposed.to_string()).tag(" more");
    }
    page.tag("</li>\n");
}
