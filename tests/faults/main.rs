//! Whatever befalls a writing command, at whatever instant: the old state is there or the new one, `check` says which, and
//! the next command goes on from there. And whatever can't be read: the gate never passes because of it.
//!
//! `FAULTS=all` strikes at every moment of every command; without it the commands at the core are struck at every
//! moment, and the others at some of each kind.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]
#![allow(clippy::print_stdout, reason = "how much was struck is told where somebody asks for it")]
#![allow(clippy::case_sensitive_file_extension_comparisons, reason = "git's own names")]

#[path = "../common/mod.rs"]
mod common;

mod blow;
mod core;
mod crowd;
mod gits;
mod mending;
mod others;
mod reading;
mod registry;
mod row;
mod settle;
mod state;
mod walk;
mod world;
