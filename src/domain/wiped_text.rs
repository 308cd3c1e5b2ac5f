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
