//! Many findings in few lines: what says the same is told once.

use super::super::paint::{BOLD, paint};
use super::super::subject::subject_of;
use super::{MOST_LISTED, Page};
use crate::domain::check_id::CheckId;
use crate::domain::finding::{Finding, Level};
use crate::domain::report::{Alike, Report, WaivedGroup};
use crate::domain::text::{abridged, visible};

/// How many messages of one check are told, and how many findings are named one by one that have a waiver in common.
const MOST_TOLD: usize = 3;

impl Page {
    /// Many findings of one check: each message once, those first that say the same of the most.
    pub(super) fn summary(&mut self, level: Level, id: CheckId, findings: &[&Finding], report: &Report) {
        let head = paint(&format!("{} × {id}", findings.len()), BOLD, self.style);
        self.line(&format!("{} {head}", self.level(level)));
        let groups = Alike::group(findings);
        let (told, rest) = groups.split_at(groups.len().min(MOST_TOLD));
        for group in told {
            self.alike(group, groups.len() == 1, report);
        }
        let more: usize = rest.iter().map(|group| group.findings.len()).sum();
        let rest = if more > 0 { format!("… and {more} more: ") } else { String::new() };
        self.line(&format!("    {rest}--format json lists all"));
        let remedies =
            || findings.iter().map(|finding| finding.remedy.as_str()).filter(|remedy| !remedy.is_empty());
        let first = told.first().and_then(|group| group.findings.first());
        if let Some(first) = first.filter(|first| !first.remedy.is_empty()) {
            if remedies().any(|remedy| remedy != first.remedy) {
                self.line("    for the first:");
            }
            self.remedy(&first.remedy);
        }
        self.line("");
    }

    fn alike(&mut self, group: &Alike<'_>, is_only: bool, report: &Report) {
        let message = visible(group.message);
        let subjects: Vec<String> =
            group.findings.iter().map(|finding| subject_of(finding, report)).collect();
        if let [subject] = subjects.as_slice() {
            self.wrapped(4, &format!("{}: {message}", visible(subject)));
            return;
        }
        if is_only {
            self.wrapped(4, &message);
        } else {
            self.wrapped(4, &format!("{} × {message}", subjects.len()));
        }
        let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
        self.wrapped(6, &format!("of {}", visible(&abridged(&subjects))));
    }

    /// What is let through; answers whether that is anything.
    pub(super) fn waived(&mut self, report: &Report) -> bool {
        let mut groups = report.waived_groups();
        // A baseline must not drown in waivers.
        groups.sort_by_key(|group| std::cmp::Reverse(group.waived.len()));
        for group in groups.iter().take(MOST_LISTED) {
            self.waived_group(group, report);
        }
        if let Some(rest) = groups.get(MOST_LISTED..).filter(|rest| !rest.is_empty()) {
            let more: usize = rest.iter().map(|group| group.waived.len()).sum();
            self.line(&format!("… and {more} more waived: --format json lists all"));
        }
        !groups.is_empty()
    }

    fn waived_group(&mut self, group: &WaivedGroup<'_>, report: &Report) {
        let (until, reason, by) = (group.until.brief(), visible(group.reason), visible(group.by));
        if group.waived.len() > MOST_TOLD {
            let kinds: Vec<String> =
                group.kinds.iter().map(|(id, count)| format!("{count} × {id}")).collect();
            self.wrapped(0, &format!("waived until {until} by {by}: {} ({reason})", kinds.join(", ")));
            return;
        }
        for waived in &group.waived {
            let (id, subject) = (waived.finding.id, subject_of(&waived.finding, report));
            let subject = visible(&subject);
            self.wrapped(0, &format!("waived until {until}: {id} of {subject} ({reason}, by {by})"));
        }
    }
}
