//! Every command through the built binary, one file per group, with real git and the `age` program as witnesses.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

#[path = "../common/mod.rs"]
mod common;

mod actors;
mod add;
mod committing;
mod expiry;
mod identities;
mod init;
mod key;
mod moving;
mod others;
mod pushing;
mod reading;
mod removing;
mod resealing;
mod set;
mod trust;
mod two_writers;
