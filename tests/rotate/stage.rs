//! A store with one secret whose rotator is the stand-in for a provider, Entra where nothing else is said, pushed and at rest, to
//! which a test can come back; and what must hold of it whatever befell a rotation.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use super::common::{Outcome, Run, Sandbox};
use super::entra_standin::{AT, Entra};
use super::staged::{Credential, Event, Staged};
use super::standin::Standin;

pub const NAME: &str = "web/login";
/// When a rotation is begun.
pub const START: &str = AT;
/// One second before the overlap of what was verified then ends, and its end.
pub const JUST_BEFORE: &str = "2027-08-24T23:59:59Z";
pub const LATER: &str = "2027-08-25T00:00:00Z";
pub const MUCH_LATER: &str = "2027-08-27T00:00:00Z";

/// How often a state is looked at in a fresh clone.
const CLONED_EVERY: usize = 8;

pub struct Stage<W: Staged = Entra> {
    pub sandbox: Sandbox,
    pub standin: Arc<Standin<W>>,
    pub laptop: PathBuf,
    /// The version that was there before any rotation.
    first: OnceLock<String>,
    looked: AtomicUsize,
    /// What was deployed so far, by what git knows it sealed.
    opened: Mutex<BTreeMap<String, String>>,
}

/// Everything at one moment: the clones, the remote, and the provider.
pub struct Saved<W = Entra> {
    folder: PathBuf,
    clones: Vec<String>,
    world: W,
}

/// How far a rotation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// The new value is verified, and the old one is still valid.
    Verified,
    Retired,
    /// The old value stands again, and the new one may still be in use.
    BackWaits,
    /// The old value stands, and nothing else is valid.
    Back,
}

impl Stage {
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// With these secrets of the same application beside it.
    pub fn with(others: &[&str]) -> Self {
        Self::set(others)
    }
}

impl<W: Staged> Stage<W> {
    pub fn set(others: &[&str]) -> Self {
        let (sandbox, standin) = (Sandbox::new(), Arc::new(W::start()));
        let laptop = sandbox.store(&["alice", "bob"]);
        sandbox.add(&laptop, NAME, "2028-01-01", W::FIRST);
        for (number, other) in others.iter().enumerate() {
            sandbox.add(&laptop, other, "2028-01-01", &format!("{number}th value of another"));
        }
        sandbox.push(&laptop);
        let (first, looked, opened) = (OnceLock::new(), AtomicUsize::new(0), Mutex::default());
        let stage = Self { sandbox, standin, laptop, first, looked, opened };
        for name in others.iter().chain(&[NAME]) {
            stage.set_rotator(name);
        }
        stage.sandbox.push(&stage.laptop);
        let first = stage.deployed_record()["sealed"]["version"]["id"].as_str().unwrap().to_owned();
        stage.first.set(first).unwrap();
        stage
    }

    fn set_rotator(&self, name: &str) {
        let set = ["rotator", "set", name, W::KIND];
        self.secrets(&self.laptop).args(set).args(W::words(&self.standin)).run().code(0);
    }

    /// A run as whoever rotates.
    pub fn secrets(&self, folder: &Path) -> Run<'_> {
        let run = self.sandbox.secrets(folder).identity("alice").at(START);
        W::ENVIRONMENT.iter().fold(run, |run, (name, text)| run.env(name, text))
    }

    pub fn rotate(&self, folder: &Path, more: &[&str], at: &str) -> Outcome {
        self.secrets(folder).args(["rotate", NAME]).args(more).at(at).run()
    }

    pub fn save(&self, name: &str, clones: &[&str]) -> Saved<W> {
        let folder = self.sandbox.path(name);
        fs::create_dir(&folder).unwrap();
        for one in clones.iter().chain(&["origin.git"]) {
            copy(&self.sandbox.path(one), &folder.join(one));
        }
        let clones = clones.iter().map(|one| (*one).to_owned()).collect();
        Saved { folder, clones, world: self.standin.with(|world| world.clone()) }
    }

    pub fn restore(&self, saved: &Saved<W>) {
        self.standin.heal();
        for one in saved.clones.iter().map(String::as_str).chain(["origin.git"]) {
            fs::remove_dir_all(self.sandbox.path(one)).unwrap();
            copy(&saved.folder.join(one), &self.sandbox.path(one));
        }
        let world = saved.world.clone();
        self.standin.with(|standing| *standing = world);
    }

    /// The record as the deploy ref has it.
    pub fn deployed_record(&self) -> serde_json::Value {
        let file = format!("main:secrets/{NAME}.json");
        let text = self.sandbox.git(&self.sandbox.path("origin.git"), ["show", file.as_str()]);
        serde_json::from_str(&text).unwrap()
    }

    /// What a deploy would use at this very moment is taken by the provider.
    pub fn what_is_deployed_works(&self, context: &str) {
        let credentials = self.credentials();
        if !W::TAKES_MARKERS {
            let value = self.deployed_value();
            let is_there = credentials.iter().any(|one| one.is_valid && one.value == value);
            assert!(
                is_there,
                "{context}: what is deployed is none of what its provider has: {credentials:?}"
            );
            return;
        }
        let id = self.deployed_record()["sealed"]["version"]["id"].as_str().unwrap().to_owned();
        let mark = format!("secrets {id}");
        let is_first = self.first.get() == Some(&id);
        let is_there = |one: &Credential| {
            one.mark.as_deref() == Some(&mark) || (is_first && one.handle == W::FIRST_HANDLE)
        };
        let is_there = credentials.iter().any(is_there);
        assert!(is_there, "{context}: version {id} is deployed, and its provider has {credentials:?}");
    }

    /// What a deploy would use at this very moment, opened in a clone that does nothing else.
    fn deployed_value(&self) -> String {
        let sealed = format!("main:secrets/{NAME}.age");
        let blob = self.sandbox.git(&self.sandbox.path("origin.git"), ["rev-parse", sealed.as_str()]);
        let open = || {
            let clone = self.sandbox.path("deploys");
            if !clone.exists() {
                self.sandbox.clone("deploys", &[]);
            }
            self.sandbox.git(&clone, ["fetch", "-q", "origin"]);
            self.sandbox.git(&clone, ["reset", "-q", "--hard", "origin/main"]);
            self.value(&clone, &[]).expect("what is deployed can be opened")
        };
        self.opened.lock().unwrap().entry(blob).or_insert_with(open).clone()
    }

    /// All that its provider has, the eldest first.
    pub fn credentials(&self) -> Vec<Credential> {
        self.standin.with(|world| world.credentials())
    }

    /// Whatever befell it: one value is current, it is the one that is sealed where deploys are made from, nothing else is valid
    /// but what still has to be, nothing is lost, and everything is committed and pushed.
    pub fn settled(&self, came: Came, context: &str) {
        self.what_is_deployed_works(context);
        self.at_rest(&self.laptop, context);
        // It is what the remote has, to the last file; now and then that is seen in a fresh clone too.
        let fresh = if self.looked.fetch_add(1, Ordering::SeqCst).is_multiple_of(CLONED_EVERY) {
            self.is_whole(&self.laptop, context);
            let _ = fs::remove_dir_all(self.sandbox.path("fresh"));
            self.sandbox.clone("fresh", &[])
        } else {
            self.laptop.clone()
        };
        let current = self.value(&fresh, &[]).unwrap_or_else(|| panic!("{context}: can't be read"));
        let credentials = self.credentials();
        assert!(credentials.iter().all(|one| one.is_valid), "{context}: {credentials:?}");
        let valid: BTreeMap<&str, &str> =
            credentials.iter().map(|one| (one.value.as_str(), one.handle.as_str())).collect();
        assert_eq!(valid.len(), credentials.len(), "{context}");
        let key = valid.get(current.as_str());
        let key = (*key.unwrap_or_else(|| panic!("{context}: the current value is not valid: {valid:?}")))
            .to_owned();
        let number = self.deployed_record()["sealed"]["version"]["number"].as_u64().unwrap();
        let found: Vec<&str> = credentials.iter().map(|one| one.value.as_str()).collect();
        let expected = match came {
            Came::Verified => vec![W::FIRST, current.as_str()],
            Came::BackWaits => vec![W::FIRST, *found.last().unwrap()],
            Came::Retired => vec![current.as_str()],
            Came::Back => vec![W::FIRST],
        };
        assert_eq!(found, expected, "{context}: what is valid at the provider");
        assert_eq!(current == W::FIRST, matches!(came, Came::BackWaits | Came::Back), "{context}");
        match came {
            Came::BackWaits => assert_eq!((number, found.len()), (3, 2), "{context}"),
            Came::Verified => {
                assert_eq!(self.value(&fresh, &["--version", "1"]).as_deref(), Some(W::FIRST), "{context}");
                assert_eq!(number, 2, "{context}");
            }
            Came::Retired => assert_eq!(number, 2, "{context}"),
            Came::Back => assert!([1, 3].contains(&number), "{context}: {number}"),
        }
        self.old_one_outlived_the_trial(&key, context);
    }

    /// The old value was valid until the new one was seen to work.
    fn old_one_outlived_the_trial(&self, current: &str, context: &str) {
        let events = self.standin.with(|world| world.events().to_vec());
        let ends = [Event::Disabled, Event::Removed].map(|end| end(W::FIRST_HANDLE.to_owned()));
        if let Some(ended) = events.iter().position(|one| ends.contains(one)) {
            let tried = events.iter().position(|one| *one == Event::LoggedIn(current.to_owned()));
            assert!(tried.is_some_and(|tried| tried < ended), "{context}: {events:?}");
        }
        assert_eq!(self.standin.wrong(), Vec::<String>::new(), "{context}");
    }

    /// A clone has nothing that is not committed and pushed, and passes.
    pub fn at_rest(&self, clone: &Path, context: &str) {
        let git = |arguments: &[&str]| self.sandbox.git(clone, arguments);
        assert_eq!(git(&["status", "--porcelain"]), "", "{context}");
        let main = |folder: PathBuf| fs::read_to_string(folder.join("refs/heads/main")).unwrap();
        assert_eq!(main(clone.join(".git")), main(self.sandbox.path("origin.git")), "{context}");
        let check = self.secrets(clone).args(["check"]).run();
        assert_eq!(check.code, 0, "{context}: {}{}", check.text(), check.stderr);
    }

    /// git finds nothing wrong with it.
    fn is_whole(&self, clone: &Path, context: &str) {
        let fsck = self.sandbox.run(clone, "git", ["fsck", "--no-progress"]);
        let text = format!("{}{}", fsck.text(), fsck.stderr);
        let faults = text.lines().find(|line| !line.starts_with("dangling ") && !line.starts_with("notice:"));
        assert_eq!((fsck.code, faults), (0, None), "{context}");
    }

    pub fn value(&self, clone: &Path, more: &[&str]) -> Option<String> {
        let got = self.secrets(clone).args(["get", NAME]).args(more).run();
        (got.code == 0).then(|| String::from_utf8(got.stdout).unwrap())
    }
}

/// What a run of `rotate --format json` came to for its only secret.
pub fn outcome_of(outcome: &Outcome) -> (String, String) {
    let report = outcome.json();
    let one = &report["rotations"][0];
    let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
    (text("outcome"), text("message"))
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(status.success());
}
