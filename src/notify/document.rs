//! A message as JSON, for `webhook` and `exec`: version 1, described in `docs/guides/warning.md`.

use serde::Serialize;

use crate::domain::digest::Digest;
use crate::domain::name::ActorName;
use crate::domain::notice::{Contact, IssuedBy, Message, Notice, Resolved};
use crate::domain::tracked_name::CredentialName;

const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    store: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    store_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<&'a str>,
    at: String,
    digest: bool,
    notices: Vec<Entry<'a>>,
    resolved: Vec<Over<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    /// Null where it is about the store as a whole.
    secret: Option<&'a str>,
    finding: &'a str,
    level: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
    message: &'a str,
    remedy: &'a str,
    owners: Vec<&'a str>,
    people: Vec<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runbook: Option<&'a str>,
    dedup_key: &'a str,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<&'a str>,
}

#[derive(Serialize)]
struct Over<'a> {
    secret: Option<&'a str>,
    dedup_key: &'a str,
}

/// The document, without a line feed at its end.
pub fn json(message: &Message) -> Vec<u8> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        store: &message.origin.store,
        store_id: message.origin.store_id.map(|id| id.to_string()),
        repository: message.origin.repository.as_deref(),
        at: message.at.to_string(),
        digest: message.is_digest,
        notices: message.notices.iter().map(entry).collect(),
        resolved: message.resolved.iter().map(over).collect(),
    };
    bytes(&document)
}

/// Of JSON that we make ourselves: all its keys are text, so that nothing can fail.
pub(super) fn bytes(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).unwrap_or_default()
}

/// The same for the same content, however often it is sent: what tells a repetition of a run's message from the next one.
pub(super) fn idempotency_key(document: &[u8]) -> String {
    Digest::of(document).to_string()
}

fn entry(notice: &Notice) -> Entry<'_> {
    Entry {
        secret: notice.secret.as_ref().map(CredentialName::as_str),
        finding: notice.topic.as_str(),
        level: notice.level.as_str(),
        tier: notice.tier.map(|tier| tier.to_string()),
        expires: notice.expires.map(|expires| expires.to_string()),
        days_left: notice.days_left,
        message: &notice.message,
        remedy: &notice.remedy,
        owners: notice.owners.iter().map(ActorName::as_str).collect(),
        people: notice.people.iter().map(person).collect(),
        issuer: notice.issuer.as_ref().map(issuer),
        runbook: notice.runbook.as_deref(),
        dedup_key: &notice.dedup_key,
    }
}

fn person(contact: &Contact) -> Named<'_> {
    Named { name: contact.name.as_str(), contact: contact.contact.as_deref() }
}

fn issuer(issuer: &IssuedBy) -> Named<'_> {
    Named { name: &issuer.name, contact: issuer.contact.as_deref() }
}

fn over(resolved: &Resolved) -> Over<'_> {
    Over { secret: resolved.secret.as_deref(), dedup_key: &resolved.dedup_key }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples;

    #[test]
    fn the_document_as_the_guide_has_it() {
        let document: serde_json::Value = serde_json::from_slice(&json(&samples::message())).unwrap();
        let guide = include_str!("../../docs/guides/warning.md");
        let shown = guide.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
        let shown: serde_json::Value = serde_json::from_str(shown).unwrap();
        assert_eq!(document, shown, "{document:#}");
    }

    #[test]
    fn what_is_not_known_is_absent() {
        let mut message = samples::message();
        (message.origin.store_id, message.origin.repository) = (None, None);
        message.notices.truncate(1);
        let text = String::from_utf8(json(&message)).unwrap();
        assert_eq!(text.matches("null").count(), 1, "{text}");
        assert!(text.contains(r#""secret":null,"finding":"unchecked""#), "{text}");
    }

    #[test]
    fn the_same_content_has_the_same_key() {
        let key = |message: &Message| idempotency_key(&json(message));
        assert_eq!(key(&samples::message()), key(&samples::message()));
        let other = Message { resolved: Vec::new(), ..samples::message() };
        assert_ne!(key(&samples::message()), key(&other));
    }
}
