//! Whose signatures count: the signing keys of people as the deploy ref's policy has them. Whoever could list a key of
//! their own in the work tree would otherwise sign for a colleague.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::place::{Place, parse_policy};
use super::reference::Reference;
use super::trees::{DeployTree, Trees};
use crate::domain::digest::Digest;
use crate::domain::facts::{SealedFile, Signature, SignatureVerdict};
use crate::domain::finding::{Known, Unknown};
use crate::domain::name::ActorName;
use crate::domain::policy::Policy;
use crate::domain::record::Record;
use crate::git::{EntryKind, GitError, RemoteTip, Snapshot};
use crate::seal::signature::{self, VerifyingKey};
use crate::store::layout::POLICY;

/// People and the keys with which they sign.
#[derive(Debug, Default)]
pub struct Signers(BTreeMap<ActorName, Vec<VerifyingKey>>);

impl Signers {
    pub fn of(policy: &Policy) -> Self {
        let keys = policy.people.iter().map(|(name, person)| {
            (name.clone(), person.signing_keys.iter().filter_map(VerifyingKey::of).collect::<Vec<_>>())
        });
        Self(keys.filter(|(_, keys)| !keys.is_empty()).collect())
    }

    /// Where the deploy ref has no policy yet, nobody signs.
    fn deployed(place: &Place, tip: &RemoteTip, tree: &Snapshot) -> Known<Self> {
        let path = place.path(POLICY);
        let shown = format!("{path} on the deploy ref");
        let Some(entry) = tree.get(&path) else { return Ok(Self::default()) };
        if !matches!(entry.kind, EntryKind::File | EntryKind::Executable) {
            return Err(Unknown::new(shown, "is not a regular file, so nobody's signing keys are known"));
        }
        let unknown = |error: GitError| Unknown::new(shown.clone(), error.to_string());
        let blobs = tip.blobs(&[entry.id]).map_err(unknown)?;
        let bytes = blobs.into_iter().next().unwrap_or_default();
        let policy =
            parse_policy(&bytes, &shown).map_err(|error| Unknown::new(shown.clone(), error.to_string()))?;
        Ok(Self::of(&policy))
    }

    /// What the signatures of a record are worth, over the sealed file as it is and D as the record has it.
    fn judge(&self, record: &Record, binding: Option<&Digest>, file: &SealedFile) -> Vec<Signature> {
        let message = binding.map(|binding| signature::message(binding, &file.digest));
        let verdict = |by: &ActorName, sig: &str| {
            let Some(keys) = self.0.get(by) else { return SignatureVerdict::NotListed };
            let Some(message) = &message else {
                return SignatureVerdict::False("the record has no digest that could be signed".to_owned());
            };
            match signature::verify(sig, message, keys) {
                Ok(()) => SignatureVerdict::Valid,
                Err(error) => SignatureVerdict::False(error.to_string()),
            }
        };
        let signatures = record.signatures.iter();
        signatures.map(|one| Signature { by: one.by.clone(), verdict: verdict(&one.by, &one.sig) }).collect()
    }
}

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
            (Origin::DeployRef, Ok(DeployTree::Asked { tip, tree })) => Signers::deployed(place, tip, tree),
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

/// The two files of a secret, as far as they are known.
pub(super) struct Pair<'p> {
    pub record: &'p Known<Option<Record>>,
    pub sealed: &'p Known<Option<SealedFile>>,
    pub binding: Option<&'p Digest>,
}

impl Pair<'_> {
    /// Asks for the signers only where somebody signed.
    pub fn judged_by<'s>(&self, signers: impl FnOnce() -> Known<&'s Signers>) -> Known<Vec<Signature>> {
        let (Ok(Some(record)), Ok(Some(file))) = (self.record, self.sealed) else { return Ok(Vec::new()) };
        if record.signatures.is_empty() {
            return Ok(Vec::new());
        }
        Ok(signers()?.judge(record, self.binding, file))
    }
}
