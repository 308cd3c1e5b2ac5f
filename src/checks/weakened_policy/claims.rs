//! Records of what other tools have sealed, where they say something kinder of the very same ciphertext. Anybody who
//! can push can write so: no key is needed for it.

use crate::checks::{Fault, Judgement, TrackedSubject, wording};
use crate::domain::claim::Claim;
use crate::domain::expiry::Expiry;
use crate::domain::finding::Level;
use crate::domain::time::Instant;
use crate::domain::tracked_facts::TrackedSecret;

/// Where there is no other ref, there is nothing to compare.
pub(super) fn judge(subject: &TrackedSubject<'_>) -> Judgement {
    let (secret, before) = (subject.secret, subject.file.before.as_ref().map_err(Clone::clone)?);
    let old = before.get(secret.name.pointer_text()).filter(|old| old.seen == secret.seen);
    let Some(old) = old else { return Ok(Vec::new()) };
    let remedy = format!("git log -p -- {}", wording::pathspec(&subject.file.claims_path));
    let fault = |message: String| Fault::new(message, &remedy).at(&subject.file.claims_path);
    let mut faults = Vec::new();
    if let Some((later, reason)) = later_end(old, secret) {
        faults.push(match reason {
            // Whoever merges it reads why.
            Some(reason) => fault(format!("{later}: {reason}")).levelled(Level::Warning),
            None => fault(format!("{later}, and no new expires-reason says why")),
        });
    }
    let ages = subject.rules.rotate_every.value.is_some() || subject.rules.max_lifetime.value.is_some();
    if ages && let Some((since, was)) = younger(old, secret) {
        let (since, was) = (since.brief(), was.brief());
        faults.push(fault(format!("the same ciphertext is said to be of {since} instead of {was}")));
    }
    Ok(faults)
}

/// That it is said to end later, in words; and the reason, where one was given that did not stand there before.
fn later_end(old: &TrackedSecret, new: &TrackedSecret) -> Option<(String, Option<String>)> {
    let (old, new) = (old.expires()?, new.expires()?);
    let Expiry::At { at: was, reason: old_reason, .. } = &old else { return None };
    let was_on = was.brief();
    match new {
        Expiry::At { at, .. } if at <= *was => None,
        Expiry::At { at, reason, .. } => {
            let later = format!("the same ciphertext is said to end {} instead of {was_on}", at.brief());
            Some((later, reason.filter(|reason| Some(reason) != old_reason.as_ref())))
        }
        Expiry::Never { why } => {
            Some((format!("the same ciphertext is said to end never instead of {was_on}"), Some(why)))
        }
    }
}

/// From when the version is counted, where the record's `issued` changed so that it is counted from later on.
fn younger(old: &TrackedSecret, new: &TrackedSecret) -> Option<(Instant, Instant)> {
    let (old, new) = (old.claim.as_ref()?, new.claim.as_ref()?);
    let since = |claim: &Claim| claim.since();
    let (was, is) = (since(old)?, since(new)?);
    (old.issued != new.issued && is > was).then_some((is, was))
}
