//! A `custody.toml` for tests that uses every key.

pub const PATH: &str = "clusters/x/custody.toml";

pub const FULL: &str = r#"# Of a test.
schema = 1

# Asked for every August.
["enc.yaml#/hub/AzureAdOAuthenticator/client_secret"]
expires = 2027-08-31 # their mail of 30 August
expires-from = "x509"
expires-reason = "renewed early"
issued = 2026-08-30
owners = [
  "infra", # on call
  "alice",
]
issuer = "University of Toronto IT"
issuer-contact = "it@example.org"
runbook = "docs/runbooks/azuread.md"
set-at = 2026-08-30T20:15:52Z
seen = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
data-key = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

["enc.yaml#/web.yml"]
never = "a word that nobody checks"

# --- keys ---

["github-app-private-key.pem"]
readers = ["alice", "infra"]
"#;
