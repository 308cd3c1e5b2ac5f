//! The channels that speak HTTP, against servers: scripted ones on loopback that do what servers do when they are unwell, a
//! strict stand-in for PagerDuty, a real Alertmanager, and npm's `emulate` for Slack. `scripts/test` installs the last
//! two; without them these tests fail.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

#[path = "../common/tools.rs"]
#[allow(dead_code, reason = "every test binary uses its own part of this")]
mod tools;

#[path = "../common/certificates.rs"]
#[allow(dead_code, reason = "every test binary uses its own part of this")]
mod issued;

mod alertmanager;
mod certificates;
mod messages;
mod pagerduty;
mod program;
mod redirects;
#[allow(dead_code, reason = "it answers in more ways than are needed here")]
mod server;
mod slack;
mod unwell;
