//! Attacks that must fail, each with the finding and the exit code in which it ends. Whoever attacks can write to the
//! repository; some hold a key. All digests in the record are put right where the attacker can do so, and every level
//! is the default one.
//!
//! The knife is `tests/live/age_surgery.py`, which shares no line with the code under test.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "an attack that can't be set up must fail"
)]

#[path = "../common/mod.rs"]
mod common;

mod elsewhere;
mod forged;
mod keys;
mod records;
mod remedies;
mod stanzas;
mod victim;
