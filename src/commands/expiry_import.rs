//! `secrets expiry import`: what people know of many secrets, out of a table that they filled in.

use std::collections::BTreeMap;

use super::catalogue::Catalogue;
use super::redating::Redating;
use super::session::repository;
use super::writing::Manner;
use super::{CommandError, Session};
use crate::change::writer::Writer;
use crate::cli::ExpiryImport;
use crate::domain::text::counted;
use crate::domain::tracked_name::CredentialName;
use crate::store::expiry_table::{self, MAX_TABLE_BYTES, Table};
use crate::system::{files, wiped};

/// How the path of the table is written for standard input.
const STDIN: &str = "-";

pub fn run(session: &Session, arguments: &ExpiryImport) -> Result<u8, CommandError> {
    let (bytes, path) = read(arguments)?;
    let Table { rows, mut faults } = expiry_table::read(&bytes, &path)?;
    let place = session.place()?;
    let repository = repository(&place)?;
    let writer = Writer::begin_in_repository(&place.store, repository, &place.folder)?;
    let policy = place.policy()?;
    let mut catalogue = Catalogue::of_everything(&place, &policy)?;
    let names: Vec<CredentialName> = rows.iter().map(|row| row.name.clone()).collect();
    catalogue.look_for(&place, &policy, &names)?;

    let mut redating = Redating::new(session, &place, &policy, "say so in `reason`");
    let mut lines: BTreeMap<CredentialName, usize> = BTreeMap::new();
    let (mut silent, mut same) = (0_usize, 0_usize);
    for row in &rows {
        let Some(meant) = catalogue.find(&row.name) else {
            faults.at(row.line, catalogue.unknown(&row.name).to_string());
            continue;
        };
        if let Some(earlier) = lines.insert(meant.name(), row.line) {
            faults.at(row.line, format!("{}: stands in line {earlier} already: remove one", row.name));
            continue;
        }
        if row.terms.is_silent() {
            silent += 1;
            continue;
        }
        match redating.plan(meant, &row.terms) {
            Ok(true) => {}
            Ok(false) => same += 1,
            Err(error) => faults.at(row.line, with_hints(&error)),
        }
    }
    if !faults.is_empty() {
        return Err(CommandError::from(faults.into_error(&path)).hint("nothing was written"));
    }
    for (count, what) in [(silent, "says nothing"), (same, "says what is so already")] {
        if count > 0 {
            session.say(format!("{}: {what}", counted(count, "row")))?;
        }
    }
    if redating.changes.is_empty() {
        session.say("nothing to change")?;
        return Ok(0);
    }
    if arguments.dry_run {
        let lines: Vec<String> = redating.told().map(|line| line + "\n").collect();
        session.print(lines.concat())?;
        session.say(format!("{} would change", counted(redating.changes.len(), "secret")))?;
        return Ok(0);
    }
    redating.told().try_for_each(|line| session.say(line))?;
    let message = format!("secrets: import the expiry of {}", redating.subject());
    let manner = Manner { sealing: &arguments.sealing, publish: &arguments.publish };
    redating.write(writer, &message, &manner, arguments.untested_hooks)?;
    Ok(0)
}

/// The table, and what it is called in messages.
fn read(arguments: &ExpiryImport) -> Result<(Vec<u8>, String), CommandError> {
    if arguments.file.as_os_str() == STDIN {
        let bytes = wiped::read_stdin(MAX_TABLE_BYTES);
        let bytes = bytes.map_err(|error| CommandError::new(format!("standard input: {error}")))?;
        return Ok((bytes, "standard input".to_owned()));
    }
    let bytes = files::read_following_links(&arguments.file, MAX_TABLE_BYTES as u64)?;
    Ok((bytes, arguments.file.display().to_string()))
}

/// On one line, because each line of the table has one.
fn with_hints(error: &CommandError) -> String {
    let hints = error.hints().iter().map(|hint| format!("; {hint}"));
    std::iter::once(error.to_string()).chain(hints).collect()
}
