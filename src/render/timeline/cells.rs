//! A line of characters, each with a colour of its own.

use anstyle::Style as Ansi;

use crate::domain::timeline::WHOLE;
use crate::render::Style;
use crate::render::paint::paint;

pub(super) struct Cells(Vec<(char, Ansi)>);

impl Cells {
    /// Blank ones.
    pub fn new(count: usize) -> Self {
        Self(vec![(' ', Ansi::new()); count])
    }

    /// The cell at a part of the whole width; the last one at its very end.
    pub fn at(&self, spot: u32) -> usize {
        self.at_or_beyond(spot).min(self.0.len().saturating_sub(1))
    }

    /// The same, and the one after the last at the very end.
    pub fn at_or_beyond(&self, spot: u32) -> usize {
        let (spot, whole) = (usize::try_from(spot).unwrap_or(0), usize::try_from(WHOLE).unwrap_or(1));
        spot * self.0.len() / whole
    }

    pub fn set(&mut self, at: usize, sign: char, ansi: Ansi) {
        if let Some(cell) = self.0.get_mut(at) {
            *cell = (sign, ansi);
        }
    }

    /// Writes a text; what has no room is left out.
    pub fn write(&mut self, from: usize, text: &str, ansi: Ansi) {
        for (offset, sign) in text.chars().enumerate() {
            self.set(from + offset, sign, ansi);
        }
    }

    /// Neighbours of one colour are painted together.
    pub fn painted(&self, style: Style) -> String {
        let parts = self.0.chunk_by(|(_, one), (_, another)| one == another);
        let painted = parts.map(|part| {
            let text: String = part.iter().map(|(sign, _)| sign).collect();
            let ansi = part.first().map(|(_, ansi)| *ansi).unwrap_or_default();
            if ansi == Ansi::new() { text } else { paint(&text, ansi, style) }
        });
        painted.collect()
    }
}
