//! age identity files: one identity a line, comments and empty lines between them.

use super::identity::{Identity, IdentityError};
use super::plugin::PluginIdentity;
use super::prompts::Prompts;
use super::public_key;
use crate::domain::key::KeyKind;

pub fn parse(text: &str, label: &str, prompts: &Prompts) -> Result<Vec<Identity>, IdentityError> {
    let lines = text.lines().zip(1..).map(|(line, number)| (line.trim(), number));
    let keys = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#')).collect::<Vec<_>>();
    if keys.is_empty() {
        return Err(IdentityError::Empty(label.to_owned()));
    }
    let is_only_one = keys.len() == 1;
    let labelled = |line| if is_only_one { label.to_owned() } else { format!("{label}:{line}") };
    keys.into_iter().map(|(key, line)| parse_line(key, label, line, labelled(line), prompts)).collect()
}

fn parse_line(
    key: &str,
    file: &str,
    line: usize,
    label: String,
    prompts: &Prompts,
) -> Result<Identity, IdentityError> {
    if let Ok(native) = key.parse::<age::x25519::Identity>() {
        let public = public_key::parse(&native.to_public().to_string()).ok();
        return Ok(Identity::open(label, KeyKind::X25519, Box::new(native), public));
    }
    if let Ok(identity) = key.parse::<age::plugin::Identity>() {
        let kind = KeyKind::Plugin(identity.plugin().to_owned());
        let plugin = PluginIdentity { identity, label: label.clone(), prompts: prompts.clone() };
        return Ok(Identity::open(label, kind, Box::new(plugin), None));
    }
    if key.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-PQ-") {
        return Err(IdentityError::Unsupported {
            label,
            what: "a post-quantum identity".to_owned(),
            remedy: "make a classic one with `secrets key new`",
        });
    }
    let file = file.to_owned();
    if public_key::parse(key).is_ok() {
        return Err(IdentityError::PublicHalf { label: file, line });
    }
    Err(IdentityError::NotAnIdentity { label: file, line })
}
