//! Files that other tools have sealed, where they stand in the repository: work tree, `HEAD` and deploy ref together.

mod at_commit;
mod decided;
mod deployed;
mod inside;
mod opening;
mod paths;
mod standing;
mod versions;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::place::Place;
use super::rescues::RescueBranch;
use super::selection::Selection;
use super::trees::{DeployTree, Trees};
use crate::domain::claim::{CUSTODY, Claim};
use crate::domain::facts::{Difference, Uncommitted};
use crate::domain::finding::{Known, Unknown};
use crate::domain::foreign::{Contents, ForeignFile, SealedFormat};
use crate::domain::policy::Policy;
use crate::domain::tracked_facts::FileFacts;
use crate::domain::tracked_name::TrackedName;
use crate::foreign;
use crate::git::{Commit, RemoteTip, Repository, Snapshot};
use crate::seal::bare;
use crate::store::custody_file::{self, CustodyFile, MAX_CUSTODY_BYTES};

use at_commit::AtCommit;
pub use decided::{Decided, whole};
use deployed::Rescued;
pub use deployed::with_custody_files;
pub use inside::ends_in;
pub use opening::{Opener, bounded};
pub use paths::Found;
use standing::Standings;
pub use versions::{PastVersion, Versions};

/// The largest file that is looked into, in bytes.
pub const MAX_FILE_BYTES: u64 = foreign::MAX_FOREIGN_BYTES;

/// Tells what the bytes of a file are, whoever sealed it.
pub fn contents(bytes: &[u8]) -> Contents {
    bare::read(bytes).unwrap_or_else(|| foreign::read(bytes))
}

/// The tracked files of a repository, ready to be asked about each.
pub struct TrackedFiles<'a> {
    policy: &'a Policy,
    repository: &'a Repository,
    source: Source<'a>,
    /// By folder: what its `custody.toml` says.
    claims: BTreeMap<String, Claims>,
    /// What rescue branches have.
    rescued: Rescued<'a>,
    /// Who can open what git-crypt sealed, by the copies of its key in the repository.
    git_crypt: paths::GitCryptUsers,
    /// What policy's `[track]` calls sealed, judged or not; paths relative to the root of the repository, ascending.
    pub covered: Vec<String>,
    /// Those that are judged.
    pub files: Vec<String>,
    /// The `custody.toml` files that speak of what is judged.
    pub custody_files: Vec<String>,
    pub unknowns: Vec<Unknown>,
}

/// What one `custody.toml` says; at another commit most say the same.
type Claims = Arc<Known<CustodyFile>>;

/// From where files are read.
enum Source<'a> {
    /// The work tree, beside `HEAD` and the deploy ref. The latter is `None` where nothing is deployed from git, or it is
    /// left out.
    Here { standings: Standings<'a>, deploy: Known<Option<(&'a RemoteTip, Snapshot)>> },
    /// Another commit: what it has is committed, and not deployed.
    There(AtCommit<'a>),
}

impl<'a> TrackedFiles<'a> {
    /// `None` where policy tracks nothing and `--file` names nothing but secrets of the store.
    pub fn observe(
        place: &'a Place,
        policy: &'a Policy,
        trees: &'a Trees,
        selection: &Selection,
    ) -> Known<Option<Self>> {
        Self::beside_rescues(place, policy, trees, &[], selection)
    }

    /// The same, with what is on rescue branches only.
    pub fn beside_rescues(
        place: &'a Place,
        policy: &'a Policy,
        trees: &'a Trees,
        rescues: &'a [RescueBranch],
        selection: &Selection,
    ) -> Known<Option<Self>> {
        let named = selection.other_files();
        if policy.track.is_none() && named.is_none_or(<[String]>::is_empty) {
            return Ok(None);
        }
        let repository = place.known_repository()?;
        let unknown = |error: crate::git::GitError| Unknown::new("git", error.to_string());
        let head = match trees.head.as_ref().map_err(Clone::clone)? {
            Some(commit) => Some(repository.snapshot(*commit, "").map_err(unknown)?),
            None => None,
        };
        let deploy = match &trees.deploy {
            Ok(DeployTree::NotJudged) => Ok(None),
            Ok(DeployTree::Asked { tip, .. }) => {
                tip.snapshot("").map(|tree| Some((tip, tree))).map_err(unknown)
            }
            Err(unknown) => Err(unknown.clone()),
        };
        let deploy_tree = deploy.as_ref().ok().and_then(|deploy| deploy.as_ref().map(|(_, tree)| tree));
        let rescued = Rescued::observe(rescues);
        let trees: Vec<_> = [head.as_ref(), deploy_tree].into_iter().chain(rescued.trees()).collect();
        let found = match named {
            Some(named) => Found::named(Some(repository), policy, named, &trees),
            None => Found::everywhere(Some(repository), place, policy, &trees),
        };
        let standings = Standings::observe(repository, head, &found.all());
        let source = Source::Here { standings, deploy };
        let here = Self::of_found(policy, repository, source, found, selection, None);
        Ok(Some(Self { rescued, ..here }))
    }

    /// The same as another commit has them. `here` are those of the work tree, where they are known: what is the same
    /// there is read once.
    pub fn at_commit(
        place: &'a Place,
        policy: &'a Policy,
        commit: Commit,
        selection: &Selection,
        here: Option<&'a TrackedFiles<'a>>,
    ) -> Known<Self> {
        let repository = place.known_repository()?;
        let head = here.and_then(TrackedFiles::standings).and_then(Standings::head);
        let there = AtCommit::observe(repository, commit, head)?;
        let trees = [Some(there.tree())];
        let found = match selection.other_files() {
            Some(named) => Found::named(None, policy, named, &trees),
            None => Found::everywhere(None, place, policy, &trees),
        };
        there.bring_here(&found.all())?;
        Ok(Self::of_found(policy, repository, Source::There(there), found, selection, here))
    }

    fn of_found(
        policy: &'a Policy,
        repository: &'a Repository,
        source: Source<'a>,
        mut found: Found,
        selection: &Selection,
        here: Option<&Self>,
    ) -> Self {
        let mut claims = BTreeMap::new();
        for path in &found.custody_files {
            let folder = folder_of(path);
            let same = here.filter(|here| source.has_as_in_work_tree(path, &here.source));
            let known = same.and_then(|here| here.claims.get(folder)).cloned();
            claims.insert(folder.to_owned(), known.unwrap_or_else(|| Arc::new(source.claims(path))));
        }
        // Which files the records speak of is not known while they can't be read.
        for (folder, claims) in &claims {
            if let Err(unread) = claims.as_ref()
                && may_admit(selection, &format!("{folder}/"))
            {
                found.unknowns.push(unread.clone());
            }
        }
        // What a record speaks of is tracked, whatever it is called.
        let claimed = claims.values().filter_map(|claims: &Claims| claims.as_ref().as_ref().ok());
        let claimed = claimed.flat_map(|claims| claims.claims.keys()).map(|name| name.file().to_owned());
        let claimed: BTreeSet<String> = claimed.collect();
        if selection.other_files().is_none() {
            found.files.extend(claimed);
        }
        found.files.retain(|path| may_admit(selection, path));
        let files: Vec<String> = found.files.into_iter().collect();
        let folders: BTreeSet<&str> = files.iter().map(|path| folder_of(path)).collect();
        // One that says nothing here says something in a tree of git, and that it says no more is a change like any other.
        let is_silent = |folder: &str| {
            claims.get(folder).is_some_and(|claims| (**claims).as_ref().is_ok_and(|c| c.claims.is_empty()))
        };
        found.custody_files.retain(|path| {
            let folder = folder_of(path);
            folders.contains(folder) || (is_silent(folder) && may_admit(selection, &format!("{folder}/")))
        });
        Self {
            policy,
            repository,
            source,
            claims,
            rescued: Rescued::default(),
            git_crypt: found.git_crypt,
            covered: found.covered.into_iter().collect(),
            files,
            custody_files: found.custody_files.into_iter().collect(),
            unknowns: found.unknowns,
        }
    }

    fn standings(&self) -> Option<&Standings<'a>> {
        match &self.source {
            Source::Here { standings, .. } => Some(standings),
            Source::There(_) => None,
        }
    }

    /// Which of the `custody.toml` files differ between work tree and `HEAD`.
    pub fn uncommitted(&self) -> Known<Vec<Uncommitted>> {
        let Some(standings) = self.standings() else { return Ok(Vec::new()) };
        let mut differing = Vec::new();
        for path in &self.custody_files {
            let standing = standings.of(path, MAX_CUSTODY_BYTES);
            differing.extend(standings.uncommitted(path, standing.difference?));
        }
        Ok(differing)
    }

    /// Which of the `custody.toml` files the deploy ref does not have as `HEAD` has them.
    pub fn undeployed(&self) -> Known<Vec<String>> {
        let Source::Here { standings, deploy } = &self.source else { return Ok(Vec::new()) };
        let Some((_, there)) = deploy.as_ref().map_err(Clone::clone)? else { return Ok(Vec::new()) };
        let here = standings.head();
        let differs = |path: &&String| here.and_then(|here| here.get(path)) != there.get(path);
        Ok(self.custody_files.iter().filter(differs).cloned().collect())
    }

    /// Everything that can be observed of one file, without a key.
    pub fn file(&self, path: &str) -> Option<FileFacts> {
        self.file_beside(path, None)
    }

    /// The same; `here` is what was observed of that file in the work tree, which spares looking into the same bytes again.
    pub fn file_beside(&self, path: &str, here: Option<&FileFacts>) -> Option<FileFacts> {
        let name = TrackedName::new(path, None)?;
        let (contents, difference) = match (here, &self.source) {
            (Some(here), Source::There(there)) if there.is_the_same(here) => {
                (here.contents.clone(), Ok(None))
            }
            _ => self.contents(path),
        };
        let folder = folder_of(path);
        let claims_path = if folder.is_empty() { CUSTODY.to_owned() } else { format!("{folder}/{CUSTODY}") };
        let none = Ok(CustodyFile::default());
        let claims = self.claims.get(folder).map_or(&none, |claims| claims.as_ref());
        let decided = claims.as_ref().map_err(Clone::clone).map(|claims| {
            let file = match &contents {
                Ok(Some(Contents::Sealed(file))) => Some(file),
                // Nothing is known to be gone from what can't be read.
                Err(_) | Ok(Some(Contents::Damaged(_))) => return Decided::default(),
                Ok(Some(Contents::Plain(_)) | None) => None,
            };
            Decided::of(self.policy, &name, file, &claims.claims)
        });
        let (secrets, Decided { undecided_leaves, not_secret, orphans, .. }) = match decided {
            Ok(mut decided) => (Ok(std::mem::take(&mut decided.secrets)), decided),
            Err(unknown) => (Err(unknown), Decided::default()),
        };
        let of_file: Option<&Claim> = claims.as_ref().ok().and_then(|claims| claims.claims.get(&name));
        let uncommitted = difference
            .map(|how| self.standings().and_then(|standings| standings.uncommitted(path, how)))
            .map(|differing| differing.into_iter().collect());
        Some(FileFacts {
            claims_path,
            is_covered: self.policy.track.as_ref().is_some_and(|track| track.covers(path)),
            uncommitted,
            deployed: self.deployed(path),
            rescued: self.rescued(path),
            contents,
            secrets,
            undecided: undecided_leaves.into_iter().map(|(leaf, _)| leaf).collect(),
            not_secret,
            orphans,
            claimed_readers: of_file.map(|claim| claim.readers.clone()).unwrap_or_default(),
            before: Ok(BTreeMap::new()),
            name,
        })
    }

    /// What is judged of a file, or of another version of it, by the records as they are now.
    pub fn decided(&self, name: &TrackedName, file: &ForeignFile) -> Known<Decided> {
        let none = Ok(CustodyFile::default());
        let claims = self.claims.get(folder_of(name.file())).map_or(&none, Arc::as_ref);
        Ok(self.decided_by(name, file, &claims.as_ref().map_err(Clone::clone)?.claims))
    }

    /// The same by other records.
    pub fn decided_by(
        &self,
        name: &TrackedName,
        file: &ForeignFile,
        claims: &BTreeMap<TrackedName, Claim>,
    ) -> Decided {
        let whole = TrackedName::new(name.file(), None);
        whole.map(|whole| Decided::of(self.policy, &whole, Some(file), claims)).unwrap_or_default()
    }

    /// The path of a file at this commit that has just the bytes which the work tree has under a new name.
    pub fn moved_from(&self, path: &str) -> Option<&str> {
        let Source::There(there) = &self.source else { return None };
        there.moved_from(path)
    }

    /// What a file holds, and how that differs from `HEAD`. What git-crypt keeps open in the work tree is judged as it is
    /// committed.
    fn contents(&self, path: &str) -> (Known<Option<Contents>>, Known<Option<Difference>>) {
        let standings = match &self.source {
            Source::Here { standings, .. } => standings,
            Source::There(there) => {
                let bytes = there.bytes(path);
                let read = bytes.map(|bytes| Some(self.with_users(path, contents(&bytes?))));
                return (read, Ok(None));
            }
        };
        let standing = standings.of(path, MAX_FILE_BYTES);
        let read = match standing.bytes {
            Err(unknown) => return (Err(unknown), standing.difference),
            Ok(None) => return (Ok(None), standing.difference),
            Ok(Some(bytes)) => contents(&bytes),
        };
        if matches!(read, Contents::Plain(_))
            && let Some(locked) = standings.locked_by_git_crypt(self.repository, path)
        {
            return match locked {
                Ok(locked) => (Ok(Some(self.with_users(path, locked.contents))), Ok(locked.difference)),
                Err(unknown) => (Err(unknown.clone()), Err(unknown)),
            };
        }
        (Ok(Some(self.with_users(path, read))), standing.difference)
    }

    /// git-crypt's file itself does not say who can open it; the copies of its key beside it do.
    fn with_users(&self, path: &str, contents: Contents) -> Contents {
        match contents {
            Contents::Sealed(file) if file.format == SealedFormat::GitCrypt => {
                let access = self.git_crypt.access(self.repository, path, &file.access);
                Contents::Sealed(ForeignFile { access, ..file })
            }
            other @ (Contents::Sealed(_) | Contents::Plain(_) | Contents::Damaged(_)) => other,
        }
    }
}

/// The folder of a path of the repository; empty for its root.
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl Source<'_> {
    /// Whether this is another commit that has a file just as the work tree `here` has it.
    fn has_as_in_work_tree(&self, path: &str, here: &Self) -> bool {
        match (self, here) {
            (Self::There(there), Self::Here { standings, .. }) => {
                there.has_as_in_head(path)
                    && matches!(standings.of(path, MAX_CUSTODY_BYTES).difference, Ok(None))
            }
            _ => false,
        }
    }

    fn claims(&self, path: &str) -> Known<CustodyFile> {
        let (bytes, shown) = match self {
            Self::Here { standings, .. } => (standings.of(path, MAX_CUSTODY_BYTES).bytes?, path.to_owned()),
            Self::There(there) => (there.bytes(path)?, there.shown(path)),
        };
        let Some(bytes) = bytes else { return Ok(CustodyFile::default()) };
        custody_file::parse(&bytes, path).map_err(|error| Unknown::new(shown, error.to_string()))
    }
}

/// Whether something in the file may be part of what is judged, as far as its path tells.
fn may_admit(selection: &Selection, path: &str) -> bool {
    match selection {
        Selection::All | Selection::Files(_) => true,
        Selection::Scopes(globs) => globs.iter().any(|glob| {
            let text = glob.as_str();
            let fixed = text.split(['*', '?', '[', '{', '\\']).next().unwrap_or_default();
            let of_path = fixed.split("#/").next().unwrap_or_default();
            path.starts_with(of_path) || of_path.starts_with(path)
        }),
    }
}
