//! Any bytes as a table of ends and owners, CSV or JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use secrets::store::expiry_table::read;

fuzz_target!(|bytes: &[u8]| {
    let Ok(table) = read(bytes, "table") else { return };
    let lines = 1 + bytes.iter().filter(|byte| **byte == b'\n').count();
    assert!(table.rows.iter().all(|row| (1..=lines).contains(&row.line)));
});
