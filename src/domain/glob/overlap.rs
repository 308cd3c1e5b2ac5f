//! Whether one text could fit two globs at once, and whether all that fits one fits the other. Where a glob says more
//! than is looked at here, it may overlap and does not cover, which errs to the side of whoever asks what a change
//! could touch.

/// The most alternatives that braces are written out to, and the most steps of one comparison.
const MOST_ALTERNATIVES: usize = 64;
const MOST_STEPS: usize = 250_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Char(char),
    /// One character, no `/`.
    One,
    /// Any number of characters, no `/` among them.
    Segment,
    /// `**/`: nothing, or anything that ends in `/`.
    Folders,
    /// `**` at the end: anything at all.
    Any,
    /// Not looked into: it may stand for anything, and need not.
    Unknown,
}

impl Piece {
    fn repeats(self) -> bool {
        matches!(self, Self::Segment | Self::Folders | Self::Any | Self::Unknown)
    }

    /// Whether this piece, which repeats, can stand for the other one, which does not.
    fn swallows(self, other: Self) -> bool {
        self != Self::Segment || other != Self::Char('/')
    }

    /// Whether all that the other piece stands for has no `/`.
    fn is_within_a_segment(self) -> bool {
        matches!(self, Self::Char(c) if c != '/') || matches!(self, Self::One | Self::Segment)
    }

    /// Whether two pieces that stand for one character can stand for the same.
    fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::Char(one), Self::Char(another)) => one == another,
            (Self::Char(one), _) | (_, Self::Char(one)) => one != '/',
            _ => true,
        }
    }
}

/// What a glob fits, taken apart once, so that it can be compared with many others.
#[derive(Debug, Clone)]
pub struct Extent(Vec<Vec<Piece>>);

impl Extent {
    pub(super) fn of(glob: &str) -> Self {
        Self(alternatives(glob))
    }

    /// Whether one text could fit both. Where it can't be said for certain, it may.
    pub fn may_overlap(&self, other: &Self) -> bool {
        self.0.iter().any(|one| other.0.iter().any(|another| meet(one, another)))
    }

    /// Whether all names that fit the other fit this one. Where it can't be said for certain, they do not.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|narrow| self.0.iter().any(|wide| includes(wide, narrow)))
    }

    /// Whether they begin with other characters, so that nothing fits both. Quickly said, which spares most
    /// comparisons where many globs have a folder each.
    pub fn begins_otherwise(&self, other: &Self) -> bool {
        self.0.iter().all(|one| other.0.iter().all(|another| begin_otherwise(one, another)))
    }
}

fn begin_otherwise(one: &[Piece], another: &[Piece]) -> bool {
    for pair in one.iter().zip(another) {
        match pair {
            (Piece::Char(a), Piece::Char(b)) if a == b => {}
            (Piece::Char(_), Piece::Char(_)) => return true,
            _ => return false,
        }
    }
    false
}

/// The glob without braces: one row of pieces for each alternative.
fn alternatives(glob: &str) -> Vec<Vec<Piece>> {
    let mut open = vec![glob.to_owned()];
    let mut done = Vec::new();
    while let Some(text) = open.pop() {
        match first_choice(&text) {
            Some((before, choices, after)) => {
                open.extend(choices.split(',').map(|choice| format!("{before}{choice}{after}")));
            }
            None => done.push(pieces(&text)),
        }
        if open.len() + done.len() > MOST_ALTERNATIVES {
            return vec![vec![Piece::Unknown]];
        }
    }
    done
}

/// The innermost braces that come first, where nothing before their end is escaped or a class.
fn first_choice(text: &str) -> Option<(&str, &str, &str)> {
    let (head, after) = text.split_once('}')?;
    let (before, choices) = head.rsplit_once('{')?;
    (!head.contains(['\\', '['])).then_some((before, choices, after))
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' => {
                let mut stars = 1;
                while rest.next_if_eq(&'*').is_some() {
                    stars += 1;
                }
                let begins = matches!(pieces.last(), None | Some(Piece::Char('/') | Piece::Folders));
                pieces.push(match (stars, rest.peek()) {
                    (1, _) => Piece::Segment,
                    (2, None) if begins => Piece::Any,
                    (2, Some('/')) if begins => {
                        rest.next();
                        Piece::Folders
                    }
                    _ => Piece::Unknown,
                });
            }
            '?' => pieces.push(Piece::One),
            '[' | '{' | '\\' => {
                pieces.push(Piece::Unknown);
                return pieces;
            }
            c => pieces.push(Piece::Char(c)),
        }
    }
    pieces
}

/// Whether two rows of pieces have a text in common: from their ends, whether what is left of both has.
fn meet(one: &[Piece], another: &[Piece]) -> bool {
    if one.len().saturating_mul(another.len()) > MOST_STEPS {
        return true;
    }
    // Beyond the end of `one`, only what repeats can be left of the other.
    let mut below = vec![true];
    for piece in another.iter().rev() {
        below.push(piece.repeats() && below.last() == Some(&true));
    }
    for &here in one.iter().rev() {
        let mut row = vec![here.repeats() && below.first() == Some(&true)];
        for (at, &there) in another.iter().rev().enumerate() {
            // With `here` used up, with `there` used up, with both.
            let without_here = below.get(at + 1) == Some(&true);
            let without_there = row.last() == Some(&true);
            let without_both = below.get(at) == Some(&true);
            row.push(match (here.repeats(), there.repeats()) {
                (true, true) => without_here || without_there,
                (true, false) => without_here || (here.swallows(there) && without_there),
                (false, true) => without_there || (there.swallows(here) && without_here),
                (false, false) => here.meets(there) && without_both,
            });
        }
        below = row;
    }
    below.last() == Some(&true)
}

/// Whether the wide row stands for all that the narrow one stands for: it is read as a pattern over the narrow one's
/// pieces, from the end of both.
fn includes(wide: &[Piece], narrow: &[Piece]) -> bool {
    if wide.len().saturating_mul(narrow.len()) > MOST_STEPS {
        return false;
    }
    // At each place: whether what is left of the wide row includes what is left of the narrow one from there.
    let mut below = vec![false; narrow.len()];
    below.push(true);
    for &here in wide.iter().rev() {
        let mut row = vec![false; narrow.len() + 1];
        for place in (0..=narrow.len()).rev() {
            let there = narrow.get(place).copied();
            let used_up = below.get(place) == Some(&true);
            let next = |row: &[bool]| row.get(place + 1) == Some(&true);
            let included = match here {
                Piece::Char(_) => there == Some(here) && next(&below),
                Piece::One => {
                    there.is_some_and(|there| there.is_within_a_segment() && !there.repeats()) && next(&below)
                }
                Piece::Segment => used_up || (there.is_some_and(Piece::is_within_a_segment) && next(&row)),
                // It stands at the end only.
                Piece::Any => true,
                Piece::Folders => used_up || folders(narrow, place).any(|end| below.get(end) == Some(&true)),
                Piece::Unknown => false,
            };
            if let Some(cell) = row.get_mut(place) {
                *cell = included;
            }
        }
        below = row;
    }
    below.first() == Some(&true)
}

/// The places behind pieces from `start` on at which a folder ends.
fn folders(narrow: &[Piece], start: usize) -> impl Iterator<Item = usize> + '_ {
    let is_end = |piece: &Piece| matches!(piece, Piece::Char('/') | Piece::Folders);
    narrow.iter().enumerate().skip(start).filter(move |(_, piece)| is_end(piece)).map(|(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Extent, MOST_ALTERNATIVES, MOST_STEPS};
    use crate::domain::glob::Glob;

    fn may_overlap(one: &str, another: &str) -> bool {
        Extent::of(one).may_overlap(&Extent::of(another))
    }

    fn begins_otherwise(one: &str, another: &str) -> bool {
        Extent::of(one).begins_otherwise(&Extent::of(another))
    }

    fn covers(wide: &str, narrow: &str) -> bool {
        Extent::of(wide).covers(&Extent::of(narrow))
    }

    #[test]
    fn what_two_globs_have_in_common() {
        for (one, another, common) in [
            ("**", "a/b", true),
            ("*", "a/b", false),
            ("*/prod/**", "web/**", true),
            ("*/prod/**", "prod/**", true),
            ("prod/**", "staging/**", false),
            ("*/prod/*", "*/staging/*", false),
            ("**/db", "web/*/db", true),
            ("**/db", "web/*/key", false),
            ("a*c", "ab*", true),
            ("a?", "ab", true),
            ("a?", "a/", false),
            ("a?", "abc", false),
            ("ab", "a", false),
            ("ab*", "ab", true),
            ("{web,api}/**", "api/x", true),
            ("{web,api}/**", "ops/**", false),
            ("{w,a{x,y}}/*", "ay/1", true),
            ("{w,a{x,y}}/*", "az/1", false),
            // What is not looked into may be anything.
            ("[ab]/x", "c/x", true),
            ("a/**/b", "a/b", true),
        ] {
            assert_eq!(may_overlap(one, another), common, "{one} and {another}");
            assert_eq!(may_overlap(another, one), common, "{another} and {one}");
            assert!(!(common && begins_otherwise(one, another)), "{one} and {another}");
        }
    }

    #[test]
    fn what_can_be_told_from_the_beginning() {
        for (one, another, otherwise) in [
            ("web/**", "api/**", true),
            ("web/**", "web/*", false),
            ("w?b/**", "web/**", false),
            ("w?b/**", "api/**", true),
            ("{web,api}/**", "ops/**", true),
            ("{web,api}/**", "api/**", false),
            ("[wx]eb/**", "api/**", false),
            ("*/a", "web/b", false),
            ("web", "webs", false),
        ] {
            assert_eq!(begins_otherwise(one, another), otherwise, "{one} and {another}");
            assert_eq!(begins_otherwise(another, one), otherwise, "{another} and {one}");
        }
    }

    #[test]
    fn what_one_glob_has_of_another() {
        for (wide, narrow, all) in [
            ("**", "a/b", true),
            ("**", "[ab]/*", true),
            ("*", "a", true),
            ("*", "a?*", true),
            ("*", "a/b", false),
            ("*", "**", false),
            ("a", "*", false),
            ("?", "*", false),
            ("?", "a", true),
            ("?", "/", false),
            ("?", "ab", false),
            ("lab/**", "lab/*", true),
            ("lab/*", "lab/**", false),
            ("**/live/**", "*/live/**", true),
            ("**/live/**", "live/**", true),
            ("*/live/**", "**/live/**", false),
            ("**/db", "a/**/db", true),
            ("**/db", "a/xdb", false),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/**/b", true),
            ("a/**/b", "a/**/c/**/b", true),
            ("a/**/b", "a/x*b", false),
            ("{a,b}/live/**", "*/live/**", false),
            ("*/live/**", "{a,b}/live/**", true),
            ("{a,b,c}/*", "{b,c}/x", true),
            // What is not looked into covers nothing, nor do stars amidst a name.
            ("[ab]/x", "a/x", false),
            ("a**", "ab", false),
            ("a**/b", "ab", false),
        ] {
            assert_eq!(covers(wide, narrow), all, "{wide} has all of {narrow}");
        }
    }

    #[test]
    fn what_is_too_much_to_compare_may_overlap_and_covers_nothing() {
        let choice = |count: usize| {
            let choices = (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
            format!("{{{}}}", choices.join(","))
        };
        for (count, is_compared) in [(MOST_ALTERNATIVES, true), (MOST_ALTERNATIVES + 1, false)] {
            assert_eq!(!may_overlap(&choice(count), "b"), is_compared, "{count}");
            assert_eq!(covers(&choice(count), "1"), is_compared, "{count}");
        }
        let long = MOST_STEPS.isqrt();
        for (length, is_compared) in [(long, true), (long + 1, false)] {
            let (one, another) = ("a".repeat(length), "b".repeat(length));
            assert_eq!(!may_overlap(&one, &another), is_compared, "{length}");
            assert_eq!(covers(&one, &one), is_compared, "{length}");
        }
    }

    proptest! {
        /// The other witness is the matcher itself: what fits both is common to both.
        #[test]
        fn a_text_that_fits_both_is_never_denied(
            one in "[ab]?([*]{1,2}/|[ab?*]|/|\\{a,b/\\}|\\[ab\\]){1,5}",
            another in "[ab]?([*]{1,2}/|[ab?*]|/|\\{a,b/\\}|\\[ab\\]){1,5}",
            text in "[ab/]{1,6}",
        ) {
            if let (Ok(first), Ok(second)) = (one.parse::<Glob>(), another.parse::<Glob>())
                && first.matches(&text) && second.matches(&text)
            {
                prop_assert!(may_overlap(&one, &another), "{one} and {another} have {text}");
                prop_assert!(!begins_otherwise(&one, &another), "{one} and {another} have {text}");
            }
        }

        #[test]
        fn what_is_covered_fits(
            wide in "[ab]?([*]{1,2}/|[ab?*]|/|\\{a,b/\\}){1,4}([*]{1,2})?",
            narrow in "[ab]?([*]{1,2}/|[ab?*]|/|\\{a,b/\\}){1,4}([*]{1,2})?",
            text in "[ab]{1,2}(/[ab]{1,2}){0,3}",
        ) {
            if let (Ok(first), Ok(second)) = (wide.parse::<Glob>(), narrow.parse::<Glob>())
                && covers(&wide, &narrow) && second.matches(&text)
            {
                prop_assert!(first.matches(&text), "{wide} should have {text} of {narrow}");
            }
        }
    }
}
