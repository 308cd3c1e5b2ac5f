//! How an access token of a project or a group in GitLab is made.

use super::super::runner::{RunnerError, Settings};
use super::super::setting::Setting;
use super::super::text::visible;
use super::address;

/// Guest, Planner, Reporter, Developer, Maintainer, Owner.
const ACCESS_LEVELS: [u8; 6] = [10, 15, 20, 30, 40, 50];

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

pub(super) fn parse(settings: &mut Settings<'_>) -> Result<GitlabToken<Setting>, RunnerError> {
    let url = address(settings, "url", "https://gitlab.com")?;
    let of = match (settings.optional("project")?, settings.optional("group")?) {
        (Some(project), None) => GitlabOwner::Project(path(settings, "project", project)?),
        (None, Some(group)) => GitlabOwner::Group(path(settings, "group", group)?),
        (None, None) | (Some(_), Some(_)) => {
            return Err(settings.error("give one of the two: project=GROUP/NAME or group=GROUP"));
        }
    };
    let token = settings.required_credential("token")?;
    let scopes = settings.required("scopes", "read_repository,read_registry")?;
    let scopes: Vec<_> = scopes.split(',').map(|scope| scope.trim().to_owned()).collect();
    if let Some(scope) = scopes.iter().find(|scope| !is_scope(scope)) {
        return Err(settings.error(format!(
            "`scopes`: `{}` is no scope: write them like scopes=read_repository,read_registry",
            visible(scope)
        )));
    }
    let access_level = settings.parsed("access-level")?.unwrap_or(40);
    if !ACCESS_LEVELS.contains(&access_level) {
        return Err(settings.error(format!(
            "`access-level` is {access_level}: write 10 (Guest), 15 (Planner), 20 (Reporter), 30 (Developer), 40 \
             (Maintainer) or 50 (Owner)"
        )));
    }
    Ok(GitlabToken { url, of, token, scopes, access_level })
}

fn path(settings: &Settings<'_>, name: &str, path: &str) -> Result<String, RunnerError> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.chars().all(is_plain);
    if path.split('/').all(is_part) {
        return Ok(path.to_owned());
    }
    Err(settings
        .error(format!("`{name}`: `{}` is neither a number nor a path such as GROUP/NAME", visible(path))))
}

fn is_scope(scope: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !scope.is_empty() && scope.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::super::{Rotator, RotatorKind};
    use super::*;
    use crate::domain::json::UniqueMap;
    use crate::domain::record::Runner;

    fn parsed(more: &[(&str, &str)]) -> Result<GitlabToken<Setting>, RunnerError> {
        let mut runner = Runner { kind: "gitlab-token".to_owned(), with: UniqueMap::default() };
        let with = [("token", "secret:ops/gitlab"), ("scopes", "read_repository, read_registry")];
        for (name, value) in with.iter().chain(more) {
            runner.with.insert((*name).to_owned(), (*value).to_owned());
        }
        let RotatorKind::GitlabToken(gitlab) = Rotator::parse(&runner)?.kind else { panic!("another kind") };
        Ok(gitlab)
    }

    #[test]
    fn projects_and_groups() {
        let gitlab = parsed(&[("project", "infra/web.site")]).unwrap();
        assert_eq!(gitlab.of, GitlabOwner::Project("infra/web.site".to_owned()));
        assert_eq!((gitlab.url.as_str(), gitlab.access_level), ("https://gitlab.com", 40));
        assert_eq!(gitlab.scopes, ["read_repository", "read_registry"]);
        let gitlab = parsed(&[("group", "42"), ("access-level", "15")]).unwrap();
        assert_eq!((gitlab.of, gitlab.access_level), (GitlabOwner::Group("42".to_owned()), 15));
    }

    #[test]
    fn what_can_not_be_meant_is_refused() {
        for (more, why) in [
            (&[][..], "give one of the two"),
            (&[("project", "a/b"), ("group", "a")], "give one of the two"),
            (&[("project", "a/../b")], "neither a number nor a path"),
            (&[("group", "/a")], "neither a number nor a path"),
            (&[("group", "a?b")], "neither a number nor a path"),
            (&[("group", "a"), ("access-level", "60")], "`access-level` is 60"),
            (&[("group", "a"), ("access-level", "-1")], "`access-level`: "),
            (&[("group", "a"), ("scopes", "api,")], "`` is no scope"),
            (&[("group", "a"), ("scopes", "api read_api")], "`api read_api` is no scope"),
            (&[("group", "a"), ("url", "http://gitlab.example.org")], "in clear"),
        ] {
            let error = parsed(more).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
