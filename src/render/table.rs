//! Columns of text, as `git branch -vv` or `kubectl get` print them: aligned, without lines around them.

use anstyle::Style as Ansi;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table as Grid, Width};

use super::Style;
use super::paint::{BAD, BOLD, GOOD, WARNING, paint};
use crate::domain::text::visible;

/// Between two columns.
const GAP: u16 = 2;

/// One cell: its text, and whether it is told in colour.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    ansi: Option<Ansi>,
}

impl Cell {
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ansi: None }
    }

    pub fn good(text: impl Into<String>) -> Self {
        Self { text: text.into(), ansi: Some(GOOD) }
    }

    pub fn warning(text: impl Into<String>) -> Self {
        Self { text: text.into(), ansi: Some(WARNING) }
    }

    pub fn bad(text: impl Into<String>) -> Self {
        Self { text: text.into(), ansi: Some(BAD) }
    }
}

/// A table with a header.
#[derive(Debug, Clone)]
pub struct Table {
    header: Vec<&'static str>,
    right: Vec<usize>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), right: Vec::new(), rows: Vec::new() }
    }

    /// Aligns a column to the right, for numbers.
    pub fn align_right(&mut self, column: usize) {
        self.right.push(column);
    }

    pub fn row<const N: usize>(&mut self, texts: [String; N]) {
        self.rows.push(texts.into_iter().map(Cell::plain).collect());
    }

    pub fn cells<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(cells.into());
    }

    /// Renders the table to the width, with a line feed at the end of each line.
    pub fn render(&self, style: Style) -> String {
        let mut grid = Grid::new();
        grid.load_style(comfy_table::presets::NOTHING);
        if let Some(width) = style.width {
            grid.set_content_arrangement(ContentArrangement::Dynamic);
            grid.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        }
        grid.set_header(self.header.iter().map(|title| (*title).to_owned()));
        for row in &self.rows {
            grid.add_row(row.iter().map(|cell| shown(&cell.text)));
        }
        let least = self.least_widths();
        let has_room = style.width.is_some_and(|width| least.iter().sum::<usize>() <= width);
        let last = self.header.len().saturating_sub(1);
        for ((position, column), least) in grid.column_iter_mut().enumerate().zip(least) {
            column.set_padding((0, if position == last { 0 } else { GAP }));
            if has_room {
                let least = Width::Fixed(u16::try_from(least).unwrap_or(u16::MAX));
                column.set_constraint(ColumnConstraint::LowerBoundary(least));
            }
            if self.right.contains(&position) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.painted(&grid, style)
    }

    /// How wide each column must be, with the gap after it, so that no word is broken: fingerprints are copied.
    fn least_widths(&self) -> Vec<usize> {
        let longest =
            |text: &str| text.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0);
        let last = self.header.len().saturating_sub(1);
        let of_column = |(position, title): (usize, &&str)| {
            let cells = self.rows.iter().filter_map(|row| row.get(position));
            let content = cells.map(|cell| longest(&cell.text)).max().unwrap_or(0).max(longest(title));
            content + if position == last { 0 } else { usize::from(GAP) }
        };
        self.header.iter().enumerate().map(of_column).collect()
    }

    /// Colours are put in when the widths are settled: a table crate that counted escape codes as columns would
    /// misalign them.
    fn painted(&self, grid: &Grid, style: Style) -> String {
        let mut out = String::new();
        for (number, line) in grid.lines().enumerate() {
            let line = line.trim_end();
            if number == 0 {
                out.push_str(&paint(line, BOLD, style));
            } else {
                out.push_str(&self.paint_last_cell(line, style));
            }
            out.push('\n');
        }
        out
    }

    /// Only the last cell of a row bears a colour, so that it is found at the end of the line.
    fn paint_last_cell(&self, line: &str, style: Style) -> String {
        let found = self.rows.iter().filter_map(|row| row.last()).find_map(|cell| {
            let ansi = cell.ansi?;
            let head = line.strip_suffix(cell.text.as_str())?;
            (head.is_empty() || head.ends_with(' ')).then_some((head, &cell.text, ansi))
        });
        match found {
            Some((head, text, ansi)) => format!("{head}{}", paint(text, ansi, style)),
            None => line.to_owned(),
        }
    }
}

/// Each line of a cell without what a terminal would act on; its own line breaks stay.
fn shown(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new(&["NAME", "DAYS", "STATE"]);
        table.align_right(1);
        table.cells([Cell::plain("utoronto/prod/azuread-client"), Cell::plain("284"), Cell::good("ok")]);
        table.cells([Cell::plain("ftp\u{1b}[2J"), Cell::plain("-8"), Cell::bad("expired")]);
        table
    }

    #[test]
    fn columns_are_aligned_and_nothing_else_is_drawn() {
        insta::assert_snapshot!(sample().render(Style { color: false, width: Some(80) }));
    }

    #[test]
    fn colours_do_not_move_columns() {
        let coloured = sample().render(Style { color: true, width: Some(80) });
        let plain = sample().render(Style { color: false, width: Some(80) });
        assert_ne!(coloured, plain);
        let stripped: String = anstream::adapter::strip_str(&coloured).to_string();
        assert_eq!(stripped, plain);
    }

    #[test]
    fn a_narrow_window_breaks_cells_and_not_lines() {
        let text = sample().render(Style { color: false, width: Some(30) });
        assert!(text.lines().all(|line| line.chars().count() <= 30), "{text}");
    }

    #[test]
    fn words_stay_whole_as_long_as_there_is_room_for_them() {
        let fingerprint = "SHA256:N3M8x8wSGvvR…";
        let mut table = Table::new(&["NAME", "KEYS", "SECRETS", "ALONE WITH", "GROUPS", "CONTACT"]);
        let keys = format!("ssh-ed25519 {fingerprint} bob@laptop");
        table.row(["alice", &keys, "4", "", "team", ""].map(str::to_owned));
        for width in [60, 66, 80] {
            let text = table.render(Style { color: false, width: Some(width) });
            assert!(text.contains(fingerprint) && text.contains("bob@laptop"), "{text}");
            assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
        }
    }
}
