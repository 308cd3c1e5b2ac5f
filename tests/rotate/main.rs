//! Rotation: every provider against its real counterpart, or a strict stand-in where none can run here; and a rotation that is
//! killed, refused or raced at any moment.

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
#[allow(dead_code, reason = "not all of its programs are needed here")]
#[path = "../notify/program.rs"]
mod program;
#[allow(dead_code, reason = "it answers in more ways than are needed here")]
#[path = "../notify/server.rs"]
mod server;

mod aws;
mod aws_at_moto;
mod aws_standin;
mod entra;
#[allow(dead_code, reason = "other modules will have their own part of it")]
mod entra_standin;
mod entra_whole;
mod exec;
mod generate;
mod gitlab;
mod gitlab_standin;
mod kill;
mod local_provider;
mod manual;
mod probes;
mod probes_tls;
mod races;
mod runners;
mod stage;
mod staged;
mod standin;
mod standins;
