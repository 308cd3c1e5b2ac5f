//! Key pairs for other programs. The public half is derived from the private one by whoever needs it.

use age::secrecy::ExposeSecret as _;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};

use super::super::RotateError;
use super::{failed, random};
use crate::domain::time::Instant;
use crate::domain::value::Value;
use crate::domain::wiped_text::Text;

/// A private key of ssh, not encrypted, as `ssh-keygen -t ed25519` writes it.
pub fn ssh_ed25519(comment: &str) -> Result<Value, RotateError> {
    let seed = random::bytes::<32>()?;
    let pair = KeypairData::Ed25519(Ed25519Keypair::from_seed(&seed));
    let text = PrivateKey::new(pair, comment).and_then(|key| key.to_openssh(LineEnding::LF));
    let mut text = text.map_err(|error| {
        failed(&format!("the key can't be written: {error}"), "see whether `comment` is plain text")
    })?;
    Ok(Value::new(std::mem::take(&mut *text).into_bytes()))
}

/// An identity of age, as `age-keygen` writes it.
pub fn age(now: Instant) -> Value {
    let identity = age::x25519::Identity::generate();
    let public = identity.to_public();
    let private = identity.to_string();
    let mut text = Text::with_capacity(256);
    text.push_str(&format!("# created: {now}\n# public key: {public}\n"));
    text.push_str(private.expose_secret());
    text.push(b"\n");
    Value::new(text.into_bytes())
}
