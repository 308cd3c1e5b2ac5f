//! The exit codes: one table for every command, in design, docs and program alike.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{NOW, Outcome, Sandbox, public_key};

/// The moment at which `web/old` has ended.
const LATER: &str = "2027-06-01T00:00:00Z";

fn store() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/old", "2027-01-01", "hunter2");
    sandbox.add(&laptop, "web/new", "2029-01-01", "hunter3");
    sandbox.push(&laptop);
    (sandbox, laptop)
}

fn run(sandbox: &Sandbox, folder: &Path, line: &str, stdin: &str) -> Outcome {
    let (line, at) = line.split_once(" --at ").unwrap_or((line, NOW));
    let run = sandbox.secrets(folder).args(line.split_whitespace()).identity("alice").stdin(stdin);
    let outcome = run.at(at).run();
    assert!(!outcome.stderr.contains("fault of secrets itself"), "{line}: {}", outcome.stderr);
    outcome
}

#[test]
fn help_and_version_are_answers() {
    let sandbox = Sandbox::new();
    let commands = [
        "",
        "init",
        "key",
        "key new",
        "key import",
        "key list",
        "key remove",
        "people",
        "people add",
        "people remove",
        "people list",
        "people impact",
        "people accept",
        "machines",
        "machines add",
        "machines remove",
        "machines list",
        "add",
        "set",
        "expiry",
        "expiry set",
        "move",
        "get",
        "exec",
        "edit",
        "show",
        "custody",
        "sign",
        "list",
        "remove",
        "reseal",
        "check",
        "git",
        "git install",
        "git uninstall",
        "git resolve",
        "git hook",
        "ledger",
        "ledger show",
        "ledger mend",
        "report",
        "calendar",
        "metrics",
        "doctor",
        "completions",
        "man",
        "schema",
    ];
    for command in commands {
        for help in ["--help", "-h"] {
            let outcome = run(&sandbox, sandbox.root(), &format!("{command} {help}"), "").code(0);
            assert!(!outcome.stdout.is_empty() && outcome.stderr.is_empty(), "{command} {help}");
        }
    }
    let version = run(&sandbox, sandbox.root(), "--version", "").code(0);
    assert!(version.text().starts_with("secrets "), "{}", version.text());
    run(&sandbox, sandbox.root(), "check --help", "").code(0).says("Exit codes");
}

#[test]
fn a_usage_error_is_2_and_leaves_standard_output_alone() {
    let (sandbox, laptop) = store();
    let before = sandbox.head(&laptop);
    for line in [
        "no-such-command",
        "--no-such-option",
        "check --no-such-option",
        "check --format xml",
        "check --output json",
        "check --output json= --format json",
        "check --output xml=a",
        "check --output json=a --output junit=a",
        "check --scope",
        "check --scope a --file b",
        "add",
        "add a/../b --expires 2028-01-01",
        "set",
        "get",
        "get a b",
        "exec",
        "exec true",
        "exec --env A=a",
        "exec --env A -- true",
        "edit",
        "edit a b",
        "show",
        "list --format github",
        "expiry",
        "expiry set",
        "move a",
        "remove",
        "reseal",
        "reseal --all a",
        "key",
        "key remove",
        "people",
        "people add",
        "people add x",
        "people impact",
        "people accept alice",
        "people remove bob --key SHA256:short",
        "custody --format github",
        "report",
        "report --format json",
        "metrics --push https://a --output b",
        "list --timeline --format json",
        "sign",
        "sign --all a",
        "check --prove=some",
        "check --accept-until 2026-06-01",
        "check --baseline b.json --reason why",
        "check --baseline b.json --accept-until 2026-06-01 --against HEAD",
        "check --baseline b.json --accept-until 2026-02-01",
        "check --baseline b.json --accept-until 2027-01-01",
        "check --break-glass",
        "check --break-glass why --offline",
        "check --break-glass why --against HEAD",
        "machines add x",
        "completions",
        "completions tcsh",
        "schema",
        "schema ledger",
        "ledger",
        "ledger show --state .",
        "check --at yesterday",
        "check --at 2026-03-01",
        "init --deploy-ref main",
        "remove web/old --push --no-commit",
    ] {
        let outcome = run(&sandbox, &laptop, line, "").code(2);
        assert!(outcome.stdout.is_empty(), "{line}: {}", outcome.text());
        assert!(!outcome.stderr.is_empty(), "{line}");
    }
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));
}

#[test]
fn what_is_done_is_0_for_every_command() {
    let (sandbox, laptop) = store();
    let (carol, ci) = (public_key("carol"), public_key("ci"));
    for (line, stdin) in [
        ("", ""),
        ("check", ""),
        ("check --strict", ""),
        ("check --scope web/*", ""),
        ("check --file secrets/web/new.age", ""),
        ("check --format json", ""),
        ("check --format github", ""),
        ("check --format sarif", ""),
        ("check --format junit", ""),
        ("check --format gitlab", ""),
        ("check --format markdown", ""),
        ("check --output json=/dev/null --output sarif=../secrets.sarif", ""),
        ("check --against HEAD", ""),
        ("check --prove", ""),
        ("check --prove=available", ""),
        ("check --break-glass why", ""),
        ("list", ""),
        ("custody", ""),
        ("custody --prove --format json", ""),
        ("custody --format html", ""),
        ("list --timeline", ""),
        ("report --html", ""),
        ("report --html --prove", ""),
        ("calendar", ""),
        ("metrics", ""),
        ("show web/new", ""),
        ("get web/new", ""),
        ("doctor", ""),
        ("ledger show", ""),
        ("ledger mend", ""),
        ("schema policy", ""),
        ("schema record", ""),
        ("schema custody", ""),
        ("man", ""),
        ("completions bash", ""),
        ("people list", ""),
        ("people impact bob", ""),
        ("machines list", ""),
        ("key new work", ""),
        ("key list", ""),
        ("key remove work --yes", ""),
        (&format!("machines add ci --key {ci}"), ""),
        (&format!("people add carol --key {carol}"), ""),
        ("add a/b --expires 2029-01-01 --owner team", "x"),
        ("set a/b --expires 2029-01-01 --seen-by carol", "y"),
        ("expiry set a/b --never why", ""),
        ("move a/b a/c", ""),
        ("reseal --all", ""),
        ("reseal --all --dry-run", ""),
        ("people remove carol", ""),
        ("people accept carol --reason why --at 2026-04-01T00:00:00Z", ""),
        ("machines remove ci", ""),
        ("remove a/c", ""),
    ] {
        run(&sandbox, &laptop, line, stdin).code(0);
    }
    let fresh = sandbox.path("fresh");
    sandbox.git(sandbox.root(), ["init", "-q", "fresh"]);
    run(&sandbox, &fresh, "init --person alice", "").code(0);
    // A store without a secret gives nothing to do, and says so.
    run(&sandbox, &fresh, "reseal --all", "").code(2).says("secrets add NAME");
}

#[test]
fn what_could_not_be_done_is_2_for_every_command() {
    let (sandbox, laptop) = store();
    let before = sandbox.head(&laptop);
    let (alice, carol) = (public_key("alice"), public_key("carol"));
    for (line, stdin) in [
        ("init --person alice", ""),
        ("get none", ""),
        ("edit none", ""),
        ("show none", ""),
        ("list --scope none/*", ""),
        ("set none --expires 2029-01-01", "x"),
        ("add web/new --expires 2029-01-01", "x"),
        ("add a/b", "x"),
        ("add a/b --expires 2029-01-01", ""),
        ("set web/new --expires 2029-01-01", "hunter3"),
        ("expiry set none --never why", ""),
        ("expiry set --scope none/* --never why", ""),
        ("move none a/b", ""),
        ("move web/new web/old", ""),
        ("remove none", ""),
        ("reseal none", ""),
        ("people remove none", ""),
        ("people remove alice --key SHA256:AAAAAAAA", ""),
        ("people impact none", ""),
        ("people accept none --reason why", ""),
        ("sign none", ""),
        ("sign --all", ""),
        ("custody --scope none/*", ""),
        ("report --html --offline", ""),
        ("report --html --scope none/*", ""),
        ("calendar --scope none/*", ""),
        ("metrics --offline", ""),
        ("metrics --scope none/*", ""),
        ("metrics --push http://pushgateway.example.org", ""),
        ("--identity none check --prove", ""),
        ("machines remove none", ""),
        (&format!("people add bob --key {alice}"), ""),
        (&format!("people add team --key {carol}"), ""),
        ("people add carol --github -/-", ""),
        ("people add carol --key age1nonsense", ""),
        (&format!("machines add bob --key {carol}"), ""),
        ("key import none", ""),
        ("key remove none --yes", ""),
        ("key remove none", ""),
        ("key new x --place keyring", ""),
        ("man --out /dev/null/x", ""),
        ("check --scope none/*", ""),
        ("check --file none.age", ""),
        ("check --against none", ""),
        ("check --store none", ""),
        ("check --offline", ""),
        ("check --output json=/dev/null/x", ""),
        ("--identity none get web/new", ""),
    ] {
        run(&sandbox, &laptop, line, stdin).code(2);
    }
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));
    // Outside of any repository, and of any store.
    for line in
        ["check", "list", "add a/b --expires 2029-01-01", "init --person alice", "doctor", "people list"]
    {
        run(&sandbox, &sandbox.path("home"), line, "x").code(2);
    }
}

const FORMATS: [&str; 7] = ["human", "json", "github", "sarif", "junit", "gitlab", "markdown"];

/// A state of the store, and the exit code of `check` there.
struct Case {
    what: &'static str,
    at: &'static str,
    arguments: &'static [&'static str],
    prepare: fn(&Sandbox, &Path),
    code: i32,
}

const NOTHING: fn(&Sandbox, &Path) = |_, _| {};

fn remote_gone(sandbox: &Sandbox, laptop: &Path) {
    sandbox.git(laptop, ["remote", "set-url", "origin", "/nonexistent/origin.git"]);
}

fn damage(_: &Sandbox, laptop: &Path) {
    fs::write(laptop.join("secrets/web/new.json"), "{").unwrap();
}

fn damage_and_commit(sandbox: &Sandbox, laptop: &Path) {
    damage(sandbox, laptop);
    sandbox.git(laptop, ["commit", "-qam", "Damage"]);
    sandbox.push(laptop);
}

const CASES: &[Case] = &[
    Case { what: "all is well", at: NOW, arguments: &[], prepare: NOTHING, code: 0 },
    Case { what: "a warning", at: "2026-12-01T00:00:00Z", arguments: &[], prepare: NOTHING, code: 0 },
    Case {
        what: "a warning, strict",
        at: "2026-12-01T00:00:00Z",
        arguments: &["--strict"],
        prepare: NOTHING,
        code: 1,
    },
    Case { what: "an error", at: LATER, arguments: &[], prepare: NOTHING, code: 1 },
    Case {
        what: "an error out of scope",
        at: LATER,
        arguments: &["--scope", "web/new"],
        prepare: NOTHING,
        code: 0,
    },
    Case { what: "an unknown", at: NOW, arguments: &[], prepare: remote_gone, code: 2 },
    Case { what: "offline", at: NOW, arguments: &["--offline"], prepare: NOTHING, code: 2 },
    Case { what: "an error and an unknown", at: LATER, arguments: &[], prepare: remote_gone, code: 1 },
    Case {
        what: "a warning and an unknown",
        at: "2026-12-01T00:00:00Z",
        arguments: &["--offline"],
        prepare: NOTHING,
        code: 2,
    },
    Case {
        what: "a record that can't be read",
        at: NOW,
        arguments: &[],
        prepare: damage_and_commit,
        code: 2,
    },
    Case {
        what: "the same out of scope",
        at: NOW,
        arguments: &["--scope", "web/old"],
        prepare: damage_and_commit,
        code: 0,
    },
    Case { what: "the same beside an error", at: LATER, arguments: &[], prepare: damage_and_commit, code: 1 },
];

#[test]
fn the_code_of_check_is_the_same_for_every_format() {
    for case in CASES {
        let (sandbox, laptop) = store();
        (case.prepare)(&sandbox, &laptop);
        for format in FORMATS {
            let run = sandbox
                .secrets(&laptop)
                .args(["check", "--format", format])
                .args(case.arguments)
                .at(case.at)
                .run();
            assert_eq!(run.code, case.code, "{}, {format}\n{}\n{}", case.what, run.text(), run.stderr);
            assert!(!run.stdout.is_empty(), "{}, {format}: there is a report in any case", case.what);
        }
        let json = sandbox
            .secrets(&laptop)
            .args(["check", "--format", "json"])
            .args(case.arguments)
            .at(case.at)
            .run();
        let verdict = match case.code {
            0 => "pass",
            1 => "fail",
            _ => "unknown",
        };
        assert_eq!(json.json()["verdict"], verdict, "{}", case.what);
        let human = sandbox.secrets(&laptop).args(["check"]).args(case.arguments).at(case.at).run();
        let last = human.text().trim_end().lines().last().unwrap_or_default().to_owned();
        let words = if case.code == 0 { "clear to deploy" } else { "deploy blocked" };
        assert!(last.contains(words), "{}: {}", case.what, human.text());
    }
}

#[test]
fn an_empty_store_and_a_policy_that_cannot_be_read_are_no_pass_and_have_a_report() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    for format in FORMATS {
        let empty = sandbox.secrets(&laptop).args(["check", "--format", format]).run().code(2);
        assert!(!empty.stdout.is_empty(), "{format}");
    }
    fs::write(laptop.join("secrets/policy.toml"), "schema = 1\nwhat = \n").unwrap();
    for format in FORMATS {
        let broken = sandbox.secrets(&laptop).args(["check", "--format", format]).run().code(2);
        assert!(broken.text().contains("secrets/policy.toml"), "{format}: {}", broken.text());
    }
}

#[test]
fn the_documents_have_the_same_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/exit-codes.md");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // The first of its tables; `exec` has one of its own.
    let table = text.split("\n\n").find(|part| part.starts_with("| code |")).unwrap_or_default();
    let rows: Vec<(u8, String)> = table
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
            let code = cells.next()?.trim_matches('`').parse().ok()?;
            Some((code, cells.next()?.to_owned()))
        })
        .collect();
    let codes: Vec<u8> = rows.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [0, 1, 2], "one row for each code: {text}");
    for (code, words) in [
        (0, &["done"][..]),
        (1, &["failing finding", "--strict"]),
        (2, &["could not", "usage", "empty store"]),
    ] {
        let meaning = &rows[code].1;
        assert!(words.iter().all(|word| meaning.contains(word)), "{code}: {meaning}");
    }
    // The help says the same in short.
    let sandbox = Sandbox::new();
    let help = run(&sandbox, sandbox.root(), "--help", "").code(0);
    assert!(
        help.text().contains("Exit codes: 0 done; 1 `check` found a fault; 2 could not"),
        "{}",
        help.text()
    );
}
