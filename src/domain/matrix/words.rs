//! The words of the matrix: the same in every format.

use super::{ColumnKind, Grade, Holding, Standing};

impl Standing {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Alone => "alone",
            Self::Unknown => "unknown",
            Self::TooFew => "too-few",
            Self::Enough => "enough",
        }
    }
}

impl Grade {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Plausible => "plausible",
            Self::Proved => "proved",
        }
    }
}

impl Holding {
    pub const ALL: [Self; 6] = [
        Self::Holds(Grade::Proved),
        Self::Holds(Grade::Plausible),
        Self::Holds(Grade::Claimed),
        Self::Unlisted,
        Self::LeftOut,
        Self::Exposed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holds(grade) => grade.as_str(),
            Self::Unlisted => "unlisted",
            Self::LeftOut => "left-out",
            Self::Exposed => "exposed",
        }
    }

    /// What it means, for a legend.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Holds(Grade::Proved) => "can open it: recomputed from the value itself",
            Self::Holds(Grade::Plausible) => "the sealed file fits what the record says, or names their key",
            Self::Holds(Grade::Claimed) => {
                "record or policy says so, and the sealed file does not bear it out"
            }
            Self::Unlisted => "sealed to a key that policy does not list as theirs: counts for nobody",
            Self::LeftOut => "meant to read it, and it is not sealed to them",
            Self::Exposed => "could open this version once, and is no reader now",
        }
    }
}

impl ColumnKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::SharedKey => "shared-key",
            Self::Machine => "machine",
            Self::Departed => "departed",
        }
    }

    /// As a heading.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Person => "people",
            Self::SharedKey => "shared keys",
            Self::Machine => "machines",
            Self::Departed => "not in policy",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_words_that_programs_read() {
        let standings =
            [Standing::Nobody, Standing::Alone, Standing::Unknown, Standing::TooFew, Standing::Enough];
        assert_eq!(standings.map(Standing::as_str), ["nobody", "alone", "unknown", "too-few", "enough"]);
        assert_eq!(
            Holding::ALL.map(Holding::as_str),
            ["proved", "plausible", "claimed", "unlisted", "left-out", "exposed"]
        );
        let kinds = [ColumnKind::Person, ColumnKind::SharedKey, ColumnKind::Machine, ColumnKind::Departed];
        assert_eq!(kinds.map(ColumnKind::as_str), ["person", "shared-key", "machine", "departed"]);
        assert_eq!(kinds.map(ColumnKind::plural), ["people", "shared keys", "machines", "not in policy"]);
    }

    #[test]
    fn each_way_of_holding_means_something_else() {
        let meanings = Holding::ALL.map(Holding::meaning);
        assert_eq!(BTreeSet::from(meanings).len(), meanings.len(), "{meanings:?}");
        assert!(meanings.iter().all(|meaning| meaning.contains(' ')), "{meanings:?}");
    }
}
