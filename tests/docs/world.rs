//! The places in which documents are run: what `store=NAME` can name. A new one is a line in [`begin`].

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::common::{Sandbox, binary, identity_path, public_key, tools};
use crate::shell::{Printed, Shell, commands};

/// The moment as of which documents are read, unless they say otherwise: shortly before the dates in them.
pub const MOMENT: &str = "2026-11-26T12:00:00Z";

/// Words that `first`, `then` and what stands for a placeholder may use.
const WORDS: &str = r#"
set -o pipefail
export GIT_PAGER=cat NO_COLOR=1 TERM=xterm
unset SECRETS_IDENTITY
# public_key NAME, identity NAME: of the people of tests/fixtures/identities.
identity() { printf '%s\n' "$IDENTITIES/$1.txt"; }
public_key() { sed -n 's/^# public key: //p' "$IDENTITIES/$1.txt"; }
# fingerprint NAME: of the first key that policy has of somebody.
fingerprint() { secrets people list --format json | jq -r --arg name "$1" '.actors[] | select(.name == $name).keys[0].fingerprint'; }
# seal NAME [ARGUMENT…]: a new secret, with a value made up of its name; every key of policy accepted.
seal() { printf 'the value of %s' "$1" | secrets add "$1" --expires 2027-08-31 --owner alice $(accepting) "${@:2}"; }
accepting() { { secrets people list --format json; secrets machines list --format json; } | jq -r '.actors[].keys[].fingerprint | "--accept-key \(.)"'; }
# publish: commits all there is, and pushes it.
publish() { git add --all && git commit -q --allow-empty -m 'Commit' && git push -q origin HEAD:main; }
# sops_file PATH: seals standard input to alice and bob, as sops does.
sops_file() { mkdir -p "$(dirname "$1")" && sops encrypt --age "$(public_key alice),$(public_key bob)" --input-type yaml --output-type yaml /dev/stdin >"$1"; }
# program NAME SHELL: stands in for a program that would reach beyond the sandbox.
program() { printf '#!/bin/sh\n%s\n' "$2" >"$PROGRAMS/$1" && chmod +x "$PROGRAMS/$1"; }
as() { if [ "$1" = nobody ]; then unset SECRETS_IDENTITY_FILE SOPS_AGE_KEY_FILE; else export SECRETS_IDENTITY_FILE=$(identity "$1") SOPS_AGE_KEY_FILE=$(identity "$1"); fi; }
"#;

pub struct World {
    pub sandbox: Sandbox,
    /// Where the shell begins.
    pub laptop: PathBuf,
    pub shell: Shell,
}

impl World {
    /// Makes a place and opens a shell in it.
    pub fn begin(name: &str) -> Result<Self, String> {
        let sandbox = Sandbox::new();
        let laptop = match name {
            "none" | "sealed" => sandbox.origin_and_laptop(),
            "alone" => sandbox.store(&["alice"]),
            "team" | "files" => sandbox.store(&["alice", "bob", "carol"]),
            unknown => return Err(format!("there is no `store={unknown}`: see tests/docs/world.rs")),
        };
        let script = match name {
            "none" => "",
            "sealed" | "files" => FILES,
            "alone" => ALONE,
            "team" => TEAM,
            _ => return Err(format!("nothing makes `store={name}`")),
        };
        let programs = programs(&sandbox);
        let mut command = sandbox.command("bash", &laptop);
        let path = command.get_envs().find_map(|(name, value)| value.filter(|_| name == "PATH"));
        let path = format!("{}:{}", programs.display(), path.unwrap_or_default().display());
        command
            .env("PATH", path)
            .env("DOCS_MOMENT", MOMENT)
            .env("IDENTITIES", identity_path("x").with_file_name(""))
            .env("REPOSITORY", repository())
            .env("PROGRAMS", &programs)
            .env("LAPTOP", &laptop);
        let shell = Shell::start(command, sandbox.path("shell"));
        let mut world = Self { sandbox, laptop, shell };
        world.must_run(WORDS)?;
        world.must_run(DEPLOY)?;
        world.must_run(if name == "none" { "as nobody" } else { "as alice" })?;
        world.must_run(script)?;
        Ok(world)
    }

    /// Runs what no reader sees, each command of which must succeed.
    pub fn must_run(&mut self, script: &str) -> Result<(), String> {
        for (_, command) in commands(script)? {
            match self.shell.run(&command, "")? {
                Printed { code: 0, .. } => {}
                Printed { code, text } => return Err(format!("`{command}` exits with {code}\n{text}")),
            }
        }
        Ok(())
    }
}

/// A program that deploys, as the documents call it, and everything pushed.
const DEPLOY: &str = r#"
printf '#!/bin/sh\necho "deployed $*"\n' > deploy && chmod +x deploy
git add deploy && git commit -q -m 'Deploy' && git push -q origin HEAD:main
"#;

/// A store of one person, who has not pushed.
const ALONE: &str = "seal web/prod/db --owner alice";

const TEAM: &str = r#"
secrets machines add ci --key "$(public_key ci)" --group team
seal web/prod/db
seal web/prod/api
seal legacy/ftp
git push -q origin HEAD:main
"#;

/// Files that sops sealed to alice and bob.
const FILES: &str = r#"
for file in clusters/{a,b,old}/enc-prod clusters/a/enc-grafana config/clusters/cluster-{a,b}/enc-prod; do
  sops_file "$file.yaml" <<END
hub:
  client_secret: "the value of client_secret in $file"
  token: "the value of token in $file"
  cookie: "the value of cookie in $file"
  cookie_secret: "the value of cookie_secret in $file"
  config:
    AzureAdOAuthenticator:
      client_id: "the id in $file"
      client_secret: "the value of Azure in $file"
    GitHubOAuthenticator:
      client_secret: "the value of GitHub in $file"
END
done
publish
"#;

/// A folder with `secrets`, which is the built binary as of a moment, and `sops`.
fn programs(sandbox: &Sandbox) -> PathBuf {
    let folder = sandbox.path("programs");
    fs::create_dir_all(&folder).unwrap();
    let moment = format!(
        "#!/bin/sh\ncase \" $* \" in *' --at '*) exec '{0}' \"$@\" ;; esac\nexec '{0}' --at \"$DOCS_MOMENT\" \"$@\"\n",
        binary()
    );
    let double = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/sops/sops");
    let sops = format!("#!/bin/sh\nexec '{}' -B '{double}' \"$@\"\n", tools::python().display());
    let python = format!("#!/bin/sh\nexec '{}' -B \"$@\"\n", tools::python().display());
    for (name, script) in [("secrets", moment), ("sops", sops), ("python3", python)] {
        let path = folder.join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

/// Puts the fixtures' public keys into a text: `{alice}`.
pub fn with_keys(text: &str) -> String {
    let mut text = text.to_owned();
    for name in ["alice", "bob", "carol", "ci"] {
        text = text.replace(&format!("{{{name}}}"), &public_key(name));
    }
    text
}

pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
