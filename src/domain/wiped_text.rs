//! A text of values: wiped when it is dropped, and whenever it has to grow.

use std::io;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

/// Bytes that are secret.
#[derive(Default)]
pub struct Text(Zeroizing<Vec<u8>>);

impl Text {
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(bytes)))
    }

    /// The bytes themselves. Whoever calls this is responsible for where they go.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    pub fn push(&mut self, bytes: &[u8]) {
        if self.0.capacity() - self.0.len() < bytes.len() {
            let capacity = (self.0.len() + bytes.len()).max(self.0.capacity().saturating_mul(2)).max(256);
            let mut larger = Zeroizing::new(Vec::with_capacity(capacity));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    pub fn push_str(&mut self, text: &str) {
        self.push(text.as_bytes());
    }

    pub fn push_char(&mut self, c: char) {
        self.push(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Bytes in base 64, with padding and nothing in between.
    pub fn push_base64(&mut self, bytes: &[u8]) {
        let mut signs = Zeroizing::new([0; 64]);
        for part in bytes.chunks(48) {
            // 48 bytes are 64 signs.
            let written = BASE64_STANDARD.encode_slice(part, &mut *signs).unwrap_or_default();
            self.push(signs.get(..written).unwrap_or_default());
        }
    }

    /// Gives the bytes away, unwiped.
    pub fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}

impl io::Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// What it grows out of is wiped by [`Zeroizing`]; a `Vec` that grows by itself would leave it behind.
    #[test]
    fn it_grows_by_a_larger_buffer_and_never_in_place() {
        let mut text = Text::with_capacity(4);
        let room = text.0.capacity();
        text.push(&vec![b'a'; room]);
        assert_eq!(text.0.capacity(), room, "there was room enough");
        text.push_str("b");
        assert!(text.0.capacity() >= 256);
        let full = text.0.capacity();
        text.push(&vec![b'c'; full - text.0.len()]);
        assert_eq!(text.0.capacity(), full, "it is full, and not over");
        text.push_char('\u{e4}');
        assert!(text.0.capacity() >= 2 * full);
        text.write_all(b"d").unwrap();
        text.flush().unwrap();
        text.push_base64(&[0xff; 50]);
        let expected =
            format!("{}b{}\u{e4}d{}//8=", "a".repeat(room), "c".repeat(full - room - 1), "/".repeat(64));
        assert_eq!(text.expose(), expected.as_bytes());
        assert_eq!(text.into_bytes(), expected.into_bytes());
        assert!(Text::with_capacity(1000).0.capacity() >= 1000);
        // Left to itself, a `Vec` of 256 bytes would grow to twice as many, in place.
        let mut large = Text::default();
        large.push(&[b'x'; 300]);
        assert!((300..512).contains(&large.0.capacity()));
    }
}
