//! The store as another commit has it, for `check --against`.

use std::sync::OnceLock;

use super::contents::{Beyond, Contents, secret_facts};
use super::history::{Begun, History};
use super::place::{Place, parse_policy};
use super::proofs::Prover;
use super::selection::Selection;
use super::signers::{Pair, Signers};
use super::tracked::TrackedFiles;
use super::trees::{RemoteLedger, listing_of};
use crate::domain::facts::{
    Deployed, LastWarn, Policies, SecretFacts, StoreFacts, Stray, StrayKind, StrayPlace,
};
use crate::domain::finding::{Known, Unknown};
use crate::domain::glob::GlobList;
use crate::domain::id::StoreId;
use crate::domain::name::SecretName;
use crate::domain::policy::{Policy, RuleSet, Scope};
use crate::domain::tracked_name::TrackedName;
use crate::domain::tracking::{Coverage, Track};
use crate::git::{Commit, EntryKind, GitError, Repository, Snapshot};
use crate::seal::header;
use crate::store::classify::Listing;
use crate::store::layout::POLICY;

/// The store as one commit has it.
pub struct Reference<'a> {
    place: &'a Place,
    pub commit: Commit,
    /// What messages call it.
    called: String,
    tree: Snapshot,
    listing: Listing,
    pub names: Vec<SecretName>,
    /// What once stood there, where it was looked for.
    history: Option<History<'a>>,
    /// Whose signatures count there; read when the first one is met.
    signers: OnceLock<Known<Signers>>,
}

impl<'a> Reference<'a> {
    pub fn observe(place: &'a Place, rev: &str) -> Known<Self> {
        let unknown = |error: GitError| Unknown::new(rev, error.to_string());
        let repository = place.known_repository()?;
        let commit = repository.resolve(rev).map_err(unknown)?;
        Self::at(place, repository, commit).map_err(unknown)
    }

    /// The store as this commit of the place's repository has it.
    pub fn at(place: &'a Place, repository: &Repository, commit: Commit) -> Result<Self, GitError> {
        let tree = repository.snapshot(commit, &place.folder)?;
        let listing = listing_of(place, &tree);
        let names = listing.secrets.keys().cloned().collect();
        let (called, signers) = (commit.short(), OnceLock::new());
        Ok(Self { place, commit, called, tree, listing, names, history: None, signers })
    }

    /// The store as this commit of the place's own repository has it.
    pub fn at_place(place: &'a Place, commit: Commit) -> Known<Self> {
        let repository = place.known_repository()?;
        Self::at(place, repository, commit).map_err(|error| Unknown::new(commit.short(), error.to_string()))
    }

    /// The same under another name, for messages: what is staged has no commit yet.
    #[must_use]
    pub fn called(self, called: &str) -> Self {
        Self { called: called.to_owned(), ..self }
    }

    /// The same, with what the history of the commit knows of earlier seals.
    #[must_use]
    pub fn with_history(mut self, store: StoreId) -> Self {
        let begun = Begun::at(self.place, Some(self.commit));
        self.history = Some(begun.finish(self.place, store, None));
        self
    }

    /// The commit and the store in it, to be held against.
    pub fn tip(&self) -> (Commit, &Snapshot) {
        (self.commit, &self.tree)
    }

    /// What can't be judged there by its name, or not be seen at all; paths are relative to the store.
    pub fn unseen(&self) -> &[Unknown] {
        &self.listing.unknowns
    }

    /// The policy there; `None` where the commit has no store.
    pub fn policy(&self) -> Known<Option<Policy>> {
        let Some(bytes) = self.read(&self.place.path(POLICY))? else { return Ok(None) };
        let path = format!("{} in {}", self.place.path(POLICY), self.called);
        let policy = parse_policy(&bytes, &path).map_err(|error| Unknown::new(path, error.to_string()))?;
        Ok(Some(policy))
    }

    /// The policy there beside that of the change; `None` where there is none to compare. `files` and `values` are what
    /// other tools have sealed in the change.
    pub fn policies(
        &self,
        change: &Policy,
        files: Vec<String>,
        values: Vec<TrackedName>,
    ) -> Option<Box<Policies>> {
        let before = self.policy().ok().flatten()?;
        let (names, reference) = (self.names.clone(), self.commit.short());
        Some(Box::new(Policies { before, after: change.clone(), names, files, values, reference }))
    }

    /// What other tools have sealed there, judged by `policy`. `here` is what they have in the change.
    pub fn tracked(
        &self,
        policy: &'a Policy,
        selection: &Selection,
        here: &'a TrackedFiles<'a>,
    ) -> Known<TrackedFiles<'a>> {
        TrackedFiles::at_commit(self.place, policy, self.commit, selection, Some(here))
    }

    /// Who signs, as the policy there has it; where there is no store, as `change` has it.
    pub fn signers(&self, change: &Policy) -> Known<Signers> {
        Ok(Signers::of(self.policy()?.as_ref().unwrap_or(change)))
    }

    pub fn secret(&self, name: &SecretName, prover: Option<&Prover<'_>>) -> SecretFacts {
        let contents = Contents {
            record: self.read(&self.place.record_path(name)),
            sealed: self.read(&self.place.sealed_path(name)),
        };
        let judge = |pair: &Pair<'_>| {
            let read = || Ok(self.policy()?.as_ref().map(Signers::of).unwrap_or_default());
            pair.judged_by(|| self.signers.get_or_init(read).as_ref().map_err(Clone::clone))
        };
        let facts =
            secret_facts(self.place, name, &contents, &judge, Ok(Vec::new()), Ok(Deployed::NotJudged));
        let earlier = match (&self.history, &facts.record) {
            (Some(history), Ok(Some(record))) => Some(history.of(name, record.sealed.order(), &[], None)),
            _ => None,
        };
        let ledger = Ok(RemoteLedger::NotAsked);
        let beyond = Beyond::observe(&facts, &contents, earlier.as_ref(), &ledger, prover);
        beyond.complete(facts)
    }

    /// `tracked` are the secrets there that other tools have sealed.
    pub fn store(&self, tracked: Vec<TrackedName>) -> StoreFacts {
        let mut unknowns = Vec::new();
        let mut strays = Vec::new();
        for other in &self.listing.others {
            let path = self.place.path(&other.path);
            let kind = match self.read(&path) {
                Ok(Some(bytes)) if header::looks_like_age(&bytes) => StrayKind::Sealed,
                Ok(_) => StrayKind::Plaintext,
                Err(unknown) => {
                    unknowns.push(unknown);
                    continue;
                }
            };
            strays.push(Stray { path, kind, place: StrayPlace::Here });
        }
        StoreFacts {
            names: self.names.clone(),
            tracked,
            strays,
            without_record: Vec::new(),
            policy_path: self.place.path(POLICY),
            uncommitted: Ok(Vec::new()),
            deployed: Ok(Deployed::NotJudged),
            unread_rescues: Vec::new(),
            last_warn: Ok(LastWarn::LeftOut),
            exposures: Vec::new(),
            policies: None,
            unknowns,
        }
    }

    fn read(&self, path: &str) -> Known<Option<Vec<u8>>> {
        let Some(entry) = self.tree.get(path) else { return Ok(None) };
        let unknown = |why: String| Unknown::new(format!("{path} in {}", self.called), why);
        if !matches!(entry.kind, EntryKind::File | EntryKind::Executable) {
            return Err(unknown("is not a regular file".to_owned()));
        }
        let repository = self.place.known_repository()?;
        let blobs = repository.blobs(&[entry.id]).map_err(|error| unknown(error.to_string()))?;
        Ok(blobs.into_iter().next())
    }
}

/// The policy by which a change is judged: levels, thresholds, scopes, waivers, acceptances, kinds and what is no secret as
/// the reference has them; people, keys, groups and who reads what as the change has them. Sealed must be what either calls
/// so; where the reference tracks nothing, the change's own `[track]` and kinds judge. Unknown where their globs, each list of
/// which compiles, are too large together.
pub fn judging_policy(reference: &Policy, change: &Policy) -> Known<Policy> {
    let without_readers = |rules: &RuleSet| RuleSet { readers: None, ..rules.clone() };
    let only_readers = |rules: &RuleSet| RuleSet { readers: rules.readers.clone(), ..RuleSet::default() };
    let kept =
        reference.scopes.iter().map(|scope| Scope { rules: without_readers(&scope.rules), ..scope.clone() });
    let brought = change
        .scopes
        .iter()
        .filter(|scope| scope.rules.readers.is_some())
        .map(|scope| Scope { rules: only_readers(&scope.rules), ..scope.clone() });
    let scopes: Vec<Scope> = kept.chain(brought).collect();
    let scope_globs = GlobList::new(scopes.iter().map(|scope| &scope.glob)).map_err(|error| {
        let why = format!("{error}, with those of the other ref; write fewer or simpler scopes");
        Unknown::new("[[scope]] in policy.toml", why)
    })?;
    let (track, kinds) = match &reference.track {
        Some(track) => (Some(beside(track, change.track.as_ref())), reference.kinds.clone()),
        None => (change.track.clone(), change.kinds.clone()),
    };
    Ok(Policy {
        track,
        kinds,
        defaults: RuleSet { readers: change.defaults.readers.clone(), ..reference.defaults.clone() },
        scope_globs,
        scopes,
        waivers: reference.waivers.clone(),
        acceptances: reference.acceptances.clone(),
        require: reference.require.clone(),
        channels: reference.channels.clone(),
        heartbeat: reference.heartbeat.clone(),
        ledger: reference.ledger.clone(),
        ..change.clone()
    })
}

/// What the reference tracks, and what the change calls sealed beside that.
fn beside(reference: &Track, change: Option<&Track>) -> Track {
    let also = change.map(|track| Coverage { files: track.files.clone(), except: track.except.clone() });
    Track { also: also.into_iter().collect(), ..reference.clone() }
}

/// The keys that a change brings or exchanges, one line each, so that whoever reviews it compares them.
pub fn new_keys(reference: Option<&Policy>, change: &Policy) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, actor) in change.actors() {
        for key in actor.keys() {
            let before = reference.and_then(|policy| policy.holder_of(&key.fingerprint));
            match before {
                Some(holder) if holder == name => {}
                Some(holder) => lines.push(format!(
                    "the change moves the key {} ({}) from {holder} to {name}",
                    key.fingerprint, key.kind
                )),
                None => lines.push(format!(
                    "the change brings a new key for {name}: {} ({}); compare it with its holder",
                    key.fingerprint, key.kind
                )),
            }
        }
    }
    for (name, person) in &change.people {
        for key in &person.signing_keys {
            let before = reference.and_then(|policy| policy.signer_with(&key.fingerprint));
            if before != Some(name) {
                lines.push(format!(
                    "the change brings a new signing key for {name}: {}; compare it with its holder",
                    key.fingerprint
                ));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::{Acceptance, Departed};

    fn policy(scopes: &[(String, &str)]) -> Policy {
        let scopes: Vec<String> =
            scopes.iter().map(|(glob, rule)| format!("[[scope]]\nmatch = \"{glob}\"\n{rule}\n")).collect();
        let scopes = scopes.concat();
        let text = format!(
            "schema = 1\nstore = \"01KDVDNA000000000000000001\"\ndeploy-ref = \"none\"\n[people.alice]\nkeys = \
             [\"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\"]\n{scopes}"
        );
        parse_policy(text.as_bytes(), "policy.toml").unwrap()
    }

    /// Scopes that compile together, and not twice as many of them.
    fn many(folder: &str, rule: &'static str) -> Vec<(String, &'static str)> {
        let parts = (0..60).map(|part| format!("{part}**/*{part}*")).collect::<Vec<_>>().join(",");
        (0..SCOPES).map(|scope| (format!("{folder}{scope}/{{{parts}}}"), rule)).collect()
    }
    const SCOPES: usize = 170;

    fn acceptance(of: &str) -> Acceptance {
        let (on, of) = ("2026-05-01T00:00:00Z".parse().unwrap(), Departed::Actor(of.parse().unwrap()));
        Acceptance { of, on, reason: "ticket 812".to_owned(), by: "alice".to_owned(), line: 9 }
    }

    #[test]
    fn rules_of_the_reference_and_readers_of_the_change() {
        let reference = policy(&[("a/**".to_owned(), "min-people = 3")]);
        let change =
            policy(&[("b/**".to_owned(), "readers = [\"alice\"]"), ("a/**".to_owned(), "min-people = 1")]);
        let (mut reference, mut change) = (reference, change);
        reference.acceptances = vec![acceptance("carol")];
        change.acceptances = vec![acceptance("dave")];
        let judging = judging_policy(&reference, &change).unwrap();
        assert_eq!(judging.acceptances, reference.acceptances);
        assert_eq!(judging.scope_globs.matching("a/x"), [0]);
        assert_eq!(judging.scope_globs.matching("b/x"), [1]);
        assert_eq!(judging.scopes[0].rules.min_people, Some(3));
    }

    #[test]
    fn globs_that_are_too_large_together_are_unknown() {
        let reference = policy(&many("a", "min-people = 3"));
        let change = policy(&many("b", "readers = [\"alice\"]"));
        let unknown = judging_policy(&reference, &change).unwrap_err();
        assert!(unknown.what.contains("[[scope]]"), "{unknown:?}");
    }
}
