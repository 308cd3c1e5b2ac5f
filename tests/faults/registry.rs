//! No command that writes is forgotten.

use std::collections::BTreeSet;

use clap::CommandFactory as _;
use secrets::cli::Cli;

use crate::core;
use crate::mending;
use crate::others;

/// What writes nothing that anybody relies on, and why that is so.
const READING: &[(&str, &str)] = &[
    ("completions", "prints"),
    ("custody", "prints"),
    ("exec", "hands values to a program, in its environment or in files in memory that go with it"),
    ("get", "prints"),
    ("git hook", "judges what git is about to do"),
    ("git textconv", "prints"),
    ("key list", "prints"),
    ("ledger show", "prints"),
    ("list", "prints"),
    ("machines list", "prints"),
    ("people impact", "prints"),
    ("people list", "prints"),
    ("probe run", "tries a value, and prints"),
    ("schema", "prints"),
    ("show", "prints"),
];

/// Ways of commands that are walked, which are not struck, and why that is so.
const NOT_STRUCK: &[(&str, &str)] = &[(
    "warn --state FILE",
    "not struck: who is killed has claimed what it was about to tell, and for half an hour nobody else tells it, so giving the \
     same command again does not come to the same end; `warn` with the ledger on the remote is struck",
)];

#[test]
fn every_command_is_walked_or_writes_nothing() {
    let mut walked: BTreeSet<&str> = core::ROWS.iter().map(|row| row.command).collect();
    walked.extend([mending::MEND.command, others::GLASS.command]);
    for rows in [others::PEOPLE, others::RECORDS, others::BESIDE, others::OUTPUTS] {
        walked.extend(rows.iter().map(|row| row.command));
    }
    let reading: BTreeSet<&str> = READING.iter().map(|(command, _)| *command).collect();
    assert_eq!(walked.intersection(&reading).collect::<Vec<_>>(), [&""; 0]);
    let mut all = BTreeSet::new();
    leaves(&Cli::command(), "", &mut all);
    for (way, why) in NOT_STRUCK {
        let is_walked = walked.iter().any(|command| way.starts_with(command));
        assert!(is_walked && why.starts_with("not struck: "), "{way}");
    }
    let known: BTreeSet<String> = walked.union(&reading).map(|command| (*command).to_owned()).collect();
    assert_eq!(all, known);
}

fn leaves(command: &clap::Command, above: &str, all: &mut BTreeSet<String>) {
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        let name = format!("{above}{}", inner.get_name());
        if inner.has_subcommands() {
            leaves(inner, &format!("{name} "), all);
        } else {
            all.insert(name);
        }
    }
}
