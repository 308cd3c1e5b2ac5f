//! Files that other tools have sealed. What stands in for those tools is first held against other implementations.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../benches/common/infrastructure.rs"]
#[allow(clippy::expect_used, reason = "it serves tests and measurements, which say what they expect")]
mod infrastructure;

mod confirm;
mod desk;
mod double;
mod expiry;
mod formats;
mod gate;
mod holders;
mod import;
mod prove;
mod set;
mod showing;
mod team;
mod tools;
mod track;
