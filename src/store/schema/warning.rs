//! What a policy says of the scheduled job: channels, each kind with keys of its own, heartbeat and ledger.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{GlobText, Globs};
use crate::domain::check_id::CheckId;
use crate::domain::name::SecretName;
use crate::domain::period::Period;
use crate::store::policy_file::not_told;

/// Through what people are told. Which keys there are beside `kind`, `name`, `from`, `scope` and `findings` depends on the
/// kind.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) enum NotifyTable {
    Stdout(StdoutChannel),
    Webhook(WebhookChannel),
    Slack(SlackChannel),
    PagerDuty(PagerDutyChannel),
    Alertmanager(AlertmanagerChannel),
    Smtp(SmtpChannel),
    GithubIssue(GithubIssueChannel),
    Exec(ExecChannel),
}

/// What every kind of channel has.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
struct EveryChannel {
    /// By what the ledger knows it; its kind where nothing is said. No two channels have the same.
    #[serde(default)]
    #[schemars(extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9._-]*$"), length(max = 64))]
    name: String,
    /// So long before the end it joins in: from the first tier on where nothing is said.
    #[schemars(with = "Period")]
    #[serde(default)]
    from: Option<Period>,
    /// Of which secrets it is told, one glob or several: of all where nothing is said.
    #[schemars(with = "Scope")]
    #[serde(default)]
    scope: Option<Scope>,
    /// What it is told beside expiry, by the checks that find it.
    #[serde(default)]
    #[schemars(schema_with = "told")]
    findings: (),
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
enum Scope {
    One(GlobText),
    Several(Globs),
}

/// Standard output of the run.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct StdoutChannel {
    #[schemars(extend("const" = "stdout"))]
    kind: String,
    #[serde(flatten)]
    every: EveryChannel,
}

/// JSON, posted to an address.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct WebhookChannel {
    #[schemars(extend("const" = "webhook"))]
    kind: String,
    #[serde(flatten)]
    every: EveryChannel,
    url: Address,
    /// The header `Authorization`, such as `Bearer …`.
    #[schemars(with = "Elsewhere")]
    #[serde(default)]
    authorization: Option<Elsewhere>,
}

/// An incoming webhook of Slack, or of what speaks its language.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct SlackChannel {
    #[schemars(extend("const" = "slack"))]
    kind: String,
    #[serde(flatten)]
    every: EveryChannel,
    /// Whoever has the address can post: it never stands in policy itself.
    url: Elsewhere,
}

/// `PagerDuty`, Events API v2.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct PagerDutyChannel {
    #[schemars(extend("const" = "pagerduty"))]
    kind: String,
    #[serde(flatten)]
    every: EveryChannel,
    /// Of an integration of the kind Events API v2.
    routing_key: Elsewhere,
    /// Where nothing is said: `https://events.pagerduty.com`.
    #[schemars(with = "Address")]
    #[serde(default)]
    url: Option<Address>,
}

/// Alertmanager, API v2.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct AlertmanagerChannel {
    #[schemars(extend("const" = "alertmanager"))]
    kind: String,
    #[serde(flatten)]
    every: EveryChannel,
    /// Without `/api/v2/alerts`.
    url: Address,
    /// The header `Authorization`, such as `Basic …`.
    #[schemars(with = "Elsewhere")]
    #[serde(default)]
    authorization: Option<Elsewhere>,
    /// What every alert bears beside its own labels.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "pattern": "^(?!__)[A-Za-z_][A-Za-z0-9_]*$" }))]
    labels: BTreeMap<String, String>,
}

/// Mail, handed to one server.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("dependentRequired" = { "user": ["password"], "password": ["user"] }))]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct SmtpChannel {
    #[schemars(extend("const" = "smtp"))]
    kind: String,
    #[serde(flatten)]
    every: EveryChannel,
    /// The server that takes the mail.
    #[schemars(length(min = 1))]
    host: String,
    /// 587 with `starttls`, 465 with `tls`, 25 with `none` where nothing is said.
    #[serde(default)]
    #[schemars(range(min = 1))]
    port: u16,
    /// `starttls` where nothing is said; `none` is for a server on this very machine only.
    #[serde(default)]
    #[schemars(extend("enum" = ["starttls", "tls", "none"]))]
    encryption: String,
    #[schemars(with = "Text")]
    #[serde(default)]
    user: Option<Text>,
    #[schemars(with = "Elsewhere")]
    #[serde(default)]
    password: Option<Elsewhere>,
    mail_from: Mailbox,
    #[schemars(length(min = 1, max = 100))]
    to: Vec<Mailbox>,
}

/// One issue for each secret.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct GithubIssueChannel {
    #[schemars(extend("const" = "github-issue"))]
    kind: String,
    #[serde(flatten)]
    every: EveryChannel,
    /// `ORGANISATION/NAME`.
    #[schemars(extend("pattern" = "^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$"))]
    repository: String,
    /// One that may read and write issues.
    token: Elsewhere,
    /// Where nothing is said: `https://api.github.com`.
    #[schemars(with = "Address")]
    #[serde(default)]
    url: Option<Address>,
    /// Where nothing is said: `secrets`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    labels: Vec<String>,
}

/// JSON on the standard input of a program.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct ExecChannel {
    #[schemars(extend("const" = "exec"))]
    kind: String,
    #[serde(flatten)]
    every: EveryChannel,
    /// Program and arguments; a relative path is below the root of the repository.
    #[schemars(length(min = 1))]
    command: Vec<String>,
}

/// Where a credential is: it never stands in policy itself.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) enum Elsewhere {
    Variable(InVariable),
    Secret(InSecret),
}

/// In a variable of the environment of the job.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct InVariable {
    #[schemars(extend("pattern" = "^[A-Za-z_][A-Za-z0-9_]*$"))]
    env: String,
}

/// In a secret of this very store.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct InSecret {
    secret: SecretName,
}

/// An address of the web that gives nothing away, or where it is.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) enum Address {
    Here(
        #[schemars(extend("pattern" = "^https?://[^@/?]+([/?].*)?$"))]
        String,
    ),
    Elsewhere(Elsewhere),
}

/// A text, or where it is.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) enum Text {
    Here(#[schemars(length(min = 1))] String),
    Elsewhere(Elsewhere),
}

#[derive(JsonSchema)]
#[schemars(inline, extend("pattern" = "^[^@\\s]+@[^@\\s]+$"))]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct Mailbox(String);

/// Who is called after a run that delivered everything, so that silence is noticed.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct HeartbeatTable {
    /// Whoever has the address can say that all is well: it never stands in policy itself.
    url: Elsewhere,
}

/// Where it is kept what was told.
#[derive(JsonSchema, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("not" = {
    "required": ["state", "silent-after"],
    "properties": { "state": { "const": "none" } }
}))]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct LedgerTable {
    /// A ref of the remote that nothing else uses: `refs/secrets/ledger` where nothing is said.
    #[serde(default)]
    #[schemars(extend("pattern" = "^refs/[^/]+/.+$"))]
    r#ref: String,
    /// `none` where nothing may be written: then all that is due is told in every run.
    #[serde(default)]
    #[schemars(extend("enum" = ["git", "none"]))]
    state: String,
    /// How long the job may be silent before `monitor-silent` is found: it is not looked for where nothing is said.
    #[schemars(with = "Period")]
    #[serde(default)]
    silent_after: Option<Period>,
}

fn told(_: &mut SchemaGenerator) -> Schema {
    let ids: Vec<&str> =
        CheckId::ALL.iter().map(|id| id.as_str()).filter(|id| not_told(id).is_none()).collect();
    json_schema!({ "type": "array", "minItems": 1, "items": { "type": "string", "enum": ids } })
}
