//! `secrets ledger mend`: takes lines that can't be read out of the ledger.

use super::{CommandError, Session, remembered};
use crate::cli::LedgerMend;
use crate::domain::text::counted;

pub fn run(session: &Session, arguments: &LedgerMend) -> Result<u8, CommandError> {
    let state = arguments.state.as_deref();
    let broken = remembered::at(session, state, |memory| memory.mend(session.now))?;
    let taken_out = counted(broken, "line");
    session.print(match (broken, state) {
        (0, _) => "nothing to mend: every line can be read\n".to_owned(),
        (_, None) => format!("taken out: {taken_out} that could not be read; the ref's history keeps them\n"),
        (_, Some(_)) => format!("taken out: {taken_out} that could not be read\n"),
    })?;
    Ok(0)
}
