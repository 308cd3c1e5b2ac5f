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
mod baseline;
mod committing;
mod custody;
mod expiry;
mod forge;
mod half_rotated;
mod identities;
mod impact;
mod init;
mod key;
mod moving;
mod others;
mod people_keys;
mod pulled_meanwhile;
mod pushing;
mod reading;
mod removing;
mod resealing;
mod set;
mod signing;
mod trust;
mod two_writers;
mod versions;
