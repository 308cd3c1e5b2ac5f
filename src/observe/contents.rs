//! The two files of a secret, and what is known of it beyond them, put together as facts.

use super::history::Earlier;
use super::place::Place;
use super::proofs::{Progress, Prover};
use super::signers::Pair;
use super::trees::RemoteLedger;
use crate::domain::facts::{Deployed, KnownSeal, Proof, SealedFile, SecretFacts, Signature, Uncommitted};
use crate::domain::finding::{Known, Unknown};
use crate::domain::name::SecretName;
use crate::domain::record::Record;
use crate::seal::{binding, header, inspection};
use crate::store::record_file::{self, RecordError};

/// The bytes of a secret's two files.
pub(super) struct Contents {
    pub record: Known<Option<Vec<u8>>>,
    pub sealed: Known<Option<Vec<u8>>>,
}

/// What is known of a secret beyond its two files.
pub(super) struct Beyond {
    newest_seal: Known<Option<KnownSeal>>,
    proof: Proof,
    pub progress: Progress,
}

impl Beyond {
    /// Looks at what is known of earlier seals, and proves where a proof is asked for.
    pub fn observe(
        facts: &SecretFacts,
        contents: &Contents,
        earlier: Option<&Known<Earlier<'_>>>,
        ledger: &Known<RemoteLedger>,
        prover: Option<&Prover<'_>>,
    ) -> Self {
        let newest_seal = match (earlier, &facts.record, facts.binding_expected) {
            (Some(Ok(earlier)), Ok(Some(record)), Some(digest)) => {
                earlier.newest_seal(record, digest, ledger)
            }
            (Some(Err(unknown)), ..) => Err(unknown.clone()),
            _ => Ok(None),
        };
        let (proof, progress) = match (prover, &facts.record, &contents.sealed) {
            (None, ..) => (Proof::NotAsked, Progress::Settled),
            (Some(prover), Ok(Some(record)), Ok(Some(sealed))) => {
                prover.prove(&record.sealed, sealed, earlier)
            }
            (Some(prover), ..) => (prover.nothing_to_prove(), Progress::Settled),
        };
        Self { newest_seal, proof, progress }
    }

    /// Adds it to the facts.
    pub fn complete(self, facts: SecretFacts) -> SecretFacts {
        SecretFacts { newest_seal: self.newest_seal, proof: self.proof, ..facts }
    }
}

/// Puts the facts of one secret together, wherever its bytes come from.
pub(super) fn secret_facts(
    place: &Place,
    name: &SecretName,
    contents: &Contents,
    judge_signatures: &dyn Fn(&Pair<'_>) -> Known<Vec<Signature>>,
    uncommitted: Known<Vec<Uncommitted>>,
    deployed: Known<Deployed>,
) -> SecretFacts {
    let record_path = place.record_path(name);
    let sealed_path = place.sealed_path(name);
    let mut plaintext = Vec::new();
    let record = (contents.record.as_ref().map_err(Clone::clone))
        .and_then(|bytes| read_record(bytes.as_deref(), &record_path, &mut plaintext));
    let sealed = (contents.sealed.as_ref().map_err(Clone::clone))
        .and_then(|bytes| read_sealed(bytes.as_deref(), &sealed_path, &mut plaintext));
    let binding_expected = match &record {
        Ok(Some(record)) => binding::digest(&record.sealed).ok(),
        Ok(None) | Err(_) => None,
    };
    let pair = Pair { record: &record, sealed: &sealed, binding: binding_expected.as_ref() };
    let signatures = judge_signatures(&pair);
    SecretFacts {
        name: name.clone(),
        record_path,
        sealed_path,
        record,
        sealed,
        binding_expected,
        plaintext,
        uncommitted,
        deployed,
        rescued: Ok(Vec::new()),
        signatures,
        newest_seal: Ok(None),
        proof: Proof::NotAsked,
    }
}

fn read_record(bytes: Option<&[u8]>, path: &str, plaintext: &mut Vec<String>) -> Known<Option<Record>> {
    let Some(bytes) = bytes else { return Ok(None) };
    match record_file::parse(bytes, path) {
        Ok(record) => Ok(Some(record)),
        Err(RecordError::NotARecord { .. }) => {
            plaintext.push(path.to_owned());
            Ok(None)
        }
        Err(error) => Err(Unknown::new(path, error.to_string())),
    }
}

fn read_sealed(bytes: Option<&[u8]>, path: &str, plaintext: &mut Vec<String>) -> Known<Option<SealedFile>> {
    let Some(bytes) = bytes else { return Ok(None) };
    if !header::looks_like_age(bytes) {
        plaintext.push(path.to_owned());
        return Ok(None);
    }
    inspection::inspect(bytes).map(Some).map_err(|error| Unknown::new(path, error.to_string()))
}
