//! What GitLab answers.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::json;
use crate::domain::json_string;
use crate::domain::rotation::{Handle, Listed};
use crate::domain::time::Instant;
use crate::rotate::{Minted, marker};

/// A token, without its text.
#[derive(Deserialize)]
pub struct Token {
    pub id: u64,
    pub name: String,
    pub revoked: bool,
    pub active: bool,
    pub created_at: String,
    pub last_used_at: Option<String>,
    pub scopes: Vec<String>,
}

impl Token {
    pub fn is_valid(&self) -> bool {
        self.active && !self.revoked
    }

    pub fn handle(&self) -> Option<Handle> {
        Handle::try_from(self.id.to_string()).ok()
    }

    /// `None` where GitLab would not write so.
    pub fn listed(&self) -> Option<Listed> {
        let created_at = chrono::DateTime::parse_from_rfc3339(&self.created_at).ok()?;
        Some(Listed {
            handle: self.handle()?,
            marker: marker::read(&self.name),
            made_at: Some(Instant::new(created_at.to_utc())?),
            // It is written down some time after it was used: that it is not there tells nothing.
            was_used: self.last_used_at.as_ref().map(|_| true),
        })
    }
}

/// A token that was just made.
pub fn minted(body: &[u8]) -> Option<Minted> {
    #[derive(Deserialize)]
    struct Created<'a> {
        id: u64,
        /// `2028-02-20`; null where an instance lets tokens live for ever.
        expires_at: Option<String>,
        #[serde(borrow)]
        token: &'a RawValue,
    }

    let created: Created<'_> = json::read(body).ok()?;
    Some(Minted {
        value: json_string::value(created.token.get()).filter(|value| !value.expose().is_empty())?,
        handle: Some(Handle::try_from(created.id.to_string()).ok()?),
        expires: match created.expires_at {
            Some(day) => Some(Instant::parse_date_or_instant(&day).ok()?),
            None => None,
        },
    })
}

/// Why it does not do it: `message` is a text, or more, such as what is wrong with which field.
#[derive(Deserialize)]
pub struct Refusal<'a> {
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<Cow<'a, str>>,
    #[serde(borrow)]
    error_description: Option<Cow<'a, str>>,
}

impl Refusal<'_> {
    pub fn sentence(&self) -> Option<String> {
        let message = self.message.map(RawValue::get);
        let message =
            message.map(|raw| json::read::<String>(raw.as_bytes()).unwrap_or_else(|_| raw.to_owned()));
        let texts = [message.as_deref(), self.error.as_deref(), self.error_description.as_deref()];
        let texts: Vec<_> = texts.into_iter().flatten().collect();
        (!texts.is_empty()).then(|| texts.join(": "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED: &str = r#"{ "scopes": ["api"], "active": true, "name": "test", "revoked": false,
        "created_at": "2021-01-21T19:35:37.921Z", "description": "x", "user_id": 166, "id": 58,
        "expires_at": "2021-01-31", "token": "glpat-D4y\/Wzr", "access_level": 30 }"#;

    #[test]
    fn a_token_is_read_as_the_documentation_shows_it() {
        let made = minted(CREATED.as_bytes()).unwrap();
        assert_eq!(made.value.expose(), b"glpat-D4y/Wzr");
        assert_eq!(made.handle.unwrap().as_str(), "58");
        assert_eq!(made.expires.unwrap().to_string(), "2021-01-31T00:00:00Z");
        assert!(minted(br#"[58, "2021-01-31", "glpat-x"]"#).is_none());
        let unlimited = CREATED.replace("\"2021-01-31\"", "null");
        assert_eq!(minted(unlimited.as_bytes()).unwrap().expires, None);
        for (what, instead) in
            [("\"token\"", "\"x\""), ("2021-01-31", "31.1.2021"), ("58", "\"58\""), ("glpat-D4y\\/Wzr", "")]
        {
            assert!(minted(CREATED.replace(what, instead).as_bytes()).is_none(), "{what}");
        }
    }

    #[test]
    fn a_token_tells_no_more_than_it_knows() {
        let token = |text: &str| serde_json::from_str::<Token>(text).unwrap();
        let listed = token(CREATED).listed().unwrap();
        assert_eq!((listed.handle.as_str(), listed.marker, listed.was_used), ("58", None, None));
        assert_eq!(listed.made_at.unwrap().to_string(), "2021-01-21T19:35:37Z");
        let used = CREATED.replace("\"id\"", r#""last_used_at": "2021-01-22T00:00:00.000Z", "id""#);
        assert_eq!(token(&used).listed().unwrap().was_used, Some(true));
        assert!(token(&CREATED.replace("2021-01-21T", "21.1.")).listed().is_none());
        assert!(token(CREATED).is_valid());
        assert!(!token(&CREATED.replace("\"active\": true", "\"active\": false")).is_valid());
        assert!(!token(&CREATED.replace("\"revoked\": false", "\"revoked\": true")).is_valid());
        assert!(serde_json::from_str::<Token>(&CREATED.replace("\"revoked\"", "\"x\"")).is_err());
    }

    #[test]
    fn refusals_are_written_in_several_ways() {
        for (body, said) in [
            (r#"{"message":"401 Unauthorized"}"#, Some("401 Unauthorized")),
            (r#"{"message":{"name":["is too long"]}}"#, Some(r#"{"name":["is too long"]}"#)),
            (r#"{"error":"scopes is invalid"}"#, Some("scopes is invalid")),
            (
                r#"{"error":"insufficient_scope","error_description":"The request requires more","scope":"api"}"#,
                Some("insufficient_scope: The request requires more"),
            ),
            ("{}", None),
        ] {
            let refusal: Refusal<'_> = serde_json::from_str(body).unwrap();
            assert_eq!(refusal.sentence().as_deref(), said);
        }
    }
}
