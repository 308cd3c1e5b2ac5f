//! What once stood in a folder: git makes the history, and `git rev-parse` says what stood where.

use std::fs;
use std::path::Path;

use super::super::testing::{Sandbox, write};
use super::super::{Cut, GitError, Past};
use crate::domain::reach::Reach;

const ENDINGS: [&str; 2] = [".json", ".age"];

fn put(clone: &Path, name: &str, state: &str) {
    for ending in ["json", "age"] {
        write(clone, &format!("secrets/{name}.{ending}"), &format!("{name} {ending} {state}\n"));
    }
}

fn past_of(sandbox: &Sandbox, clone: &Path, folder: &str, starts: &[&str]) -> Result<Past, GitError> {
    let repository = sandbox.open(clone);
    let mut tracing = repository.trace(folder, ENDINGS, &Reach::ALL)?;
    for start in starts {
        tracing.go_back_from(repository.resolve(start)?)?;
    }
    tracing.finish()
}

fn past(sandbox: &Sandbox, clone: &Path) -> Past {
    past_of(sandbox, clone, "secrets", &["HEAD"]).unwrap()
}

/// `STEM at COMMIT`, having asked git whether that commit has these very files.
fn told(sandbox: &Sandbox, clone: &Path, past: &Past) -> Vec<String> {
    let mut told = Vec::new();
    for (stem, pairs) in past.pairs() {
        for pair in pairs {
            let subject = sandbox.git(clone, &["log", "-1", "--format=%s", &pair.commit.to_string()]);
            for (ending, blob) in ENDINGS.iter().zip(pair.blobs) {
                let there = format!("{}:{stem}{ending}", pair.commit);
                assert_eq!(sandbox.git(clone, &["rev-parse", &there]), blob.to_string());
            }
            told.push(format!("{stem} at {subject}"));
        }
    }
    told
}

#[test]
fn what_was_replaced_and_removed_newest_first() {
    let sandbox = Sandbox::new();
    let clone = sandbox.init("clone");
    put(&clone, "web/prod/db", "1");
    put(&clone, "b", "1");
    write(&clone, "secrets/c.age", "no record");
    write(&clone, "elsewhere/d.age", "1");
    write(&clone, "elsewhere/d.json", "1");
    sandbox.commit_all(&clone, "one");
    assert!(told(&sandbox, &clone, &past(&sandbox, &clone)).is_empty());
    put(&clone, "web/prod/db", "2");
    write(&clone, "elsewhere/d.age", "2");
    sandbox.commit_all(&clone, "two");
    // Only one of both.
    write(&clone, "secrets/web/prod/db.json", "db json 3");
    write(&clone, "secrets/c.age", "still no record");
    sandbox.commit_all(&clone, "three");
    sandbox.git(&clone, &["rm", "-q", "secrets/b.json", "secrets/b.age"]);
    sandbox.git(&clone, &["commit", "-q", "-m", "four"]);
    put(&clone, "b", "2");
    write(&clone, "README", "changed");
    sandbox.commit_all(&clone, "five");
    let past = past(&sandbox, &clone);
    assert_eq!(past.cut(), None);
    assert_eq!(
        told(&sandbox, &clone, &past),
        ["secrets/b at three", "secrets/web/prod/db at two", "secrets/web/prod/db at one"]
    );
    assert_eq!(past.pairs_of("secrets/b").len(), 1);
    assert!(past.pairs_of("secrets/c").is_empty());
    let below = past_of(&sandbox, &clone, "secrets/web", &["HEAD"]).unwrap();
    assert_eq!(told(&sandbox, &clone, &below).len(), 2);
    let whole = past_of(&sandbox, &clone, "", &["HEAD"]).unwrap();
    assert!(told(&sandbox, &clone, &whole).contains(&"elsewhere/d at one".to_owned()));
    assert!(past_of(&sandbox, &clone, "nowhere", &["HEAD"]).unwrap().pairs().next().is_none());
}

#[test]
fn folders_and_files_that_take_each_others_place() {
    let sandbox = Sandbox::new();
    let clone = sandbox.init("clone");
    put(&clone, "a", "1");
    put(&clone, "z", "1");
    sandbox.commit_all(&clone, "one");
    fs::remove_file(clone.join("secrets/a.age")).unwrap();
    write(&clone, "secrets/a.age/inner.age", "1");
    write(&clone, "secrets/a.age/inner.json", "1");
    // Names that sort between and before the others move every line of the tree.
    write(&clone, "secrets/a.b", "x");
    write(&clone, "secrets/0", "x");
    put(&clone, "z", "2");
    sandbox.commit_all(&clone, "two");
    fs::remove_dir_all(clone.join("secrets")).unwrap();
    write(&clone, "secrets", "now a file");
    sandbox.commit_all(&clone, "three");
    assert_eq!(
        told(&sandbox, &clone, &past(&sandbox, &clone)),
        ["secrets/a at one", "secrets/a.age/inner at two", "secrets/z at two", "secrets/z at one"]
    );
}

#[test]
fn merges_and_further_starts() {
    let sandbox = Sandbox::new();
    let clone = sandbox.init("clone");
    put(&clone, "a", "1");
    sandbox.commit_all(&clone, "one");
    sandbox.git(&clone, &["checkout", "-q", "-b", "side"]);
    put(&clone, "a", "side");
    sandbox.commit_all(&clone, "side");
    sandbox.git(&clone, &["checkout", "-q", "main"]);
    put(&clone, "a", "main");
    sandbox.commit_all(&clone, "main");
    let from = |starts: &[&str]| past_of(&sandbox, &clone, "secrets", starts).unwrap();
    assert_eq!(told(&sandbox, &clone, &from(&["main"])), ["secrets/a at one"]);
    sandbox.git(&clone, &["merge", "-q", "-s", "ours", "-m", "merge", "side"]);
    // The merge replaced what the side had.
    let merged = from(&["main"]);
    let mut all = told(&sandbox, &clone, &merged);
    all.sort();
    assert_eq!(all, ["secrets/a at one", "secrets/a at side"]);
    assert!(merged.pairs_of("secrets/a").iter().all(|pair| pair.is_of_first));
    sandbox.git(&clone, &["checkout", "-q", "-b", "ahead"]);
    put(&clone, "a", "ahead");
    sandbox.commit_all(&clone, "ahead");
    let both = from(&["main", "ahead"]);
    let of_second: Vec<bool> = both.pairs_of("secrets/a").iter().map(|pair| pair.is_of_first).collect();
    assert_eq!(of_second.iter().filter(|first| !**first).count(), 1, "what main has, which ahead replaced");
    assert_eq!(from(&["ahead", "main"]).pairs_of("secrets/a").len(), 3);
}

#[test]
fn what_a_clone_lacks_is_said() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    for state in ["1", "2", "3"] {
        put(&clone, "b", state);
        sandbox.commit_all(&clone, state);
    }
    sandbox.git(&clone, &["push", "-q", "origin", "HEAD:main"]);
    let whole = told(&sandbox, &clone, &past(&sandbox, &clone));
    assert_eq!(whole, ["secrets/b at 2", "secrets/b at 1"]);
    for (name, options, cut, expected) in [
        ("full", &[][..], None, 2),
        ("shallow", &["--depth=1"], Some(Cut::Shallow), 0),
        ("deeper", &["--depth=2"], Some(Cut::Shallow), 1),
        ("blobless", &["--filter=blob:none"], None, 2),
        ("treeless", &["--filter=tree:0"], Some(Cut::Partial), 0),
    ] {
        let shape = sandbox.clone_of(&origin, name, options);
        let past = past(&sandbox, &shape);
        assert_eq!(past.cut(), cut, "{name}");
        assert_eq!(past.pairs_of("secrets/b").len(), expected, "{name}");
        assert_eq!(past.is_partial(), name == "blobless", "{name}");
        let repository = sandbox.open(&shape);
        let ids: Vec<_> = past.pairs_of("secrets/b").iter().flat_map(|pair| pair.blobs).collect();
        repository.bring_here(&ids).unwrap();
        assert_eq!(repository.blobs(&ids).unwrap().len(), 2 * expected, "{name}");
    }
    let linked = sandbox.path("linked");
    sandbox.git(&clone, &["worktree", "add", "-q", "--detach", linked.to_str().unwrap()]);
    assert_eq!(told(&sandbox, &linked, &past(&sandbox, &linked)), whole);
    // What git was told to show in place of a commit changes nothing.
    sandbox.git(&clone, &["replace", "--graft", "HEAD"]);
    assert_eq!(told(&sandbox, &clone, &past(&sandbox, &clone)), whole);
    sandbox.git(&clone, &["replace", "-d", "HEAD"]);
    // A commit that is gone though it should be here.
    let gone = sandbox.git(&clone, &["rev-parse", "HEAD~2"]);
    let (folder, file) = gone.split_at(2);
    let object = clone.join(".git/objects").join(folder).join(file);
    fs::rename(&object, clone.join("kept")).unwrap();
    let past = past(&sandbox, &clone);
    assert_eq!((past.cut(), past.pairs_of("secrets/b").len()), (Some(Cut::Missing), 1));
}

#[test]
fn many_files_in_one_commit_cost_nothing() {
    let sandbox = Sandbox::new();
    let clone = sandbox.init("clone");
    for number in 0..300 {
        put(&clone, &format!("{number}"), "1");
    }
    sandbox.commit_all(&clone, "one");
    assert!(past(&sandbox, &clone).pairs().next().is_none());
    put(&clone, "7", "2");
    put(&clone, "299", "2");
    sandbox.commit_all(&clone, "two");
    assert_eq!(told(&sandbox, &clone, &past(&sandbox, &clone)), ["secrets/299 at one", "secrets/7 at one"]);
}

#[test]
fn damage_is_an_error() {
    let sandbox = Sandbox::new();
    let clone = sandbox.init("clone");
    for state in ["1", "2"] {
        put(&clone, "b", state);
        sandbox.commit_all(&clone, state);
    }
    let tree = sandbox.git(&clone, &["rev-parse", "HEAD~1:secrets"]);
    let (folder, file) = tree.split_at(2);
    let object = clone.join(".git/objects").join(folder).join(file);
    fs::remove_file(&object).unwrap();
    fs::write(&object, "damaged").unwrap();
    let error = past_of(&sandbox, &clone, "secrets", &["HEAD"]).unwrap_err();
    assert!(matches!(&error, GitError::Object { id, .. } if *id == tree), "{error}");
}

#[test]
fn what_one_file_held_is_listed_once_and_newest_first() {
    let sandbox = Sandbox::new();
    let dir = sandbox.init("r");
    let states = ["one", "two", "one", "three"];
    for state in states {
        write(&dir, "a/enc.yaml", state);
        write(&dir, "a/other", &format!("{state} {}", dir.display()));
        sandbox.commit_all(&dir, state);
    }
    // A side branch whose version the merge did not take.
    sandbox.git(&dir, &["checkout", "-q", "-b", "side"]);
    write(&dir, "a/enc.yaml", "aside");
    sandbox.commit_all(&dir, "aside");
    sandbox.git(&dir, &["checkout", "-q", "-"]);
    sandbox.git(&dir, &["merge", "-q", "-s", "ours", "-m", "merge", "side"]);
    std::fs::remove_file(dir.join("a/enc.yaml")).unwrap();
    sandbox.commit_all(&dir, "gone");
    write(&dir, "a/enc.yaml", "back");
    sandbox.commit_all(&dir, "back");

    let repository = sandbox.open(&dir);
    let blobs = repository.past_blobs("a/enc.yaml", 100).unwrap();
    let texts: Vec<String> =
        repository.blobs(&blobs).unwrap().into_iter().map(|text| String::from_utf8(text).unwrap()).collect();
    let mut all = texts.clone();
    all.sort();
    assert_eq!(all, ["aside", "back", "one", "three", "two"]);
    assert_eq!((texts[0].as_str(), texts[1].as_str()), ("back", "three"));
    assert_eq!(repository.past_blobs("a/enc.yaml", 2).unwrap(), &blobs[..2]);
    assert_eq!(repository.past_blobs("a/absent", 2).unwrap(), []);
    assert!(!repository.is_shallow());
}
