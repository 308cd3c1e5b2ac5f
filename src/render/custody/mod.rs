//! The matrix of people and secrets to bytes, one file per format.

pub mod html;
pub mod human;
pub mod json;

mod signs;

#[cfg(test)]
pub(super) mod samples;

use crate::domain::matrix::{Column, ColumnKind, Matrix, Row, Standing};
use crate::domain::text::counted;

pub use signs::Signs;

/// How many of all secrets have a standing, as the beginning of a sentence; `None` where none has.
fn sentence(matrix: &Matrix, standing: Standing) -> Option<String> {
    let number = matrix.summary.of(standing);
    if number == 0 {
        return None;
    }
    let of_all = format!("{number} of {}", counted(matrix.summary.secrets, "secret"));
    let is = if number == 1 { "is" } else { "are" };
    Some(match standing {
        Standing::Nobody => format!("{of_all} can be opened by no person"),
        Standing::Alone => format!("{of_all} {is} held by one person alone"),
        Standing::Unknown => format!("{of_all} {is} unknown"),
        Standing::TooFew => format!("{of_all} {is} held by fewer people than min-people asks for"),
        Standing::Enough => format!("{of_all} {is} held by enough people"),
    })
}

/// How many people hold a secret, in a word or two.
fn people_of(row: &Row) -> String {
    match row.standing {
        Standing::Unknown => "unknown".to_owned(),
        Standing::Nobody => format!("0 of {} nobody", row.min_people),
        Standing::Alone => format!("1 of {} alone", row.min_people),
        Standing::TooFew | Standing::Enough => format!("{} of {}", row.people.len(), row.min_people),
    }
}

/// The kinds of columns that stand in any row, in order, with those columns.
fn groups(matrix: &Matrix) -> Vec<(ColumnKind, Vec<&Column>)> {
    let mut groups: Vec<(ColumnKind, Vec<&Column>)> = Vec::new();
    for column in matrix.columns.iter().filter(|column| !column.is_empty()) {
        match groups.last_mut() {
            Some((kind, columns)) if *kind == column.kind => columns.push(column),
            _ => groups.push((column.kind, vec![column])),
        }
    }
    groups
}
