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
