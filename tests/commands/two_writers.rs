use std::thread;

use crate::common::{NOW, Sandbox};

#[test]
fn writers_at_once_lose_nobodys_work() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let names: Vec<String> = (0..8).map(|number| format!("web/secret-{number}")).collect();
    thread::scope(|scope| {
        for name in &names {
            let (sandbox, laptop) = (&sandbox, &laptop);
            scope.spawn(move || sandbox.add(laptop, name, "2028-01-01", &format!("value of {name}")));
        }
    });
    assert_eq!(sandbox.status(&laptop), "", "all of it is committed");
    for name in &names {
        let value = sandbox.get(&laptop, name, "bob").code(0).stdout;
        assert_eq!(value, format!("value of {name}").as_bytes());
    }
    // Each commit holds the two files of its own secret and nothing of another's.
    let log = sandbox.git(&laptop, ["log", "--format=%s", "--", "secrets/web"]);
    let mut subjects: Vec<&str> = log.lines().collect();
    subjects.sort_unstable();
    let expected: Vec<String> = names.iter().map(|name| format!("secrets: add {name}")).collect();
    assert_eq!(subjects, expected);
    sandbox.push(&laptop);
    sandbox.check(&laptop, NOW).code(0);
}

#[test]
fn of_two_that_add_the_same_name_one_is_refused() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let add = |value: &'static str| {
        let add = ["add", "web/db", "--expires", "2028-01-01", "--as", "alice", "--owner", "team"];
        sandbox.secrets(&laptop).args(add).stdin(value).run()
    };
    let (first, second) = thread::scope(|scope| {
        let first = scope.spawn(|| add("first"));
        let second = scope.spawn(|| add("second"));
        (first.join().unwrap(), second.join().unwrap())
    });
    let mut codes = [first.code, second.code];
    codes.sort_unstable();
    assert_eq!(codes, [0, 2], "{}\n{}", first.stderr, second.stderr);
    let winner = if first.code == 0 { "first" } else { "second" };
    assert_eq!(sandbox.get(&laptop, "web/db", "bob").code(0).stdout, winner.as_bytes());
}

#[test]
fn of_two_that_set_the_same_secret_none_is_overwritten_unseen() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    let set = |value: &str| {
        let set = ["set", "web/db", "--expires", "2028-01-01"];
        sandbox.secrets(&laptop).args(set).identity("alice").stdin(value).run()
    };
    let outcomes: Vec<_> = thread::scope(|scope| {
        let set = &set;
        let running: Vec<_> = (0..4).map(|n| scope.spawn(move || set(&format!("value {n}")))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let done = outcomes.iter().filter(|outcome| outcome.code == 0).count() as u64;
    assert!(done >= 1);
    for outcome in outcomes.iter().filter(|outcome| outcome.code != 0) {
        assert!(outcome.code == 2 && outcome.stderr.contains("changed it meanwhile"), "{}", outcome.stderr);
    }
    // Every version that was said to be set is a version, one after the other.
    assert_eq!(sandbox.record(&laptop, "web/db")["sealed"]["version"]["number"], 1 + done);
    assert_eq!(sandbox.status(&laptop), "");
}
