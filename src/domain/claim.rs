//! What somebody claims of a secret that another tool has sealed. Nothing binds it to the ciphertext.

use super::digest::Digest;
use super::expiry::Expiry;
use super::name::ActorName;
use super::record::Issuer;
use super::time::Instant;

/// The file beside tracked files that holds their records.
pub const CUSTODY: &str = "custody.toml";

/// The record of a tracked secret: one table of a `custody.toml`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Claim {
    pub expires: Option<Expiry>,
    pub issued: Option<Instant>,
    pub owners: Vec<ActorName>,
    pub issuer: Option<Issuer>,
    /// A path in the repository, or an address.
    pub runbook: Option<String>,
    /// Who can open it, where the file itself does not say.
    pub readers: Vec<ActorName>,
    /// When the version that was seen was written, as the tool that sealed it says.
    pub set_at: Option<Instant>,
    /// Of the ciphertext (the leaf's, or the file's) when the claim was made.
    pub seen: Option<Digest>,
    /// Of the wrapped data key when the claim was made.
    pub data_key: Option<Digest>,
    /// In its `custody.toml`, from 1.
    pub line: usize,
}

impl Claim {
    /// From when the age of the version is counted: the day of issue, else when it was written, whichever is earlier.
    pub fn since(&self) -> Option<Instant> {
        match (self.issued, self.set_at) {
            (Some(issued), Some(set_at)) => Some(issued.min(set_at)),
            (issued, set_at) => issued.or(set_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_counts_from_the_earlier_day() {
        let [early, late] = ["2026-01-01", "2026-02-01"].map(|text| text.parse::<Instant>().unwrap());
        for (issued, set_at, since) in [
            (Some(early), Some(late), Some(early)),
            (Some(late), Some(early), Some(early)),
            (Some(late), None, Some(late)),
            (None, Some(late), Some(late)),
            (None, None, None),
        ] {
            assert_eq!(Claim { issued, set_at, ..Claim::default() }.since(), since);
        }
    }
}
