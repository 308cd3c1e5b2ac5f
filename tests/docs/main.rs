//! Every block of code in the documents is run, in a sandbox, as its reader would type it; command lines in sentences
//! and in the help are at least understood. `CONTRIBUTING.md` says how a document tells what its blocks need.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

#[path = "../common/mod.rs"]
mod common;
mod compare;
mod data;
mod documents;
mod help;
mod lines;
mod markdown;
mod read;
mod settings;
mod shell;
mod workflow;
mod world;

use documents::{Documented, NOT_RUN};

/// One test for each document, so that they run at the same time, and the list of them all.
macro_rules! documents {
    ($($test:ident => $document:expr;)*) => {
        $(#[test]
        fn $test() {
            read(&$document);
        })*

        const DOCUMENTS: &[&Documented] = &[$(&$document),*];
    };
}

documents! {
    the_readme => documents::README;
    contributing => documents::CONTRIBUTING;
    fuzzing => documents::FUZZING;
    the_changelog => documents::CHANGELOG;
    the_architecture => documents::ARCHITECTURE;
    benchmarks => documents::BENCHMARKS;
    the_checks => documents::CHECKS;
    custody => documents::CUSTODY;
    dependencies => documents::DEPENDENCIES;
    exit_codes => documents::EXIT_CODES;
    file_formats => documents::FILE_FORMATS;
    the_threat_model => documents::THREAT_MODEL;
    people => documents::PEOPLE;
    baseline => documents::BASELINE;
    break_glass => documents::BREAK_GLASS;
    building => documents::BUILDING;
    ci => documents::CI;
    custody_matrix => documents::CUSTODY_MATRIX;
    exec => documents::EXEC;
    fleet => documents::FLEET;
    git => documents::GIT;
    import_export => documents::IMPORT_EXPORT;
    metrics => documents::METRICS;
    pictures => documents::PICTURES;
    rotation => documents::ROTATION;
    scheduling => documents::SCHEDULING;
    tracked_files => documents::TRACKED_FILES;
    triage => documents::TRIAGE;
    warning => documents::WARNING;
}

fn read(document: &Documented) {
    let mut reader = read::Reader::new(document);
    reader.read();
    let allowed = NOT_RUN.iter().find(|(path, _)| *path == document.path).map_or(0, |(_, count)| *count);
    assert_eq!(
        reader.skipped.len(),
        allowed,
        "NOT_RUN in tests/docs/documents.rs has another number for {}. Not run are:\n{}",
        document.path,
        reader.skipped.join("\n")
    );
}

#[test]
fn no_document_is_left_out() {
    let mut found = Vec::new();
    for folder in ["", "docs", "docs/guides", "fuzz"] {
        for entry in std::fs::read_dir(world::repository().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "md") {
                found.push(path.strip_prefix(world::repository()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let listed: Vec<&str> = DOCUMENTS.iter().map(|document| document.path).collect();
    found.retain(|path| !listed.contains(&path.as_str()));
    assert!(
        found.is_empty(),
        "name them in tests/docs/documents.rs and main.rs, so that they are run: {found:?}"
    );
}

#[test]
fn every_variable_of_ours_is_told() {
    let told = std::fs::read_to_string(world::repository().join("docs/file-formats.md")).unwrap();
    let (_, told) = told.split_once("\n## Environment\n").unwrap();
    let name = regex::Regex::new(r"\bSECRETS_[A-Z_]*[A-Z]\b").unwrap();
    let mut folders = vec![world::repository().join("src")];
    let mut found = std::collections::BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.extend(name.find_iter(&text).map(|found| found.as_str().to_owned()));
            }
        }
    }
    assert!(found.contains("SECRETS_IDENTITY"), "none was found");
    found.retain(|name| !told.contains(&format!("`{name}`")));
    assert!(found.is_empty(), "tell of them in docs/file-formats.md, under Environment: {found:?}");
}
