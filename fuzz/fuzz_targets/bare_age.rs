//! Whatever the bytes are, they are read without a panic, and what is taken for an age file begins as one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secrets::domain::foreign::Contents;

fuzz_target!(|bytes: &[u8]| match secrets::seal::bare::read(bytes) {
    None | Some(Contents::Damaged { .. }) => {}
    Some(Contents::Plain(why)) => panic!("{why}"),
    Some(Contents::Sealed(file)) => {
        assert!(secrets::seal::header::looks_like_age(bytes));
        assert!(file.access.groups.iter().flatten().next().is_some());
    }
});
