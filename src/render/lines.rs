//! Lines for a person, one below the other.

use super::Style;
use super::paint::wrap;

/// However narrow a terminal is, text has so many columns.
const LEAST_COLUMNS: usize = 20;

pub(super) struct Lines {
    pub text: String,
    pub style: Style,
}

impl Lines {
    pub fn new(style: Style) -> Self {
        Self { text: String::new(), style }
    }

    pub fn put(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    pub fn wrapped(&mut self, indent: usize, text: &str) {
        let width = self.style.width.map(|width| width.saturating_sub(indent).max(LEAST_COLUMNS));
        for line in wrap(text, width) {
            self.put(&format!("{}{line}", " ".repeat(indent)));
        }
    }
}
