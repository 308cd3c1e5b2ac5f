//! The examples of `--help`, run: whoever has a store like the one below can paste them.

use crate::lines::examples;
use crate::world::{World, with_keys};

/// What the examples suppose, besides the world `files`.
const STORE: &str = r#"
secrets people add alice --group infra
secrets machines add ci --key "$(public_key ci)" --group team
age-keygen 2>&1 >~/another | grep -o 'age1.*' >~/another.pub
secrets people add alice --key "$(cat ~/another.pub)"
ssh-keygen -q -t ed25519 -N '' -C bob@laptop -f bob
mkdir -p ~/.ssh && ssh-keygen -q -t ed25519 -N '' -C alice@laptop -f ~/.ssh/id_ed25519
secrets people add alice --signing-key "$(cat ~/.ssh/id_ed25519.pub)"
mkdir -p clusters/prod && cp clusters/b/enc-prod.yaml clusters/prod/
for name in web/prod/db utoronto/prod/azuread-client ci/token staging/db; do seal "$name"; done
secrets track 'clusters/**/enc-*' --owner team
printf 'a login' >login.txt
printf 'a token' >token.txt
mkdir -p ~/.local/share/bash-completion/completions
publish
git tag begin
"#;

/// Back to where it began.
const AGAIN: &str = "git reset -q --hard begin && git clean -fdq && git push -q -f origin HEAD:main";

/// What examples need besides, by the command whose help has them: shell that is run before them, and what is read from
/// standard input.
const NEEDS: [(&str, &str, &str); 12] = [
    ("secrets", "rm -r secrets && publish", "a value"),
    ("secrets init", "rm -r secrets && publish", ""),
    ("secrets add", "secrets remove utoronto/prod/azuread-client ci/token && TOKEN=a-token", "a value"),
    ("secrets set", "", "another value"),
    ("secrets get", "docker() { cat >/dev/null; }", ""),
    ("secrets sign", "", ""),
    ("secrets expiry set", "", ""),
    ("secrets check", "secrets expiry set --scope '**' --expires 2027-08-31 --reason known && publish", ""),
    ("secrets people add", "secrets people remove bob", ""),
    (
        "secrets people accept",
        "secrets people remove alice --key \"$(fingerprint alice)\" && secrets people remove carol",
        "",
    ),
    ("secrets reseal", "", ""),
    ("secrets machines add", "secrets machines remove ci", ""),
];

/// What is not run, and why.
const NOT_RUN: [(&str, &str); 1] = [("--github", "asks a forge")];

/// What a person types for a placeholder, and how they answer where a terminal would ask them.
const PLACEHOLDERS: [(&str, &str); 6] = [
    ("age1…", "{bob}"),
    ("SHA256:…", "$(fingerprint alice)"),
    ("'ssh-ed25519 AAAA… bob@laptop'", "\"$(cat bob.pub)\""),
    ("--password-stdin …", "--password-stdin"),
    ("secrets sign", "secrets sign --yes"),
    ("secrets reseal --all", "secrets reseal --all $(accepting)"),
];

#[test]
fn every_example_of_the_help_can_be_pasted() {
    let mut world = World::begin("files").unwrap();
    world.must_run(STORE).unwrap();
    let mut faults = Vec::new();
    let mut last = String::new();
    for (command, example) in examples() {
        if NOT_RUN.iter().any(|(text, _)| example.contains(text)) {
            continue;
        }
        let need = NEEDS.iter().find(|(name, ..)| *name == command);
        if command != last {
            last.clone_from(&command);
            world.must_run(AGAIN).unwrap();
            let first = need.map_or("", |(_, first, _)| first);
            if let Err(fault) = world.must_run(first) {
                faults.push(format!("`{command}`: {first}: {fault}"));
            }
        }
        let line = PLACEHOLDERS.iter().fold(example.clone(), |line, (from, to)| line.replace(from, to));
        let stdin = need.map_or("", |(.., stdin)| stdin);
        match world.shell.run(&with_keys(&line), stdin) {
            Ok(printed) if printed.code == 0 => {}
            Ok(printed) => faults.push(format!(
                "`{command} --help`: `{example}` exits with {}\n{}",
                printed.code, printed.text
            )),
            Err(fault) => faults.push(format!("`{command} --help`: `{example}`: {fault}")),
        }
    }
    assert!(faults.is_empty(), "{} faults:\n\n{}", faults.len(), faults.join("\n\n"));
}
