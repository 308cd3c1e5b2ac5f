//! Everything that can be observed of the secrets, without an identity.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::MAX_SEALED_BYTES;
use super::contents::{Beyond, Contents, secret_facts};
use super::deploy::Comparison;
use super::difference::{difference_of, from_head};
use super::history::{self, Begun, Earlier, History, Tip};
use super::place::Place;
use super::proofs::{Progress, Prover};
use super::rescues::Rescues;
use super::signer_source::SignerSource;
use super::signers::Pair;
use super::trees::{Ask, RemoteLedger, Trees};
use crate::domain::facts::{Difference, Overlooked, Presence, SecretFacts, Uncommitted};
use crate::domain::finding::{Known, Unknown};
use crate::domain::id::StoreId;
use crate::domain::name::SecretName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::reach::Reach;
use crate::domain::record::VersionOrder;
use crate::domain::rescue::Rescued;
use crate::git::{Commit, Snapshot};
use crate::store::classify::Listing;
use crate::store::layout::{ATTRIBUTES, POLICY};
use crate::store::record_file::MAX_RECORD_BYTES;
use crate::system::files;
use crate::system::threads;

/// The store as it stands in work tree, `HEAD` and deploy ref, ready to be asked about each secret.
pub struct Observation<'a> {
    pub place: &'a Place,
    pub trees: Trees,
    pub listing: Listing,
    /// What of `HEAD` and of the deploy ref is not in the listing of the work tree.
    pub(super) only_in_head: Listing,
    pub(super) only_in_deploy: Listing,
    /// Of work tree, `HEAD` and deploy ref together, ascending.
    pub names: Vec<SecretName>,
    pub comparison: Known<Comparison>,
    pub rescues: Rescues,
    /// Paths that are in no commit, with the rule that hides them from git's own status.
    pub(super) ignored: Known<BTreeMap<String, String>>,
    /// What lies outside a sparse checkout, as `HEAD` has it.
    pub(super) from_head: BTreeMap<String, Known<Vec<u8>>>,
    /// What git is told to overlook; asked only once something differs from `HEAD`.
    overlooked: OnceLock<BTreeMap<String, Overlooked>>,
    /// What once stood here, where it was looked for.
    history: Option<History<'a>>,
    /// Besides `HEAD`, the commit that secrets are held against in place of the deploy ref.
    reference: Option<(Commit, &'a Snapshot)>,
    /// Whether what is newer elsewhere counts too, which to the gate is another fault than a rollback.
    counts_newer: bool,
    /// Whose signatures count.
    pub signers: SignerSource<'a>,
}

/// One file of the store in the work tree.
pub(super) struct Standing {
    /// `None`: there is no such file.
    pub bytes: Known<Option<Vec<u8>>>,
    pub difference: Known<Option<Difference>>,
}

impl<'a> Observation<'a> {
    /// Looks at the work tree while git, and with it the remote, is asked.
    pub fn new(place: &'a Place, policy: &Policy, ask: Ask) -> Self {
        Self::within(place, policy, ask, &Reach::ALL)
    }

    /// The same, without what lies beyond a reach.
    pub fn within(place: &'a Place, policy: &Policy, ask: Ask, reach: &Reach) -> Self {
        let (listing, trees) =
            threads::join(|| place.list_within(reach), || Trees::within(place, policy, ask, reach));
        let only_in_head = trees.only_in_head(place, &listing);
        let only_in_deploy = trees.only_in_deploy(place, &listing);
        let listings = [&listing, &only_in_head, &only_in_deploy];
        let mut names: Vec<SecretName> =
            listings.iter().flat_map(|listing| listing.secrets.keys()).cloned().collect();
        names.sort();
        names.dedup();
        let comparison = Comparison::observe(place, &trees, &names);
        let rescues = Rescues::observe(place, &trees, reach);
        let ignored = ignored(place, &trees, &listing);
        let from_head = outside_sparse_checkout(place, &trees, &listing);
        let overlooked = OnceLock::new();
        Self {
            place,
            trees,
            listing,
            only_in_head,
            only_in_deploy,
            names,
            comparison,
            rescues,
            ignored,
            from_head,
            overlooked,
            history: None,
            reference: None,
            counts_newer: false,
            signers: SignerSource::deploy_ref(),
        }
    }

    /// The same, with what git's history and the ledger know of earlier seals. `reference` is what a change is held
    /// against.
    #[must_use]
    pub fn with_history(
        mut self,
        begun: Begun,
        store: StoreId,
        reference: Option<(Commit, &'a Snapshot)>,
    ) -> Self {
        let second = reference.map(|(commit, _)| commit).or_else(|| self.trees.deployed_commit());
        self.history = Some(begun.finish(self.place, store, second));
        self.reference = reference;
        self
    }

    /// The same before something is sealed again: nothing is, while a newer one is known from wherever. `tracked` is
    /// the deploy ref as this clone saw it last.
    #[must_use]
    pub fn before_sealing(
        mut self,
        begun: Begun,
        store: StoreId,
        tracked: Option<(Commit, &'a Snapshot)>,
    ) -> Self {
        if self.trees.ledger.is_err() {
            // Whoever seals works with what is at hand; the gate tells of the ledger.
            self.trees.ledger = Ok(RemoteLedger::NotAsked);
        }
        Self { counts_newer: true, ..self.with_history(begun, store, tracked) }
    }

    /// The highest numbers ever sealed under the name of this secret, as far as the history that was looked at goes.
    pub fn highest(&self, facts: &SecretFacts) -> Known<Option<VersionOrder>> {
        self.earlier(facts).map_or(Ok(None), |earlier| earlier?.highest())
    }

    /// What of earlier seals of these secrets could not be seen.
    pub fn blind_spot(&self, names: &[&SecretName], deploy_ref: &DeployRef) -> Option<String> {
        history::blind_spot(self.history.as_ref()?, &self.trees, names, deploy_ref)
    }

    pub fn secret(&self, name: &SecretName) -> SecretFacts {
        self.look(name, None).0
    }

    /// The same, proved as far as the identities at hand go; and what others could add.
    pub fn proved_secret(&self, name: &SecretName, prover: &Prover<'_>) -> (SecretFacts, Progress) {
        self.look(name, Some(prover))
    }

    fn look(&self, name: &SecretName, prover: Option<&Prover<'_>>) -> (SecretFacts, Progress) {
        let record_path = self.place.record_path(name);
        let sealed_path = self.place.sealed_path(name);
        let present = self.listing.secrets.get(name).copied().unwrap_or_default();
        let record = self.standing(&record_path, present.record, MAX_RECORD_BYTES);
        let sealed = self.standing(&sealed_path, present.sealed, MAX_SEALED_BYTES);
        let uncommitted =
            self.uncommitted([(&record_path, record.difference), (&sealed_path, sealed.difference)]);
        let deployed = self.comparison.as_ref().map_err(Clone::clone).and_then(|c| c.of(name));
        let contents = Contents { record: record.bytes, sealed: sealed.bytes };
        let judge = |pair: &Pair<'_>| self.signers.judge(pair, self.place, &self.trees);
        let facts = secret_facts(self.place, name, &contents, &judge, uncommitted, deployed);
        let facts = SecretFacts { rescued: self.rescued(name), ..facts };
        let ledger = &self.trees.ledger;
        let beyond = Beyond::observe(&facts, &contents, self.earlier(&facts).as_ref(), ledger, prover);
        let progress = beyond.progress.clone();
        (beyond.complete(facts), progress)
    }

    /// What rescue branches have of it; unknown where the deploy ref is.
    fn rescued(&self, name: &SecretName) -> Known<Vec<Rescued<Presence>>> {
        self.trees.deploy.as_ref().map_err(Clone::clone)?;
        self.rescues.of(name)
    }

    /// Every secret that may be judged: [`Self::names`], and those that are on a rescue branch only; ascending.
    pub fn all_names(&self) -> BTreeSet<&SecretName> {
        self.names.iter().chain(self.rescues.names()).collect()
    }

    /// What is known of it from elsewhere, where that was looked for and there is a record to hold it against.
    fn earlier<'s>(&'s self, facts: &'s SecretFacts) -> Option<Known<Earlier<'s>>> {
        let (history, Ok(Some(record))) = (self.history.as_ref()?, &facts.record) else { return None };
        let head = match (&self.trees.head, self.trees.head_snapshot(), facts.uncommitted.as_deref()) {
            (_, _, Ok([])) => None,
            (Ok(Some(commit)), Some(tree), _) => Some(Tip { commit: *commit, tree, remote: None }),
            _ => None,
        };
        let reference = self.reference.map(|(commit, tree)| Tip { commit, tree, remote: None });
        let deployed = self.trees.deployed();
        let deployed = deployed.map(|(tip, tree)| Tip { commit: tip.commit(), tree, remote: Some(tip) });
        let differs = |tip: &Tip<'_>| {
            let here = self.trees.head_snapshot();
            [&facts.record_path, &facts.sealed_path]
                .iter()
                .any(|path| here.and_then(|here| here.get(path)) != tip.tree.get(path))
        };
        let order = record.sealed.order();
        if self.counts_newer {
            let elsewhere = [reference, deployed].into_iter().flatten().filter(differs);
            let others: Vec<Tip<'_>> = head.into_iter().chain(elsewhere).collect();
            return Some(history.of(&facts.name, order, &others, None));
        }
        let second = reference.or(deployed).filter(differs);
        Some(history.of(&facts.name, order, head.as_slice(), second))
    }

    /// One file as it stands in the work tree, and how that differs from `HEAD`. The bytes decide, not what the
    /// index thinks of them.
    pub(super) fn standing(&self, path: &str, present: bool, most: u64) -> Standing {
        if !present && let Some(bytes) = self.from_head.get(path) {
            return Standing { bytes: bytes.clone().map(Some), difference: Ok(None) };
        }
        let bytes = match self.place.below(path) {
            Some(file) if present => {
                let on_disk = self.place.store.root().join(file);
                files::read_if_present(&on_disk, most).map_err(|error| Unknown::new(path, error.reason()))
            }
            _ => Ok(None),
        };
        let difference = match &bytes {
            Err(unknown) => Err(unknown.clone()),
            Ok(bytes) => self.difference(path, bytes.as_deref()),
        };
        Standing { bytes, difference }
    }

    pub(super) fn uncommitted<'p>(
        &self,
        files: impl IntoIterator<Item = (&'p String, Known<Option<Difference>>)>,
    ) -> Known<Vec<Uncommitted>> {
        let mut differing = Vec::new();
        for (path, difference) in files {
            if let Some(how) = difference? {
                let overlooked = self.overlooked().get(path).copied().unwrap_or_default();
                differing.push(Uncommitted { path: path.clone(), how, overlooked });
            }
        }
        Ok(differing)
    }

    fn overlooked(&self) -> &BTreeMap<String, Overlooked> {
        self.overlooked.get_or_init(|| {
            // It only makes the remedy longer: a damaged index is told of where it matters.
            let repository = self.place.repository.as_ref().ok();
            let folder = if self.place.folder == "." { "" } else { self.place.folder.as_str() };
            repository.and_then(|it| it.overlooked_below(folder).ok()).unwrap_or_default()
        })
    }

    fn difference(&self, path: &str, bytes: Option<&[u8]>) -> Known<Option<Difference>> {
        let head = self.trees.head_tree.as_ref().map_err(Clone::clone)?.as_ref();
        difference_of(bytes, head.and_then(|head| head.get(path)), &self.ignored, path)
    }
}

/// The files of the secrets that are in the work tree, relative to the root of the repository.
fn files_of<'l>(place: &'l Place, listing: &'l Listing) -> impl Iterator<Item = String> + 'l {
    listing.secrets.iter().flat_map(|(name, present)| {
        let record = present.record.then(|| place.record_path(name));
        let sealed = present.sealed.then(|| place.sealed_path(name));
        record.into_iter().chain(sealed)
    })
}

/// The rules of `.gitignore` that hide files which are in no commit.
fn ignored(place: &Place, trees: &Trees, listing: &Listing) -> Known<BTreeMap<String, String>> {
    if trees.head_tree.is_err() {
        return Ok(BTreeMap::new());
    }
    let head = trees.head_snapshot();
    let own = [place.path(POLICY), place.path(ATTRIBUTES)];
    let absent: Vec<String> = files_of(place, listing)
        .chain(own)
        .filter(|path| head.is_none_or(|head| head.get(path).is_none()))
        .collect();
    if absent.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rules = place.known_repository()?.ignored_by(&absent);
    rules.map_err(|error| Unknown::new("git check-ignore", error.to_string()))
}

/// What `HEAD` has and the work tree lacks because it lies outside a sparse checkout.
fn outside_sparse_checkout(
    place: &Place,
    trees: &Trees,
    listing: &Listing,
) -> BTreeMap<String, Known<Vec<u8>>> {
    let (Some(head), Ok(repository)) = (trees.head_snapshot(), place.known_repository()) else {
        return BTreeMap::new();
    };
    let here: BTreeSet<String> = files_of(place, listing).collect();
    let own = [place.path(POLICY), place.path(ATTRIBUTES)];
    let absent = head.entries().keys().filter(|path| !here.contains(*path) && !own.contains(path));
    from_head(repository, head, absent)
}
