//! Any value at all: nothing panics, the bounds hold, and nothing told would act on a terminal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secrets::domain::text::is_treacherous;

fuzz_target!(|value: &[u8]| {
    let ends = secrets::value_ends::read(value);
    assert!(ends.ends.is_sorted() && ends.ends.len() <= 1_000 && ends.unread.len() <= 101);
    for text in ends.ends.iter().map(|end| &end.what).chain(&ends.unread) {
        assert!(text.len() < 2_000 && !text.chars().any(is_treacherous));
    }
});
