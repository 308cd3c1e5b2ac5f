//! Remotes that take nothing, say nothing, or are gone.

use secrets::change::memory::MemoryError;

use crate::common::remote::{Answer, Remote};
use crate::*;

/// Appends, which must fail; the error's words, and whether it says that nothing may be written.
fn refused(repository: &Repository, limit: Duration) -> (bool, String) {
    let error = memory(repository, limit).append(&mut |_| vec![run_end(1)]).unwrap_err();
    assert!(error.to_string().starts_with(REF), "{error}");
    (matches!(error, MemoryError::ReadOnly { .. }), error.to_string())
}

#[test]
fn a_remote_that_takes_no_push_is_told_from_one_that_fails() {
    let (sandbox, ci) = origin_and_ci();
    let origin = sandbox.path("origin.git");
    let repository = open(&sandbox, &ci);
    append(&repository, 7);
    sandbox.hook(&origin.join("hooks"), "pre-receive", "echo 'not from \x1b[31mCI' >&2; exit 1");
    let (read_only, why) = refused(&repository, LIMIT);
    assert!(read_only && why.contains("not from") && why.contains("hook declined"), "{why}");
    assert!(!why.contains('\x1b'), "{why}");
    std::fs::remove_file(origin.join("hooks/pre-receive")).unwrap();
    sandbox.git(&origin, ["config", "receive.hideRefs", "refs/secrets"]);
    let (read_only, why) = refused(&repository, LIMIT);
    assert!(read_only, "{why}");
    sandbox.git(&origin, ["config", "--unset", "receive.hideRefs"]);

    // A daemon that serves nothing but reading; then one that says nothing; then none.
    let remote = Remote::start(&sandbox, |count| if count < 2 { Answer::Serve } else { Answer::Silence });
    sandbox.git(&ci, ["remote", "set-url", "origin", &remote.url("origin.git")]);
    let repository = open(&sandbox, &ci);
    assert_eq!(memory(&repository, LIMIT).read().unwrap().ledger.told().last_run().unwrap().told, 7);
    let (read_only, why) = refused(&repository, LIMIT);
    assert!(read_only, "{why}");
    let (read_only, why) = refused(&repository, Duration::from_millis(700));
    assert!(!read_only && why.contains("gave no answer within"), "{why}");
    drop(remote);
    let (read_only, why) = refused(&repository, LIMIT);
    assert!(!read_only && why.contains("refused"), "{why}");
    sandbox.git(&ci, ["remote", "remove", "origin"]);
    let (read_only, why) = refused(&open(&sandbox, &ci), LIMIT);
    assert!(!read_only && why.contains("git remote add origin"), "{why}");
    assert_eq!(numbers(&lines(&sandbox)), [7]);
}
