//! What a commit says of itself: by whom, when, and its message. Whoever may push can have written it.

use crate::domain::time::Instant;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitWords {
    /// The author's name.
    pub author: String,
    pub committed_at: Option<Instant>,
    pub message: String,
}

impl CommitWords {
    /// Reads a commit as git keeps it: header lines, an empty line, the message.
    pub fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (header, message) = text.split_once("\n\n").unwrap_or((&text, ""));
        let line = |key: &str| header.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        let author = line("author ").rsplit_once(" <").map_or("", |(name, _)| name);
        // `NAME <EMAIL> SECONDS ZONE`
        let seconds =
            line("committer ").rsplit_once("> ").and_then(|(_, date)| date.split(' ').next()?.parse().ok());
        let committed_at = seconds.and_then(|seconds| Instant::EPOCH.checked_add_seconds(seconds));
        Self { author: author.trim().to_owned(), committed_at, message: message.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_git_writes_it_and_as_others_may() {
        let commit = b"tree 1\nparent 2\nauthor A. <b> Uthor <a@x> 1 +0200\ncommitter C <c@x> 1661976900 +0000\n\nOne\n\ntwo\n";
        let words = CommitWords::read(commit);
        assert_eq!((words.author.as_str(), words.message.as_str()), ("A. <b> Uthor", "One\n\ntwo\n"));
        assert_eq!(words.committed_at.map(|at| at.to_string()).as_deref(), Some("2022-08-31T20:15:00Z"));
        for odd in
            [&b""[..], b"author", b"author <", b"committer x> 99999999999999999999 +0", b"\xff\n\n\xff"]
        {
            let words = CommitWords::read(odd);
            assert_eq!((words.author.as_str(), words.committed_at), ("", None), "{odd:?}");
        }
    }
}
