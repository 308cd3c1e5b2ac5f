//! When a secret ends and from when it is counted, whoever sealed it: the ground of the checks about time.

use super::{Judgement, Subject, TrackedSubject};
use crate::domain::expiry::Expiry;
use crate::domain::facts::{Inside, Proof};
use crate::domain::finding::{Known, Unknown};
use crate::domain::name::ActorName;
use crate::domain::policy::Policy;
use crate::domain::rules::Rules;
use crate::domain::text::shell_word;
use crate::domain::time::Instant;
use crate::domain::value_end::ValueEnd;

pub(super) struct Term<'a> {
    pub now: Instant,
    pub rules: &'a Rules,
    pub policy: &'a Policy,
    /// As one word of a shell.
    pub name: String,
    /// Whether something makes its next version.
    pub is_rotated: bool,
    /// As record or policy say.
    pub expires: Option<Expiry>,
    /// What the value says itself, where it was looked into.
    pub inside: Option<&'a ValueEnd>,
    /// From when the version's age is counted; unknown where nothing dates it.
    pub since: Known<Instant>,
    /// `version 3`, or what it is called where versions are not numbered.
    pub version: String,
    pub owners: &'a [ActorName],
    /// Where the owners stand.
    pub record_path: &'a str,
}

impl<'a> Term<'a> {
    /// `None` where there is no record to speak of.
    pub fn of(subject: &Subject<'a>) -> Result<Option<Self>, Unknown> {
        let Some(record) = subject.record()? else { return Ok(None) };
        let sealed = &record.sealed;
        let inside = match &subject.secret.proof {
            Proof::Recomputed(found) => found.ends.earliest(),
            Proof::NotAsked | Proof::NotOpened { .. } | Proof::Broken(_) => None,
        };
        Ok(Some(Self {
            now: subject.setting.now,
            rules: subject.rules,
            policy: subject.policy,
            name: subject.secret.name.to_string(),
            is_rotated: sealed.rotator.is_some(),
            expires: sealed.expires.clone(),
            inside,
            since: Ok(sealed.since()),
            version: format!("version {}", sealed.version.number),
            owners: &record.about.owners,
            record_path: &subject.secret.record_path,
        }))
    }

    /// The record's own word comes before that of the kind.
    pub fn of_tracked(subject: &TrackedSubject<'a>) -> Self {
        let secret = subject.secret;
        let claim = secret.claim.as_ref();
        let inside = match &secret.inside {
            Inside::Seen(ends) => ends.earliest(),
            Inside::NotAsked | Inside::NotLookedInto { .. } => None,
        };
        let undated = || {
            let why = format!(
                "neither its record nor its file says how old it is: secrets expiry set {} --issued DATE",
                shell_word(secret.name.as_str())
            );
            Unknown::new("the age of the version", why)
        };
        let modified = subject.file.sealed().ok().flatten().and_then(|file| file.modified);
        Self {
            now: subject.setting.now,
            rules: subject.rules,
            policy: subject.policy,
            name: shell_word(secret.name.as_str()).into_owned(),
            is_rotated: false,
            expires: secret.expires(),
            inside,
            since: claim.map_or(modified, crate::domain::claim::Claim::since).ok_or_else(undated),
            version: "what stands there".to_owned(),
            owners: secret.owners(),
            record_path: &subject.file.claims_path,
        }
    }

    /// The moment that is judged: what was recorded, or what the value says itself where that comes first.
    pub fn end(&self) -> Option<Instant> {
        let recorded = self.expires.as_ref().and_then(Expiry::at);
        [recorded, self.inside.map(|inside| inside.at)].into_iter().flatten().min()
    }

    /// The command that gives it a new value.
    pub fn renew(&self) -> String {
        let command = if self.is_rotated { "rotate" } else { "set" };
        format!("secrets {command} {}", self.name)
    }
}

/// Judges a secret of ours by its term.
pub(super) fn of_secret(subject: &Subject<'_>, judge: fn(&Term<'_>) -> Judgement) -> Judgement {
    Term::of(subject)?.map_or_else(|| Ok(Vec::new()), |term| judge(&term))
}

/// Judges a tracked secret by its term.
pub(super) fn of_tracked(subject: &TrackedSubject<'_>, judge: fn(&Term<'_>) -> Judgement) -> Judgement {
    judge(&Term::of_tracked(subject))
}
