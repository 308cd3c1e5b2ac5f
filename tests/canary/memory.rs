//! What is left in the memory of the process when it is done with a value: it is held on the threshold of its end, and all
//! that it could ever write is searched.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::process::{Child, Command, Stdio};

use crate::aviary::{Aviary, CANARIES, traces};
use crate::common::{NOW, binary, identity_path, public_key};
use crate::server::{Server, answer};
use regex::bytes::Regex;

/// The path of an optimised binary to look into, in the place of the one under test.
const OPTIMISED: &str = "SECRETS_TEST_BINARY";

/// `exit_group` of this architecture, as `/proc/PID/syscall` calls it.
#[cfg(target_arch = "x86_64")]
const EXIT_GROUP: &str = "231 ";
#[cfg(not(target_arch = "x86_64"))]
const EXIT_GROUP: &str = "94 ";

/// Longer than any test may take: whoever looked ends it before.
const HELD: &str = "inject=exit_group:delay_enter=3600000000";

/// A process that can be looked into.
pub struct Held {
    strace: Child,
    process: u32,
}

impl Held {
    /// Runs a command to its end, but for the end.
    pub fn at_its_end(aviary: &Aviary, line: &str, stdin: &str) -> Self {
        let input = aviary.outside.path().join("input");
        fs::write(&input, stdin).unwrap();
        let mut command = aviary.sandbox.command("strace", &aviary.laptop);
        let optimised = optimised();
        let looked_into = optimised.as_deref().unwrap_or(binary());
        command.args([
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            "trace=exit_group",
            "-e",
            HELD,
            looked_into,
            "--at",
            NOW,
        ]);
        command.args(aviary.words(line)).env("SECRETS_IDENTITY_FILE", identity_path("alice"));
        command.env("EDITOR", aviary.outside.path().join("editor"));
        aviary.sandbox.lend_sops(&mut command, "alice");
        let said = aviary.outside.path().join("said");
        command.stdin(File::open(input).unwrap());
        command.stdout(Stdio::null()).stderr(File::create(&said).unwrap());
        let mut strace = command.spawn().expect("strace can be started: it is in Debian's package `strace`");
        let (process, call) = loop {
            let told = || fs::read_to_string(&said).unwrap();
            assert!(strace.try_wait().unwrap().is_none(), "{line}: was not held: {}", told());
            if let Some(held) = at_its_end(strace.id()) {
                break held;
            }
            // It is looked at again and again meanwhile, which costs both of them time.
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        let held = Self { strace, process };
        // What is not pushed yet fails the gate, and is judged all the same.
        let ends = [format!("{EXIT_GROUP}0x0 "), format!("{EXIT_GROUP}0x1 ")];
        let is_done = ends.iter().any(|end| call.starts_with(end));
        assert!(is_done, "{line}: {call}{}", fs::read_to_string(said).unwrap());
        held
    }

    /// What of the canaries, and of this value, is left.
    pub fn found(&self, also: &str) -> Vec<String> {
        let longest = if optimised().is_some() { FEW } else { REGISTER };
        found_of(self.process, &[&CANARIES[..], &[also]].concat(), longest)
    }
}

/// What a process runs that stands before its end, and how it calls for it.
fn at_its_end(strace: u32) -> Option<(u32, String)> {
    let children = fs::read_to_string(format!("/proc/{strace}/task/{strace}/children")).ok()?;
    let child = children.trim();
    let call = fs::read_to_string(format!("/proc/{child}/syscall")).ok()?;
    let status = fs::read_to_string(format!("/proc/{child}/status")).ok()?;
    // To learn what the kernel can do, strace follows a copy of itself to its end first.
    let [program, tracer] =
        [child, &strace.to_string()].map(|process| fs::read_link(format!("/proc/{process}/exe")).ok());
    let is_held = program? != tracer?
        && call.starts_with(EXIT_GROUP)
        && status.contains("\nState:\tt (tracing stop)\n");
    is_held.then_some((child.parse().ok()?, call))
}

impl Drop for Held {
    fn drop(&mut self) {
        for process in [self.process, self.strace.id()] {
            Command::new("kill").args(["-s", "KILL", &process.to_string()]).status().ok();
        }
        self.strace.wait().ok();
    }
}

/// As much as a register of the processor holds at once: where nothing is optimised, what is compared or searched for goes
/// over the stack in such pieces, and stays there until something else comes to lie on it.
const REGISTER: usize = 16;
/// Where all is optimised, that does not happen.
const FEW: usize = 11;

pub fn optimised() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "whoever runs the test says which binary is looked into")]
    let path = std::env::var(OPTIMISED).ok()?;
    // It is started from another folder.
    let path = fs::canonicalize(&path).unwrap_or_else(|error| panic!("{OPTIMISED}={path}: {error}"));
    Some(path.to_str().unwrap().to_owned())
}

/// Anything of a value that is longer than that, and what betrays a canary in other notations.
fn pieces(values: &[&str], longest: usize) -> Vec<String> {
    let longer = |value: &str| {
        let starts = 0..value.len().saturating_sub(longest);
        starts.map(|start| value[start..=start + longest].to_owned()).collect::<Vec<_>>()
    };
    let encoded = traces().into_iter().filter(|trace| trace.len() > longest);
    values.iter().flat_map(|value| longer(value)).chain(encoded).collect()
}

/// What of the canaries is in memory that a process can write to, and in which.
pub fn found(process: u32) -> Vec<String> {
    found_of(process, &CANARIES, REGISTER)
}

fn found_of(process: u32, values: &[&str], longest: usize) -> Vec<String> {
    let any: Vec<String> = pieces(values, longest).iter().map(|piece| regex::escape(piece)).collect();
    let any = Regex::new(&format!("(?-u){}", any.join("|"))).unwrap();
    let memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut found = Vec::new();
    let mut searched = 0;
    for line in fs::read_to_string(format!("/proc/{process}/maps")).unwrap().lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        if !rights.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        if memory.read_exact_at(&mut bytes, from).is_err() {
            continue;
        }
        searched += bytes.len();
        let place = words.nth(3).unwrap_or("anonymous");
        for part in any.find_iter(&bytes) {
            let around = &bytes[part.start().saturating_sub(24)..(part.end() + 24).min(bytes.len())];
            found.push(format!("{place}: {}", String::from_utf8_lossy(around)));
        }
    }
    assert!(searched > 100_000, "hardly anything could be read of {process}: {searched} bytes");
    found
}

#[test]
fn a_value_is_wiped_before_the_end() {
    let aviary = Aviary::new();
    aviary.fill();
    let mut left = Vec::new();
    for (line, stdin) in [
        ("get web/db", ""),
        ("add web/new --expires 2028-01-01 --owner team", CANARIES[2]),
        ("add web/file --expires 2028-01-01 --owner team --from-file FILE", ""),
        ("set web/db --expires 2028-01-01", CANARIES[1]),
        ("edit web/new --expires 2028-01-01", ""),
        ("move web/db web/sql", ""),
        ("reseal web/sql", ""),
        ("check --prove", ""),
        ("custody --prove", ""),
        ("import OUTSIDE/dotenv --from dotenv --prefix a --without-expiry", ""),
        ("import OUTSIDE/json --from json --prefix b --without-expiry", ""),
        ("import OUTSIDE/yaml --from yaml --prefix c --without-expiry", ""),
        ("export --scope web/{db,sql,api} --format dotenv", ""),
        ("export --scope web/{db,sql,api} --format json", ""),
        ("export --scope web/{db,sql,api} --format yaml", ""),
        ("export --scope web/{db,sql,api} --format shell", ""),
        ("export --scope web/** --format k8s-secret --name web", ""),
    ] {
        let held = Held::at_its_end(&aviary, line, stdin);
        left.extend(held.found("").into_iter().map(|found| format!("{line}: {found}")));
    }
    assert!(left.is_empty(), "{left:#?}");
}

/// What is handed on: to servers, to programs, and to whoever opens what another tool has sealed.
#[test]
fn nor_is_there_one_left_that_was_handed_on() {
    let aviary = Aviary::new();
    aviary.fill();
    let server = Server::start(|_, _| answer("202 Accepted", "", r#"{"status":"success"}"#));
    let url = server.url();
    aviary.run("add web/http --expires 2026-03-20 --owner team", CANARIES[2]).code(0);
    let readers = ["alice", "bob"].map(public_key);
    let sealed = aviary.laptop.join("other/enc-x.yaml");
    let seal = || {
        let yaml = format!("one: {}\ntwo:\n  three: {}\n", CANARIES[0], CANARIES[1]);
        aviary.sandbox.sops_file(&sealed, yaml, &readers.each_ref().map(String::as_str));
    };
    fs::create_dir(aviary.laptop.join("other")).unwrap();
    seal();
    let policy = aviary.laptop.join("secrets/policy.toml");
    let channels = format!(
        "[[notify]]\nkind = \"webhook\"\nurl = \"{url}\"\nauthorization = {{ secret = \"web/http\" }}\n\n\
         [[notify]]\nkind = \"pagerduty\"\nurl = \"{url}\"\nrouting-key = {{ secret = \"web/db\" }}\n"
    );
    fs::write(&policy, format!("{}\n{channels}", fs::read_to_string(&policy).unwrap())).unwrap();
    let publish = |why: &str| {
        aviary.sandbox.git(&aviary.laptop, ["add", "-A"]);
        aviary.sandbox.git(&aviary.laptop, ["commit", "-q", "--allow-empty", "-m", why]);
        aviary.sandbox.push(&aviary.laptop);
    };
    publish("Say who is told");
    for line in [
        "track other --owner team",
        "rotator set web/api generate length=48 lifetime=90d",
        "probe set web/db exec command=[\"cat\"]",
        &format!("probe set web/http http url={url}/health status=202"),
    ] {
        aviary.run(line, "").code(0);
    }
    publish("Say how");
    let mut left = Vec::new();
    for (line, makes) in [
        ("warn", None),
        ("probe run web/db", None),
        ("probe run web/http", None),
        ("rotate web/api --push", Some("web/api")),
        ("check --prove", None),
        ("confirm", None),
    ] {
        if line == "confirm" {
            seal();
            publish("Seal it anew");
        }
        let before = server.requests().len();
        let held = Held::at_its_end(&aviary, line, "");
        if let Some(new) = makes {
            let value =
                String::from_utf8(aviary.sandbox.get(&aviary.laptop, new, "alice").code(0).stdout).unwrap();
            assert!(value.len() == 48 && !CANARIES.contains(&value.as_str()), "{value}");
            left.extend(held.found(&value).into_iter().map(|found| format!("{line}: {found}")));
        } else {
            left.extend(held.found("").into_iter().map(|found| format!("{line}: {found}")));
        }
        let asks = line == "warn" || line.ends_with("/http");
        assert_eq!(server.requests().len() > before, asks, "{line}");
    }
    // What was sent is what is looked for.
    let sent = server.requests();
    assert!(
        sent.iter()
            .any(|request| request.header("authorization").is_some_and(|sent| sent.contains(CANARIES[2])))
    );
    assert!(sent.iter().any(|request| String::from_utf8_lossy(&request.body).contains(CANARIES[0])));
    assert!(aviary.sandbox.sops_calls().iter().any(|call| call.starts_with("decrypt")));
    assert!(left.is_empty(), "{left:#?}");
}
