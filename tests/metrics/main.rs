//! `secrets metrics` and what goes with it, read by those for whom it is: Prometheus' own `promtool`, its client in Python,
//! the textfile collector of `node_exporter`, a Pushgateway and Alertmanager's `amtool`.

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

#[path = "../notify/program.rs"]
#[allow(dead_code, reason = "every test binary uses its own part of this")]
mod program;
#[path = "../notify/server.rs"]
#[allow(dead_code, reason = "every test binary uses its own part of this")]
mod server;

mod contrib;
mod measured;
mod servers;
