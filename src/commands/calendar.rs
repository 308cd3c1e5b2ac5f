//! `secrets calendar`: due dates as an iCalendar feed.

use super::inventory::Inventory;
use super::{CommandError, Session, written_out};
use crate::cli::Calendar;
use crate::domain::due::End;
use crate::domain::text::{counted, visible};
use crate::render::calendar::{self, Feed};
use crate::system::files::Access;

/// The exit code where a due date is not known.
const NOT_KNOWN: u8 = 2;
/// How many of those are named.
const MOST_NAMED: usize = 10;

pub fn run(session: &Session, arguments: &Calendar) -> Result<u8, CommandError> {
    let inventory = Inventory::read(session, &arguments.scope)?;
    let timeline = inventory.timeline(session.now);
    if timeline.dues.is_empty() && inventory.unknowns.is_empty() {
        // A feed that tells of nothing would look like one in which all is well.
        let error = CommandError::new("the store holds no secret: there is nothing to put into a calendar");
        return Err(error.hint("secrets add NAME --expires-in 1y"));
    }
    let feed = Feed {
        name: &arguments.name,
        store: inventory.store,
        timeline: &timeline,
        unknowns: &inventory.unknowns,
    };
    written_out::deliver(session, arguments.output.as_deref(), &calendar::render(&feed), Access::Shared)?;
    if arguments.output.is_some() {
        let dated = timeline.dues.iter().filter(|due| due.at().is_some()).count();
        let never = timeline.tally.never;
        let never = if never > 0 { format!("; {never} never end") } else { String::new() };
        session.say(format!("{}{never}", counted(dated, "due date")))?;
    }
    let mut unknown: Vec<String> = Vec::new();
    for due in &timeline.dues {
        match &due.end {
            End::Unsaid => unknown.push(format!("{}: nobody has said when it ends", due.name)),
            End::Unread(why) if why.contains(due.name.as_str()) => unknown.push(why.clone()),
            End::Unread(why) => unknown.push(format!("{}: {why}", due.name)),
            End::At(_) | End::Never(_) => {}
        }
    }
    unknown.extend(inventory.unknowns.iter().map(|unknown| format!("{}: {}", unknown.what, unknown.why)));
    if unknown.is_empty() {
        return Ok(0);
    }
    session.say(format!("NOT dated, because it is not known when they end ({}):", unknown.len()))?;
    for line in unknown.iter().take(MOST_NAMED) {
        session.say(format!("  {}", visible(line)))?;
    }
    if let Some(more) = unknown.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        session.say(format!("  … and {more} more"))?;
    }
    session.say("see: secrets list --without-expiry, secrets check")?;
    Ok(NOT_KNOWN)
}
