//! `secrets`: keeps encrypted credentials in git beside a record of their expiry and custody, and blocks the
//! deploys that would break.
//!
//! The house has five floors; each imports from those below it only, and rooms on one floor don't import each
//! other. `tests/architecture.rs` reads the imports and fails otherwise.
//!
//! | floor | rooms | what they may touch |
//! |---|---|---|
//! | 4 | [`commands`] | one command a file: asks the floors below, prints, nothing else |
//! | 3 | [`observe`], [`change`] | facts gathered from all rooms; lock, seal, journal, commit, push |
//! | 2 | [`checks`], [`render`] | pure: facts to findings, a report to bytes |
//! | 2 | [`store`], [`seal`], [`git`], [`keys`] | one door each to the outside world |
//! | 1 | [`system`] | atomic files, bounded child processes, the terminal |
//! | 0 | [`domain`] | the nouns; no I/O, no clock |
//!
//! One way through: observe (adapters → plain facts) → judge (pure) → report → render (pure) → exit code.

pub mod cli;
pub mod domain;
pub mod system;

pub mod checks;
pub mod git;
pub mod keys;
pub mod render;
pub mod seal;
pub mod store;
