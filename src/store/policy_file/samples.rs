//! A policy for tests that uses every key, and a stand-in for the parser of keys.

use super::KeyParsers;
use crate::domain::key::{Fingerprint, KeyKind, PublicKey, SigningKey};

pub const FULL: &str = r#"# The policy of a test.
schema = 1
store = "01K3Y3Q5W0000000000000001A"
deploy-ref = "origin/main"
require = ["*/prod/db"]

[people.alice]
keys = ["age1alice", "ssh-ed25519 AAAAalice alice@laptop"]
signing-keys = ["ssh-ed25519 AAAAsign alice@laptop"]
contact = "@alice"
[people.bob]
keys = ["age1bob"] # a hardware key is ordered
[machines.ci]
keys = ["age1ci"]
[shared-keys.team-kms]
keys = ["projects/p/locations/global/keyRings/r/cryptoKeys/k"]
people = ["alice", "bob"]
confirmed = 2026-08-01
[groups]
infra = ["alice", "bob", "ci"]

[defaults]
readers = ["infra"]
min-people = 2
notify-at = ["7d", "60d", "2w"]
block-within = "0d"
rotate-every = "1y"
max-lifetime = "2y"
overlap = "12h"
require-signature = false

[[scope]]
match = "*/prod/**"
readers = [
  "alice",
  "team-kms",
]
min-people = 3
require-signature = true
block-within = "2d"
overlap = "0h"
levels = { overdue-rotation = "error", unowned = "off" }

[[waiver]]
finding = "single-holder"
secret = "legacy/ftp"
until = 2026-12-31
reason = "vendor gives out one login; ticket 812"
by = "alice"

[track]
files = ["**/enc-*", "vault.yml"]
except = ["docs/**"]
not-secret = ["**/client_id"]

[[kind]]
match = "**/GitHubOAuthenticator/client_secret"
never = "GitHub OAuth app secrets do not lapse"
owners = ["bob", "infra"]

[[kind]]
match = "**/client_secret"
expiry = "required"

[[notify]]
kind = "stdout"
[[notify]]
kind = "webhook"
url = "https://hooks.example.org/secrets?team=infra"
authorization = { env = "HOOK_AUTHORIZATION" }
[[notify]]
kind = "slack"
name = "ops"
from = "60d"
scope = ["*/prod/**", "shared/*"]
findings = ["single-holder", "exposed-to-departed"]
url = { secret = "ops/slack-webhook" }
[[notify]]
kind = "pagerduty"
scope = "*/prod/**"
routing-key = { env = "PD_ROUTING_KEY" }
url = "https://events.eu.pagerduty.com"
[[notify]]
kind = "alertmanager"
url = "http://localhost:9093"
authorization = { env = "AM_AUTHORIZATION" }
labels = { team = "infra" }
[[notify]]
kind = "smtp"
host = "mail.example.org"
port = 2525
encryption = "tls"
user = "mailer"
password = { secret = "ops/smtp" }
mail-from = "secrets@example.org"
to = ["ops@example.org", "it@example.org"]
[[notify]]
kind = "github-issue"
repository = "org/infra"
token = { env = "GITHUB_TOKEN" }
url = "https://github.example.org/api/v3"
labels = ["secrets", "expiry"]
[[notify]]
kind = "exec"
command = ["scripts/tell", "--loud"]
[heartbeat]
url = { env = "HEARTBEAT_URL" }
[ledger]
ref = "refs/secrets/told"
state = "git"
silent-after = "48h"

[[acceptance]]
of = "carol"
key = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
on = 2026-11-20T12:00:00Z
reason = "left on good terms; ticket 813"
by = "alice"
"#;

/// Stand-ins for the real parsers.
pub const PARSERS: KeyParsers<'static> = KeyParsers { key: &parse_key, signing_key: &parse_signing_key };

/// Takes any text that begins like an ssh key.
pub fn parse_signing_key(text: &str) -> Result<SigningKey, String> {
    let words: Vec<&str> = text.split(' ').collect();
    match words.as_slice() {
        [kind @ "ssh-ed25519", body, comment @ ..] => Ok(SigningKey {
            text: format!("{kind} {body}"),
            comment: comment.first().map(|comment| (*comment).to_owned()),
            fingerprint: Fingerprint::of(body.as_bytes()),
        }),
        _ => Err(format!("`{text}` is no key to sign with: write ssh-ed25519 AAAA…")),
    }
}

/// Takes any text that begins like a key. Texts with the same part behind `half-` share a private half.
pub fn parse_key(text: &str) -> Result<PublicKey, String> {
    let mut words = text.split(' ');
    let (kind, body) = match words.next() {
        Some("ssh-ed25519") => (KeyKind::SshEd25519, words.next().unwrap_or_default()),
        Some(word) if word.starts_with("projects/") => (KeyKind::Kms, word),
        Some(word) if word.starts_with("pgp:") => (KeyKind::Pgp, word),
        Some(word) if word.starts_with("git-crypt:") => (KeyKind::Opaque, word),
        Some(word) if word.starts_with("age1") => (KeyKind::X25519, word),
        _ => return Err(format!("`{text}` is no key: write age1… or ssh-ed25519 AAAA…")),
    };
    let montgomery = body.split_once("half-").map(|(_, half)| [half.len().try_into().unwrap(); 32]);
    Ok(PublicKey {
        kind,
        text: text.to_owned(),
        comment: words.next().map(str::to_owned),
        recipient_bytes: body.as_bytes().to_vec(),
        fingerprint: Fingerprint::of(body.as_bytes()),
        montgomery,
    })
}
