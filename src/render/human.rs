//! For a person: findings by secret, each with the command that mends it; then what was let through, switched off
//! and not checked; last the line that answers the question.

use std::collections::{BTreeMap, BTreeSet};

use super::closing::{self, NAMED, some_of};
use super::groups::{Group, groups};
use super::{Style, paint};
use crate::domain::finding::Finding;
use crate::domain::report::{Report, Verdict};
use crate::domain::text::{counted, visible};

/// The report as a page of text.
pub fn human(report: &Report, style: &Style) -> String {
    let style = *style;
    let mut sections = vec![header(report, style)];
    sections.extend(groups(&report.findings).iter().map(|group| match group {
        Group::Of(Some(secret), findings) => section_of(secret.as_str(), findings, style),
        Group::Of(None, findings) => section_of(&format!("{} (the store)", report.store), findings, style),
        Group::Many(findings) => section_of_many(findings, style),
    }));
    sections.extend([
        waived(report, style),
        switched_off(report, style),
        unchecked(report, style),
        notes(report, style),
        last_line(report, style),
    ]);
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}

fn header(report: &Report, style: Style) -> String {
    let commit = match &report.commit {
        Some(commit) => format!("commit {}", commit.get(..12).unwrap_or(commit)),
        None => "no commit".to_owned(),
    };
    let deploy_ref = report.deploy_ref.as_deref().unwrap_or("unknown");
    let strict = if report.strict { ", strict" } else { "" };
    let text = format!("as of {}, {commit}, deploy ref {deploy_ref}{strict}", report.at);
    style.paragraph(0, paint::NAME, &format!("{}:", visible(&report.store)), &visible(&text))
}

/// `error[expired]:`
fn lead(finding: &Finding) -> String {
    format!("{}[{}]:", finding.level, finding.id)
}

/// On a line of its own and never broken, so that it can be copied.
fn remedy(finding: &Finding, style: Style) -> String {
    let command = visible(&finding.remedy);
    if command.is_empty() {
        return String::new();
    }
    format!("    {} {}\n", style.paint(paint::QUIET, "$"), style.paint(paint::COMMAND, &command))
}

fn section_of(title: &str, findings: &[&Finding], style: Style) -> String {
    let mut page = style.line(0, paint::NAME, &visible(title));
    for finding in findings {
        // The files of a secret follow from its name; a fault of the store is somewhere.
        let text = match (&finding.secret, &finding.path) {
            (None, Some(path)) if !finding.message.contains(path.as_str()) => {
                format!("{path}: {}", finding.message)
            }
            _ => finding.message.clone(),
        };
        page.push_str(&style.paragraph(2, paint::of_level(finding.level), &lead(finding), &visible(&text)));
        page.push_str(&remedy(finding, style));
    }
    page
}

/// The first few of them, and how many more there are.
fn section_of_many(findings: &[&Finding], style: Style) -> String {
    let Some(first) = findings.first() else { return String::new() };
    // Several findings of one secret, or some of the store, are no number of secrets.
    let secrets = findings.iter().filter_map(|finding| finding.secret.as_ref()).collect::<BTreeSet<_>>();
    let noun = if secrets.len() == findings.len() { "secret" } else { "finding" };
    let mut page = style.line(0, paint::NAME, &counted(findings.len(), noun));
    let ink = paint::of_level(first.level);
    let rest = format!("… and {} more: --format json lists all", findings.len().saturating_sub(NAMED));
    let shown = || findings.iter().take(NAMED);
    if findings.iter().all(|finding| finding.message == first.message) {
        let named = shown().map(|finding| place(finding)).collect::<Vec<_>>().join(", ");
        page.push_str(&style.paragraph(2, ink, &lead(first), &visible(&first.message)));
        page.push_str(&style.paragraph(4, paint::PLAIN, "", &format!("{} {rest}", visible(&named))));
    } else {
        page.push_str(&style.line(2, ink, &lead(first)));
        for finding in shown() {
            let lead = format!("{}:", visible(place(finding)));
            page.push_str(&style.paragraph(4, paint::PLAIN, &lead, &visible(&finding.message)));
        }
        page.push_str(&style.paragraph(4, paint::PLAIN, "", &rest));
    }
    page.push_str(&remedy(first, style));
    page
}

fn place(finding: &Finding) -> &str {
    let secret = finding.secret.as_ref().map(crate::domain::name::SecretName::as_str);
    secret.or(finding.path.as_deref()).unwrap_or("the store")
}

fn waived(report: &Report, style: Style) -> String {
    if report.waived.is_empty() {
        return String::new();
    }
    let mut page = style.line(0, paint::NAME, "waived");
    for waived in &report.waived {
        let finding = &waived.finding;
        let lead = format!("{} {}:", finding.id, visible(place(finding)));
        page.push_str(&style.paragraph(2, paint::PLAIN, &lead, &visible(&finding.message)));
        let terms = format!("until {}, by {}: {}", waived.until.brief(), waived.by, waived.reason);
        page.push_str(&style.paragraph(4, paint::PLAIN, "", &visible(&terms)));
    }
    page
}

fn switched_off(report: &Report, style: Style) -> String {
    if report.off.is_empty() {
        return String::new();
    }
    let mut page = style.line(0, paint::NAME, "switched off");
    for off in &report.off {
        page.push_str(&style.paragraph(
            2,
            paint::PLAIN,
            off.id.as_str(),
            &format!("by {}", visible(&off.by)),
        ));
    }
    page
}

/// What could not be judged, once for all secrets that lack the same fact.
fn unchecked(report: &Report, style: Style) -> String {
    if report.unchecked.is_empty() {
        return String::new();
    }
    let mut reasons = BTreeMap::<_, Vec<&str>>::new();
    for unchecked in &report.unchecked {
        let secrets = reasons.entry((&unchecked.what, &unchecked.why)).or_default();
        secrets.extend(unchecked.secret.as_ref().map(crate::domain::name::SecretName::as_str));
    }
    let mut page = style.line(0, paint::BAD, "not checked");
    for ((what, why), secrets) in reasons {
        page.push_str(&style.paragraph(2, paint::NAME, &format!("{}:", visible(what)), &visible(why)));
        if !secrets.is_empty() {
            page.push_str(&style.paragraph(4, paint::PLAIN, "", &format!("of {}", some_of(secrets, ""))));
        }
    }
    page
}

fn notes(report: &Report, style: Style) -> String {
    if report.notes.is_empty() {
        return String::new();
    }
    let mut page = style.line(0, paint::NAME, "notes");
    for note in &report.notes {
        page.push_str(&style.paragraph(2, paint::PLAIN, "-", &visible(note)));
    }
    page
}

fn last_line(report: &Report, style: Style) -> String {
    let ink = if report.verdict == Verdict::Pass { paint::GOOD } else { paint::BAD };
    format!("{}; {}\n", closing::facts(report), style.paint(ink, closing::verdict(report)))
}
