//! "did you mean": the known word that is nearest to a mistyped one.

/// Longer words are not compared: the effort grows with the square of the length.
const MAX_LENGTH: usize = 64;

/// The candidate that differs least, if it differs by little: case, `_` for `-`, a letter or two.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = plain(word);
    if word.len() > MAX_LENGTH {
        return None;
    }
    let most = (word.len() / 3).clamp(1, 2);
    (candidates.into_iter())
        .filter(|candidate| candidate.len() <= MAX_LENGTH)
        .map(|candidate| (distance(&word, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// `; did you mean …?`, or nothing.
pub fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

fn plain(word: &str) -> Vec<char> {
    word.chars().map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// How many letters must be put in, taken out, exchanged or swapped with their neighbour (optimal string
/// alignment).
fn distance(left: &[char], right: &[char]) -> usize {
    let mut two_back: Vec<usize> = Vec::new();
    let mut back: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let at = |costs: &[usize], index: usize| costs.get(index).copied().unwrap_or(usize::MAX - 1);
            let mut least = (at(&back, column) + usize::from(a != b))
                .min(at(&back, column + 1) + 1)
                .min(at(&current, column) + 1);
            let swapped =
                row > 0 && column > 0 && left.get(row - 1) == Some(b) && right.get(column - 1) == Some(a);
            if swapped {
                least = least.min(at(&two_back, column - 1) + 1);
            }
            current.push(least);
        }
        two_back = std::mem::replace(&mut back, current);
    }
    back.last().copied().unwrap_or(left.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["readers", "min-people", "notify-at", "keys", "by"];
        for (word, expected) in [
            ("reader", Some("readers")),
            ("min_people", Some("min-people")),
            ("Readers", Some("readers")),
            ("raeders", Some("readers")),
            ("key", Some("keys")),
            ("notifyat", Some("notify-at")),
            ("recipients", None),
            ("", None),
            ("xy", Some("by")),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
        assert_eq!(nearest(&"r".repeat(100_000), known), None);
    }

    #[test]
    fn distances() {
        let between = |a: &str, b: &str| distance(&plain(a), &plain(b));
        assert_eq!((between("ab", "ba"), between("", "abc"), between("abc", "")), (1, 3, 3));
        assert_eq!((between("kitten", "sitting"), between("a_b", "A-B")), (3, 0));
    }
}
