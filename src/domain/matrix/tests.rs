use super::*;

fn row(secret: &str, people: &[&str], doubts: &[&str]) -> Row {
    let people: BTreeSet<ActorName> = people.iter().map(|name| name.parse().unwrap()).collect();
    let held = || Cell::new(Holding::Holds(Grade::Plausible));
    Row {
        secret: secret.parse().unwrap(),
        standing: Standing::of(people.len(), 3),
        grade: Some(Grade::Plausible),
        cells: people.iter().map(|name| (name.clone(), held())).collect(),
        people,
        min_people: 3,
        doubts: doubts.iter().map(|doubt| (*doubt).to_owned()).collect(),
        unopened: None,
        unknown: None,
    }
}

fn matrix(rows: Vec<Row>) -> Matrix {
    let source = Source {
        at: "2026-03-01".parse().unwrap(),
        store: "secrets".to_owned(),
        store_id: "01JB0000000000000000000000".to_owned().try_into().unwrap(),
        commit: None,
        proving: false,
    };
    let column = |name: &str, kind| Column { kind, ..Column::departed(name.parse().unwrap()) };
    let columns = vec![
        column("zoe", ColumnKind::Person),
        column("ci", ColumnKind::Machine),
        column("al", ColumnKind::Person),
    ];
    Matrix::conclude(source, columns, rows, Vec::new())
}

#[test]
fn those_at_risk_come_first_then_those_in_doubt() {
    let unread = Row::unknown("m".parse::<CredentialName>().unwrap(), 2, Unknown::new("m.json", "cut off"));
    let matrix = matrix(vec![
        row("a", &["al", "bo", "zoe"], &[]),
        row("b", &["al", "bo", "zoe"], &["edited"]),
        row("c", &["al", "zoe"], &[]),
        unread,
        row("z", &["zoe"], &[]),
        row("y", &["zoe"], &[]),
        row("x", &[], &[]),
    ]);
    let names: Vec<&str> = matrix.rows.iter().map(|row| row.secret.as_str()).collect();
    assert_eq!(names, ["x", "y", "z", "m", "c", "b", "a"]);
    assert!(!matrix.is_whole());
}

#[test]
fn columns_are_sorted_counted_and_completed() {
    let matrix = matrix(vec![row("a", &["zoe"], &[]), row("b", &["zoe", "bo"], &[])]);
    let columns: Vec<(&str, &str, usize)> =
        matrix.columns.iter().map(|c| (c.name.as_str(), c.kind.as_str(), c.tally.holds)).collect();
    assert_eq!(
        columns,
        [("al", "person", 0), ("zoe", "person", 2), ("ci", "machine", 0), ("bo", "departed", 1)]
    );
    assert_eq!(matrix.columns[1].tally.alone, ["a".parse().unwrap()]);
    assert!(matrix.columns[0].is_empty() && !matrix.columns[1].is_empty());
    assert_eq!((matrix.summary.secrets, matrix.summary.people), (2, 2));
    assert_eq!((matrix.summary.of(Standing::Alone), matrix.summary.of(Standing::TooFew)), (1, 1));
    assert_eq!(matrix.summary.graded(Grade::Plausible), 2);
    assert!(matrix.is_whole());
}

#[test]
fn every_way_of_holding_is_counted_by_column() {
    let mut rows = Vec::new();
    for secret in ["a", "b"] {
        let mut row = row(secret, &["zoe"], &[]);
        for (name, holding) in [("u", Holding::Unlisted), ("l", Holding::LeftOut), ("e", Holding::Exposed)] {
            row.cells.insert(name.parse().unwrap(), Cell::new(holding));
        }
        rows.push(row);
    }
    let matrix = matrix(rows);
    let counted = |name: &str| {
        let tally = &matrix.columns.iter().find(|column| column.name.as_str() == name).unwrap().tally;
        (tally.holds, tally.unlisted, tally.left_out, tally.exposed)
    };
    assert_eq!(counted("zoe"), (2, 0, 0, 0));
    assert_eq!((counted("u"), counted("l"), counted("e")), ((0, 2, 0, 0), (0, 0, 2, 0), (0, 0, 0, 2)));
    let summary = &matrix.summary;
    assert_eq!((summary.of(Standing::Alone), summary.of(Standing::Nobody)), (2, 0));
    assert_eq!((summary.graded(Grade::Plausible), summary.graded(Grade::Proved)), (2, 0));
    let alone: Vec<Cow<'_, str>> = matrix.with_standing(Standing::Alone).map(Row::shown).collect();
    assert_eq!(alone, ["a", "b"]);
}

#[test]
fn the_people_are_counted_and_nobody_else() {
    let matrix = matrix(vec![row("a", &["zoe", "bo", "cy"], &[])]);
    assert_eq!((matrix.columns.len(), matrix.summary.people), (5, 2));
}

#[test]
fn around_the_numbers_of_people() {
    for (people, min, standing) in [
        (0, 0, Standing::Nobody),
        (1, 1, Standing::Alone),
        (1, 2, Standing::Alone),
        (2, 2, Standing::Enough),
        (2, 3, Standing::TooFew),
        (3, 3, Standing::Enough),
    ] {
        assert_eq!(Standing::of(people, min), standing, "{people} of {min}");
    }
}

#[test]
fn what_was_asked_to_be_proved_and_was_not_opened_is_unknown() {
    let mut unopened = row("a", &["al", "bo", "zoe"], &[]);
    unopened.unopened = Some("none of your identities opens it".to_owned());
    assert!(!matrix(vec![unopened]).is_whole());
}
