//! Bytes that the system drew at random, in buffers that are wiped.

use rand::RngCore as _;
use rand::rngs::OsRng;
use zeroize::{Zeroize, Zeroizing};

use super::super::RotateError;
use super::failed;

/// Fills a buffer.
pub fn fill(bytes: &mut [u8]) -> Result<(), RotateError> {
    OsRng.try_fill_bytes(bytes).map_err(|error| {
        failed(&format!("the system gives no random bytes: {error}"), "run it where /dev/urandom can be read")
    })
}

pub fn bytes<const COUNT: usize>() -> Result<Zeroizing<[u8; COUNT]>, RotateError> {
    let mut bytes = Zeroizing::new([0; COUNT]);
    fill(&mut *bytes)?;
    Ok(bytes)
}

/// Draws numbers below a bound, each as likely as every other.
pub struct Draw {
    below: u8,
    drawn: [u8; 64],
    used: usize,
}

impl Draw {
    /// `below` is not 0.
    pub fn new(below: u8) -> Self {
        let drawn = [0; 64];
        Self { below, used: drawn.len(), drawn }
    }

    pub fn next(&mut self) -> Result<usize, RotateError> {
        loop {
            if self.used == self.drawn.len() {
                fill(&mut self.drawn)?;
                self.used = 0;
            }
            let drawn = self.drawn.get(self.used).copied();
            self.used += 1;
            if let Some(number) = drawn.and_then(|byte| fair(byte, self.below)) {
                return Ok(usize::from(number));
            }
        }
    }
}

/// A random byte as a number below a bound. The last bytes stand for none, where the bound does not go into 256: they would
/// make the first numbers likelier.
fn fair(byte: u8, below: u8) -> Option<u8> {
    let fair = 256 - 256 % u16::from(below);
    (u16::from(byte) < fair).then(|| byte % below)
}

impl Drop for Draw {
    fn drop(&mut self) {
        self.drawn.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_as_likely_as_every_other() {
        for below in 1..=u8::MAX {
            let mut counts = vec![0; usize::from(below)];
            for byte in 0..=u8::MAX {
                if let Some(number) = fair(byte, below) {
                    counts[usize::from(number)] += 1;
                }
            }
            assert_eq!(counts, vec![256 / usize::from(below); usize::from(below)], "{below}");
        }
    }

    #[test]
    fn a_buffer_is_drawn_anew_when_it_is_used_up() {
        let mut draw = Draw::new(94);
        let numbers: Vec<usize> = (0..4096).map(|_| draw.next().unwrap()).collect();
        assert!(numbers.iter().all(|number| *number < 94));
        // Of 4,096 draws each of 94 numbers is missed with a probability of 94 × e^-43.
        assert_eq!(numbers.iter().collect::<std::collections::BTreeSet<_>>().len(), 94);
        assert_ne!(numbers[..64], numbers[64..128]);
    }
}
