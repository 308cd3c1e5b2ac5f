//! Keys that somebody has on a forge.

use super::{CommandError, Session};
use crate::forge::github_keys::{GithubKeys, Page};
use crate::seal::public_key;

/// Where accounts are looked for unless another place is named.
pub const GITHUB: &str = "https://github.com";

/// The keys on somebody's page that a value can be sealed to. What the page says is what its owner, the forge, or
/// whoever sits between says: their holder confirms the fingerprints.
pub fn on_github(session: &Session, base: &str, user: &str) -> Result<Vec<String>, CommandError> {
    let page = Page::of(base, user)?;
    let GithubKeys { lines } = page.read()?;
    let mut keys = Vec::new();
    let mut skipped = Vec::new();
    for line in lines {
        match public_key::parse(&line) {
            Ok(key) => keys.push(key),
            // Its type says what it is; the rest of the line says nothing to a person.
            Err(error) => {
                skipped.push(format!("{}: {error}", line.split_whitespace().next().unwrap_or_default()));
            }
        }
    }
    for why in &skipped {
        session.say(format!("skipped a key on {page}: {why}"))?;
    }
    if keys.is_empty() {
        let what =
            if skipped.is_empty() { "lists no key" } else { "lists no key that a value can be sealed to" };
        return Err(CommandError::new(format!("{page} {what}"))
            .hint("they make an ssh-ed25519 key with `ssh-keygen -t ed25519` and put it into their account")
            .hint("or an age key with `secrets key new`, and send you its public half: --key age1…"));
    }
    session.say(format!("keys on {page}:"))?;
    for key in &keys {
        session.say(format!("  {} {}", key.kind, key.fingerprint))?;
    }
    session.say("compare each fingerprint with its holder over another channel: whoever gets into that account can put keys there")?;
    Ok(keys.into_iter().map(|key| key.text).collect())
}
