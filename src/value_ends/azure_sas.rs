//! Shared access signatures of Azure: of Storage (`se=2027-08-31T00%3A00%3A00Z`), and of Service Bus, Event Hubs and
//! `IoT` Hub (`se=1819670400`). They stand alone, in an URL or in a connection string.

use chrono::{DateTime, NaiveDate, NaiveTime};

use super::base64::is_base64;
use super::found::{Found, instant};
use crate::domain::expiry::ExpirySource;
use crate::domain::time::Instant;

const WHAT: &str = "Azure shared access signature";

/// Parameters of which every signature has one, besides `sig`.
const MARKS: &[&str] = &["sv", "sr", "ss", "sp", "si", "skn"];

/// The shortest signature is 32 bytes long; what stands in examples is shorter.
const SHORTEST_SIGNATURE: usize = 16;
/// The longest text of a parameter that is decoded, in characters.
const MOST_PARAMETER: usize = 200;

pub(super) fn read(text: &str, found: &mut Found) {
    if !text.contains("sig=") {
        return;
    }
    let is_between = |c: char| c.is_whitespace() || "\"'`;,<>()\\".contains(c);
    for word in text.split(is_between).filter(|word| word.contains("sig=")) {
        read_word(word, found);
    }
}

fn read_word(word: &str, found: &mut Found) {
    let query = word.split_once('?').map_or(word, |(_, query)| query);
    // `SharedAccessSignature=sv=…`, `SAS_TOKEN=sv=…`
    let named = query.split_once('=').filter(|(_, rest)| begins_with_parameter(rest));
    let query = named.map_or(query, |(_, rest)| rest);
    let query = query.split_once('#').map_or(query, |(query, _)| query);

    let (mut is_signed, mut is_marked, mut end, mut has_policy) = (false, false, None, false);
    for (key, value) in query.split('&').filter_map(|parameter| parameter.split_once('=')) {
        is_marked |= MARKS.contains(&key);
        has_policy |= matches!(key, "si" | "skn");
        match key {
            "sig" => is_signed = is_signature(value),
            // Of two, nobody knows which one counts.
            "se" => end = Some(if end.is_none() { moment(value) } else { None }),
            _ => {}
        }
    }
    if !is_signed || !is_marked || !found.is_new(query.as_bytes()) {
        return;
    }
    match end {
        Some(Some(at)) => found.end(at, ExpirySource::AzureSas, WHAT.to_owned()),
        Some(None) => found.unread(format!("{WHAT}: its `se` is no date between 1970 and 9999")),
        None if has_policy => {
            found.unread(format!("{WHAT}: its end stands in the policy it names: give --expires"));
        }
        None => {}
    }
}

fn begins_with_parameter(text: &str) -> bool {
    let is_known = |key| MARKS.contains(&key) || matches!(key, "se" | "st" | "sig" | "spr" | "srt" | "sip");
    text.split_once('=').is_some_and(|(key, _)| is_known(key))
}

fn is_signature(value: &str) -> bool {
    decoded(value).is_some_and(|sig| sig.len() >= SHORTEST_SIGNATURE && sig.bytes().all(is_base64))
}

/// The moment that `se` names: seconds since 1970, or one of the forms of ISO 8601 that Azure takes.
fn moment(value: &str) -> Option<Instant> {
    let text = decoded(value)?;
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return instant(text.parse().ok()?);
    }
    if let Ok(date) = NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
        return Instant::new(date.and_time(NaiveTime::MIN).and_utc());
    }
    let offset = text.strip_suffix('Z').map(|text| format!("{text}+00:00")).unwrap_or(text);
    ["%Y-%m-%dT%H:%M%:z", "%Y-%m-%dT%H:%M:%S%.f%:z"]
        .iter()
        .find_map(|form| DateTime::parse_from_str(&offset, form).ok())
        .and_then(|moment| Instant::new(moment.to_utc()))
}

/// Undoes the percent-encoding of a short parameter.
fn decoded(value: &str) -> Option<String> {
    if value.len() > MOST_PARAMETER {
        return None;
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'%' {
            let (digits, after) = rest.split_first_chunk::<2>()?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}
