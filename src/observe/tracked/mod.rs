//! Files that other tools have sealed, where they stand in the repository: work tree, `HEAD` and deploy ref together.

mod decided;
mod inside;
mod opening;
mod paths;
mod standing;
mod versions;

use std::collections::{BTreeMap, BTreeSet};

use super::place::Place;
use super::selection::Selection;
use super::trees::{DeployTree, Trees};
use crate::domain::claim::{CUSTODY, Claim};
use crate::domain::facts::{Deployed, Difference, Uncommitted};
use crate::domain::finding::{Known, Unknown};
use crate::domain::foreign::{Contents, ForeignFile};
use crate::domain::policy::Policy;
use crate::domain::tracked_facts::{FileDeployed, FileFacts, FilePresence};
use crate::domain::tracked_name::TrackedName;
use crate::foreign;
use crate::git::{BlobId, RemoteTip, Repository, Snapshot};
use crate::seal::bare;
use crate::store::custody_file::{self, CustodyFile, MAX_CUSTODY_BYTES};

pub use decided::{Decided, whole};
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
    /// `None` where nothing is deployed from git, or the deploy ref is left out.
    deploy: Known<Option<(&'a RemoteTip, Snapshot)>>,
    standings: Standings<'a>,
    /// By folder: what its `custody.toml` says.
    claims: BTreeMap<String, Known<CustodyFile>>,
    /// Who can open what git-crypt sealed, by the copies of its key in the repository.
    git_crypt: paths::GitCryptUsers,
    /// Paths relative to the root of the repository, ascending.
    pub files: Vec<String>,
    /// The `custody.toml` files that speak of what is judged.
    pub custody_files: Vec<String>,
    pub unknowns: Vec<Unknown>,
}

impl<'a> TrackedFiles<'a> {
    /// `None` where policy tracks nothing and `--file` names nothing but secrets of the store.
    pub fn observe(
        place: &'a Place,
        policy: &'a Policy,
        trees: &'a Trees,
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
        let trees = [head.as_ref(), deploy_tree];
        let mut found = match named {
            Some(named) => Found::named(repository, named, &trees),
            None => Found::everywhere(repository, place, policy, &trees),
        };
        let standings = Standings::observe(repository, head, &found.all())?;
        let mut claims = BTreeMap::new();
        for path in &found.custody_files {
            let folder = folder_of(path).to_owned();
            claims.insert(folder, read_claims(&standings, path));
        }
        // Which files the records speak of is not known while they can't be read.
        for (folder, unread) in
            claims.iter().filter_map(|(folder, claims)| Some((folder, claims.as_ref().err()?)))
        {
            if may_admit(selection, &format!("{folder}/")) {
                found.unknowns.push(unread.clone());
            }
        }
        // What a record speaks of is tracked, whatever it is called.
        let claimed = claims.values().filter_map(|claims| claims.as_ref().ok());
        let claimed = claimed.flat_map(|claims| claims.claims.keys()).map(|name| name.file().to_owned());
        let claimed: BTreeSet<String> = claimed.collect();
        if named.is_none() {
            found.files.extend(claimed);
        }
        found.files.retain(|path| may_admit(selection, path));
        let files: Vec<String> = found.files.into_iter().collect();
        let folders: BTreeSet<&str> = files.iter().map(|path| folder_of(path)).collect();
        found.custody_files.retain(|path| folders.contains(folder_of(path)));
        let git_crypt = found.git_crypt;
        let (custody_files, unknowns) = (found.custody_files.into_iter().collect(), found.unknowns);
        Ok(Some(Self {
            policy,
            repository,
            deploy,
            standings,
            claims,
            git_crypt,
            files,
            custody_files,
            unknowns,
        }))
    }

    /// Which of the `custody.toml` files differ between work tree and `HEAD`.
    pub fn uncommitted(&self) -> Known<Vec<Uncommitted>> {
        let mut differing = Vec::new();
        for path in &self.custody_files {
            let standing = self.standings.of(path, MAX_CUSTODY_BYTES);
            differing.extend(self.standings.uncommitted(path, standing.difference?));
        }
        Ok(differing)
    }

    /// Which of the `custody.toml` files the deploy ref does not have as `HEAD` has them.
    pub fn undeployed(&self) -> Known<Vec<String>> {
        let Some((_, there)) = self.deploy.as_ref().map_err(Clone::clone)? else { return Ok(Vec::new()) };
        let here = self.standings.head();
        let differs = |path: &&String| here.and_then(|here| here.get(path)) != there.get(path);
        Ok(self.custody_files.iter().filter(differs).cloned().collect())
    }

    /// Everything that can be observed of one file, without a key.
    pub fn file(&self, path: &str) -> Option<FileFacts> {
        let name = TrackedName::new(path, None)?;
        let (contents, difference) = self.contents(path);
        let folder = folder_of(path);
        let claims_path = if folder.is_empty() { CUSTODY.to_owned() } else { format!("{folder}/{CUSTODY}") };
        let none = Ok(CustodyFile::default());
        let claims = self.claims.get(folder).unwrap_or(&none);
        let decided = claims.as_ref().map_err(Clone::clone).map(|claims| {
            let file = match &contents {
                Ok(Some(Contents::Sealed(file))) => Some(file),
                Ok(_) => None,
                // Nothing is known to be gone from what can't be read.
                Err(_) => return Decided::default(),
            };
            let is_damaged = matches!(contents, Ok(Some(Contents::Damaged { .. })));
            if is_damaged {
                Decided::default()
            } else {
                Decided::of(self.policy, &name, file, &claims.claims)
            }
        });
        let (secrets, undecided, not_secret, orphans) = match decided {
            Ok(decided) => (Ok(decided.secrets), decided.undecided, decided.not_secret, decided.orphans),
            Err(unknown) => (Err(unknown), 0, 0, Vec::new()),
        };
        let of_file: Option<&Claim> = claims.as_ref().ok().and_then(|claims| claims.claims.get(&name));
        Some(FileFacts {
            claims_path,
            is_covered: self.policy.track.as_ref().is_some_and(|track| track.covers(path)),
            uncommitted: difference.map(|how| self.standings.uncommitted(path, how).into_iter().collect()),
            deployed: self.deployed(path),
            contents,
            secrets,
            undecided,
            not_secret,
            orphans,
            claimed_readers: of_file.map(|claim| claim.readers.clone()).unwrap_or_default(),
            name,
        })
    }

    /// What is judged of a file, or of another version of it, by the records as they are now.
    pub fn decided(&self, name: &TrackedName, file: &ForeignFile) -> Known<Decided> {
        let none = Ok(CustodyFile::default());
        let claims = self.claims.get(folder_of(name.file())).unwrap_or(&none);
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

    /// What a file holds as it stands in the work tree, and how that differs from `HEAD`. What git-crypt keeps open in the
    /// work tree is judged as it is committed.
    fn contents(&self, path: &str) -> (Known<Option<Contents>>, Known<Option<Difference>>) {
        let standing = self.standings.of(path, MAX_FILE_BYTES);
        let read = match standing.bytes {
            Err(unknown) => return (Err(unknown), standing.difference),
            Ok(None) => return (Ok(None), standing.difference),
            Ok(Some(bytes)) => contents(&bytes),
        };
        if matches!(read, Contents::Plain(_))
            && let Some(locked) = self.standings.locked_by_git_crypt(self.repository, path)
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
            Contents::Sealed(file) if file.format == crate::domain::foreign::SealedFormat::GitCrypt => {
                let access = self.git_crypt.access(self.repository, path, &file.access);
                Contents::Sealed(ForeignFile { access, ..file })
            }
            other => other,
        }
    }

    fn deployed(&self, path: &str) -> Known<FileDeployed> {
        let Some((tip, there)) = self.deploy.as_ref().map_err(Clone::clone)? else {
            return Ok(FileDeployed::NotJudged);
        };
        let (here, there) = (self.standings.head().and_then(|head| head.get(path)), there.get(path));
        if here == there {
            return Ok(FileDeployed::Same);
        }
        let presence =
            |entry: Option<&crate::git::Entry>, whose: &str, read: &dyn Fn(BlobId) -> Known<Vec<u8>>| {
                let Some(entry) = entry else { return Ok(FilePresence::Absent) };
                let bytes =
                    read(entry.id).map_err(|unknown| Unknown::new(format!("{path} {whose}"), unknown.why))?;
                Ok(match contents(&bytes) {
                    Contents::Sealed(file) => file.modified.map_or(FilePresence::Undated, FilePresence::At),
                    Contents::Plain(_) | Contents::Damaged { .. } => FilePresence::Undated,
                })
            };
        let here = presence(here, "in HEAD", &|id| standing::one(self.repository.blobs(&[id])))?;
        let there = presence(there, "on the deploy ref", &|id| standing::one(tip.blobs(&[id])))?;
        Ok(FileDeployed::Differs { here, there })
    }
}

/// How policy, attributes and `custody.toml` files together stand to the deploy ref.
pub fn with_custody_files(deployed: Known<Deployed>, undeployed: Known<Vec<String>>) -> Known<Deployed> {
    use crate::domain::facts::Presence;
    let undeployed = undeployed?;
    Ok(match deployed? {
        same if undeployed.is_empty() => same,
        Deployed::Differs { paths, here, there } => {
            Deployed::Differs { paths: paths.into_iter().chain(undeployed).collect(), here, there }
        }
        Deployed::NotJudged | Deployed::Same => {
            Deployed::Differs { paths: undeployed, here: Presence::Unordered, there: Presence::Unordered }
        }
    })
}

/// The folder of a path of the repository; empty for its root.
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn read_claims(standings: &Standings<'_>, path: &str) -> Known<CustodyFile> {
    let Some(bytes) = standings.of(path, MAX_CUSTODY_BYTES).bytes? else { return Ok(CustodyFile::default()) };
    custody_file::parse(&bytes, path).map_err(|error| Unknown::new(path, error.to_string()))
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
