//! When a value counts as one that works.

/// How often in a row a value must pass that was refused once.
pub const PASSES_AFTER_REFUSAL: u32 = 3;

/// Whether a value works, as its trials come in: at once where it was never refused, else three times in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trials {
    was_refused: bool,
    has_passed: bool,
    in_a_row: u32,
}

impl Trials {
    /// `was_refused`: an earlier run saw it refused.
    pub fn new(was_refused: bool) -> Self {
        Self { was_refused, has_passed: false, in_a_row: 0 }
    }

    pub fn passed(&mut self) {
        self.has_passed = true;
        self.in_a_row = self.in_a_row.saturating_add(1);
    }

    pub fn refused(&mut self) {
        self.was_refused = true;
        self.in_a_row = 0;
    }

    /// It could not be tried, which says nothing of it; but what is not seen to pass ends a row.
    pub fn untried(&mut self) {
        self.in_a_row = 0;
    }

    /// Refused and accepted in turn.
    pub fn is_flaky(&self) -> bool {
        self.was_refused && self.has_passed
    }

    pub fn was_refused(&self) -> bool {
        self.was_refused
    }

    pub fn is_verified(&self) -> bool {
        self.in_a_row >= if self.was_refused { PASSES_AFTER_REFUSAL } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `+` passed, `-` refused, `?` could not be tried.
    fn after(was_refused: bool, trials: &str) -> Trials {
        let mut seen = Trials::new(was_refused);
        for trial in trials.chars() {
            match trial {
                '+' => seen.passed(),
                '-' => seen.refused(),
                _ => seen.untried(),
            }
        }
        seen
    }

    #[test]
    fn once_is_enough_unless_it_was_ever_refused() {
        for (was_refused, trials, is_verified, is_flaky) in [
            (false, "", false, false),
            (false, "+", true, false),
            (false, "?", false, false),
            (false, "?+", true, false),
            (false, "+?", false, false),
            (false, "-", false, false),
            (false, "-+", false, true),
            (false, "-++", false, true),
            (false, "-+++", true, true),
            (false, "-++-", false, true),
            (false, "-++-++", false, true),
            (false, "-++-+++", true, true),
            (false, "-++?+", false, true),
            (false, "-++?+++", true, true),
            (true, "", false, false),
            (true, "+", false, true),
            (true, "++", false, true),
            (true, "+++", true, true),
            (true, "---", false, false),
        ] {
            let seen = after(was_refused, trials);
            assert_eq!(
                (seen.is_verified(), seen.is_flaky()),
                (is_verified, is_flaky),
                "{was_refused} {trials}"
            );
            assert_eq!(seen.was_refused(), was_refused || trials.contains('-'), "{was_refused} {trials}");
        }
    }
}
