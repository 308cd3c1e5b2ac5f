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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_end_to_come_counts() {
        let end = |day: &str| ValueEnd {
            at: day.parse().unwrap(),
            source: ExpirySource::X509,
            what: format!("certificate until {day}"),
        };
        let ends = ["2027-01-01", "2028-01-01"].map(end);
        let both = ValueEnds { ends: ends.to_vec(), unread: Vec::new() };
        assert_eq!(both.earliest(), Some(&ends[0]));
        assert_eq!(ValueEnds::default().earliest(), None);
    }
}
