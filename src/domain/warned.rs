//! What a run of the scheduled job came to: everything that its report shows.

use super::channel::ChannelName;
use super::notice::{Message, Origin};
use super::report::Unchecked;
use super::time::Instant;

/// What became of what one channel was to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With `--dry-run`: it would have been told.
    Planned,
    /// All of it arrived.
    Delivered,
    /// Something went wrong: why, how many notices arrived all the same, and how much is due again in the next run.
    Failed { why: String, told: usize, due_again: usize },
    /// There was nothing to tell.
    Nothing,
}

impl Outcome {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Delivered => "delivered",
            Self::Failed { .. } => "failed",
            Self::Nothing => "nothing",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarnedChannel {
    pub name: ChannelName,
    pub kind: &'static str,
    pub message: Message,
    /// How much of it another run is about to tell.
    pub left_to_others: usize,
    pub outcome: Outcome,
}

impl WarnedChannel {
    /// Notices that it was told, or would be.
    pub fn told(&self) -> usize {
        match self.outcome {
            Outcome::Planned | Outcome::Delivered => self.message.notices.len(),
            Outcome::Failed { told, .. } => told,
            Outcome::Nothing => 0,
        }
    }
}

/// What became of a step that a run takes once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Done,
    /// It was not due, or not asked for, and why.
    LeftOut(&'static str),
    Failed(String),
}

/// Everything that a report shows; a renderer computes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warned {
    pub at: Instant,
    pub origin: Origin,
    /// What was judged, as people name it: `origin/main`.
    pub deployed: String,
    pub is_dry: bool,
    pub secrets: usize,
    pub channels: Vec<WarnedChannel>,
    pub unchecked: Vec<Unchecked>,
    /// Whether it was remembered what was told, and as what the memory is known.
    pub remembered: Step,
    pub memory: String,
    pub heartbeat: Step,
}

impl Warned {
    /// Whether everything was judged, delivered and remembered.
    pub fn is_whole(&self) -> bool {
        let failed = |channel: &WarnedChannel| matches!(channel.outcome, Outcome::Failed { .. });
        self.unchecked.is_empty()
            && !self.channels.is_empty()
            && !self.channels.iter().any(failed)
            && !matches!(self.remembered, Step::Failed(_))
            && !matches!(self.heartbeat, Step::Failed(_))
    }

    /// Notices that were told, or would be, over all channels.
    pub fn told(&self) -> usize {
        self.channels.iter().map(WarnedChannel::told).sum()
    }

    pub fn exit_code(&self) -> u8 {
        if self.is_whole() { 0 } else { 2 }
    }
}

#[cfg(test)]
mod tests;
