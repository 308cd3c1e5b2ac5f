//! The matrix for a program. These structs are the format; they change only with `schema_version`.

use serde::Serialize;

use crate::domain::finding::Unknown;
use crate::domain::matrix::{Column, Grade, Matrix, Row, Standing};
use crate::domain::name::ActorName;
use crate::domain::tracked_name::CredentialName;

const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct MatrixWire<'a> {
    schema_version: u32,
    at: String,
    store: &'a str,
    store_id: String,
    commit: Option<&'a str>,
    proving: bool,
    complete: bool,
    summary: SummaryWire,
    actors: Vec<ActorWire<'a>>,
    secrets: Vec<SecretWire<'a>>,
    unknown: Vec<UnknownWire<'a>>,
}

#[derive(Serialize)]
struct SummaryWire {
    secrets: usize,
    people: usize,
    nobody: usize,
    alone: usize,
    unknown: usize,
    too_few: usize,
    enough: usize,
    proved: usize,
    plausible: usize,
    claimed: usize,
}

#[derive(Serialize)]
struct ActorWire<'a> {
    name: &'a str,
    kind: &'static str,
    contact: Option<&'a str>,
    /// Of shared keys only.
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed: Option<String>,
    holds: usize,
    alone: Vec<&'a str>,
    unlisted: usize,
    left_out: usize,
    exposed: usize,
}

#[derive(Serialize)]
struct SecretWire<'a> {
    name: &'a str,
    standing: &'static str,
    grade: Option<&'static str>,
    people: Vec<&'a str>,
    min_people: u32,
    cells: Vec<CellWire<'a>>,
    doubts: &'a [String],
    unopened: Option<&'a str>,
    unknown: Option<UnknownWire<'a>>,
}

#[derive(Serialize)]
struct CellWire<'a> {
    actor: &'a str,
    standing: &'static str,
    through: Vec<&'a str>,
}

#[derive(Serialize)]
struct UnknownWire<'a> {
    what: &'a str,
    why: &'a str,
}

impl<'a> From<&'a Unknown> for UnknownWire<'a> {
    fn from(unknown: &'a Unknown) -> Self {
        Self { what: &unknown.what, why: &unknown.why }
    }
}

impl<'a> From<&'a Column> for ActorWire<'a> {
    fn from(column: &'a Column) -> Self {
        let people = column.people.iter().map(ActorName::as_str).collect::<Vec<_>>();
        Self {
            name: column.name.as_str(),
            kind: column.kind.as_str(),
            contact: column.contact.as_deref(),
            people: (!people.is_empty()).then_some(people),
            confirmed: column.confirmed.map(|on| on.to_string()),
            holds: column.tally.holds,
            alone: column.tally.alone.iter().map(CredentialName::as_str).collect(),
            unlisted: column.tally.unlisted,
            left_out: column.tally.left_out,
            exposed: column.tally.exposed,
        }
    }
}

impl<'a> From<&'a Row> for SecretWire<'a> {
    fn from(row: &'a Row) -> Self {
        let cells = row.cells.iter().map(|(name, cell)| CellWire {
            actor: name.as_str(),
            standing: cell.holding.as_str(),
            through: cell.through.iter().map(ActorName::as_str).collect(),
        });
        Self {
            name: row.secret.as_str(),
            standing: row.standing.as_str(),
            grade: row.grade.map(Grade::as_str),
            people: row.people.iter().map(ActorName::as_str).collect(),
            min_people: row.min_people,
            cells: cells.collect(),
            doubts: &row.doubts,
            unopened: row.unopened.as_deref(),
            unknown: row.unknown.as_ref().map(UnknownWire::from),
        }
    }
}

/// Renders the matrix as JSON, with one line feed at the end.
pub fn render(matrix: &Matrix) -> String {
    let (source, summary) = (&matrix.source, &matrix.summary);
    let wire = MatrixWire {
        schema_version: SCHEMA_VERSION,
        at: source.at.to_string(),
        store: &source.store,
        store_id: source.store_id.to_string(),
        commit: source.commit.as_deref(),
        proving: source.proving,
        complete: matrix.is_whole(),
        summary: SummaryWire {
            secrets: summary.secrets,
            people: summary.people,
            nobody: summary.of(Standing::Nobody),
            alone: summary.of(Standing::Alone),
            unknown: summary.of(Standing::Unknown),
            too_few: summary.of(Standing::TooFew),
            enough: summary.of(Standing::Enough),
            proved: summary.graded(Grade::Proved),
            plausible: summary.graded(Grade::Plausible),
            claimed: summary.graded(Grade::Claimed),
        },
        actors: matrix.columns.iter().map(ActorWire::from).collect(),
        secrets: matrix.rows.iter().map(SecretWire::from).collect(),
        unknown: matrix.unknowns.iter().map(UnknownWire::from).collect(),
    };
    crate::render::pretty(&wire)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_rich_matrix() {
        insta::assert_snapshot!(render(&samples::rich()));
    }
}
