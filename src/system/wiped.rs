//! Reading what may be a secret, so that no copy of it is left in memory that was given back.

use std::io::{self, ErrorKind, Read};

use zeroize::Zeroizing;

/// What the buffer begins with where the size is not known, in bytes. The whole of it is wiped, and most of what git and
/// others print is less.
const FIRST: usize = 4 * 1024;

/// Reads to the end, or until more than `most` bytes were read: then what was read is longer than `most`. `expected`
/// is the size, if it is known. Each buffer that becomes too small is wiped, and no other is used.
pub fn read_to_end(mut from: impl Read, expected: Option<usize>, most: usize) -> io::Result<Vec<u8>> {
    // One byte more, so that the end is seen without growing.
    let first = expected.unwrap_or(FIRST).min(most).saturating_add(1);
    let mut buffer = Zeroizing::new(vec![0; first]);
    let mut filled = 0;
    while filled <= most {
        if filled == buffer.len() {
            let mut larger = Zeroizing::new(vec![0; buffer.len().saturating_mul(2).max(FIRST)]);
            for (to, from) in larger.iter_mut().zip(buffer.iter()) {
                *to = *from;
            }
            buffer = larger;
        }
        match from.read(buffer.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(filled);
    Ok(std::mem::take(&mut *buffer))
}

/// Standard input, to its end or to more than `most` bytes, past the buffer of the standard library, which is never
/// wiped.
pub fn read_stdin(most: usize) -> io::Result<Vec<u8>> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        read_to_end(std::fs::File::from(io::stdin().as_fd().try_clone_to_owned()?), None, most)
    }
    #[cfg(not(unix))]
    {
        read_to_end(io::stdin().lock(), None, most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, and is interrupted in between.
    struct Slow<'a> {
        rest: &'a [u8],
        step: usize,
        is_interrupted: bool,
    }

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.is_interrupted = !self.is_interrupted;
            if self.is_interrupted {
                return Err(ErrorKind::Interrupted.into());
            }
            let step = self.step.min(buffer.len());
            (&mut self.rest).take(step as u64).read(buffer)
        }
    }

    #[test]
    fn the_bytes_are_exact_whatever_comes_at_once() {
        let bytes: Vec<u8> = (0..3 * FIRST).map(|at| u8::try_from(at % 251).unwrap()).collect();
        for size in [0, 1, 100, FIRST - 1, FIRST, FIRST + 1, 2 * FIRST + 1, 3 * FIRST] {
            for expected in [None, Some(0), Some(size), Some(size / 2)] {
                for step in [977, usize::MAX] {
                    let rest = &bytes[..size];
                    let slow = Slow { rest, step, is_interrupted: false };
                    let read = read_to_end(slow, expected, bytes.len()).unwrap();
                    assert!(read == rest, "{size} {expected:?} {step}");
                }
            }
        }
    }

    #[test]
    fn reading_ends_soon_after_the_limit() {
        for most in [0, 10, FIRST] {
            let read = read_to_end(io::repeat(7), None, most).unwrap();
            assert!(read.len() > most && read.len() <= 2 * FIRST + 2, "{most}: {}", read.len());
            assert_eq!(read_to_end(&vec![7; most][..], None, most).unwrap().len(), most);
        }
    }

    #[test]
    fn an_error_is_handed_on() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(ErrorKind::Other.into())
            }
        }
        assert!(read_to_end(Broken, None, 10).is_err());
    }
}
