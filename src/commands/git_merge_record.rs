//! `secrets git merge-record`: git's driver for records. Ends with 1 where a conflict is left: then a whole record that fits
//! the value beside it stands in the work tree, and git keeps both sides for `secrets git resolve`.

use std::path::Path;

use super::{CommandError, Session, sides};
use crate::cli::GitMergeRecord;
use crate::domain::record::Record;
use crate::domain::text::visible;
use crate::store::record_file::{self, MAX_RECORD_BYTES};
use crate::store::record_merge::{Pair, Side, merge};
use crate::system::files::{self, Access};

pub fn run(session: &Session, arguments: &GitMergeRecord) -> Result<u8, CommandError> {
    let path = visible(&arguments.path).into_owned();
    let read = |file: &Path| -> Result<Option<Record>, CommandError> {
        let file = session.environment.current_dir().join(file);
        let bytes = files::read(&file, MAX_RECORD_BYTES)?;
        // Where both sides added it, git begins with an empty file.
        if bytes.is_empty() { Ok(None) } else { Ok(Some(record_file::parse(&bytes, &path)?)) }
    };
    let (base, ours, theirs) = (read(&arguments.base), read(&arguments.ours), read(&arguments.theirs));
    let (ours, theirs) = match (ours, theirs) {
        (Ok(Some(ours)), Ok(Some(theirs))) => (ours, theirs),
        (Err(error), _) | (_, Err(error)) => return left(session, &path, &error.to_string()),
        (Ok(None), _) | (_, Ok(None)) => return left(session, &path, "one side's record is empty"),
    };
    let base = match base {
        Ok(base) => base,
        Err(error) => return left(session, &path, &error.to_string()),
    };
    // What stands beside the record is the value of the one side that has changed it, else ours.
    let is_theirs = base.as_ref().is_some_and(|base| base.digest == ours.digest);
    let prefer = if is_theirs && base.as_ref().is_some_and(|base| base.digest != theirs.digest) {
        Side::Theirs
    } else {
        Side::Ours
    };
    let merged = merge(base.as_ref(), &ours, &theirs, prefer);
    // Where both sealed it anew, git leaves our value in the work tree, and the record stays beside it.
    if merged.pair != Pair::Holds(Side::Theirs) {
        let file = session.environment.current_dir().join(&arguments.ours);
        // Where it can't be written, git finds our side whole.
        files::write_output(&file, &record_file::print(&merged.record), Access::Shared)
            .map_err(|error| CommandError::new(format!("{path}: {}", error.reason())))?;
    }
    if merged.is_clean() {
        return Ok(0);
    }
    let name = &ours.sealed.name;
    let settled = match merged.pair {
        Pair::Holds(side) if merged.fields.is_empty() => Some(side),
        Pair::Same | Pair::Changed(_) | Pair::Open(_) | Pair::Holds(_) => None,
    };
    let why = match merged.pair {
        Pair::Open(difference) => sides::why(difference),
        Pair::Holds(_) => "both sides sealed it anew",
        Pair::Same | Pair::Changed(_) => "both sides edited what is known about it",
    };
    session.say(format!("{path}: {why}"))?;
    let label = |label: &Option<String>| {
        // A git that does not know the placeholder leaves it as it is.
        label.as_deref().filter(|text| !text.starts_with('%')).unwrap_or_default().to_owned()
    };
    let (ours_is, theirs_is) = (label(&arguments.our_label), label(&arguments.their_label));
    for line in sides::lines(&merged, &ours, &theirs, [&ours_is, &theirs_is]) {
        session.say(format!("  {line}"))?;
    }
    if let Some(side) = settled {
        let side = side.of("ours", "theirs");
        session.say(format!(
            "  {side} holds all that the other changed; to take it: secrets git resolve {name}"
        ))?;
    } else {
        session.say(format!("  to keep one: secrets git resolve {name} --ours"))?;
        session.say(format!("           or: secrets git resolve {name} --theirs"))?;
    }
    Ok(1)
}

/// What can't be merged stays as we have it, and is a conflict.
fn left(session: &Session, path: &str, why: &str) -> Result<u8, CommandError> {
    session.say(format!("{path}: can't be merged, and is left as ours has it: {}", visible(why)))?;
    Ok(1)
}
