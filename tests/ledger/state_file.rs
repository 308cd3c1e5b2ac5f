//! The same in a file, where the job may not write to the remote.

use std::os::unix::fs::PermissionsExt as _;

use crate::*;

#[test]
fn many_runs_share_a_file_and_lose_nothing() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("state/ledger.jsonl");
    let file = || Memory::File(path.clone());
    assert!(file().read().unwrap().text.is_empty(), "a missing file is an empty ledger");
    std::thread::scope(|scope| {
        for writer in 0..12 {
            scope.spawn(move || file().append(&mut |_| vec![run_end(writer)]).unwrap());
        }
    });
    let text = fs::read_to_string(&path).unwrap();
    let mut found = numbers(&text.lines().map(str::to_owned).collect::<Vec<_>>());
    found.sort_unstable();
    assert_eq!(found, (0..12).collect::<Vec<_>>());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    fs::write(&path, format!("{text}torn")).unwrap();
    let remembered = file().append(&mut |_| vec![run_end(12)]).unwrap();
    assert!(remembered.faults[0].why.starts_with("ledger.jsonl:13: is no event"), "{:?}", remembered.faults);
    assert!(remembered.faults[0].what.ends_with("state/ledger.jsonl"), "{:?}", remembered.faults);
    assert_eq!(remembered.ledger.told().last_run().unwrap().told, 12);
    assert_eq!(file().mend("2026-03-01".parse().unwrap()).unwrap(), 1);
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 13);
    // What can't be read is no empty ledger.
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let error = file().append(&mut |_| vec![run_end(13)]).unwrap_err();
    assert!(error.to_string().contains("state/ledger.jsonl"), "{error}");
    assert!(file().read().is_err());
}
