//! The text of `policy.toml` to a validated policy: once, at the door, with every fault and its line.

use crate::domain::key::{PublicKey, SigningKey};
use crate::domain::policy::Policy;

mod acceptances;
mod actors;
mod channel_kinds;
mod channel_settings;
mod channels;
#[cfg(test)]
mod fault_tests;
mod globs;
mod rules;
#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;
mod tracking;
mod warning;
#[cfg(test)]
mod warning_tests;

pub use super::toml::FileError as PolicyError;
pub(super) use channels::not_told;
pub use warning::WarningRules;

use super::toml::Source;

/// The largest policy that is read, in bytes.
pub const MAX_POLICY_BYTES: u64 = 4 * 1024 * 1024;

/// Reads one key of a policy; the error says what is wrong with it and what to write instead.
pub type ParseKey<'a> = dyn Fn(&str) -> Result<PublicKey, String> + 'a;

/// Reads one signing key of a policy.
pub type ParseSigningKey<'a> = dyn Fn(&str) -> Result<SigningKey, String> + 'a;

/// How the keys of a policy are read: what makes a key a good one is not this room's to know.
#[derive(Clone, Copy)]
pub struct KeyParsers<'a> {
    /// Of keys that a value is sealed to.
    pub key: &'a ParseKey<'a>,
    /// Of keys that records are signed with.
    pub signing_key: &'a ParseSigningKey<'a>,
}

/// Reads a policy from the bytes of its file; `path` is for messages.
pub fn parse_bytes(bytes: &[u8], path: &str, parsers: KeyParsers<'_>) -> Result<Policy, PolicyError> {
    source(path).read_bytes(bytes, |root, faults| rules::policy(root, parsers, faults))
}

/// Reads a policy; `path` is for messages. All faults are reported, not only the first; of text that is no TOML
/// the first place where it breaks.
pub fn parse(text: &str, path: &str, parsers: KeyParsers<'_>) -> Result<Policy, PolicyError> {
    source(path).read(text, |root, faults| rules::policy(root, parsers, faults))
}

/// Of a policy that can't be read as a whole, what the scheduled job goes by, so that people can be told of it: each
/// channel that is whole, the heartbeat, and the ledger. `None` where the text is no TOML, or of another schema.
pub fn warning_rules_of_damaged(bytes: &[u8], path: &str) -> Option<WarningRules> {
    source(path).read_bytes(bytes, |root, _| warning::read_whole(root)).ok()
}

fn source(path: &str) -> Source<'_> {
    Source { path, name: "the policy", most: MAX_POLICY_BYTES }
}
