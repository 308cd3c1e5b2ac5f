//! The matrix for a person: a grid where the window is wide enough for a column each, else lists of names.

mod grid;
mod lists;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use anstyle::Style as Ansi;

use super::{Signs, sentence};
use crate::domain::finding::Unknown;
use crate::domain::matrix::{Column, Grade, Holding, Matrix, Row, Standing};
use crate::domain::name::ActorName;
use crate::domain::text::{counted, listed, visible};
use crate::render::Style;
use crate::render::paint::{BAD, BOLD, DIM, GOOD, WARNING, paint, wrap};

/// What marks somebody who holds a secret through a shared key.
const THROUGH: &str = "*";
/// How many secrets a sentence names.
const MOST_NAMED: usize = 5;
/// How many different doubts are told.
const MOST_TOLD: usize = 10;
/// The width where nothing limits it: what is read in a file is read in an editor.
const WIDTH_OF_FILES: usize = 120;

/// Renders the matrix; it ends in the lines that say who is alone, and how much of all this is known.
pub fn render(matrix: &Matrix, style: Style, signs: Signs) -> String {
    let mut page = Page { matrix, style, signs, text: String::new() };
    page.header();
    if !matrix.rows.is_empty() && !page.grid() {
        page.lists();
    }
    page.doubts();
    page.unknowns();
    page.legend();
    page.summary();
    page.text
}

struct Page<'m> {
    matrix: &'m Matrix,
    style: Style,
    signs: Signs,
    text: String,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Text after an indent, wrapped to the width.
    fn wrapped(&mut self, indent: usize, text: &str, ansi: Ansi) {
        let width = self.style.width.map(|width| width.saturating_sub(indent).max(20));
        for line in wrap(text, width) {
            self.line(&format!("{:indent$}{}", "", paint(&line, ansi, self.style)));
        }
    }

    fn paint(&self, text: &str, ansi: Ansi) -> String {
        paint(text, ansi, self.style)
    }

    fn header(&mut self) {
        let source = &self.matrix.source;
        let mut parts =
            vec![self.paint(&format!("{}/", visible(&source.store)), BOLD), format!("as of {}", source.at)];
        if let Some(commit) = &source.commit {
            let short: String = commit.chars().take(12).collect();
            parts.push(format!("at commit {short}"));
        }
        self.line(&parts.join(", "));
        self.line("");
    }

    /// What stands before a secret that needs looking at.
    fn mark(row: &Row) -> (char, Ansi) {
        match row.standing {
            Standing::Nobody | Standing::Alone => ('!', BAD),
            Standing::TooFew => ('!', WARNING),
            Standing::Enough if row.doubts.is_empty() && row.unopened.is_none() => (' ', BOLD),
            Standing::Enough | Standing::Unknown => ('?', WARNING),
        }
    }

    fn ansi_of(holding: Holding) -> Ansi {
        match holding {
            Holding::Holds(Grade::Proved) => GOOD,
            Holding::Holds(Grade::Plausible) => Ansi::new(),
            Holding::Holds(Grade::Claimed) => WARNING,
            Holding::Unlisted | Holding::LeftOut => BAD,
            Holding::Exposed => DIM,
        }
    }

    /// What does not fit, each thing once: many secrets may have it in common.
    fn doubts(&mut self) {
        let mut told = BTreeMap::<String, Vec<Cow<'_, str>>>::new();
        for row in &self.matrix.rows {
            for doubt in &row.doubts {
                told.entry(visible(doubt).into_owned()).or_default().push(row.shown());
            }
        }
        self.reasons("does not fit", WARNING, &told, "secrets check --offline");
    }

    fn unknowns(&mut self) {
        let mut told = BTreeMap::<String, Vec<Cow<'_, str>>>::new();
        for row in &self.matrix.rows {
            let reasons = row.unknown.iter().map(reason).chain(row.unopened.clone());
            for why in reasons {
                told.entry(visible(&why).into_owned()).or_default().push(row.shown());
            }
        }
        for unknown in &self.matrix.unknowns {
            told.entry(visible(&reason(unknown)).into_owned()).or_default();
        }
        self.reasons("is not known", BAD, &told, "secrets check --offline");
    }

    fn reasons(&mut self, title: &str, ansi: Ansi, told: &BTreeMap<String, Vec<Cow<'_, str>>>, more: &str) {
        if told.is_empty() {
            return;
        }
        self.line(&self.paint(title, ansi));
        for (why, secrets) in told.iter().take(MOST_TOLD) {
            self.wrapped(2, why, Ansi::new());
            if !secrets.is_empty() {
                self.wrapped(4, &format!("of {}", several(secrets)), DIM);
            }
        }
        if let Some(left) = told.len().checked_sub(MOST_TOLD).filter(|left| *left > 0) {
            self.line(&format!("  and {left} more: {more}"));
        }
        self.line("");
    }

    /// Only what occurs above is explained.
    fn legend(&mut self) {
        let cells = || self.matrix.rows.iter().flat_map(|row| row.cells.values());
        let used: BTreeSet<Holding> = cells().map(|cell| cell.holding).collect();
        let shared: BTreeSet<&ActorName> = cells().flat_map(|cell| &cell.through).collect();
        let mut lines = Vec::new();
        for (mark, ansi, word, meaning) in [
            ('!', BAD, "at risk", "fewer people hold it than policy asks for, or one person alone"),
            ('?', WARNING, "in doubt", "something does not fit or is not known: see above"),
        ] {
            if self.matrix.rows.iter().any(|row| Self::mark(row).0 == mark) {
                let sign = self.paint(&mark.to_string(), ansi);
                lines.push((sign, format!("{word:9}"), meaning.to_owned()));
            }
        }
        for holding in Holding::ALL.into_iter().filter(|holding| used.contains(holding)) {
            let sign = self.paint(&self.signs.of(holding).to_string(), Self::ansi_of(holding));
            let word = holding.as_str();
            let mut meaning = holding.meaning().to_owned();
            if holding == Holding::Holds(Grade::Plausible) && !self.matrix.source.proving {
                meaning.push_str("; --prove opens the value and proves it");
            }
            lines.push((sign, format!("{word:9}"), meaning));
        }
        for column in self.matrix.columns.iter().filter(|column| shared.contains(&column.name)) {
            lines.push((THROUGH.to_owned(), format!("{:9}", "through"), stands_for(column)));
        }
        for (sign, word, meaning) in lines {
            self.explained(&sign, &word, &meaning);
        }
        let idle = self.matrix.columns.iter().filter(|column| column.is_empty());
        let idle: Vec<&str> = idle.map(|column| column.name.as_str()).collect();
        if !idle.is_empty() && !self.matrix.rows.is_empty() {
            let none = self.paint(&self.signs.none.to_string(), DIM);
            self.explained(&none, "nothing  ", &listed(&idle));
        }
        if !self.text.ends_with("\n\n") {
            self.line("");
        }
    }

    fn explained(&mut self, sign: &str, word: &str, meaning: &str) {
        let indent = 6 + word.len();
        let width = self.style.width.map(|width| width.saturating_sub(indent).max(20));
        for (position, line) in wrap(meaning, width).iter().enumerate() {
            if position == 0 {
                self.line(&format!("  {sign} {word}  {line}"));
            } else {
                self.line(&format!("{:indent$}{line}", ""));
            }
        }
    }

    fn summary(&mut self) {
        let matrix = self.matrix;
        for (standing, ansi) in [
            (Standing::Nobody, BAD),
            (Standing::Alone, BAD),
            (Standing::TooFew, WARNING),
            (Standing::Unknown, WARNING),
        ] {
            let Some(sentence) = sentence(matrix, standing) else { continue };
            let named: Vec<String> = matrix.with_standing(standing).map(named).collect();
            self.wrapped(0, &format!("{sentence}: {}", several(&named)), ansi);
        }
        let is_calm = matrix.rows.iter().all(|row| Self::mark(row).0 == ' ');
        if is_calm && matrix.is_whole() && !matrix.rows.is_empty() {
            self.line(&self.paint("every secret is held by as many people as policy asks for", GOOD));
        }
        let mut grades = Vec::new();
        for grade in [Grade::Proved, Grade::Plausible, Grade::Claimed] {
            let number = matrix.summary.graded(grade);
            if number > 0 {
                grades.push(format!("{number} {}", grade.as_str()));
            }
        }
        if matrix.summary.of(Standing::Unknown) > 0 {
            grades.push(format!("{} unknown", matrix.summary.of(Standing::Unknown)));
        }
        let people = if matrix.summary.people == 1 {
            "1 person".to_owned()
        } else {
            format!("{} people", matrix.summary.people)
        };
        let of_what = format!("{}, {people}", counted(matrix.summary.secrets, "secret"));
        let colon = if grades.is_empty() { "" } else { ": " };
        self.wrapped(0, &format!("{of_what}{colon}{}", grades.join(", ")), Ansi::new());
    }
}

/// A secret, with the one who holds it alone.
fn named(row: &Row) -> String {
    match row.alone() {
        Some(person) => format!("{} ({person})", row.shown()),
        None => row.shown().into_owned(),
    }
}

fn reason(unknown: &Unknown) -> String {
    // A message that begins with the path it speaks of need not be told it twice.
    if unknown.why.starts_with(&format!("{}:", unknown.what)) {
        unknown.why.clone()
    } else {
        format!("{}: {}", unknown.what, unknown.why)
    }
}

/// `team-kms stands for alice and bob (compared on 2026-08-01)`.
fn stands_for(column: &Column) -> String {
    let people: Vec<&str> = column.people.iter().map(ActorName::as_str).collect();
    let confirmed = match column.confirmed {
        Some(on) => format!("compared with its access list on {}", on.brief()),
        None => "never compared with its access list".to_owned(),
    };
    format!("{} stands for {} ({confirmed})", column.name, listed(&people))
}

/// A few names, and how many more there are.
fn several<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(MOST_NAMED).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(MOST_NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests;
