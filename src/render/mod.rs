//! A report, or rows, to bytes. Pure: a renderer computes and counts nothing; the verdict has fallen before.

pub mod custody;
pub mod github;
pub mod human;
pub mod json;
pub mod table;

mod glass;
mod paint;

#[cfg(test)]
mod samples;

/// How text is shown on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    /// Columns; `None` where nothing limits them, as in a file.
    pub width: Option<usize>,
}
