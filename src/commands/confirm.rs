//! `secrets confirm`: brings records of tracked secrets up to date with what stands in the files now.

use std::collections::BTreeSet;

use super::comparing::{Late, late};
use super::confirming::{Answers, Settled};
use super::ending::check_issued;
use super::gathering::{CustodyRecords, Target};
use super::session::repository;
use super::tracking::commit;
use super::writing::undisturbed;
use super::{CommandError, Session};
use crate::change::writer::Writer;
use crate::cli::Confirm;
use crate::domain::claim::Claim;
use crate::domain::foreign::Contents;
use crate::domain::text::{counted, visible};
use crate::domain::tracked_facts::FileFacts;
use crate::domain::tracked_name::TrackedName;
use crate::observe::place::Place;
use crate::observe::selection::Selection;
use crate::observe::tracked::{Opener, TrackedFiles, bounded};
use crate::observe::trees::{Ask, Trees};
use crate::system::threads::{ParallelIterator as _, Shared as _};

pub fn run(session: &Session, arguments: &Confirm) -> Result<u8, CommandError> {
    let place = session.place()?;
    let repository = repository(&place)?;
    check_issued(session, arguments.issued)?;
    let policy = place.policy()?;
    let answers = Answers::read(session, arguments)?;
    let chosen = chosen(session, &place, &arguments.names)?;
    let trees = Trees::observe(&place, &policy, Ask::LeaveOut);
    let selection = Selection::of_others(chosen.iter().map(TrackedName::file));
    let tracked = undisturbed(&place, || Ok(TrackedFiles::observe(&place, &policy, &trees, &selection)?))?;
    let Some(tracked) = tracked else {
        session.say("nothing is tracked here: secrets track PATH")?;
        return Ok(0);
    };
    let files: Vec<FileFacts> = tracked.files.par_iter().filter_map(|path| tracked.file(path)).collect();
    let faults: Vec<String> = files.iter().filter_map(fault).collect();
    let late = examine(session, &tracked, &files, &chosen, answers.wants_ends());
    for file in uncommitted(&files, &late) {
        session.say(format!(
            "{}: is not as in HEAD: commit it too, or its record speaks of what nobody else has",
            visible(file)
        ))?;
    }
    let settled = Settled::of(session, &answers, late, arguments.dry_run)?;
    session.print(settled.told(arguments.dry_run))?;
    for fault in &faults {
        session.say(format!("not judged: {fault}"))?;
    }
    let code = if faults.is_empty() && (arguments.dry_run || settled.left.is_empty()) { 0 } else { 2 };
    if arguments.dry_run || settled.is_idle() {
        return Ok(code);
    }
    let mut writer = Writer::begin_in_repository(&place.store, repository, &place.folder)?;
    let mut records = CustodyRecords::new(&place);
    for (was, name, claim) in settled.changed() {
        refuse_changed(&mut records, name, was)?;
        records.put(name, claim.clone())?;
    }
    let count = settled.changed().count();
    records.plan(&mut writer);
    let message = format!("secrets: confirm {}", counted(count, "tracked secret"));
    commit(session, &place, &policy, writer, &message, &arguments.publish, arguments.untested_hooks)?;
    Ok(code)
}

/// The records that are meant; all, where none is named.
fn chosen(session: &Session, place: &Place, names: &[String]) -> Result<BTreeSet<TrackedName>, CommandError> {
    let all = CustodyRecords::new(place).all()?;
    if names.is_empty() {
        return Ok(all);
    }
    let mut chosen = BTreeSet::new();
    for text in names {
        let target = Target::read(session, place, text)?;
        let fitting: Vec<TrackedName> = all.iter().filter(|name| target.means(name)).cloned().collect();
        if fitting.is_empty() {
            return Err(CommandError::new(format!("{text}: no record of a tracked file fits it"))
                .hint("secrets list")
                .hint(format!("to make one: secrets track {text}")));
        }
        chosen.extend(fitting);
    }
    Ok(chosen)
}

/// Why nothing can be said of a file.
fn fault(file: &FileFacts) -> Option<String> {
    let why = match (&file.contents, &file.secrets) {
        (Err(unknown), _) | (_, Err(unknown)) => format!("{}: {}", unknown.what, unknown.why),
        (Ok(None), _) => {
            "there is no such file: secrets untrack its records, or restore it from git".to_owned()
        }
        (Ok(Some(Contents::Plain(why))), _) => format!("is not sealed: {why}"),
        (Ok(Some(Contents::Damaged(damage))), _) => damage.to_string(),
        (Ok(Some(Contents::Sealed(_))), Ok(_)) => return None,
    };
    Some(visible(&format!("{}: {why}", file.name)).into_owned())
}

fn examine(
    session: &Session,
    tracked: &TrackedFiles<'_>,
    files: &[FileFacts],
    chosen: &BTreeSet<TrackedName>,
    wants_ends: bool,
) -> Vec<Late> {
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    let opener = Opener::new(&session.environment, &mut identities);
    let progress = session.terminal.progress("comparing values", Some(files.len() as u64));
    let look = |file: &FileFacts| {
        let late = late(tracked, file, &|name| chosen.contains(name), &opener, wants_ends);
        progress.advance(1);
        late
    };
    bounded(|| files.par_iter().flat_map(look).collect())
}

/// The files that a record is to speak of and that are in no commit as they are.
fn uncommitted<'f>(files: &'f [FileFacts], late: &'f [Late]) -> impl Iterator<Item = &'f str> {
    let is_late = |file: &&FileFacts| late.iter().any(|late| late.secret.name.file() == file.name.file());
    let differs = |file: &&FileFacts| file.uncommitted.as_ref().is_ok_and(|all| !all.is_empty());
    files.iter().filter(is_late).filter(differs).map(|file| file.name.as_str())
}

/// Somebody may have edited the record while values were compared and questions asked.
fn refuse_changed(
    records: &mut CustodyRecords<'_>,
    name: &TrackedName,
    was: &Claim,
) -> Result<(), CommandError> {
    let now = records.beside(name.file())?.get(name);
    if now.is_some_and(|now| Claim { line: was.line, ..now.clone() } == *was) {
        return Ok(());
    }
    Err(CommandError::new(format!("{name}: its record was changed meanwhile, so nothing was written"))
        .hint("run the same command again"))
}
