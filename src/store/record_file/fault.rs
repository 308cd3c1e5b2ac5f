//! What is wrong with a record, and where, without anything of what it holds: somebody may have pasted a value into it,
//! and messages end up in logs of CI.

/// The keys of a record that are ours. Others are data, and are shown as `…`.
const KEYS: &[&str] = &[
    "schema",
    "sealed",
    "digest",
    "about",
    "signatures",
    "by",
    "sig",
    "name",
    "store",
    "format",
    "version",
    "id",
    "number",
    "set_at",
    "set_by",
    "issued",
    "expires",
    "at",
    "from",
    "reason",
    "never",
    "readers",
    "exposed_to",
    "keys",
    "type",
    "fp",
    "stanza",
    "seal",
    "previous",
    "rotator",
    "probe",
    "kind",
    "with",
    "owners",
    "issuer",
    "contact",
    "runbook",
    "rotation",
    "state",
    "to",
    "started",
    "before",
    "abandoned",
    "from_handle",
    "handle",
    "refused_at",
    "verified",
    "how",
    "vouched",
    "aborted",
    "was_pushed",
    "left_at",
];

/// How the messages of our own types end, which begin with what stands in the record.
const ENDINGS: &[&str] = &[
    "a name cannot be empty",
    "is longer than 200 bytes",
    "has an empty segment: write it without leading, trailing or doubled `/`",
    "which the store uses itself",
    "may hold ASCII letters, digits, `.`, `_` and `-` only, and start with a letter or digit",
    "is no id: expected 26 characters of Crockford base 32 (a ULID)",
    "can be read as several dates: write it as YYYY-MM-DD",
    "is no date: write YYYY-MM-DD, or an instant such as 2027-08-31T12:00:00Z",
    "has a fraction of a second: write whole seconds",
    "is outside the years 1970 to 9999",
    "is not in the canonical form YYYY-MM-DDTHH:MM:SSZ",
    "is no digest: expected `sha256:` and 64 lower-case hexadecimal digits",
    "is no fingerprint: expected `SHA256:` and 43 characters of base64, as `ssh-keygen -l` prints them",
    "is no type of key that a value can be sealed to",
    "is above 2^53 - 1",
    "the array is not sorted, or holds an element twice",
    "the object holds a key twice",
    "expires: expected either {\"at\", \"from\"} or {\"never\": \"why\"}",
    "expires: `never` needs a reason",
    "expected an object",
    "it is no handle of a credential: 1 to 256 bytes of text without control characters",
];

/// The place and the kind of the fault that `message`, serde's without its position, tells of. `read` is the document
/// as far as it was read.
pub(super) fn told(read: &[u8], message: &str) -> String {
    for field in ["about.owners", "about.issuer", "about.runbook", "about"] {
        // These are read from a copy, so that the position says nothing of them.
        if let Some(message) = message.strip_prefix(field).and_then(|rest| rest.strip_prefix(": ")) {
            return format!("{field}: {}", kind(message));
        }
    }
    // Behind the last of its fields, an object is read to its end before a value in it is refused.
    let refuses_value =
        ENDINGS.iter().any(|ending| !ending.starts_with("expires:") && message.ends_with(ending));
    let path =
        path(read.strip_suffix(b"}").or(read.strip_suffix(b"]")).filter(|_| refuses_value).unwrap_or(read));
    if path.is_empty() { kind(message) } else { format!("{path}: {}", kind(message)) }
}

fn kind(message: &str) -> String {
    // Names of fields that are missing or stand twice are our own.
    if message.starts_with("missing field `") || message.starts_with("duplicate field `") {
        return message.to_owned();
    }
    for kind in ["invalid type", "invalid value", "invalid length", "unknown variant", "unknown field"] {
        let Some(found) = message.strip_prefix(kind) else { continue };
        // What is expected is ours and comes last; whatever the record holds comes before.
        let Some((found, expected)) = found.rsplit_once(", expected ") else { return kind.to_owned() };
        let types = ["string", "integer", "floating point", "boolean", "null", "sequence", "map"];
        let found = found.strip_prefix(": ").unwrap_or_default();
        let found =
            types.iter().find(|name| found.starts_with(*name)).filter(|_| kind.starts_with("invalid"));
        return match found {
            Some(found) => format!("{kind}: {found}, expected {expected}"),
            None => format!("{kind}, expected {expected}"),
        };
    }
    if message.ends_with("` stands twice") {
        return "a key stands twice".to_owned();
    }
    let ending = ENDINGS.iter().find(|ending| message.ends_with(*ending));
    ending.map_or_else(|| "is not what must stand here".to_owned(), |ending| (*ending).to_owned())
}

/// An object or array that is still open.
enum Open {
    /// The key that was read last.
    Object(Option<&'static str>),
    /// How many elements have begun.
    Array(usize),
}

/// The path of what was read last, such as `sealed.readers[1]`.
fn path(read: &[u8]) -> String {
    let mut open: Vec<Open> = Vec::new();
    let mut expects_key = false;
    let mut was_separated = true;
    let mut bytes = read.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        let begins_value = !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' | b'}' | b']');
        if begins_value
            && was_separated
            && let Some(Open::Array(begun)) = open.last_mut()
        {
            *begun += 1;
        }
        was_separated = if begins_value { false } else { was_separated };
        match byte {
            b'{' => {
                open.push(Open::Object(None));
                expects_key = true;
            }
            b'[' => {
                open.push(Open::Array(0));
                was_separated = true;
            }
            b'}' | b']' => {
                open.pop();
                expects_key = false;
            }
            b',' => {
                was_separated = true;
                expects_key = matches!(open.last(), Some(Open::Object(_)));
            }
            b'"' => {
                let mut end = read.len();
                while let Some((at, byte)) = bytes.next() {
                    if *byte == b'\\' {
                        bytes.next();
                    } else if *byte == b'"' {
                        end = at;
                        break;
                    }
                }
                if expects_key && let Some(Open::Object(key)) = open.last_mut() {
                    let text = read.get(at + 1..end).unwrap_or_default();
                    *key = Some(KEYS.iter().find(|known| known.as_bytes() == text).copied().unwrap_or("…"));
                    expects_key = false;
                }
            }
            _ => {}
        }
    }
    let mut path = String::new();
    for part in open {
        match part {
            Open::Object(Some(key)) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Open::Array(begun @ 1..) => path.extend(["[", &(begun - 1).to_string(), "]"]),
            Open::Object(None) | Open::Array(0) => {}
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::digest::Digest;
    use crate::domain::id::StoreId;
    use crate::domain::key::{Fingerprint, KeyKind};
    use crate::domain::name::SecretName;
    use crate::domain::rotation::Handle;
    use crate::domain::time::Instant;

    fn refusal<T: serde::de::DeserializeOwned>(text: &str) -> String {
        let error = serde_json::from_value::<T>(text.into()).err();
        error.unwrap_or_else(|| panic!("{text} was read")).to_string()
    }

    #[test]
    fn what_is_wrong_is_told_for_every_type() {
        let long = "a".repeat(201);
        let mut refusals = ["", &long, "a//b", "a/b.age", "a b"].map(refusal::<SecretName>).to_vec();
        refusals.extend(
            [
                "08/09/2027",
                "soon",
                "2027-08-31T12:00:00.5Z",
                "1066-10-14T00:00:00Z",
                "2027-08-31T12:00:00+02:00",
            ]
            .map(refusal::<Instant>),
        );
        refusals.extend([
            refusal::<Digest>("sha256:x"),
            refusal::<StoreId>("x"),
            refusal::<Fingerprint>("SHA256:x"),
            refusal::<KeyKind>("x"),
            refusal::<Handle>("a\nb"),
        ]);
        for message in refusals {
            let told = kind(&message);
            assert!(message.ends_with(&told) && ENDINGS.contains(&told.as_str()), "{message}: {told}");
        }
    }

    #[test]
    fn the_place_is_told_in_our_own_words_only() {
        for (read, expected) in [
            ("", ""),
            (r#"{"sealed": {"name""#, "sealed.name"),
            (r#"{"sealed": {"a\\\"b": 1"#, "sealed.…"),
            (r#"{"sealed": {"readers": ["a", "b"#, "sealed.readers[1]"),
            (r#"{"sealed": {"readers": ["a", "b"]"#, "sealed.readers"),
            (r#"{"sealed": {"keys": {"alice": [{"type": 1}, {"fp": "#, "sealed.keys.…[1].fp"),
            (r#"{"sealed": {"version": {"number": 1}"#, "sealed.version"),
            (r#"}]{,:"[[["#, "…"),
        ] {
            assert_eq!(path(read.as_bytes()), expected, "{read}");
        }
    }
}
