//! What makes the next version of a secret, as `sealed.rotator` has it.

use super::period::Period;
use super::record::Runner;
use super::runner::{RunnerError, Settings};
use super::setting::Setting;

mod aws;
mod entra;
mod generate;
mod gitlab;

pub use aws::{AwsAccount, AwsCredentials, AwsIamAccessKey, IamUser, KeyFormat};
pub use entra::EntraAppPassword;
pub use generate::{Alphabet, Encoding, Generate, Recipe};
pub use gitlab::{GitlabOwner, GitlabToken};

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

impl Rotator<Setting> {
    /// Reads what a record says.
    pub fn parse(runner: &Runner) -> Result<Self, RunnerError> {
        let mut settings = Settings::of("rotator", runner);
        let lifetime = settings.period("lifetime")?;
        let kind = match runner.kind.as_str() {
            "generate" => RotatorKind::Generate(generate::parse(&mut settings)?),
            "entra-app-password" => RotatorKind::EntraAppPassword(entra::parse(&mut settings)?),
            "aws-iam-access-key" => RotatorKind::AwsIamAccessKey(aws::parse(&mut settings)?),
            "gitlab-token" => RotatorKind::GitlabToken(gitlab::parse(&mut settings)?),
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
            RotatorKind::Exec { command, takes_markers } => {
                RotatorKind::Exec { command: command.clone(), takes_markers: *takes_markers }
            }
            RotatorKind::Manual => RotatorKind::Manual,
        };
        Ok(Rotator { kind, lifetime: self.lifetime })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::json::UniqueMap;

    fn parsed(kind: &str, settings: &[(&str, &str)]) -> Result<Rotator<Setting>, RunnerError> {
        let mut with = UniqueMap::default();
        for (name, text) in settings {
            with.insert((*name).to_owned(), (*text).to_owned());
        }
        Rotator::parse(&Runner { kind: kind.to_owned(), with })
    }

    #[test]
    fn a_program_and_a_person() {
        let exec = |takes_markers| RotatorKind::Exec { command: vec!["./r".to_owned()], takes_markers };
        let command = ("command", r#"["./r"]"#);
        let found = parsed("exec", &[command, ("lifetime", "90d")]).unwrap();
        assert_eq!(found, Rotator { kind: exec(true), lifetime: Some(Period::days(90)) });
        assert!(!found.needs_a_person());
        assert_eq!(parsed("exec", &[command, ("markers", "false")]).unwrap().kind, exec(false));
        let manual = parsed("manual", &[]).unwrap();
        assert_eq!(manual, Rotator { kind: RotatorKind::Manual, lifetime: None });
        assert!(manual.needs_a_person());
        for (kind, settings) in [("exec", &[][..]), ("manual", &[command]), ("other", &[])] {
            assert!(parsed(kind, settings).is_err(), "{kind}");
        }
    }
}
