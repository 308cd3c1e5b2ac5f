//! Completions, as bash, zsh and fish ask for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::common::person::Person;
use super::common::{Sandbox, binary, public_key};

fn store() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let ci = public_key("ci");
    let add = ["machines", "add", "ci", "--key", &ci, "--group", "robots"];
    sandbox.secrets(&laptop).args(add).run().code(0);
    for name in ["web/prod/db", "web/prod/api", "legacy/ftp"] {
        sandbox.add(&laptop, name, "2028-01-01", name);
    }
    let folder = laptop.join("clusters/a");
    fs::create_dir_all(&folder).unwrap();
    let record = |name: &str| format!("[\"enc-prod.yaml#/hub/{name}\"]\nowners = [\"team\"]\n");
    let custody = format!("schema = 1\n\n{}\n{}", record("client secret"), record("token"));
    fs::write(folder.join("custody.toml"), custody).unwrap();
    sandbox.commit_all(&laptop, "Take over what sops sealed");
    (sandbox, laptop)
}

/// A shell whose `secrets` is the built one, with our script in a file.
fn shell(sandbox: &Sandbox, folder: &Path, program: &str, script_of: &str) -> (Command, PathBuf) {
    let script = sandbox.secrets(folder).args(["completions", script_of]).run().code(0);
    let path = sandbox.path(&format!("script.{script_of}"));
    fs::write(&path, &script.stdout).unwrap();
    let mut command = sandbox.command(program, folder);
    let path_variable =
        command.get_envs().find_map(|(name, value)| value.filter(|_| name == "PATH")).unwrap();
    let programs = Path::new(binary()).parent().unwrap().to_str().unwrap();
    let path_variable = format!("{programs}:{}", path_variable.to_str().unwrap());
    command.env("PATH", path_variable);
    (command, path)
}

/// What bash would put in place of the word at the end of a line, which it splits into words as it does on Tab.
fn bash(sandbox: &Sandbox, folder: &Path, words: &[&str]) -> Vec<String> {
    let (mut command, script) = shell(sandbox, folder, "bash", "bash");
    let ask = "source \"$1\"; shift; COMP_LINE=$1; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
               _secrets; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let line = words.join(" ").replace(" = ", "=");
    let output = command.args(["-c", ask, "bash"]).arg(script).arg(line).args(words).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "nothing is said into a command line");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_completes_names_people_and_scopes() {
    let (sandbox, laptop) = store();
    let answers = |words: &[&str]| bash(&sandbox, &laptop, words);
    assert_eq!(answers(&["secrets", "get", "web/"]), ["web/prod/api", "web/prod/db"]);
    assert_eq!(answers(&["secrets", "get", "leg"]), ["legacy/ftp"]);
    assert_eq!(answers(&["secrets", "get", "none"]), [""; 0]);
    assert_eq!(answers(&["secrets", "add", "web/"]), ["web/prod/"], "a new name begins in a folder");
    assert_eq!(answers(&["secrets", "people", "remove", ""]), ["alice", "bob"]);
    assert_eq!(answers(&["secrets", "machines", "remove", "c"]), ["ci"]);
    assert_eq!(answers(&["secrets", "add", "x", "--owner", "t"]), ["team"]);
    assert_eq!(answers(&["secrets", "add", "x", "--reader", "r"]), ["robots"]);
    assert_eq!(answers(&["secrets", "check", "--against", "o"]), ["origin/main"]);
    assert_eq!(answers(&["secrets", "set", ""]).iter().find(|answer| answer.starts_with('-')), None);
    assert_eq!(answers(&["secrets", "set", "--no-c"]), ["--no-commit"]);
    assert_eq!(answers(&["secrets", "chec"]), ["check"]);
    assert_eq!(answers(&["secrets", "check", "--format", "j"]), ["json", "junit"]);
    let fingerprints = answers(&["secrets", "people", "remove", "bob", "--key", "SHA256"]);
    assert_eq!(fingerprints.len(), 3, "{fingerprints:?}");
    // A key is accepted by comparing it with its holder, and not by Tab.
    assert_eq!(answers(&["secrets", "reseal", "--all", "--accept-key", "SHA256"]), [""; 0]);
}

#[test]
fn what_a_shell_would_act_on_is_quoted() {
    let (sandbox, laptop) = store();
    let answers = |words: &[&str]| bash(&sandbox, &laptop, words);
    assert_eq!(answers(&["secrets", "list", "--scope", "web/prod/*"]), [r"web/prod/\*\*"]);
    let tracked = answers(&["secrets", "get", "clusters/a/enc-prod.yaml#/hub/"]);
    assert_eq!(
        tracked,
        [r"clusters/a/enc-prod.yaml#/hub/client\ secret", "clusters/a/enc-prod.yaml#/hub/token"]
    );
    // Within a quote nothing is quoted again, and the quote stays open for bash to close.
    assert_eq!(answers(&["secrets", "list", "--scope", "'web/prod/*"]), ["web/prod/**"]);
    // bash splits at `=`: only what stands behind it is replaced.
    assert_eq!(answers(&["secrets", "list", "--scope", "=", "web/prod/d"]), ["web/prod/db"]);
    assert_eq!(answers(&["secrets", "check", "--format", "=", "js"]), ["json"]);
    // What bash makes of the words again is the name.
    let (mut command, _) = shell(&sandbox, &laptop, "bash", "bash");
    let again = command.args(["-c", &format!("printf %s {}", tracked[0])]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&again.stdout), "clusters/a/enc-prod.yaml#/hub/client secret");
}

#[test]
fn the_store_that_is_named_is_asked_and_what_is_broken_says_nothing() {
    let (sandbox, laptop) = store();
    let nowhere = sandbox.path("nowhere");
    fs::create_dir(&nowhere).unwrap();
    let there = laptop.join("secrets");
    let there = there.to_str().unwrap();
    assert_eq!(bash(&sandbox, &nowhere, &["secrets", "get", "web/"]), [""; 0]);
    let named = ["secrets", "--store", there, "get", "web/prod/d"];
    assert_eq!(bash(&sandbox, &nowhere, &named), ["web/prod/db"]);
    let words = ["completions", "zsh", "--at-word", "2", "--", "secrets", "get", "web/prod/d"];
    let answer = || sandbox.secrets(&nowhere).args(words).env("SECRETS_STORE", there).run().code(0);
    assert_eq!(answer().text(), "web/prod/db\n");
    fs::write(laptop.join("secrets/policy.toml"), "broken\n").unwrap();
    assert_eq!(answer().text(), "web/prod/db\n", "names need no policy");
    assert_eq!(
        bash(&sandbox, &laptop, &["secrets", "people", "remove", ""]).iter().find(|x| *x == "alice"),
        None
    );
    // Nobody's terminal is moved by a name.
    fs::create_dir_all(laptop.join("secrets/a\u{1b}[2J")).unwrap();
    fs::write(laptop.join("secrets/a\u{1b}[2J/b.json"), "{}").unwrap();
    let words = ["completions", "zsh", "--at-word", "2", "--", "secrets", "get", ""];
    let all = sandbox.secrets(&laptop).args(words).run().code(0);
    assert!(!all.text().contains('\u{1b}') && all.stderr.is_empty(), "{:?}", all.text());
}

#[test]
fn neither_remote_nor_identity_is_needed() {
    let (sandbox, laptop) = store();
    sandbox.git(&laptop, ["remote", "set-url", "origin", "/nonexistent/origin.git"]);
    let words = ["completions", "bash", "--at-word", "2", "--", "secrets", "get", "clusters/"];
    let run = || sandbox.secrets(&laptop).args(words).env("SECRETS_IDENTITY_FILE", "/nonexistent/key").run();
    let answer = run().code(0);
    assert!(answer.text().contains("#/hub/token") && answer.stderr.is_empty(), "{}", answer.stderr);
}

#[test]
fn a_variable_never_makes_a_check_an_answer() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    for (name, value) in
        [("COMPLETE", "bash"), ("_SECRETS_COMPLETE", "bash_source"), ("COMP_LINE", "secrets ")]
    {
        sandbox.secrets(&laptop).args(["check"]).env(name, value).run().code(1);
    }
}

#[test]
fn fish_completes_with_descriptions() {
    let (sandbox, laptop) = store();
    let answers = |line: &str| {
        let (mut command, script) = shell(&sandbox, &laptop, "fish", "fish");
        let ask = "source $argv[1]; complete -C $argv[2]";
        let output = command.args(["--no-config", "-c", ask]).arg(script).arg(line).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(answers("secrets get web/prod/"), "web/prod/api\nweb/prod/db\n");
    assert!(
        answers("secrets people remove a").contains("alice\tperson"),
        "{}",
        answers("secrets people remove a")
    );
    assert_eq!(answers("secrets list --scope web/prod"), "web/prod/**\nweb/prod/api\nweb/prod/db\n");
    assert!(answers("secrets ").contains("check\tThe gate"), "{}", answers("secrets "));
}

#[test]
fn zsh_puts_the_name_into_the_line() {
    let (sandbox, laptop) = store();
    let (mut command, script) = shell(&sandbox, &laptop, "zsh", "zsh");
    command.args(["-f", "-i"]).env("TERM", "dumb").env("PS1", "> ");
    let mut person = Person::at(command, Some(200));
    let load = "autoload -Uz compinit; compinit -u -D; unsetopt zle_bracketed_paste";
    person.sees("> ").types(&format!("{load}; source {}; echo ready\n", script.display()));
    person.sees("\nready").sees("> ");
    // What stands in the line afterwards is run, and names the secret.
    person.types("echo secrets; secrets show legacy/\t").types("\n").sees("legacy/ftp").sees("version");
    person.types("secrets list --scope web/prod/d\t").types("\n").sees("web/prod/db").sees("2028-01-01");
    person.types("exit\n");
    let (_, seen) = person.ends();
    assert!(!seen.contains("command not found"), "{seen}");
}
