//! Names of environment variables, and which one a secret gets.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::text::{few, visible};
use super::tracked_name::CredentialName;

/// The longest name that is taken, in bytes.
const MAX_BYTES: usize = 255;

/// Variables that steer programs which know nothing of the secret: one of them set by accident, and another program
/// runs, another library is loaded, or a shell does something else. Some of them no shell lets be set (`UID` in bash), or
/// not to a text (`LINES` in mksh).
const STEERING: &str = "\
    PATH HOME SHELL USER LOGNAME PWD OLDPWD TMPDIR TERM LANG TZ ENV IFS CDPATH PS1 PS4 BASHOPTS \
    SHELLOPTS PROMPT_COMMAND EDITOR VISUAL PAGER BROWSER CLASSPATH NODE_OPTIONS NODE_PATH PERL5LIB PERL5OPT \
    PERL5DB PERLLIB PYTHONHOME PYTHONPATH PYTHONSTARTUP RUBYLIB RUBYOPT JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS \
    _JAVA_OPTIONS GCONV_PATH LOCPATH NLSPATH HOSTALIASES RES_OPTIONS SSH_AUTH_SOCK SSH_ASKPASS GIT_DIR \
    GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_EXEC_PATH GIT_SSH GIT_SSH_COMMAND GIT_ASKPASS \
    GIT_EDITOR GIT_SEQUENCE_EDITOR GIT_PAGER GIT_EXTERNAL_DIFF GIT_PROXY_COMMAND GIT_TEMPLATE_DIR \
    UID EUID PPID GROUPS LINES COLUMNS RANDOM SECONDS OPTIND TMOUT HISTFILE MAIL MAILPATH";

/// The same, by how they begin.
const STEERING_FAMILIES: &str = "LD_ DYLD_ LC_ BASH_ GIT_CONFIG GIT_TRACE MALLOC_ SECRETS_";

/// The name of an environment variable, as every shell can set it: `[A-Za-z_][A-Za-z0-9_]*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableName(String);

/// Why a text is no name of a variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no name of a variable: it may hold ASCII letters, digits and `_` only, start with no digit, and be at most \
     {MAX_BYTES} bytes long"
)]
pub struct VariableNameError(String);

impl VariableName {
    /// The name that a secret gets by rule: what of its own name lies below the fixed folder of the scope that it was
    /// chosen by, in capitals, with a `_` for whatever is neither letter nor digit, and before a leading digit.
    ///
    /// | chosen by | secret | variable |
    /// |---|---|---|
    /// | `web/prod/**` | `web/prod/db/password` | `DB_PASSWORD` |
    /// | `web/*/db` | `web/prod/db` | `PROD_DB` |
    /// | its name | `web/prod/db` | `DB` |
    /// | `a/enc.yaml` or `a/enc.yaml#/**` | `a/enc.yaml#/hub/token` | `HUB_TOKEN` |
    pub fn of_secret(name: &str, chosen_by: &str, prefix: Option<&Self>) -> Self {
        let mut variable = prefix.map_or_else(String::new, |prefix| prefix.0.clone());
        // The separator of file and pointer and the escapes of a pointer stand for one character each.
        let below = below(name, chosen_by).replace("#/", "/").replace("~0", "~").replace("~1", "/");
        for c in below.chars() {
            if variable.is_empty() && c.is_ascii_digit() {
                variable.push('_');
            }
            variable.push(if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
        }
        Self(variable)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it steers programs that know nothing of the secret, so that nobody means it by accident.
    pub fn is_steering(&self) -> bool {
        STEERING.split_whitespace().any(|name| name == self.0)
            || STEERING_FAMILIES.split_whitespace().any(|family| self.0.starts_with(family))
    }
}

/// What of a name lies below the part of a glob that is fixed.
pub fn below<'n>(name: &'n str, glob: &str) -> &'n str {
    // A scope that is the path of a file chooses all in it.
    let inside = name.strip_prefix(glob).and_then(|rest| rest.strip_prefix("#/"));
    let fixed = glob.find(['*', '?', '[', '{', '\\']).map_or(glob, |at| glob.get(..at).unwrap_or_default());
    let folder = fixed.rfind('/').map_or("", |at| fixed.get(..=at).unwrap_or_default());
    inside.or_else(|| name.strip_prefix(folder)).filter(|rest| !rest.is_empty()).unwrap_or(name)
}

impl FromStr for VariableName {
    type Err = VariableNameError;

    fn from_str(text: &str) -> Result<Self, VariableNameError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if text.is_empty()
            || text.len() > MAX_BYTES
            || text.starts_with(|c: char| c.is_ascii_digit())
            || !text.chars().all(fits)
        {
            return Err(VariableNameError(visible(text).into_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for VariableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// `NAME=secret`: a variable that somebody gives to a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub variable: VariableName,
    pub secret: CredentialName,
}

/// Why a text gives no variable to a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssignmentParseError {
    #[error("`{0}` is not of the form NAME=secret")]
    Form(String),
    #[error(transparent)]
    Variable(#[from] VariableNameError),
    #[error("{0}")]
    Secret(String),
}

impl FromStr for Assignment {
    type Err = AssignmentParseError;

    fn from_str(text: &str) -> Result<Self, AssignmentParseError> {
        let form = || AssignmentParseError::Form(visible(text).into_owned());
        let (variable, secret) = text.split_once('=').ok_or_else(form)?;
        let refuse =
            |error: <CredentialName as FromStr>::Err| AssignmentParseError::Secret(error.to_string());
        Ok(Self { variable: variable.parse()?, secret: secret.parse().map_err(refuse)? })
    }
}

/// A secret, and what it was chosen by: its name, a scope, or `**` for everything.
#[derive(Debug, Clone)]
pub struct Chosen {
    pub secret: CredentialName,
    pub by: String,
}

/// Why secrets can't be handed on as variables.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssignError {
    #[error("{variable}: would be the variable of {}; give each a name: --env NAME=secret", few(secrets, 5))]
    Collision { variable: VariableName, secrets: Vec<String> },
    #[error(
        "{variable}: would be the variable of {secret}, and it steers other programs; give another one: --env NAME={secret}"
    )]
    Steering { variable: VariableName, secret: String },
    #[error("{secret}: makes no name of a variable; give one: --env NAME={secret}")]
    TooLong { secret: String },
}

/// Gives each secret its variable: those that were given, and to those without one the one by rule. Nothing is
/// overwritten: a variable that two would have is an error. Answers in the order of the variables.
pub fn assign(
    chosen: &[Chosen],
    given: &[Assignment],
    prefix: Option<&VariableName>,
) -> Result<Vec<Assignment>, AssignError> {
    let mut all: BTreeMap<VariableName, Vec<&CredentialName>> = BTreeMap::new();
    for Assignment { variable, secret } in given {
        all.entry(variable.clone()).or_default().push(secret);
    }
    for Chosen { secret, by } in chosen {
        if given.iter().any(|given| given.secret.as_str() == secret.as_str()) {
            continue;
        }
        let shown = || visible(secret.as_str()).into_owned();
        let variable = VariableName::of_secret(secret.as_str(), by, prefix);
        if variable.as_str().len() > MAX_BYTES {
            return Err(AssignError::TooLong { secret: shown() });
        }
        if variable.is_steering() {
            return Err(AssignError::Steering { variable, secret: shown() });
        }
        all.entry(variable).or_default().push(secret);
    }
    let one = |(variable, mut secrets): (VariableName, Vec<&CredentialName>)| {
        secrets.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        secrets.dedup_by(|one, other| one.as_str() == other.as_str());
        match secrets.as_slice() {
            [secret] => Ok(Assignment { variable, secret: (*secret).clone() }),
            many => {
                let secrets = many.iter().map(|secret| visible(secret.as_str()).into_owned()).collect();
                Err(AssignError::Collision { variable, secrets })
            }
        }
    };
    all.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_rule() {
        for (name, by, variable) in [
            ("web/prod/db/password", "web/prod/**", "DB_PASSWORD"),
            ("web/prod/db", "web/*/db", "PROD_DB"),
            ("web/prod/db", "web/pro*/db", "PROD_DB"),
            ("web/prod/db", "web/prod/db", "DB"),
            ("web/prod/db", "**", "WEB_PROD_DB"),
            ("web/prod/db", "{web,api}/**", "WEB_PROD_DB"),
            ("2fa/seed-1.a", "**", "_2FA_SEED_1_A"),
            ("web/2fa", "web/2fa", "_2FA"),
            ("db", "db", "DB"),
            ("a/enc.yaml#/hub/token", "a/enc.yaml#/hub/token", "TOKEN"),
            ("a/enc.yaml#/hub/token", "a/enc.yaml", "HUB_TOKEN"),
            ("a/enc.yaml#/hub/token", "a/enc.yaml#/**", "HUB_TOKEN"),
            ("a/enc.yaml#/hub/token", "a/**", "ENC_YAML_HUB_TOKEN"),
            ("a/enc.yaml#/tls~1crt", "a/enc.yaml", "TLS_CRT"),
            ("a/\u{e4}.yaml#/k", "a/*", "__YAML_K"),
        ] {
            assert_eq!(VariableName::of_secret(name, by, None).as_str(), variable, "{name} by {by}");
            assert!(variable.parse::<VariableName>().is_ok(), "{variable}");
        }
        let prefix = "APP_".parse().unwrap();
        assert_eq!(VariableName::of_secret("2fa", "2fa", Some(&prefix)).as_str(), "APP_2FA");
    }

    #[test]
    fn what_is_no_name() {
        for bad in ["", "1A", "A-B", "A B", "\u{c4}", "A=", "A\0", "A\n", &"A".repeat(256)] {
            assert!(bad.parse::<VariableName>().is_err(), "{bad:?}");
        }
        for good in ["A", "_", "_1", "http_proxy", &"A".repeat(255)] {
            assert!(good.parse::<VariableName>().is_ok(), "{good:?}");
        }
    }

    fn chosen(names: &[&str]) -> Vec<Chosen> {
        let one = |name: &&str| Chosen { secret: name.parse().unwrap(), by: "web/**".to_owned() };
        names.iter().map(one).collect()
    }

    fn shown(assigned: &[Assignment]) -> Vec<String> {
        assigned.iter().map(|one| format!("{}={}", one.variable, one.secret.as_str())).collect()
    }

    #[test]
    fn what_is_given_goes_before_the_rule() {
        let given: Vec<Assignment> =
            ["PW=web/db", "PW2=web/db", "X=other"].iter().map(|text| text.parse().unwrap()).collect();
        let assigned = assign(&chosen(&["web/db", "web/b", "web/a"]), &given, None).unwrap();
        assert_eq!(shown(&assigned), ["A=web/a", "B=web/b", "PW=web/db", "PW2=web/db", "X=other"]);
        // The same secret twice is no collision.
        assert_eq!(shown(&assign(&chosen(&["web/a", "web/a"]), &[], None).unwrap()), ["A=web/a"]);
    }

    #[test]
    fn collisions_and_variables_that_steer_are_refused_by_name() {
        let error = assign(&chosen(&["web/a-b", "web/a.b", "web/c"]), &[], None).unwrap_err().to_string();
        assert!(error.starts_with("A_B: would be the variable of web/a-b and web/a.b"), "{error}");
        let given = ["A=web/z".parse().unwrap()];
        let error = assign(&chosen(&["web/a"]), &given, None).unwrap_err().to_string();
        assert!(error.contains("web/a and web/z"), "{error}");
        for name in
            ["web/path", "web/ld-preload", "web/git/ssh-command", "web/bash_env", "web/secrets-identity"]
        {
            let error = assign(&chosen(&[name]), &[], None).unwrap_err();
            assert!(matches!(error, AssignError::Steering { .. }), "{name}: {error}");
        }
        for name in ["web/git-token", "web/path2", "web/github-token"] {
            assert!(assign(&chosen(&[name]), &[], None).is_ok(), "{name}");
        }
        for (length, is_one) in [(255, true), (256, false)] {
            let assigned = assign(&chosen(&[&format!("a{}", "b".repeat(length - 1))]), &[], None);
            assert_eq!(assigned.is_ok(), is_one, "{length}");
        }
        // Whoever gives it means it.
        let given = ["PATH=web/path".parse().unwrap()];
        assert_eq!(shown(&assign(&chosen(&["web/path"]), &given, None).unwrap()), ["PATH=web/path"]);
    }

    #[test]
    fn assignments() {
        let one: Assignment = "A=a/enc.yaml#/x=y".parse().unwrap();
        assert_eq!((one.variable.as_str(), one.secret.as_str()), ("A", "a/enc.yaml#/x=y"));
        for bad in ["A", "=web/db", "1=web/db", "A=", "A=a//b#/c"] {
            assert!(bad.parse::<Assignment>().is_err(), "{bad}");
        }
    }
}
