//! What Microsoft's servers answer.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::json;
use crate::domain::json_string;
use crate::domain::rotation::Handle;
use crate::domain::time::Instant;
use crate::domain::value::Value;

/// A client secret, without its text.
pub struct Credential {
    pub handle: Handle,
    pub name: Option<String>,
    pub made_at: Option<Instant>,
    /// The first characters of its text.
    pub hint: Option<String>,
}

/// What an application has; `None` where this is no application.
pub fn credentials(body: &[u8]) -> Option<Vec<Credential>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Application {
        password_credentials: Vec<PasswordCredential>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct PasswordCredential {
        key_id: String,
        display_name: Option<String>,
        start_date_time: Option<String>,
        hint: Option<String>,
    }

    let application: Application = json::read(body).ok()?;
    let credentials = application.password_credentials.into_iter().map(|one| {
        Some(Credential {
            handle: Handle::try_from(one.key_id).ok()?,
            name: one.display_name,
            made_at: match one.start_date_time {
                Some(start) => Some(moment(&start)?),
                None => None,
            },
            hint: one.hint,
        })
    });
    credentials.collect()
}

/// A client secret that was just made.
pub struct Made {
    pub value: Value,
    pub handle: Handle,
    pub ends_at: Instant,
}

impl Made {
    pub fn read(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct PasswordCredential<'a> {
            key_id: String,
            end_date_time: String,
            #[serde(borrow)]
            secret_text: &'a RawValue,
        }

        let made: PasswordCredential<'_> = json::read(body).ok()?;
        Some(Self {
            value: text(made.secret_text)?,
            handle: Handle::try_from(made.key_id).ok()?,
            ends_at: moment(&made.end_date_time)?,
        })
    }
}

/// `Bearer TOKEN`.
pub fn authorization(body: &[u8]) -> Option<Value> {
    #[derive(Deserialize)]
    struct Token<'a> {
        token_type: String,
        #[serde(borrow)]
        access_token: &'a RawValue,
    }

    let token: Token<'_> = json::read(body).ok()?;
    let is_bearer = token.token_type.eq_ignore_ascii_case("bearer");
    let token = text(token.access_token).filter(|_| is_bearer)?;
    Some(Value::new([b"Bearer ", token.expose()].concat()))
}

/// A text that is not empty.
fn text(raw: &RawValue) -> Option<Value> {
    json_string::value(raw.get()).filter(|value| !value.expose().is_empty())
}

/// Microsoft writes fractions of seconds.
fn moment(text: &str) -> Option<Instant> {
    Instant::new(chrono::DateTime::parse_from_rfc3339(text).ok()?.to_utc())
}

/// Why nobody is let in (RFC 6749, section 5.2).
#[derive(Deserialize)]
pub struct LogInError<'a> {
    #[serde(borrow)]
    pub error: Cow<'a, str>,
    #[serde(borrow, default)]
    pub error_description: Cow<'a, str>,
}

impl LogInError<'_> {
    /// Without the numbers of the request, which say nothing to whoever reads it.
    pub fn sentence(&self) -> &str {
        let text = self.error_description.split(['\r', '\n']).next().unwrap_or_default();
        let text = text.split(" Trace ID:").next().unwrap_or_default().trim();
        if text.is_empty() { &self.error } else { text }
    }
}

/// Why Graph does not do it.
#[derive(Deserialize)]
pub struct GraphError {
    pub error: GraphErrorBody,
}

#[derive(Deserialize)]
pub struct GraphErrorBody {
    pub code: String,
    #[serde(default)]
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_as_the_documentation_shows_it() {
        let body = br#"{ "customKeyIdentifier": null, "endDateTime": "2021-09-09T19:50:29.3086381Z",
            "keyId": "f0b0b335-1d71-4883-8f98-567911bfdca6", "startDateTime": "2019-09-09T19:50:29.3086381Z",
            "secretText": "[6gyXA5S20@MN\u002BWRXAJ]I-TO7g1:h2P8", "hint": "[6g", "displayName": "friendly" }"#;
        let made = Made::read(body).unwrap();
        assert_eq!(made.value.expose(), b"[6gyXA5S20@MN+WRXAJ]I-TO7g1:h2P8");
        assert_eq!(made.handle.as_str(), "f0b0b335-1d71-4883-8f98-567911bfdca6");
        assert_eq!(made.ends_at.to_string(), "2021-09-09T19:50:29Z");
        for (what, instead) in [("\"secretText\"", "\"x\""), ("2021", "soon"), ("f0b0b335", "\\n"), ("}", "")]
        {
            let body = String::from_utf8(body.to_vec()).unwrap().replace(what, instead);
            assert!(Made::read(body.as_bytes()).is_none(), "{body}");
        }
        assert!(
            Made::read(br#"{"endDateTime":"2021-09-09T19:50:29Z","keyId":"a","secretText":""}"#).is_none()
        );
        assert!(
            Made::read(br#"{"endDateTime":"2021-09-09T19:50:29Z","keyId":"a","secretText":1}"#).is_none()
        );
    }

    #[test]
    fn a_list_is_whole_or_none() {
        let list = |inner: &str| credentials(format!("{{\"passwordCredentials\": {inner}}}").as_bytes());
        assert_eq!(list("[]").unwrap().len(), 0);
        let found =
            list(r#"[{ "keyId": "k", "displayName": null, "startDateTime": "2019-09-09T19:50:29.3Z" }]"#);
        assert_eq!(found.unwrap()[0].made_at.unwrap().to_string(), "2019-09-09T19:50:29Z");
        for bad in [
            "null",
            "{}",
            "[{}]",
            r#"[["k",null,null,null]]"#,
            r#"[{"keyId":""}]"#,
            r#"[{"keyId":"k","startDateTime":"x"}]"#,
        ] {
            assert!(list(bad).is_none(), "{bad}");
        }
        assert!(credentials(b"{}").is_none());
        assert!(credentials(b"<html>").is_none());
    }

    #[test]
    fn only_a_bearer_token_is_a_token() {
        let token =
            authorization(br#"{"token_type":"Bearer","expires_in":3599,"access_token":"ey.J"}"#).unwrap();
        assert_eq!(token.expose(), b"Bearer ey.J");
        for bad in [
            r#"{"token_type":"pop","access_token":"x"}"#,
            r#"{"token_type":"Bearer","access_token":""}"#,
            r#"{"token_type":"Bearer"}"#,
            r#"["Bearer","ey.J"]"#,
            "ok",
        ] {
            assert!(authorization(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
