//! Which stanza is for which key: each is for one key only, and what is for none is left over.

use std::collections::{BTreeSet, HashMap};

use age_core::format::FileKey;

use crate::domain::digest::Digest;
use crate::domain::key::{Fingerprint, KeyKind, PublicKey};
use crate::domain::name::ActorName;
use crate::domain::record::{Sealed, SealedKey};
use crate::seal::binding;
use crate::seal::derivation::{self, SALT_BYTES};
use crate::seal::header::{Header, RawStanza};

/// The stanzas of a header beside the keys of a record. Stanzas are indices into the header.
pub struct Comparison {
    pub proved: Vec<(ActorName, Fingerprint)>,
    pub plausible: Vec<(ActorName, Fingerprint)>,
    pub missing: Vec<(ActorName, SealedKey)>,
    pub surplus: Vec<usize>,
    /// Those that are for plausible keys.
    pub opaque: Vec<usize>,
}

/// Recomputes the stanzas of all keys that the record names and policy knows.
pub fn compare<'k>(
    header: &Header<'_>,
    sealed: &Sealed,
    public_key: &dyn Fn(&ActorName, &Fingerprint) -> Option<&'k PublicKey>,
    file_key: &FileKey,
    salt: &[u8; SALT_BYTES],
) -> Comparison {
    let (mut proved, mut plausible, mut missing) = (Vec::new(), BTreeSet::new(), Vec::new());
    let (mut left, mut opaque) = (Left::of(header), Vec::new());
    let mut derived = BTreeSet::new();
    for (reader, key) in sealed.all_keys() {
        let Some(public) = public_key(reader, &key.fingerprint).filter(|public| public.kind == key.kind)
        else {
            continue;
        };
        let who = || (reader.clone(), key.fingerprint.clone());
        if !key.kind.is_derivable() {
            match left.take_opaque(key) {
                Some(index) => {
                    plausible.insert(who());
                    opaque.push(index);
                }
                None => missing.push((reader.clone(), key.clone())),
            }
        } else if derived.insert(&key.fingerprint) {
            match derivation::derive_stanza(file_key, salt, public) {
                Ok(expected) if left.take(&expected).is_some() => proved.push(who()),
                Ok(_) | Err(_) => missing.push((reader.clone(), key.clone())),
            }
        }
    }
    // A plugin makes several stanzas for one key, and may need them all.
    plausible.retain(|(reader, fingerprint)| {
        missing.iter().all(|(other, key)| (other, &key.fingerprint) != (reader, fingerprint))
    });
    Comparison {
        proved,
        plausible: plausible.into_iter().collect(),
        missing,
        surplus: left.into_indices(),
        opaque,
    }
}

/// Whether an opaque stanza can be for the key at all, so that none of another type hides behind it.
fn may_be_for(key: &SealedKey, stanza: &RawStanza<'_>) -> bool {
    match &key.kind {
        KeyKind::SshRsa => {
            stanza.kind() == "ssh-rsa" && stanza.arguments().eq(key.fingerprint.ssh_tag().as_deref())
        }
        KeyKind::Plugin(_) => !["X25519", "ssh-ed25519", "ssh-rsa", "scrypt"].contains(&stanza.kind()),
        KeyKind::X25519 | KeyKind::SshEd25519 | KeyKind::Kms | KeyKind::Pgp | KeyKind::Opaque => false,
    }
}

/// The stanzas that are for no key so far, by their bytes. Equal ones are taken in the order of the header.
struct Left<'a> {
    stanzas: &'a [RawStanza<'a>],
    by_bytes: HashMap<&'a [u8], Vec<usize>>,
    /// Made when it is asked for: most files have no opaque stanza.
    by_digest: Option<HashMap<Digest, &'a [u8]>>,
}

impl<'a> Left<'a> {
    fn of(header: &'a Header<'a>) -> Self {
        let mut by_bytes = HashMap::<_, Vec<_>>::with_capacity(header.stanzas.len());
        for (index, stanza) in header.stanzas.iter().enumerate().rev() {
            if stanza.kind() != binding::STANZA_TYPE {
                by_bytes.entry(stanza.encoded).or_default().push(index);
            }
        }
        Self { stanzas: &header.stanzas, by_bytes, by_digest: None }
    }

    fn take(&mut self, encoded: &[u8]) -> Option<usize> {
        self.by_bytes.get_mut(encoded)?.pop()
    }

    fn take_opaque(&mut self, key: &SealedKey) -> Option<usize> {
        let all = self.by_bytes.keys();
        let by_digest =
            self.by_digest.get_or_insert_with(|| all.map(|bytes| (Digest::of(bytes), *bytes)).collect());
        let encoded = *by_digest.get(&key.stanza?)?;
        let next = self.by_bytes.get(encoded)?.last()?;
        if may_be_for(key, self.stanzas.get(*next)?) { self.take(encoded) } else { None }
    }

    fn into_indices(self) -> Vec<usize> {
        let mut indices = self.by_bytes.into_values().flatten().collect::<Vec<_>>();
        indices.sort_unstable();
        indices
    }
}
