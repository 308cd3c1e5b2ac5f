//! The report for a person.

use std::collections::{BTreeMap, BTreeSet};

mod summary;

use super::Style;
use super::glass::{self, Told};
use super::paint::{BAD, BOLD, DIM, GOOD, WARNING, paint, wrap};
use crate::domain::check_id::CheckId;
use crate::domain::finding::{Finding, Level};
use crate::domain::report::{Report, Unchecked, Verdict};
use crate::domain::text::{abridged, counted, visible};

/// How many findings of one check and level are listed before they are summarised.
const MOST_LISTED: usize = 10;
/// Renders the report; it ends in the line that says what became of the deploy.
pub fn render(report: &Report, style: Style) -> String {
    let mut page = Page { style, text: String::new() };
    page.header(report);
    page.outlook(report);
    page.findings(report);
    page.unchecked(report);
    page.custody(report);
    page.aside(report);
    page.break_glass(report);
    page.verdict(report);
    page.text
}

struct Page {
    style: Style,
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Text after an indent, wrapped to the width.
    fn wrapped(&mut self, indent: usize, text: &str) {
        let width = self.style.width.map(|width| width.saturating_sub(indent).max(20));
        for line in wrap(text, width) {
            self.line(&format!("{:indent$}{line}", ""));
        }
    }

    fn header(&mut self, report: &Report) {
        let store = match report.store.as_str() {
            "" => "no store".to_owned(),
            store => format!("{}/", visible(store)),
        };
        let mut parts = vec![paint(&store, BOLD, self.style), format!("as of {}", report.at)];
        if let Some(commit) = &report.commit {
            let short: String = commit.chars().take(12).collect();
            parts.push(format!("at commit {short}"));
        }
        match report.deploy_ref.as_deref() {
            Some("none") => parts.push("nothing is deployed from git".to_owned()),
            Some(deploy_ref) => parts.push(format!("deploys from {}", visible(deploy_ref))),
            None => {}
        }
        self.line(&parts.join(", "));
        self.line("");
    }

    /// What a reader wants to know also when all is well. A report with faults has more urgent things to say.
    fn outlook(&mut self, report: &Report) {
        if report.verdict != Verdict::Pass {
            return;
        }
        let outlook = &report.outlook;
        let mut lines = Vec::new();
        if let Some(fewest) = outlook.fewest_people {
            lines.push(("held by".to_owned(), format!("at least {} each", counted_people(fewest))));
        }
        if let Some((at, secret)) = &outlook.next_to_expire {
            let days = counted(report.at.days_until(*at), "day");
            lines.push(("next to expire".to_owned(), format!("{secret}, {} (in {days})", at.brief())));
        }
        let width = lines.iter().map(|(what, _)| what.len()).max().unwrap_or(0);
        for (what, text) in &lines {
            let mark = paint("ok", GOOD, self.style);
            self.line(&format!("  {mark}  {what:width$}  {text}"));
        }
        if !lines.is_empty() {
            self.line("");
        }
    }

    fn findings(&mut self, report: &Report) {
        let mut kinds: BTreeMap<(Level, CheckId), usize> = BTreeMap::new();
        for finding in &report.findings {
            *kinds.entry((finding.level, finding.id)).or_default() += 1;
        }
        let many = |finding: &&Finding| {
            kinds.get(&(finding.level, finding.id)).is_some_and(|count| *count > MOST_LISTED)
        };
        let (summarised, listed): (Vec<&Finding>, Vec<&Finding>) = report.findings.iter().partition(many);
        let mut subject = None;
        for finding in listed {
            let of = subject_of(finding, report);
            if subject.as_ref() != Some(&of) {
                self.line(&paint(&visible(&of), BOLD, self.style));
                subject = Some(of);
            }
            self.finding(finding);
        }
        for ((level, id), _) in kinds.iter().rev().filter(|(_, count)| **count > MOST_LISTED) {
            let of_kind = |finding: &&Finding| finding.level == *level && finding.id == *id;
            let findings: Vec<&Finding> = summarised.iter().copied().filter(of_kind).collect();
            self.summary(*level, *id, &findings, report);
        }
    }

    fn finding(&mut self, finding: &Finding) {
        self.line(&format!(
            "  {} {}",
            self.level(finding.level),
            paint(finding.id.as_str(), BOLD, self.style)
        ));
        self.wrapped(4, &visible(&finding.message));
        self.remedy(&finding.remedy);
        self.line("");
    }

    fn level(&self, level: Level) -> String {
        match level {
            Level::Error => paint("error", BAD, self.style),
            Level::Warning => paint("warning", WARNING, self.style),
            Level::Off => paint("off", DIM, self.style),
        }
    }

    /// A remedy is never wrapped: it is to be copied.
    fn remedy(&mut self, remedy: &str) {
        if !remedy.is_empty() {
            let prompt = paint("$", DIM, self.style);
            self.line(&format!("    {prompt} {}", visible(remedy)));
        }
    }

    fn unchecked(&mut self, report: &Report) {
        if report.unchecked.is_empty() {
            return;
        }
        self.line(&paint("could not be checked", BAD, self.style));
        // What many secrets have in common, an unreachable remote for one, is said once.
        let mut reasons: BTreeMap<(&str, &str), Vec<&Unchecked>> = BTreeMap::new();
        for unchecked in &report.unchecked {
            reasons.entry((&unchecked.what, &unchecked.why)).or_default().push(unchecked);
        }
        for ((what, why), affected) in reasons.iter().take(MOST_LISTED) {
            // A message that begins with the path it speaks of need not be told it twice.
            let text = if why.starts_with(&format!("{what}:")) {
                (*why).to_owned()
            } else {
                format!("{what}: {why}")
            };
            self.wrapped(2, &visible(&text));
            let secrets: Vec<&str> =
                affected.iter().filter_map(|unchecked| Some(unchecked.secret.as_ref()?.as_str())).collect();
            if !secrets.is_empty() {
                self.wrapped(4, &format!("for {}", abridged(&secrets)));
            }
        }
        if let Some(more) = reasons.len().checked_sub(MOST_LISTED).filter(|more| *more > 0) {
            self.line(&format!("  … and {more} more: --format json lists all"));
        }
        self.line("");
    }

    /// What a proof did not come to. What was proved is counted in the last line.
    fn custody(&mut self, report: &Report) {
        // Where a proof was demanded, what could not be opened stands under what could not be checked already.
        let told: BTreeSet<(&str, &str)> = report
            .unchecked
            .iter()
            .filter_map(|unchecked| Some((unchecked.secret.as_ref()?.as_str(), unchecked.why.as_str())))
            .collect();
        let mut groups = report.not_proved();
        groups.retain(|group| !group.secrets.iter().all(|secret| told.contains(&(*secret, group.why))));
        if groups.is_empty() {
            return;
        }
        self.line(&paint("not proved", BOLD, self.style));
        for group in groups.iter().take(MOST_LISTED) {
            self.wrapped(2, &visible(&format!("{}: {}", group.grade.as_str(), group.why)));
            self.wrapped(4, &format!("for {}", abridged(&group.secrets)));
        }
        if let Some(more) = groups.len().checked_sub(MOST_LISTED).filter(|more| *more > 0) {
            self.line(&format!("  … and {more} more: --format json lists all"));
        }
        self.line("");
    }

    fn aside(&mut self, report: &Report) {
        let mut any = self.waived(report);
        for off in &report.off {
            any = true;
            self.wrapped(0, &format!("switched off: {} by {}", off.id, visible(&off.by)));
        }
        for note in &report.notes {
            any = true;
            self.wrapped(0, &format!("note: {}", visible(note)));
        }
        if any {
            self.line("");
        }
    }

    /// Last before the verdict, so that nobody overlooks it.
    fn break_glass(&mut self, report: &Report) {
        let Some(glass) = &report.break_glass else { return };
        let mut told = glass::told(glass, report.deploy_ref.as_deref()).into_iter();
        let tone = if glass.lets_through() { BAD } else { BOLD };
        let title = told.next().map(|told| visible(&told.text).into_owned()).unwrap_or_default();
        for line in wrap(&title, self.style.width) {
            self.line(&paint(&line, tone, self.style));
        }
        for Told { text, command } in told {
            self.wrapped(2, &visible(&text));
            self.remedy(&command.unwrap_or_default());
        }
        self.line("");
    }

    fn verdict(&mut self, report: &Report) {
        let summary = &report.summary;
        let mut parts =
            vec![counted(summary.secrets, "secret"), counted(summary.proved, "people-count") + " proved"];
        for (count, what) in [(summary.plausible, "plausible"), (summary.unproven, "not proved")] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        let faults = [(summary.errors, "error"), (summary.warnings, "warning")];
        parts
            .extend(faults.iter().filter(|(count, _)| *count > 0).map(|(count, noun)| counted(*count, noun)));
        for (count, what) in [(summary.waived, "waived"), (summary.unchecked, "not checked")] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        let tone = if report.verdict == Verdict::Pass { GOOD } else { BAD };
        let end = paint(glass::end(report), tone, self.style);
        self.line(&format!("{}: {end}", parts.join(", ")));
    }
}

fn counted_people(count: usize) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// What a finding is about: the secret, else the file, else the store.
fn subject_of(finding: &Finding, report: &Report) -> String {
    match (&finding.secret, &finding.path) {
        (Some(secret), _) => secret.to_string(),
        (None, Some(path)) => path.clone(),
        (None, None) => format!("{}/", report.store),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::domain::report::{Custody, Grade};

    fn plain(width: usize) -> Style {
        Style { color: false, width: Some(width) }
    }

    #[test]
    fn a_proved_report() {
        insta::assert_snapshot!(render(&samples::proved(), plain(80)));
    }

    #[test]
    fn a_rich_report() {
        insta::assert_snapshot!(render(&samples::rich(), plain(80)));
    }

    #[test]
    fn a_rich_report_in_a_narrow_window() {
        insta::assert_snapshot!(render(&samples::rich(), plain(60)));
    }

    #[test]
    fn a_rich_report_in_a_wide_window_in_colour() {
        insta::assert_snapshot!(render(&samples::rich(), Style { color: true, width: Some(120) }));
    }

    #[test]
    fn a_report_with_the_glass_broken() {
        insta::assert_snapshot!(render(&samples::broken_glass(), plain(80)));
    }

    #[test]
    fn a_passing_report() {
        insta::assert_snapshot!(render(&samples::passing(), plain(80)));
    }

    #[test]
    fn why_nothing_was_proved_is_told_once() {
        let mut report = samples::unknown();
        let (secret, why) = ("web/prod/db".parse().unwrap(), "none of the identities found here opens it");
        let (what, why) = ("who can open it".to_owned(), why.to_owned());
        report.unchecked.push(Unchecked { secret: Some(secret), what, why: why.clone() });
        let secret = "web/prod/db".parse().unwrap();
        report.custody.push(Custody { secret, grade: Grade::Unproven, why: Some(why.clone()) });
        assert_eq!(render(&report, plain(200)).matches(&why).count(), 1);
        report.unchecked.clear();
        assert!(render(&report, plain(200)).contains(&format!("not proved\n  unproven: {why}")));
    }

    #[test]
    fn hundreds_of_equal_findings_are_summarised() {
        let text = render(&samples::many(290), plain(80));
        insta::assert_snapshot!(text);
        assert!(text.lines().count() < 20);
    }

    #[test]
    fn findings_that_say_the_same_are_put_together() {
        let text = render(&samples::adoption(), plain(100));
        insta::assert_snapshot!(text);
        assert!(text.lines().count() < 60);
    }

    #[test]
    fn a_baseline_of_a_thousand_findings_takes_a_few_lines() {
        let text = render(&samples::baselined(), plain(100));
        insta::assert_snapshot!(text);
        assert!(text.lines().count() < 20);
    }

    #[test]
    fn the_last_line_follows_the_verdict_only() {
        let last = |report: &Report| render(report, plain(80)).lines().last().unwrap_or_default().to_owned();
        assert!(last(&samples::passing()).ends_with(": clear to deploy"));
        assert!(last(&samples::rich()).ends_with(": deploy blocked"));
        assert!(last(&samples::unknown()).ends_with(": deploy blocked"));
        assert!(last(&samples::broken_glass()).ends_with(": LET THROUGH by --break-glass"));
        assert!(last(&samples::unbroken_glass()).ends_with(": deploy blocked"));
    }
}
