//! An access key, and the forms in which it is sealed: what programs of AWS read, and nothing besides.

use serde::Deserialize;

use crate::domain::json;
use crate::domain::rotator::KeyFormat;
use crate::domain::value::Value;

/// `AccessKeyId` (IAM API reference, data type `AccessKey`).
const ID_CHARS: std::ops::RangeInclusive<usize> = 16..=128;
/// Longer ones, session tokens above all, are no keys.
const MAX_CHARS: usize = 4096;
const SECTION: &str = "[default]";

/// With what AWS is asked, as it lies in a value.
pub struct AccessKey<'v> {
    pub id: &'v str,
    pub secret: &'v str,
    /// Of a key that lapses, such as those that a role gives out.
    pub token: Option<&'v str>,
}

/// Why a value is not read as a key. It says nothing of what the value holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error(
        "is no access key: it is neither JSON with AccessKeyId and SecretAccessKey, nor a file with [default], nor lines of AWS_ACCESS_KEY_ID= and AWS_SECRET_ACCESS_KEY="
    )]
    NoForm,
    #[error("is no access key: the id or the secret has characters that no key has")]
    NoKey,
}

/// What `credential_process` answers (AWS CLI, "Sourcing credentials with an external process"). Texts with an escape are not
/// read: no key needs one, and resolving it would make a copy.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Json<'v> {
    version: u8,
    #[serde(borrow)]
    access_key_id: &'v str,
    #[serde(borrow)]
    secret_access_key: &'v str,
    #[serde(borrow, default)]
    session_token: Option<&'v str>,
    #[serde(borrow, default, rename = "Expiration")]
    _expiration: Option<&'v str>,
}

impl<'v> AccessKey<'v> {
    /// In whichever form it is written: a value may have been sealed before its rotator was told another one.
    pub fn read(value: &'v Value) -> Result<Self, KeyError> {
        let text = std::str::from_utf8(value.expose()).map_err(|_| KeyError::NoForm)?;
        let read = match text.trim_start().bytes().next() {
            Some(b'{') => Self::of_json(text),
            _ if text.lines().any(|line| line.trim() == SECTION) => Self::of_ini(text),
            _ => Self::of_env(text),
        };
        let key = read.ok_or(KeyError::NoForm)?;
        if key.is_fit() { Ok(key) } else { Err(KeyError::NoKey) }
    }

    fn of_json(text: &'v str) -> Option<Self> {
        let json = json::read::<Json<'v>>(text.as_bytes()).ok().filter(|json| json.version == 1)?;
        Some(Self { id: json.access_key_id, secret: json.secret_access_key, token: json.session_token })
    }

    fn of_ini(text: &'v str) -> Option<Self> {
        let mut lines = lines(text);
        if lines.next() != Some(SECTION) {
            return None;
        }
        let fields = lines.map(|line| line.split_once('=').map(|(name, value)| (name.trim(), value.trim())));
        Self::of_fields(fields, ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"])
    }

    fn of_env(text: &'v str) -> Option<Self> {
        let fields = lines(text).map(|line| line.split_once('='));
        Self::of_fields(fields, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
    }

    /// Each once, and none that is not known.
    fn of_fields(fields: impl Iterator<Item = Option<(&'v str, &'v str)>>, names: [&str; 3]) -> Option<Self> {
        let [mut id, mut secret, mut token] = [None; 3];
        for field in fields {
            let (name, value) = field?;
            let place = match names.iter().position(|known| *known == name)? {
                0 => &mut id,
                1 => &mut secret,
                _ => &mut token,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        Some(Self { id: id?, secret: secret?, token })
    }

    /// Nothing in it has to be escaped in any form.
    pub fn is_fit(&self) -> bool {
        is_id(self.id) && is_plain(self.secret) && self.token.is_none_or(is_plain)
    }

    pub fn write(&self, format: KeyFormat) -> Value {
        let (id, secret) = (self.id, self.secret);
        let parts = match format {
            KeyFormat::Json => {
                [r#"{"Version":1,"AccessKeyId":""#, id, r#"","SecretAccessKey":""#, secret, "\"}"]
            }
            KeyFormat::Ini => {
                ["[default]\naws_access_key_id = ", id, "\naws_secret_access_key = ", secret, "\n"]
            }
            KeyFormat::Env => ["AWS_ACCESS_KEY_ID=", id, "\nAWS_SECRET_ACCESS_KEY=", secret, "\n"],
        };
        // `concat` reserves what it needs at once: a buffer that grows leaves copies behind.
        Value::new(parts.concat().into_bytes())
    }

    /// What no answer may repeat.
    pub fn confidential(&self) -> Value {
        let parts = [self.secret, self.token.unwrap_or_default()];
        Value::new(parts.join(" ").into_bytes())
    }
}

/// An id is shown, and goes into commands to be pasted.
pub fn is_id(text: &str) -> bool {
    ID_CHARS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_plain(text: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_graphic() && !b"\"'\\<>&#;$`".contains(&byte);
    (1..=MAX_CHARS).contains(&text.len()) && text.bytes().all(is_fit)
}

/// Without what is empty, and without notes.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "AKIAIOSFODNN7EXAMPLE";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY=";

    fn value(text: &str) -> Value {
        Value::new(text.as_bytes().to_vec())
    }

    #[test]
    fn every_form_is_read_back() {
        for (format, text) in [
            (
                KeyFormat::Json,
                format!(r#"{{"Version":1,"AccessKeyId":"{ID}","SecretAccessKey":"{SECRET}"}}"#),
            ),
            (
                KeyFormat::Ini,
                format!("[default]\naws_access_key_id = {ID}\naws_secret_access_key = {SECRET}\n"),
            ),
            (KeyFormat::Env, format!("AWS_ACCESS_KEY_ID={ID}\nAWS_SECRET_ACCESS_KEY={SECRET}\n")),
        ] {
            let written = AccessKey { id: ID, secret: SECRET, token: None }.write(format);
            assert_eq!(written.expose(), text.as_bytes());
            let read = AccessKey::read(&written).unwrap();
            assert_eq!((read.id, read.secret, read.token), (ID, SECRET, None));
        }
    }

    #[test]
    fn what_a_person_may_have_sealed_is_read() {
        for text in [
            &format!(
                "{{\n \"SessionToken\": \"t/o+k=\", \"Expiration\": \"2027-01-01T00:00:00Z\", \"Version\": 1,
                \"SecretAccessKey\": \"{SECRET}\", \"AccessKeyId\": \"{ID}\"}}\n"
            ),
            &format!(
                "# of backup\r\n[default]\r\naws_secret_access_key={SECRET}\r\n\r\naws_session_token = t/o+k=\r\naws_access_key_id={ID}"
            ),
            &format!("AWS_SESSION_TOKEN=t/o+k=\nAWS_ACCESS_KEY_ID={ID}\nAWS_SECRET_ACCESS_KEY={SECRET}"),
        ] {
            let value = value(text);
            let read = AccessKey::read(&value).unwrap();
            assert_eq!((read.id, read.secret, read.token), (ID, SECRET, Some("t/o+k=")), "{text}");
            assert_eq!(read.confidential().expose(), format!("{SECRET} t/o+k=").as_bytes());
        }
    }

    #[test]
    fn what_is_not_wholly_understood_is_no_key() {
        let json = format!(r#"{{"Version":1,"AccessKeyId":"{ID}","SecretAccessKey":"{SECRET}"}}"#);
        let ini = format!("[default]\naws_access_key_id = {ID}\naws_secret_access_key = {SECRET}\n");
        let env = format!("AWS_ACCESS_KEY_ID={ID}\nAWS_SECRET_ACCESS_KEY={SECRET}\n");
        for text in [
            String::new(),
            "hunter2".to_owned(),
            json.replace(":1", ":2"),
            json.replace("Version", "version"),
            json.replace('}', r#","Region":"eu-west-1"}"#),
            json.replace('}', &format!(r#","AccessKeyId":"{ID}"}}"#)),
            json.replace('/', r"\/"),
            format!("{json}{json}"),
            ini.replace("default", "other"),
            format!("{ini}[other]\n"),
            format!("{ini}region = eu-west-1\n"),
            format!("{ini}aws_access_key_id = {ID}\n"),
            format!("aws_access_key_id = {ID}\n{ini}"),
            ini.replace("aws_secret_access_key", "secret"),
            format!("export {env}"),
            format!("{env}AWS_PROFILE=x\n"),
            format!("{env}{env}"),
            env.replace("_ID=", "_ID = "),
        ] {
            assert_eq!(AccessKey::read(&value(&text)).err(), Some(KeyError::NoForm), "{text}");
        }
        for text in [
            env.replace(ID, "AKIA"),
            env.replace(ID, "AKIAIOSFODNN7EXAMPL$"),
            env.replace(SECRET, ""),
            env.replace(SECRET, "\"quoted\""),
            json.replace(SECRET, "a b"),
            format!("{env}AWS_SESSION_TOKEN={}\n", "x".repeat(MAX_CHARS + 1)),
        ] {
            assert_eq!(AccessKey::read(&value(&text)).err(), Some(KeyError::NoKey), "{text}");
        }
        assert_eq!(AccessKey::read(&Value::new(vec![0xff])).err(), Some(KeyError::NoForm));
    }

    #[test]
    fn why_it_is_no_key_says_nothing_of_it() {
        let error = AccessKey::read(&value(SECRET)).err().unwrap().to_string();
        assert!(!error.contains(&SECRET[..6]) && error.contains("is no access key"), "{error}");
    }
}
