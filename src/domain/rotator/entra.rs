//! How a client secret of an application in Microsoft Entra ID is made.

use super::super::runner::{RunnerError, Settings};
use super::super::setting::Setting;
use super::super::web_address::is_host;
use super::address;

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

pub(super) fn parse(settings: &mut Settings<'_>) -> Result<EntraAppPassword<Setting>, RunnerError> {
    let tenant = settings.required("tenant", "example.org")?;
    // These stand for whichever directory somebody signs in to, and no application signs in to that.
    if !is_host(tenant) || matches!(tenant, "common" | "organizations" | "consumers") {
        return Err(settings.error("`tenant` is no directory: write its id, or a domain such as example.org"));
    }
    Ok(EntraAppPassword {
        tenant: tenant.to_owned(),
        app: application(settings, "app")?,
        client: application(settings, "client")?,
        client_secret: settings.required_credential("client-secret")?,
        login: address(settings, "login", "https://login.microsoftonline.com")?,
        graph: address(settings, "graph", "https://graph.microsoft.com")?,
    })
}

/// It becomes part of an address, between quotation marks.
fn application(settings: &mut Settings<'_>, name: &'static str) -> Result<String, RunnerError> {
    let id = settings.required(name, "APPLICATION-ID")?;
    if id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(settings.error(format!(
            "`{name}` is no application (client) id: it looks like 00001111-aaaa-2222-bbbb-3333cccc4444"
        )));
    }
    Ok(id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::{Rotator, RotatorKind};
    use super::*;
    use crate::domain::json::UniqueMap;
    use crate::domain::record::Runner;

    fn parsed(exchanged: (&str, &str)) -> Result<Rotator<Setting>, RunnerError> {
        let mut runner = Runner { kind: "entra-app-password".to_owned(), with: UniqueMap::default() };
        for (name, value) in [
            ("tenant", "example.org"),
            ("app", "00001111-aaaa-2222-bbbb-3333cccc4444"),
            ("client", "11112222-bbbb-3333-cccc-4444dddd5555"),
            ("client-secret", "env:GRAPH_SECRET"),
            exchanged,
        ] {
            runner.with.insert(name.to_owned(), value.to_owned());
        }
        Rotator::parse(&runner)
    }

    #[test]
    fn what_is_not_said_is_microsofts() {
        let RotatorKind::EntraAppPassword(entra) = parsed(("lifetime", "180d")).unwrap().kind else {
            panic!("another kind")
        };
        assert_eq!(entra.login, "https://login.microsoftonline.com");
        assert_eq!(entra.graph, "https://graph.microsoft.com");
        assert_eq!(entra.client_secret, Setting::Env("GRAPH_SECRET".to_owned()));
    }

    #[test]
    fn what_can_not_be_meant_is_refused() {
        for (name, value, why) in [
            ("tenant", "common", "`tenant` is no directory"),
            ("tenant", "example.org/x", "`tenant` is no directory"),
            ("app", "x') or (y", "`app` is no application (client) id"),
            ("app", &"a".repeat(65), "`app` is no application (client) id"),
            ("client", "a/b", "`client` is no application (client) id"),
            ("client-secret", "hunter2", "`client-secret`: "),
            ("graph", "http://graph.example.org", "`graph`: would be called in clear"),
            ("scope", "x", "`scope` is no setting of it"),
        ] {
            let error = parsed((name, value)).unwrap_err().to_string();
            assert!(error.starts_with("rotator entra-app-password: ") && error.contains(why), "{error}");
        }
        assert!(parsed(("app", &"a".repeat(64))).is_ok());
    }
}
