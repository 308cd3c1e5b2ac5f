//! Rust source as tokens, without a parser: enough to tell names from what stands in comments and literals.

/// What the rules need to tell apart. Literals and comments leave no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// An identifier or keyword, without `r#`, or a number.
    Word(String),
    /// `::`
    Path,
    Mark(char),
}

/// The tokens of a source text, each with its line from 1.
pub fn tokens(text: &str) -> Vec<(Token, usize)> {
    let bare = without_literals(text);
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = bare.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\n' {
            line += 1;
        } else if c.is_alphanumeric() || c == '_' {
            let mut word = String::from(c);
            while let Some(next) = rest.next_if(|next| next.is_alphanumeric() || *next == '_') {
                word.push(next);
            }
            if word == "r" && rest.next_if_eq(&'#').is_some() {
                continue;
            }
            tokens.push((Token::Word(word), line));
        } else if c == ':' && rest.next_if_eq(&':').is_some() {
            tokens.push((Token::Path, line));
        } else if !c.is_whitespace() {
            tokens.push((Token::Mark(c), line));
        }
    }
    tokens
}

/// The source with comments, strings and characters blanked; line breaks stay, so that lines keep their numbers.
fn without_literals(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_word = false;
    while let Some(c) = rest.chars().next() {
        let length = literal_length(rest, in_word).unwrap_or(0);
        if length > 0 {
            let (literal, behind) = rest.split_at(length);
            bare.push(' ');
            bare.extend(literal.chars().filter(|c| *c == '\n'));
            rest = behind;
            in_word = false;
        } else {
            bare.push(c);
            in_word = c.is_alphanumeric() || c == '_';
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
    bare
}

/// How many bytes of `text` are the comment or literal with which it begins, if it begins with one.
fn literal_length(text: &str, in_word: bool) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(block_comment_length(text));
    }
    if text.starts_with('\'') {
        return character_length(text);
    }
    if text.starts_with('"') {
        return Some(string_length(text));
    }
    if in_word {
        return None;
    }
    let prefix = text.bytes().take_while(|b| matches!(b, b'b' | b'c' | b'r')).count();
    let (prefix, behind) =
        text.split_at_checked(prefix).filter(|(prefix, _)| (1..=2).contains(&prefix.len()))?;
    if prefix.ends_with('r') {
        let hashes = behind.bytes().take_while(|b| *b == b'#').count();
        let quoted = behind.get(hashes..)?.strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let length = quoted.find(&end).map_or(quoted.len(), |at| at + end.len());
        return Some(prefix.len() + hashes + 1 + length);
    }
    match behind.chars().next() {
        Some('"') => Some(prefix.len() + string_length(behind)),
        Some('\'') => character_length(behind).map(|length| prefix.len() + length),
        _ => None,
    }
}

fn block_comment_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// `None` for a lifetime.
fn character_length(text: &str) -> Option<usize> {
    let inner = text.get(1..)?;
    if inner.starts_with('\\') {
        let close = inner.char_indices().skip(2).find(|(_, c)| *c == '\'')?;
        return Some(1 + close.0 + 1);
    }
    let c = inner.chars().next()?;
    inner.get(c.len_utf8()..)?.starts_with('\'').then_some(1 + c.len_utf8() + 1)
}
