//! A baseline: as `HEAD` has it, or the ref that a change is held against, and never as one work tree alone has it.

use std::path::{Path, PathBuf};

use super::place::{Place, below};
use crate::domain::baseline::Baseline;
use crate::domain::finding::{Known, Unknown};
use crate::domain::text::pathspec;
use crate::domain::time::Instant;
use crate::git::{BlobId, Commit, GitError, Repository, blob_id};
use crate::store::baseline_file::{self, MAX_BASELINE_BYTES};
use crate::system::files;

/// Where a baseline lies.
pub struct BaselineFile<'a> {
    place: &'a Place,
    /// As it was given, from the current folder.
    full: PathBuf,
    /// From the root of the repository; `None` where it lies outside.
    inside: Option<String>,
    /// What reports call it.
    pub shown: String,
}

/// What a file accepts.
pub enum Accepts {
    This(Baseline),
    /// The ref that a change is held against does not have it. In words.
    Nothing(String),
}

impl<'a> BaselineFile<'a> {
    pub fn new(place: &'a Place, current_dir: &Path, given: &Path) -> Self {
        let full = current_dir.join(given);
        let inside = place.repository.as_ref().ok().and_then(|repository| inside(repository, &full));
        let shown = inside.clone().unwrap_or_else(|| given.to_string_lossy().into_owned());
        Self { place, full, inside, shown }
    }

    pub fn path(&self) -> &Path {
        &self.full
    }

    /// From the root of the repository; `None` where it lies outside.
    pub fn inside(&self) -> Option<&str> {
        self.inside.as_deref()
    }

    /// Whether it lies in the store's folder, where it would be taken for a value in clear.
    pub fn is_in_store(&self) -> bool {
        self.inside.as_deref().is_some_and(|path| self.place.below(path).is_some())
    }

    /// The baseline that counts here: the one in `HEAD`, where the work tree has the same.
    pub fn here(&self, now: Instant) -> Known<Baseline> {
        let Some(path) = &self.inside else { return self.parse(&self.read()?, now) };
        let repository = self.place.known_repository()?;
        let head = repository.head().map_err(|error| self.unknown(error.to_string()))?;
        let committed = head.map(|head| self.committed(repository, head, path)).transpose()?.flatten();
        let Some((id, bytes)) = committed else {
            // What can't be read can't be committed either.
            self.read()?;
            let why =
                format!("is not in HEAD, and nothing in it counts before it is: {}", commit_command(path));
            return Err(self.unknown(why));
        };
        if self.full.symlink_metadata().is_ok() {
            let is_same = blob_id(&self.read()?) == id;
            // Line ends may be other ones by git's own rules.
            if !is_same && repository.filtered_id(path).ok() != Some(id) {
                let why = "differs from HEAD, and nothing in it counts before it is committed";
                return Err(self.unknown(format!("{why}: {}", commit_command(path))));
            }
        } else if !repository.outside_sparse_checkout([path]).is_ok_and(|outside| outside.contains(path)) {
            let restore = format!("git restore --source=HEAD --staged --worktree -- {}", pathspec(path));
            return Err(self.unknown(format!("is in HEAD and deleted here: {restore}")));
        }
        self.parse(&bytes, now)
    }

    /// The baseline as a commit has it: a change does not accept its own faults.
    pub fn at(&self, commit: Commit, now: Instant) -> Known<Accepts> {
        let lacks = |why: String| {
            Ok(Accepts::Nothing(format!("baseline {}: {why}; nothing is accepted", self.shown)))
        };
        let Some(path) = &self.inside else {
            return lacks(format!("lies outside the repository, so {} can't have it", commit.short()));
        };
        match self.committed(self.place.known_repository()?, commit, path)? {
            Some((_, bytes)) => self.parse(&bytes, now).map(Accepts::This),
            None => lacks(format!("is not in {}", commit.short())),
        }
    }

    fn read(&self) -> Known<Vec<u8>> {
        files::read(&self.full, MAX_BASELINE_BYTES).map_err(|error| {
            if error.is_not_found() {
                let why =
                    "there is no such file; `secrets check --baseline FILE --accept-until DATE` writes one";
                return self.unknown(why.to_owned());
            }
            self.unknown(error.reason())
        })
    }

    fn committed(
        &self,
        repository: &Repository,
        commit: Commit,
        path: &str,
    ) -> Known<Option<(BlobId, Vec<u8>)>> {
        let most = usize::try_from(MAX_BASELINE_BYTES).unwrap_or(usize::MAX);
        let unknown = |error: GitError| self.unknown(error.to_string());
        repository.file(commit, path, most).map_err(unknown)
    }

    fn parse(&self, bytes: &[u8], now: Instant) -> Known<Baseline> {
        let baseline =
            baseline_file::parse(bytes, &self.shown).map_err(|error| self.unknown(error.to_string()))?;
        // Else half a year ahead could begin at any time.
        if baseline.made_at > now {
            return Err(self.unknown(format!("was made at {}, which is still to come", baseline.made_at)));
        }
        Ok(baseline)
    }

    fn unknown(&self, why: String) -> Unknown {
        Unknown::new(self.shown.clone(), why)
    }
}

/// The command that commits the file.
pub fn commit_command(path: &str) -> String {
    let spec = pathspec(path);
    format!("git add -- {spec} && git commit -m 'Accept findings until a date' -- {spec}")
}

/// The path from the root of the repository. The file need not be there, nor its folder: another commit may have them.
/// What is there is resolved, so that a folder behind a link is where it leads to.
fn inside(repository: &Repository, full: &Path) -> Option<String> {
    let name = full.file_name()?.to_str()?;
    let folder = full.parent()?;
    let there = folder.ancestors().find(|above| above.canonicalize().is_ok())?;
    let rest = folder.strip_prefix(there).ok()?.to_str()?.replace('\\', "/");
    if rest.split('/').any(|part| part == "..") {
        return None;
    }
    let parts = [below(repository.root(), there)?, rest, name.to_owned()];
    Some(parts.into_iter().filter(|part| !part.is_empty() && part != ".").collect::<Vec<_>>().join("/"))
}
