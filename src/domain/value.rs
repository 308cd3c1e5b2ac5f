//! The plaintext of a secret.

use zeroize::Zeroizing;

/// The largest value, in bytes: 16 MiB.
pub const MAX_VALUE_BYTES: usize = 16_777_216;

/// The plaintext of a secret: any bytes. It is zeroized when dropped and deliberately has no `Debug`, `Display`,
/// `Clone` or `Serialize`, so that it can't get into a message by accident.
pub struct Value(Zeroizing<Vec<u8>>);

impl Value {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves. Whoever calls this is responsible for where they go.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Whether two values are the same, in time that depends on their lengths only.
    pub fn same_as(&self, other: &Self) -> bool {
        let (a, b) = (self.expose(), other.expose());
        a.len() == b.len() && a.iter().zip(b).fold(0, |differing, (x, y)| differing | (x ^ y)) == 0
    }

    /// Text: UTF-8 without control characters other than tab, line feed and carriage return.
    pub fn is_text(&self) -> bool {
        std::str::from_utf8(self.expose())
            .is_ok_and(|text| text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sameness_and_text() {
        let value = |bytes: &[u8]| Value::new(bytes.to_vec());
        assert!(value(b"abc").same_as(&value(b"abc")));
        assert!(!value(b"abc").same_as(&value(b"abd")));
        assert!(!value(b"abc").same_as(&value(b"abc\n")));
        // Differences don't make up for each other.
        assert!(!value(b"ab").same_as(&value(b"ba")));
        assert!(value("gr\u{fc}n\r\n\t".as_bytes()).is_text());
        assert!(!value(b"\x00").is_text());
        assert!(!value(b"\xff").is_text());
        assert!(!value(b"\x1b[31m").is_text());
    }
}
