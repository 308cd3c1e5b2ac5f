//! How an access key of a user of AWS IAM is made.

use std::fmt;
use std::str::FromStr;

use super::super::runner::{RunnerError, Settings};
use super::super::setting::Setting;
use super::address;

/// The longest name of a user (IAM and STS quotas).
const MAX_USER_CHARS: usize = 64;

/// An access key of a user of AWS IAM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsIamAccessKey<S> {
    /// Whose key it is.
    pub user: IamUser,
    /// The key that makes keys: `AwsCredentials::Environment`, or a secret in the form in which values are sealed.
    pub credentials: AwsCredentials<S>,
    pub format: KeyFormat,
    /// What requests are signed for; `us-east-1` stands for the whole of the partition `aws`.
    pub region: String,
    /// `https://iam.amazonaws.com` where nothing else is said.
    pub iam: String,
    /// `https://sts.amazonaws.com` where nothing else is said.
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

/// The form in which a key is sealed: each is what a program of AWS reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFormat {
    /// What `credential_process` answers.
    Json,
    /// A shared credentials file with one profile, `default`.
    Ini,
    /// Lines such as `AWS_ACCESS_KEY_ID=…`.
    Env,
}

impl FromStr for KeyFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "ini" => Ok(Self::Ini),
            "env" => Ok(Self::Env),
            _ => Err("is none of json, ini, env"),
        }
    }
}

/// A user, and of which account where that is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IamUser {
    pub account: Option<AwsAccount>,
    /// Without its path: no two users of an account differ in nothing but that, or in case.
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsAccount {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// Twelve digits.
    pub id: String,
}

impl AwsAccount {
    /// Of any ARN that names one.
    pub fn of_arn(arn: &str) -> Option<Self> {
        let mut fields = arn.split(':');
        if fields.next() != Some("arn") {
            return None;
        }
        let partition = fields.next().filter(|partition| is_partition(partition))?;
        let id = fields.nth(2).filter(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()))?;
        Some(Self { partition: partition.to_owned(), id: id.to_owned() })
    }
}

fn is_partition(text: &str) -> bool {
    text.starts_with("aws") && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

impl fmt::Display for AwsAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.id)
    }
}

impl IamUser {
    /// `arn:aws:iam::123456789012:user/PATH/NAME`; `None` of whoever is no user, such as a role or the root of an account.
    pub fn of_arn(arn: &str) -> Option<Self> {
        let account = AwsAccount::of_arn(arn)?;
        let mut fields = arn.splitn(6, ':').skip(2);
        let (service, region) = (fields.next()?, fields.next()?);
        let name = fields.nth(1)?.strip_prefix("user/")?.rsplit('/').next()?;
        let is_user = service == "iam" && region.is_empty() && is_user_name(name);
        is_user.then(|| Self { account: Some(account), name: name.to_owned() })
    }

    pub fn is_named_like(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
    }
}

fn is_user_name(text: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    (1..=MAX_USER_CHARS).contains(&text.len()) && text.bytes().all(is_fit)
}

impl FromStr for IamUser {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_user_name(text) {
            return Ok(Self { account: None, name: text.to_owned() });
        }
        Self::of_arn(text)
            .ok_or("is no user: write its name, or its ARN such as arn:aws:iam::123456789012:user/NAME")
    }
}

impl fmt::Display for IamUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.account {
            Some(account) => write!(f, "{} of account {account}", self.name),
            None => f.pad(&self.name),
        }
    }
}

pub(super) fn parse(settings: &mut Settings<'_>) -> Result<AwsIamAccessKey<Setting>, RunnerError> {
    let user = settings.required("user", "NAME-OF-IAM-USER")?;
    let user = user.parse().map_err(|why| settings.error(format!("`user`: {why}")))?;
    let credentials = match settings.credential("credentials")? {
        Some(setting) => AwsCredentials::Given(setting),
        None => AwsCredentials::Environment,
    };
    let region = settings.with_default("region", "us-east-1")?;
    if !region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return Err(settings.error("`region` is none: write it like us-east-1"));
    }
    Ok(AwsIamAccessKey {
        user,
        credentials,
        format: settings.parsed("format")?.unwrap_or(KeyFormat::Json),
        region,
        iam: address(settings, "iam", "https://iam.amazonaws.com")?,
        sts: address(settings, "sts", "https://sts.amazonaws.com")?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Rotator, RotatorKind};
    use super::*;
    use crate::domain::record::Runner;

    fn parsed(with: &[(&str, &str)]) -> Result<AwsIamAccessKey<Setting>, String> {
        let with = with.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let runner = Runner { kind: "aws-iam-access-key".to_owned(), with };
        let RotatorKind::AwsIamAccessKey(aws) =
            Rotator::parse(&runner).map_err(|error| error.to_string())?.kind
        else {
            panic!("another kind")
        };
        Ok(aws)
    }

    #[test]
    fn what_is_not_said_is_amazons() {
        let aws = parsed(&[("user", "backup")]).unwrap();
        assert_eq!(aws.user, IamUser { account: None, name: "backup".to_owned() });
        assert_eq!((aws.credentials, aws.format), (AwsCredentials::Environment, KeyFormat::Json));
        assert_eq!(
            [aws.region.as_str(), &aws.iam, &aws.sts],
            ["us-east-1", "https://iam.amazonaws.com", "https://sts.amazonaws.com"]
        );
        let aws = parsed(&[("user", "backup"), ("credentials", "secret:ops/iam")]).unwrap();
        let secret = Setting::Secret("ops/iam".parse().unwrap());
        assert_eq!(aws.credentials, AwsCredentials::Given(secret));
        for (name, format) in [("json", KeyFormat::Json), ("ini", KeyFormat::Ini), ("env", KeyFormat::Env)] {
            assert_eq!(parsed(&[("user", "backup"), ("format", name)]).unwrap().format, format);
        }
    }

    #[test]
    fn what_is_no_setting_is_refused() {
        for (with, why) in [
            (&[][..], "`user` is missing"),
            (&[("user", "a b")], "`user`: is no user"),
            (&[("user", "x; rm -r /")], "`user`: is no user"),
            (&[("user", "arn:aws:iam::123456789012:role/backup")], "`user`: is no user"),
            (&[("user", "backup"), ("format", "toml")], "`format`: is none of json, ini, env"),
            (&[("user", "backup"), ("region", "US East")], "`region` is none"),
            (&[("user", "backup"), ("iam", "http://iam.example.org")], "in clear"),
            (&[("user", "backup"), ("credentials", "AKIA0123456789ABCDEF")], "names no credential"),
            (&[("user", "backup"), ("profile", "x")], "`profile` is no setting of it"),
        ] {
            let error = parsed(with).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn users_are_known_by_account_and_name() {
        let account =
            |partition: &str, id: &str| AwsAccount { partition: partition.to_owned(), id: id.to_owned() };
        let user = IamUser::of_arn("arn:aws-cn:iam::123456789012:user/jobs/nightly/backup").unwrap();
        assert_eq!(
            user,
            IamUser { account: Some(account("aws-cn", "123456789012")), name: "backup".to_owned() }
        );
        assert_eq!(user.to_string(), "backup of account 123456789012");
        for no_user in [
            "arn:aws:iam::123456789012:root",
            "arn:aws:sts::123456789012:assumed-role/backup/session",
            "arn:aws:sts::123456789012:federated-user/backup",
            "arn:aws:sts::123456789012:user/backup",
            "arn:aws:iam::12345678901:user/backup",
            "arn:aws:iam::12345678901x:user/backup",
            "arn:aws:iam:us-east-1:123456789012:user/backup",
            "arn:aws:iam::123456789012:user/",
            "arn:aws:iam::123456789012:user/a:b",
            "arn:evil:iam::123456789012:user/backup",
            "backup",
            "",
        ] {
            assert_eq!(IamUser::of_arn(no_user), None, "{no_user}");
        }
        let of_chars = |chars: usize| format!("arn:aws:iam::123456789012:user/{}", "x".repeat(chars));
        assert!(IamUser::of_arn(&of_chars(MAX_USER_CHARS)).is_some());
        assert_eq!(IamUser::of_arn(&of_chars(MAX_USER_CHARS + 1)), None);
        let role = "arn:aws:sts::123456789012:assumed-role/backup/session";
        assert_eq!(AwsAccount::of_arn(role), Some(account("aws", "123456789012")));
    }

    /// IAM tells no two users of an account apart by case.
    #[test]
    fn users_are_named_alike_whatever_their_case_and_account() {
        let user: IamUser = "Backup".parse().unwrap();
        for (other, is_alike) in [
            ("Backup", true),
            ("backup", true),
            ("arn:aws:iam::123456789012:user/jobs/BACKUP", true),
            ("backups", false),
        ] {
            assert_eq!(user.is_named_like(&other.parse().unwrap()), is_alike, "{other}");
        }
    }
}
