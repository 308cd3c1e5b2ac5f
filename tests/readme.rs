//! Every command line of `secrets` in the README and the guides is one that the command line understands.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers are tests too")]

use std::path::Path;

use clap::Parser as _;
use secrets::cli::Cli;

/// A key that stands for the `age1…` of the text.
const KEY: &str = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq8aaaaa";

/// The pieces of a document that are written as code: the lines of fenced blocks, and what stands in backquotes.
fn code(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut is_block = false;
    for line in text.lines() {
        if line.starts_with("```") {
            is_block = !is_block;
        } else if is_block {
            pieces.push(line.to_owned());
        } else {
            pieces.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    assert!(!is_block, "a block of code has no end");
    pieces
}

/// The words of every simple command in a line of shell (or of YAML that holds one) whose program is `secrets`.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ' ' | ';' | '&' | '|' | '>') => {
                commands.last_mut().unwrap().extend(word.take());
                if c != ' ' {
                    commands.push(Vec::new());
                }
            }
            (Some(_) | None, _) => word.get_or_insert_default().push(c),
        }
    }
    assert!(quote.is_none(), "a quote without end: {line}");
    commands.last_mut().unwrap().extend(word);
    // What stands before the program in YAML is left out.
    let program = |word: &String| !matches!(word.as_str(), "-" | "run:" | "script:");
    let found =
        commands.into_iter().map(|words| words.into_iter().skip_while(|word| !program(word)).collect());
    found.filter(|words: &Vec<String>| words.first().is_some_and(|program| program == "secrets")).collect()
}

fn check(document: &str) -> usize {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).unwrap();
    let mut count = 0;
    for piece in code(&text) {
        for words in commands(&piece) {
            let words = words.iter().map(|word| word.replace("age1…", KEY).replace('…', "x"));
            let words = words.collect::<Vec<_>>();
            if let Err(error) = Cli::try_parse_from(&words) {
                panic!("{document}: `{piece}`: {error}");
            }
            count += 1;
        }
    }
    count
}

#[test]
fn the_readme_names_commands_that_there_are() {
    let count = check("README.md");
    assert!(count >= 15, "only {count} command lines were found");
}

#[test]
fn the_guides_name_commands_that_there_are() {
    for (guide, least) in [
        ("docs/people.md", 15),
        ("docs/guides/custody-matrix.md", 5),
        ("docs/guides/triage.md", 20),
        ("docs/guides/baseline.md", 4),
        ("docs/guides/break-glass.md", 3),
    ] {
        let count = check(guide);
        assert!(count >= least, "{guide}: only {count} command lines were found");
    }
}

#[test]
fn command_lines_are_found_and_faults_in_them_seen() {
    let found = |line: &str| commands(line).iter().map(|words| words.join("|")).collect::<Vec<_>>();
    assert_eq!(found("secrets check && ./deploy # secrets x"), ["secrets|check"]);
    assert_eq!(
        found("secrets check --scope 'a b/**' && secrets list"),
        ["secrets|check|--scope|a b/**", "secrets|list"]
    );
    assert_eq!(found("secrets custody --format html > custody.html"), ["secrets|custody|--format|html"]);
    assert_eq!(found("    - secrets check"), ["secrets|check"]);
    assert_eq!(found("        run: secrets check"), ["secrets|check"]);
    assert_eq!(found("cd ~/secrets; key: secrets-1; run secrets"), Vec::<String>::new());
    assert!(Cli::try_parse_from(["secrets", "chekc"]).is_err());
}
