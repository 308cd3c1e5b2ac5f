//! One sign for each way in which somebody stands to a secret.

use crate::domain::matrix::{Grade, Holding};

/// The signs of a matrix. They differ in shape, so that nobody needs their colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signs {
    proved: char,
    plausible: char,
    claimed: char,
    unlisted: char,
    left_out: char,
    exposed: char,
    pub(super) none: char,
}

impl Signs {
    pub const UNICODE: Self = Self {
        proved: '●',
        plausible: '◐',
        claimed: '○',
        unlisted: '†',
        left_out: '✗',
        exposed: '~',
        none: '·',
    };

    /// For a terminal that can do nothing but print lines.
    pub const ASCII: Self = Self {
        proved: '#',
        plausible: '+',
        claimed: 'o',
        unlisted: '%',
        left_out: 'x',
        exposed: '~',
        none: '.',
    };

    pub(super) fn of(self, holding: Holding) -> char {
        match holding {
            Holding::Holds(Grade::Proved) => self.proved,
            Holding::Holds(Grade::Plausible) => self.plausible,
            Holding::Holds(Grade::Claimed) => self.claimed,
            Holding::Unlisted => self.unlisted,
            Holding::LeftOut => self.left_out,
            Holding::Exposed => self.exposed,
        }
    }
}
