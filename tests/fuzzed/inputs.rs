//! The inputs of a target: its seeds, its words, and changes of the seeds that are drawn always alike.

use std::fs;
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};

/// The longest input, in bytes.
const LONGEST: usize = 64 * 1024;

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// By file name. A target without any tries nothing worth trying.
pub fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = folder().join("seeds").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut seeds: Vec<_> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{} is empty", folder.display());
    seeds
}

/// The words of a target, one a line, in the notation of `libFuzzer`: in quotes, with `\xNN`, `\\` and `\"`.
pub fn dictionary(target: &str) -> Vec<Vec<u8>> {
    let path = folder().join("dictionaries").join(target);
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| word(line).unwrap_or_else(|| panic!("dictionaries/{target}: {line}"))).collect()
}

fn word(line: &str) -> Option<Vec<u8>> {
    let mut rest = line.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
    let mut word = Vec::new();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'\\' {
            word.push(*first);
            continue;
        }
        let (kind, behind) = rest.split_first()?;
        rest = behind;
        match kind {
            b'x' => {
                let (digits, behind) = rest.split_at_checked(2)?;
                word.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
                rest = behind;
            }
            b'\\' | b'"' => word.push(*kind),
            _ => return None,
        }
    }
    (!word.is_empty()).then_some(word)
}

#[test]
fn words_are_read_as_libfuzzer_reads_them() {
    assert_eq!(word(r#""a\x0a\\\"b""#), Some(b"a\n\\\"b".to_vec()));
    for bad in ["", "a", r#""""#, r#""\x1""#, r#""\n""#] {
        assert_eq!(word(bad), None, "{bad}");
    }
}

/// Changed inputs without end.
pub struct Changes<'s> {
    random: StdRng,
    seeds: &'s [(String, Vec<u8>)],
    words: Vec<Vec<u8>>,
}

impl<'s> Changes<'s> {
    /// The same for the same target and seeds.
    pub fn of(target: &str, seeds: &'s [(String, Vec<u8>)], words: Vec<Vec<u8>>) -> Self {
        let seed =
            target.bytes().fold(4711_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        Self { random: StdRng::seed_from_u64(seed), seeds, words }
    }

    /// One, and what it was made of.
    pub fn draw(&mut self) -> (&'s str, Vec<u8>) {
        let (file, bytes) = self.seeds.choose(&mut self.random).unwrap();
        let mut changed = bytes.clone();
        for _ in 0..self.random.gen_range(1..=4) {
            self.change(&mut changed);
        }
        changed.truncate(LONGEST);
        (file, changed)
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let (from, to) = self.range(bytes.len());
        match self.random.gen_range(0..9) {
            0 => bytes.truncate(from),
            1 => drop(bytes.drain(from..to)),
            2 => {
                let copy = bytes[from..to].to_vec();
                bytes.splice(to..to, copy);
            }
            3 => {
                // One behind the other, as often as it may take to be too deep, or too many.
                let copy = bytes[from..to.min(from + 8)].repeat(self.random.gen_range(2..300));
                bytes.splice(from..to, copy);
            }
            4 => {
                let (_, other) = self.seeds.choose(&mut self.random).unwrap();
                let (first, last) = self.range(other.len());
                bytes.splice(from..to, other[first..last].iter().copied());
            }
            5 if !self.words.is_empty() => {
                let word = self.words.choose(&mut self.random).unwrap().clone();
                let to = if self.random.gen_bool(0.5) { to } else { from };
                bytes.splice(from..to, word);
            }
            6 => {
                let odd: &[&[u8]] =
                    &[b"\0", b"\n", b"\r\n", b"\"", b"\xff", b"\xef\xbb\xbf", "\u{202e}".as_bytes(), b"-1"];
                bytes.splice(from..from, odd.choose(&mut self.random).unwrap().iter().copied());
            }
            7 => bytes.insert(from, self.random.gen_range(0..=255)),
            _ => {
                if let Some(byte) = bytes.get_mut(from) {
                    *byte ^= 1 << self.random.gen_range(0..8);
                }
            }
        }
    }

    /// A part of so many bytes; short ones are drawn more often.
    fn range(&mut self, length: usize) -> (usize, usize) {
        let from = self.random.gen_range(0..=length);
        let most = if self.random.gen_bool(0.7) { 16 } else { length };
        let to = from + self.random.gen_range(0..=most.min(length - from));
        (from, to)
    }
}
