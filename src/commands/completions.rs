//! `secrets completions`.

use clap::CommandFactory as _;

use super::{CommandError, Session};
use crate::cli::{Cli, Completions};

pub fn run(session: &Session, arguments: &Completions) -> Result<u8, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "secrets", &mut script);
    session.print(script)?;
    Ok(0)
}
