//! How a key that a file of another tool names is written into policy.

use crate::domain::foreign::ForeignKey;

/// The lines that say in policy whose key it is; whoever pastes them puts in the names, which nobody but they can know.
pub fn policy_lines(key: &ForeignKey) -> Vec<String> {
    match key {
        ForeignKey::Age(id) => {
            vec!["[people.NAME]".to_owned(), format!("keys = [{}]", quoted(id))]
        }
        ForeignKey::Pgp(id) => {
            vec!["[people.NAME]".to_owned(), format!("keys = [{}]", quoted(&format!("pgp:{id}")))]
        }
        ForeignKey::Kms(id) | ForeignKey::Opaque(id) => vec![
            "[shared-keys.NAME]".to_owned(),
            format!("keys = [{}]", quoted(id)),
            "people = [\"NAME\", \"NAME\"]".to_owned(),
        ],
        // What a file does not tell, policy can't be told by it.
        ForeignKey::SshTag(_) | ForeignKey::Anonymous(_) => Vec::new(),
    }
}

/// As a TOML string. An id that would need more than quotes is no key that policy takes.
fn quoted(id: &str) -> String {
    format!("\"{}\"", id.replace('\\', "\\\\").replace('"', "\\\""))
}
