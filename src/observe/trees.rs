//! The two trees that a work tree is held against: `HEAD`'s, and the deploy ref's as the remote has it now.

use std::time::Duration;

use super::place::Place;
use crate::domain::facts::LastWarn;
use crate::domain::finding::{Known, Unknown};
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::reach::Reach;
use crate::domain::rescue::RESCUE_REFS;
use crate::git::{Asked, Besides, Branch, Commit, EntryKind, GitError, RemoteError, RemoteTip, Snapshot};
use crate::store::classify::{self, Entry, Listing, classify};
use crate::store::layout::{RECORD_ENDING, SEALED_ENDING};
use crate::store::ledger::{LEDGER_FILE, Ledger, MAX_LEDGER_BYTES};

/// How long the remote may take to answer, all its steps together.
pub const REMOTE_LIMIT: Duration = Duration::from_secs(20);

/// How many rescue branches are looked into.
const MOST_RESCUES: usize = 16;

/// How long where somebody only wants to see how things stand.
const BRIEF_LIMIT: Duration = Duration::from_secs(5);

/// Whether the remote is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Remote,
    /// The same, in a few seconds or not at all.
    Briefly,
    /// `--offline`: what depends on the remote is unknown.
    Offline,
    /// `--against`: the deploy ref is left out.
    LeaveOut,
}

/// The deploy ref, as far as it matters.
pub enum DeployTree {
    NotJudged,
    Asked { tip: RemoteTip, tree: Snapshot },
}

/// The remote's ledger, as far as it was asked.
pub enum RemoteLedger {
    /// The remote was not asked, or gave no answer.
    NotAsked,
    Absent,
    Asked(Box<Ledger>),
}

/// `HEAD` and the deploy ref.
pub struct Trees {
    pub head: Known<Option<Commit>>,
    /// `None` where there is no commit yet.
    pub head_tree: Known<Option<Snapshot>>,
    pub deploy: Known<DeployTree>,
    pub ledger: Known<RemoteLedger>,
    /// Where that lies.
    pub ledger_ref: String,
    pub last_warn: Known<LastWarn>,
    /// The rescue branches of the remote; none where it was not asked.
    pub rescues: Known<Vec<Branch>>,
}

impl Trees {
    pub fn observe(place: &Place, policy: &Policy, ask: Ask) -> Self {
        Self::within(place, policy, ask, &Reach::ALL)
    }

    /// The same, without what of the store lies beyond a reach.
    pub fn within(place: &Place, policy: &Policy, ask: Ask, reach: &Reach) -> Self {
        let (deploy_ref, ledger_ref) = (&policy.deploy_ref, &policy.ledger.full_ref);
        let unknown = |error: GitError| Unknown::new("git", error.to_string());
        let head = place.known_repository().and_then(|repository| repository.head().map_err(unknown));
        let head_tree = head.as_ref().map_err(Clone::clone).and_then(|head| match head {
            None => Ok(None),
            Some(commit) => place.known_repository().and_then(|repository| {
                repository.snapshot_within(*commit, &place.folder, reach).map(Some).map_err(unknown)
            }),
        });
        let not_asked = |deploy| (deploy, Ok(RemoteLedger::NotAsked), Ok(Vec::new()));
        let (deploy, ledger, rescues) = match remote(place, deploy_ref, ledger_ref, ask) {
            Ok(Some(asked)) => {
                let unknown = |error: RemoteError| Unknown::new(format!("{RESCUE_REFS}*"), error.to_string());
                let rescues = asked.branches.map_err(unknown);
                (deploy_tree(place, deploy_ref, asked.tip, reach), ledger(ledger_ref, asked.beside), rescues)
            }
            Ok(None) => not_asked(Ok(DeployTree::NotJudged)),
            Err(unknown) => not_asked(Err(unknown)),
        };
        let last_warn = last_warn(ask, &deploy, &ledger);
        Self { head, head_tree, deploy, ledger, ledger_ref: ledger_ref.clone(), last_warn, rescues }
    }

    /// What of `HEAD` the work tree's listing does not know: what was deleted, or lies outside a sparse checkout.
    pub fn only_in_head(&self, place: &Place, listing: &Listing) -> Listing {
        self.head_snapshot().map_or_else(Listing::default, |tree| listing_without(place, tree, listing))
    }

    /// What of the deploy ref the work tree's listing does not know, where `HEAD` is not the same.
    pub fn only_in_deploy(&self, place: &Place, listing: &Listing) -> Listing {
        match (self.deployed(), self.head_snapshot()) {
            (Some((_, there)), head) if head.is_none_or(|head| head.folder_id() != there.folder_id()) => {
                listing_without(place, there, listing)
            }
            _ => Listing::default(),
        }
    }

    pub fn head_snapshot(&self) -> Option<&Snapshot> {
        self.head_tree.as_ref().ok()?.as_ref()
    }

    /// The deploy ref, where it was asked.
    pub fn deployed(&self) -> Option<(&RemoteTip, &Snapshot)> {
        match &self.deploy {
            Ok(DeployTree::Asked { tip, tree }) => Some((tip, tree)),
            Ok(DeployTree::NotJudged) | Err(_) => None,
        }
    }

    /// The commit that the remote has at the deploy ref, where it was asked.
    pub fn deployed_commit(&self) -> Option<Commit> {
        self.deployed().map(|(tip, _)| tip.commit())
    }

    /// Whether `HEAD` goes back to the commit that the remote has at the deploy ref. Asked only where the two
    /// differ; what can't be told (in a shallow clone, say) is no.
    pub fn deployed_is_ancestor(&self, place: &Place) -> bool {
        let (Some((tip, there)), Ok(Some(head))) = (self.deployed(), &self.head) else { return false };
        let differs = self.head_snapshot().is_some_and(|here| here.folder_id() != there.folder_id());
        differs
            && place
                .repository
                .as_ref()
                .is_ok_and(|here| here.is_ancestor(tip.commit(), *head).unwrap_or(false))
    }
}

/// What the remote answers; `None` where it is not to be asked.
fn remote(place: &Place, deploy_ref: &DeployRef, ledger_ref: &str, ask: Ask) -> Known<Option<Asked>> {
    let DeployRef::Branch { remote, branch } = deploy_ref else { return Ok(None) };
    let limit = match ask {
        Ask::LeaveOut => return Ok(None),
        Ask::Offline => {
            return Err(Unknown::new(
                deploy_ref.to_string(),
                "not asked, because of --offline: run again without it to learn what the remote has",
            ));
        }
        Ask::Remote => REMOTE_LIMIT,
        Ask::Briefly => BRIEF_LIMIT,
    };
    let besides = Besides { single: ledger_ref, branches: RESCUE_REFS, most_branches: MOST_RESCUES };
    let asked = place.known_repository()?.ask_remote_beside(remote, branch, besides, limit);
    asked.map(Some).map_err(|error| Unknown::new(deploy_ref.to_string(), error.to_string()))
}

fn deploy_tree(place: &Place, deploy_ref: &DeployRef, tip: RemoteTip, reach: &Reach) -> Known<DeployTree> {
    let tree = tip
        .snapshot_within(&place.folder, reach)
        .map_err(|error| Unknown::new(deploy_ref.to_string(), error.to_string()))?;
    Ok(DeployTree::Asked { tip, tree })
}

fn ledger(full_ref: &str, tip: Result<Option<RemoteTip>, RemoteError>) -> Known<RemoteLedger> {
    let unknown = |why: String| Unknown::new(full_ref, why);
    let Some(tip) = tip.map_err(|error| unknown(error.to_string()))? else { return Ok(RemoteLedger::Absent) };
    let bytes = tip.file(LEDGER_FILE, MAX_LEDGER_BYTES).map_err(|error| unknown(error.to_string()))?;
    let bytes = bytes.ok_or_else(|| unknown(format!("its commit {} has no {LEDGER_FILE}", tip.commit())))?;
    let ledger = Ledger::parse(&bytes);
    // What such a line would have told is not known.
    let fault = ledger.faults().first().map(|fault| unknown(fault.to_string()));
    fault.map_or_else(|| Ok(RemoteLedger::Asked(Box::new(ledger))), Err)
}

/// When the job last reported. Where no ledger can tell it is unknown, and that only matters where policy asks for it.
fn last_warn(ask: Ask, deploy: &Known<DeployTree>, ledger: &Known<RemoteLedger>) -> Known<LastWarn> {
    if ask == Ask::LeaveOut {
        return Ok(LastWarn::LeftOut);
    }
    match ledger {
        Err(unknown) => Err(unknown.clone()),
        Ok(RemoteLedger::Absent) => Ok(LastWarn::Never),
        Ok(RemoteLedger::Asked(ledger)) => {
            Ok(ledger.told().last_run().map_or(LastWarn::Never, |run| LastWarn::At(run.at)))
        }
        Ok(RemoteLedger::NotAsked) => {
            let here = "deploy-ref is \"none\", so no remote has a ledger: take silent-after out of policy";
            let unknown = || Unknown::new("the last run of `secrets warn`", here);
            Err(deploy.as_ref().err().cloned().unwrap_or_else(unknown))
        }
    }
}

/// What lies in the store as a tree of git has it, by the rules that hold for the folder on disk.
pub fn listing_of(place: &Place, tree: &Snapshot) -> Listing {
    listing_without(place, tree, &Listing::default())
}

/// The same, without the files of secrets that are known already: most trees hold nothing else, and their names
/// need not be parsed again.
fn listing_without(place: &Place, tree: &Snapshot, known: &Listing) -> Listing {
    let entries = tree.entries().iter().filter_map(|(path, entry)| {
        let file = place.below(path)?;
        let kind = match entry.kind {
            EntryKind::File | EntryKind::Executable => {
                let name = file.strip_suffix(RECORD_ENDING).or_else(|| file.strip_suffix(SEALED_ENDING));
                if name.is_some_and(|name| known.secrets.contains_key(name)) {
                    return None;
                }
                classify::EntryKind::File
            }
            EntryKind::SymbolicLink => classify::EntryKind::SymbolicLink,
            EntryKind::Submodule => classify::EntryKind::Submodule,
        };
        Some(Entry { path: file.as_bytes().into(), kind })
    });
    classify(entries, |_| false)
}
