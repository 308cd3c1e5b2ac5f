//! Replays of incidents that others had and wrote about: real git, real age files, a moment that stands still, the
//! built binary, and the exact outcome.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a replay that can't be set up must fail"
)]

#[path = "../common/mod.rs"]
mod common;
#[allow(dead_code, clippy::unwrap_used, reason = "it answers in more ways than are needed here")]
#[path = "../notify/server.rs"]
mod server;

mod build_farm_2024;
mod deployment_403_2017;
mod kubeconfig_2026;
mod leap_day_2012;
mod leaver_2026;
mod lost_events_2017;
mod toronto_break_glass_2022;
mod toronto_custody_2022;
mod toronto_formatter_2022;
mod toronto_laptop_2022;
mod toronto_redeploy_2022;
mod toronto_warning_2022;
mod wrong_environment_2025;
mod wrong_environment_rotated_2025;
