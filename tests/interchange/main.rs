//! Values that come in from other programs and go out to them. Those programs themselves say whether they read what was
//! meant: shells, `python-dotenv`, parsers of YAML and JSON, `pass`, `gpg`, `age`.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

#[path = "../common/mod.rs"]
mod common;

mod dotenv;
mod export;
mod import;
mod kubernetes;
mod maps;
mod pass;
mod quiet;
mod shells;
mod store;
mod workflow;
