//! What is claimed of each parser of bytes that others wrote. `libFuzzer` tries these with what it thinks up
//! (`fuzz_targets/`), and `tests/fuzzed/` of the project with what it thought up before.

pub mod answers;
pub mod formats;
pub mod git;
pub mod seal;
pub mod store;
pub mod words;

use secrets::domain::text::is_treacherous;

/// Whether a text could act on a terminal, or shows less than it says.
fn treacherous(text: &str) -> bool {
    text.chars().any(is_treacherous)
}

/// The bytes between separators.
fn parts<'b>(bytes: &'b [u8], separator: &'static [u8]) -> impl Iterator<Item = &'b [u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let bytes = rest?;
        let at = bytes.windows(separator.len()).position(|window| window == separator);
        let (part, behind) = at.map_or((bytes, None), |at| {
            (bytes.get(..at).unwrap_or_default(), bytes.get(at + separator.len()..))
        });
        rest = behind;
        Some(part)
    })
}

/// Stands for a value in the seeds and dictionaries.
const CANARY: &str = "canary4711";

/// That a message repeats nothing of what was read.
fn tells_nothing_of(message: &str, bytes: &[u8]) {
    let is_there = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    assert!(!is_there || !message.contains(CANARY), "{message}");
}
