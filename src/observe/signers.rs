//! Whose signatures count: the signing keys of people as the deploy ref's policy has them. Whoever could list a key of
//! their own in the work tree would otherwise sign for a colleague.

use std::collections::BTreeMap;

use crate::domain::digest::Digest;
use crate::domain::facts::{SealedFile, Signature, SignatureVerdict};
use crate::domain::finding::Known;
use crate::domain::name::ActorName;
use crate::domain::policy::Policy;
use crate::domain::record::Record;
use crate::seal::signature::{self, VerifyingKey};

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
