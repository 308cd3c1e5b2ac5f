//! Keys that only other tools seal to, as a policy names them: fingerprints of `OpenPGP` keys, and passwords and keys
//! that have a name and nothing else. A value of ours can't be sealed to one.

use super::key_error::KeyError;
use crate::domain::key::KeyKind;

const PGP: &str = "pgp:";

/// Of what is named: the tool, and what its names are, is the tool's own affair.
const OPAQUE: [&str; 5] = ["ansible-vault", "git-crypt", "hckms", "sealed-secrets", "sops"];

/// The passphrase of an age file has no name.
const PASSPHRASE: &str = "age:passphrase";

/// Kind and canonical text of such a key; `None` where the text does not begin like one.
pub fn parse(text: &str) -> Option<Result<(KeyKind, String), KeyError>> {
    if text.get(..PGP.len()).is_some_and(|start| start.eq_ignore_ascii_case(PGP)) {
        return Some(fingerprint(text.get(PGP.len()..).unwrap_or_default()).ok_or(KeyError::Pgp));
    }
    if text == PASSPHRASE {
        return Some(Ok((KeyKind::Opaque, text.to_owned())));
    }
    let (tool, name) = text.split_once(':')?;
    let tool = OPAQUE.into_iter().find(|known| *known == tool)?;
    let named = is_name(name).then(|| (KeyKind::Opaque, text.to_owned()));
    Some(named.ok_or(KeyError::OpaqueName(tool)))
}

/// As `gpg` prints it, with spaces between the groups, or without. The short ids of 8 digits are anybody's to forge.
fn fingerprint(text: &str) -> Option<(KeyKind, String)> {
    let digits: String = text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect();
    let fits = matches!(digits.len(), 16 | 40 | 64) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| (KeyKind::Pgp, format!("{PGP}{digits}")))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._/@:-".contains(&byte))
}
