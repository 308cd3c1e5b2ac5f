//! Sealed texts for tests: of the right form, of no use to anybody.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::domain::digest::Digest;

/// Bytes that look random and are the same for the same seed.
fn bytes(seed: &str, length: usize) -> Vec<u8> {
    let blocks = (0..).flat_map(|n| *Digest::of(format!("{seed} {n}").as_bytes()).as_bytes());
    blocks.take(length).collect()
}

/// A value of sops, of the type `str`.
pub fn value(seed: &str) -> String {
    let base64 = |what: &str, length| BASE64_STANDARD.encode(bytes(&format!("{seed} {what}"), length));
    format!(
        "ENC[AES256_GCM,data:{},iv:{},tag:{},type:str]",
        base64("data", 9),
        base64("iv", 32),
        base64("tag", 16)
    )
}

/// The field `data` of such a value.
pub fn data_of(value: &str) -> &str {
    value.split("data:").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default()
}

/// A data key as age wraps it.
pub fn age_enc(seed: &str) -> String {
    let body = BASE64_STANDARD.encode(bytes(seed, 48));
    format!("-----BEGIN AGE ENCRYPTED FILE-----\n{body}\n-----END AGE ENCRYPTED FILE-----\n")
}

/// An entry of the list `age` in YAML, for the recipient `age1NAME`.
pub fn age_entry(name: &str) -> String {
    let enc = age_enc(name).trim_end().replace('\n', "\n    ");
    format!("- recipient: age1{name}\n  enc: |\n    {enc}\n")
}

/// The metadata of sops in YAML for one age recipient, and what else is to stand in it, one line each.
pub fn metadata(rest: &[&str]) -> String {
    let mut text = "sops:\n  age:\n".to_owned();
    for line in age_entry("a")
        .lines()
        .chain(["lastmodified: \"2026-05-22T20:16:23Z\"", "version: 3.9.0"])
        .chain(rest.iter().copied())
    {
        let _ = writeln!(text, "  {line}");
    }
    let _ = writeln!(text, "  mac: {}", value("mac"));
    text
}

/// The metadata of sops in JSON for one age recipient.
pub fn metadata_json() -> String {
    let enc = age_enc("a").replace('\n', "\\n");
    format!(
        r#"{{"kms":null,"age":[{{"recipient":"age1a","enc":"{enc}"}}],"lastmodified":"2026-05-22T20:16:23Z","mac":"{}","version":"3.9.0"}}"#,
        value("mac")
    )
}

/// The metadata of sops as lines of `key = value`.
pub fn metadata_flat(prefix: &str, separator: &str) -> String {
    let enc = age_enc("a").replace('\n', "\\n");
    let fields = [
        ("age__list_0__map_enc", enc.as_str()),
        ("age__list_0__map_recipient", "age1a"),
        ("lastmodified", "2026-05-22T20:16:23Z"),
        ("mac", &value("mac")),
        ("unencrypted_suffix", "_unencrypted"),
        ("version", "3.9.0"),
    ];
    fields.map(|(key, value)| format!("{prefix}{key}{separator}{value}\n")).concat()
}

/// A sealed value of Kubernetes, its session key wrapped to so many bytes.
pub fn sealed_value(wrapped: u16) -> String {
    let rest = bytes("sealed", usize::from(wrapped) + 32);
    BASE64_STANDARD.encode([&wrapped.to_be_bytes()[..], &rest].concat())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// A text as ansible-vault seals it, with this header.
pub fn vault(header: &str) -> String {
    let field = |what: &str, length| hex(&bytes(what, length));
    let inner = hex(format!("{}\n{}\n{}", field("salt", 32), field("mac", 32), field("data", 32)).as_bytes());
    let lines = inner.as_bytes().chunks(80).map(|line| format!("{}\n", String::from_utf8_lossy(line)));
    format!("$ANSIBLE_VAULT;{header}\n{}", lines.collect::<String>())
}
