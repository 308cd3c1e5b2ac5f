//! Matrices that all renderers are tried on.

use crate::domain::finding::Unknown;
use crate::domain::matrix::{Cell, Column, ColumnKind, Grade, Holding, Matrix, Row, Source, Standing, Tally};
use crate::domain::tracked_name::{CredentialName, TrackedName};

const PLAUSIBLE: Holding = Holding::Holds(Grade::Plausible);
const PROVED: Holding = Holding::Holds(Grade::Proved);
const CLAIMED: Holding = Holding::Holds(Grade::Claimed);

fn source(proving: bool) -> Source {
    Source {
        at: "2026-03-01T12:00:00Z".parse().unwrap(),
        store: "secrets".to_owned(),
        store_id: "01JB0000000000000000000000".to_owned().try_into().unwrap(),
        commit: Some("3f2a9c1d04be5a7788990011223344556677aabb".to_owned()),
        proving,
    }
}

fn column(kind: ColumnKind, name: &str) -> Column {
    Column {
        kind,
        name: name.parse().unwrap(),
        contact: (kind == ColumnKind::Person).then(|| format!("@{name}")),
        people: [].into(),
        confirmed: None,
        tally: Tally::default(),
    }
}

/// A row in which everybody who holds it counts, as far as their names are not a machine's or a key's.
fn row(secret: &str, cells: &[(&str, Holding)]) -> Row {
    let is_person = |name: &str| !["ci", "team-kms", "dave"].contains(&name);
    let held: Vec<(&str, Grade)> = cells
        .iter()
        .filter_map(|(name, holding)| match holding {
            Holding::Holds(grade) => Some((*name, *grade)),
            Holding::Unlisted | Holding::LeftOut | Holding::Exposed => None,
        })
        .collect();
    let people = held.iter().filter(|(name, _)| is_person(name)).map(|(name, _)| name.parse().unwrap());
    let people: std::collections::BTreeSet<_> = people.collect();
    Row {
        secret: secret.parse().unwrap(),
        standing: Standing::of(people.len(), 2),
        grade: Some(held.iter().map(|(_, grade)| *grade).min().unwrap_or(Grade::Plausible)),
        people,
        min_people: 2,
        cells: cells.iter().map(|(name, holding)| (name.parse().unwrap(), Cell::new(*holding))).collect(),
        doubts: Vec::new(),
        unopened: None,
        unknown: None,
    }
}

fn columns() -> Vec<Column> {
    let mut team = column(ColumnKind::SharedKey, "team-kms");
    team.people = [("bob").parse().unwrap(), ("carol").parse().unwrap()].into();
    team.confirmed = Some("2026-02-01".parse().unwrap());
    let mut columns: Vec<Column> =
        ["alice", "bob", "carol", "erin"].map(|name| column(ColumnKind::Person, name)).into();
    columns.extend([team, column(ColumnKind::Machine, "ci")]);
    columns
}

/// Three people and ten secrets, with everything that a matrix can hold.
pub fn rich() -> Matrix {
    let both = [("alice", PLAUSIBLE), ("bob", PLAUSIBLE), ("ci", PLAUSIBLE)];
    let mut shared = row(
        "web/prod/payments",
        &[("alice", PROVED), ("bob", PLAUSIBLE), ("carol", PLAUSIBLE), ("team-kms", PLAUSIBLE)],
    );
    for person in ["bob", "carol"] {
        let cell = shared.cells.get_mut(person).unwrap();
        cell.through.insert("team-kms".parse().unwrap());
    }
    let mut edited = row("web/prod/oauth", &[("alice", CLAIMED), ("bob", CLAIMED)]);
    edited.doubts = vec!["the record is not the one that the value was sealed with".to_owned()];
    let mut sole = row("legacy/ftp", &[("alice", PLAUSIBLE), ("bob", Holding::LeftOut), ("ci", PLAUSIBLE)]);
    sole.doubts = vec!["policy names bob as a reader, to whom it is not sealed".to_owned()];
    let mut left =
        row("legacy/smtp", &[("alice", PLAUSIBLE), ("bob", PLAUSIBLE), ("dave", Holding::Unlisted)]);
    left.doubts = vec!["sealed to dave, whom policy no longer knows".to_owned()];
    let mut unopened = row("vendor/bob-only", &[("bob", PLAUSIBLE), ("carol", PLAUSIBLE)]);
    unopened.unopened = Some("none of your identities opens it".to_owned());
    let rows = vec![
        shared,
        edited,
        sole,
        left,
        unopened,
        row("deploy/key", &[("ci", PROVED)]),
        row("web/api", &both),
        row(
            "web/prod/db",
            &[("alice", PROVED), ("bob", PROVED), ("ci", PROVED), ("carol", Holding::Exposed)],
        ),
        row("web/static", &both),
        Row::unknown(
            "web/broken".parse::<CredentialName>().unwrap(),
            2,
            Unknown::new("secrets/web/broken.json", "secrets/web/broken.json:3:1: is cut off"),
        ),
    ];
    Matrix::conclude(
        source(true),
        columns(),
        rows,
        vec![Unknown::new("secrets/Web", "differs from `web` in case only")],
    )
}

/// All is well.
pub fn calm() -> Matrix {
    let both = [("alice", PROVED), ("bob", PROVED)];
    Matrix::conclude(source(true), columns(), vec![row("web/api", &both), row("web/db", &both)], Vec::new())
}

/// As many people and secrets as a large team has.
pub fn large(people: usize, secrets: usize) -> Matrix {
    let names: Vec<String> = (0..people).map(|number| format!("person-{number:02}")).collect();
    let rows = (0..secrets).map(|secret| {
        let holders = (0..=(secret * 7 + 1) % 12).map(|step| (secret + step * 5) % people);
        let mut cells: Vec<(&str, Holding)> =
            holders.filter_map(|at| Some((names.get(at)?.as_str(), PLAUSIBLE))).collect();
        cells.push(("ci", PLAUSIBLE));
        row(&format!("hub-{:02}/service-{secret:03}/oauth-client", secret % 17), &cells)
    });
    let mut columns: Vec<Column> = names.iter().map(|name| column(ColumnKind::Person, name)).collect();
    columns.push(column(ColumnKind::Machine, "ci"));
    let rows = rows.collect();
    Matrix::conclude(source(false), columns, rows, Vec::new())
}

/// Texts that would be markup, would run, or would turn what stands around them.
pub const HOSTILE: &str = "</td><script>alert(1)</script>\"' onload=x \u{202e}\u{1b}[2J\u{0}\n&amp;";

/// Hostile text wherever text comes from outside.
pub fn hostile() -> Matrix {
    let mut source = source(false);
    source.store = HOSTILE.to_owned();
    source.commit = Some(HOSTILE.to_owned());
    let mut columns = columns();
    for column in &mut columns {
        column.contact = Some(HOSTILE.to_owned());
    }
    let mut doubtful = row("web/api", &[("alice", CLAIMED), ("bob", CLAIMED)]);
    doubtful.doubts = vec![HOSTILE.to_owned()];
    let mut unopened = row("web/db", &[("alice", PLAUSIBLE), ("bob", PLAUSIBLE)]);
    unopened.unopened = Some(HOSTILE.to_owned());
    let unknown = || Unknown::new(HOSTILE, HOSTILE);
    // A path may hold all but a null byte.
    let path = format!("files/{}", HOSTILE.replace('\0', ""));
    let mut tracked = row("web/file", &[("alice", PLAUSIBLE)]);
    tracked.secret = TrackedName::new(&path, None).unwrap().into();
    let rows = vec![
        doubtful,
        unopened,
        tracked,
        Row::unknown("web/x".parse::<CredentialName>().unwrap(), 2, unknown()),
    ];
    Matrix::conclude(source, columns, rows, vec![unknown()])
}
