//! The year ahead for a person: a line for each secret, scaled to the window.

mod cells;

use anstyle::Style as Ansi;

use super::Style;
use super::paint::{BAD, BOLD, DIM, GOOD, WARNING, paint};
use crate::domain::due::{Due, End, Urgency};
use crate::domain::text::{counted, visible};
use crate::domain::timeline::{Tally, Timeline};
use cells::Cells;

/// The width where nothing limits it: what is read in a file is read in an editor.
const WIDTH_OF_FILES: usize = 120;
/// Narrower or wider windows are drawn in as if they were so wide.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=200;
/// The least that a name gets, and the least that is left for the year.
const LEAST_NAME: usize = 12;
/// From this width on it is also said in how many days.
const WIDE: usize = 60;
/// Between two columns.
const GAP: usize = 2;
/// Between two signs of the legend.
const BETWEEN: &str = "   ";
/// `2026-12-20`
const DATE: usize = 10;
/// `-1234d`
const DAYS: usize = 6;

/// What the lines are drawn with. They differ in shape, so that nobody needs their colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    ends: char,
    expired: char,
    beyond: char,
    calm: char,
    told: char,
    blocked: char,
    month: char,
    cut: &'static str,
}

impl Marks {
    pub const UNICODE: Self = Self {
        ends: '●',
        expired: '◀',
        beyond: '▶',
        calm: '─',
        told: '━',
        blocked: '█',
        month: '┊',
        cut: "…",
    };

    /// For a terminal that can do nothing but print lines, or whose locale knows no more.
    pub const ASCII: Self = Self {
        ends: 'o',
        expired: '<',
        beyond: '>',
        calm: '-',
        told: '=',
        blocked: '#',
        month: ':',
        cut: "..",
    };
}

/// Renders the year ahead; it ends in the line that counts.
pub fn render(timeline: &Timeline, style: Style, marks: Marks) -> String {
    let width = style.width.unwrap_or(WIDTH_OF_FILES).clamp(*WIDTHS.start(), *WIDTHS.end());
    let right = GAP + DATE + if width >= WIDE { GAP + DAYS } else { 0 };
    let longest = timeline.dues.iter().map(|due| shown(due).chars().count()).max().unwrap_or(0);
    let name = longest.clamp(LEAST_NAME, LEAST_NAME.max((width - right) * 2 / 5));
    let chart = width - right - name - 1;
    let mut page =
        Page { timeline, style, marks, name, chart, says_days: width >= WIDE, text: String::new() };
    page.header();
    for due in &timeline.dues {
        page.row(due);
    }
    page.legend();
    page.line(&summary(&timeline.tally));
    page.text
}

struct Page<'t> {
    timeline: &'t Timeline,
    style: Style,
    marks: Marks,
    /// Columns for names.
    name: usize,
    /// Columns for the year.
    chart: usize,
    says_days: bool,
    text: String,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn paint(&self, text: &str, ansi: Ansi) -> String {
        paint(text, ansi, self.style)
    }

    /// The years, then the months.
    fn header(&mut self) {
        let mut years = Cells::new(self.chart);
        let mut months = Cells::new(self.chart);
        let first = self.timeline.months.first().map(|month| month.year);
        let january = self.timeline.months.iter().find(|month| month.is_january);
        if let Some(month) = january {
            years.write(years.at(month.spot), &month.year.to_string(), DIM);
        }
        let year_now = self.timeline.from.date();
        let year_now = year_now.get(..4).unwrap_or_default();
        if january.is_none_or(|month| years.at(month.spot) > year_now.len()) && first.is_some() {
            years.write(0, year_now, DIM);
        }
        let room = self.chart / 12;
        for month in &self.timeline.months {
            let label =
                if room > month.name.len() { month.name } else { month.name.get(..1).unwrap_or_default() };
            if months.at(month.spot) + label.len() <= self.chart {
                months.write(months.at(month.spot), label, BOLD);
            }
        }
        let (years, months) = (years.painted(self.style), months.painted(self.style));
        self.line(&format!("{:name$} {years}", "", name = self.name));
        let head = self.paint(&format!("{:name$}", "NAME", name = self.name), BOLD);
        let days = if self.says_days { format!("{:GAP$}{:>DAYS$}", "", "DAYS") } else { String::new() };
        let ends = self.paint(&format!("{:DATE$}{days}", "ENDS"), BOLD);
        self.line(&format!("{head} {months}{:GAP$}{ends}", ""));
    }

    fn row(&mut self, due: &Due) {
        let urgency = due.urgency(self.timeline.now);
        let ansi = ansi_of(urgency);
        let name = ending(&shown(due), self.name, self.marks.cut);
        let name = self.paint(&format!("{name:width$}", width = self.name), bold_where_it_presses(urgency));
        let chart = self.chart_of(due, urgency).painted(self.style);
        let date = match &due.end {
            End::At(at) => at.date(),
            End::Never(_) => "never".to_owned(),
            End::Unsaid | End::Unread(_) => "unknown".to_owned(),
        };
        let days = due.at().filter(|_| self.says_days).map(|at| {
            let days = format!("{}d", self.timeline.now.days_until(at));
            format!("{:GAP$}{days:>DAYS$}", "")
        });
        let right = format!("{date:DATE$}{}", days.unwrap_or_default());
        let doubt = due.doubt.map(|id| self.paint(&format!(" ? {id}"), BAD)).unwrap_or_default();
        self.line(&format!("{name} {chart}{:GAP$}{}{doubt}", "", self.paint(right.trim_end(), ansi)));
    }

    fn chart_of(&self, due: &Due, urgency: Urgency) -> Cells {
        let marks = self.marks;
        let mut cells = Cells::new(self.chart);
        for month in &self.timeline.months {
            cells.set(cells.at(month.spot), marks.month, DIM);
        }
        if let Some(text) = due.without_date() {
            let ansi = if urgency == Urgency::Never { DIM } else { BAD };
            let sign = if urgency == Urgency::Never { "" } else { "? " };
            cells.write(0, &beginning(&format!("{sign}{}", visible(&text)), self.chart, marks.cut), ansi);
            return cells;
        }
        let Some(end) = due.at() else { return cells };
        if urgency == Urgency::Expired {
            cells.set(0, marks.expired, BAD);
            return cells;
        }
        let spot = |at| self.timeline.spot(at);
        let is_beyond = end >= self.timeline.to;
        let last = if is_beyond { self.chart.saturating_sub(1) } else { cells.at(spot(end).clamped()) };
        let told = due.told_from().map_or(0, |from| cells.at_or_beyond(spot(from).clamped()));
        let blocked = due.block_within.before(end).map_or(0, |from| cells.at_or_beyond(spot(from).clamped()));
        for column in 0..last {
            match column {
                column if column >= blocked => cells.set(column, marks.blocked, BAD),
                column if column >= told => cells.set(column, marks.told, WARNING),
                column => cells.set(column, marks.calm, DIM),
            }
        }
        let ansi = if urgency == Urgency::Expiring { WARNING } else { GOOD };
        if is_beyond {
            cells.set(last, marks.beyond, DIM);
        } else {
            cells.set(last, marks.ends, ansi);
        }
        cells
    }

    fn legend(&mut self) {
        let (marks, tally) = (self.marks, self.timeline.tally);
        let has_block =
            self.timeline.dues.iter().any(|due| !due.block_within.is_zero() && due.at().is_some());
        let signs = [
            (marks.expired, "expired", tally.expired > 0),
            (marks.told, "inside its first tier", tally.expiring + tally.later + tally.beyond > 0),
            (marks.blocked, "deploys are blocked", has_block),
            (marks.ends, "ends", tally.expiring + tally.later > 0),
            (marks.beyond, "ends after a year", tally.beyond > 0),
            ('?', "not known", tally.unknown > 0),
        ];
        self.line("");
        let room = self.style.width.unwrap_or(usize::MAX);
        let mut line = String::new();
        for (sign, word, _) in signs.iter().filter(|(_, _, is_there)| *is_there) {
            let sign = format!("{sign} {word}");
            if !line.is_empty() && line.chars().count() + BETWEEN.len() + sign.chars().count() > room {
                self.line(&self.paint(&line, DIM));
                line.clear();
            }
            line.push_str(if line.is_empty() { "" } else { BETWEEN });
            line.push_str(&sign);
        }
        self.line(&self.paint(&line, DIM));
    }
}

/// How many end how, in one line.
fn summary(tally: &Tally) -> String {
    let kinds = [
        (tally.expired, "expired"),
        (tally.unknown, "not known"),
        (tally.expiring, "expiring"),
        (tally.later, "later within the year"),
        (tally.beyond, "after that"),
        (tally.never, "never"),
    ];
    let told: Vec<String> =
        kinds.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    format!("{}: {}", counted(tally.secrets, "secret"), told.join(", "))
}

fn shown(due: &Due) -> String {
    visible(due.name.as_str()).into_owned()
}

fn ansi_of(urgency: Urgency) -> Ansi {
    match urgency {
        Urgency::Expired | Urgency::Unknown => BAD,
        Urgency::Expiring => WARNING,
        Urgency::Later => Ansi::new(),
        Urgency::Never => DIM,
    }
}

fn bold_where_it_presses(urgency: Urgency) -> Ansi {
    match urgency {
        Urgency::Expired | Urgency::Unknown | Urgency::Expiring => BOLD,
        Urgency::Later | Urgency::Never => Ansi::new(),
    }
}

/// The end of a name, which tells it from others, where there is no room for the whole.
fn ending(text: &str, room: usize, cut: &str) -> String {
    let length = text.chars().count();
    if length <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(cut.chars().count());
    format!("{cut}{}", text.chars().skip(length - kept).collect::<String>())
}

fn beginning(text: &str, room: usize, cut: &str) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(cut.chars().count());
    format!("{}{cut}", text.chars().take(kept).collect::<String>().trim_end())
}

#[cfg(test)]
mod tests;
