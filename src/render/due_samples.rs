//! Due dates that all renderers are tried on.

use crate::domain::check_id::CheckId;
use crate::domain::due::{Due, End};
use crate::domain::timeline::Timeline;
use crate::domain::tracked_name::TrackedName;

pub const NOW: &str = "2026-11-26T08:30:00Z";

/// Texts that would be markup, would run, would end a line, or would turn what stands around them.
pub const HOSTILE: &str =
    "</td><script>alert(1)</script>\"' ;,\\ \r\nEND:VCALENDAR \u{202e}\u{1b}[2J\u{0}&amp;";

pub fn due(name: &str, end: End, owners: &[&str]) -> Due {
    let owners: Vec<_> = owners.iter().map(|owner| owner.parse().unwrap()).collect();
    Due {
        name: name.parse().unwrap(),
        end,
        doubt: None,
        tiers: ["60d", "30d", "14d", "7d", "1d"].map(|tier| tier.parse().unwrap()).into(),
        block_within: "0d".parse().unwrap(),
        people: Vec::new(),
        owners,
        issuer: None,
        runbook: None,
        version: Some(3),
        revised: Some("2026-08-30T20:15:52Z".parse().unwrap()),
    }
}

pub fn at(date: &str) -> End {
    End::At(date.parse().unwrap())
}

/// One of each kind.
pub fn rich() -> Vec<Due> {
    let mut azuread = due("utoronto/prod/azuread-client", at("2026-12-20"), &["infra"]);
    azuread.people =
        vec![("alice".parse().unwrap(), Some("@alice".to_owned())), ("bob".parse().unwrap(), None)];
    azuread.issuer = Some("University of Toronto IT; it@example.org, by phone".to_owned());
    azuread.runbook = Some("https://wiki.example.org/azuread".to_owned());
    azuread.block_within = "2d".parse().unwrap();
    let mut edited = due("web/prod/edited", at("2027-06-30T17:45:00Z"), &["alice", "infra"]);
    edited.doubt = Some(CheckId::Tampered);
    edited.runbook = Some("docs/runbooks/edited.md".to_owned());
    let pointer = "clusters/a/enc-prod.yaml#/jupyterhub/hub/config/AzureAdOAuthenticator/client_secret";
    let mut tracked = due("web/x", at("2027-02-10"), &[]);
    (tracked.name, tracked.version, tracked.revised) = (pointer.parse().unwrap(), None, None);
    vec![
        due("web/prod/db", at("2027-08-31"), &["alice"]),
        due("web/prod/payments", at("2026-11-18"), &["infra"]),
        due("web/api", at("2028-05-01"), &["bob"]),
        due("legacy/ftp", End::Never("vendor gives out one login; ticket 812".to_owned()), &["alice"]),
        due("legacy/unsaid", End::Unsaid, &[]),
        due("legacy/damaged", End::Unread("secrets/legacy/damaged.json:3:1: is cut off".to_owned()), &[]),
        azuread,
        edited,
        tracked,
    ]
}

/// As many as a large team has.
pub fn large(secrets: usize) -> Vec<Due> {
    let start: crate::domain::time::Instant = "2026-11-01".parse().unwrap();
    let one = |number: usize| {
        let name = format!("hub-{:02}/service-{number:05}/oauth-client", number % 17);
        let days = i64::try_from(number * 37 % 800).unwrap();
        let end = match number % 23 {
            0 => End::Never("does not lapse".to_owned()),
            1 if number % 46 == 1 => End::Unsaid,
            _ => End::At(start.checked_add_seconds(days * 86_400).unwrap()),
        };
        due(&name, end, &[["infra", "web", "data", "alice"][number % 4]])
    };
    (0..secrets).map(one).collect()
}

/// Hostile text wherever text comes from outside.
pub fn hostile() -> Vec<Due> {
    let mut one = due("web/db", at("2026-12-24"), &["alice"]);
    one.people = vec![("alice".parse().unwrap(), Some(HOSTILE.to_owned()))];
    one.issuer = Some(HOSTILE.to_owned());
    one.runbook = Some(HOSTILE.to_owned());
    // A path may hold all but a null byte and a backslash.
    let path = format!("files/{}", HOSTILE.replace(['\0', '\\'], ""));
    one.name = TrackedName::new(&path, None).unwrap().into();
    vec![
        one,
        due("web/unread", End::Unread(HOSTILE.to_owned()), &["bob"]),
        due("web/never", End::Never(HOSTILE.to_owned()), &["bob"]),
    ]
}

pub fn timeline(dues: Vec<Due>) -> Timeline {
    Timeline::new(NOW.parse().unwrap(), dues)
}
