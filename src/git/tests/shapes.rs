//! Every shape of clone gives the same facts, or a clear error.

use std::fs;
use std::path::Path;

use super::super::testing::{Sandbox, write};
use super::super::{BlobId, GitError, Repository, blob_id};

/// The files of `secrets` at `HEAD`, with their contents.
fn facts(sandbox: &Sandbox, clone: &Path) -> Vec<(String, Vec<u8>)> {
    let repository = sandbox.open(clone);
    let snapshot = repository.snapshot(repository.head().unwrap().unwrap(), "secrets").unwrap();
    let ids: Vec<BlobId> = snapshot.entries().values().map(|entry| entry.id).collect();
    let blobs = repository.blobs(&ids).unwrap();
    assert!(ids.iter().zip(&blobs).all(|(id, bytes)| *id == blob_id(bytes)));
    snapshot.entries().keys().cloned().zip(blobs).collect()
}

#[test]
fn all_shapes_of_clones_give_the_same_facts() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    for number in 0..20 {
        write(&clone, &format!("secrets/many/{number}.json"), &format!("{number}\n"));
    }
    sandbox.commit_all(&clone, "many");
    sandbox.git(&clone, &["push", "--quiet", "origin", "HEAD:main"]);
    let expected = facts(&sandbox, &clone);
    assert_eq!(expected.len(), 22);

    let shallow = sandbox.clone_of(&origin, "shallow", &["--depth=1"]);
    let detached = sandbox.clone_of(&origin, "detached", &[]);
    sandbox.git(&detached, &["checkout", "--quiet", "--detach"]);
    let blobless = sandbox.clone_of(&origin, "blobless", &["--filter=blob:none", "--no-checkout"]);
    let treeless = sandbox.clone_of(&origin, "treeless", &["--filter=tree:0", "--no-checkout"]);
    // As gits before 2.2x and some hosts write it; libgit2 does not know the extension.
    let extension = sandbox.clone_of(&origin, "extension", &["--filter=blob:none", "--no-checkout"]);
    sandbox.git(&extension, &["config", "extensions.partialClone", "origin"]);
    assert!(git2::Repository::open(&extension).is_err());
    let sparse = sandbox.clone_of(&origin, "sparse", &["--sparse", "--filter=blob:none"]);
    let borrowing = sandbox.clone_of(&origin, "borrowing", &["--reference", clone.to_str().unwrap()]);
    let packed = sandbox.clone_of(&origin, "packed", &[]);
    sandbox.git(&packed, &["gc", "--quiet"]);
    sandbox.git(&packed, &["pack-refs", "--all"]);
    for shape in [&shallow, &detached, &blobless, &treeless, &extension, &sparse, &borrowing, &packed] {
        assert_eq!(facts(&sandbox, shape), expected, "{}", shape.display());
    }
    for branch in [&shallow, &extension] {
        assert_eq!(sandbox.open(branch).branch().as_deref(), Some("main"));
    }
    assert_eq!(sandbox.open(&detached).branch(), None);
}

#[test]
fn missing_blobs_come_over_one_connection() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    for number in 0..20 {
        write(&clone, &format!("secrets/{number}.json"), &format!("{number}\n"));
    }
    sandbox.commit_all(&clone, "many");
    sandbox.git(&clone, &["push", "--quiet", "origin", "HEAD:main"]);
    let blobless = sandbox.clone_of(&origin, "blobless", &["--filter=blob:none", "--no-checkout"]);
    // Whoever serves the objects leaves a line each time.
    let log = sandbox.path("served");
    let server = sandbox.path("serve");
    fs::write(
        &server,
        format!("#!/bin/sh\necho served >> '{}'\nexec git-upload-pack \"$@\"\n", log.display()),
    )
    .unwrap();
    sandbox.git(&blobless, &["config", "remote.origin.uploadpack", &format!("sh {}", server.display())]);
    let before = super::super::testing::state(&sandbox, &blobless);
    assert_eq!(facts(&sandbox, &blobless).len(), 22);
    assert_eq!(fs::read_to_string(log).unwrap().lines().count(), 1);
    assert_eq!(super::super::testing::state(&sandbox, &blobless), before);
}

#[test]
fn a_partial_clone_whose_remote_is_gone_says_so() {
    let sandbox = Sandbox::new();
    let (origin, _) = sandbox.origin_and_clone();
    let blobless = sandbox.clone_of(&origin, "blobless", &["--filter=blob:none", "--no-checkout"]);
    fs::rename(&origin, sandbox.path("gone")).unwrap();
    let repository = sandbox.open(&blobless);
    let snapshot = repository.snapshot(repository.head().unwrap().unwrap(), "secrets").unwrap();
    let ids: Vec<BlobId> = snapshot.entries().values().map(|entry| entry.id).collect();
    assert!(matches!(repository.blobs(&ids), Err(GitError::Object { .. })));
}

#[test]
fn linked_work_trees_have_a_git_dir_of_their_own() {
    let sandbox = Sandbox::new();
    let (_, clone) = sandbox.origin_and_clone();
    sandbox.git(&clone, &["worktree", "add", "--quiet", "-b", "side", "../linked"]);
    let linked = sandbox.path("linked");
    assert_eq!(facts(&sandbox, &linked), facts(&sandbox, &clone));
    write(&linked, "secrets/new.age", "x");
    sandbox.commit_all(&linked, "side");
    let repository = Repository::discover(&linked.join("secrets"), &sandbox.environment()).unwrap();
    assert_eq!(repository.root(), linked);
    assert_eq!(repository.branch().as_deref(), Some("side"));
    assert_ne!(repository.head().unwrap(), sandbox.open(&clone).head().unwrap());
    assert!(repository.git_dir().is_absolute() && repository.git_dir().ends_with("worktrees/linked"));
    assert!(repository.common_dir().ends_with("clone/.git"));
}

#[test]
fn an_unborn_branch_has_no_commit() {
    let sandbox = Sandbox::new();
    let dir = sandbox.init("r");
    let repository = sandbox.open(&dir);
    assert_eq!(repository.head().unwrap(), None);
    assert_eq!(repository.branch().as_deref(), Some("main"));
    sandbox.git(&dir, &["config", "core.repositoryFormatVersion", "1"]);
    sandbox.git(&dir, &["config", "extensions.partialClone", "origin"]);
    let repository = sandbox.open(&dir);
    assert_eq!((repository.head().unwrap(), repository.branch().as_deref()), (None, Some("main")));
}

#[test]
fn what_can_not_be_read_is_said() {
    let sandbox = Sandbox::new();
    let error = |dir: &Path| Repository::discover(dir, &sandbox.environment()).err().unwrap();
    for (name, option, word) in
        [("s", "--object-format=sha256", "object format sha256"), ("r", "--ref-format=reftable", "reftable")]
    {
        let dir = sandbox.path(name);
        sandbox.git(&sandbox.path(""), &["init", "--quiet", option, dir.to_str().unwrap()]);
        let error = error(&dir);
        assert!(matches!(error, GitError::Unsupported { .. }), "{error}");
        assert!(
            error.to_string().contains(word) && error.to_string().contains(dir.to_str().unwrap()),
            "{error}"
        );
    }
    let unknown = sandbox.init("unknown");
    sandbox.git(&unknown, &["config", "core.repositoryFormatVersion", "1"]);
    sandbox.git(&unknown, &["config", "extensions.fromTheFuture", "yes"]);
    assert!(error(&unknown).to_string().contains("fromthefuture"));

    let bare = sandbox.path("bare.git");
    sandbox.git(&sandbox.path(""), &["init", "--quiet", "--bare", bare.to_str().unwrap()]);
    assert!(matches!(error(&bare), GitError::Bare { .. }));
    let none = sandbox.path("none");
    fs::create_dir(&none).unwrap();
    assert!(matches!(error(&none), GitError::NotARepository { .. }));
}

type Damage = fn(&Path);

#[test]
fn a_damaged_repository_is_named_and_none_above_it_answers_for_it() {
    let sandbox = Sandbox::new();
    let outer = sandbox.init("outer");
    let make = |name: &str| {
        let dir = sandbox.init(&format!("outer/{name}"));
        write(&dir, "a", "1");
        sandbox.commit_all(&dir, "one");
        dir
    };
    let damages: [(&str, Damage); 5] = [
        ("no-head", |dir| fs::remove_file(dir.join(".git/HEAD")).unwrap()),
        ("a-file", |dir| {
            fs::remove_dir_all(dir.join(".git")).unwrap();
            fs::write(dir.join(".git"), b"\xff\x00garbage").unwrap();
        }),
        ("elsewhere", |dir| {
            fs::remove_dir_all(dir.join(".git")).unwrap();
            fs::write(dir.join(".git"), "gitdir: /nonexistent/place\n").unwrap();
        }),
        ("config", |dir| fs::write(dir.join(".git/config"), "[core\n").unwrap()),
        ("no-objects", |dir| fs::remove_dir_all(dir.join(".git/objects")).unwrap()),
    ];
    for (name, damage) in damages {
        let dir = make(name);
        damage(&dir);
        let error = Repository::discover(&dir, &sandbox.environment()).err().unwrap();
        assert!(matches!(error, GitError::Unreadable { .. }), "{name}: {error}");
        assert!(error.to_string().contains(dir.join(".git").to_str().unwrap()), "{name}: {error}");
    }
    let dir = make("head");
    fs::write(dir.join(".git/refs/heads/main"), "not an id\n").unwrap();
    let repository = sandbox.open(&dir);
    assert!(matches!(repository.head(), Err(GitError::Unreadable { .. })));
    assert_eq!(repository.root(), dir);
    assert_eq!(sandbox.open(&outer).root(), outer);
}

#[test]
fn whose_repository_it_is() {
    let sandbox = Sandbox::new();
    let dir = sandbox.init("r");
    write(&dir, "a", "1");
    let commit = sandbox.commit_all(&dir, "one");
    // Only root can give a folder away; for others there is nothing to see here.
    let given_away =
        std::process::Command::new("chown").args(["-R", "4242:4242"]).arg(&dir).status().unwrap();
    if !given_away.success() {
        return;
    }
    let error = Repository::discover(&dir, &sandbox.environment()).err().unwrap();
    assert!(matches!(error, GitError::NotTrusted { .. }), "{error}");
    assert!(error.to_string().contains("safe.directory"), "{error}");
    let global = sandbox.path("global");
    fs::write(&global, "[safe]\n\tdirectory = *\n").unwrap();
    let trusting = sandbox.with("GIT_CONFIG_GLOBAL", global);
    assert_eq!(trusting.open(&dir).head().unwrap().unwrap().to_string(), commit);
}
