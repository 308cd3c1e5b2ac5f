//! Which seals of a secret are known from elsewhere than the place that is judged: from git's history, from the
//! commits that it is held against, and from the ledger.
//!
//! Only a pair that was bound counts, under this name and for this store: a record that was tampered with and put
//! right again says nothing. That is looked at only where it would matter.

use super::BLOBS_AT_ONCE;
use super::place::Place;
use super::trees::{RemoteLedger, Trees};
use crate::domain::digest::Digest;
use crate::domain::facts::{Binding, KnownSeal, SealSource};
use crate::domain::finding::{Known, Unknown};
use crate::domain::id::StoreId;
use crate::domain::name::SecretName;
use crate::domain::policy::DeployRef;
use crate::domain::reach::Reach;
use crate::domain::record::{Record, VersionOrder};
use crate::domain::text::{abridged, counted, listed, shell_word, visible};
use crate::git::{BlobId, Commit, Cut, GitError, Past, RemoteTip, Repository, Snapshot, Tracing};
use crate::seal::{binding, inspection};
use crate::store::layout::{RECORD_ENDING, SEALED_ENDING};
use crate::store::record_file;

/// The walk over `HEAD`'s history, which can go on from another commit.
pub struct Begun(Known<Tracing>);

impl Begun {
    /// Walks back from `HEAD`, or from another commit; asks no remote.
    pub fn at(place: &Place, from: Option<Commit>) -> Self {
        Self::within(place, from, &Reach::ALL)
    }

    /// The same, without what of the store lies beyond a reach.
    pub fn within(place: &Place, from: Option<Commit>, reach: &Reach) -> Self {
        Self(place.known_repository().and_then(|repository| {
            let walk = || {
                let mut tracing = repository.trace(&place.folder, [RECORD_ENDING, SEALED_ENDING], reach)?;
                let from = match from {
                    Some(commit) => Some(commit),
                    None => repository.head()?,
                };
                from.map_or(Ok(()), |commit| tracing.go_back_from(commit))?;
                Ok(tracing)
            };
            walk().map_err(|error| unknown(&error))
        }))
    }

    /// Goes on from the commit that the secrets are held against, where it is here.
    pub fn finish(self, place: &Place, store: StoreId, second: Option<Commit>) -> History<'_> {
        let is_second_elsewhere = (place.repository.as_ref().ok().zip(second))
            .is_some_and(|(repository, commit)| !repository.has(commit));
        let past = self.0.and_then(|mut tracing| {
            let repository = place.known_repository()?;
            if let Some(commit) = second.filter(|_| !is_second_elsewhere) {
                tracing.go_back_from(commit).map_err(|error| unknown(&error))?;
            }
            let past = tracing.finish().map_err(|error| unknown(&error))?;
            if past.is_partial() {
                let records: Vec<BlobId> =
                    past.pairs().flat_map(|(_, pairs)| pairs).map(|pair| record_of(pair.blobs)).collect();
                repository.bring_here(&records).map_err(|error| unknown(&error))?;
            }
            Ok(past)
        });
        History { place, store, past, is_second_elsewhere }
    }
}

fn unknown(error: &GitError) -> Unknown {
    Unknown::new("git history", error.to_string())
}

fn record_of([record, _]: [BlobId; 2]) -> BlobId {
    record
}

/// What once stood in the store.
pub struct History<'a> {
    place: &'a Place,
    store: StoreId,
    past: Known<Past>,
    /// Whether the commit that secrets are held against is not here, nor what it goes back to.
    is_second_elsewhere: bool,
}

/// A commit that a secret is held against, and whose pair is another than the one that is judged.
#[derive(Clone, Copy)]
pub struct Tip<'a> {
    pub commit: Commit,
    pub tree: &'a Snapshot,
    /// From where it is read, if not from here.
    pub remote: Option<&'a RemoteTip>,
}

/// Where a state is read.
#[derive(Clone, Copy)]
enum Source<'a> {
    Here(&'a Repository),
    Remote(&'a RemoteTip),
}

impl Source<'_> {
    fn blobs(self, ids: &[BlobId]) -> Result<Vec<Vec<u8>>, GitError> {
        match self {
            Self::Here(repository) => repository.blobs(ids),
            Self::Remote(tip) => tip.blobs(ids),
        }
    }

    fn blob(self, id: BlobId) -> Known<Option<Vec<u8>>> {
        match self.blobs(&[id]) {
            Ok(blobs) => Ok(blobs.into_iter().next()),
            // Larger than any file of a store: it is none.
            Err(GitError::TooLarge { .. }) => Ok(None),
            Err(error) => Err(unknown(&error)),
        }
    }
}

/// A pair that stood, or stands elsewhere, with what its record claims.
pub struct State<'a> {
    pub order: VersionOrder,
    commit: Commit,
    blobs: [BlobId; 2],
    source: Source<'a>,
}

/// A pair that was sealed together.
pub struct BoundPair {
    pub record: Record,
    /// D of it.
    pub digest: Digest,
    pub sealed: Vec<u8>,
}

/// All that is known of one secret.
pub struct Earlier<'a> {
    history: &'a History<'a>,
    name: &'a SecretName,
    states: Vec<State<'a>>,
}

impl History<'_> {
    /// Whether all is here that should be. What a clone was made without is no damage.
    fn is_undamaged(&self) -> Known<()> {
        match self.past.as_ref().map_err(Clone::clone)?.cut() {
            Some(Cut::Missing) => Err(Unknown::new(
                "git history",
                "older commits or trees are missing here that should be here, so that a newer pair may have stood in \
                 them; see `git fsck`, or make a new clone",
            )),
            None | Some(Cut::Shallow | Cut::Partial) => Ok(()),
        }
    }

    /// Why the history does not reach back to its beginning, and the command that gets the rest.
    pub fn cut(&self) -> Option<(&'static str, &'static str)> {
        Some(match self.past.as_ref().ok()?.cut()? {
            Cut::Shallow => ("this shallow clone's history is cut off", "git fetch --unshallow"),
            Cut::Partial => {
                ("this partial clone lacks older trees", "git fetch --refetch --filter=blob:none")
            }
            Cut::Missing => ("older commits are missing here", "git fsck"),
        })
    }

    /// What is known of a secret. `others` and `second` where their pairs are others than the one that is judged,
    /// whose order is `here`.
    ///
    /// A second tip that is newer is ahead of us, and so is its history; one that is as new went another way. Both
    /// are other faults than a rollback.
    pub fn of<'h>(
        &'h self,
        name: &'h SecretName,
        here: VersionOrder,
        others: &[Tip<'h>],
        second: Option<Tip<'h>>,
    ) -> Known<Earlier<'h>> {
        let past = self.past.as_ref().map_err(Clone::clone)?;
        let repository = self.place.known_repository()?;
        let source = Source::Here(repository);
        let mut states = Vec::new();
        for tip in others {
            states.extend(self.state_at(name, *tip, tip.remote.map_or(source, Source::Remote))?);
        }
        let mut is_ahead = false;
        if let Some(tip) = second {
            let state = self.state_at(name, tip, tip.remote.map_or(source, Source::Remote))?;
            // Where it was removed there, that is the news.
            is_ahead = state.as_ref().is_none_or(|state| state.order >= here);
            states.extend(state.filter(|_| !is_ahead));
        }
        let pairs: Vec<_> = (past.pairs_of(&self.place.path(name.as_str())).iter())
            .filter(|pair| pair.is_of_first || !is_ahead)
            .collect();
        for some in pairs.chunks(BLOBS_AT_ONCE) {
            let ids: Vec<BlobId> = some.iter().map(|pair| record_of(pair.blobs)).collect();
            let records = match repository.blobs(&ids) {
                Ok(blobs) => blobs.into_iter().map(Some).collect(),
                Err(_) => ids.iter().map(|id| source.blob(*id)).collect::<Known<Vec<_>>>()?,
            };
            states.extend(some.iter().zip(records).filter_map(|(pair, record)| {
                let order = record_file::order_of(&record?)?;
                Some(State { order, commit: pair.commit, blobs: pair.blobs, source })
            }));
        }
        Ok(Earlier { history: self, name, states })
    }

    fn state_at<'h>(&self, name: &SecretName, tip: Tip<'h>, source: Source<'h>) -> Known<Option<State<'h>>> {
        let id = |path: String| tip.tree.get(&path).map(|entry| entry.id);
        let (record, sealed) = (id(self.place.record_path(name)), id(self.place.sealed_path(name)));
        let (Some(record), Some(sealed)) = (record, sealed) else { return Ok(None) };
        let order = source.blob(record)?.and_then(|bytes| record_file::order_of(&bytes));
        Ok(order.map(|order| State { order, commit: tip.commit, blobs: [record, sealed], source }))
    }
}

impl<'h> Earlier<'h> {
    /// The newest seal that is known, if it is newer than that of this record or another of the same number.
    pub fn newest_seal(
        &self,
        record: &Record,
        digest: Digest,
        ledger: &Known<RemoteLedger>,
    ) -> Known<Option<KnownSeal>> {
        let of_history = self.newest_of_history(record, digest);
        let of_ledger = match ledger {
            Err(unknown) => Err(unknown.clone()),
            Ok(RemoteLedger::NotAsked | RemoteLedger::Absent) => Ok(None),
            Ok(RemoteLedger::Asked(ledger)) => Ok(ledger.newest(self.name).and_then(|newest| {
                let is_newer = newest.order.seal > record.sealed.seal;
                let may_differ = newest.order.seal == record.sealed.seal;
                let other = newest.digests.iter().find(|other| **other != digest);
                let digest = *other.filter(|_| is_newer || may_differ)?;
                Some(KnownSeal { order: newest.order, digest, source: SealSource::Ledger })
            })),
        };
        match (of_history, of_ledger) {
            // What can be restored from here is the better news.
            (Ok(Some(here)), Ok(Some(there))) => {
                Ok(Some(if there.order.seal > here.order.seal { there } else { here }))
            }
            (Ok(Some(known)), _) | (_, Ok(Some(known))) => Ok(Some(known)),
            (Err(unknown), _) | (_, Err(unknown)) => Err(unknown),
            (Ok(None), Ok(None)) => Ok(None),
        }
    }

    fn newest_of_history(&self, record: &Record, digest: Digest) -> Known<Option<KnownSeal>> {
        let mut newer: Vec<&State<'_>> =
            self.states.iter().filter(|state| state.order.seal >= record.sealed.seal).collect();
        newer.sort_by_key(|state| std::cmp::Reverse(state.order.seal));
        let mut unread = None;
        for state in newer {
            match self.bound(state) {
                Ok(Some(pair)) if pair.digest != digest => {
                    let source = match state.source {
                        Source::Remote(tip) if !tip.is_here() => SealSource::DeployRef,
                        Source::Here(_) | Source::Remote(_) => SealSource::Commit(state.commit.to_string()),
                    };
                    return Ok(Some(KnownSeal { order: state.order, digest: pair.digest, source }));
                }
                Ok(_) => {}
                Err(unknown) => unread = Some(unknown),
            }
        }
        unread.map_or_else(|| self.history.is_undamaged().map(|()| None), Err)
    }

    /// The highest number and the highest seal of all that was ever sealed under this name.
    pub fn highest(&self) -> Known<Option<VersionOrder>> {
        let highest = |of: fn(&State<'_>) -> u64| {
            let mut states: Vec<&State<'_>> = self.states.iter().collect();
            states.sort_by_key(|state| std::cmp::Reverse(of(state)));
            for state in states {
                if self.bound(state)?.is_some() {
                    return Ok(Some(of(state)));
                }
            }
            Ok(None)
        };
        let (number, seal) = (highest(|state| state.order.number)?, highest(|state| state.order.seal)?);
        Ok(number.zip(seal).map(|(number, seal)| VersionOrder { number, seal }))
    }

    /// All that is known, what was sealed last first.
    pub fn all(&self) -> Vec<&State<'h>> {
        let mut all: Vec<&State<'h>> = self.states.iter().collect();
        all.sort_by_key(|state| std::cmp::Reverse((state.order.seal, state.order.number)));
        all
    }

    /// What is known of versions before this one, the latest first.
    pub fn before(&self, number: u64) -> Vec<&State<'h>> {
        let mut before: Vec<&State<'h>> =
            self.states.iter().filter(|state| state.order.number < number).collect();
        before.sort_by_key(|state| std::cmp::Reverse(state.order));
        before
    }

    pub fn history(&self) -> &History<'h> {
        self.history
    }

    /// The pair, if it was sealed together, under this name and for this store.
    pub fn bound(&self, state: &State<'_>) -> Known<Option<BoundPair>> {
        let [record, sealed] = state.blobs;
        let Some(bytes) = state.source.blob(record)? else { return Ok(None) };
        let Ok(record) = record_file::parse(&bytes, self.name.as_str()) else { return Ok(None) };
        let claim = &record.sealed;
        let Ok(digest) = binding::digest(claim) else { return Ok(None) };
        if claim.name != *self.name || claim.store != self.history.store {
            return Ok(None);
        }
        let Some(sealed) = state.source.blob(sealed)? else { return Ok(None) };
        let is_bound = inspection::inspect(&sealed).is_ok_and(|file| file.binding == Binding::Bound(digest));
        Ok(is_bound.then_some(BoundPair { record, digest, sealed }))
    }
}

/// What a person should know of what can't be seen: where an older pair, put back in commits that are not here, would
/// not be noticed. `names` are those that were judged; `deploy_ref` is where the second commit stands, if one does.
pub fn blind_spot(
    history: &History<'_>,
    trees: &Trees,
    names: &[&SecretName],
    deploy_ref: &DeployRef,
) -> Option<String> {
    // What is missing leaves each secret unchecked.
    history.is_undamaged().ok()?;
    let (mut reasons, mut commands) = (Vec::new(), Vec::new());
    if let Some((why, command)) = history.cut() {
        reasons.push(why.to_owned());
        commands.push(command.to_owned());
    }
    if let DeployRef::Branch { remote, branch } = deploy_ref
        && history.is_second_elsewhere
    {
        reasons.push(format!("the history of {} is not here", visible(&deploy_ref.to_string())));
        commands.push(format!("git fetch {} {}", shell_word(remote), shell_word(branch)));
    }
    if reasons.is_empty() {
        return None;
    }
    let ledger_ref = visible(&trees.ledger_ref);
    let ledger = match &trees.ledger {
        Err(_) => return None,
        Ok(RemoteLedger::Asked(ledger)) => {
            let unknown: Vec<&str> = (names.iter().filter(|name| ledger.newest(name).is_none()))
                .map(|name| name.as_str())
                .collect();
            if unknown.is_empty() {
                return None;
            }
            let secrets = counted(unknown.len(), "secret");
            format!("the ledger ({ledger_ref}) does not know {secrets} ({})", abridged(&unknown))
        }
        Ok(RemoteLedger::Absent) => format!("the remote has no ledger ({ledger_ref})"),
        Ok(RemoteLedger::NotAsked) => "no ledger was asked".to_owned(),
    };
    Some(format!(
        "{}, and {ledger}: an older pair that was put back in commits that are not here would not be seen; get the rest \
         with `{}`",
        listed(&reasons),
        commands.join(" && ")
    ))
}
