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
mkdir -p ~/.local/share/bash-completion/completions ~/.zfunc ~/.config/fish/completions
publish
git tag begin
key=$(fingerprint alice)
secrets people list --format json | jq -r '.actors[] | select(.name == "alice").keys[1].fingerprint' >~/fingerprint-of-another
"#;

/// Back to where it began, the clock as well: an acceptance covers what was set before it, a removal is of its own day.
const AGAIN: &str = "git reset -q --hard begin && git clean -fdq && git push -q -f origin HEAD:main
export DOCS_MOMENT=2026-11-26T12:00:00Z";

/// What examples need besides: the command whose help has them, the end of the example (empty: the first one, and those
/// behind it go on from there), and shell that is run before it, from where it all began.
const NEEDS: [(&str, &str, &str); 22] = [
    ("secrets", "", "rm -r secrets && publish"),
    ("secrets init", "", "rm -r secrets && publish"),
    ("secrets init", "--deploy-ref origin/main --push", "rm -r secrets && publish"),
    ("secrets add", "", "secrets remove utoronto/prod/azuread-client ci/token && TOKEN=a-token"),
    ("secrets set", "--push", ""),
    ("secrets get", "", "docker() { cat >/dev/null; }"),
    (
        "secrets exec",
        "",
        "seal web/prod/tls && publish
program psql 'test \"$PGPASSWORD\" = \"the value of web/prod/db\"'
program nginx 'file=${2#* } && test \"$(cat \"${file%;}\")\" = \"the value of web/prod/tls\"'",
    ),
    ("secrets edit", "", "seal web/prod/config && publish && export EDITOR='sed -i s/value/newer-value/'"),
    ("secrets import", "", IMPORTED),
    ("secrets export", "", "program kubectl 'grep -q \"kind: Secret\"' && export GITHUB_ENV=~/github-env && touch ~/github-env"),
    ("secrets git resolve", "", UNMERGED),
    ("secrets check", "", DATED),
    (
        "secrets check",
        "--baseline baseline.json",
        "secrets check --baseline baseline.json --accept-until 2026-12-31 || test $? = 1; publish",
    ),
    ("secrets report", "", DATED),
    ("secrets warn", "", "printf '[[notify]]\nkind = \"stdout\"\n' >>secrets/policy.toml && publish"),
    ("secrets calendar", "", DATED),
    (
        "secrets rotate",
        "",
        "seal web/prod/api && secrets rotator set web/prod/api generate
secrets probe set web/prod/api exec 'command=[\"true\"]' && publish",
    ),
    ("secrets rotator set", "", "for name in web/prod/cookie-key web/prod/ci web/prod/s3 legacy/ftp; do seal \"$name\"; done"),
    ("secrets probe set", "", "for name in web/prod/api web/sso web/prod/tls; do seal \"$name\"; done"),
    ("secrets probe run", "", "seal web/prod/api && secrets probe set web/prod/api exec 'command=[\"true\"]' && publish"),
    ("secrets people add", "", "secrets people remove bob"),
    (
        "secrets people accept",
        "",
        "secrets people remove carol && key=$(cat ~/fingerprint-of-another) && secrets people remove alice --key \"$key\"
export DOCS_MOMENT=2026-11-27T12:00:00Z",
    ),
];

/// An end for everything there is.
const DATED: &str = "secrets expiry set --scope '**' --expires 2027-08-31 --reason known && publish";

/// Something to import of every kind.
const IMPORTED: &str = r#"
printf "SMTP_PASSWORD='in clear'\n" >.env
printf 'mail:\n  password: one\n' >secrets.yaml
printf 'hub:\n  login: two\n' | sops_file enc.yaml
gpg --batch --quiet --passphrase '' --quick-gen-key alice@example.org default default never
pass init alice@example.org
printf 'three\n' | pass insert -e web/three
printf 'four\n' | pass insert -e private/four
"#;

/// A merge in which two secrets have two new values each.
const UNMERGED: &str = r#"
git switch -q -c other
for name in web/prod/db staging/db; do printf one-of-theirs | secrets set "$name" --expires 2028-09-30; done
git switch -q -
export DOCS_MOMENT=2026-11-26T13:00:00Z
for name in web/prod/db staging/db; do printf one-of-ours | secrets set "$name" --expires 2028-10-31; done
git merge -q other || test $? = 1
"#;

/// What the value is read from.
const STDIN: &str = "a value";

/// Examples that end otherwise: the gate blocks a store of one person, in the help of the whole; `secrets` alone then too;
/// where two have set a value, somebody has to choose; and what the remote was not asked for is not known.
const EXITS: [(&str, &str, i32); 4] = [
    ("secrets", "secrets", 2),
    ("secrets", "secrets check", 1),
    ("secrets git resolve", "secrets git resolve --all", 2),
    ("secrets report", "secrets report --html --offline --output report.html", 2),
];

/// What is not run, and why.
const NOT_RUN: [(&str, &str); 2] = [("--github", "asks a forge"), ("metrics --push", "asks a Pushgateway")];

/// What a person types for a placeholder, and how they answer where a terminal would ask them.
const PLACEHOLDERS: [(&str, &str); 9] = [
    ("ci --key age1…", "ci --key {ci}"),
    ("age1…", "{bob}"),
    ("SHA256:…", "$key"),
    ("'ssh-ed25519 AAAA… bob@laptop'", "\"$(cat bob.pub)\""),
    ("--password-stdin …", "--password-stdin"),
    ("secrets edit 'clusters/", "secrets edit --expires-in 1y 'clusters/"),
    ("/var/lib/secrets/", "~/"),
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
        let is_first = command != last;
        last.clone_from(&command);
        let fits = |text: &str| if text.is_empty() { is_first } else { example.ends_with(text) };
        let need = NEEDS.iter().rfind(|(name, text, _)| *name == command && fits(text));
        if is_first || need.is_some() {
            world.must_run(AGAIN).unwrap();
        }
        if let Some((_, _, first)) = need
            && let Err(fault) = world.must_run(first)
        {
            faults.push(format!("`{command}`: {first}: {fault}"));
        }
        let line = PLACEHOLDERS.iter().fold(example.clone(), |line, (from, to)| line.replace(from, to));
        let exits = EXITS.iter().find(|(name, text, _)| *name == command && *text == example);
        let expected = exits.map_or(0, |(.., code)| *code);
        match world.shell.run(&with_keys(&line), STDIN) {
            Ok(printed) if printed.code == expected => {}
            Ok(printed) => {
                let (code, text) = (printed.code, printed.text);
                faults.push(format!("`{command} --help`: `{example}` exits with {code}\n{text}"));
            }
            Err(fault) => faults.push(format!("`{command} --help`: `{example}`: {fault}")),
        }
    }
    assert!(faults.is_empty(), "{} faults:\n\n{}", faults.len(), faults.join("\n\n"));
}
