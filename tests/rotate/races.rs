//! Two clones that rotate the same secret, and people who do something else in the middle of it.

mod ending;
mod meddling;
mod merging;
mod states;
mod tampering;

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Mutex, mpsc};

use super::common::Outcome;
use super::entra_standin::{APP, APP_SECRET, Call};
use super::server::PATIENCE;
use super::stage::{Came, LATER, NAME, START, Saved, Stage, outcome_of};
use super::standin::Moment;

/// How often both clones may have to be told to go on until they rest.
const MOST_ROUNDS: usize = 4;

/// Two clones of one remote.
struct Rivals {
    stage: Stage,
    second: PathBuf,
    begin: Saved,
}

/// Where the first one is held up.
#[derive(Debug, Clone, Copy)]
enum Pause {
    /// At the so-manieth moment of a request, from 1.
    Request(usize),
    /// Before its so-manieth push.
    Push(usize),
}

/// What becomes of the first one then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    GoesOn,
    Dies,
}

impl Rivals {
    fn new() -> Self {
        let stage = Stage::new();
        // Each of them makes one while the old one stands.
        stage.standin.allow(4);
        let second = stage.sandbox.clone("second", &[]);
        let begin = stage.save("begin", &["laptop", "second"]);
        Self { stage, second, begin }
    }

    fn first(&self) -> &Path {
        &self.stage.laptop
    }

    fn rotate(&self, clone: &Path, more: &[&str]) -> Outcome {
        self.stage.rotate(clone, &[more, &["--format", "json"]].concat(), START)
    }

    /// The moments of a rotation that nothing holds up, and how often it pushes.
    fn moments(&self) -> Vec<(Call, Moment)> {
        self.stage.restore(&self.begin);
        let (sender, receiver) = mpsc::channel();
        let sender = Mutex::new(sender);
        self.stage.standin.hook(move |call, moment| sender.lock().unwrap().send((call, moment)).unwrap());
        self.rotate(self.first(), &["--push"]).code(0);
        self.stage.standin.heal();
        receiver.try_iter().collect()
    }

    /// Runs the first one up to there, then does something else, then lets it go on or die.
    fn held_up(&self, pause: Pause, then: Then, meanwhile: impl FnOnce()) -> Option<Outcome> {
        self.stage.restore(&self.begin);
        self.held_up_in(&["--push"], START, pause, then, meanwhile)
    }

    /// The same as things stand.
    fn held_up_in(
        &self,
        arguments: &[&str],
        at: &str,
        pause: Pause,
        then: Then,
        meanwhile: impl FnOnce(),
    ) -> Option<Outcome> {
        let child = match pause {
            Pause::Request(number) => {
                let (reached, arrival) = mpsc::channel();
                let (release, released) = mpsc::channel::<()>();
                let (count, ends) = (Mutex::new(0), Mutex::new((reached, released)));
                self.stage.standin.hook(move |_, _| {
                    let place = {
                        let mut count = count.lock().unwrap();
                        *count += 1;
                        *count
                    };
                    if place == number {
                        let (reached, released) = &*ends.lock().unwrap();
                        reached.send(()).unwrap();
                        released.recv().ok();
                    }
                });
                let mut child = self.start(arguments, at);
                arrival.recv_timeout(PATIENCE).expect("it comes there");
                meanwhile();
                if then == Then::Dies {
                    child.kill().unwrap();
                    child.wait().unwrap();
                }
                drop(release);
                child
            }
            Pause::Push(number) => {
                let fifos = ["tmp/reached", "tmp/released"].map(|name| self.stage.sandbox.path(name));
                for fifo in &fifos {
                    let _ = fs::remove_file(fifo);
                    assert_eq!(self.stage.sandbox.run(self.first(), "mkfifo", [fifo]).code, 0);
                }
                let [reached, released] = &fifos;
                let count = self.stage.sandbox.path("tmp/pushes");
                let _ = fs::remove_file(&count);
                let hook = self.first().join(".git/hooks/pre-push");
                let text = format!(
                    "#!/bin/sh\ncat >/dev/null\necho >>'{0}'\n[ $(wc -l <'{0}') -eq {number} ] || exit 0\necho >'{1}'\ncat \
                     '{2}'\n[ ! -e '{0}.die' ]\n",
                    count.display(),
                    reached.display(),
                    released.display()
                );
                let die = self.stage.sandbox.path("tmp/pushes.die");
                let _ = fs::remove_file(&die);
                fs::create_dir_all(hook.parent().unwrap()).unwrap();
                fs::write(&hook, text).unwrap();
                fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
                let mut child = self.start(arguments, at);
                let mut arrival = String::new();
                fs::File::open(reached).unwrap().read_to_string(&mut arrival).unwrap();
                meanwhile();
                if then == Then::Dies {
                    fs::write(&die, "").unwrap();
                    child.kill().unwrap();
                    child.wait().unwrap();
                }
                fs::OpenOptions::new().write(true).open(released).unwrap().write_all(b"\n").unwrap();
                fs::remove_file(&hook).unwrap();
                child
            }
        };
        let outcome = (then == Then::GoesOn).then(|| {
            let output = child.wait_with_output().unwrap();
            Outcome {
                code: output.status.code().unwrap_or(-1),
                stdout: output.stdout,
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            }
        });
        self.stage.standin.heal();
        outcome
    }

    fn start(&self, arguments: &[&str], at: &str) -> Child {
        let run = self.stage.secrets(self.first()).args(["rotate", NAME, "--format", "json"]);
        let run = run.args(arguments).at(at);
        let mut command = run.into_command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command.spawn().unwrap()
    }

    /// Does what a run says is to be done next with git; whether it said so.
    fn pulled(&self, clone: &Path, outcome: &Outcome, context: &str) -> bool {
        let report = outcome.json();
        let one = &report["rotations"][0];
        let hints = one["hints"].as_array().unwrap().iter();
        let mut said: Vec<&str> = hints.filter_map(|hint| hint.as_str()).collect();
        said.extend(one["next"].as_str());
        let Some(pull) = said.iter().find(|hint| hint.starts_with("git pull ")) else { return false };
        let pulled = self.stage.sandbox.run(clone, "sh", ["-c", pull]);
        assert_eq!(pulled.code, 0, "{context}: {pull}: {}{}", pulled.text(), pulled.stderr);
        true
    }

    /// Both clones run the same command and do as they are told, until neither has anything left to do.
    fn settle(&self, context: &str) {
        let mut said = String::new();
        for _ in 0..MOST_ROUNDS {
            let mut at_rest = 0;
            for clone in [self.first(), &self.second] {
                let outcome = self.rotate(clone, &["--push"]);
                said = format!("{said}\n{}\n{}{}", clone.display(), outcome.text(), outcome.stderr);
                self.stage.what_is_deployed_works(context);
                let (came, message) = outcome_of(&outcome);
                let pulled = self.pulled(clone, &outcome, &format!("{context}: {said}"));
                at_rest += usize::from(!pulled && came == "waits" && message.contains("stays valid until"));
            }
            if at_rest == 2 {
                self.is_settled(&format!("{context}: {said}"));
                return;
            }
        }
        panic!("{context}: they do not come to rest: {said}");
    }

    /// One of the two has won, and nothing is left of the other.
    fn is_settled(&self, context: &str) {
        self.stage.what_is_deployed_works(context);
        let values = [self.first(), &self.second].map(|clone| self.stage.value(clone, &[]).unwrap());
        assert_eq!(values[0], values[1], "{context}");
        let passwords = self.stage.standin.passwords(APP);
        let found: Vec<&str> = passwords.iter().map(|one| one.secret.as_str()).collect();
        assert_eq!(found, [APP_SECRET, values[0].as_str()], "{context}: what is valid at the provider");
        for clone in [self.first(), &self.second] {
            assert_eq!(self.stage.sandbox.git(clone, ["status", "--porcelain"]), "", "{context}");
            self.stage.sandbox.git(clone, ["fetch", "-q", "origin"]);
            let diff = self.stage.sandbox.git(clone, ["diff", "--name-only", "origin/main"]);
            assert_eq!(diff, "", "{context}");
        }
    }

    /// What the second one does while the first is held up.
    fn overtake(&self, pulls: bool) {
        if pulls {
            self.stage.sandbox.git(&self.second, ["pull", "-q", "--no-rebase", "origin", "main"]);
        }
        let outcome = self.rotate(&self.second, &["--push"]);
        assert!([0, 2].contains(&outcome.code), "{}", outcome.stderr);
    }
}

/// Each place in which the first one waits for the provider; of its tokens that with which it tries the new value.
fn requests(rivals: &Rivals, moment: Moment) -> Vec<Pause> {
    let moments = rivals.moments();
    let tried = moments.iter().rposition(|one| *one == (Call::LogIn, moment));
    let is_telling = |(place, (call, at)): &(usize, &(Call, Moment))| {
        *at == moment && (*call != Call::LogIn || Some(*place) == tried)
    };
    let places = moments.iter().enumerate().filter(is_telling);
    let places: Vec<Pause> = places.map(|(place, _)| Pause::Request(place + 1)).collect();
    assert!(places.len() >= 4, "{moments:?}");
    places
}

#[test]
fn one_of_two_wins_and_nothing_is_left_of_the_other() {
    let rivals = Rivals::new();
    let mut pauses = requests(&rivals, Moment::Done);
    pauses.extend((1..=3).map(Pause::Push));
    for pause in pauses {
        rivals.held_up(pause, Then::GoesOn, || rivals.overtake(false));
        rivals.settle(&format!("{pause:?}"));
    }
}

#[test]
fn a_plan_that_is_taken_over_while_its_owner_is_alive() {
    let rivals = Rivals::new();
    let mut pauses = requests(&rivals, Moment::Received);
    pauses.extend((1..=3).map(Pause::Push));
    let mut gave_way = 0;
    for pause in pauses {
        let outcome = rivals.held_up(pause, Then::GoesOn, || rivals.overtake(true)).unwrap();
        gave_way += usize::from(outcome.text().contains("was first"));
        rivals.settle(&format!("{pause:?}"));
    }
    assert!(gave_way >= 2, "the first one gives way {gave_way} times");
}

#[test]
fn a_loser_that_died_gives_way_when_it_is_resumed() {
    let rivals = Rivals::new();
    let mut pauses = requests(&rivals, Moment::Done);
    pauses.extend((1..=3).map(Pause::Push));
    for pause in pauses {
        rivals.held_up(pause, Then::Dies, || rivals.overtake(true));
        rivals.settle(&format!("{pause:?}"));
    }
}

/// Of a plan that was taken over, what comes of it afterwards is ended by whoever took it over.
#[test]
fn a_loser_that_never_comes_back_leaves_nothing() {
    let rivals = Rivals::new();
    let moments = rivals.moments();
    for moment in [Moment::Received, Moment::Done] {
        let add = moments.iter().position(|one| *one == (Call::Add, moment)).unwrap();
        rivals.held_up(Pause::Request(add + 1), Then::Dies, || rivals.overtake(true));
        // The request was on its way when whoever sent it died, and is done after the other one has finished.
        let count = |rivals: &Rivals| rivals.stage.standin.passwords(APP).len();
        let retired = rivals.stage.rotate(&rivals.second, &["--retire", "--push"], LATER).code(0);
        let current = rivals.stage.value(&rivals.second, &[]).unwrap();
        let found = rivals.stage.standin.passwords(APP);
        assert_eq!((count(&rivals), found[0].secret.as_str()), (1, current.as_str()), "{}", retired.stderr);
    }
}

#[test]
fn both_pushed_by_hand() {
    let rivals = Rivals::new();
    rivals.stage.restore(&rivals.begin);
    for clone in [rivals.first(), &rivals.second] {
        let outcome = rivals.rotate(clone, &[]).code(0);
        assert_eq!(outcome_of(&outcome).0, "waits", "{}", outcome.text());
        assert!(outcome.text().contains("git push origin"), "{}", outcome.text());
    }
    assert_eq!(rivals.stage.standin.passwords(APP).len(), 3, "each has made one");
    rivals.stage.sandbox.push(rivals.first());
    let refused = rivals.stage.sandbox.run(&rivals.second, "git", ["push", "-q", "origin", "HEAD:main"]);
    assert_eq!(refused.code, 1);
    let gave_way = rivals.rotate(&rivals.second, &[]).code(0);
    assert!(gave_way.text().contains("was first"), "{}", gave_way.text());
    assert!(rivals.pulled(&rivals.second, &gave_way, "the second one"));
    rivals.settle("by hand");
    rivals.stage.settled(Came::Verified, "by hand");
}
