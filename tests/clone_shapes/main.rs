//! What the gate says does not hang on how a clone was made, how old it is, or what its index thinks.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't be set up must fail"
)]

#[path = "../common/mod.rs"]
mod common;

mod against;
mod against_tracked;
mod deploy_ref;
mod index;
mod selection;
mod shapes;
mod strays;
