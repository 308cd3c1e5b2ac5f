//! Command lines that stand in sentences, in help and in what can't be run here: at least they must be understood.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{LazyLock, Mutex};

use clap::Parser as _;
use secrets::cli::Cli;

/// What stands for what in a sentence. Names in capitals that are good names need nothing.
const PLACEHOLDERS: [(&str, &str); 11] = [
    ("age1…", "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq8aaaaa"),
    ("SHA256:…", "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ("AAAA…", "AAAA"),
    ("4w…", "4w"),
    ("WHY", "why"),
    ("DATE", "2027-08-31"),
    ("PERIOD", "1y"),
    ("GLOB", "web/**"),
    ("NAME…", "NAME"),
    ("schema KIND", "schema policy"),
    // In the table of exit codes, as an example of what is not understood.
    ("--no-such-option", ""),
];

/// The words of every simple command in a line of shell whose program has this name.
pub fn commands_of(program: &str, line: &str) -> Result<Vec<Vec<String>>, String> {
    // What a substitution runs is a command, and what it prints is a word: `eval "$(secrets export …)"`.
    if let Some((before, rest)) = line.split_once("\"$(")
        && let Some((inner, behind)) = rest.split_once(")\"")
    {
        let mut found = commands_of(program, &format!("{before}x{behind}"))?;
        found.extend(commands_of(program, inner)?);
        return Ok(found);
    }
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
            (None, ' ' | '\n' | ';' | '&' | '|' | '>' | '<') => {
                if let Some(last) = commands.last_mut() {
                    last.extend(word.take());
                }
                if c != ' ' {
                    commands.push(Vec::new());
                }
            }
            (Some(_) | None, _) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(format!("a quote without end: {line}"));
    }
    if let Some(last) = commands.last_mut() {
        last.extend(word);
    }
    commands.retain(|words: &Vec<String>| words.first().is_some_and(|first| first == program));
    Ok(commands)
}

/// Whether the command line understands every `secrets` in a line, and git knows the commands and options of every
/// `git`. Answers with how many there were.
pub fn understand(line: &str) -> Result<usize, String> {
    if !line.split_whitespace().any(|word| ["secrets", "git"].contains(&word)) {
        return Ok(0);
    }
    let mut line = line.to_owned();
    for (placeholder, text) in PLACEHOLDERS {
        line = line.replace(placeholder, text);
    }
    // What is left open in a sentence is an argument, or any number of them: `--key …`, `secrets add NAME …`.
    understand_filled_in(&line.replace('…', "x")).or_else(|fault| {
        let shorter = line.replace(" …", " ").replace('…', "x");
        understand_filled_in(&shorter).map_err(|_| fault)
    })
}

fn understand_filled_in(line: &str) -> Result<usize, String> {
    let own = commands_of("secrets", line)?;
    for words in &own {
        if words.len() > 1 {
            understood(words)?;
        }
    }
    let git = commands_of("git", line)?;
    for words in &git {
        git_knows(words)?;
    }
    Ok(own.len() + git.len())
}

/// A command line, or the mere name of a command that has more to it: `secrets expiry set`.
fn understood(words: &[String]) -> Result<(), String> {
    let mut named = &Cli::described();
    let mut is_name = true;
    for word in &words[1..] {
        match named.find_subcommand(word) {
            Some(found) => named = found,
            None => is_name = false,
        }
    }
    let error = match Cli::try_parse_from(words) {
        Ok(_) => return Ok(()),
        Err(error) if error.exit_code() == 0 => return Ok(()),
        Err(error) => error,
    };
    if is_name { Ok(()) } else { Err(format!("`{}`: {error}", words.join(" "))) }
}

/// What `git COMMAND -h` says, asked once.
static GIT: LazyLock<Mutex<BTreeMap<String, String>>> = LazyLock::new(Mutex::default);

fn git_knows(words: &[String]) -> Result<(), String> {
    let Some(command) = words.get(1) else { return Ok(()) };
    let mut known = GIT.lock().map_err(|error| error.to_string())?;
    let usage = known.entry(command.clone()).or_insert_with(|| {
        let told = Command::new("git").args([command, "-h"]).output().expect("git is there");
        [told.stdout, told.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
    });
    // `git show` is told of by the help of `git log`.
    let named = if command == "show" { "log" } else { command };
    if !usage.contains(&format!("usage: git {named}")) {
        return Err(format!("git has no command `{command}`"));
    }
    // `git log` and `git diff` do not list in their usage what they show a change by.
    let is_open = ["log", "diff", "show"].contains(&command.as_str());
    for option in words.iter().skip(2).take_while(|word| *word != "--").filter(|word| word.starts_with("--"))
    {
        let option = option.split('=').next().unwrap_or_default();
        if !is_open && !usage.contains(option) && !usage.contains(&format!("--[no-]{}", &option[2..])) {
            return Err(format!("`git {command}` has no option `{option}`"));
        }
    }
    Ok(())
}

/// Every command of the command line with the lines of its examples.
pub fn examples() -> Vec<(String, String)> {
    fn collect(command: &clap::Command, path: &str, examples: &mut Vec<(String, String)>) {
        let path = if path.is_empty() {
            command.get_name().to_owned()
        } else {
            format!("{path} {}", command.get_name())
        };
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let (_, listed) = help.split_once("Example").unwrap_or_default();
        for line in listed.lines().filter_map(|line| line.strip_prefix("  ")) {
            // What it does stands behind it.
            let line = line.split("   ").next().unwrap_or_default();
            examples.push((path.clone(), line.trim().to_owned()));
        }
        for inner in command.get_subcommands() {
            collect(inner, &path, examples);
        }
    }
    let mut examples = Vec::new();
    collect(&Cli::described(), "", &mut examples);
    examples
}

#[test]
fn every_example_of_the_help_is_understood() {
    let examples = examples();
    assert!(examples.len() >= 50, "only {} examples were found", examples.len());
    for (command, line) in &examples {
        let words = commands_of("secrets", line).unwrap_or_else(|fault| panic!("{command}: {fault}"));
        assert!(!words.is_empty(), "`{command} --help`: no command of ours in `{line}`");
        // The help breaks longer lines, where there is no terminal at column 100; what is broken can't be pasted.
        assert!(line.chars().count() <= 98, "`{command} --help`: `{line}` is broken into two lines");
        understand(line).unwrap_or_else(|fault| panic!("`{command} --help`: {line}: {fault}"));
    }
}

#[test]
fn command_lines_are_found_and_faults_in_them_seen() {
    let found = |line| {
        let commands = commands_of("secrets", line).unwrap();
        commands.iter().map(|words| words.join("|")).collect::<Vec<_>>()
    };
    assert_eq!(found("secrets check && ./deploy # secrets x"), ["secrets|check"]);
    assert_eq!(
        found("secrets check --scope 'a b/**' && secrets list"),
        ["secrets|check|--scope|a b/**", "secrets|list"]
    );
    assert_eq!(found("secrets custody --format html > custody.html"), ["secrets|custody|--format|html"]);
    assert_eq!(
        found("eval \"$(secrets list | grep x)\" && secrets check"),
        ["secrets|check", "secrets|list"]
    );
    assert_eq!(found("cd ~/secrets; key: secrets-1; run secrets"), Vec::<String>::new());
    for good in ["secrets expiry set", "secrets add NAME …", "git push origin HEAD:main", "secrets --version"]
    {
        assert_eq!(understand(good), Ok(1), "{good}");
    }
    for wrong in
        ["secrets chekc", "secrets add NAME --expire x", "git psuh", "git pull --rebsae", "secrets 'x"]
    {
        assert!(understand(wrong).is_err(), "{wrong}");
    }
}

/// Every command with what the list of its parent's help says of it: a command is defined once it is asked for, and what is
/// defined then must not say something else.
#[test]
fn a_command_says_of_itself_what_the_list_says_of_it() {
    fn help(path: &[&str]) -> String {
        let words = path.iter().copied().chain(["--help"]);
        let asked = Cli::try_parse_from(words).expect_err("help is an error to clap");
        asked.to_string()
    }
    fn compare(command: &clap::Command, path: &[&str], compared: &mut usize) {
        let listed = help(path);
        for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
            let path = [path, &[inner.get_name()]].concat();
            let named = |line: &&str| {
                line.strip_prefix("  ").and_then(|line| line.split_whitespace().next())
                    == Some(inner.get_name())
            };
            let Some(line) = listed.lines().find(named) else {
                assert!(inner.is_hide_set(), "`{}` is not listed", path.join(" "));
                continue;
            };
            // A longer text goes on in the next line.
            let told = line.trim_start().trim_start_matches(inner.get_name()).trim();
            let own = help(&path);
            assert!(!told.is_empty() && own.starts_with(told), "`{}`: `{told}`, and: {own}", path.join(" "));
            *compared += 1;
            compare(inner, &path, compared);
        }
    }
    let mut compared = 0;
    compare(&Cli::described(), &["secrets"], &mut compared);
    assert!(compared > 50, "only {compared} were compared");
}
