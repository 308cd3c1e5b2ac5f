//! The ids of the checks: the one list that policy, reports and waivers may name.

use std::fmt;
use std::str::FromStr;

/// A text that names no check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no check: see `docs/checks.md` for their names")]
pub struct CheckIdError(String);

macro_rules! check_ids {
    ($($variant:ident = $text:literal),+ $(,)?) => {
        /// The id of a check, which is also the name of the fault that it finds.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CheckId { $($variant),+ }

        impl CheckId {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

check_ids! {
    Uncommitted = "uncommitted",
    Unpushed = "unpushed",
    Outdated = "outdated",
    RescuePending = "rescue-pending",
    Untracked = "untracked",
    WeakenedPolicy = "weakened-policy",
    Missing = "missing",
    Orphan = "orphan",
    Plaintext = "plaintext",
    RecordBehind = "record-behind",
    Tampered = "tampered",
    Unsigned = "unsigned",
    RolledBack = "rolled-back",
    Expired = "expired",
    Expiring = "expiring",
    NoExpiry = "no-expiry",
    ExpiryMismatch = "expiry-mismatch",
    Overlong = "overlong",
    OverdueRotation = "overdue-rotation",
    SameValue = "same-value",
    SingleHolder = "single-holder",
    UnprovenReader = "unproven-reader",
    UnlistedReader = "unlisted-reader",
    DepartedReader = "departed-reader",
    ExposedToDeparted = "exposed-to-departed",
    UnconfirmedKey = "unconfirmed-key",
    Unowned = "unowned",
    HalfRotated = "half-rotated",
    MonitorSilent = "monitor-silent",
    WaiverExpired = "waiver-expired",
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for CheckId {
    type Err = CheckIdError;

    fn from_str(text: &str) -> Result<Self, CheckIdError> {
        Self::ALL.iter().copied().find(|id| id.as_str() == text).ok_or_else(|| CheckIdError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_named_as_it_is_written() {
        for id in CheckId::ALL {
            assert_eq!((id.to_string().as_str(), id.as_str().parse()), (id.as_str(), Ok(*id)));
        }
        assert_eq!("expired".parse(), Ok(CheckId::Expired));
        for bad in ["", "Expired", "expired ", "lapsed"] {
            assert!(bad.parse::<CheckId>().is_err(), "{bad}");
        }
    }
}
