//! Each secret with the names of those who stand to it, where there are more of them than columns.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use anstyle::Style as Ansi;

use super::super::{groups, people_of};
use super::Page;
use crate::domain::matrix::{Cell, Column, ColumnKind, Holding, Row};
use crate::domain::name::ActorName;

const INDENT: usize = 4;

/// Words that stay on one line, and their colour.
struct Piece {
    text: String,
    ansi: Ansi,
    /// Whether something else begins here.
    is_first: bool,
}

impl Page<'_> {
    pub(super) fn lists(&mut self) {
        let matrix = self.matrix;
        let groups = groups(matrix);
        for row in &matrix.rows {
            let (mark, ansi) = Self::mark(row);
            let first = format!("{mark} {}  {}", row.shown(), people_of(row));
            self.line(&if mark == ' ' { first } else { self.paint(&first, ansi) });
            let pieces: Vec<Piece> =
                groups.iter().flat_map(|(kind, columns)| self.of_kind(row, *kind, columns)).collect();
            self.flow(&pieces);
        }
        self.line("");
    }

    /// Those of one kind, gathered by how they stand to it.
    fn of_kind(&self, row: &Row, kind: ColumnKind, columns: &[&Column]) -> Vec<Piece> {
        let mut alike = BTreeMap::<(Reverse<Holding>, String), Vec<&ActorName>>::new();
        for column in columns {
            if let Some(cell) = row.cells.get(&column.name) {
                alike.entry((Reverse(cell.holding), through(cell))).or_default().push(&column.name);
            }
        }
        let mut title =
            if kind == ColumnKind::Person { String::new() } else { format!("{}: ", kind.plural()) };
        let mut pieces = Vec::new();
        for ((Reverse(holding), through), names) in alike {
            let last = names.len().saturating_sub(1);
            for (position, name) in names.into_iter().enumerate() {
                let is_first = position == 0;
                let sign = if is_first { format!("{} ", self.signs.of(holding)) } else { String::new() };
                let end = if position == last { through.as_str() } else { "," };
                let text = format!("{}{sign}{name}{end}", std::mem::take(&mut title));
                pieces.push(Piece { text, ansi: Self::ansi_of(holding), is_first });
            }
        }
        pieces
    }

    /// Writes the pieces one after the other, as many on a line as there is room for.
    fn flow(&mut self, pieces: &[Piece]) {
        let room = self.style.width.map(|width| width.saturating_sub(INDENT).max(20));
        let (mut line, mut length) = (String::new(), 0);
        for piece in pieces {
            let width = piece.text.chars().count();
            let gap = match (length, piece.is_first) {
                (0, _) => 0,
                (_, true) => 3,
                (_, false) => 1,
            };
            if length > 0 && room.is_some_and(|room| length + gap + width > room) {
                self.line(&format!("{:INDENT$}{line}", ""));
                (line, length) = (String::new(), 0);
            } else {
                line.push_str(&" ".repeat(gap));
                length += gap;
            }
            line.push_str(&self.paint(&piece.text, piece.ansi));
            length += width;
        }
        if length > 0 {
            self.line(&format!("{:INDENT$}{line}", ""));
        }
    }
}

/// ` (through team-kms)`, or nothing.
fn through(cell: &Cell) -> String {
    if cell.through.is_empty() {
        return String::new();
    }
    let keys: Vec<&str> = cell.through.iter().map(ActorName::as_str).collect();
    format!(" (through {})", keys.join(", "))
}
