//! Programs and editors that are given values: by the built binary, with real shells, editors and terminals.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

#[path = "../common/mod.rs"]
mod common;

mod edit;
mod editors;
mod environment;
mod files;
mod gate;
mod jobs;
mod refusals;
mod stage;
mod traces;
