//! What makes the next version of a secret, as `sealed.rotator` has it.

use super::period::Period;
use super::record::Runner;
use super::runner::{RunnerError, Settings};
use super::setting::Setting;

mod aws;
mod generate;

pub use aws::{AwsAccount, AwsCredentials, AwsIamAccessKey, IamUser, KeyFormat};
pub use generate::{Encoding, Generate, Recipe};

/// As `kind` names them.
pub const KINDS: [&str; 6] =
    ["generate", "entra-app-password", "aws-iam-access-key", "gitlab-token", "exec", "manual"];

/// A rotator and its settings. `S` is where a credential is to be found ([`Setting`]), or the credential itself once it has
/// been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotator<S> {
    pub kind: RotatorKind<S>,
    /// How long a new version lives, where the provider does not say.
    pub lifetime: Option<Period>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotatorKind<S> {
    /// Made here; nobody else knows of it.
    Generate(Generate),
    EntraAppPassword(EntraAppPassword<S>),
    AwsIamAccessKey(AwsIamAccessKey<S>),
    GitlabToken(GitlabToken<S>),
    /// A program that speaks JSON.
    Exec {
        command: Vec<String>,
    },
    /// A person who follows the runbook.
    Manual,
}

/// A client secret of an application in Microsoft Entra ID (Graph `addPassword`, `removePassword`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntraAppPassword<S> {
    /// The directory: its id or domain.
    pub tenant: String,
    /// The application (client) id of which a password is made; it is found by it.
    pub app: String,
    /// The application (client) id that makes it, and its secret.
    pub client: String,
    pub client_secret: S,
    /// `https://login.microsoftonline.com` where nothing else is said.
    pub login: String,
    /// `https://graph.microsoft.com` where nothing else is said.
    pub graph: String,
}

/// An access token of a project or a group in GitLab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitlabToken<S> {
    /// `https://gitlab.com` where nothing else is said.
    pub url: String,
    pub of: GitlabOwner,
    /// A token that may make tokens there.
    pub token: S,
    pub scopes: Vec<String>,
    /// 10 to 50, as GitLab numbers roles.
    pub access_level: u8,
}

/// A number or a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitlabOwner {
    Project(String),
    Group(String),
}

impl Rotator<Setting> {
    /// Reads what a record says.
    pub fn parse(runner: &Runner) -> Result<Self, RunnerError> {
        let mut settings = Settings::of("rotator", runner);
        let lifetime = settings.period("lifetime")?;
        let kind = match runner.kind.as_str() {
            "generate" => RotatorKind::Generate(generate::parse(&mut settings)?),
            "entra-app-password" => RotatorKind::EntraAppPassword(EntraAppPassword {
                tenant: settings.required("tenant", "example.org")?.to_owned(),
                app: settings.required("app", "APPLICATION-ID")?.to_owned(),
                client: settings.required("client", "APPLICATION-ID")?.to_owned(),
                client_secret: settings.required_credential("client-secret")?,
                login: address(&mut settings, "login", "https://login.microsoftonline.com")?,
                graph: address(&mut settings, "graph", "https://graph.microsoft.com")?,
            }),
            "aws-iam-access-key" => RotatorKind::AwsIamAccessKey(aws::parse(&mut settings)?),
            "gitlab-token" => RotatorKind::GitlabToken(gitlab(&mut settings)?),
            "exec" => RotatorKind::Exec { command: settings.command("command")? },
            "manual" => RotatorKind::Manual,
            _ => {
                return Err(settings
                    .error(format!("is none that this version of `secrets` knows: {}", KINDS.join(", "))));
            }
        };
        settings.finish()?;
        Ok(Self { kind, lifetime })
    }
}

fn address(settings: &mut Settings<'_>, name: &'static str, default: &str) -> Result<String, RunnerError> {
    Ok(settings.address(name)?.unwrap_or_else(|| default.to_owned()))
}

fn gitlab(settings: &mut Settings<'_>) -> Result<GitlabToken<Setting>, RunnerError> {
    let url = address(settings, "url", "https://gitlab.com")?;
    let of = match (settings.optional("project")?, settings.optional("group")?) {
        (Some(project), None) => GitlabOwner::Project(project.to_owned()),
        (None, Some(group)) => GitlabOwner::Group(group.to_owned()),
        (None, None) | (Some(_), Some(_)) => {
            return Err(settings.error("give one of the two: project=GROUP/NAME or group=GROUP"));
        }
    };
    let token = settings.required_credential("token")?;
    let scopes = settings.required("scopes", "read_repository,read_registry")?;
    let scopes = scopes.split(',').map(|scope| scope.trim().to_owned()).collect();
    let access_level = settings.parsed("access-level")?.unwrap_or(40);
    Ok(GitlabToken { url, of, token, scopes, access_level })
}

impl<S> Rotator<S> {
    /// Whether it needs a person.
    pub fn needs_a_person(&self) -> bool {
        matches!(self.kind, RotatorKind::Manual)
    }

    /// The same with every credential looked up; the first that can't be had is the error.
    pub fn resolve<T, E>(&self, mut find: impl FnMut(&S) -> Result<T, E>) -> Result<Rotator<T>, E> {
        let kind = match &self.kind {
            RotatorKind::Generate(generate) => RotatorKind::Generate(generate.clone()),
            RotatorKind::EntraAppPassword(entra) => RotatorKind::EntraAppPassword(EntraAppPassword {
                tenant: entra.tenant.clone(),
                app: entra.app.clone(),
                client: entra.client.clone(),
                client_secret: find(&entra.client_secret)?,
                login: entra.login.clone(),
                graph: entra.graph.clone(),
            }),
            RotatorKind::AwsIamAccessKey(aws) => RotatorKind::AwsIamAccessKey(AwsIamAccessKey {
                user: aws.user.clone(),
                credentials: match &aws.credentials {
                    AwsCredentials::Environment => AwsCredentials::Environment,
                    AwsCredentials::Given(setting) => AwsCredentials::Given(find(setting)?),
                },
                format: aws.format,
                region: aws.region.clone(),
                iam: aws.iam.clone(),
                sts: aws.sts.clone(),
            }),
            RotatorKind::GitlabToken(gitlab) => RotatorKind::GitlabToken(GitlabToken {
                url: gitlab.url.clone(),
                of: gitlab.of.clone(),
                token: find(&gitlab.token)?,
                scopes: gitlab.scopes.clone(),
                access_level: gitlab.access_level,
            }),
            RotatorKind::Exec { command } => RotatorKind::Exec { command: command.clone() },
            RotatorKind::Manual => RotatorKind::Manual,
        };
        Ok(Rotator { kind, lifetime: self.lifetime })
    }
}
