//! What is committed, whatever index, filters and replacement refs say.

use std::collections::BTreeSet;
use std::fs;

use super::super::testing::{Sandbox, write};
use super::super::{EntryKind, GitError, Repository, blob_id, git_version};

#[test]
fn a_snapshot_holds_what_is_below_a_folder_and_no_more() {
    let sandbox = Sandbox::new();
    let dir = sandbox.init("r");
    for path in ["secrets/b.age", "secrets/a/deep/er.json", "secrets.toml", "README"] {
        write(&dir, path, path);
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink("b.age", dir.join("secrets/link")).unwrap();
    sandbox.commit_all(&dir, "one");
    let repository = sandbox.open(&dir);
    let head = repository.head().unwrap().unwrap();
    let snapshot = repository.snapshot(head, "secrets").unwrap();
    let paths: Vec<_> = snapshot.entries().keys().map(String::as_str).collect();
    assert_eq!(paths, ["secrets/a/deep/er.json", "secrets/b.age", "secrets/link"]);
    assert_eq!(snapshot.get("secrets/link").unwrap().kind, EntryKind::SymbolicLink);
    let entry = snapshot.get("secrets/b.age").unwrap();
    assert_eq!((entry.kind, entry.id), (EntryKind::File, blob_id(b"secrets/b.age")));
    assert_eq!(repository.blobs(&[entry.id, entry.id]).unwrap(), [b"secrets/b.age", b"secrets/b.age"]);
    assert_eq!(repository.snapshot(head, "").unwrap().entries().len(), 5);
    assert_eq!(repository.snapshot(head, "secrets/a/").unwrap().entries().len(), 1);
    for none in ["custody", "secrets/b.age", "secrets/link", "secrets/a/deep/er.json/x"] {
        let nothing = repository.snapshot(head, none).unwrap();
        assert!(nothing.folder_id().is_none() && nothing.entries().is_empty(), "{none}");
    }
}

#[test]
fn equal_folders_have_equal_ids() {
    let sandbox = Sandbox::new();
    let dir = sandbox.init("r");
    write(&dir, "secrets/a.age", "1");
    sandbox.commit_all(&dir, "one");
    write(&dir, "README", "x");
    sandbox.commit_all(&dir, "two");
    write(&dir, "secrets/a.age", "2");
    sandbox.commit_all(&dir, "three");
    let repository = sandbox.open(&dir);
    let id = |rev| repository.snapshot(repository.resolve(rev).unwrap(), "secrets").unwrap().folder_id();
    assert_eq!(id("HEAD~2"), id("HEAD~1"));
    assert_ne!(id("HEAD~1"), id("HEAD"));
}

#[test]
fn nothing_hides_a_difference_in_bytes() {
    let sandbox = Sandbox::new();
    let dir = sandbox.init("r");
    write(&dir, ".gitattributes", "*.age filter=same\n*.json text\n");
    write(&dir, "secrets/a.age", "one\n");
    write(&dir, "secrets/a.json", "one\n");
    sandbox.commit_all(&dir, "one");
    sandbox.git(&dir, &["config", "filter.same.clean", "echo one"]);
    sandbox.git(&dir, &["config", "core.autocrlf", "true"]);
    sandbox.git(&dir, &["update-index", "--assume-unchanged", "secrets/a.age"]);
    sandbox.git(&dir, &["update-index", "--skip-worktree", "secrets/a.json"]);
    write(&dir, "secrets/a.age", "two\n");
    write(&dir, "secrets/a.json", "one\r\n");
    assert_eq!(sandbox.git(&dir, &["status", "--porcelain"]), "", "git status must see nothing here");
    let repository = sandbox.open(&dir);
    let snapshot = repository.snapshot(repository.head().unwrap().unwrap(), "secrets").unwrap();
    for path in ["secrets/a.age", "secrets/a.json"] {
        assert_ne!(snapshot.get(path).unwrap().id, blob_id(&fs::read(dir.join(path)).unwrap()), "{path}");
    }
}

#[test]
fn replacement_refs_deceive_nobody() {
    let sandbox = Sandbox::new();
    let dir = sandbox.init("r");
    write(&dir, "secrets/a.age", "real\n");
    let real = sandbox.commit_all(&dir, "real");
    write(&dir, "secrets/a.age", "fake\n");
    let fake = sandbox.commit_all(&dir, "fake");
    sandbox.git(&dir, &["reset", "--quiet", "--hard", &real]);
    sandbox.git(&dir, &["replace", &real, &fake]);
    let blob = |text: &str| blob_id(text.as_bytes()).to_string();
    sandbox.git(&dir, &["replace", &blob("real\n"), &blob("fake\n")]);
    assert_eq!(
        sandbox.git(&dir, &["show", "HEAD:secrets/a.age"]),
        "fake",
        "git itself must be deceived here"
    );
    let repository = sandbox.open(&dir);
    let snapshot = repository.snapshot(repository.head().unwrap().unwrap(), "secrets").unwrap();
    let id = snapshot.get("secrets/a.age").unwrap().id;
    assert_eq!(id, blob_id(b"real\n"));
    assert_eq!(repository.blobs(&[id]).unwrap(), [b"real\n"]);
    assert_eq!(repository.resolve("HEAD").unwrap().to_string(), real);
}

#[test]
fn a_damaged_object_is_named() {
    let sandbox = Sandbox::new();
    let dir = sandbox.init("r");
    write(&dir, "secrets/a.age", "one\n");
    sandbox.commit_all(&dir, "one");
    let repository = sandbox.open(&dir);
    let snapshot = repository.snapshot(repository.head().unwrap().unwrap(), "secrets").unwrap();
    let id = snapshot.get("secrets/a.age").unwrap().id;
    let hex = id.to_string();
    let loose = dir.join(".git/objects").join(&hex[..2]).join(&hex[2..]);
    fs::remove_file(&loose).unwrap();
    let error = repository.blobs(&[id]).unwrap_err();
    assert!(matches!(&error, GitError::Object { id, .. } if *id == hex), "{error}");
    // Another blob's bytes under this one's name.
    let other = sandbox.git(&dir, &["hash-object", "-w", ".git/HEAD"]);
    fs::copy(dir.join(".git/objects").join(&other[..2]).join(&other[2..]), &loose).unwrap();
    let error = sandbox.open(&dir).blobs(&[id]).unwrap_err();
    assert!(matches!(&error, GitError::Object { id, .. } if *id == hex), "{error}");
}

#[test]
fn ignore_rules_are_named_by_file_and_line() {
    let sandbox = Sandbox::new();
    let dir = sandbox.init("r");
    write(&dir, ".gitignore", "target\n\n*.age\n!keep.age\n");
    write(&dir, "secrets/.gitignore", "b.json\n");
    write(&dir, ".git/info/exclude", "hidden/\n");
    write(&dir, "secrets/a.age", "x");
    let repository = sandbox.open(&dir);
    let paths = [
        "secrets/a.age",
        "secrets/b.json",
        "secrets/keep.age",
        "secrets/c.json",
        "secrets/hidden/x",
        ":(top)*",
    ];
    let found: Vec<_> = repository.ignored_by(paths).unwrap().into_iter().collect();
    let expected = [
        ("secrets/a.age", ".gitignore:3: *.age"),
        ("secrets/b.json", "secrets/.gitignore:1: b.json"),
        ("secrets/hidden/x", ".git/info/exclude:1: hidden/"),
    ];
    assert_eq!(found, expected.map(|(path, rule)| (path.to_owned(), rule.to_owned())));
    assert!(repository.ignored_by(["secrets/c.json"]).unwrap().is_empty());
    assert!(repository.ignored_by::<&str>([]).unwrap().is_empty());
    // It is hidden from `git status` only until it is added; the rule is told nonetheless.
    sandbox.git(&dir, &["add", "--force", "secrets/a.age"]);
    assert_eq!(repository.ignored_by(["secrets/a.age"]).unwrap().len(), 1);
}

#[test]
fn a_sparse_checkout_is_not_a_deletion() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    let sparse = sandbox.clone_of(&origin, "sparse", &["--sparse"]);
    assert!(!sparse.join("secrets").exists());
    let paths = ["README", "secrets/a.age", "secrets/prod/b.json", "secrets/new.age"];
    let found = sandbox.open(&sparse).outside_sparse_checkout(paths).unwrap();
    assert_eq!(found, BTreeSet::from(["secrets/a.age".to_owned(), "secrets/prod/b.json".to_owned()]));
    // By hand the same mark hides a deletion, in a clone that is not sparse.
    sandbox.git(&clone, &["update-index", "--skip-worktree", "secrets/a.age"]);
    fs::remove_file(clone.join("secrets/a.age")).unwrap();
    assert!(sandbox.open(&clone).outside_sparse_checkout(paths).unwrap().is_empty());
}

#[test]
fn revisions() {
    let sandbox = Sandbox::new();
    let dir = sandbox.init("r");
    assert!(matches!(sandbox.open(&dir).resolve("HEAD"), Err(GitError::NoSuchRevision { .. })));
    write(&dir, "a", "1");
    let first = sandbox.commit_all(&dir, "one");
    sandbox.git(&dir, &["tag", "-a", "-m", "t", "v1"]);
    write(&dir, "a", "2");
    sandbox.commit_all(&dir, "two");
    let repository = sandbox.open(&dir);
    for rev in ["HEAD~1", "v1", &first, &first[..10], "main^"] {
        assert_eq!(repository.resolve(rev).unwrap().to_string(), first, "{rev}");
    }
    for rev in ["", "no-such", "--all", "HEAD:a", "a\u{1b}[2J"] {
        let error = repository.resolve(rev).unwrap_err();
        assert!(matches!(error, GitError::NoSuchRevision { .. }), "{rev}: {error}");
        assert!(!error.to_string().contains('\u{1b}'));
    }
}

#[test]
fn a_hook_that_calls_us_does_not_lead_us_astray() {
    let sandbox = Sandbox::new();
    let dir = sandbox.init("r");
    write(&dir, "a", "1");
    let commit = sandbox.commit_all(&dir, "one");
    let other = sandbox.init("other");
    let sandbox = sandbox
        .with("GIT_DIR", other.join(".git"))
        .with("GIT_WORK_TREE", &other)
        .with("GIT_INDEX_FILE", other.join("index"))
        .with("GIT_OBJECT_DIRECTORY", other.join(".git/objects"));
    let repository = Repository::discover(&dir, &sandbox.environment()).unwrap();
    assert_eq!(repository.root(), dir);
    assert_eq!(repository.resolve("main").unwrap().to_string(), commit);
    assert_eq!(repository.head().unwrap().unwrap().to_string(), commit);
}

#[test]
fn the_version_of_git_is_known() {
    let sandbox = Sandbox::new();
    assert!(git_version(&sandbox.environment()).unwrap() >= super::super::MINIMUM_GIT);
    let error = git_version(&sandbox.with("PATH", "/nonexistent").environment()).unwrap_err();
    assert_eq!(error.to_string(), "`git` is not installed, or not on PATH");
}
