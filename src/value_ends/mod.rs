//! The end that a value carries in itself: certificates, tokens, keys.

use crate::domain::value_end::ValueEnds;

/// Looks for the ends that a value carries. Of a value that carries none, nothing is found.
pub fn read(_value: &[u8]) -> ValueEnds {
    ValueEnds::default()
}
