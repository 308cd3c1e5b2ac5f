//! The end that a value carries in itself.

use super::expiry::ExpirySource;
use super::time::Instant;

/// A moment from which on a part of a value is void: of a certificate, a token, a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValueEnd {
    /// From this moment on it is expired.
    pub at: Instant,
    pub source: ExpirySource,
    /// Which part of the value, for people: `certificate of CN=kubernetes-admin`. Nothing secret.
    pub what: String,
}

/// What a value says of its own end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ValueEnds {
    /// Ascending.
    pub ends: Vec<ValueEnd>,
    /// Parts that looked as if they carried an end and could not be read, and why. Nothing secret.
    pub unread: Vec<String>,
}

impl ValueEnds {
    /// The first one to come; before it nothing in the value is void.
    pub fn earliest(&self) -> Option<&ValueEnd> {
        self.ends.first()
    }
}
