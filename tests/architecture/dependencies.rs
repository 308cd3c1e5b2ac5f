//! Compares `docs/dependencies.md` with the manifests and with the source: each crate that is named has its line there, and
//! each line still has its crate.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's helpers are tests too")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::source::Source;
use super::{Place, rust_files};

const DOCUMENT: &str = "docs/dependencies.md";

/// The manifests of this repository, each with the headings of the document whose tables hold its crates.
const MANIFESTS: &[(&str, &str, &[&str])] = &[
    ("Cargo.toml", "dependencies", &["## Of the program", "### Elsewhere than on Unix"]),
    ("Cargo.toml", "dev-dependencies", &["## Of the tests"]),
    ("Cargo.toml", "build-dependencies", &[]),
    ("fuzz/Cargo.toml", "dependencies", &["### Of fuzzing"]),
    ("tests/live/rops/Cargo.toml", "dependencies", &["### Of a witness"]),
];

/// Crates that nothing names, and that are linked in all the same. Others would be for the tests alone, or for nothing.
const UNNAMED: &[&str] = &["libz-sys"];

/// A crate that more rooms than these name is named everywhere.
const MOST_ROOMS: usize = 4;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names in a manifest under `[KIND]` and `[target.….KIND]`; what lies in this repository is no dependency.
fn named(manifest: &str, kind: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(manifest)).unwrap();
    let manifest: toml_edit::DocumentMut = text.parse().unwrap();
    let mut tables: Vec<&toml_edit::Item> = manifest.get(kind).into_iter().collect();
    if let Some(targets) = manifest.get("target").and_then(toml_edit::Item::as_table_like) {
        tables.extend(targets.iter().filter_map(|(_, target)| target.get(kind)));
    }
    let entries = tables.iter().filter_map(|table| table.as_table_like()).flat_map(|table| table.iter());
    entries.filter(|(_, entry)| entry.get("path").is_none()).map(|(name, _)| name.to_owned()).collect()
}

/// The cells of the tables below a heading, up to the next one. The first row of a table is its head.
fn rows(document: &str, heading: &str) -> Vec<Vec<String>> {
    let section = document.lines().skip_while(|line| *line != heading).skip(1);
    let section = section.take_while(|line| !line.starts_with('#'));
    let rows = section.filter_map(|line| line.strip_prefix("| `")).map(|line| format!("`{line}"));
    rows.map(|row| row.trim_end_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

/// The first thing in backquotes.
fn quoted(cell: &str) -> &str {
    cell.split('`').nth(1).unwrap_or_default()
}

#[test]
fn every_dependency_is_accounted_for() {
    let document = fs::read_to_string(root().join(DOCUMENT)).unwrap();
    for (manifest, kind, headings) in MANIFESTS {
        let lines: Vec<String> = headings
            .iter()
            .flat_map(|heading| rows(&document, heading))
            .map(|row| quoted(&row[0]).to_owned())
            .collect();
        let accounted: BTreeSet<String> = lines.iter().cloned().collect();
        assert_eq!(lines.len(), accounted.len(), "a crate has two lines below {headings:?} of {DOCUMENT}");
        let mut named = named(manifest, kind);
        if *manifest == "fuzz/Cargo.toml" {
            // What the project itself needs is accounted for there.
            for kind in ["dependencies", "dev-dependencies"] {
                named.retain(|name| !self::named("Cargo.toml", kind).contains(name));
            }
        }
        let silent: Vec<_> = named.difference(&accounted).collect();
        assert!(
            silent.is_empty(),
            "{DOCUMENT} has no line below {headings:?} for these of {manifest}, and what doing without them costs: {silent:?}"
        );
        let gone: Vec<_> = accounted.difference(&named).collect();
        assert!(
            gone.is_empty(),
            "{DOCUMENT} has lines below {headings:?} about what {manifest} doesn't name: {gone:?}"
        );
    }
    assert!(named("Cargo.toml", "dependencies").len() > 20, "the dependencies were not read");
}

/// The rooms of `src/` that name each crate outside their tests.
fn rooms() -> BTreeMap<String, BTreeSet<String>> {
    let mut files: Vec<PathBuf> = Vec::new();
    rust_files(&root().join("src"), &mut files).unwrap();
    let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let path = file.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        let place = Place::of(&path);
        if place.is_test {
            continue;
        }
        let module = place.module.iter().map(String::as_str).collect::<Vec<_>>();
        let source = Source::read(&fs::read_to_string(&file).unwrap(), &module);
        for named in source.foreign().filter(|named| !named.in_tests) {
            let of = named.segments[0].clone();
            rooms.entry(of).or_default().insert(place.room.clone());
        }
    }
    rooms
}

#[test]
fn the_rooms_that_name_a_dependency_are_told() {
    let document = fs::read_to_string(root().join(DOCUMENT)).unwrap();
    let rooms = rooms();
    let mut faults = Vec::new();
    for row in MANIFESTS[0].2.iter().flat_map(|heading| rows(&document, heading)) {
        let name = quoted(&row[0]);
        let found = rooms.get(&name.replace('-', "_")).cloned().unwrap_or_default();
        if found.is_empty() && !UNNAMED.contains(&name) {
            faults.push(format!("{name}: nothing in src/ names it outside tests"));
        }
        let expected = match found.len() {
            0 => "none".to_owned(),
            1..=MOST_ROOMS => found.iter().map(|room| format!("`{room}`")).collect::<Vec<_>>().join(", "),
            _ => "everywhere".to_owned(),
        };
        if row[1] != expected {
            faults.push(format!("{name}: {} should be {expected}", row[1]));
        }
    }
    assert!(faults.is_empty(), "{DOCUMENT} tells of other rooms than src/ has:\n{}", faults.join("\n"));
}
