//! What an identity and the history prove: custody, values that were not rotated, old pairs put back.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't be set up must fail"
)]

#[path = "../common/mod.rs"]
mod common;

mod custody;
mod ledger;
mod previous;
mod rollback;
