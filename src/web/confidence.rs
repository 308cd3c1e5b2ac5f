//! What another system was sent in confidence, so that no answer that repeats it is shown.

use std::collections::{HashMap, HashSet};

use reqwest::Url;
use zeroize::Zeroizing;

use crate::domain::text::visible;
use crate::domain::value::Value;

/// Shorter pieces of an address are words such as `api`, and no credentials.
const LEAST_CHARS: usize = 6;
/// So many characters of a credential in a row give it away.
const RUN_CHARS: usize = 10;

/// Instead of what repeats a credential.
pub const LEFT_OUT: &str = " (what it said repeats a credential, and is left out)";

/// Parts of an address, headers and what else must not be repeated; in lower case.
#[derive(Default)]
pub struct Confidence(Vec<Zeroizing<Vec<u8>>>);

impl Confidence {
    /// The parts of its path and query, as they are and decoded.
    pub fn of_address(url: &Url) -> Self {
        let mut confidence = Self::default();
        let parts = url.path().split('/').chain(url.query().unwrap_or_default().split(['&', '=']));
        for part in parts {
            confidence.keep_text(part.as_bytes());
        }
        for (name, value) in url.query_pairs() {
            confidence.keep_text(name.as_bytes());
            confidence.keep_text(value.as_bytes());
        }
        confidence
    }

    pub fn keep(&mut self, value: &Value) {
        for word in value.expose().split(u8::is_ascii_whitespace) {
            self.keep_text(word);
        }
    }

    fn keep_text(&mut self, text: &[u8]) {
        if text.len() >= LEAST_CHARS {
            self.0.push(Zeroizing::new(text.to_ascii_lowercase()));
        }
    }

    /// `: TEXT`, or why it is left out; nothing where nothing was said.
    pub fn said(&self, answer: &[u8], most: usize) -> String {
        let text = String::from_utf8_lossy(answer);
        let text = text.trim();
        if text.is_empty() {
            return String::new();
        }
        if self.is_repeated_in(text) {
            return LEFT_OUT.to_owned();
        }
        format!(": {}", visible(text).chars().take(most).collect::<String>())
    }

    /// In time that grows with the text and with what is kept, not with both multiplied: a value may be large.
    fn is_repeated_in(&self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        let text = text.as_bytes();
        let mut said: HashMap<usize, HashSet<&[u8]>> = HashMap::new();
        self.0.iter().any(|piece| {
            let run = piece.len().min(RUN_CHARS);
            let said = said.entry(run).or_insert_with(|| text.windows(run).collect());
            piece.windows(run).any(|run| said.contains(run))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_a_credential_is_not_shown() {
        let url = "https://hooks.example/services/T0AAAAAAA/x?token=k%C3%A4rnten-geheim".parse().unwrap();
        let mut confidence = Confidence::of_address(&url);
        confidence.keep(&Value::new(b"Bearer abcdefghijklmnop\n".to_vec()));
        for (answer, shown) in [
            ("", ""),
            (" no_service\n", ": no_service"),
            ("a\u{1b}[2J", r": a\u{1b}[2J"),
            ("Cannot POST /services/t0aaaaaaa/x", ""),
            ("token k\u{e4}rnten-geheim is wrong", ""),
            ("wrong: cdefghijklm", ""),
            ("wrong: defgh", ": wrong: defgh"),
            ("you sent a bearer", ""),
        ] {
            let said = confidence.said(answer.as_bytes(), 100);
            if shown.is_empty() && !answer.is_empty() {
                assert!(said.contains("left out"), "{answer}: {said}");
            } else {
                assert_eq!(said, shown);
            }
        }
        assert_eq!(confidence.said("x".repeat(500).as_bytes(), 100).len(), 102);
        assert!(confidence.said(b"\xff\xfe", 100).starts_with(": "));
    }
}
