//! The outage at Toronto's hub in 2022, replayed in a temporary folder with real git: what happened, when, and what
//! the gate would have said. Every line about the gate is what a run of it said; where that is not what it must say,
//! this exits with 1.
//!
//! `cargo run --release --example outage`

use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};

use anstyle::{AnsiColor, Style};
use secrets::system::environment::Environment;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The first argument by which this program, run by itself, is `secrets`: a fresh clone has no other binary yet.
const AS_SECRETS: &str = "as-secrets";
const NAME: &str = "utoronto/prod/azuread";
const COLUMNS: usize = 100;
/// Before what the gate says.
const INDENT: usize = 4;
const SCOPE: &str = "utoronto/prod/*";
const GATE: &str = "secrets check --scope 'utoronto/prod/*'";

const PEOPLE: [(&str, &str); 3] = [
    ("alice", include_str!("../tests/fixtures/identities/alice.txt")),
    ("bob", include_str!("../tests/fixtures/identities/bob.txt")),
    ("carol", include_str!("../tests/fixtures/identities/carol.txt")),
];
const CI: &str = include_str!("../tests/fixtures/identities/ci.txt");

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == AS_SECRETS) {
        return as_secrets(arguments);
    }
    match replay() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(anstream::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the main function of a program")]
fn as_secrets(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let folder = std::env::current_dir().unwrap_or_else(|_| ".".into());
    let environment = Environment::new(std::env::vars_os(), folder);
    ExitCode::from(secrets::run(std::iter::once("secrets".into()).chain(arguments), environment, None))
}

fn replay() -> Outcome<()> {
    let stage = Stage::set()?;
    let (laptop, ci) = (stage.path("laptop"), stage.path("ci"));
    let mut story = Story::begin()?;

    story.scene(
        "2022-07-15 09:00",
        "A usual deploy by CI. The client secret of the login ends in six weeks.",
        &stage.gate(&ci, "2022-07-15T09:00:00Z", 0, &["expiring"])?,
    )?;
    story.scene(
        "2022-08-30 00:00",
        "It lapses. Logins break.",
        &stage.gate(&ci, "2022-08-30T00:00:00Z", 1, &["expired"])?,
    )?;
    stage.renew(&laptop, "2022-08-31T20:15:00Z")?;
    story.scene(
        "2022-08-31 20:15",
        "An engineer gets a new one, and deploys it from a laptop. Logins work.",
        &stage.gate(&laptop, "2022-08-31T20:15:00Z", 1, &["uncommitted"])?,
    )?;
    stage.git(&laptop, &["commit", "-q", "-a", "-m", "New client secret"])?;
    story.scene(
        "2022-08-31 20:20",
        "It is committed on the laptop, and not pushed. There it stays for a week.",
        &stage.gate(&laptop, "2022-08-31T20:20:00Z", 1, &["unpushed"])?,
    )?;
    let blocked = stage.gate(&ci, "2022-09-07T12:25:00Z", 1, &["expired"])?;
    story.scene(
        "2022-09-07 12:25",
        "CI redeploys what the repository has. Logins fail again, for 5 h 23 min.",
        &blocked,
    )?;
    let would_have_been = stage.value_for_deploy(&ci)?;
    stage.git(&laptop, &["push", "-q", "origin", "HEAD:main"])?;
    stage.git(&ci, &["pull", "-q"])?;
    story.scene(
        "2022-09-07 12:25",
        "The same, had the commit been pushed.",
        &stage.gate(&ci, "2022-09-07T12:25:00Z", 0, &[])?,
    )?;
    expect("the value that CI had", &would_have_been, OLD)?;
    expect("the value that CI has", &stage.value_for_deploy(&ci)?, NEW)?;
    story.end()
}

const OLD: &str = "the client secret of 2021";
const NEW: &str = "the client secret of 2022";

fn expect(what: &str, found: &str, expected: &str) -> Outcome<()> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what} is `{found}`, and not `{expected}`").into())
}

/// What one run of the gate said.
struct Said {
    code: i32,
    findings: Vec<Finding>,
}

/// The parts of a finding that are told.
#[derive(serde::Deserialize)]
struct Finding {
    id: String,
    message: String,
}

#[derive(serde::Deserialize)]
struct Report {
    findings: Vec<Finding>,
}

/// The repositories: a bare origin, a laptop's clone, and CI's.
struct Stage {
    folder: tempfile::TempDir,
    program: PathBuf,
}

impl Stage {
    /// Everything as it was in the autumn of 2021: sealed, committed, pushed, and cloned by CI.
    fn set() -> Outcome<Self> {
        let stage = Self { folder: tempfile::tempdir()?, program: std::env::current_exe()? };
        let root = stage.folder.path().to_owned();
        let config = "[user]\n\tname = Alice\n\temail = alice@example.org\n[init]\n\tdefaultBranch = main\n";
        fs::write(stage.path("gitconfig"), config)?;
        stage.git(&root, &["init", "-q", "--bare", "origin.git"])?;
        stage.git(&root, &["clone", "-q", "origin.git", "laptop"])?;
        let laptop = stage.path("laptop");
        let at = "2021-08-30T12:00:00Z";
        for (person, identity) in PEOPLE {
            let key = public_key(identity)?;
            let register: &[&str] = if person == "alice" {
                &["init", "--person", person, "--key", key, "--deploy-ref", "origin/main"]
            } else {
                &["people", "add", person, "--key", key, "--group", "team"]
            };
            stage.secrets(&laptop, at, register, "")?;
        }
        stage.secrets(
            &laptop,
            at,
            &["machines", "add", "ci", "--key", public_key(CI)?, "--group", "team"],
            "",
        )?;
        let add =
            ["add", NAME, "--expires-in", "1y", "--issued", "2021-08-30", "--owner", "team", "--as", "alice"];
        stage.secrets(&laptop, at, &add, OLD)?;
        stage.git(&laptop, &["push", "-q", "origin", "HEAD:main"])?;
        let url = format!("file://{}", stage.path("origin.git").display());
        stage.git(&root, &["clone", "-q", "--depth", "1", &url, "ci"])?;
        Ok(stage)
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// The new client secret, on the laptop only.
    fn renew(&self, laptop: &Path, at: &str) -> Outcome<()> {
        let set = ["set", NAME, "--expires", "2023-08-30", "--no-commit", "--as", "alice"];
        self.secrets(laptop, at, &set, NEW)
    }

    /// The gate; that it finds anything but what is expected, or exits otherwise, is an error.
    fn gate(&self, clone: &Path, at: &str, code: i32, expected: &[&str]) -> Outcome<Said> {
        let output = self.run(clone, at, &["check", "--scope", SCOPE, "--format", "json"], "")?;
        let Report { findings } = serde_json::from_slice(&output.stdout)?;
        let ids: Vec<&str> = findings.iter().map(|finding| finding.id.as_str()).collect();
        if output.status.code() == Some(code) && ids == expected {
            return Ok(Said { code, findings });
        }
        let (found, status) = (ids.join(", "), output.status);
        let expected = expected.join(", ");
        Err(format!("at {at} the gate said [{found}] with {status}, and not [{expected}] with {code}").into())
    }

    /// The value that a deploy from this clone would ship.
    fn value_for_deploy(&self, clone: &Path) -> Outcome<String> {
        let output = self.run(clone, "2022-09-07T12:25:00Z", &["get", NAME], "")?;
        succeed(&output, "secrets get")?;
        Ok(String::from_utf8(output.stdout)?)
    }

    fn secrets(&self, folder: &Path, at: &str, arguments: &[&str], stdin: &str) -> Outcome<()> {
        succeed(&self.run(folder, at, arguments, stdin)?, &format!("secrets {}", arguments.join(" ")))
    }

    fn run(&self, folder: &Path, at: &str, arguments: &[&str], stdin: &str) -> Outcome<Output> {
        let mut command = self.command(&self.program, folder);
        command.args([AS_SECRETS, "--at", at]).args(arguments);
        let identity = if folder.ends_with("ci") { CI } else { PEOPLE[0].1 };
        command.env("SECRETS_IDENTITY", identity);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            // A command that reads no value may have ended already.
            pipe.write_all(stdin.as_bytes()).ok();
        }
        Ok(child.wait_with_output()?)
    }

    fn git(&self, folder: &Path, arguments: &[&str]) -> Outcome<()> {
        let output = self.command("git", folder).args(arguments).output();
        let output = output.map_err(|error| format!("git is needed, and could not be run: {error}"))?;
        succeed(&output, &format!("git {}", arguments.join(" ")))
    }

    /// A program in an environment in which nothing of this machine's matters but where programs are.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).envs([
            ("HOME", self.folder.path()),
            ("XDG_CONFIG_HOME", self.folder.path()),
            ("GIT_CONFIG_GLOBAL", &self.path("gitconfig")),
        ]);
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C").env("NO_COLOR", "1");
        for variable in
            ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "SECRETS_STORE", "SECRETS_IDENTITY_FILE"]
        {
            command.env_remove(variable);
        }
        command
    }
}

fn succeed(output: &Output, what: &str) -> Outcome<()> {
    if output.status.success() {
        return Ok(());
    }
    Err(format!("`{what}` failed: {}", String::from_utf8_lossy(&output.stderr)).into())
}

fn public_key(identity: &'static str) -> Outcome<&'static str> {
    let key = identity.lines().find_map(|line| line.strip_prefix("# public key: "));
    Ok(key.ok_or("a fixture names its public key")?)
}

/// What is told, on standard output: in colour on a terminal only.
struct Story {
    out: anstream::Stdout,
}

impl Story {
    fn begin() -> Outcome<Self> {
        let mut story = Self { out: anstream::stdout() };
        let bold = Style::new().bold();
        writeln!(story.out, "{bold}The outage at Toronto, replayed with real git.{bold:#} The gate: {GATE}")?;
        Ok(story)
    }

    fn scene(&mut self, when: &str, happened: &str, said: &Said) -> Outcome<()> {
        let dim = Style::new().dimmed();
        writeln!(self.out)?;
        writeln!(self.out, "{dim}{when}{dim:#}  {happened}")?;
        if said.findings.is_empty() {
            return self.told(said.code, "clear", "no findings");
        }
        said.findings.iter().try_for_each(|finding| self.told(said.code, &finding.id, &finding.message))
    }

    fn told(&mut self, code: i32, id: &str, message: &str) -> Outcome<()> {
        let colour = if code == 0 { AnsiColor::Green } else { AnsiColor::Red };
        let verdict = Style::new().bold().fg_color(Some(colour.into()));
        let mut label = format!("exit {code}  {id:<11}  ");
        let (blank, width) = (" ".repeat(INDENT), COLUMNS - INDENT - label.len());
        for line in wrap(message, width) {
            writeln!(self.out, "{blank}{verdict}{label}{verdict:#}{line}")?;
            label = " ".repeat(label.len());
        }
        Ok(())
    }

    fn end(&mut self) -> Outcome<()> {
        writeln!(self.out)?;
        writeln!(self.out, "The deploy of 12:25 would have been: without the gate {OLD}, which had")?;
        writeln!(self.out, "lapsed; with it none at all; and with the commit pushed {NEW}.")?;
        Ok(())
    }
}

/// Breaks a text at spaces, so that no line but one of a single long word is wider.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        if let Some(line) = lines.last_mut() {
            if line.is_empty() {
                line.push_str(word);
            } else if line.chars().count() + 1 + word.chars().count() <= width {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
    }
    lines
}
