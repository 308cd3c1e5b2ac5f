//! Text from others that is meant for whatever shows it: a terminal, a reader's eye, and the log of a CI system, which takes
//! lines of it for commands.

use std::fs;
use std::path::PathBuf;

use secrets::domain::text::is_treacherous;

use crate::commands::{all, command_of, each};
use crate::common::{NOW, Outcome, Sandbox};

/// Commands to a CI system, where they come first on a line and where they don't.
const COMMANDS: &str =
    "::error::pwned ::stop-commands::pwned ##[stop-commands]pwned ##[add-mask]e ##vso[task.complete]pwned";

/// The same for a record that was edited by hand, with what steers terminals.
const STEERING: &str = r"x\n::error::pwned\r##[add-mask]e\n  ::set-output name=x::pwned \u001b[31m\u009b2J\u202e\u2066\u200b\u0007";

/// What reads and says something of what it has read.
const LINES: &[&str] = &[
    "",
    "check --format *",
    "check --at 2029-01-01T00:00:00Z --format *",
    "check --against HEAD~1 --format *",
    "custody --format *",
    "show web/db --format *",
    "show web/other --format *",
    "list --format *",
    "list --timeline",
    "people list --format *",
    "people impact bob --format *",
    "track ::error::pwned --dry-run --format *",
    "track ::error::pwned --owner team",
    "report --html",
    "calendar",
    "metrics",
    "doctor --format *",
    "warn --dry-run --at 2026-05-01T00:00:00Z --format *",
    "warn --at 2026-05-01T00:00:00Z --format *",
    "ledger show --format *",
    "rotate web/db --push --format *",
    "probe run web/db",
    "reseal --all --dry-run",
    "git textconv secrets/web/db.json",
    "expiry set web/db --expires 2028-02-01 --reason why --push",
    "show ##[stop-commands]pwned",
    "get ::error::pwned",
];

struct Crowd {
    sandbox: Sandbox,
    laptop: PathBuf,
}

impl Crowd {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        let crowd = Self { sandbox, laptop };
        for name in ["web/db", "web/other"] {
            let add = ["add", name, "--expires", "2026-05-05", "--owner", "team", "--as", "alice"];
            let notes = ["--issuer", COMMANDS, "--issuer-contact", COMMANDS, "--runbook", COMMANDS];
            let run = || crowd.sandbox.secrets(&crowd.laptop).args(add).args(notes).stdin("hunter2");
            crowd.sandbox.accepting_new(run).code(0);
        }
        for program in ["asked.sh", "tried.sh"] {
            let script = format!("printf '\\033[31m{COMMANDS}\\n{COMMANDS}\\n' >&2; exit 1\n");
            fs::write(crowd.laptop.join(program), script).unwrap();
        }
        let sealed = crowd.laptop.join("::error::pwned");
        fs::create_dir(&sealed).unwrap();
        let alice = crate::common::public_key("alice");
        crowd.sandbox.age_file(&sealed.join("##[add-mask]e.age"), b"hunter2", &[&alice], false);
        crowd.edit("policy.toml", |text| {
            let people = text.replacen("[people.bob]", &format!("[people.bob]\ncontact = '{COMMANDS}'"), 1);
            assert_ne!(people, text);
            format!("{people}\n[[notify]]\nkind = \"exec\"\ncommand = [\"sh\", \"tried.sh\"]\n\n[[notify]]\nkind = \"stdout\"\n")
        });
        crowd.publish(COMMANDS);
        for line in [
            r#"rotator set web/db exec command=["sh","asked.sh"]"#,
            r#"probe set web/db exec command=["sh","tried.sh"]"#,
        ] {
            crowd.run(line).code(0);
        }
        crowd.publish("runners");
        crowd
    }

    fn edit(&self, file: &str, make: impl FnOnce(String) -> String) {
        let path = self.laptop.join("secrets").join(file);
        let text = make(fs::read_to_string(&path).unwrap());
        fs::write(path, text).unwrap();
    }

    fn publish(&self, why: &str) {
        let author = format!("user.name={COMMANDS}");
        self.sandbox.git(&self.laptop, ["add", "-A"]);
        self.sandbox.git(&self.laptop, ["-c", &author, "commit", "-q", "--allow-empty", "-m", why]);
        self.sandbox.push(&self.laptop);
    }

    fn run(&self, line: &str) -> Outcome {
        let (line, at) = match line.split_once(" --at ") {
            Some((before, after)) => {
                let (at, after) = after.split_once(' ').unwrap_or((after, ""));
                (format!("{before} {after}"), at)
            }
            None => (line.to_owned(), NOW),
        };
        let run = self.sandbox.secrets(&self.laptop).args(line.split_whitespace()).identity("alice").at(at);
        run.env("GITHUB_ACTIONS", "true").env("CI", "true").env("COLUMNS", "40").run()
    }
}

/// As the runners of GitHub and Azure read a log.
#[track_caller]
pub fn steers_nothing(what: &str, bytes: &[u8], ends_in_returns: bool) {
    let text = std::str::from_utf8(bytes).unwrap();
    let text = if ends_in_returns { text.replace("\r\n", "\n") } else { text.to_owned() };
    let steering = text.chars().find(|c| *c != '\n' && is_treacherous(*c));
    assert!(steering.is_none(), "{what}: {steering:?}\n{text:?}");
    for line in text.lines() {
        assert!(!line.contains("##[") && !line.contains("##vso["), "{what}: {line}");
        // Ours are these, and there is no other command in them.
        let ours = ["::error ", "::warning ", "::notice "].iter().find_map(|word| line.strip_prefix(word));
        let is_command = line.trim_start().strip_prefix("::").is_some_and(|rest| rest.contains("::"));
        assert!(ours.is_some() || !is_command, "{what}: {line}");
        assert!(ours.is_none() || what.contains("github"), "{what}: {line}");
    }
}

fn ask_all(crowd: &Crowd) -> usize {
    let all = all();
    let mut told = 0;
    for line in LINES {
        for line in each(&all[&command_of(&all, line)], line) {
            let run = crowd.run(&line);
            assert!(!run.stderr.contains("fault of secrets itself"), "{line}: {}", run.stderr);
            steers_nothing(&format!("{line}: standard output"), &run.stdout, line == "calendar");
            steers_nothing(&format!("{line}: standard error"), run.stderr.as_bytes(), false);
            told += usize::from(
                String::from_utf8_lossy(&run.stdout).contains("pwned") || run.stderr.contains("pwned"),
            );
        }
    }
    told
}

#[test]
fn no_text_of_others_steers_a_terminal_or_a_log() {
    let crowd = Crowd::new();
    let told = ask_all(&crowd);
    assert!(told >= 20, "the text was to be seen in only {told}");
    // By hand, where a record may hold anything that JSON can.
    for name in ["web/db", "web/other"] {
        crowd.edit(&format!("{name}.json"), |text| text.replace(COMMANDS, STEERING));
    }
    crowd.edit("policy.toml", |text| {
        let steering = text.replacen(&format!("'{COMMANDS}'"), &format!("\"{STEERING}\""), 1);
        assert_ne!(steering, text);
        steering
    });
    crowd.publish("steering");
    let hooks = crowd.sandbox.path("origin.git/hooks");
    crowd.sandbox.hook(&hooks, "pre-receive", &format!("printf '\\033[31m{COMMANDS}\\n' >&2; exit 1"));
    let told = ask_all(&crowd);
    assert!(told >= 10, "the text was to be seen in only {told}");
}
