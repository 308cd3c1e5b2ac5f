//! `secrets man`.

use std::path::Path;

use clap_mangen::Man as Page;

use super::{CommandError, Session};
use crate::cli::{Cli, Man};
use crate::system::files::{self, Access};

pub fn run(session: &Session, arguments: &Man) -> Result<u8, CommandError> {
    let command = Cli::described();
    match &arguments.out {
        None => session.print(page(&command, "secrets")?)?,
        Some(folder) => write_pages(session, &command, "secrets", folder)?,
    }
    Ok(0)
}

fn write_pages(
    session: &Session,
    command: &clap::Command,
    name: &str,
    folder: &Path,
) -> Result<(), CommandError> {
    let path = folder.join(format!("{name}.1"));
    files::write_atomic(&path, &page(command, name)?, Access::Shared)?;
    session.say(path.display().to_string())?;
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        write_pages(session, inner, &format!("{name}-{}", inner.get_name()), folder)?;
    }
    Ok(())
}

fn page(command: &clap::Command, name: &str) -> Result<Vec<u8>, CommandError> {
    let mut text = Vec::new();
    let page = Page::new(command.clone()).title(name.to_owned());
    page.render(&mut text).map_err(|error| CommandError::new(format!("{name}: {error}")))?;
    Ok(text)
}
