//! Where things stand, on one screen: what blocks, what is due, what to do next.

use super::Style;
use super::paint::{BAD, BOLD, DIM, GOOD, WARNING, paint, wrap};
use super::table::{Cell, Table};
use crate::domain::report::Verdict;
use crate::domain::text::visible;

/// What `secrets` alone shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The store and what is in it.
    pub store: String,
    /// Of which moment and commit this holds.
    pub as_of: String,
    pub verdict: Verdict,
    /// What blocks a deploy, the most urgent first.
    pub blocked: Vec<Fault>,
    /// What blocks besides, in words.
    pub more_blocked: Option<String>,
    /// What is told and does not block, in words.
    pub warnings: Option<String>,
    /// What ends within its first tier; the first to end first.
    pub due: Vec<Due>,
    pub more_due: Option<String>,
    /// What ends first where nothing is due.
    pub ends_first: Option<String>,
    pub next: Vec<Next>,
}

/// Findings of one check, or what could not be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `3 × expired`.
    pub what: String,
    /// The secrets.
    pub of: String,
    /// Of the first of them.
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub name: String,
    pub ends: String,
    pub days: i64,
    pub owners: String,
}

/// A command to be pasted into a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    pub command: String,
    pub why: String,
}

impl Next {
    pub fn new(command: impl Into<String>, why: impl Into<String>) -> Self {
        Self { command: command.into(), why: why.into() }
    }
}

pub fn render(overview: &Overview, style: Style) -> String {
    let mut text = String::new();
    let mut put = |line: &str| {
        text.push_str(line.trim_end());
        text.push('\n');
    };
    for line in &wrapped(0, &overview.store, style) {
        put(&paint(line, BOLD, style));
    }
    for line in &wrapped(0, &overview.as_of, style) {
        put(&paint(line, DIM, style));
    }
    put("");
    put(&match overview.verdict {
        Verdict::Pass => paint("nothing blocks a deploy", GOOD, style),
        Verdict::Fail => paint("blocked", BAD, style),
        Verdict::Unknown => paint("blocked: not everything could be checked", BAD, style),
    });
    for fault in &overview.blocked {
        let head = format!("{}  {}", paint(&visible(&fault.what), BOLD, style), visible(&fault.of));
        put(&format!("  {}", head.trim_end()));
        for line in &wrapped(4, &fault.message, style) {
            put(line);
        }
    }
    for more in overview.more_blocked.iter().chain(&overview.warnings) {
        for line in &wrapped(2, more, style) {
            put(line);
        }
    }
    if !overview.due.is_empty() {
        put("");
        put(&paint("due", WARNING, style));
        let inner = Style { width: style.width.map(|width| width.saturating_sub(2)), ..style };
        for line in due_table(&overview.due).render(inner).lines() {
            put(&format!("  {line}"));
        }
        if let Some(more) = &overview.more_due {
            put(&format!("  {more}"));
        }
    }
    if let Some(first) = &overview.ends_first {
        for line in &wrapped(2, first, style) {
            put(line);
        }
    }
    text.push_str(&next_steps(&overview.next, style));
    text
}

/// What to do next. A command is never wrapped: it is to be copied.
pub fn next_steps(next: &[Next], style: Style) -> String {
    if next.is_empty() {
        return String::new();
    }
    let mut lines = vec![String::new(), paint("next", BOLD, style)];
    for Next { command, why } in next {
        if !why.is_empty() {
            lines.extend(wrapped(2, why, style));
        }
        lines.push(format!("    {} {}", paint("$", DIM, style), visible(command)));
    }
    lines.join("\n") + "\n"
}

fn due_table(due: &[Due]) -> Table {
    let mut table = Table::new(&["SECRET", "ENDS", "DAYS", "OWNER"]);
    table.align_right(2);
    for due in due {
        table.cells([
            Cell::plain(&due.name),
            Cell::plain(&due.ends),
            Cell::plain(due.days.to_string()),
            Cell::plain(&due.owners),
        ]);
    }
    table
}

/// A text on lines of its own, behind an indent.
pub fn paragraph(indent: usize, text: &str, style: Style) -> String {
    wrapped(indent, text, style).join("\n") + "\n"
}

/// The lines of a text behind an indent, broken at blanks.
fn wrapped(indent: usize, text: &str, style: Style) -> Vec<String> {
    let width = style.width.map(|width| width.saturating_sub(indent).max(20));
    let lines = wrap(&visible(text), width).into_iter();
    lines.map(|line| format!("{:indent$}{line}", "")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocked() -> Overview {
        Overview {
            store: "secrets/: 3 secrets, 2 people, 1 machine; deploys from origin/main".to_owned(),
            as_of: "as of 2026-03-01T12:00:00Z, at commit 3f2a9c1d04be".to_owned(),
            verdict: Verdict::Fail,
            blocked: vec![
                Fault {
                    what: "expired".to_owned(),
                    of: "legacy/ftp".to_owned(),
                    message: "expired 8 days ago (2026-02-21)".to_owned(),
                },
                Fault {
                    what: "2 × single-holder".to_owned(),
                    of: "legacy/ftp and web/\u{1b}[2Jdb".to_owned(),
                    message: "only alice can open it, and min-people is 2 (built in)".to_owned(),
                },
            ],
            more_blocked: Some("and 2 more kinds of fault".to_owned()),
            warnings: Some("1 warning".to_owned()),
            due: vec![Due {
                name: "web/prod/db".to_owned(),
                ends: "2026-03-20".to_owned(),
                days: 19,
                owners: "team".to_owned(),
            }],
            more_due: None,
            ends_first: None,
            next: vec![Next::new("secrets set legacy/ftp", "a new value for legacy/ftp")],
        }
    }

    #[test]
    fn one_screen() {
        let expected = "\
secrets/: 3 secrets, 2 people, 1 machine; deploys from origin/main
as of 2026-03-01T12:00:00Z, at commit 3f2a9c1d04be

blocked
  expired  legacy/ftp
    expired 8 days ago (2026-02-21)
  2 × single-holder  legacy/ftp and web/\\u{1b}[2Jdb
    only alice can open it, and min-people is 2 (built in)
  and 2 more kinds of fault
  1 warning

due
  SECRET       ENDS        DAYS  OWNER
  web/prod/db  2026-03-20    19  team

next
  a new value for legacy/ftp
    $ secrets set legacy/ftp
";
        assert_eq!(render(&blocked(), Style { color: false, width: Some(80) }), expected);
    }

    #[test]
    fn a_narrow_window_breaks_sentences_and_no_commands() {
        let mut overview = blocked();
        overview.next.push(Next::new("git push origin HEAD:a-branch-with-a-very-long-name/indeed", ""));
        let text = render(&overview, Style { color: false, width: Some(40) });
        assert!(
            text.contains("    $ git push origin HEAD:a-branch-with-a-very-long-name/indeed\n"),
            "{text}"
        );
        let lines = text.lines().filter(|line| !line.contains("$ git push") && !line.contains(" × "));
        for line in lines {
            assert!(line.chars().count() <= 40, "{line}");
        }
    }

    #[test]
    fn colour_is_for_those_who_want_it() {
        let coloured = render(&blocked(), Style { color: true, width: Some(80) });
        let plain = render(&blocked(), Style { color: false, width: Some(80) });
        assert!(coloured.contains('\u{1b}') && !plain.contains('\u{1b}'));
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    }
}
