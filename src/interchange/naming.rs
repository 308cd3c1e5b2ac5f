//! What a key of another program becomes in the store.

use super::Entry;
use crate::domain::name::{NameError, SecretName};

/// The names that a store keeps for its own files.
const RESERVED: [&str; 2] = [".age", ".json"];

/// The name of a secret that is made of keys: nested ones are separated by `/`, as a `/` in one is. What a name can't
/// hold becomes `-`, and what it can't begin with is left out.
///
/// | key | name |
/// |---|---|
/// | `DB_PASSWORD` | `DB_PASSWORD` |
/// | `db` and in it `user name` | `db/user-name` |
/// | `_token` | `token` |
/// | `service.json` | `service-json` |
///
/// # Errors
///
/// Where nothing is left of a key, or the name is too long.
pub fn name_of(entry: &Entry, prefix: Option<&SecretName>) -> Result<SecretName, NameError> {
    let mut name = prefix.map(|prefix| prefix.as_str().to_owned());
    for key in entry.keys.iter().flat_map(|key| key.split('/')) {
        let segment = segment(key);
        match &mut name {
            Some(name) => {
                name.push('/');
                name.push_str(&segment);
            }
            None => name = Some(segment),
        }
    }
    name.unwrap_or_default().parse()
}

fn segment(key: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let mut segment: String = key
        .chars()
        .skip_while(|c| !c.is_ascii_alphanumeric())
        .map(|c| if fits(c) { c } else { '-' })
        .collect();
    let folded = segment.to_ascii_lowercase();
    // The dot is what makes the ending one.
    let dot = match RESERVED.iter().find(|ending| folded.ends_with(**ending)) {
        Some(ending) => Some(segment.len() - ending.len()),
        None => folded.ends_with('.').then(|| segment.len() - 1),
    };
    if let Some(at) = dot {
        segment.replace_range(at..=at, "-");
    }
    segment
}
