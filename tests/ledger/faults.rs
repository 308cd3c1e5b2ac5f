//! A ledger that somebody damaged or rewound: it is said, and what was lost comes back.

use crate::*;

fn faults(repository: &Repository) -> Vec<String> {
    let remembered = memory(repository, LIMIT).read().unwrap();
    remembered.faults.iter().map(|fault| format!("{}: {}", fault.what, fault.why)).collect()
}

fn tip(sandbox: &Sandbox) -> String {
    sandbox.git(&sandbox.path("origin.git"), ["rev-parse", REF])
}

#[test]
fn what_was_rewound_is_told_again_and_put_back() {
    let (sandbox, ci) = origin_and_ci();
    let origin = sandbox.path("origin.git");
    let repository = open(&sandbox, &ci);
    append(&repository, 1);
    let first = tip(&sandbox);
    append(&repository, 2);
    append(&repository, 3);
    sandbox.git(&origin, ["update-ref", REF, &first]);
    append(&open(&sandbox, &sandbox.path("laptop")), 4);
    for _ in 0..2 {
        let told = faults(&repository);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(&format!("{REF}: was rewound: 2 events")), "{told:?}");
    }
    let mut seen = Vec::new();
    let remembered = memory(&repository, LIMIT).append(&mut |remembered| {
        // What is gone is not believed.
        seen.push(numbers(
            &String::from_utf8(remembered.text.clone())
                .unwrap()
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        ));
        vec![run_end(5)]
    });
    assert_eq!(seen, [[1, 4]]);
    assert_eq!(remembered.unwrap().faults.len(), 1, "it is said by whoever only appends, too");
    assert_eq!(numbers(&lines(&sandbox)), [1, 4, 5, 2, 3]);
    assert_eq!(faults(&repository), Vec::<String>::new());
    // Taken away altogether.
    sandbox.git(&origin, ["update-ref", "-d", REF]);
    assert!(faults(&repository)[0].contains("was rewound: 5 events"));
    append(&repository, 6);
    assert_eq!(numbers(&lines(&sandbox)), [6, 1, 4, 5, 2, 3]);
    assert_eq!(faults(&open(&sandbox, &sandbox.path("laptop"))), Vec::<String>::new());
}

#[test]
fn a_line_that_cannot_be_read_hides_no_other() {
    let (sandbox, ci) = origin_and_ci();
    let repository = open(&sandbox, &ci);
    append(&repository, 1);
    let good = lines(&sandbox).concat();
    let torn = good.get(..good.len() / 2).unwrap();
    overwrite(&sandbox, "ledger.jsonl", &format!("{good}\n{torn}"), Some(&tip(&sandbox)));
    let told = faults(&repository);
    assert!(told.len() == 1 && told[0].contains("ledger.jsonl:2: is no event"), "{told:?}");
    append(&repository, 2);
    let text = lines(&sandbox);
    assert_eq!((text.len(), numbers(&text)), (3, vec![1, 2]));
    assert_eq!(text[1], torn, "what was written is not changed");
    let mend = |expected| {
        let at = "2026-03-02T00:00:00Z".parse().unwrap();
        assert_eq!(memory(&repository, LIMIT).mend(at).unwrap(), expected);
    };
    mend(1);
    assert_eq!(numbers(&lines(&sandbox)), [1, 2]);
    assert_eq!(lines(&sandbox).len(), 2);
    // Neither who mended it nor another one takes that for a loss.
    assert_eq!(faults(&repository), Vec::<String>::new());
    let before = tip(&sandbox);
    mend(0);
    assert_eq!(tip(&sandbox), before);
}

#[test]
fn a_ref_that_holds_something_else_gets_a_ledger_on_top() {
    let (sandbox, ci) = origin_and_ci();
    let repository = open(&sandbox, &ci);
    overwrite(&sandbox, "README", "hello\n", None);
    let stranger = tip(&sandbox);
    let told = faults(&repository);
    assert!(told.len() == 1 && told[0].contains("has no ledger.jsonl"), "{told:?}");
    append(&repository, 1);
    assert_eq!(numbers(&lines(&sandbox)), [1]);
    assert_eq!(sandbox.git(&sandbox.path("origin.git"), ["rev-parse", &format!("{REF}^")]), stranger);
    assert_eq!(faults(&repository), Vec::<String>::new());

    // What is kept here can be damaged or thrown away.
    let kept = ci.join(".git/secrets/remembered");
    for entry in std::fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            std::fs::remove_dir_all(entry.join("objects")).unwrap();
            std::fs::create_dir(entry.join("objects")).unwrap();
        }
    }
    append(&repository, 2);
    std::fs::remove_dir_all(&kept).unwrap();
    append(&repository, 3);
    assert_eq!(numbers(&lines(&sandbox)), [1, 2, 3]);
}
