//! Fifty runs at once on one ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use crate::desk::{Desk, exec};

const RUNS: usize = 50;

#[test]
fn each_notice_is_told_once_or_twice_and_no_line_is_lost() {
    let desk = Desk::with("");
    let (one, other) = (desk.listener("one", ""), desk.listener("other", ""));
    for (name, end) in [("web/a", "2026-03-20"), ("web/b", "2026-03-05"), ("web/c", "2026-02-20")] {
        desk.sandbox.add(&desk.laptop, name, end, name);
    }
    desk.policy(&[exec("one", &one, ""), exec("other", &other, "from = \"14d\"")].concat());
    let running: Vec<_> = (0..RUNS)
        .map(|number| {
            // Clones of their own for some: most jobs begin with one.
            let clone = if number % 10 == 0 {
                desk.sandbox.clone(&format!("job{number}"), &["--depth", "1"])
            } else {
                desk.laptop.clone()
            };
            let mut command = desk.warn_in(&clone).args(["--format", "json"]).into_command();
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut told = 0;
    for child in running {
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{stderr}{}", String::from_utf8_lossy(&output.stdout));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        told += report["told"].as_u64().unwrap();
    }
    let mut counts = BTreeMap::new();
    for name in ["one", "other"] {
        for notice in desk.notices(name) {
            *counts.entry(format!("{name} {notice}")).or_insert(0_u64) += 1;
        }
    }
    let expected = [
        "one web/a expiring 30d",
        "one web/b expiring 7d",
        "one web/c expired 0d",
        "one web/prod/db expiring 60d",
        "other web/b expiring 7d",
        "other web/c expired 0d",
    ];
    assert_eq!(counts.keys().map(String::as_str).collect::<Vec<_>>(), expected);
    assert!(counts.values().all(|count| (1..=2).contains(count)), "{counts:?}");
    // Everything that was told stands in the ledger, each line once.
    let ledger = desk.ledger();
    let sent: Vec<_> = ledger.iter().filter(|line| line["event"] == "sent").collect();
    assert_eq!(sent.len() as u64, told);
    assert_eq!(counts.values().sum::<u64>(), told);
    let lines: BTreeSet<String> = ledger.iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), ledger.len());
}
