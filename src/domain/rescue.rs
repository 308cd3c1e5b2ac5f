//! Breaking the glass: why and by whom a deploy is let through that would be blocked, and what a rescue branch tells of
//! it later.

use std::fmt;
use std::str::FromStr;

use super::text::is_treacherous;
use super::time::Instant;

/// Below it, on the remote, are the rescue branches.
pub const RESCUE_REFS: &str = "refs/heads/rescue/";

/// How long a reason may be, in characters.
pub const MAX_REASON_CHARS: usize = 500;

/// How much of a reason stands in the first line of the commit, in characters.
const SUBJECT_CHARS: usize = 56;

const BY: &str = "Rescue-By";
const AT: &str = "Rescue-At";
const REASON: &str = "Rescue-Reason";

/// Why the glass is broken: one line that others will read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

/// A text that is no reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReasonError {
    #[error("is empty: say in a few words why this can't wait, because others will read it")]
    Empty,
    #[error("has control or invisible characters: write it on one line")]
    Unreadable,
    #[error("is longer than {MAX_REASON_CHARS} characters: put the rest into a ticket, and name that")]
    TooLong,
}

impl Reason {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reason {
    type Err = ReasonError;

    fn from_str(text: &str) -> Result<Self, ReasonError> {
        let text = text.trim();
        if text.is_empty() {
            Err(ReasonError::Empty)
        } else if text.chars().any(is_treacherous) {
            Err(ReasonError::Unreadable)
        } else if text.chars().count() > MAX_REASON_CHARS {
            Err(ReasonError::TooLong)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Who broke the glass, when and why, as the commit of a rescue branch says it. Nothing proves it: whoever may push can
/// write what they like.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Story {
    pub by: String,
    pub at: Option<Instant>,
    pub reason: String,
}

/// What a commit says of itself, from outside.
#[derive(Debug, Clone, Copy)]
pub struct CommitText<'a> {
    pub author: &'a str,
    pub committed_at: Option<Instant>,
    pub message: &'a str,
}

impl Story {
    /// The message of a rescue branch's commit.
    pub fn message(&self, deploy_ref: &str) -> String {
        let subject = shortened(&self.reason, SUBJECT_CHARS);
        let at = self.at.map(|at| format!("{AT}: {at}\n")).unwrap_or_default();
        format!(
            "Break-glass: {subject}\n\n\
             A deploy was let through that `secrets check` would have blocked. This is what was\n\
             deployed: HEAD, with the records and sealed values that were in no commit. Until\n\
             {deploy_ref} has it, every check fails with `rescue-pending`: merge it.\n\n\
             {BY}: {}\n{at}{REASON}: {}\n",
            self.by, self.reason
        )
    }

    /// Reads it back. A branch that was made by hand tells at least who made its commit.
    pub fn read(commit: CommitText<'_>) -> Self {
        let last_paragraph = commit.message.trim_end().rsplit("\n\n").next().unwrap_or_default();
        let told = |key: &str| {
            let mut lines = last_paragraph.lines().filter_map(|line| line.split_once(": "));
            let value = lines.find(|(name, _)| *name == key).map(|(_, value)| value.trim())?;
            (!value.is_empty()).then(|| shortened(value, MAX_REASON_CHARS))
        };
        let subject = commit.message.lines().next().unwrap_or_default().trim();
        let reason = || if subject.is_empty() { "no reason given" } else { subject };
        Self {
            by: told(BY).unwrap_or_else(|| shortened(commit.author, MAX_REASON_CHARS)),
            at: told(AT).and_then(|at| Instant::parse_rfc3339(&at).ok()).or(commit.committed_at),
            reason: told(REASON).unwrap_or_else(|| shortened(reason(), MAX_REASON_CHARS)),
        }
    }
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
    }
}

/// The name of a rescue branch below `refs/heads/`: `rescue/2022-08-31-alice-3f2a9c1d04be`. The commit's id makes it
/// one of its own.
pub fn branch_name(story: &Story, commit: &str) -> String {
    let by: String = story.by.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let by: Vec<&str> = by.split('-').filter(|part| !part.is_empty()).collect();
    let by: String = by.join("-").to_ascii_lowercase().chars().take(40).collect();
    let by = if by.is_empty() { "somebody" } else { by.trim_end_matches('-') };
    let date = story.at.map(|at| format!("{}-", at.date())).unwrap_or_default();
    let commit: String = commit.chars().take(12).collect();
    format!("rescue/{date}{by}-{commit}")
}

/// A rescue branch of the remote, and what it tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rescue {
    /// Without `refs/heads/`.
    pub branch: String,
    pub story: Story,
}

/// Something newer than what the deploy ref has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescued<P> {
    pub rescue: Rescue,
    /// How new it is on the deploy ref, and on the branch.
    pub deployed: P,
    pub rescued: P,
}

/// How a blocked deploy was asked to be let through, and what became of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlass {
    pub reason: Reason,
    /// As far as it is known who asks.
    pub by: String,
    pub outcome: GlassOutcome,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GlassOutcome {
    /// Nothing would have been blocked, so nothing was pushed.
    NotNeeded,
    /// What is about to be deployed is saved, and the deploy goes through.
    Broken(Saved),
    /// Why not; the deploy stays blocked.
    Refused(String),
}

/// Where that which is about to be deployed was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    pub remote: String,
    /// Without `refs/heads/`.
    pub branch: String,
    /// In full hexadecimal.
    pub commit: String,
    /// Where a pull request is opened, if the remote is a known forge.
    pub url: Option<String>,
    /// Why it is not on the remote yet: it waits here, and the next command delivers it.
    pub queued: Option<String>,
    /// What of the store did not go along.
    pub left_out: Vec<LeftOut>,
}

/// A file that does not go along, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// Relative to the root of the repository.
    pub path: String,
    pub why: String,
}

impl BreakGlass {
    /// Whether a deploy goes through that would be blocked.
    pub fn lets_through(&self) -> bool {
        matches!(self.outcome, GlassOutcome::Broken(_))
    }
}

/// What was saved on a rescue branch, with nothing left out.
#[cfg(test)]
pub(crate) fn saved() -> Saved {
    Saved {
        remote: "origin".to_owned(),
        branch: "rescue/x".to_owned(),
        commit: String::new(),
        url: None,
        queued: None,
        left_out: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(reason: &str) -> Story {
        let at = Some("2022-08-31T20:15:00Z".parse().unwrap());
        Story { by: "alice".to_owned(), at, reason: reason.to_owned() }
    }

    fn read(message: &str) -> Story {
        let committed_at = Some("2022-09-01T00:00:00Z".parse().unwrap());
        Story::read(CommitText { author: "A. Uthor", committed_at, message })
    }

    #[test]
    fn reasons() {
        for (text, expected) in [
            (" the old one lapsed ", Ok("the old one lapsed")),
            ("ä 漢 \"quoted\": #812", Ok("ä 漢 \"quoted\": #812")),
            ("", Err(ReasonError::Empty)),
            (" \n ", Err(ReasonError::Empty)),
            ("a\nb", Err(ReasonError::Unreadable)),
            ("a\x1b[31m", Err(ReasonError::Unreadable)),
            ("a\u{202e}b", Err(ReasonError::Unreadable)),
        ] {
            assert_eq!(text.parse::<Reason>(), expected.map(|text| Reason(text.to_owned())), "{text:?}");
        }
        assert!("x".repeat(MAX_REASON_CHARS).parse::<Reason>().is_ok());
        assert_eq!("x".repeat(MAX_REASON_CHARS + 1).parse::<Reason>(), Err(ReasonError::TooLong));
    }

    #[test]
    fn only_what_was_saved_lets_a_deploy_through() {
        let saved = saved();
        let reason: Reason = "the old one lapsed".parse().unwrap();
        assert_eq!(
            (reason.as_str(), reason.to_string().as_str()),
            ("the old one lapsed", "the old one lapsed")
        );
        for (outcome, through) in [
            (GlassOutcome::Broken(saved), true),
            (GlassOutcome::NotNeeded, false),
            (GlassOutcome::Refused("no remote".to_owned()), false),
        ] {
            let glass = BreakGlass { reason: reason.clone(), by: "alice".to_owned(), outcome };
            assert_eq!(glass.lets_through(), through, "{glass:?}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for reason in ["short", "ä long one ".repeat(40).trim_end(), "Rescue-By: mallory", "a: b"] {
            let story = story(reason);
            assert_eq!(read(&story.message("origin/main")), story);
            assert!(story.message("origin/main").lines().next().unwrap().chars().count() <= 72);
        }
    }

    #[test]
    fn what_others_wrote_is_read_with_care() {
        let plain = read("Fix it\n\nin a hurry\n");
        assert_eq!((plain.by.as_str(), plain.reason.as_str()), ("A. Uthor", "Fix it"));
        assert_eq!(plain.at.map(Instant::date).as_deref(), Some("2022-09-01"));
        assert_eq!(read("").reason, "no reason given");
        let odd = read("x\n\nRescue-By: \nRescue-At: yesterday\nRescue-Reason: y\nRescue-Reason: z");
        assert_eq!((odd.by.as_str(), odd.reason.as_str()), ("A. Uthor", "y"));
        assert_eq!(odd.at.map(Instant::date).as_deref(), Some("2022-09-01"));
        let long = read(&format!("x\n\nRescue-Reason: {}", "y".repeat(100_000)));
        assert_eq!(long.reason.chars().count(), MAX_REASON_CHARS + 1);
    }

    #[test]
    fn branches_are_named_by_who_and_when() {
        let commit = "3f2a9c1d04be5a7788990011223344556677aabb";
        let named = |by: &str| branch_name(&Story { by: by.to_owned(), ..story("x") }, commit);
        assert_eq!(named("alice"), "rescue/2022-08-31-alice-3f2a9c1d04be");
        assert_eq!(named("Alice  Ex..ample~^:"), "rescue/2022-08-31-alice-ex-ample-3f2a9c1d04be");
        assert_eq!(named("漢.."), "rescue/2022-08-31-somebody-3f2a9c1d04be");
        assert!(named(&"-x".repeat(400)).len() < 90);
    }
}
