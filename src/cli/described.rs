//! The command line, for those who describe it.

use clap::CommandFactory as _;

use super::Cli;

impl Cli {
    /// Every command with all of its arguments. Otherwise a command is defined once it is asked for, which spares each
    /// run most of the time that it takes to start.
    pub fn described() -> clap::Command {
        let mut command = Self::command();
        command.build();
        command
    }
}
