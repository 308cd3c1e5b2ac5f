//! Any bytes as a ledger: whatever stands there, what is appended is read, and mending leaves what can be read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use secrets::store::ledger::{Ledger, appended, count, events, lost, mended, union};

fuzz_target!(|bytes: &[u8]| {
    let ledger = Ledger::parse(bytes);
    let known: Vec<_> = events(bytes).collect();
    assert!(ledger.unread() >= ledger.faults().len());
    let again = appended(bytes, &known);
    assert!(events(&again).skip(known.len()).eq(known.iter().cloned()));
    let (clean, broken) = mended(bytes);
    assert_eq!(count(&clean) + broken, count(bytes));
    assert!(events(&clean).eq(known.iter().cloned()));
    assert!(lost(bytes, &clean).is_empty());
    assert!(union(&clean, bytes).starts_with(&union(&clean, b"")));
});
