//! git at hand: what real git shows, merges and stops once `secrets git install` has run.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't be set up must fail"
)]

#[path = "../common/mod.rs"]
mod common;

mod diffs;
mod hooks;
mod installing;
mod merges;
mod pushes;
