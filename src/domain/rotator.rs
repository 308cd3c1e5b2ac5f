//! What makes the next version of a secret, as `sealed.rotator` has it.

use super::period::Period;
use super::record::Runner;
use super::runner::{RunnerError, Settings};
use super::setting::Setting;

mod generate;

pub use generate::{Alphabet, Encoding, Generate, Recipe};

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
        /// Whether what it makes carries the marker that it is told.
        takes_markers: bool,
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

/// An access key of a user of AWS IAM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsIamAccessKey<S> {
    /// Whose key it is.
    pub user: String,
    /// The key that makes keys: `AwsCredentials::Environment`, or a secret in the form in which values are sealed.
    pub credentials: AwsCredentials<S>,
    pub region: String,
    pub iam: String,
    pub sts: String,
}

/// With which key AWS is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwsCredentials<S> {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
    Environment,
    /// A text in one of the forms in which values are sealed.
    Given(S),
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
            "aws-iam-access-key" => RotatorKind::AwsIamAccessKey(aws(&mut settings)?),
            "gitlab-token" => RotatorKind::GitlabToken(gitlab(&mut settings)?),
            "exec" => RotatorKind::Exec {
                command: settings.command("command")?,
                takes_markers: settings.parsed("markers")?.unwrap_or(true),
            },
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

fn aws(settings: &mut Settings<'_>) -> Result<AwsIamAccessKey<Setting>, RunnerError> {
    let user = settings.required("user", "NAME-OF-IAM-USER")?.to_owned();
    let credentials = match settings.credential("credentials")? {
        Some(setting) => AwsCredentials::Given(setting),
        None => AwsCredentials::Environment,
    };
    let region = settings.with_default("region", "us-east-1")?;
    let iam = address(settings, "iam", "https://iam.amazonaws.com")?;
    let sts = address(settings, "sts", "https://sts.amazonaws.com")?;
    Ok(AwsIamAccessKey { user, credentials, region, iam, sts })
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
            RotatorKind::Exec { command, takes_markers } => {
                RotatorKind::Exec { command: command.clone(), takes_markers: *takes_markers }
            }
            RotatorKind::Manual => RotatorKind::Manual,
        };
        Ok(Rotator { kind, lifetime: self.lifetime })
    }
}
