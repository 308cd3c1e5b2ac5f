//! Where the signing keys of people are taken from: the deploy ref, or what a change is held against.

use std::sync::OnceLock;

use super::place::{Place, parse_policy};
use super::reference::Reference;
use super::signers::{Pair, Signers};
use super::trees::{DeployTree, Trees};
use crate::domain::facts::Signature;
use crate::domain::finding::{Known, Unknown};
use crate::domain::policy::Policy;
use crate::git::{EntryKind, GitError, RemoteTip, Snapshot};
use crate::store::layout::POLICY;

/// Where the signing keys are taken from. They are read when the first signature is met.
pub struct SignerSource<'a> {
    origin: Origin<'a>,
    read: OnceLock<Known<Signers>>,
}

enum Origin<'a> {
    /// The deploy ref; where that is not judged, the policy of the work tree.
    DeployRef,
    /// What a change is held against; where that has no store, the change's own policy.
    Reference(&'a Reference<'a>, &'a Policy),
}

impl<'a> SignerSource<'a> {
    pub fn deploy_ref() -> Self {
        Self { origin: Origin::DeployRef, read: OnceLock::new() }
    }

    pub fn reference(reference: &'a Reference<'a>, change: &'a Policy) -> Self {
        Self { origin: Origin::Reference(reference, change), read: OnceLock::new() }
    }

    /// Whether any signature was met.
    pub fn was_asked(&self) -> bool {
        self.read.get().is_some()
    }

    fn signers(&self, place: &Place, trees: &Trees) -> &Known<Signers> {
        self.read.get_or_init(|| match (&self.origin, &trees.deploy) {
            (Origin::Reference(reference, change), _) => reference.signers(change),
            (Origin::DeployRef, Ok(DeployTree::Asked { tip, tree })) => deployed(place, tip, tree),
            (Origin::DeployRef, Ok(DeployTree::NotJudged)) => place
                .policy()
                .map(|policy| Signers::of(&policy))
                .map_err(|error| Unknown::new(place.path(POLICY), error.to_string())),
            (Origin::DeployRef, Err(unknown)) => Err(unknown.clone()),
        })
    }

    /// The signatures of a secret, as the work tree has it.
    pub(super) fn judge(&self, pair: &Pair<'_>, place: &Place, trees: &Trees) -> Known<Vec<Signature>> {
        pair.judged_by(|| self.signers(place, trees).as_ref().map_err(Clone::clone))
    }
}

/// Where the deploy ref has no policy yet, nobody signs.
fn deployed(place: &Place, tip: &RemoteTip, tree: &Snapshot) -> Known<Signers> {
    let path = place.path(POLICY);
    let shown = format!("{path} on the deploy ref");
    let Some(entry) = tree.get(&path) else { return Ok(Signers::default()) };
    if !matches!(entry.kind, EntryKind::File | EntryKind::Executable) {
        return Err(Unknown::new(shown, "is not a regular file, so nobody's signing keys are known"));
    }
    let unknown = |error: GitError| Unknown::new(shown.clone(), error.to_string());
    let blobs = tip.blobs(&[entry.id]).map_err(unknown)?;
    let bytes = blobs.into_iter().next().unwrap_or_default();
    let policy =
        parse_policy(&bytes, &shown).map_err(|error| Unknown::new(shown.clone(), error.to_string()))?;
    Ok(Signers::of(&policy))
}
