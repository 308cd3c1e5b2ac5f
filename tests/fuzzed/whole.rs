//! That nothing is left out: every target is built, tried here, described and has seeds, and few of them.

use std::collections::BTreeSet;
use std::fs;

use super::TARGETS;
use super::inputs::{folder, seeds};

const MOST_FILES: usize = 40;
const MOST_BYTES: usize = 200 * 1024;
const MOST_BYTES_OF_ALL: usize = 2 * 1024 * 1024;

fn read(path: &str) -> String {
    fs::read_to_string(folder().join(path)).unwrap()
}

fn names_in(path: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder().join(path)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_target_is_tried_here() {
    let here: BTreeSet<&str> = TARGETS.iter().map(|(_, name)| *name).collect();
    assert_eq!(here.len(), TARGETS.len());
    let cargo = read("Cargo.toml");
    let built = cargo.split("[[bin]]").skip(1).map(|bin| {
        let name = bin.lines().find_map(|line| line.strip_prefix("name = \"")).unwrap();
        name.trim_end_matches('"')
    });
    assert_eq!(built.collect::<BTreeSet<_>>(), here);
    let owned: BTreeSet<String> = here.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(names_in("seeds"), owned);
    assert_eq!(names_in("fuzz_targets"), owned.iter().map(|name| format!("{name}.rs")).collect());
    assert!(names_in("dictionaries").is_subset(&owned));
    let table = read("README.md");
    for (group, name) in TARGETS {
        let calls = format!("secrets_fuzz::{group}::{name}(bytes)");
        assert!(read(&format!("fuzz_targets/{name}.rs")).contains(&calls), "{name}");
        assert!(table.contains(&format!("| `{name}` |")), "fuzz/README.md has no line for {name}");
    }
}

#[test]
fn the_corpus_is_small() {
    let mut all = 0;
    for (_, name) in TARGETS {
        let seeds = seeds(name);
        let bytes: usize = seeds.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(
            seeds.len() <= MOST_FILES && bytes <= MOST_BYTES,
            "{name}: {} files, {bytes} bytes",
            seeds.len()
        );
        all += bytes;
    }
    assert!(all <= MOST_BYTES_OF_ALL, "{all} bytes");
}

/// Fuzzed must be what ships: the crates of the project in the versions of the project.
#[test]
fn both_lock_files_agree() {
    let packages = |text: &str| -> BTreeSet<String> {
        let packages = text.split("[[package]]\n").skip(1);
        packages.map(|package| package.lines().take(2).collect::<Vec<_>>().join(" ")).collect()
    };
    let ours = packages(&fs::read_to_string(folder().join("../Cargo.lock")).unwrap());
    let theirs = packages(&read("Cargo.lock"));
    let own = ["arbitrary", "libfuzzer-sys", "secrets-fuzz"].map(|name| format!("name = \"{name}\""));
    let strange: Vec<_> =
        theirs.difference(&ours).filter(|package| !own.iter().any(|own| package.starts_with(own))).collect();
    assert!(strange.is_empty(), "cp Cargo.lock fuzz/Cargo.lock, then run scripts/fuzz once: {strange:#?}");
}
