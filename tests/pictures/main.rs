//! The store in pictures: the page, the timeline and the calendar, as the built binary makes them and as a browser, a
//! parser of HTML and two readers of calendars take them. `scripts/test` installs these; without them the tests fail.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

#[path = "../common/mod.rs"]
mod common;

mod browser;
mod calendar;
mod page;
mod store;
mod timeline;
