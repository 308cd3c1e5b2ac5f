//! Records that are behind their ciphertexts, and whether the values are the same in spite of it: both versions are
//! opened and compared where that is possible.

use std::collections::BTreeMap;

use crate::checks::record_behind::{Behind, behind};
use crate::domain::claim::Claim;
use crate::domain::digest::Digest;
use crate::domain::foreign::ForeignFile;
use crate::domain::opened::Opened;
use crate::domain::text::visible;
use crate::domain::time::Instant;
use crate::domain::tracked_facts::{FileFacts, TrackedSecret};
use crate::domain::tracked_name::TrackedName;
use crate::domain::value_end::ValueEnd;
use crate::observe::tracked::{Opener, TrackedFiles, Versions, ends_in};

/// A record that is behind.
pub struct Late {
    pub secret: TrackedSecret,
    pub claim: Claim,
    /// As its file is now.
    pub data_key: Option<Digest>,
    pub modified: Option<Instant>,
    pub verdict: Verdict,
    /// The first end that the value carries, where it was opened.
    pub end: Option<ValueEnd>,
}

/// How the value stands to the one that the record speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The record spoke of none.
    First,
    /// Both were opened, and they are the same.
    Same,
    /// It is another one.
    Other,
    /// It can't be told; in words, why.
    Unknown(String),
}

/// What of a file's secrets is behind, with the values compared as far as they can be. `wants_ends`: the ends that the
/// values carry are wanted too.
pub fn late(
    tracked: &TrackedFiles<'_>,
    facts: &FileFacts,
    is_chosen: &dyn Fn(&TrackedName) -> bool,
    opener: &Opener<'_, '_>,
    wants_ends: bool,
) -> Vec<Late> {
    let Ok(Some(file)) = facts.sealed() else { return Vec::new() };
    let secrets = facts.secrets.as_deref().unwrap_or_default().iter();
    let found: Vec<(&TrackedSecret, Behind)> = secrets
        .filter(|secret| is_chosen(&secret.name))
        .filter_map(|secret| Some((secret, behind(facts, secret)?)))
        .collect();
    if found.is_empty() {
        return Vec::new();
    }
    let comparing = Comparing { tracked, facts, file, opener };
    let unclear: Vec<&TrackedSecret> = found
        .iter()
        .filter(|(_, behind)| matches!(behind, Behind::KeyReplaced | Behind::SealedAnew))
        .map(|(secret, _)| *secret)
        .collect();
    let is_asked_for = wants_ends && found.iter().any(|(_, behind)| *behind != Behind::Unseen);
    let now = (!unclear.is_empty() || is_asked_for).then(|| comparing.open_now());
    let verdicts = match &now {
        Some(Ok(now)) => comparing.verdicts(now, &unclear),
        Some(Err(why)) => {
            unclear.iter().map(|secret| (&secret.name, Verdict::Unknown(why.clone()))).collect()
        }
        None => BTreeMap::new(),
    };
    let late = |(secret, behind): (&TrackedSecret, Behind)| {
        let verdict = match behind {
            Behind::Unseen => Verdict::First,
            Behind::Changed => Verdict::Other,
            Behind::KeyReplaced | Behind::SealedAnew => verdicts.get(&secret.name)?.clone(),
        };
        let end = now.as_ref().and_then(|now| comparing.end(now.as_ref().ok()?, &secret.name));
        let (data_key, modified) = (file.data_key, file.modified);
        Some(Late { claim: secret.claim.clone()?, secret: secret.clone(), data_key, modified, verdict, end })
    };
    found.into_iter().filter_map(late).collect()
}

struct Comparing<'a, 'o, 'k> {
    tracked: &'a TrackedFiles<'a>,
    facts: &'a FileFacts,
    file: &'a ForeignFile,
    opener: &'a Opener<'o, 'k>,
}

impl Comparing<'_, '_, '_> {
    fn open_now(&self) -> Result<Opened, String> {
        let name = &self.facts.name;
        let bytes = self.tracked.bytes(name.as_str()).map_err(|unknown| unknown.why)?;
        self.opener.open(name, self.file, &bytes)
    }

    fn end(&self, now: &Opened, name: &TrackedName) -> Option<ValueEnd> {
        ends_in(now, &self.tracked.covered(name, self.file).ok()?).earliest().cloned()
    }

    /// Each version is opened once, however many records speak of it.
    fn verdicts<'s>(
        &self,
        now: &Opened,
        secrets: &[&'s TrackedSecret],
    ) -> BTreeMap<&'s TrackedName, Verdict> {
        let all = |why: String| {
            secrets.iter().map(|secret| (&secret.name, Verdict::Unknown(why.clone()))).collect()
        };
        let wanted = secrets.iter().filter_map(|secret| Some((&secret.name, secret.claim.as_ref()?.seen?)));
        let wanted: Vec<(&'s TrackedName, Digest)> = wanted.collect();
        let versions = match self.tracked.versions(&self.facts.name, &wanted) {
            Ok(versions) => versions,
            Err(unknown) => return all(format!("{}: {}", unknown.what, unknown.why)),
        };
        let past: Vec<Result<Opened, String>> = (versions.versions.iter())
            .map(|version| self.opener.open(&self.facts.name, &version.file, &version.bytes))
            .collect();
        let of = |(at, (name, _)): (usize, &(&'s TrackedName, Digest))| {
            (*name, self.verdict(now, name, &versions, at, &past))
        };
        wanted.iter().enumerate().map(of).collect()
    }

    fn verdict(
        &self,
        now: &Opened,
        name: &TrackedName,
        versions: &Versions,
        at: usize,
        past: &[Result<Opened, String>],
    ) -> Verdict {
        let Some(place) = versions.of(at) else {
            let why = format!("the version that its record speaks of was not found: {}", versions.reach);
            return Verdict::Unknown(why);
        };
        let (Some(version), Some(opened)) = (versions.versions.get(place), past.get(place)) else {
            return Verdict::Unknown("the version that its record speaks of was not read".to_owned());
        };
        let before = match opened {
            Ok(before) => before,
            Err(why) => {
                return Verdict::Unknown(format!("the version that its record speaks of: {}", visible(why)));
            }
        };
        let covered = |file: &ForeignFile| self.tracked.covered(name, file);
        match (covered(self.file), covered(&version.file)) {
            (Ok(here), Ok(there)) if here == there => {
                if here.iter().all(|name| is_same(now, before, name)) {
                    Verdict::Same
                } else {
                    Verdict::Other
                }
            }
            (Ok(_), Ok(_)) => Verdict::Other,
            (Err(unknown), _) | (_, Err(unknown)) => Verdict::Unknown(unknown.why),
        }
    }
}

fn is_same(now: &Opened, before: &Opened, name: &TrackedName) -> bool {
    let pointer = name.pointer();
    let (now, before) = (now.get(pointer.as_ref()), before.get(pointer.as_ref()));
    now.zip(before).is_some_and(|(now, before)| now.same_as(before))
}
