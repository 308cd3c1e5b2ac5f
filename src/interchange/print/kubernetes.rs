//! A manifest of a Kubernetes Secret. Its `data` is base64 and holds any bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::super::Text;
use super::yaml::string;
use super::{Item, Unfit};

/// The most that a Secret may hold, in bytes, all values together.
const MAX_DATA_BYTES: usize = 1024 * 1024;

/// What stands around the values.
pub struct Manifest<'a> {
    pub name: &'a str,
    pub namespace: Option<&'a str>,
    /// Keys and texts; nothing secret.
    pub annotations: &'a [(String, String)],
}

/// `kubectl apply -f -` takes it.
pub fn kubernetes(manifest: &Manifest<'_>, items: &[Item<'_>]) -> Result<Text, Unfit> {
    let mut text = Text::default();
    text.push_str("apiVersion: v1\nkind: Secret\nmetadata:\n  name: ");
    string(&mut text, manifest.name);
    text.push_str("\n");
    if let Some(namespace) = manifest.namespace {
        text.push_str("  namespace: ");
        string(&mut text, namespace);
        text.push_str("\n");
    }
    if !manifest.annotations.is_empty() {
        text.push_str("  annotations:\n");
        for (key, annotation) in manifest.annotations {
            text.push_str("    ");
            string(&mut text, key);
            text.push_str(": ");
            string(&mut text, annotation);
            text.push_str("\n");
        }
    }
    text.push_str("type: Opaque\ndata:\n");
    let mut held = 0;
    for item in items {
        let bytes = item.value.expose();
        held += bytes.len();
        if held > MAX_DATA_BYTES {
            return Err(item.unfit("with it the Secret holds more than 1 MiB", "make several Secrets"));
        }
        // At once: appended to a text, it would go over the stack in chunks, and the last one would stay there.
        let encoded = Zeroizing::new(STANDARD.encode(bytes));
        text.push_str("  ");
        string(&mut text, item.key);
        text.push_str(": ");
        string(&mut text, &encoded);
        text.push_str("\n");
    }
    Ok(text)
}

/// Whether a text can be a key of `data`.
pub fn is_key(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && text.len() <= 253 && text.chars().all(fits) && text != "." && !text.starts_with("..")
}

/// Whether a text can be the name of a Secret (RFC 1123 subdomain).
pub fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_part)
}

/// Whether a text can be the name of a namespace (RFC 1123 label).
pub fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_part(text)
}

fn is_part(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(fits) && !text.starts_with('-') && !text.ends_with('-')
}
