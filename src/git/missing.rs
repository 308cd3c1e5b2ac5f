//! Objects that a partial clone has yet to fetch from its remote. libgit2 can't; git does it by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use git2::{ObjectType, Oid};

use super::error::GitError;
use super::ids::MAX_BLOB_BYTES;
use super::program::{Deadline, Git, LOCAL_LIMIT};
use super::words;
use crate::system::process::ProcessError;

/// How long fetching may take altogether.
const LIMIT: Duration = Duration::from_secs(20);

/// How many objects one child gives. Its whole output has to fit into what is kept of a child's output.
const PER_CHILD: usize = 256;

pub enum Failure {
    Object { id: Oid, why: String },
    TooLarge(Oid),
    Git(GitError),
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        Self::Git(error)
    }
}

/// Reads objects through `git cat-file --batch`, which fetches what it lacks.
pub(super) fn fetch(git: &Git, ids: &[Oid], kind: ObjectType) -> Result<BTreeMap<Oid, Vec<u8>>, Failure> {
    let deadline = Deadline::after(LIMIT);
    // One by one, each missing object would cost a connection.
    if ids.len() > 1 {
        prefetch(git, ids, deadline)?;
    }
    let mut found = BTreeMap::new();
    for some in ids.chunks(PER_CHILD) {
        read(git, some, kind, deadline, &mut found)?;
    }
    Ok(found)
}

/// Fetches what can be fetched of these, and answers with nothing.
pub(super) fn bring_here(git: &Git, ids: &[Oid]) -> Result<(), GitError> {
    prefetch(git, ids, Deadline::after(LIMIT))
}

/// Has git fetch all of them over one connection, the way git itself does before a checkout. It writes no ref and
/// no `FETCH_HEAD`. That it failed is no error here: reading them says so better.
fn prefetch(git: &Git, ids: &[Oid], deadline: Deadline) -> Result<(), GitError> {
    let list = one_a_line(ids);
    for remote in promisors(git)? {
        let options =
            ["-c", "fetch.negotiationAlgorithm=noop", "-c", "gc.auto=0", "-c", "maintenance.auto=false"];
        let fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no"];
        let fetched = (git.reading().args(options).args(fetch))
            .args(["--filter=blob:none", "--stdin", &remote])
            .input(list.clone())
            .run(deadline.left());
        match fetched {
            Ok(finished) if finished.succeeded() => break,
            Ok(_) | Err(ProcessError::TimedOut { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The remotes from which a partial clone completes itself, and none for other clones.
pub(super) fn promisors(git: &Git) -> Result<Vec<String>, GitError> {
    let pattern = r"^(remote\..*\.promisor|extensions\.partialclone)$";
    let finished = git.reading().args(["config", "-z", "--get-regexp", pattern]).run(LOCAL_LIMIT)?;
    let text = String::from_utf8_lossy(&finished.stdout).into_owned();
    let mut remotes: Vec<String> = (text.split_terminator('\0'))
        .filter_map(|entry| match entry.split_once('\n').unwrap_or((entry, "true")) {
            ("extensions.partialclone", remote) => Some(remote.to_owned()),
            (_, "false" | "no" | "off" | "0" | "") => None,
            (key, _) => Some(key.strip_prefix("remote.")?.strip_suffix(".promisor")?.to_owned()),
        })
        .collect();
    remotes.sort();
    remotes.dedup();
    Ok(remotes)
}

fn read(
    git: &Git,
    ids: &[Oid],
    kind: ObjectType,
    deadline: Deadline,
    found: &mut BTreeMap<Oid, Vec<u8>>,
) -> Result<(), Failure> {
    let list = one_a_line(ids);
    let run = git.reading().args(["cat-file", "--batch"]).input(list).run(deadline.left());
    let finished = match run {
        Err(ProcessError::TooMuchOutput { .. }) => {
            return match ids {
                [] => Ok(()),
                [one] => Err(Failure::TooLarge(*one)),
                many => {
                    let (some, others) = many.split_at(many.len() / 2);
                    read(git, some, kind, deadline, found)?;
                    read(git, others, kind, deadline, found)
                }
            };
        }
        run => run.map_err(GitError::from)?,
    };
    let mut rest = finished.stdout.as_slice();
    for id in ids {
        let (bytes, beyond) = first_object(rest, *id, kind, &finished.stderr)?;
        found.insert(*id, bytes.to_owned());
        rest = beyond;
    }
    Ok(())
}

/// The first object of what `git cat-file --batch` answered, which must be this one, and what comes behind it.
pub fn first_object<'a>(
    answer: &'a [u8],
    id: Oid,
    kind: ObjectType,
    stderr: &str,
) -> Result<(&'a [u8], &'a [u8]), Failure> {
    let why = |why: &str| Failure::Object { id, why: why.to_owned() };
    // git gives up at the first object that it can't fetch, and says why.
    let (header, beyond) = split_line(answer).ok_or_else(|| why(&words::last_line(stderr)))?;
    let (found_kind, length) = parse_header(header, id).ok_or_else(|| why("it is not here"))?;
    if found_kind != kind.str() {
        return Err(why(&format!("it is a {found_kind}, no {kind}")));
    }
    if length > MAX_BLOB_BYTES {
        return Err(Failure::TooLarge(id));
    }
    let bytes = beyond.get(..length).ok_or_else(|| why("git gave only a part of it"))?;
    if Oid::hash_object(kind, bytes).ok() != Some(id) {
        return Err(why("its bytes are not those of its id"));
    }
    let beyond = beyond.get(length + 1..).ok_or_else(|| why("git gave only a part of it"))?;
    Ok((bytes, beyond))
}

fn one_a_line(ids: &[Oid]) -> Vec<u8> {
    let ids: Vec<_> = ids.iter().map(Oid::to_string).collect();
    (ids.join("\n") + "\n").into_bytes()
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

/// Reads `ID KIND LENGTH`; `ID missing` is `None`.
fn parse_header(line: &[u8], id: Oid) -> Option<(&str, usize)> {
    let rest = std::str::from_utf8(line).ok()?.strip_prefix(&id.to_string())?.strip_prefix(' ')?;
    let (kind, length) = rest.split_once(' ')?;
    Some((kind, length.parse().ok()?))
}
