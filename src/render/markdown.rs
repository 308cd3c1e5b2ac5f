//! The report as GitHub's Markdown, for the summary of a job and for a comment on a change:
//! <https://github.github.com/gfm/>.
//!
//! Both places have a limit, of 1 MiB and of 65,536 characters, beyond which nothing is shown: it keeps to the first of
//! what there is much of, and says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::glass;
use super::subject::{store, subject_of};
use crate::domain::check_id::CheckId;
use crate::domain::finding::{Finding, Level};
use crate::domain::report::{Report, Verdict};
use crate::domain::text::{abridged, counted, few, visible};
use crate::domain::tracked_name::CredentialName;

/// How many findings of one check and level are listed.
const MOST_ALIKE: usize = 10;
/// How many rows a table has.
const MOST_ROWS: usize = 40;
/// How many characters of a text are shown.
const MOST_TEXT: usize = 400;

/// Renders the report; the first line says what became of the deploy.
pub fn render(report: &Report) -> String {
    let mut page = String::new();
    head(&mut page, report);
    findings(&mut page, report, Level::Error, "Errors");
    findings(&mut page, report, Level::Warning, "Warnings");
    unchecked(&mut page, report);
    aside(&mut page, report);
    page
}

// Writing into a String can't fail, here and below.
fn head(page: &mut String, report: &Report) {
    let sign = match report.verdict {
        Verdict::Pass => "✅",
        Verdict::Fail | Verdict::Unknown if report.is_let_through() => "⚠️",
        Verdict::Fail | Verdict::Unknown => "⛔",
    };
    let _ = writeln!(page, "## {sign} {}\n", glass::end(report));
    let summary = &report.summary;
    let mut parts = vec![counted(summary.secrets, "secret")];
    let counts = [(summary.errors, "error"), (summary.warnings, "warning"), (summary.proved, "people-count")];
    for (count, noun) in counts.into_iter().filter(|(count, _)| *count > 0) {
        parts.push(counted(count, noun) + if noun == "people-count" { " proved" } else { "" });
    }
    let others = [
        (summary.plausible, "plausible"),
        (summary.unproven, "not proved"),
        (summary.waived, "waived"),
        (summary.unchecked, "not checked"),
    ];
    parts.extend(
        others.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("**{count} {what}**")),
    );
    let _ = write!(page, "{} in {}", parts.join(", "), code(&store(report)));
    if let Some(commit) = &report.commit {
        let _ = write!(page, " at commit {}", code(&commit.chars().take(12).collect::<String>()));
    }
    match report.deploy_ref.as_deref() {
        Some("none") => page.push_str(", and nothing is deployed from git"),
        Some(deploy_ref) => {
            let _ = write!(page, ", deployed from {}", code(deploy_ref));
        }
        None => {}
    }
    let _ = writeln!(page, ", as of {}.\n", report.at);
    for told in report.break_glass.iter().flat_map(|glass| glass::told(glass, report.deploy_ref.as_deref())) {
        let _ = writeln!(page, "- {}", text(&told.text));
        if let Some(command) = told.command {
            let _ = writeln!(page, "  {}", code(&command));
        }
    }
    if report.break_glass.is_some() {
        page.push('\n');
    }
}

fn findings(page: &mut String, report: &Report, level: Level, title: &str) {
    let all: Vec<&Finding> = report.findings.iter().filter(|finding| finding.level == level).collect();
    if all.is_empty() {
        return;
    }
    let _ = writeln!(page, "### {title}\n\n| what | check | finding | to mend it |\n|---|---|---|---|");
    let mut shown = BTreeMap::<CheckId, usize>::new();
    let mut left_out = BTreeMap::<CheckId, usize>::new();
    let mut rows = 0;
    for finding in all {
        let of_kind = shown.entry(finding.id).or_default();
        if *of_kind >= MOST_ALIKE || rows >= MOST_ROWS {
            *left_out.entry(finding.id).or_default() += 1;
            continue;
        }
        *of_kind += 1;
        rows += 1;
        let remedy = if finding.remedy.is_empty() { String::new() } else { cell(&finding.remedy) };
        let (subject, id) = (cell(&subject_of(finding, report)), finding.id);
        let _ = writeln!(page, "| {subject} | {id} | {} | {remedy} |", text(&finding.message));
    }
    page.push('\n');
    if !left_out.is_empty() {
        let more: Vec<String> = left_out.iter().map(|(id, count)| format!("{count} × {id}")).collect();
        let _ = writeln!(page, "And {} more; `--format json` lists all.\n", few(&more, more.len()));
    }
}

/// Reasons that many secrets have in common once.
fn unchecked(page: &mut String, report: &Report) {
    if report.unchecked.is_empty() {
        return;
    }
    page.push_str(
        "### Could not be checked\n\nUnknown is never a pass: this blocks until it can be checked.\n\n",
    );
    let mut reasons = BTreeMap::<(&str, &str), Vec<&str>>::new();
    for one in &report.unchecked {
        let secrets = reasons.entry((&one.what, &one.why)).or_default();
        secrets.extend(one.secret.as_ref().map(CredentialName::as_str));
    }
    for ((what, why), secrets) in reasons.iter().take(MOST_ROWS) {
        let _ = write!(page, "- {}: {}", code(what), text(why));
        let of =
            if secrets.is_empty() { String::new() } else { format!(" (for {})", text(&abridged(secrets))) };
        page.push_str(&of);
        page.push('\n');
    }
    if let Some(more) = reasons.len().checked_sub(MOST_ROWS).filter(|more| *more > 0) {
        let _ = writeln!(page, "- and {more} more; `--format json` lists all");
    }
    page.push('\n');
}

/// What is let through, what is switched off, what is not proved, and what else to know.
fn aside(page: &mut String, report: &Report) {
    let mut lines = Vec::new();
    for group in report.waived_groups() {
        let kinds: Vec<String> = group.kinds.iter().map(|(id, count)| format!("{count} × {id}")).collect();
        let subjects: Vec<String> =
            group.waived.iter().map(|waived| subject_of(&waived.finding, report)).collect();
        let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
        lines.push(format!(
            "waived until {} by {}: {} of {} ({})",
            group.until.brief(),
            text(group.by),
            kinds.join(", "),
            text(&abridged(&subjects)),
            text(group.reason)
        ));
    }
    lines.extend(report.off.iter().map(|off| format!("switched off: {} by {}", off.id, text(&off.by))));
    for group in report.not_proved() {
        let secrets = text(&abridged(&group.secrets));
        lines.push(format!("custody is {}: {secrets}: {}", group.grade.as_str(), text(group.why)));
    }
    lines.extend(report.notes.iter().map(|note| format!("note: {}", text(note))));
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(page, "<details><summary>{} to know</summary>\n", counted(lines.len(), "thing"));
    for line in lines.iter().take(MOST_ROWS) {
        let _ = writeln!(page, "- {line}");
    }
    if let Some(more) = lines.len().checked_sub(MOST_ROWS).filter(|more| *more > 0) {
        let _ = writeln!(page, "- and {more} more; `--format json` lists all");
    }
    page.push_str("\n</details>\n");
}

/// Text from anywhere, on one line: no character of it is markup, and none of it calls anybody or links anywhere.
fn text(raw: &str) -> String {
    let mut escaped = String::with_capacity(raw.len());
    for c in cut(raw).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // A comment between the sign and the name is seen by nobody, and nobody is notified.
            '@' | '#' => escaped.extend([c].into_iter().chain("<!-- -->".chars())),
            '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '|' | '~' | '$' => escaped.extend(['\\', c]),
            other => escaped.push(other),
        }
    }
    // Nor does a bare address become a link.
    escaped.replace("://", "&#58;//").replace("www.", "www&#46;")
}

/// Code in a table, which ends no cell.
fn cell(raw: &str) -> String {
    code(raw).replace('|', r"\|")
}

/// Text from anywhere as code, on one line, in a fence that it does not hold.
fn code(raw: &str) -> String {
    let raw = cut(raw);
    let longest = raw.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if raw.starts_with('`') || raw.ends_with('`') || raw.is_empty() { " " } else { "" };
    format!("{fence}{pad}{raw}{pad}{fence}")
}

fn cut(raw: &str) -> String {
    let shown = visible(raw);
    if shown.chars().count() <= MOST_TEXT {
        return shown.into_owned();
    }
    shown.chars().take(MOST_TEXT).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_rich_report() {
        insta::assert_snapshot!(render(&samples::rich()));
    }

    #[test]
    fn a_proved_report() {
        insta::assert_snapshot!(render(&samples::proved()));
    }

    #[test]
    fn a_passing_report() {
        insta::assert_snapshot!(render(&samples::passing()));
    }

    #[test]
    fn a_broken_glass_is_told_first() {
        let page = render(&samples::broken_glass());
        assert!(page.starts_with("## ⚠️ LET THROUGH by --break-glass\n"), "{page}");
        assert!(page.contains("- alice broke the glass") && page.contains("`git push --no-verify"), "{page}");
        assert!(!page.contains('\u{1b}'));
        assert!(render(&samples::unbroken_glass()).starts_with("## ⛔ deploy blocked\n"));
    }

    #[test]
    fn what_is_unknown_blocks() {
        let page = render(&samples::unknown());
        assert!(page.starts_with("## ⛔ deploy blocked\n"), "{page}");
    }

    #[test]
    fn any_report_fits_a_comment() {
        let mut large = samples::adoption();
        for finding in &mut large.findings {
            finding.message.push_str(&"long ".repeat(1000));
        }
        for report in [samples::many(2000), samples::adoption(), samples::baselined(), large] {
            let page = render(&report);
            assert!(page.chars().count() < 65_536, "{}", page.chars().count());
            assert!(report.findings.is_empty() || page.contains("--format json"), "{page}");
        }
    }

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(
            text("<b> @alice #1 a|b *c* `d`\n"),
            r"&lt;b&gt; @<!-- -->alice #<!-- -->1 a\|b \*c\* \`d\`\\n"
        );
        assert_eq!((code("a|b"), cell("a|b")), ("`a|b`".to_owned(), r"`a\|b`".to_owned()));
        assert_eq!(text("see https://x.y, www.x.y"), "see https&#58;//x.y, www&#46;x.y");
        assert_eq!(code("`a``b"), "``` `a``b ```");
    }
}
