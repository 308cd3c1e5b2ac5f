//! The matrix of people and secrets: who holds what, and how much is known of it.

mod words;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::finding::Unknown;
use super::id::StoreId;
use super::name::ActorName;
use super::text::visible;
use super::time::Instant;
use super::tracked_name::CredentialName;

/// How much is known of custody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// The record says so, and the sealed file does not bear it out.
    Claimed,
    /// The header of the sealed file fits what the record says.
    Plausible,
    /// The header was recomputed: the key opens this very value.
    Proved,
}

/// How somebody stands to a secret; whoever has no standing at all has no cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holding {
    /// Could open this version once, and is not a reader now.
    Exposed,
    /// Is meant to read it, and it is not sealed to them.
    LeftOut,
    /// It is sealed to a key that policy does not list as theirs: they left, or it was exchanged. Counts for nobody.
    Unlisted,
    Holds(Grade),
}

/// One cell of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub holding: Holding,
    /// The shared keys by which they hold it; empty where they hold it by a key of their own.
    pub through: BTreeSet<ActorName>,
}

impl Cell {
    pub fn new(holding: Holding) -> Self {
        Self { holding, through: BTreeSet::new() }
    }
}

/// How many people hold a secret, as a risk. The gravest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// No person can open it.
    Nobody,
    /// Exactly one person can.
    Alone,
    /// What is known does not tell.
    Unknown,
    /// Several people, and fewer than `min-people`.
    TooFew,
    Enough,
}

/// One secret of the store, or one file that another tool sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub secret: CredentialName,
    pub standing: Standing,
    /// The least that is known of any of its holders; `None` where nothing is known of it.
    pub grade: Option<Grade>,
    /// The people who count.
    pub people: BTreeSet<ActorName>,
    pub min_people: u32,
    pub cells: BTreeMap<ActorName, Cell>,
    /// What does not fit between policy, record and sealed file.
    pub doubts: Vec<String>,
    /// Why it was not opened, where a proof was asked for.
    pub unopened: Option<String>,
    /// Why nothing is known of it.
    pub unknown: Option<Unknown>,
}

/// Who has a column. In this order, then by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColumnKind {
    Person,
    /// One key, several people.
    SharedKey,
    Machine,
    /// Policy does not know the name any more.
    Departed,
}

/// One person, shared key or machine, or somebody who left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub kind: ColumnKind,
    pub name: ActorName,
    pub contact: Option<String>,
    /// The people behind a shared key.
    pub people: BTreeSet<ActorName>,
    /// When somebody last compared those people with the key's real access list.
    pub confirmed: Option<Instant>,
    pub tally: Tally,
}

/// What a column comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub holds: usize,
    /// The secrets that nobody else holds.
    pub alone: Vec<CredentialName>,
    pub unlisted: usize,
    pub left_out: usize,
    pub exposed: usize,
}

/// What the rows come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub secrets: usize,
    pub people: usize,
    pub standings: BTreeMap<Standing, usize>,
    /// Rows by the least that is known of any holder.
    pub grades: BTreeMap<Grade, usize>,
}

impl Summary {
    pub fn of(&self, standing: Standing) -> usize {
        self.standings.get(&standing).copied().unwrap_or(0)
    }

    pub fn graded(&self, grade: Grade) -> usize {
        self.grades.get(&grade).copied().unwrap_or(0)
    }
}

/// From where and when the matrix is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub at: Instant,
    /// The path of the store relative to the root of the repository.
    pub store: String,
    pub store_id: StoreId,
    pub commit: Option<String>,
    /// Whether the values were opened to prove who else can.
    pub proving: bool,
}

/// The whole matrix. Made by [`Matrix::conclude`] only, so that rows, tallies and summary agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    pub source: Source,
    /// People, shared keys, machines, departed; by name.
    pub columns: Vec<Column>,
    /// Those at risk first, then those in doubt, then by name.
    pub rows: Vec<Row>,
    pub summary: Summary,
    /// What could not be seen of the store as a whole.
    pub unknowns: Vec<Unknown>,
}

impl Matrix {
    /// Sorts and counts.
    pub fn conclude(
        source: Source,
        mut columns: Vec<Column>,
        mut rows: Vec<Row>,
        mut unknowns: Vec<Unknown>,
    ) -> Self {
        rows.sort_by_cached_key(|row| {
            let certain = row.doubts.is_empty() && row.unopened.is_none();
            (row.standing, certain, row.secret.clone())
        });
        unknowns.sort();
        unknowns.dedup();
        let mut tallies = BTreeMap::<ActorName, Tally>::new();
        let mut summary = Summary { secrets: rows.len(), ..Summary::default() };
        for row in &rows {
            *summary.standings.entry(row.standing).or_default() += 1;
            if let Some(grade) = row.grade {
                *summary.grades.entry(grade).or_default() += 1;
            }
            for (name, cell) in &row.cells {
                let tally = tallies.entry(name.clone()).or_default();
                match cell.holding {
                    Holding::Holds(_) => tally.holds += 1,
                    Holding::Unlisted => tally.unlisted += 1,
                    Holding::LeftOut => tally.left_out += 1,
                    Holding::Exposed => tally.exposed += 1,
                }
            }
            if let Some(person) = row.alone() {
                tallies.entry(person.clone()).or_default().alone.push(row.secret.clone());
            }
        }
        for name in tallies.keys() {
            if columns.iter().all(|column| column.name != *name) {
                columns.push(Column::departed(name.clone()));
            }
        }
        for column in &mut columns {
            column.tally = tallies.remove(&column.name).unwrap_or_default();
            column.tally.alone.sort();
        }
        columns.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        summary.people = columns.iter().filter(|column| column.kind == ColumnKind::Person).count();
        Self { source, columns, rows, summary, unknowns }
    }

    /// Whether everything that was asked is known.
    pub fn is_whole(&self) -> bool {
        self.unknowns.is_empty()
            && self.rows.iter().all(|row| row.unknown.is_none() && row.unopened.is_none())
    }

    pub fn with_standing(&self, standing: Standing) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.standing == standing)
    }
}

impl Column {
    fn departed(name: ActorName) -> Self {
        Self {
            kind: ColumnKind::Departed,
            name,
            contact: None,
            people: BTreeSet::new(),
            confirmed: None,
            tally: Tally::default(),
        }
    }

    /// Whether they stand in no row.
    pub fn is_empty(&self) -> bool {
        self.tally == Tally::default()
    }
}

impl Row {
    /// A secret of which nothing is known.
    pub fn unknown(secret: impl Into<CredentialName>, min_people: u32, unknown: Unknown) -> Self {
        Self {
            secret: secret.into(),
            standing: Standing::Unknown,
            grade: None,
            people: BTreeSet::new(),
            min_people,
            cells: BTreeMap::new(),
            doubts: Vec::new(),
            unopened: None,
            unknown: Some(unknown),
        }
    }

    /// Its name, fit for a terminal: paths of files are anybody's to choose.
    pub fn shown(&self) -> Cow<'_, str> {
        visible(self.secret.as_str())
    }

    /// The only person who holds it.
    pub fn alone(&self) -> Option<&ActorName> {
        self.people.first().filter(|_| self.standing == Standing::Alone)
    }
}

impl Standing {
    /// How a number of people stands to what policy asks for.
    pub fn of(people: usize, min_people: u32) -> Self {
        match people {
            0 => Self::Nobody,
            1 => Self::Alone,
            _ if people < usize::try_from(min_people).unwrap_or(usize::MAX) => Self::TooFew,
            _ => Self::Enough,
        }
    }
}

#[cfg(test)]
mod tests;
