//! Lines come at the end, whoever else writes, and nothing of the user's is touched.

use std::collections::BTreeSet;
use std::fs;

use crate::common::remote::{Answer, Remote};
use crate::*;

/// All that a clone's own state consists of besides objects.
fn state(sandbox: &Sandbox, clone: &Path) -> Vec<Option<String>> {
    let names = ["HEAD", "FETCH_HEAD", "shallow", "config", "packed-refs", "logs/HEAD"];
    let mut state: Vec<_> =
        names.iter().map(|name| fs::read_to_string(clone.join(".git").join(name)).ok()).collect();
    state.push(Some(sandbox.git(clone, ["for-each-ref"])));
    state.push(Some(sandbox.git(clone, ["ls-files", "--stage"])));
    state.push(Some(sandbox.git(clone, ["count-objects", "-v"])));
    state
}

#[test]
fn a_clone_of_one_commit_whose_git_knows_no_name_appends() {
    let (sandbox, ci) = origin_and_ci();
    let before = state(&sandbox, &ci);
    let repository = open(&sandbox, &ci);
    assert_eq!(memory(&repository, LIMIT).read().unwrap().text, b"");
    let remembered = memory(&repository, LIMIT).append(&mut |_| Vec::new()).unwrap();
    assert!(remembered.text.is_empty(), "nothing to append makes nothing");
    append(&repository, 1);
    append(&repository, 2);
    // Another work tree of it shares what it knows, and one that knows nothing adds as well.
    sandbox.git(&ci, ["worktree", "add", "-q", "../tree", "-b", "other"]);
    append(&open(&sandbox, &sandbox.path("tree")), 3);
    sandbox.git(&ci, ["worktree", "remove", "../tree"]);
    sandbox.git(&ci, ["branch", "-q", "-D", "other"]);
    append(&open(&sandbox, &sandbox.path("laptop")), 4);
    let mut asked = 0;
    let remembered = memory(&repository, LIMIT).append(&mut |remembered| {
        asked += 1;
        let known = remembered.ledger.told().last_run().map(|run| run.told);
        if known == Some(4) { vec![run_end(5)] } else { Vec::new() }
    });
    assert_eq!((asked, remembered.unwrap().faults), (2, Vec::new()), "what is known here was old");
    assert_eq!(numbers(&lines(&sandbox)), [1, 2, 3, 4, 5]);
    assert_eq!(state(&sandbox, &ci), before);

    let origin = sandbox.path("origin.git");
    sandbox.git(&origin, ["fsck", "--strict"]);
    let log = sandbox.git(&origin, ["log", "--format=%an <%ae> %cn %aI %cI %s", REF]);
    let dated = "secrets warn <secrets@localhost> secrets warn 2026-03-01T12:00:00Z 2026-03-01T12:00:00Z Append 1 event";
    assert_eq!(log.lines().collect::<Vec<_>>(), [dated; 5]);
    assert_eq!(sandbox.git(&origin, ["ls-tree", "-r", "--name-only", REF]), "ledger.jsonl");
}

#[test]
fn whoever_is_overtaken_looks_again() {
    let (sandbox, ci) = origin_and_ci();
    let (ours, theirs) = (open(&sandbox, &ci), open(&sandbox, &sandbox.path("laptop")));
    for (first, known) in [(10, 0), (20, 2)] {
        let mut seen = Vec::new();
        let remembered = memory(&ours, LIMIT).append(&mut |remembered| {
            let text = String::from_utf8(remembered.text.clone()).unwrap();
            seen.push(text.lines().count());
            if seen.len() == 1 {
                append(&theirs, first);
            }
            vec![run_end(first + 1)]
        });
        assert_eq!(seen, [known, known + 1]);
        assert_eq!(remembered.unwrap().text.iter().filter(|byte| **byte == b'\n').count(), known + 2);
    }
    assert_eq!(numbers(&lines(&sandbox)), [10, 11, 20, 21]);
}

#[test]
fn thirty_two_writers_at_once_lose_no_line() {
    let (sandbox, _) = origin_and_ci();
    sandbox.git(&sandbox.path("origin.git"), ["config", "daemon.receivepack", "true"]);
    sandbox.git(&sandbox.path("origin.git"), ["config", "receive.autogc", "false"]);
    let remote = Remote::start(&sandbox, |_| Answer::Serve);
    let clones: Vec<PathBuf> = (0..4)
        .map(|number| {
            let clone = sandbox.clone(&format!("clone-{number}"), &["--depth=1"]);
            sandbox.git(&clone, ["remote", "set-url", "origin", &remote.url("origin.git")]);
            clone
        })
        .collect();
    let repositories: Vec<Repository> = clones.iter().map(|clone| open(&sandbox, clone)).collect();
    std::thread::scope(|scope| {
        for writer in 0..32_u64 {
            let repository = &repositories[usize::try_from(writer).unwrap() % repositories.len()];
            scope.spawn(move || append(repository, writer));
        }
    });
    let lines = lines(&sandbox);
    assert_eq!(lines.len(), 32);
    assert_eq!(numbers(&lines).into_iter().collect::<BTreeSet<_>>(), (0..32).collect());
    let count = sandbox.git(&sandbox.path("origin.git"), ["rev-list", "--count", REF]);
    assert_eq!(count, "32", "each on top of the one before");
}
