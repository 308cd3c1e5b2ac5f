//! What header, record and policy each say about the readers: the ground of the three `…-reader` checks.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::Subject;
use crate::domain::digest::Digest;
use crate::domain::facts::{Binding, SealedFile, Stanza};
use crate::domain::key::KeyKind;
use crate::domain::name::ActorName;
use crate::domain::record::{Sealed, SealedKey};

/// Whom policy names as readers, groups resolved.
pub(super) fn demanded(subject: &Subject<'_>) -> BTreeSet<ActorName> {
    subject.policy.resolve(&subject.rules.readers.value)
}

/// Whom the record names, be it as a reader or by a key only.
pub(super) fn claimed(sealed: &Sealed) -> BTreeSet<&ActorName> {
    sealed.readers.iter().chain(sealed.keys.keys()).collect()
}

/// Where the stanzas of the header do not fit the keys of the record.
#[derive(Default)]
pub(super) struct Misfit<'a> {
    /// Keys of the record without a stanza. All but those of type X25519 are the very keys; which of several
    /// X25519 keys a stanza is for, nobody can see.
    pub missing: Vec<(&'a ActorName, &'a SealedKey)>,
    /// Stanzas that no key of the record accounts for.
    pub surplus: Vec<&'a Stanza>,
}

/// What can be known of the key that a stanza is for: its type, and for ssh keys the tag.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot<'a> {
    kind: &'a str,
    tag: Option<Cow<'a, str>>,
}

/// Compares the header with `sealed.keys` as multisets: X25519 by number, ssh keys by tag, opaque ones by the
/// digest of the stanza.
pub(super) fn misfit<'a>(sealed: &'a Sealed, file: &'a SealedFile) -> Misfit<'a> {
    // Of a header that can't be read, no stanza is known, so that none is missing either.
    if matches!(file.binding, Binding::HeaderMalformed(_)) {
        return Misfit::default();
    }
    let mut seen = BTreeSet::new();
    let distinct = sealed.all_keys().filter(|(_, key)| seen.insert(*key)).collect::<Vec<_>>();

    let mut digests = BTreeMap::<Digest, usize>::new();
    for digest in distinct.iter().filter_map(|(_, key)| opaque_digest(key)) {
        *digests.entry(digest).or_default() += 1;
    }
    let mut slots = BTreeMap::<Slot<'_>, usize>::new();
    for stanza in &file.stanzas {
        match digests.get_mut(&stanza.digest) {
            Some(wanted) if *wanted > 0 => *wanted -= 1,
            _ => *slots.entry(slot_of(stanza)).or_default() += 1,
        }
    }
    let mut misfit = Misfit::default();
    for (reader, key) in distinct {
        let missing = match opaque_digest(key) {
            Some(digest) => digests.get_mut(&digest).is_some_and(take_one),
            None => !slot_for(key).and_then(|slot| slots.get_mut(&slot)).is_some_and(take_one),
        };
        if missing {
            misfit.missing.push((reader, key));
        }
    }
    // Of equal stanzas, the later ones are the surplus.
    for stanza in file.stanzas.iter().rev() {
        if slots.get_mut(&slot_of(stanza)).is_some_and(take_one) {
            misfit.surplus.push(stanza);
        }
    }
    misfit.surplus.reverse();
    misfit
}

/// Takes one away, if there is one.
fn take_one(count: &mut usize) -> bool {
    let some = *count > 0;
    *count = count.saturating_sub(1);
    some
}

fn opaque_digest(key: &SealedKey) -> Option<Digest> {
    key.stanza.filter(|_| !key.kind.is_derivable())
}

fn slot_of(stanza: &Stanza) -> Slot<'_> {
    let tagged = matches!(stanza.kind.as_str(), "ssh-ed25519" | "ssh-rsa");
    let tag = stanza.args.first().filter(|_| tagged).map(|tag| Cow::Borrowed(tag.as_str()));
    Slot { kind: &stanza.kind, tag }
}

/// `None` for a plugin's key: only its digest would name its stanza.
fn slot_for(key: &SealedKey) -> Option<Slot<'_>> {
    let tag = || key.fingerprint.ssh_tag().map(Cow::Owned);
    match key.kind {
        KeyKind::X25519 => Some(Slot { kind: "X25519", tag: None }),
        KeyKind::SshEd25519 => Some(Slot { kind: "ssh-ed25519", tag: tag() }),
        KeyKind::SshRsa => Some(Slot { kind: "ssh-rsa", tag: tag() }),
        KeyKind::Plugin(_) | KeyKind::Kms | KeyKind::Pgp | KeyKind::Opaque => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{actor, file_of, key, sealed_of, secret, stanza};
    use crate::domain::key::Fingerprint;

    #[test]
    fn a_malformed_header_shows_no_stanza() {
        let mut secret = secret();
        file_of(&mut secret).stanzas.clear();
        let sealed = sealed_of(&mut secret).clone();
        assert_eq!(misfit(&sealed, file_of(&mut secret)).missing.len(), 3);
        file_of(&mut secret).binding = Binding::HeaderMalformed("a stanza was expected");
        assert_eq!(misfit(&sealed, file_of(&mut secret)).missing.len(), 0);
    }

    fn sealed_key(kind: KeyKind, label: &str, stanza: Option<Digest>) -> SealedKey {
        SealedKey { kind, fingerprint: Fingerprint::of(label.as_bytes()), stanza }
    }

    fn tag(label: &str) -> String {
        key(KeyKind::SshRsa, label).fingerprint.ssh_tag().unwrap()
    }

    /// Keys of the record, stanzas of the header, and how many are missing and left over.
    fn compare(keys: &[SealedKey], stanzas: Vec<Stanza>) -> (usize, Vec<String>) {
        let mut secret = secret();
        sealed_of(&mut secret).keys =
            [(actor("alice"), keys.iter().cloned().collect())].into_iter().collect();
        file_of(&mut secret).stanzas = stanzas;
        let sealed = sealed_of(&mut secret).clone();
        let found = misfit(&sealed, file_of(&mut secret));
        (
            found.missing.len(),
            found.surplus.iter().map(|s| format!("{} {}", s.kind, s.args.join(" "))).collect(),
        )
    }

    #[test]
    fn multisets() {
        let x = |label| sealed_key(KeyKind::X25519, label, None);
        let ed = |label| sealed_key(KeyKind::SshEd25519, label, None);
        let rsa = sealed_key(KeyKind::SshRsa, "r", None);
        let opaque = stanza("piv-p256", &["1"]);
        let plugin = sealed_key(KeyKind::Plugin("yubikey".to_owned()), "p", Some(opaque.digest));
        let (tag_e, tag_r) = (tag("e"), tag("r"));
        let of_e = || stanza("ssh-ed25519", &[&tag_e, "share"]);
        let of_r = || stanza("ssh-rsa", &[&tag_r]);
        for (keys, stanzas, missing, surplus) in [
            (vec![x("a"), x("b")], vec![stanza("X25519", &["1"])], 1, vec![]),
            (vec![x("a")], vec![stanza("X25519", &["1"]); 1], 0, vec![]),
            (
                vec![x("a")],
                vec![stanza("X25519", &["1"]), stanza("X25519", &["2"])],
                0,
                vec!["X25519 2".to_owned()],
            ),
            (vec![ed("e"), rsa.clone()], vec![of_r(), of_e()], 0, vec![]),
            (vec![ed("e")], vec![of_e(), of_e()], 0, vec![format!("ssh-ed25519 {tag_e} share")]),
            (vec![ed("f")], vec![of_e()], 1, vec![format!("ssh-ed25519 {tag_e} share")]),
            (vec![rsa.clone()], vec![of_e()], 1, vec![format!("ssh-ed25519 {tag_e} share")]),
            (vec![plugin.clone()], vec![opaque.clone()], 0, vec![]),
            (vec![plugin.clone()], vec![stanza("piv-p256", &["2"])], 1, vec!["piv-p256 2".to_owned()]),
            (vec![plugin], vec![opaque.clone(), opaque], 0, vec!["piv-p256 1".to_owned()]),
            (vec![sealed_key(KeyKind::SshRsa, "r", Some(of_r().digest))], vec![of_r()], 0, vec![]),
            (
                vec![sealed_key(KeyKind::SshRsa, "r", Some(of_e().digest))],
                vec![of_r()],
                1,
                vec![format!("ssh-rsa {tag_r}")],
            ),
            (vec![], vec![stanza("x-grease", &["y"])], 0, vec!["x-grease y".to_owned()]),
        ] {
            assert_eq!(compare(&keys, stanzas.clone()), (missing, surplus), "{keys:?} and {stanzas:?}");
        }
    }
}
