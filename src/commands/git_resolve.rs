//! `secrets git resolve`: after a merge, one whole pair of record and value in its place, and staged.

use std::collections::BTreeMap;

use super::session::repository;
use super::{CommandError, Session, sides};
use crate::change::writer::{Then, Writer};
use crate::cli::GitResolve;
use crate::domain::digest::Digest;
use crate::domain::name::SecretName;
use crate::domain::record::Record;
use crate::domain::text::{counted, pathspec};
use crate::git::{Commit, Entry, EntryKind, MAX_BLOB_BYTES, Repository, Stages};
use crate::observe::MAX_SEALED_BYTES;
use crate::observe::place::Place;
use crate::store::classify::{SecretFile, secret_file};
use crate::store::layout::{RECORD_ENDING, SEALED_ENDING};
use crate::store::record_file;
use crate::store::record_merge::{Difference, Merged, Pair, Side, merge};

pub fn run(session: &Session, arguments: &GitResolve) -> Result<u8, CommandError> {
    let place = session.place()?;
    let repository = repository(&place)?;
    let mut writer = Writer::begin(&place.store, repository, &place.folder)?;
    let mut unmerged = unmerged(&place, repository)?;
    if !arguments.all {
        for name in &arguments.names {
            if !unmerged.contains_key(name) {
                return Err(CommandError::new(format!("{name}: is not unmerged")).hint("git status"));
            }
        }
        unmerged.retain(|name, _| arguments.names.contains(name));
    }
    if unmerged.is_empty() {
        session.say("nothing of the store is unmerged")?;
        return Ok(0);
    }
    let choice = Choice::of(arguments);
    let (mut settled, mut open) = (Vec::new(), 0_usize);
    for (name, halves) in &unmerged {
        let conflict = Conflict { place: &place, repository, name, halves };
        match conflict.settle(choice)? {
            Outcome::Settled { record, sealed, notes } => {
                for (half, ending, content) in
                    [(halves.record, RECORD_ENDING, record), (halves.sealed, SEALED_ENDING, sealed)]
                {
                    let file = format!("{name}{ending}");
                    let there = place.store.read(&place.store.root().join(&file), MAX_SEALED_BYTES)?;
                    let was = there.as_deref().map(Digest::of);
                    if half.is_some() || was != content.as_deref().map(Digest::of) {
                        writer.put(&file, was, content);
                        settled.push(place.path(&file));
                    }
                }
                session.say(format!("{name}: {}", notes.first().map_or("merged", String::as_str)))?;
                for note in notes.iter().skip(1) {
                    session.say(format!("  {note}"))?;
                }
            }
            Outcome::Open(lines) => {
                open += 1;
                session.say(format!("{name}: NOT merged, somebody has to choose"))?;
                for line in lines {
                    session.say(format!("  {line}"))?;
                }
            }
        }
    }
    if !writer.is_idle() {
        let written = writer.write(Then::Leave)?;
        repository.stage(&settled)?;
        drop(written);
    }
    if open > 0 {
        session.say(format!("{} left: give --ours, --theirs or --newer", counted(open, "secret")))?;
        return Ok(2);
    }
    tell_what_next(session, repository, &place)?;
    Ok(0)
}

fn tell_what_next(session: &Session, repository: &Repository, place: &Place) -> Result<(), CommandError> {
    if !repository.unmerged("")?.is_empty() {
        return session.say("staged; other files are unmerged still: git status");
    }
    let next = match repository.unfinished_operation() {
        Some("rebase") => "git rebase --continue",
        Some("cherry-pick") => "git cherry-pick --continue",
        Some("revert") => "git revert --continue",
        Some(_) | None => "git commit",
    };
    session.say(format!("staged; look at it with: git diff --cached -- {}", pathspec(&place.folder)))?;
    session.say(format!("then: {next} && secrets check"))
}

/// Which side is taken where there is a choice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    None,
    Side(Side),
    Newer,
}

impl Choice {
    fn of(arguments: &GitResolve) -> Self {
        match (arguments.ours, arguments.theirs, arguments.newer) {
            (true, ..) => Self::Side(Side::Ours),
            (_, true, _) => Self::Side(Side::Theirs),
            (.., true) => Self::Newer,
            _ => Self::None,
        }
    }
}

/// The files of one secret that are unmerged.
#[derive(Default)]
struct Halves {
    record: Option<Stages>,
    sealed: Option<Stages>,
}

fn unmerged(place: &Place, repository: &Repository) -> Result<BTreeMap<SecretName, Halves>, CommandError> {
    let mut found = BTreeMap::<SecretName, Halves>::new();
    for (path, stages) in repository.unmerged(&place.folder)? {
        let Some((file, Ok(name))) = place.below(&path).and_then(secret_file) else { continue };
        let halves = found.entry(name).or_default();
        match file {
            SecretFile::Record => halves.record = Some(stages),
            SecretFile::Sealed => halves.sealed = Some(stages),
        }
    }
    Ok(found)
}

enum Outcome {
    /// What the two files shall hold; `None` removes one. The first note says what was done.
    Settled { record: Option<Vec<u8>>, sealed: Option<Vec<u8>>, notes: Vec<String> },
    /// What there is to choose from.
    Open(Vec<String>),
}

/// One secret that is unmerged.
struct Conflict<'a> {
    place: &'a Place,
    repository: &'a Repository,
    name: &'a SecretName,
    halves: &'a Halves,
}

impl Conflict<'_> {
    fn settle(&self, choice: Choice) -> Result<Outcome, CommandError> {
        let Some(stages) = self.halves.record else { return self.settle_value() };
        let read = |entry: Option<Entry>, whose: &str| self.record(entry, whose);
        let (ours, theirs) = (read(stages.ours, "ours")?, read(stages.theirs, "theirs")?);
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => {
                // A base that can't be read tells nothing about who changed what.
                let base = read(stages.base, "the base").unwrap_or_default();
                self.merge(base.as_ref(), &ours, &theirs, choice)
            }
            (ours, theirs) => self.keep_or_remove(ours, theirs, choice),
        }
    }

    fn merge(
        &self,
        base: Option<&Record>,
        ours: &Record,
        theirs: &Record,
        choice: Choice,
    ) -> Result<Outcome, CommandError> {
        let newer = if theirs.sealed.order() > ours.sealed.order() { Side::Theirs } else { Side::Ours };
        let prefer = match choice {
            Choice::Side(side) => side,
            Choice::None | Choice::Newer => newer,
        };
        let merged = merge(base, ours, theirs, prefer);
        // Two seals of one second have no newer one, and neither has a field.
        let is_told = match choice {
            Choice::None => false,
            Choice::Side(_) => true,
            Choice::Newer => ours.sealed.order() != theirs.sealed.order(),
        };
        if merged.is_open() && !is_told {
            return Ok(Outcome::Open(self.choices(&merged, ours, theirs)));
        }
        let Some(sealed) = self.value_of(&merged.record)? else {
            let what = format!("{}: neither side has the value that its record speaks of", self.name);
            let both = format!("git log --all -p -- {}", pathspec(&self.place.record_path(self.name)));
            return Err(CommandError::new(what).hint(both));
        };
        let notes = self.notes(&merged, ours, theirs, prefer);
        Ok(Outcome::Settled { record: Some(record_file::print(&merged.record)), sealed: Some(sealed), notes })
    }

    fn choices(&self, merged: &Merged, ours: &Record, theirs: &Record) -> Vec<String> {
        let their_label = self.repository.their_commit().as_ref().map(Commit::short).unwrap_or_default();
        let mut lines = Vec::new();
        if let Pair::Open(difference) = merged.pair {
            lines.push(sides::why(difference).to_owned());
        }
        lines.extend(sides::lines(merged, ours, theirs, ["HEAD", &their_label]));
        for side in ["ours", "theirs"] {
            lines.push(format!("to keep {side}: secrets git resolve {} --{side}", self.name));
        }
        lines
    }

    /// What was taken, and what becomes of the rest.
    fn notes(&self, merged: &Merged, ours: &Record, theirs: &Record, prefer: Side) -> Vec<String> {
        let side = match merged.pair {
            Pair::Changed(side) | Pair::Holds(side) => side,
            Pair::Same | Pair::Open(_) => prefer,
        };
        let (kept, lost) = (side.of(ours, theirs), side.of(theirs, ours));
        let mut notes = vec![format!("{}: {}", side.of("ours", "theirs"), sides::told(Some(kept)))];
        if let Pair::Open(difference @ (Difference::Values | Difference::MayBeRevoked { .. })) = merged.pair {
            let from = side.of(self.repository.their_commit(), self.repository.head().ok().flatten());
            let version = &lost.sealed.version;
            let where_it_is = from.map_or_else(String::new, |commit| {
                let path = self.place.sealed_path(self.name);
                format!("; it stays in git's history: git show {}:{path}", commit.short())
            });
            notes.push(format!(
                "the other value (version {}, set by {}) is no longer in the tree{where_it_is}",
                version.number, version.set_by
            ));
            notes.push(match (difference, &merged.record.rotation) {
                (Difference::MayBeRevoked { .. }, Some(_)) => {
                    format!("a rotation is under way, and goes on with: secrets rotate {} --push", self.name)
                }
                (Difference::MayBeRevoked { .. }, None) => {
                    "one of the two may be revoked: see that this one works before it is deployed, and revoke at the issuer the \
                     one that is not used"
                        .to_owned()
                }
                _ => "both were given out: revoke at the issuer the one that is not used".to_owned(),
            });
        }
        let readers = |record: &Record| (record.sealed.readers.clone(), record.sealed.keys.clone());
        if !matches!(merged.pair, Pair::Same | Pair::Changed(_)) && readers(kept) != readers(lost) {
            notes.push(format!(
                "the other was sealed to others; when it is committed: secrets reseal {}",
                self.name
            ));
        }
        notes
    }

    /// The value that a record speaks of: of either side, or the one that git merged by itself.
    fn value_of(&self, record: &Record) -> Result<Option<Vec<u8>>, CommandError> {
        let stages = self.halves.sealed.unwrap_or_default();
        for entry in [stages.ours, stages.theirs, stages.base].into_iter().flatten() {
            let bytes = self.blob(entry, &self.place.sealed_path(self.name))?;
            if Digest::of(&bytes) == record.digest {
                return Ok(Some(bytes));
            }
        }
        let there = self.place.store.read(&self.place.store.sealed_path(self.name), MAX_SEALED_BYTES)?;
        if let Some(bytes) = there.filter(|bytes| Digest::of(bytes) == record.digest) {
            return Ok(Some(bytes));
        }
        // Where the record alone is unmerged, the other side's value is in its commit.
        let path = self.place.sealed_path(self.name);
        for commit in [self.repository.head()?, self.repository.their_commit()].into_iter().flatten() {
            let held = self.repository.file(commit, &path, MAX_BLOB_BYTES)?;
            if let Some((_, bytes)) = held.filter(|(_, bytes)| Digest::of(bytes) == record.digest) {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// The record is settled: its value goes beside it.
    fn settle_value(&self) -> Result<Outcome, CommandError> {
        let path = self.place.record_path(self.name);
        let there = self.place.store.read(&self.place.store.record_path(self.name), MAX_SEALED_BYTES)?;
        let Some(bytes) = there else {
            let notes = vec!["removed: its record is gone".to_owned()];
            return Ok(Outcome::Settled { record: None, sealed: None, notes });
        };
        let record = record_file::parse(&bytes, &path)?;
        let Some(sealed) = self.value_of(&record)? else {
            let what = format!("{path}: neither side has the value that it speaks of");
            return Err(CommandError::new(what).hint(format!("git log --all -p -- {}", pathspec(&path))));
        };
        let notes = vec![format!("the value of its record: {}", sides::told(Some(&record)))];
        Ok(Outcome::Settled { record: Some(bytes), sealed: Some(sealed), notes })
    }

    /// One side removed it, the other changed it.
    fn keep_or_remove(
        &self,
        ours: Option<Record>,
        theirs: Option<Record>,
        choice: Choice,
    ) -> Result<Outcome, CommandError> {
        let Choice::Side(side) = choice else {
            return Ok(Outcome::Open(vec![
                "one side removed it, the other changed it".to_owned(),
                format!("ours    {}", sides::told(ours.as_ref())),
                format!("theirs  {}", sides::told(theirs.as_ref())),
                format!("to keep ours: secrets git resolve {} --ours", self.name),
                format!("to keep theirs: secrets git resolve {} --theirs", self.name),
            ]));
        };
        let notes = vec![format!(
            "{}: {}",
            side.of("ours", "theirs"),
            sides::told(side.of(ours.as_ref(), theirs.as_ref()))
        )];
        let Some(record) = side.of(ours, theirs) else {
            return Ok(Outcome::Settled { record: None, sealed: None, notes });
        };
        let Some(sealed) = self.value_of(&record)? else {
            return Err(CommandError::new(format!("{}: the value of that side is not here", self.name)));
        };
        Ok(Outcome::Settled { record: Some(record_file::print(&record)), sealed: Some(sealed), notes })
    }

    fn record(&self, entry: Option<Entry>, whose: &str) -> Result<Option<Record>, CommandError> {
        let Some(entry) = entry else { return Ok(None) };
        let path = format!("{} ({whose})", self.place.record_path(self.name));
        Ok(Some(record_file::parse(&self.blob(entry, &path)?, &path)?))
    }

    fn blob(&self, entry: Entry, path: &str) -> Result<Vec<u8>, CommandError> {
        if !matches!(entry.kind, EntryKind::File | EntryKind::Executable) {
            return Err(CommandError::new(format!("{path}: is no regular file; put it back as one"))
                .hint("git status"));
        }
        let mut blobs = self.repository.blobs(&[entry.id])?;
        Ok(blobs.pop().unwrap_or_default())
    }
}
