//! Commits of exactly the changed paths.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::super::GitError;
use super::super::testing::{Sandbox, write};

fn paths(list: &[&str]) -> Vec<String> {
    list.iter().map(|path| (*path).to_owned()).collect()
}

/// The files that `HEAD` changed, as `A path`, `M path`, `D path`.
fn in_head(sandbox: &Sandbox, dir: &Path) -> Vec<String> {
    let arguments = ["show", "--no-renames", "--format=", "--name-status", "-z", "HEAD"];
    let text = sandbox.git(dir, &arguments);
    let fields: Vec<_> = text.split_terminator('\0').collect();
    fields.as_chunks::<2>().0.iter().map(|[status, path]| format!("{status} {path}")).collect()
}

fn hook(dir: &Path, name: &str, script: &str) {
    let path = dir.join(".git/hooks").join(name);
    write(dir, &format!(".git/hooks/{name}"), script);
    Command::new("chmod").arg("+x").arg(path).status().unwrap();
}

#[test]
fn new_changed_and_deleted_ones_and_nothing_else() {
    let sandbox = Sandbox::new();
    let (_, dir) = sandbox.origin_and_clone();
    write(&dir, "staged", "1");
    write(&dir, "README", "staged\n");
    sandbox.git(&dir, &["add", "staged", "README"]);
    write(&dir, "README", "dirty\n");
    write(&dir, "untracked", "1");
    write(&dir, "secrets/a.age", "sealed a 2\n");
    write(&dir, "secrets/new/[x]*.age", "new\n");
    write(&dir, "secrets/new/xx.age", "not named\n");
    write(&dir, ":!odd", "magic, as a pathspec\n");
    fs::remove_file(dir.join("secrets/prod/b.json")).unwrap();
    let before = sandbox.git(&dir, &["status", "--porcelain", "staged", "README", "untracked"]);
    let repository = sandbox.open(&dir);
    let list = paths(&[
        "secrets/a.age",
        "secrets/new/[x]*.age",
        "secrets/prod/b.json",
        "secrets/never-was.age",
        ":!odd",
    ]);
    let commit = repository.commit_paths(&list, "secrets: set a\n\nwhy", false).unwrap().unwrap();
    assert_eq!(repository.head().unwrap(), Some(commit));
    assert_eq!(
        in_head(&sandbox, &dir),
        ["A :!odd", "M secrets/a.age", "A secrets/new/[x]*.age", "D secrets/prod/b.json"]
    );
    assert_eq!(sandbox.git(&dir, &["log", "-1", "--format=%B"]), "secrets: set a\n\nwhy");
    assert_eq!(sandbox.git(&dir, &["status", "--porcelain", "staged", "README", "untracked"]), before);
    assert_eq!(sandbox.git(&dir, &["status", "--porcelain", "secrets"]), "?? secrets/new/xx.age");
    // Again: nothing is left to commit, and that is no error.
    assert_eq!(repository.commit_paths(&list, "again", false).unwrap(), None);
    assert_eq!(repository.commit_paths(&[], "none", false).unwrap(), None);
}

#[test]
fn many_at_once_and_nothing_else() {
    let sandbox = Sandbox::new();
    let (_, dir) = sandbox.origin_and_clone();
    let list: Vec<String> = (0..300).map(|number| format!("secrets/many/{number}.age")).collect();
    let commit = |text: &str| {
        for path in &list {
            write(&dir, path, text);
        }
        write(&dir, "secrets/a.age", text);
        sandbox.open(&dir).commit_paths(&list, text, false).unwrap().unwrap();
        let changed = in_head(&sandbox, &dir);
        assert!(changed.iter().all(|change| change.contains("secrets/many/")), "{changed:?}");
        assert_eq!(changed.len(), list.len());
    };
    commit("1");
    assert_eq!(sandbox.git(&dir, &["status", "--porcelain"]), " M secrets/a.age");
    sandbox.git(&dir, &["add", "secrets/a.age"]);
    commit("2");
    assert_eq!(sandbox.git(&dir, &["status", "--porcelain"]), "MM secrets/a.age");
}

#[test]
fn on_an_unborn_branch_and_from_a_linked_work_tree() {
    let sandbox = Sandbox::new();
    let dir = sandbox.init("r");
    write(&dir, "secrets/policy.toml", "schema = 1\n");
    write(&dir, "other", "1");
    sandbox.git(&dir, &["add", "other"]);
    let list = paths(&["secrets/policy.toml"]);
    assert!(sandbox.open(&dir).commit_paths(&list, "init", false).unwrap().is_some());
    assert_eq!(in_head(&sandbox, &dir), ["A secrets/policy.toml"]);
    assert_eq!(sandbox.git(&dir, &["status", "--porcelain"]), "A  other");

    sandbox.git(&dir, &["worktree", "add", "--quiet", "-b", "side", "../linked"]);
    let linked = sandbox.path("linked");
    write(&linked, "secrets/policy.toml", "schema = 2\n");
    assert!(sandbox.open(&linked).commit_paths(&list, "side", false).unwrap().is_some());
    assert_eq!(in_head(&sandbox, &linked), ["M secrets/policy.toml"]);
}

#[test]
fn outside_the_cone_of_a_sparse_checkout() {
    let sandbox = Sandbox::new();
    let (origin, _) = sandbox.origin_and_clone();
    let sparse = sandbox.clone_of(&origin, "sparse", &["--sparse"]);
    write(&sparse, "secrets/a.age", "2\n");
    write(&sparse, "secrets/new.age", "3\n");
    let list = paths(&["secrets/a.age", "secrets/new.age"]);
    assert!(sandbox.open(&sparse).commit_paths(&list, "sparse", false).unwrap().is_some());
    assert_eq!(in_head(&sandbox, &sparse), ["M secrets/a.age", "A secrets/new.age"]);
}

#[test]
fn hooks_run_and_what_they_say_is_told() {
    let sandbox = Sandbox::new();
    let (_, dir) = sandbox.origin_and_clone();
    write(&dir, "secrets/a.age", "2\n");
    let list = paths(&["secrets/a.age"]);
    hook(&dir, "pre-commit", "#!/bin/sh\necho 'no commits on \u{1b}[31mFridays' >&2\nexit 1\n");
    let error = sandbox.open(&dir).commit_paths(&list, "it's set", false).unwrap_err();
    let GitError::NotCommitted { why, command } = error else { panic!("{error}") };
    assert!(why.contains("no commits on \u{fffd}[31mFridays"), "{why}");
    assert_eq!(
        command,
        r"git add --all -- :/secrets/a.age && git commit -m 'it'\''s set' -- :/secrets/a.age"
    );
    assert_eq!(fs::read_to_string(dir.join("secrets/a.age")).unwrap(), "2\n");
    // The command that is told commits them.
    hook(&dir, "pre-commit", "#!/bin/sh\nexit 0\n");
    let environment = sandbox.environment();
    let mut shell = Command::new("sh");
    shell.args(["-c", &command]).current_dir(&dir).env_clear().envs(environment.for_children());
    assert!(shell.output().unwrap().status.success());
    assert_eq!(in_head(&sandbox, &dir), ["M secrets/a.age"]);
}

#[test]
fn what_git_was_told_to_overlook_is_committed() {
    let sandbox = Sandbox::new();
    let (origin, dir) = sandbox.origin_and_clone();
    let sparse = sandbox.clone_of(&origin, "sparse", &["--sparse"]);
    let both = ["--assume-unchanged", "--skip-worktree"];
    for (dir, marks) in
        [(&dir, &both[..1]), (&dir, &both[1..]), (&dir, &both), (&sparse, &both[..1]), (&sparse, &both)]
    {
        for mark in marks {
            sandbox.git(dir, &["update-index", mark, "secrets/a.age", "README"]);
        }
        write(dir, "secrets/a.age", &format!("sealed {marks:?}\n"));
        let commit = sandbox.open(dir).commit_paths(&paths(&["secrets/a.age"]), "m", false).unwrap();
        assert!(commit.is_some(), "{marks:?}");
        assert_eq!(in_head(&sandbox, dir), ["M secrets/a.age"], "{marks:?}");
        // What is not ours keeps its mark.
        assert!(!sandbox.git(dir, &["ls-files", "-v", "README"]).starts_with('H'), "{marks:?}");
    }
    sandbox.git(&dir, &["update-index", "--skip-worktree", "secrets/a.age"]);
    fs::remove_file(dir.join("secrets/a.age")).unwrap();
    let commit = sandbox.open(&dir).commit_paths(&paths(&["secrets/a.age"]), "m", false).unwrap();
    assert!(commit.is_some());
    assert_eq!(in_head(&sandbox, &dir), ["D secrets/a.age"]);
}

#[test]
fn what_an_ignore_rule_hides_is_committed() {
    let sandbox = Sandbox::new();
    let (_, dir) = sandbox.origin_and_clone();
    write(&dir, "secrets/x.age", "hidden\n");
    write(&dir, ".git/info/exclude", "x.age\n");
    assert!(sandbox.open(&dir).commit_paths(&paths(&["secrets/x.age"]), "m", false).unwrap().is_some());
    assert_eq!(in_head(&sandbox, &dir), ["A secrets/x.age"]);
}

#[test]
fn nothing_to_commit_is_said_only_of_the_bytes_that_head_holds() {
    let sandbox = Sandbox::new();
    let (_, dir) = sandbox.origin_and_clone();
    write(&dir, ".git/info/attributes", "*.age filter=old\n");
    sandbox.git(&dir, &["config", "filter.old.clean", "cat >/dev/null; git show HEAD:%f"]);
    write(&dir, "secrets/a.age", "2\n");
    let error = sandbox.open(&dir).commit_paths(&paths(&["secrets/a.age"]), "m", false).unwrap_err();
    assert!(matches!(error, GitError::NotCommitted { .. }), "{error}");
    assert!(error.to_string().contains("git check-attr --all -- secrets/a.age"), "{error}");
}

#[test]
fn refusals_leave_the_files_and_say_why() {
    let sandbox = Sandbox::new();
    let (_, dir) = sandbox.origin_and_clone();
    write(&dir, "secrets/a.age", "2\n");
    write(&dir, "../outside", "1\n");
    let refused = |sandbox: &Sandbox, path: &str| {
        let error = sandbox.open(&dir).commit_paths(&paths(&[path]), "m", false).unwrap_err();
        let GitError::NotCommitted { why, .. } = error else { panic!("{error}") };
        why
    };
    assert!(refused(&sandbox, "../outside").contains("outside"));
    fs::write(dir.join(".git/MERGE_HEAD"), sandbox.git(&dir, &["rev-parse", "HEAD"])).unwrap();
    assert!(refused(&sandbox, "secrets/a.age").contains("merge"));
    fs::remove_file(dir.join(".git/MERGE_HEAD")).unwrap();
    let names = ["NAME", "EMAIL"].map(|part| ["AUTHOR", "COMMITTER"].map(|who| format!("GIT_{who}_{part}")));
    let nobody = names.iter().flatten().fold(sandbox, |sandbox, name| sandbox.without(name));
    nobody.git(&dir, &["config", "user.useConfigOnly", "true"]);
    assert!(refused(&nobody, "secrets/a.age").contains("user.email"));
}

#[test]
fn on_the_terminal_too() {
    let sandbox = Sandbox::new();
    let (_, dir) = sandbox.origin_and_clone();
    let list = paths(&["secrets/a.age"]);
    write(&dir, "secrets/a.age", "2\n");
    hook(&dir, "commit-msg", "#!/bin/sh\nexit 1\n");
    let error = sandbox.open(&dir).commit_paths(&list, "m", true).unwrap_err();
    assert!(matches!(error, GitError::NotCommitted { .. }), "{error}");
    fs::remove_file(dir.join(".git/hooks/commit-msg")).unwrap();
    assert!(sandbox.open(&dir).commit_paths(&list, "m", true).unwrap().is_some());
    assert_eq!(in_head(&sandbox, &dir), ["M secrets/a.age"]);
}
