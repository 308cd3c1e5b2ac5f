//! Addresses that hold credentials: of the remote, of a proxy, of a channel. What fails there is said without them.

use std::fs;

use crate::aviary::{Aviary, CANARIES, clean};
use crate::common::Outcome;

/// Nobody listens there.
const NOBODY: &str = "127.0.0.1:1";

fn said(aviary: &Aviary, line: &str, variables: &[(&str, String)]) -> Outcome {
    let run = aviary.prepare(line, CANARIES[2]);
    let run = variables.iter().fold(run, |run, (name, value)| run.env(name, value));
    // What git traces when it is asked to is git's own.
    let outcome = run.env("GIT_TRACE", "0").run();
    clean(&format!("{line}: standard output"), &outcome.stdout);
    clean(&format!("{line}: standard error"), outcome.stderr.as_bytes());
    assert!(!outcome.stderr.contains("fault of secrets itself"), "{line}: {}", outcome.stderr);
    outcome
}

#[test]
fn of_a_remote() {
    let aviary = Aviary::new();
    aviary.fill();
    for user in [format!("robot:{}@", CANARIES[0]), format!("{}@", CANARIES[0])] {
        let url = format!("https://{user}{NOBODY}/example/infra.git?private_token={}", CANARIES[1]);
        aviary.sandbox.git(&aviary.laptop, ["remote", "set-url", "origin", &url]);
        let mut told = 0;
        for line in [
            "",
            "check",
            "check --format json",
            "check --format markdown",
            "check --break-glass why",
            "doctor",
            "doctor --format json",
            "custody",
            "show web/db",
            "list",
            "report --html",
            "calendar",
            "metrics",
            "warn",
            "warn --dry-run",
            "ledger show",
            "rotate web/db --dry-run",
            "people list",
            "set web/db --expires 2028-01-01 --push",
            "git install",
            "git uninstall",
        ] {
            let outcome = said(&aviary, line, &[]);
            let text = format!("{}{}", String::from_utf8_lossy(&outcome.stdout), outcome.stderr);
            told += usize::from(text.contains(NOBODY));
        }
        assert!(told >= 2, "that it could not be reached was told {told} times");
    }
}

#[test]
fn of_a_proxy_and_a_channel() {
    let aviary = Aviary::new();
    aviary.run("add web/db --expires 2026-03-20 --owner team", CANARIES[0]).code(0);
    let policy = aviary.laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&policy).unwrap();
    let channel =
        "[[notify]]\nkind = \"webhook\"\nurl = { env = \"HOOK\" }\nauthorization = { env = \"PASS\" }\n";
    fs::write(&policy, format!("{text}\n{channel}")).unwrap();
    aviary.sandbox.git(&aviary.laptop, ["commit", "-qam", "Say who is told"]);
    aviary.sandbox.push(&aviary.laptop);
    let hook = ("HOOK", format!("https://{NOBODY}/{}?token={}", CANARIES[0], CANARIES[1]));
    let pass = ("PASS", format!("Bearer {}", CANARIES[2]));
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        for proxy in ["http", "https", "nonsense"] {
            let proxy = (variable, format!("{proxy}://robot:{}@{NOBODY}", CANARIES[1]));
            let variables = [hook.clone(), pass.clone(), proxy];
            said(&aviary, "warn --timeout 1", &variables).code(2).says("webhook");
            let _ =
                said(&aviary, &format!("metrics --push https://{NOBODY} --timeout 1"), &variables).code(2);
        }
    }
    aviary.search();
}
