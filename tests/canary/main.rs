//! Secrets stay secret. A value that is easy to find is planted as every secret, and looked for wherever it must not be.

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

/// Servers on loopback that answer as a test says.
#[path = "../notify/server.rs"]
#[allow(dead_code, reason = "every test binary uses its own part of this")]
mod server;

mod addresses;
mod aviary;
mod commands;
mod cores;
mod hostile;
mod memory;
mod modes;
mod outputs;
mod panics;
mod paths;
mod processes;
mod servers;
mod writes;
