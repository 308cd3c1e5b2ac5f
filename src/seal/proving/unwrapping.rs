//! Getting the file key out of a header in which anybody may have put stanzas of their own.

use age::{DecryptError, Identity as _};
use age_core::format::{FileKey, Stanza};

use super::{ProvingError, broken};
use crate::domain::key::KeyKind;
use crate::domain::record::Sealed;
use crate::seal::header::Header;
use crate::seal::identity::{Identity, IdentityError, IdentityKind, carried};
use crate::seal::mac;

const NO_FITTING_MAC: &str =
    "the header does not fit its MAC: it was changed, or a stanza for your key wraps another file key";

/// The file key, for which the header's MAC was verified.
///
/// Identities that need nobody's help come first. A stanza that fails hides none that fits.
pub fn file_key(
    header: &Header<'_>,
    stanzas: &[Stanza],
    sealed: &Sealed,
    identities: &[Identity],
) -> Result<FileKey, ProvingError> {
    let mut ordered = identities.iter().collect::<Vec<_>>();
    ordered.sort_by_key(|identity| identity.needs_help());
    let mut failure = None;
    for identity in ordered {
        match try_identity(header, stanzas, sealed, identity) {
            Ok(Some(file_key)) => return Ok(file_key),
            Ok(None) => {}
            Err(ProvingError::Identity(error)) => failure = failure.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    Err(failure.map_or(ProvingError::NotForYou, ProvingError::Identity))
}

fn try_identity(
    header: &Header<'_>,
    stanzas: &[Stanza],
    sealed: &Sealed,
    identity: &Identity,
) -> Result<Option<FileKey>, ProvingError> {
    for half in identity.halves_for(stanzas)? {
        for portion in portions(stanzas, half, sealed) {
            match half.unwrap_stanzas(portion) {
                Some(Ok(file_key)) => return verified(header, file_key).map(Some),
                Some(Err(error)) => refusal(error)?,
                None => {}
            }
        }
    }
    Ok(None)
}

/// The stanzas as they are tried: every one of them. A plugin may ask for a touch each time, so it sees them all at
/// once. The crate stops at the first failure of others, so they see one at a time.
fn portions<'s>(stanzas: &'s [Stanza], half: &Identity, sealed: &Sealed) -> Vec<&'s [Stanza]> {
    if is_plugin(half) {
        return vec![stanzas];
    }
    let mut portions = stanzas.chunks(1).collect::<Vec<_>>();
    // We write stanzas in the order of the keys, behind the binding. It is a guess, which saves scalar
    // multiplications where it is right.
    let own = half.public_keys().first().map(|public| &public.fingerprint);
    let position = sealed.all_keys().position(|(_, key)| Some(&key.fingerprint) == own);
    if let Some(likely) = position.map(|position| position + 1).filter(|likely| *likely < portions.len()) {
        portions.swap(0, likely);
    }
    portions
}

/// Whether one of these stanzas wraps another file key for one of the identities. age would fail there, or open
/// something else. Nobody is asked for anything.
pub fn refuse_other_file_keys<'s>(
    header: &Header<'_>,
    stanzas: impl Iterator<Item = &'s Stanza>,
    identities: &[Identity],
) -> Result<(), ProvingError> {
    let mut halves = None;
    for stanza in stanzas {
        let halves = halves.get_or_insert_with(|| at_hand(identities));
        for half in halves.iter() {
            if let Some(Ok(file_key)) = half.unwrap_stanza(stanza) {
                verified(header, file_key)?;
            }
        }
    }
    Ok(())
}

/// The private halves that open a stanza without asking anybody.
fn at_hand(identities: &[Identity]) -> Vec<&Identity> {
    identities.iter().flat_map(Identity::unlocked_halves).filter(|half| !is_plugin(half)).collect()
}

fn is_plugin(identity: &Identity) -> bool {
    matches!(identity.kind(), IdentityKind::Key(KeyKind::Plugin(_)))
}

fn verified(header: &Header<'_>, file_key: FileKey) -> Result<FileKey, ProvingError> {
    if mac::verifies(header.covered, &header.mac, &file_key) {
        Ok(file_key)
    } else {
        Err(broken(NO_FITTING_MAC))
    }
}

/// An identity that can't be used is told; a stanza that is none is left over later.
fn refusal(error: DecryptError) -> Result<(), IdentityError> {
    match carried(error) {
        Ok(error) => Err(error),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::proving::surgery::{Patient, identity};

    fn stanzas(patient: &Patient) -> Vec<Stanza> {
        Header::parse(&patient.bytes()).unwrap().decoded().unwrap().unwrap()
    }

    #[test]
    fn the_stanza_of_its_own_key_is_tried_first_and_every_other_once() {
        let patient = Patient::healthy();
        let all = stanzas(&patient);
        for (place, name) in [(1, "alice"), (2, "bob"), (3, "carol"), (4, "ci")] {
            let identity = identity(name);
            let tried = portions(&all, &identity, &patient.sealed);
            assert_eq!(tried[0], &all[place..=place], "{name}");
            assert_eq!(tried.len(), all.len(), "{name}");
            assert!(all.iter().all(|stanza| tried.contains(&std::slice::from_ref(stanza))), "{name}");
        }
    }

    /// A record can name more keys than the header has stanzas, or none of the identity's.
    #[test]
    fn where_nothing_is_likely_the_order_of_the_header_is_kept() {
        let mut patient = Patient::healthy();
        let all = stanzas(&patient);
        let in_order = all.chunks(1).collect::<Vec<_>>();
        assert_eq!(portions(&all[..4], &identity("ci"), &patient.sealed), in_order[..4]);
        patient.sealed.keys.remove(&crate::seal::samples::actor("bob"));
        assert_eq!(portions(&all, &identity("bob"), &patient.sealed), in_order);
    }
}
