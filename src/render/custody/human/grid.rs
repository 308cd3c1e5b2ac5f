//! A row for each secret and a column for everybody who stands in one: with their names over the columns, or upright
//! where that is too wide.

use std::fmt::Write as _;

use super::super::{groups, people_of};
use super::{Page, THROUGH, WIDTH_OF_FILES};
use crate::domain::matrix::{Column, ColumnKind, Row, Standing};
use crate::render::paint::{BAD, BOLD, DIM, WARNING};

/// A sign, and the mark for a shared key.
const LEAST_WIDTH: usize = 2;
/// Between the name of a secret and its people.
const GAP: usize = 2;
/// Upright names that are longer push the grid out of sight.
const HIGHEST: usize = 20;

/// How the columns are laid out.
struct Layout<'m> {
    is_upright: bool,
    groups: Vec<Group<'m>>,
    /// Widths of what stands left of the columns.
    name: usize,
    people: usize,
    /// Between two columns, and between two kinds of them.
    gap: usize,
    gap_of_kinds: usize,
}

/// Columns of one kind, and how many terminal columns each takes.
struct Group<'m> {
    kind: ColumnKind,
    columns: Vec<(&'m Column, usize)>,
}

impl Layout<'_> {
    fn width(&self) -> usize {
        let groups = self.groups.iter().map(|group| self.gap_of_kinds + self.width_of(group)).sum::<usize>();
        2 + self.name + GAP + self.people + groups
    }

    fn width_of(&self, group: &Group<'_>) -> usize {
        let gaps = self.gap * group.columns.len().saturating_sub(1);
        group.columns.iter().map(|(_, width)| width).sum::<usize>() + gaps
    }

    fn height(&self) -> usize {
        let columns = self.groups.iter().flat_map(|group| &group.columns);
        columns.map(|(column, _)| column.name.as_str().len()).max().unwrap_or(0)
    }
}

impl<'m> Page<'m> {
    /// Draws the grid; false where it does not fit.
    pub(super) fn grid(&mut self) -> bool {
        let width = self.style.width.unwrap_or(WIDTH_OF_FILES);
        let named = self.layout(false);
        let upright = self.layout(true);
        let layout = if named.width() <= width {
            self.names(&named);
            named
        } else if upright.width() <= width && upright.height() <= HIGHEST {
            self.upright_names(&upright);
            upright
        } else {
            return false;
        };
        for row in &self.matrix.rows {
            self.row(row, &layout);
        }
        self.line("");
        if layout.is_upright {
            self.kinds_of(&layout);
        }
        true
    }

    fn layout(&self, is_upright: bool) -> Layout<'m> {
        let matrix = self.matrix;
        let mut layout = Layout {
            is_upright,
            groups: Vec::new(),
            name: matrix
                .rows
                .iter()
                .map(|row| row.shown().chars().count())
                .max()
                .unwrap_or(0)
                .max("SECRET".len()),
            people: matrix.rows.iter().map(|row| people_of(row).len()).max().unwrap_or(0).max("PEOPLE".len()),
            gap: if is_upright { 1 } else { 2 },
            gap_of_kinds: if is_upright { 2 } else { 4 },
        };
        for (kind, columns) in groups(matrix) {
            let width = |column: &Column| if is_upright { 0 } else { column.name.as_str().len() };
            let columns =
                columns.into_iter().map(|column| (column, width(column).max(LEAST_WIDTH))).collect();
            let mut group = Group { kind, columns };
            let lacking = kind.plural().len().saturating_sub(layout.width_of(&group));
            if !is_upright && let Some((_, width)) = group.columns.last_mut() {
                *width += lacking;
            }
            layout.groups.push(group);
        }
        layout
    }

    fn names(&mut self, layout: &Layout<'_>) {
        let mut kinds = " ".repeat(2 + layout.name + GAP + layout.people);
        let mut names = format!("  {:2$}  {:3$}", "SECRET", "PEOPLE", layout.name, layout.people);
        for group in &layout.groups {
            let between = " ".repeat(layout.gap_of_kinds);
            // Writing into a String can't fail.
            let _ = write!(kinds, "{between}{:1$}", group.kind.plural(), layout.width_of(group));
            names.push_str(&cells(layout, group, |column, width| format!("{:width$}", column.name)));
        }
        self.line(&self.paint(kinds.trim_end(), DIM));
        self.line(&self.paint(names.trim_end(), BOLD));
    }

    /// Writes the names from top to bottom, so that each ends above its column.
    fn upright_names(&mut self, layout: &Layout<'_>) {
        let height = layout.height();
        for level in 0..height {
            let is_last = level + 1 == height;
            let (secret, people) = if is_last { ("SECRET", "PEOPLE") } else { ("", "") };
            let mut line = format!("  {secret:0$}  {people:1$}", layout.name, layout.people);
            for group in &layout.groups {
                line.push_str(&cells(layout, group, |column, width| {
                    let name = column.name.as_str();
                    let at = (level + name.len()).checked_sub(height);
                    let letter = at.and_then(|at| name.chars().nth(at)).unwrap_or(' ');
                    format!("{letter:<width$}")
                }));
            }
            self.line(&self.paint(line.trim_end(), BOLD));
        }
    }

    /// Upright names leave no room for what they are.
    fn kinds_of(&mut self, layout: &Layout<'_>) {
        let others = layout.groups.iter().filter(|group| group.kind != ColumnKind::Person);
        let told: Vec<String> = others
            .map(|group| {
                let names: Vec<&str> = group.columns.iter().map(|(column, _)| column.name.as_str()).collect();
                format!("{}: {}", group.kind.plural(), names.join(", "))
            })
            .collect();
        if !told.is_empty() {
            self.wrapped(2, &told.join("; "), DIM);
            self.line("");
        }
    }

    fn row(&mut self, row: &Row, layout: &Layout<'_>) {
        let (mark, ansi) = Self::mark(row);
        let name = format!("{:1$}", row.shown(), layout.name);
        let people = format!("{:1$}", people_of(row), layout.people);
        let mark_painted = if mark == ' ' { " ".to_owned() } else { self.paint(&mark.to_string(), ansi) };
        let mut line = match row.standing {
            Standing::Nobody | Standing::Alone => self.paint(&format!("{mark} {name}  {people}"), BAD),
            Standing::Unknown | Standing::TooFew => {
                format!("{mark_painted} {name}  {}", self.paint(&people, WARNING))
            }
            Standing::Enough => format!("{mark_painted} {name}  {people}"),
        };
        for group in &layout.groups {
            line.push_str(&cells(layout, group, |column, width| self.cell(row, column, width)));
        }
        self.line(&line);
    }

    fn cell(&self, row: &Row, column: &Column, width: usize) -> String {
        let (text, ansi) = match row.cells.get(&column.name) {
            Some(cell) => {
                let through = if cell.through.is_empty() { "" } else { THROUGH };
                (format!("{}{through}", self.signs.of(cell.holding)), Self::ansi_of(cell.holding))
            }
            // Of such a row nothing is known, which is not the same as nobody.
            None if row.unknown.is_some() => ("?".to_owned(), DIM),
            None => (self.signs.none.to_string(), DIM),
        };
        let rest = width.saturating_sub(text.chars().count());
        format!("{}{:rest$}", self.paint(&text, ansi), "")
    }
}

/// The cells of one kind, with the gaps before and between them.
fn cells(layout: &Layout<'_>, group: &Group<'_>, cell: impl Fn(&Column, usize) -> String) -> String {
    let cells: Vec<String> = group.columns.iter().map(|(column, width)| cell(column, *width)).collect();
    format!("{}{}", " ".repeat(layout.gap_of_kinds), cells.join(&" ".repeat(layout.gap)))
}
