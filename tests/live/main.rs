//! What programs that know nothing of us make of what the built binary writes: other implementations of age, a
//! second implementation of our own construction, a browser. `scripts/test` installs them; without them these
//! tests fail.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

#[path = "../common/mod.rs"]
mod common;

mod custody_page;
mod second_implementation;
mod witnesses;
