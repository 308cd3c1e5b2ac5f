//! What a run of `secrets rotate` came to: everything that its report shows.

use super::name::SecretName;
use super::time::Instant;

/// The steps of a rotation, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Planned,
    Minted,
    Sealed,
    Pushed,
    Verified,
    Retired,
}

impl Stage {
    pub const ALL: [Self; 6] =
        [Self::Planned, Self::Minted, Self::Sealed, Self::Pushed, Self::Verified, Self::Retired];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Minted => "minted",
            Self::Sealed => "sealed",
            Self::Pushed => "pushed",
            Self::Verified => "verified",
            Self::Retired => "retired",
        }
    }
}

/// How a run ended for one secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rest {
    /// Nothing is left to be done.
    Done(String),
    /// The next step waits for a deploy, the overlap, the remote or a person.
    Waits(String),
    /// A step failed; the same command goes on there.
    Failed { why: String, hints: Vec<String> },
}

/// One secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    pub name: SecretName,
    /// `entra-app-password`; empty where its record says nothing that can be understood.
    pub kind: String,
    /// The numbers of the old version and of the new one.
    pub from: u64,
    pub to: Option<u64>,
    /// The last step that was reached; `None`: none, or what was under way was undone.
    pub reached: Option<Stage>,
    /// What this run did, or would do.
    pub done: Vec<String>,
    pub rest: Rest,
    /// What to run next.
    pub next: Option<String>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub at: Instant,
    /// As people name it: `origin/main`.
    pub deployed: String,
    pub is_dry: bool,
    pub rotations: Vec<Rotated>,
}

impl Run {
    pub fn exit_code(&self) -> u8 {
        let failed = |one: &Rotated| matches!(one.rest, Rest::Failed { .. });
        if self.rotations.iter().any(failed) { 2 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_failed_fails_the_run() {
        let rotated = |rest: Rest| Rotated {
            name: "web/db".parse().unwrap(),
            kind: "exec".to_owned(),
            from: 1,
            to: None,
            reached: None,
            done: Vec::new(),
            rest,
            next: None,
        };
        let (done, waits) = (Rest::Done("retired".to_owned()), Rest::Waits("for the deploy".to_owned()));
        let failed = Rest::Failed { why: "refused".to_owned(), hints: Vec::new() };
        for (rests, code) in [
            (vec![], 0),
            (vec![done.clone(), waits.clone()], 0),
            (vec![failed.clone()], 2),
            (vec![done, failed, waits], 2),
        ] {
            let at = "2026-01-01".parse().unwrap();
            let rotations: Vec<_> = rests.into_iter().map(rotated).collect();
            let run = Run { at, deployed: "origin/main".to_owned(), is_dry: false, rotations };
            assert_eq!(run.exit_code(), code, "{:?}", run.rotations);
        }
    }

    #[test]
    fn the_steps_have_a_name_each() {
        let names = ["planned", "minted", "sealed", "pushed", "verified", "retired"];
        assert_eq!(Stage::ALL.map(Stage::as_str), names);
    }
}
