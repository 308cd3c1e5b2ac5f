//! Tables in clean columns, as `kubectl` and `gh` print them.

use anstyle::Style as Ink;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::Style;
use super::paint::NAME;
use crate::domain::text::visible;

const GAP: u16 = 2;
/// A column is never cut below this.
const NARROWEST: usize = 8;
const CUT: &str = "...";

/// The head of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub header: &'static str,
    /// For numbers.
    pub right: bool,
}

impl Column {
    pub const fn left(header: &'static str) -> Self {
        Self { header, right: false }
    }

    pub const fn right(header: &'static str) -> Self {
        Self { header, right: true }
    }
}

/// One cell, coloured or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    text: String,
    ink: Ink,
}

impl Cell {
    /// A cell in a colour, where the table is coloured at all.
    pub fn painted(text: impl Into<String>, ink: Ink) -> Self {
        Self { text: text.into(), ink }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::painted(text, Ink::new())
    }
}

/// The table as text: header and rows, one line each. What is wider than the page is cut in its widest columns,
/// and ends in `...` there.
pub fn table(columns: &[Column], rows: Vec<Vec<Cell>>, style: &Style) -> String {
    let header = columns.iter().map(|column| Cell::painted(column.header, NAME)).collect::<Vec<_>>();
    let mut rows = std::iter::once(header).chain(rows).collect::<Vec<_>>();
    for cell in rows.iter_mut().flatten() {
        // An empty cell could not be found again in its line, and says less than a dash.
        cell.text =
            if cell.text.trim().is_empty() { "-".to_owned() } else { visible(cell.text.trim()).into_owned() };
    }
    cut(&mut rows, columns.len(), style.width);

    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    for row in &rows {
        table.add_row(row.iter().map(|cell| cell.text.as_str()));
    }
    for (shape, column) in columns.iter().zip(table.column_iter_mut()) {
        column.set_padding((0, GAP));
        column.set_cell_alignment(if shape.right { CellAlignment::Right } else { CellAlignment::Left });
    }
    let mut page = String::new();
    for (line, row) in table.lines().zip(&rows) {
        page.push_str(&painted_line(&line, row, *style));
        page.push('\n');
    }
    page
}

/// Shortens the texts of the widest columns until the line fits, or nothing can be taken any more.
fn cut(rows: &mut [Vec<Cell>], columns: usize, width: usize) {
    let mut widths = vec![0; columns];
    for row in &*rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = cell.text.chars().count().max(*widest);
        }
    }
    let room = width.saturating_sub(usize::from(GAP) * columns.saturating_sub(1));
    while widths.iter().sum::<usize>() > room {
        let Some(widest) = widths.iter_mut().max().filter(|widest| **widest > NARROWEST) else { break };
        *widest -= 1;
    }
    for row in rows {
        for (cell, width) in row.iter_mut().zip(&widths) {
            if cell.text.chars().count() > *width {
                let kept = cell.text.chars().take(width.saturating_sub(CUT.len())).collect::<String>();
                cell.text = format!("{}{CUT}", kept.trim_end());
            }
        }
    }
}

/// Paints the cells where they stand in a line that was laid out without colours.
fn painted_line(line: &str, row: &[Cell], style: Style) -> String {
    let mut painted = String::with_capacity(line.len());
    let mut rest = line.trim_end();
    for cell in row {
        let text = rest.trim_start();
        let Some(after) = text.strip_prefix(cell.text.as_str()) else { break };
        painted.push_str(rest.get(..rest.len() - text.len()).unwrap_or_default());
        painted.push_str(&style.paint(cell.ink, &cell.text));
        rest = after;
    }
    painted + rest
}

#[cfg(test)]
mod tests {
    use anstyle::AnsiColor;

    use super::*;

    const COLUMNS: [Column; 3] = [Column::left("NAME"), Column::right("DAYS LEFT"), Column::left("OWNER")];

    fn rows() -> Vec<Vec<Cell>> {
        vec![
            vec![
                "utoronto/prod/azuread-client".into(),
                Cell::painted("-8", AnsiColor::Red.on_default()),
                "infra".into(),
            ],
            vec!["web/db".into(), "365".into(), "".into()],
            vec!["x\x1b[31m".into(), "1000".into(), "漢字 two words".into()],
        ]
    }

    #[test]
    fn clean_columns() {
        let page = table(&COLUMNS, rows(), &Style { color: false, width: 80 });
        insta::assert_snapshot!(page, @r"
        NAME                          DAYS LEFT  OWNER
        utoronto/prod/azuread-client         -8  infra
        web/db                              365  -
        x\u{1b}[31m                        1000  漢字 two words
        ");
    }

    #[test]
    fn colours_stand_where_the_text_stands() {
        let page = table(&COLUMNS, rows(), &Style { color: true, width: 80 });
        let plain = table(&COLUMNS, rows(), &Style { color: false, width: 80 });
        assert!(page.contains("\u{1b}[31m-8\u{1b}[0m  infra"), "{page:?}");
        let stripped =
            ["\u{1b}[31m", "\u{1b}[1m", "\u{1b}[0m"].iter().fold(page, |page, code| page.replace(code, ""));
        assert_eq!(stripped, plain);
    }

    #[test]
    fn a_narrow_page_cuts_the_widest_column() {
        let page = table(&COLUMNS, rows(), &Style { color: false, width: 40 });
        insta::assert_snapshot!(page, @r"
        NAME             DAYS LEFT  OWNER
        utoronto/pro...         -8  infra
        web/db                 365  -
        x\u{1b}[31m           1000  漢字 two words
        ");
        assert!(page.lines().all(|line| line.chars().count() <= 40));
        let tiny = table(&COLUMNS, rows(), &Style { color: false, width: 0 });
        assert_eq!(tiny.lines().count(), 4);
    }

    #[test]
    fn no_rows_leave_the_header() {
        assert_eq!(
            table(&COLUMNS, Vec::new(), &Style { color: false, width: 80 }),
            "NAME  DAYS LEFT  OWNER\n"
        );
    }
}
