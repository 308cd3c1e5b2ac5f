//! Clones made in every way there is.

use crate::common::toronto::{AZUREAD, CALM, REDEPLOY, Toronto};
use std::fs;
use std::path::{Path, PathBuf};

/// The report for programs, byte for byte.
fn report(toronto: &Toronto, clone: &Path) -> String {
    toronto.sandbox.check(clone, REDEPLOY).code(1).text().to_owned()
}

/// The same of a clone that lacks some of the history: it says so, and that is all that differs.
fn report_with_a_note(toronto: &Toronto, clone: &Path, remedy: &str) -> String {
    let report = report(toronto, clone);
    let mut kept: Vec<&str> = report.lines().filter(|line| !line.contains(remedy)).collect();
    assert_eq!(kept.len() + 1, report.lines().count(), "`{remedy}` is told once: {report}");
    let notes = kept.iter().position(|line| line.contains("\"notes\": [")).expect("there are notes");
    kept.remove(notes + 1);
    kept.join("\n").replace("\"notes\": [", "\"notes\": [],") + "\n"
}

/// Lets clones leave out objects, as the forges do.
fn allow_partial_clones(toronto: &Toronto) {
    let origin = toronto.sandbox.path("origin.git");
    for key in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        toronto.sandbox.git(&origin, ["config", key, "true"]);
    }
}

/// What a clone knows of the world: its refs, its shallow roots, its configuration, its status.
fn knowledge(toronto: &Toronto, clone: &Path) -> String {
    let git = |arguments: &[&str]| toronto.sandbox.git(clone, arguments);
    let shallow = PathBuf::from(git(&["rev-parse", "--absolute-git-dir"])).join("shallow");
    [
        git(&["for-each-ref"]),
        fs::read_to_string(shallow).unwrap_or_default(),
        git(&["config", "--local", "--list"]),
        git(&["status", "--porcelain", "--ignored"]),
        git(&["count-objects"]),
    ]
    .join("\n--\n")
}

#[test]
fn every_shape_gives_the_same_report() {
    let toronto = Toronto::new();
    allow_partial_clones(&toronto);
    let expected = report(&toronto, &toronto.laptop);
    let (shallow, treeless) = (Some("git fetch --unshallow"), Some("git fetch --refetch"));
    for (name, options, lacks) in [
        ("full", &[][..], None),
        ("depth-1", &["--depth", "1"], shallow),
        ("single-branch", &["--single-branch", "--no-tags"], None),
        ("blobless", &["--filter=blob:none"], None),
        ("treeless", &["--filter=tree:0"], treeless),
        ("blobless-depth-1", &["--filter=blob:none", "--depth", "1"], shallow),
        ("as-on-windows", &["-c", "core.autocrlf=true", "-c", "core.eol=crlf"], None),
    ] {
        let clone = toronto.sandbox.clone(name, options);
        let told = || match lacks {
            None => report(&toronto, &clone),
            Some(remedy) => report_with_a_note(&toronto, &clone, remedy),
        };
        assert_eq!(told(), expected, "{name}");
        toronto.sandbox.git(&clone, ["checkout", "-q", "--detach"]);
        assert_eq!(told(), expected, "{name}, detached");
    }
}

#[test]
fn worktrees() {
    let toronto = Toronto::new();
    let expected = report(&toronto, &toronto.laptop);
    for (name, options) in [("detached", &["--detach"][..]), ("branch", &["-b", "side"])] {
        let mut arguments = vec!["worktree", "add", "-q"];
        arguments.extend(options);
        let path = format!("../worktree-{name}");
        arguments.push(&path);
        toronto.sandbox.git(&toronto.laptop, arguments);
        let worktree = toronto.sandbox.path(&format!("worktree-{name}"));
        assert_eq!(report(&toronto, &worktree), expected, "{name}");
        // Each has a HEAD and an index of its own.
        toronto.sandbox.git(&worktree, ["rm", "-q", "--cached", "-r", "secrets"]);
        assert_eq!(report(&toronto, &worktree), expected, "{name}, with an empty index");
        assert_eq!(report(&toronto, &toronto.laptop), expected, "{name}, from the first one");
    }
}

#[test]
fn a_worktree_of_a_bare_repository() {
    let toronto = Toronto::new();
    let expected = report(&toronto, &toronto.laptop);
    let bare = toronto.sandbox.clone("bare", &["--bare"]);
    toronto.sandbox.git(&bare, ["worktree", "add", "-q", "../of-bare", "main"]);
    assert_eq!(report(&toronto, &toronto.sandbox.path("of-bare")), expected);
}

#[test]
fn a_clone_of_a_mirror() {
    let toronto = Toronto::new();
    let expected = report(&toronto, &toronto.laptop);
    let mirror = toronto.sandbox.clone("mirror.git", &["--mirror"]);
    let url = format!("file://{}", mirror.display());
    toronto.sandbox.git(&toronto.sandbox.path(""), ["clone", "-q", &url, "of-mirror"]);
    assert_eq!(report(&toronto, &toronto.sandbox.path("of-mirror")), expected);
}

#[test]
fn submodules_that_are_not_there() {
    let toronto = Toronto::new();
    let url = format!("file://{}", toronto.sandbox.path("origin.git").display());
    // Made before the library joins, so that it is another repository with a store of its own.
    let library = toronto.sandbox.path("library.git");
    toronto.sandbox.git(&toronto.sandbox.path(""), ["clone", "-q", "--bare", &url, "library.git"]);
    let library = format!("file://{}", library.display());
    toronto.git(["submodule", "--quiet", "add", &library, "vendor/library"]);
    toronto.publish("Use a library");
    let expected = report(&toronto, &toronto.laptop);
    let clone = toronto.sandbox.clone("without-submodules", &[]);
    assert!(!clone.join("vendor/library/README").exists());
    assert_eq!(report(&toronto, &clone), expected);
    // And the store of a submodule is that repository's, not ours.
    let inner = toronto.laptop.join("vendor/library");
    toronto.sandbox.gate(&inner, REDEPLOY, &[], 1).finds(&[("expired", AZUREAD, "error")]);
    toronto.renew(&inner, "bob", &["--no-commit"]);
    toronto.sandbox.gate(&inner, REDEPLOY, &[], 1).finds(&[("uncommitted", AZUREAD, "error")]);
    assert_eq!(report(&toronto, &toronto.laptop), expected);
}

#[test]
fn what_lies_outside_a_sparse_checkout_is_judged_from_head() {
    let toronto = Toronto::new();
    allow_partial_clones(&toronto);
    let expected = report(&toronto, &toronto.laptop);
    for (name, options) in
        [("sparse", &["--sparse"][..]), ("sparse-blobless", &["--sparse", "--filter=blob:none"])]
    {
        let clone = toronto.sandbox.clone(name, options);
        toronto.sandbox.git(&clone, ["sparse-checkout", "set", "secrets/callysto"]);
        assert!(!clone.join("secrets/utoronto").exists());
        assert_eq!(report(&toronto, &clone), expected, "{name}");
    }
}

#[test]
fn a_file_that_was_deleted_is_not_sparse() {
    let toronto = Toronto::new();
    for ending in ["age", "json"] {
        fs::remove_file(toronto.laptop.join(format!("secrets/{AZUREAD}.{ending}"))).expect("it is there");
    }
    toronto.gate(CALM, &[], 1).finds(&[("uncommitted", AZUREAD, "error")]);
}

#[test]
fn repositories_that_cannot_be_opened_are_named() {
    let toronto = Toronto::new();
    for (kind, option) in [("sha256", "--object-format=sha256"), ("reftable", "--ref-format=reftable")] {
        let root = toronto.sandbox.path("");
        let made = toronto.sandbox.run(&root, "git", ["init", "-q", option, kind]);
        if made.code != 0 {
            // This git does not know the format, so nobody can have such a repository here.
            assert!(made.stderr.contains("unknown"), "{}", made.stderr);
            continue;
        }
        let repository = toronto.sandbox.path(kind);
        toronto.sandbox.run(&root, "cp", ["-r", "laptop/secrets", kind]).code(0);
        toronto.sandbox.commit_all(&repository, "Begin");
        toronto.sandbox.gate(&repository, CALM, &[], 2).finds(&[]).leaves_unchecked(kind);
        // What needs no git is judged.
        let report = toronto.sandbox.gate(&repository, REDEPLOY, &[], 1);
        report.finds(&[("expired", AZUREAD, "error")]).leaves_unchecked(kind);
    }
}

#[test]
fn asking_changes_nothing_in_the_clone() {
    let toronto = Toronto::new();
    let (full, ci) = (toronto.sandbox.clone("full", &[]), toronto.ci("ci"));
    toronto.renew(&toronto.laptop, "alice", &["--push"]);
    for clone in [full, ci] {
        let before = knowledge(&toronto, &clone);
        toronto.sandbox.gate(&clone, CALM, &[], 1).finds(&[("outdated", AZUREAD, "error")]);
        assert_eq!(knowledge(&toronto, &clone), before);
        toronto.sandbox.git(&clone, ["pull", "-q"]);
        toronto.sandbox.gate(&clone, CALM, &[], 0).finds(&[]);
    }
}
