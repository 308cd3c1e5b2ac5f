//! The printers: a report, or a table, to text. Pure; the verdict has fallen before, and nobody here judges.
//!
//! One file per format. To add one, write `name.rs` with a function from `&Report` to `String`.

pub mod github;
pub mod human;
pub mod json;
pub mod table;

mod closing;
mod groups;
mod paint;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use github::github;
pub use human::human;
pub use json::json;
pub use table::{Cell, Column, table};

/// For whom it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour. Whoever asks knows of terminals and `NO_COLOR`.
    pub color: bool,
    /// How many columns a line may have. Commands that are to be copied are never broken.
    pub width: usize,
}
