//! One writing command, and how it is walked.

use crate::world::World;

pub struct Row {
    /// As `--help` names it, with all words.
    pub command: &'static str,
    /// What follows; see [`World::words`].
    pub arguments: &'static [&'static str],
    pub stdin: &'static str,
    /// What else there must be before.
    pub prepare: fn(&World),
    /// The exit code of a run to which nothing happens.
    pub code: i32,
    pub again: Again,
    /// How it says that it does not let through, other than by an error.
    pub blocks: Option<&'static str>,
    /// How the finding begins by which the gate blocks for what is left to do, where that is no interrupted change.
    pub leaves: Option<&'static str>,
    /// Whether a line of what was written says that it does not hold all.
    pub tells_unknown: fn(&str) -> bool,
}

/// What the same command does when it is given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It makes one change, whole or not at all.
    WholeOrNot,
    /// It makes several, each whole by itself, and goes on where it stopped.
    GoesOn,
}

impl Row {
    pub const fn new(command: &'static str, arguments: &'static [&'static str]) -> Self {
        let again = Again::WholeOrNot;
        Self {
            command,
            arguments,
            stdin: "",
            prepare: nothing,
            code: 0,
            again,
            blocks: None,
            leaves: None,
            tells_unknown: |_| false,
        }
    }

    #[must_use]
    pub const fn reading(mut self, stdin: &'static str) -> Self {
        self.stdin = stdin;
        self
    }

    #[must_use]
    pub const fn after(mut self, prepare: fn(&World)) -> Self {
        self.prepare = prepare;
        self
    }

    #[must_use]
    pub const fn exits(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    #[must_use]
    pub const fn blocking(mut self, word: &'static str) -> Self {
        self.blocks = Some(word);
        self
    }

    #[must_use]
    pub const fn leaving(mut self, finding: &'static str) -> Self {
        self.leaves = Some(finding);
        self
    }

    #[must_use]
    pub const fn telling(mut self, is_told: fn(&str) -> bool) -> Self {
        self.tells_unknown = is_told;
        self
    }

    #[must_use]
    pub const fn goes_on(mut self) -> Self {
        self.again = Again::GoesOn;
        self
    }

    pub fn words(&self, world: &World) -> Vec<String> {
        let mut words: Vec<String> = self.command.split(' ').map(str::to_owned).collect();
        words.extend(world.words(self.arguments));
        words
    }
}

fn nothing(_: &World) {}
