//! The hot-fix at night: a blocked deploy is let through once what is deployed is saved, and stays remembered until that
//! is merged. Real git, real remotes in every state that they are in at night, the built binary.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

#[path = "../common/mod.rs"]
mod common;

mod asking;
mod cargo;
mod merging;
mod night;
mod queue;
mod remotes;
mod tracked;
