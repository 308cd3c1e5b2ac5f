//! One commit on its way to the remote.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::testing::{LIMIT, Sandbox, write};
use super::super::{Commit, Fallback, GitError, PushError, Pushed, RemoteError};

fn change(sandbox: &Sandbox, dir: &Path, text: &str) -> Commit {
    write(dir, "secrets/a.age", text);
    sandbox.open(dir).commit_paths(&["secrets/a.age".to_owned()], text, false).unwrap().unwrap()
}

fn push(sandbox: &Sandbox, dir: &Path, commit: Commit) -> Result<Pushed, PushError> {
    let fallback = Fallback::Branch { topic: "set prod/A.b" };
    sandbox.open(dir).push_commit(commit, ("origin", "main"), &[], fallback, LIMIT)
}

/// A step of a rotation of `secrets/a`: the one before may go along.
fn push_step(sandbox: &Sandbox, dir: &Path, commit: Commit) -> Result<Pushed, PushError> {
    let own = ["secrets/a.json".to_owned(), "secrets/a.age".to_owned()];
    sandbox.open(dir).push_commit(
        commit,
        ("origin", "main"),
        &own,
        Fallback::Series { topic: "rotate a", id: "x1" },
        LIMIT,
    )
}

fn remote_has(sandbox: &Sandbox, origin: &Path, rev: &str) -> Option<String> {
    let finished = sandbox.try_git(origin, &["rev-parse", "--verify", "--quiet", rev]);
    finished.succeeded().then(|| finished.text())
}

fn hook(origin: &Path, name: &str, script: &str) -> PathBuf {
    write(origin, &format!("hooks/{name}"), script);
    let path = origin.join("hooks").join(name);
    Command::new("chmod").arg("+x").arg(&path).status().unwrap();
    path
}

#[test]
fn a_commit_by_itself_is_pushed() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    let shallow = sandbox.clone_of(&origin, "shallow", &["--depth=1"]);
    sandbox.git(&shallow, &["tag", "-a", "-m", "t", "v1"]);
    sandbox.git(&shallow, &["config", "push.followTags", "true"]);
    let commit = change(&sandbox, &shallow, "2");
    assert_eq!(push(&sandbox, &shallow, commit).unwrap(), Pushed::ToBranch);
    assert_eq!(remote_has(&sandbox, &origin, "main"), Some(commit.to_string()));
    assert_eq!(remote_has(&sandbox, &origin, "v1"), None);
    // Once more is no fault.
    assert_eq!(push(&sandbox, &shallow, commit).unwrap(), Pushed::ToBranch);
    // The other clone is behind now.
    let late = change(&sandbox, &clone, "3");
    let error = push(&sandbox, &clone, late).unwrap_err();
    assert!(matches!(error, PushError::RemoteMoved { .. }), "{error}");
    assert!(error.to_string().contains("git pull --rebase origin main"), "{error}");
    sandbox.git(&clone, &["fetch", "--quiet", "origin"]);
    assert!(matches!(push(&sandbox, &clone, late), Err(PushError::RemoteMoved { .. })));
}

#[test]
fn the_first_push_makes_the_branch() {
    let sandbox = Sandbox::new();
    let (origin, _) = sandbox.origin_and_clone();
    sandbox.git(&origin, &["update-ref", "-d", "refs/heads/main"]);
    let dir = sandbox.init("new");
    sandbox.git(&dir, &["remote", "add", "origin", "../origin.git"]);
    let first = change(&sandbox, &dir, "1");
    assert_eq!(push(&sandbox, &dir, first).unwrap(), Pushed::ToBranch);
    assert_eq!(remote_has(&sandbox, &origin, "main"), Some(first.to_string()));
}

#[test]
fn other_commits_do_not_go_along() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    let before = remote_has(&sandbox, &origin, "main");
    write(&clone, "README", "x");
    sandbox.commit_all(&clone, "half-done work");
    let commit = change(&sandbox, &clone, "2");
    let error = push(&sandbox, &clone, commit).unwrap_err();
    assert!(matches!(&error, PushError::OtherCommits { commits, .. } if commits.len() == 1), "{error}");
    assert!(error.to_string().contains("half-done work"), "{error}");
    for number in 0..20 {
        change(&sandbox, &clone, &format!("more {number}"));
    }
    let commit = change(&sandbox, &clone, "last");
    let error = push(&sandbox, &clone, commit).unwrap_err().to_string();
    assert!(error.contains("and 12 more"), "{error}");
    assert_eq!(remote_has(&sandbox, &origin, "main"), before);
}

#[test]
fn earlier_steps_of_the_same_go_along() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    write(&clone, "secrets/a.json", "{}\n");
    sandbox.commit_all(&clone, "plan");
    let sealed = change(&sandbox, &clone, "2");
    assert!(matches!(push(&sandbox, &clone, sealed), Err(PushError::OtherCommits { .. })));
    assert_eq!(push_step(&sandbox, &clone, sealed).unwrap(), Pushed::ToBranch);
    assert_eq!(remote_has(&sandbox, &origin, "main"), Some(sealed.to_string()));
}

#[test]
fn what_touches_more_is_no_earlier_step() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    let before = remote_has(&sandbox, &origin, "main");
    let start = sandbox.git(&clone, &["rev-parse", "HEAD"]);
    let refuses = |what: &str| {
        let commit = change(&sandbox, &clone, what);
        let error = push_step(&sandbox, &clone, commit).unwrap_err();
        assert!(matches!(&error, PushError::OtherCommits { commits, .. } if commits.len() == 1), "{error}");
        assert!(error.to_string().contains(what), "{error}");
        assert_eq!(remote_has(&sandbox, &origin, "main"), before);
        sandbox.git(&clone, &["reset", "--quiet", "--hard", &start]);
    };
    write(&clone, "secrets/a.age", "and more");
    write(&clone, "secrets/prod/b.json", "[]\n");
    sandbox.commit_all(&clone, "two at once");
    refuses("two at once");
    sandbox.git(&clone, &["mv", "secrets/a.age", "moved"]);
    sandbox.commit_all(&clone, "moved away");
    refuses("moved away");
    sandbox.git(&clone, &["commit", "--quiet", "--allow-empty", "-m", "nothing at all"]);
    refuses("nothing at all");
    // What a merge brings in was on a branch that nobody looked at, even where all of it touches the paths.
    sandbox.git(&clone, &["checkout", "--quiet", "-b", "side"]);
    change(&sandbox, &clone, "on the side");
    sandbox.git(&clone, &["checkout", "--quiet", "main"]);
    sandbox.git(&clone, &["merge", "--quiet", "--no-ff", "-m", "a merge", "side"]);
    refuses("a merge");
    let submodule = format!("160000,{start},sub");
    sandbox.git(&clone, &["config", "diff.ignoreSubmodules", "all"]);
    sandbox.git(&clone, &["update-index", "--add", "--cacheinfo", &submodule]);
    write(&clone, "secrets/a.age", "beside a submodule");
    sandbox.git(&clone, &["add", "secrets"]);
    sandbox.git(&clone, &["commit", "--quiet", "-m", "with a submodule"]);
    refuses("with a submodule");
}

/// Whoever is told to pull before they go on has a merge among their earlier steps.
#[test]
fn a_merge_of_what_the_remote_has_goes_along() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    sandbox.push_from_elsewhere(&origin, "somewhere/else", "from elsewhere\n");
    change(&sandbox, &clone, "first");
    sandbox.git(&clone, &["pull", "--quiet", "--no-rebase", "origin", "main"]);
    let last = change(&sandbox, &clone, "second");
    assert_eq!(push_step(&sandbox, &clone, last).unwrap(), Pushed::ToBranch);
    assert_eq!(remote_has(&sandbox, &origin, "main"), Some(last.to_string()));
    // One that slips something in is not.
    sandbox.push_from_elsewhere(&origin, "somewhere/else", "from elsewhere again\n");
    change(&sandbox, &clone, "third");
    sandbox.git(&clone, &["pull", "--quiet", "--no-rebase", "origin", "main"]);
    write(&clone, "slipped-in", "x\n");
    sandbox.git(&clone, &["add", "slipped-in"]);
    sandbox.git(&clone, &["commit", "--quiet", "--amend", "--no-edit"]);
    let last = change(&sandbox, &clone, "fourth");
    assert!(matches!(push_step(&sandbox, &clone, last), Err(PushError::OtherCommits { .. })));
}

#[test]
fn the_steps_of_a_series_follow_each_other_on_one_branch() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    hook(
        &origin,
        "pre-receive",
        "#!/bin/sh\nwhile read old new ref; do\n  [ $ref != refs/heads/main ] || exit 1\ndone\n",
    );
    let branch = "secrets/rotate-a-x1";
    for step in ["planned", "sealed"] {
        let commit = change(&sandbox, &clone, step);
        let beside = Pushed::Beside { branch: branch.to_owned(), url: None };
        assert_eq!(push_step(&sandbox, &clone, commit).unwrap(), beside, "{step}");
        assert_eq!(remote_has(&sandbox, &origin, branch), Some(commit.to_string()), "{step}");
    }
}

#[test]
fn a_branch_that_takes_no_direct_push() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    let before = remote_has(&sandbox, &origin, "main");
    let declining = "#!/bin/sh\nwhile read old new ref; do\n  if [ $ref = refs/heads/main ]; then echo 'main is protected'; \
                     exit 1; fi\n  echo Create a merge request: https://forge.test/o/r/-/merge_requests/new?x=1\ndone\n";
    hook(&origin, "pre-receive", declining);
    let commit = change(&sandbox, &clone, "2");
    let branch = format!("secrets/set-prod-a-b-{}", commit.short());
    let url = Some("https://forge.test/o/r/-/merge_requests/new?x=1".to_owned());
    let expected = Pushed::Beside { branch: branch.clone(), url };
    assert_eq!(push(&sandbox, &clone, commit).unwrap(), expected);
    assert_eq!(remote_has(&sandbox, &origin, &branch), Some(commit.to_string()));
    assert_eq!(remote_has(&sandbox, &origin, "main"), before);
    // A remote that declines everything is told with its own words.
    hook(&origin, "pre-receive", "#!/bin/sh\necho 'read \u{1b}[5monly today'\nexit 1\n");
    let error = push(&sandbox, &clone, change(&sandbox, &clone, "3"));
    assert!(matches!(error, Err(PushError::OtherCommits { .. })));
    sandbox.git(&clone, &["reset", "--quiet", "--hard", "origin/main"]);
    let error = push(&sandbox, &clone, change(&sandbox, &clone, "4")).unwrap_err();
    assert!(matches!(&error, PushError::Refused { why, .. } if why.contains("only today")), "{error}");
    assert!(!error.to_string().contains('\u{1b}'));
}

#[test]
fn a_hook_of_our_own_that_refuses() {
    let sandbox = Sandbox::new();
    let (origin, clone) = sandbox.origin_and_clone();
    let before = remote_has(&sandbox, &origin, "main");
    hook(&clone.join(".git"), "pre-push", "#!/bin/sh\necho 'tests fail' >&2\nexit 1\n");
    let commit = change(&sandbox, &clone, "2");
    let error = push(&sandbox, &clone, commit).unwrap_err();
    assert!(matches!(error, PushError::Refused { .. }), "{error}");
    assert_eq!(remote_has(&sandbox, &origin, "main"), before);
    let unknown = sandbox.open(&clone).push_commit(
        commit,
        ("upstream", "main"),
        &[],
        Fallback::Branch { topic: "t" },
        LIMIT,
    );
    assert!(matches!(unknown, Err(PushError::Remote(RemoteError::NoSuchRemote { .. }))));
}

/// Names of remotes and branches come from policy, and policy from whoever may write to the repository.
#[test]
fn commands_in_errors_are_words_of_a_shell() {
    let remote = || "o;id".to_owned();
    let branch = || "m$(id)".to_owned();
    let (why, limit) = (String::new, std::time::Duration::ZERO);
    for error in [
        PushError::OtherCommits { remote: remote(), branch: branch(), commits: Vec::new() },
        PushError::RemoteMoved { remote: remote(), branch: branch() },
        PushError::Refused { remote: remote(), branch: branch(), why: why() },
        PushError::TimedOut { remote: remote(), branch: branch(), limit },
    ] {
        assert!(error.to_string().contains("`git push 'o;id' 'HEAD:m$(id)'`"), "{error}");
    }
    for error in [
        RemoteError::NoSuchRemote { remote: remote(), path: "r".into(), known: Vec::new() },
        RemoteError::Unreachable { remote: remote(), why: why() },
        RemoteError::NoSuchBranch { remote: remote(), branch: branch() },
        RemoteError::TimedOut { remote: remote(), limit },
    ] {
        let text = error.to_string();
        let command = text.rsplit_once("`git ").map(|(_, command)| command.to_owned()).unwrap_or_default();
        assert!(command.contains(" 'o;id'"), "{text}");
    }
    let error = GitError::NotTrusted { path: "/it's; id".into() };
    assert!(error.to_string().contains(r"safe.directory '/it'\''s; id'`"), "{error}");
}
