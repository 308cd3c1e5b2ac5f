//! What the hooks share: the stores of a clone, what git says of a push, and how a stop is told.

use std::ffi::OsString;

use super::at_hand::STORE_KEY;
use super::{CommandError, Session};
use crate::checks::driver::Judged;
use crate::cli::HookName;
use crate::domain::finding::{Finding, Known, Level, Unknown};
use crate::domain::report::Unchecked;
use crate::domain::text::visible;
use crate::git::{Commit, Repository};
use crate::observe::place::Place;
use crate::store::layout::{FOLDERS, Store};
use crate::system::wiped;

/// The most that git says of a push, in bytes.
const MOST: usize = 16 * 1024 * 1024;

/// The stores that a hook judges: those that `secrets git install` was told of, else those at the usual places. Whether
/// there is one is the commit's to say, not the work tree's.
pub fn places(session: &Session, repository: &Repository) -> Result<Vec<Place>, CommandError> {
    if session.global.store.is_some() {
        return Ok(vec![session.place()?]);
    }
    let mut folders = repository.settings(STORE_KEY)?;
    if folders.is_empty() {
        folders = FOLDERS.map(str::to_owned).to_vec();
    }
    let place = |folder: String| Place {
        store: Store::at(repository.root().join(&folder)),
        repository: Ok(repository.clone()),
        folder,
    };
    Ok(folders.into_iter().map(place).collect())
}

/// One branch of a push.
pub struct Push {
    pub after: Commit,
    /// What the remote has there, where it has and it is here.
    pub before: Option<Commit>,
    /// `refs/heads/…` at the remote.
    to: String,
    remote: Option<String>,
    url: Option<String>,
}

impl Push {
    /// Whether it goes to this branch of this remote.
    pub fn is_to(&self, repository: &Repository, remote: &str, branch: &str) -> bool {
        if self.to.strip_prefix("refs/heads/") != Some(branch) {
            return false;
        }
        if self.remote.is_none() || self.remote.as_deref() == Some(remote) {
            return true;
        }
        // Pushed to an address, which may be that remote's.
        let urls = ["url", "pushurl"].map(|key| repository.settings(&format!("remote.{remote}.{key}")));
        let [url, push_url] = urls;
        self.url.iter().any(|url_given| {
            [&url, &push_url].iter().any(|known| known.as_ref().is_ok_and(|all| all.contains(url_given)))
        })
    }
}

/// What is pushed: as git says it on standard input, else as the pre-commit framework says it.
pub fn pushes(
    session: &Session,
    repository: &Repository,
    arguments: &[OsString],
) -> Result<Vec<Push>, CommandError> {
    let text = |at: usize| arguments.get(at).and_then(|text| text.to_str()).map(str::to_owned);
    let mut lines = String::new();
    if !session.terminal.stdin_is_terminal {
        let read =
            wiped::read_stdin(MOST).map_err(|error| CommandError::new(format!("standard input: {error}")))?;
        lines = String::from_utf8_lossy(&read).into_owned();
    }
    if lines.trim().is_empty() {
        return framework_push(session, repository);
    }
    let mut pushes = Vec::new();
    for line in lines.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, after, to, before] = fields.as_slice() else {
            return Err(CommandError::new("standard input: is not what git gives to pre-push")
                .hint("git runs this: see secrets git hook --help"));
        };
        if is_null(after) {
            continue;
        }
        pushes.push(Push {
            after: repository.resolve(after)?,
            before: (!is_null(before)).then(|| repository.resolve(before).ok()).flatten(),
            to: (*to).to_owned(),
            remote: text(0),
            url: text(1),
        });
    }
    Ok(pushes)
}

/// Of a branch that is not there yet, or is to be removed.
fn is_null(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte == b'0')
}

/// <https://pre-commit.com> swallows what git says, and puts it into variables.
fn framework_push(session: &Session, repository: &Repository) -> Result<Vec<Push>, CommandError> {
    let variable = |name: &str| session.environment.var(name);
    let Some(to) = variable("PRE_COMMIT_REMOTE_BRANCH") else { return Ok(Vec::new()) };
    let after =
        variable("PRE_COMMIT_TO_REF").or_else(|| variable("PRE_COMMIT_LOCAL_BRANCH")).unwrap_or("HEAD");
    Ok(vec![Push {
        after: repository.resolve(after)?,
        before: variable("PRE_COMMIT_FROM_REF").and_then(|from| repository.resolve(from).ok()),
        to: to.to_owned(),
        remote: variable("PRE_COMMIT_REMOTE_NAME").map(str::to_owned),
        url: variable("PRE_COMMIT_REMOTE_URL").map(str::to_owned),
    }])
}

/// What judging came to.
#[derive(Default)]
pub struct Checked {
    pub judged: Judged,
}

impl Checked {
    pub fn of(mut judged: Judged, files: Known<Judged>) -> Self {
        match files {
            Ok(files) => judged.absorb(files),
            Err(unknown) => judged.absorb(Self::unknown(&unknown).judged),
        }
        Self { judged }
    }

    pub fn unknown(unknown: &Unknown) -> Self {
        let unchecked = Unchecked {
            secret: None,
            what: visible(&unknown.what).into_owned(),
            why: visible(&unknown.why).into_owned(),
        };
        Self { judged: Judged { unchecked: [unchecked].into(), ..Judged::default() } }
    }

    pub fn absorb(&mut self, other: Self) {
        self.judged.absorb(other.judged);
    }

    /// Says what stands against it, and answers with the exit code: 0 nothing, 1 a finding, 2 something unknown.
    pub fn told(mut self, session: &Session, hook: HookName) -> Result<u8, CommandError> {
        let (what, past) = match hook {
            HookName::PreCommit => ("commit", "git commit --no-verify"),
            HookName::PrePush => ("push", "git push --no-verify"),
        };
        self.judged.findings.sort_by(|one, other| {
            other.level.cmp(&one.level).then_with(|| (one.id, &one.path).cmp(&(other.id, &other.path)))
        });
        for finding in &self.judged.findings {
            tell(session, finding)?;
        }
        for unchecked in &self.judged.unchecked {
            session.say(format!("secrets: could not be checked: {}: {}", unchecked.what, unchecked.why))?;
        }
        let stops = self.judged.findings.iter().any(|finding| finding.level == Level::Error);
        if !stops && self.judged.unchecked.is_empty() {
            return Ok(0);
        }
        session.say(format!("secrets: the {what} is stopped ({}); to go past it: {past}", hook.as_str()))?;
        Ok(if stops { 1 } else { 2 })
    }
}

fn tell(session: &Session, finding: &Finding) -> Result<(), CommandError> {
    let subject = finding.secret.as_ref().map(ToString::to_string).or_else(|| finding.path.clone());
    let subject = visible(subject.as_deref().unwrap_or_default()).into_owned();
    session.say(format!("secrets: {} {} {subject}: {}", finding.level, finding.id, finding.message))?;
    session.say(format!("         to mend: {}", finding.remedy))
}
