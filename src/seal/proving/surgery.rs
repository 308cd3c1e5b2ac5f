//! Cuts sealed files open and sews them up again, with or without a MAC that fits, as an attacker would.

use std::collections::BTreeMap;

use age_core::secrecy::ExposeSecret as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use x25519_dalek::{PublicKey as Point, StaticSecret};

use super::*;
use crate::seal::public_key;
use crate::seal::samples::{actor, read_identity, seal_to, vectors};
use crate::seal::sealing::SealedValue;
use crate::seal::{header, stanza};

/// The value that is sealed: longer than one chunk of the payload.
pub fn value() -> Vec<u8> {
    b"a canary that is worth nothing\n".repeat(2500)
}

/// The worthless people of `tests/vectors`: alice and ci have X25519 keys, bob ssh-ed25519, carol ssh-rsa.
pub fn identity(name: &str) -> Identity {
    read_identity(vectors("identities.json")[name]["identity"].as_str().unwrap().as_bytes())
}

pub fn key(name: &str) -> PublicKey {
    public_key::parse(vectors("identities.json")[name]["recipient"].as_str().unwrap()).unwrap()
}

/// What policy knows: names, and the keys of each.
pub type Policy = BTreeMap<ActorName, Vec<PublicKey>>;

/// A sealed file in pieces.
pub struct Patient {
    pub sealed: Sealed,
    pub policy: Policy,
    pub file_key: FileKey,
    /// Encoded, the binding first.
    pub stanzas: Vec<Vec<u8>>,
    /// `---`, the MAC and a line feed.
    pub last_line: Vec<u8>,
    pub payload: Vec<u8>,
}

impl Patient {
    /// Sealed to the four of `tests/vectors`.
    pub fn healthy() -> Self {
        let names = ["alice", "bob", "carol", "ci"];
        let keys = names.map(key);
        let readers = names.iter().zip(&keys).map(|(name, key)| (*name, vec![key]));
        let readers = readers.collect::<Vec<_>>();
        let readers = readers.iter().map(|(name, keys)| (*name, keys.as_slice())).collect::<Vec<_>>();
        let policy = names.iter().zip(&keys).map(|(name, key)| (actor(name), vec![key.clone()])).collect();
        Self::of(&seal_to(&value(), &readers).unwrap(), policy, &identity("alice"))
    }

    pub fn of(made: &SealedValue, policy: Policy, opens: &Identity) -> Self {
        let header = Header::parse(&made.bytes).unwrap();
        let decoded = header.decoded().unwrap().unwrap();
        let file_key =
            unwrapping::file_key(&header, &decoded, &made.sealed, std::slice::from_ref(opens)).unwrap();
        Self {
            sealed: made.sealed.clone(),
            policy,
            file_key,
            stanzas: header.stanzas.iter().map(|stanza| stanza.encoded.to_vec()).collect(),
            last_line: made.bytes[header.covered.len() - 3..header.length].to_vec(),
            payload: header.payload.to_vec(),
        }
    }

    /// Makes the MAC anew with the file key.
    pub fn remac(&mut self) {
        let header = header::write(self.stanzas.iter().map(Vec::as_slice), &self.file_key);
        let last = header.iter().rposition(|byte| *byte == b'-').unwrap() - 2;
        self.last_line = header[last..].to_vec();
    }

    /// Binds the file to the record as it is now.
    pub fn rebind(&mut self) {
        let salt = self.salt();
        self.stanzas[0] = binding::stanza(&salt, &binding::digest(&self.sealed).unwrap());
        self.remac();
    }

    pub fn salt(&self) -> [u8; 32] {
        let text = String::from_utf8(self.stanzas[0].clone()).unwrap();
        let salt = text.split([' ', '\n']).nth(3).unwrap();
        BASE64_STANDARD_NO_PAD.decode(salt).unwrap().try_into().unwrap()
    }

    pub fn bytes(&self) -> Vec<u8> {
        let stanzas = self.stanzas.concat();
        [b"age-encryption.org/v1\n", stanzas.as_slice(), &self.last_line, &self.payload].concat()
    }

    pub fn prove(&self, identities: &[Identity]) -> Result<Proved, ProvingError> {
        prove_bytes(&self.bytes(), &self.sealed, &self.policy, identities)
    }

    /// In words: who is proved, plausible, missing, and the types of what is left over.
    pub fn outcome(&self, name: &str) -> String {
        told(&self.prove(&[identity(name)]))
    }
}

pub fn prove_bytes(
    bytes: &[u8],
    sealed: &Sealed,
    policy: &Policy,
    identities: &[Identity],
) -> Result<Proved, ProvingError> {
    let known = |reader: &ActorName, fingerprint: &Fingerprint| {
        policy.get(reader)?.iter().find(|key| key.fingerprint == *fingerprint)
    };
    prove(bytes, sealed, &known, identities)
}

pub fn told(outcome: &Result<Proved, ProvingError>) -> String {
    let proved = match outcome {
        Ok(proved) => proved,
        Err(error) => return error.to_string(),
    };
    let list = |names: Vec<&str>| if names.is_empty() { "nobody".to_owned() } else { names.join(" ") };
    let mut told = vec![
        format!("proved {}", list(proved.proved.iter().map(|(name, _)| name.as_str()).collect())),
        format!("plausible {}", list(proved.plausible.iter().map(|(name, _)| name.as_str()).collect())),
    ];
    if !proved.missing.is_empty() {
        told.push(format!(
            "missing {}",
            list(proved.missing.iter().map(|(name, _)| name.as_str()).collect())
        ));
    }
    if !proved.surplus.is_empty() {
        told.push(format!("surplus {}", list(proved.surplus.iter().map(|s| s.kind.as_str()).collect())));
    }
    told.join("; ")
}

/// An X25519 stanza as other tools write it, with an ephemeral that is not derived.
pub fn wrap(file_key: &FileKey, kind: &str, recipient: &PublicKey) -> Vec<u8> {
    let u = recipient.montgomery.unwrap();
    let ephemeral = StaticSecret::from([9; 32]);
    let share = Point::from(&ephemeral);
    let shared = ephemeral.diffie_hellman(&Point::from(u));
    let salt = [*share.as_bytes(), u].concat();
    let key = age_core::primitives::hkdf(&salt, b"age-encryption.org/v1/X25519", shared.as_bytes());
    let body = age_core::primitives::aead_encrypt(&key, file_key.expose_secret());
    stanza::encode(kind, &[BASE64_STANDARD_NO_PAD.encode(share.as_bytes())], &body)
}
