#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| secrets_fuzz::git::git_objects(bytes));
