//! A rotation from its beginning to its end, and what can befall each of its steps.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{Outcome, binary};
use crate::entra_standin::Entra;
use crate::stage::{Came, NAME, Saved, Stage, outcome_of};
use crate::staged::Staged;
use crate::standin::Moment;

/// How often the same command may be needed until it has nothing left to do.
const MOST_RUNS: usize = 3;

/// How often the steps that follow are taken too.
const FINISHED_EVERY: usize = 5;

/// One run of the command that is to come to its end.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub arguments: &'static [&'static str],
    pub at: &'static str,
    pub came: Came,
}

/// What befalls a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blow {
    /// At the so-manieth moment of a request, from 1.
    Request(usize),
    /// From 1.
    BeforePush(usize),
    AfterPush(usize),
    /// On entering the so-manieth call of this name.
    Syscall(String, usize),
}

pub struct Walk<W: Staged = Entra> {
    pub stage: Stage<W>,
    steps: Vec<Step>,
    /// Before each step, where nothing befell those before.
    saved: Vec<Saved<W>>,
    struck: AtomicUsize,
    /// Blows that did not come about.
    pub missed: AtomicUsize,
}

impl Walk {
    pub fn new(steps: &[Step]) -> Self {
        Self::on(Stage::new(), steps)
    }
}

impl<W: Staged> Walk<W> {
    pub fn on(stage: Stage<W>, steps: &[Step]) -> Self {
        let mut saved = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            saved.push(stage.save(&format!("before-{number}"), &["laptop"]));
            if number + 1 < steps.len() {
                let outcome = stage.rotate(&stage.laptop, step.arguments, step.at).code(0);
                stage.settled(step.came, &format!("step {number}: {}", outcome.stderr));
            }
        }
        Self {
            stage,
            steps: steps.to_vec(),
            saved,
            struck: AtomicUsize::new(0),
            missed: AtomicUsize::default(),
        }
    }

    /// Every moment of every request of a step to which nothing happens.
    pub fn requests(&self, step: usize) -> Vec<(W::Call, Moment)> {
        self.begin(step);
        let moments = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&moments);
        self.stage.standin.hook_all(move |call, moment| kept.lock().unwrap().push((call, moment)));
        self.run(step).code(0);
        self.stage.standin.heal();
        let moments = moments.lock().unwrap().clone();
        assert!(moments.len() >= 6, "hardly anything was asked: {moments:?}");
        moments
    }

    /// Strikes at each of them; answers with the states in which it was found. To whoever only reads it is the same whether a
    /// request was done or not when they died.
    pub fn each_request(&self, step: usize) -> BTreeSet<String> {
        self.each_request_of(step, |call, moment| moment != Moment::Received || W::changes(call))
    }

    /// The same of those that are chosen.
    pub fn each_request_of(
        &self,
        step: usize,
        is_chosen: impl Fn(W::Call, Moment) -> bool,
    ) -> BTreeSet<String> {
        let moments = self.requests(step);
        let places = moments.iter().enumerate().filter(|(_, (call, moment))| is_chosen(*call, *moment));
        places.map(|(place, _)| self.strike(step, &Blow::Request(place + 1))).collect()
    }

    /// Has a step begin from now on where a blow left one.
    pub fn begin_behind(&mut self, step: usize, (struck, blow): (usize, &Blow)) {
        self.interrupt(struck, blow);
        self.saved[step] = self.stage.save(&format!("behind-{step}"), &["laptop"]);
    }

    /// Strikes before each push, and behind it.
    pub fn each_push(&self, step: usize) {
        let pushes = self.pushes(step);
        assert!(pushes >= 1, "step {step} is pushed");
        for number in 1..=pushes {
            self.strike(step, &Blow::BeforePush(number));
            self.strike(step, &Blow::AfterPush(number));
        }
    }

    /// How often a step pushes.
    fn pushes(&self, step: usize) -> usize {
        self.stage.restore(&self.saved[step]);
        let counted = self.hook("laptop/.git/hooks/pre-push", "exit 0");
        self.run(step).code(0);
        fs::read_to_string(counted).unwrap_or_default().lines().count()
    }

    fn run(&self, step: usize) -> Outcome {
        self.run_with(step, &[])
    }

    pub fn run_with(&self, step: usize, more: &[&str]) -> Outcome {
        let Step { arguments, at, .. } = self.steps[step];
        let arguments = [arguments, &["--format", "json"], more].concat();
        self.stage.rotate(&self.stage.laptop, &arguments, at)
    }

    /// Everything as it is before a step.
    pub fn begin(&self, step: usize) {
        self.stage.restore(&self.saved[step]);
    }

    /// A hook that counts how often it runs, in the file that is named in the answer, and then does something.
    fn hook(&self, file: &str, then: &str) -> PathBuf {
        let path = self.stage.sandbox.path(file);
        let count = self.stage.sandbox.path("tmp/count");
        let _ = fs::remove_file(&count);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = format!("#!/bin/sh\ncat >/dev/null\necho >>'{0}'\n{then}\n", count.display());
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        count
    }

    /// Lets it befall a step, goes on by the same command, and looks at what that comes to. Answers with the state that was
    /// written down when it was struck.
    pub fn strike(&self, step: usize, blow: &Blow) -> String {
        let context = format!("step {step}, {blow:?}");
        let state = self.interrupt(step, blow);
        self.stage.what_is_deployed_works(&context);
        // What comes after the step that was struck begins where it ends each time; now and then that is seen.
        let most = if self.struck.fetch_add(1, Ordering::SeqCst).is_multiple_of(FINISHED_EVERY) {
            self.steps.len()
        } else {
            1
        };
        self.go_on_for(step, most, &context);
        state
    }

    /// Lets it befall a step, and answers with the state that was written down then.
    pub fn interrupt(&self, step: usize, blow: &Blow) -> String {
        self.begin(step);
        let status = self.struck(step, blow);
        // How often a thread is woken by a write differs from run to run: now and then the last of them does not come.
        let is_missed = matches!(blow, Blow::Syscall(..)) && status.success();
        assert!(is_missed || status.signal() == Some(9), "step {step}, {blow:?}: it is killed: {status}");
        self.missed.fetch_add(usize::from(is_missed), Ordering::SeqCst);
        self.stage.standin.heal();
        for hook in ["laptop/.git/hooks/pre-push", "origin.git/hooks/post-receive"] {
            let _ = fs::remove_file(self.stage.sandbox.path(hook));
        }
        let record = self.stage.sandbox.record(&self.stage.laptop, NAME);
        record["rotation"]["state"].as_str().unwrap_or("none").to_owned()
    }

    /// The same command until it is done, and all that come after.
    pub fn go_on(&self, step: usize, context: &str) {
        self.go_on_for(step, self.steps.len(), context);
    }

    fn go_on_for(&self, step: usize, most: usize, context: &str) {
        for (number, next) in self.steps.iter().enumerate().skip(step).take(most) {
            let mut said = String::new();
            let mut is_done = false;
            for _ in 0..MOST_RUNS {
                let outcome = self.run(number);
                said = format!("{said}\n{}{}", outcome.text(), outcome.stderr);
                assert!(!said.contains("fault of secrets itself"), "{context}: {said}");
                self.stage.what_is_deployed_works(context);
                let (came, message) = outcome_of(&outcome);
                is_done = outcome.code == 0
                    && match next.came {
                        Came::Verified | Came::BackWaits => {
                            came == "waits" && message.contains("stays valid until")
                        }
                        Came::Retired | Came::Back => came == "done",
                    };
                if is_done {
                    break;
                }
            }
            assert!(is_done, "{context}: step {number} does not come to its end: {said}");
            self.stage.settled(next.came, &format!("{context}, then step {number}: {said}"));
        }
    }

    fn command(&self, step: usize, tracer: Option<Vec<String>>) -> Command {
        let Step { arguments, at, .. } = self.steps[step];
        let stage = &self.stage;
        let prepared =
            stage.secrets(&stage.laptop).args(["rotate", NAME]).args(arguments).at(at).into_command();
        let Some(tracer) = tracer else { return prepared };
        let mut command = Command::new("strace");
        command.args(tracer).arg(binary()).args(prepared.get_args()).env_clear();
        command.envs(prepared.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(prepared.get_current_dir().unwrap());
        command
    }

    /// Runs a step under strace with these options.
    pub fn traced(&self, step: usize, options: &[&str]) -> ExitStatus {
        self.stage.restore(&self.saved[step]);
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        end(spawn(self.command(step, Some(options))))
    }

    fn struck(&self, step: usize, blow: &Blow) -> ExitStatus {
        let pid_file = self.stage.sandbox.path("tmp/pid");
        let _ = fs::remove_file(&pid_file);
        // git ends before its parent is gone, so that it does not get in the way of the next run.
        let kill = format!("kill -9 $(cat '{}')", pid_file.display());
        let only = |number: usize, then: &str| {
            let count = self.stage.sandbox.path("tmp/count");
            format!("if [ $(wc -l <'{}') -eq {number} ]; then\n{kill}\n{then}\nfi", count.display())
        };
        match blow {
            Blow::Request(number) => return self.struck_at_request(step, *number),
            Blow::BeforePush(number) => {
                self.hook("laptop/.git/hooks/pre-push", &only(*number, "exit 1"));
            }
            Blow::AfterPush(number) => {
                self.hook("origin.git/hooks/post-receive", &only(*number, "exit 0"));
            }
            Blow::Syscall(call, number) => {
                let inject = format!("inject={call}:signal=SIGKILL:when={number}");
                let trace = self.stage.sandbox.path("tmp/trace");
                let options = ["-qq", "-o", trace.to_str().unwrap(), "-e", &inject].map(str::to_owned);
                return end(spawn(self.command(step, Some(options.to_vec()))));
            }
        }
        let child = spawn(self.command(step, None));
        fs::write(&pid_file, child.id().to_string()).unwrap();
        end(child)
    }

    fn struck_at_request(&self, step: usize, number: usize) -> ExitStatus {
        let (count, victim) = (Mutex::new(0), Arc::new(Mutex::new(None::<Pid>)));
        let kept = Arc::clone(&victim);
        // Whoever asks waits here until it is known who that is.
        let mut known = victim.lock().unwrap();
        self.stage.standin.hook_all(move |_, _| {
            let mut count = count.lock().unwrap();
            *count += 1;
            if *count == number {
                let victim = kept.lock().unwrap().unwrap();
                // One that was answered for the last time may have ended by itself.
                kill_process(victim, Signal::KILL).ok();
            }
        });
        let child = spawn(self.command(step, None));
        *known = Some(Pid::from_child(&child));
        drop(known);
        end(child)
    }
}

fn spawn(mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command.spawn().expect("it can be started; strace is in Debian's package `strace`")
}

/// Waits for it, and for the programs that it has started.
fn end(mut child: Child) -> ExitStatus {
    let group = child.id().to_string();
    let status = child.wait().unwrap();
    while is_alive(&group) {
        std::thread::yield_now();
    }
    status
}

/// Whether a process group has a process that has not ended.
fn is_alive(group: &str) -> bool {
    fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let stat = fs::read_to_string(Path::new(&entry.path()).join("stat")).unwrap_or_default();
        // `PID (NAME) STATE PARENT GROUP …`; a name may have anything in it.
        let mut fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ');
        let state = fields.next();
        fields.nth(1) == Some(group) && state != Some("Z") && state != Some("X")
    })
}
