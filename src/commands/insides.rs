//! Which values were looked into for the end that they carry themselves, and what is told of the others.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::facts::{Inside, Proof, SecretFacts};
use crate::domain::text::{abridged, counted, visible};
use crate::domain::tracked_facts::FileFacts;
use crate::domain::value_end::ValueEnds;
use crate::observe::tracked::{Opener, TrackedFiles};
use crate::system::terminal::Progress;

/// How files that other tools have sealed are looked into.
pub struct Looking<'a, 'k> {
    pub opener: &'a Opener<'a, 'k>,
    /// Whether a value that can't be looked into is unknown, or only told of.
    pub is_required: bool,
    pub progress: Progress,
}

impl Looking<'_, '_> {
    pub fn look(&self, tracked: &TrackedFiles<'_>, facts: &mut FileFacts) {
        tracked.look_inside(facts, self.opener, self.is_required);
        self.progress.advance(1);
    }
}

/// What is kept of it.
#[derive(Default)]
pub struct Insides {
    /// By what could not be read in them, the secrets.
    unread: BTreeMap<String, BTreeSet<String>>,
    /// By why, how many tracked secrets.
    not_looked_into: BTreeMap<String, usize>,
}

impl Insides {
    pub fn of_secret(facts: &SecretFacts) -> Self {
        let mut insides = Self::default();
        if let Proof::Recomputed(recomputed) = &facts.proof {
            insides.take(facts.name.as_str(), &recomputed.ends);
        }
        insides
    }

    pub fn of_file(facts: &FileFacts) -> Self {
        let mut insides = Self::default();
        for secret in facts.secrets.as_deref().unwrap_or_default() {
            match &secret.inside {
                Inside::Seen(ends) => insides.take(secret.name.as_str(), ends),
                // What was required is unchecked, and told there.
                Inside::NotLookedInto { why, required: false } => {
                    *insides.not_looked_into.entry(why.clone()).or_default() += 1;
                }
                Inside::NotLookedInto { required: true, .. } | Inside::NotAsked => {}
            }
        }
        insides
    }

    fn take(&mut self, name: &str, ends: &ValueEnds) {
        for part in &ends.unread {
            self.unread.entry(part.clone()).or_default().insert(name.to_owned());
        }
    }

    pub fn absorb(&mut self, other: Self) {
        for (part, names) in other.unread {
            self.unread.entry(part).or_default().extend(names);
        }
        for (why, secrets) in other.not_looked_into {
            *self.not_looked_into.entry(why).or_default() += secrets;
        }
    }

    /// One note for each reason.
    pub fn notes(&self) -> Vec<String> {
        let not_looked_into = self.not_looked_into.iter().map(|(why, secrets)| {
            let were = if *secrets == 1 { "was" } else { "were" };
            format!("{} {were} not looked into: {}", counted(*secrets, "tracked secret"), visible(why))
        });
        let unread = self.unread.iter().map(|(part, names)| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!(
                "{}: may carry an end that could not be read: {}",
                visible(&abridged(&names)),
                visible(part)
            )
        });
        not_looked_into.chain(unread).collect()
    }
}
