//! The channels whose counterparts are programs: mail against aiosmtpd, GitHub issues against npm's emulate, and `exec`
//! against scripts. `scripts/test` installs the first two; without them these tests fail.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

#[path = "../common/tools.rs"]
#[allow(dead_code, reason = "every test binary uses its own part of this")]
mod tools;

#[path = "../common/certificates.rs"]
mod issued;

/// Servers on loopback that answer as a test says.
#[path = "../notify/server.rs"]
#[allow(dead_code, reason = "every test binary uses its own part of this")]
mod server;

/// What the other channels are told.
#[path = "../notify/messages.rs"]
#[allow(dead_code, reason = "every test binary uses its own part of this")]
mod told;

mod certificates;
mod exec;
mod github;
mod markup;
mod messages;
mod scripted;
mod smtp;
