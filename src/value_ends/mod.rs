//! The end that a value carries in itself: certificates, tokens, keys.
//!
//! A reader errs to one side only. What it takes for an end is one; what looks as if it had an end and can't be read
//! is said, so that nobody takes it for looked into; and a text that merely speaks of certificates gives nothing.

mod azure_sas;
mod base64;
mod found;
mod json;
mod jwt;
mod kubeconfig;
mod pem;
mod sealed_key;
mod ssh_certificate;
mod x509;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::domain::value_end::ValueEnds;
use found::Found;

/// The largest value that is looked into, in bytes.
pub const MAX_VALUE_BYTES: usize = 16 * 1024 * 1024;

/// Keys of a JSON document behind which a token is looked for.
const TOKEN_KEYS: &[&str] = &["token", "access_token", "id_token", "refresh_token"];

/// Looks for the ends that a value carries. Of a value that carries none, nothing is found.
///
/// Time and memory are linear in the value's length.
pub fn read(value: &[u8]) -> ValueEnds {
    let mut found = Found::default();
    if value.len() > MAX_VALUE_BYTES {
        found.unread("a value larger than 16 MiB, which is not looked into");
        return found.finish();
    }
    // A text that is base64 throughout is none of the texts below, and what it encodes may be any of them.
    match base64::decode_whole(value) {
        Some(decoded) => look(&decoded, &mut found),
        None => look(value, &mut found),
    }
    found.finish()
}

fn look(value: &[u8], found: &mut Found) {
    if look_into_bytes(value, found) {
        return;
    }
    as_text(value, |text| look_into_document(text, found));
}

/// What a value may be as a whole that is no text.
fn look_into_bytes(value: &[u8], found: &mut Found) -> bool {
    x509::read_der(value, found) || sealed_key::read(value, found)
}

/// Hands over bytes as text. What has to be copied for that is wiped.
fn as_text(bytes: &[u8], read: impl FnOnce(&str)) {
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) => read(text),
        Cow::Owned(text) => read(&Zeroizing::new(text)),
    }
}

/// What a text may be as a whole, and what may stand anywhere in it.
fn look_into_document(text: &str, found: &mut Found) {
    let text = text.trim_start_matches('\u{feff}').trim();
    kubeconfig::read(text, found);
    jwt::read(text, None, found);
    let is_json = json::each_string(text, |key, string| {
        look_into_text(string, found);
        // `MI` is how DER begins in base64.
        if let Some(der) = string.starts_with("MI").then(|| base64::decode_whole(string.as_bytes())).flatten()
        {
            look_into_bytes(&der, found);
        }
        if key.is_some_and(|key| TOKEN_KEYS.contains(&key)) {
            jwt::read(string, None, found);
        }
    });
    if !is_json {
        look_into_text(text, found);
    }
}

/// What may stand anywhere in a text.
fn look_into_text(text: &str, found: &mut Found) {
    pem::each_block(text, |block| x509::read_pem(block, None, found));
    base64::each_encoded_pem(text, |decoded| {
        pem::each_block(decoded, |block| x509::read_pem(block, None, found));
    });
    azure_sas::read(text, found);
    ssh_certificate::read(text, found);
}
