//! What the gate says, before anything else.

use super::Pictures;
use crate::domain::matrix::Standing;
use crate::domain::report::{Report, Verdict};
use crate::domain::text::counted;
use crate::render::markup::Markup;
use crate::render::page;

pub(super) fn write(page: &mut Markup, pictures: &Pictures<'_>) {
    let report = pictures.report;
    page.tag("<header>\n<h1 class=\"verdict ").tag(report.verdict.as_str()).tag("\"><span>");
    page.tag(match report.verdict {
        Verdict::Pass => "Clear to deploy",
        Verdict::Fail | Verdict::Unknown => "Deploy blocked",
    });
    page.tag("</span></h1>\n<p class=\"because\">").text(&because(report)).tag("</p>\n");
    source(page, report);
    if !pictures.scopes.is_empty() {
        page.tag("<p><strong>Only a part:</strong> all of this is of what fits ");
        for (position, scope) in pictures.scopes.iter().enumerate() {
            page.tag(if position == 0 { "<code>" } else { ", <code>" }).text(scope).tag("</code>");
        }
        page.tag(".</p>\n");
    }
    page.tag("<nav aria-label=\"On this page\"><a href=\"#year\">The year ahead</a> ");
    page.tag("<a href=\"#findings\">Findings</a> <a href=\"#custody\">Who holds what</a></nav>\n");
    page.tag("</header>\n");
    cards(page, pictures);
}

/// Why the verdict is what it is, in one sentence.
fn because(report: &Report) -> String {
    let summary = &report.summary;
    let unchecked = format!("{} could not be checked", counted(summary.unchecked, "thing"));
    match report.verdict {
        Verdict::Pass if summary.warnings > 0 => {
            format!("Nothing failing and everything checked, with {}.", counted(summary.warnings, "warning"))
        }
        Verdict::Pass => "Nothing failing and everything checked.".to_owned(),
        Verdict::Unknown => format!("Nothing was found failing, but {unchecked}: unknown is never a pass."),
        Verdict::Fail => {
            let mut faults = vec![counted(summary.errors, "error")];
            if summary.warnings > 0 {
                faults.push(counted(summary.warnings, "warning"));
            }
            let faults = faults.join(", ");
            if summary.unchecked > 0 { format!("{faults}; {unchecked}.") } else { format!("{faults}.") }
        }
    }
}

fn source(page: &mut Markup, report: &Report) {
    page.tag("<p class=\"source\"><code>").text(&report.store).tag("/</code> as of <time>");
    page.text(&report.at.to_string()).tag("</time>");
    if let Some(commit) = &report.commit {
        page.tag(" at commit ");
        page::commit(page, commit);
    }
    match report.deploy_ref.as_deref() {
        Some("none") => page.tag("; nothing is deployed from git"),
        Some(deploy_ref) => page.tag("; deploys from <code>").text(deploy_ref).tag("</code>"),
        None => page,
    };
    page.tag(". Dates are in UTC. No value of a secret is in this page; names and dates are.</p>\n");
}

fn cards(page: &mut Markup, pictures: &Pictures<'_>) {
    let summary = &pictures.report.summary;
    page.tag("<ul class=\"cards\">\n");
    let mut card = |count: usize, class, what: &str| page::card(page, class, &count.to_string(), what);
    card(summary.secrets, "", if summary.secrets == 1 { "secret" } else { "secrets" });
    card(summary.errors, if summary.errors > 0 { "bad" } else { "good" }, "errors");
    card(summary.warnings, if summary.warnings > 0 { "warning" } else { "" }, "warnings");
    card(summary.unchecked, if summary.unchecked > 0 { "bad" } else { "" }, "not checked");
    if summary.waived > 0 {
        card(summary.waived, "", "waived");
    }
    if let Ok(timeline) = pictures.timeline {
        let tally = &timeline.tally;
        card(tally.expired, if tally.expired > 0 { "bad" } else { "good" }, "expired");
        card(tally.expiring, if tally.expiring > 0 { "warning" } else { "" }, "expiring");
    }
    if let Ok(matrix) = pictures.matrix {
        let alone = matrix.summary.of(Standing::Alone) + matrix.summary.of(Standing::Nobody);
        card(alone, if alone > 0 { "bad" } else { "good" }, "held by one or none");
    }
    page.tag("</ul>\n");
}
