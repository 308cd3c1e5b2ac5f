//! What the gate found, what it could not check, and what is let through.

use std::collections::BTreeMap;

use crate::domain::check_id::CheckId;
use crate::domain::finding::{Finding, Level};
use crate::domain::report::{Alike, Grade, Report, Unchecked};
use crate::domain::text::{counted, few};
use crate::render::markup::Markup;
use crate::render::subject::subject_of;

/// How many findings that say the same are shown at once, and how many are listed at all.
const SHOWN: usize = 5;
const MOST_LISTED: usize = 100;
/// How many different messages of one check, and how many different reasons, are told.
const MOST_TOLD: usize = 30;
/// How many secrets a sentence names.
const MOST_NAMED: usize = 12;

pub(super) fn write(page: &mut Markup, report: &Report) {
    if report.findings.is_empty() && report.unchecked.is_empty() {
        page.tag("<p>None, and everything was checked.</p>\n");
    }
    unchecked(page, report);
    let mut kinds: BTreeMap<(std::cmp::Reverse<Level>, CheckId), Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        kinds.entry((std::cmp::Reverse(finding.level), finding.id)).or_default().push(finding);
    }
    for ((level, id), findings) in &kinds {
        kind(page, level.0, *id, findings, report);
    }
    not_proved(page, report);
    aside(page, report);
}

/// One check: each message once, those first that say the same of the most.
fn kind(page: &mut Markup, level: Level, id: CheckId, findings: &[&Finding], report: &Report) {
    page.tag("<article class=\"finding ").tag(level.as_str()).tag("\">\n<h3><span class=\"level\">");
    page.tag(level.as_str()).tag("</span> ").text(id.as_str());
    if findings.len() > 1 {
        page.tag(" <span class=\"size\">").text(&findings.len().to_string()).tag("</span>");
    }
    page.tag("</h3>\n");
    let groups = Alike::group(findings);
    for group in groups.iter().take(MOST_TOLD) {
        alike(page, group, report);
    }
    let rest = groups.get(MOST_TOLD..).unwrap_or_default();
    let more: usize = rest.iter().map(|group| group.findings.len()).sum();
    left_out(page, more);
    page.tag("</article>\n");
}

fn alike(page: &mut Markup, group: &Alike<'_>, report: &Report) {
    if let [finding] = group.findings.as_slice() {
        page.tag("<div class=\"single\"><span class=\"subject\">").path(&subject_of(finding, report));
        page.tag("</span> ").text(group.message).tag("\n");
        remedy(page, &finding.remedy);
        page.tag("</div>\n");
        return;
    }
    page.tag("<p class=\"message\">").text(group.message).tag("</p>\n");
    let first = group.findings.first().map(|finding| finding.remedy.as_str()).unwrap_or_default();
    let is_one_remedy = group.findings.iter().all(|finding| finding.remedy == first);
    let (shown, rest) = group.findings.split_at(group.findings.len().min(SHOWN));
    subjects(page, shown, report, is_one_remedy);
    if !rest.is_empty() {
        page.tag("<details>\n<summary>").text(&counted(rest.len(), "more")).tag("</summary>\n");
        let listed = rest.get(..rest.len().min(MOST_LISTED)).unwrap_or_default();
        subjects(page, listed, report, is_one_remedy);
        left_out(page, rest.len() - listed.len());
        page.tag("</details>\n");
    }
    if is_one_remedy {
        remedy(page, first);
    }
}

fn subjects(page: &mut Markup, findings: &[&Finding], report: &Report, is_one_remedy: bool) {
    page.tag("<ul class=\"subjects\">\n");
    for finding in findings {
        page.tag("<li><span class=\"subject\">").path(&subject_of(finding, report)).tag("</span>");
        if !is_one_remedy {
            remedy(page, &finding.remedy);
        }
        page.tag("</li>\n");
    }
    page.tag("</ul>\n");
}

/// To be selected with one click, and pasted.
fn remedy(page: &mut Markup, remedy: &str) {
    if !remedy.is_empty() {
        page.tag("<code class=\"remedy\">").text(remedy).tag("</code>\n");
    }
}

fn left_out(page: &mut Markup, count: usize) {
    if count > 0 {
        page.tag("<p class=\"more\">And ").text(&count.to_string());
        page.tag(" more: <code>secrets check --format json</code> lists all.</p>\n");
    }
}

/// What many secrets have in common, an unreachable remote for one, is said once.
fn unchecked(page: &mut Markup, report: &Report) {
    if report.unchecked.is_empty() {
        return;
    }
    let mut reasons: BTreeMap<(&str, &str), Vec<&Unchecked>> = BTreeMap::new();
    for unchecked in &report.unchecked {
        reasons.entry((&unchecked.what, &unchecked.why)).or_default().push(unchecked);
    }
    page.tag(
        "<article class=\"finding error\">\n<h3><span class=\"level\">unknown</span> could not be checked",
    );
    page.tag(" <span class=\"size\">")
        .text(&report.unchecked.len().to_string())
        .tag("</span></h3>\n<dl class=\"reasons\">\n");
    for ((what, why), affected) in reasons.iter().take(MOST_TOLD) {
        let secrets: Vec<&str> =
            affected.iter().filter_map(|unchecked| Some(unchecked.secret.as_ref()?.as_str())).collect();
        page.tag("<div><dt>").path(what).tag("</dt><dd>").text(why).tag("</dd>");
        if !secrets.is_empty() {
            page.tag("<dd>for ").text(&few(&secrets, MOST_NAMED)).tag("</dd>");
        }
        page.tag("</div>\n");
    }
    page.tag("</dl>\n");
    left_out(page, reasons.len().saturating_sub(MOST_TOLD));
    page.tag("</article>\n");
}

/// What a proof did not come to.
fn not_proved(page: &mut Markup, report: &Report) {
    let groups = report.not_proved();
    if groups.is_empty() {
        return;
    }
    page.tag("<article class=\"finding\">\n<h3>Not proved</h3>\n<dl class=\"reasons\">\n");
    for group in groups.iter().take(MOST_TOLD) {
        let grade: Grade = group.grade;
        page.tag("<div><dt>").tag(grade.as_str()).tag("</dt><dd>").text(group.why).tag("</dd><dd>for ");
        page.text(&few(&group.secrets, MOST_NAMED)).tag("</dd></div>\n");
    }
    page.tag("</dl>\n");
    left_out(page, groups.len().saturating_sub(MOST_TOLD));
    page.tag("</article>\n");
}

/// What is let through, what is switched off, and what else a reader should know.
fn aside(page: &mut Markup, report: &Report) {
    let groups = report.waived_groups();
    if !groups.is_empty() {
        page.tag("<article class=\"finding\">\n<h3>Waived <span class=\"size\">");
        page.text(&report.summary.waived.to_string()).tag("</span></h3>\n<dl class=\"reasons\">\n");
        for group in groups.iter().take(MOST_TOLD) {
            page.tag("<div><dt>until ")
                .text(&group.until.brief())
                .tag(" by ")
                .text(group.by)
                .tag("</dt><dd>");
            page.text(group.reason).tag("</dd><dd>");
            let kinds: Vec<String> =
                group.kinds.iter().map(|(id, count)| format!("{count} × {id}")).collect();
            let subjects: Vec<String> =
                group.waived.iter().map(|waived| subject_of(&waived.finding, report)).collect();
            page.text(&kinds.join(", ")).tag(": ").text(&few(&subjects, MOST_NAMED)).tag("</dd></div>\n");
        }
        page.tag("</dl>\n");
        let rest = groups.get(MOST_TOLD..).unwrap_or_default();
        left_out(page, rest.iter().map(|group| group.waived.len()).sum());
        page.tag("</article>\n");
    }
    if report.off.is_empty() && report.notes.is_empty() {
        return;
    }
    page.tag("<article class=\"finding\">\n<h3>Notes</h3>\n<ul class=\"notes\">\n");
    for off in &report.off {
        page.tag("<li><b>")
            .text(off.id.as_str())
            .tag("</b> is switched off by ")
            .text(&off.by)
            .tag("</li>\n");
    }
    for note in &report.notes {
        page.tag("<li>").text(note).tag("</li>\n");
    }
    page.tag("</ul>\n</article>\n");
}
