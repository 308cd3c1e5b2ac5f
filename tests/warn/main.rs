//! `secrets warn` as it runs on a schedule: who is told, what is remembered, and what a branch can't say.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they expect"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../notify/program.rs"]
mod program;
#[allow(dead_code, reason = "it answers in more ways than are needed here")]
#[path = "../notify/server.rs"]
mod server;

mod alertmanager;
mod branches;
mod desk;
mod failing;
mod remembering;
mod telling;
mod together;
