//! What a program answered, read strictly. No error quotes it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::super::Minted;
use super::wire::{Credential, IdentifyAnswer, ListAnswer, MintAnswer, RevokeAnswer, VerifyAnswer};
use crate::domain::json;
use crate::domain::json_string;
use crate::domain::rotation::{Handle, Listed};
use crate::domain::value::{MAX_VALUE_BYTES, Value};

/// The largest answer that holds no value, in bytes.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// The largest that holds one: each byte of it may be written as an escape.
const MAX_MINT_BYTES: usize = 2 * MAX_VALUE_BYTES + MAX_ANSWER_BYTES;

/// Why an answer is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    #[error("it printed nothing")]
    Nothing,
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    #[error("line {line}, column {column}: it is no JSON document, or more than one")]
    NoJson { line: usize, column: usize },
    #[error(
        "line {line}, column {column}: a key is missing, unknown or given twice, or its content is not what \
         `secrets schema rotator-answer` says"
    )]
    AnotherForm { line: usize, column: usize },
    #[error("`{0}` is given twice")]
    Twice(Handle),
    #[error("`{0}` is none of those that it lists")]
    NotListed(Handle),
    #[error("it holds no value: give `value` or `value_base64`, one of the two, and not empty")]
    NoValue,
    #[error("the value is larger than {MAX_VALUE_BYTES} bytes")]
    LargeValue,
    #[error("`value_base64` is no base 64 with padding")]
    NoBase64,
    #[error("`handle` repeats the value, and would be written into the record")]
    ValueAsHandle,
}

pub fn list(bytes: &[u8]) -> Result<Vec<Listed>, Unread> {
    let answer: ListAnswer = read(bytes, MAX_ANSWER_BYTES)?;
    let mut handles: Vec<&Handle> = answer.credentials.iter().map(|one| &one.handle).collect();
    handles.sort_unstable();
    if let Some([twice, _]) = handles.array_windows().find(|[one, next]| one == next) {
        return Err(Unread::Twice((*twice).clone()));
    }
    let listed = |one: Credential| Listed {
        handle: one.handle,
        marker: one.marker,
        made_at: one.made_at,
        was_used: one.was_used,
    };
    Ok(answer.credentials.into_iter().map(listed).collect())
}

pub fn identify(bytes: &[u8], listed: &[Listed]) -> Result<Option<Handle>, Unread> {
    let answer: IdentifyAnswer = read(bytes, MAX_ANSWER_BYTES)?;
    match answer.handle {
        Some(handle) if !listed.iter().any(|one| one.handle == handle) => Err(Unread::NotListed(handle)),
        handle => Ok(handle),
    }
}

pub fn mint(bytes: &[u8]) -> Result<Minted, Unread> {
    let answer: MintAnswer<'_> = read(bytes, MAX_MINT_BYTES)?;
    let value = match (answer.value, answer.value_base64) {
        (Some(text), None) => json_string::value(text.get()).ok_or_else(another_form)?,
        (None, Some(encoded)) => decoded(encoded)?,
        (Some(_), Some(_)) | (None, None) => return Err(Unread::NoValue),
    };
    if value.expose().is_empty() {
        return Err(Unread::NoValue);
    }
    if value.expose().len() > MAX_VALUE_BYTES {
        return Err(Unread::LargeValue);
    }
    if answer.handle.as_ref().is_some_and(|handle| repeats(handle, &value)) {
        return Err(Unread::ValueAsHandle);
    }
    Ok(Minted { value, handle: answer.handle, expires: answer.expires })
}

pub fn verify(bytes: &[u8]) -> Result<VerifyAnswer, Unread> {
    read(bytes, MAX_ANSWER_BYTES)
}

pub fn revoke(bytes: &[u8]) -> Result<(), Unread> {
    read::<RevokeAnswer>(bytes, MAX_ANSWER_BYTES).map(drop)
}

/// What serde says of a fault may quote what it read, so only the place is told.
fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8], most: usize) -> Result<T, Unread> {
    if bytes.len() > most {
        return Err(Unread::TooLarge(most));
    }
    if bytes.trim_ascii().is_empty() {
        return Err(Unread::Nothing);
    }
    json::read(bytes).map_err(|error| {
        // What is whole and no object has no place.
        let (line, column) = (error.line().max(1), error.column().max(1));
        match error.classify() {
            Category::Data => Unread::AnotherForm { line, column },
            Category::Io | Category::Syntax | Category::Eof => Unread::NoJson { line, column },
        }
    })
}

fn another_form() -> Unread {
    Unread::AnotherForm { line: 1, column: 1 }
}

fn decoded(raw: &RawValue) -> Result<Value, Unread> {
    let encoded = json_string::value(raw.get()).ok_or_else(another_form)?;
    let mut bytes = Zeroizing::new(vec![0; encoded.expose().len().div_ceil(4) * 3]);
    let length = BASE64_STANDARD.decode_slice(encoded.expose(), &mut bytes).map_err(|_| Unread::NoBase64)?;
    bytes.truncate(length);
    Ok(Value::new(std::mem::take(&mut *bytes)))
}

fn repeats(handle: &Handle, value: &Value) -> bool {
    let (handle, value) = (handle.as_str().as_bytes(), value.expose());
    handle.windows(value.len()).any(|part| part == value)
}

#[cfg(test)]
mod tests;
