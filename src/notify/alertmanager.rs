//! API v2 of Alertmanager: all that stands is an alert, posted in each run, and what is over is ended.
//! <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>.
//!
//! The labels are what an alert is known by: another label is another alert. So they are made only of what is the same
//! from the first run to the one that ends it ([`Resolved`]); tier, days, level and owners are annotations.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Delivery, Outside, document, wording};
use crate::domain::notice::{Message, Notice, Resolved};
use crate::domain::tracked_name::CredentialName;
use crate::domain::value::Value;
use crate::web::{Request, ServiceError, Target};

/// How long an alert stands that is not posted again, in seconds: three days, so that `monitor-silent` (two days) is found
/// before the alerts of a job that fell silent end by themselves.
const STANDS: i64 = 3 * 86_400;

#[derive(Serialize)]
struct Alert {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<&'static str, String>,
    /// Absent of one that ends: Alertmanager knows it.
    #[serde(rename = "startsAt", skip_serializing_if = "Option::is_none")]
    starts_at: Option<String>,
    #[serde(rename = "endsAt")]
    ends_at: String,
}

pub fn deliver(
    url: &Value,
    authorization: Option<&Value>,
    labels: &BTreeMap<String, String>,
    message: &Message,
    outside: &Outside,
) -> Delivery {
    Delivery::whole(message, post(url, authorization, labels, message, outside))
}

fn post(
    url: &Value,
    authorization: Option<&Value>,
    labels: &BTreeMap<String, String>,
    message: &Message,
    outside: &Outside,
) -> Result<(), ServiceError> {
    let alerts = alerts(labels, message);
    if alerts.is_empty() {
        return Ok(());
    }
    let target = Target::parse("url", url)?.at(&["api", "v2", "alerts"]);
    let request = Request::post(&target, document::bytes(&alerts)).authorized(authorization)?;
    outside.send(&request).map(|_| ())
}

fn alerts(labels: &BTreeMap<String, String>, message: &Message) -> Vec<Alert> {
    let until = message.at.checked_add_seconds(STANDS).unwrap_or(message.at);
    let standing = message.standing.iter().map(|notice| Alert {
        labels: labels_of(
            labels,
            message,
            notice.secret.as_ref().map(CredentialName::as_str),
            &notice.dedup_key,
        ),
        annotations: annotations(notice, message),
        starts_at: Some(notice.since.min(message.at).to_string()),
        ends_at: until.to_string(),
    });
    let over = message.resolved.iter().map(|Resolved { secret, dedup_key }| Alert {
        labels: labels_of(labels, message, secret.as_deref(), dedup_key),
        annotations: BTreeMap::new(),
        starts_at: None,
        ends_at: message.at.to_string(),
    });
    standing.chain(over).collect()
}

/// Policy's labels, and ours over them. `dedup_key` tells apart what has no secret, or two of one kind.
fn labels_of(
    labels: &BTreeMap<String, String>,
    message: &Message,
    secret: Option<&str>,
    dedup_key: &str,
) -> BTreeMap<String, String> {
    let finding = finding_of(dedup_key);
    let alertname = match finding {
        "expiry" => "SecretExpiry",
        "unchecked" => "SecretUnchecked",
        _ => "SecretFinding",
    };
    let own = [
        ("alertname", Some(alertname)),
        ("finding", Some(finding)),
        ("secret", secret),
        ("store", Some(message.origin.store.as_str())),
        ("repository", message.origin.repository.as_deref()),
        ("dedup_key", Some(dedup_key)),
    ];
    let own = own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), wording::plain(value?))));
    let mut all = labels.clone();
    all.extend(own);
    all
}

/// The third part of a key, which is the same for `expiring` and `expired`.
fn finding_of(dedup_key: &str) -> &str {
    dedup_key.split(':').nth(2).unwrap_or("finding")
}

fn annotations(notice: &Notice, message: &Message) -> BTreeMap<&'static str, String> {
    let joined = |texts: Vec<String>| (!texts.is_empty()).then(|| texts.join(", "));
    let runbook = notice.runbook.as_deref().map(wording::plain);
    let is_address = runbook.as_ref().is_some_and(|runbook| runbook.starts_with("https://"));
    let all = [
        ("summary", Some(wording::headline(notice))),
        ("description", Some(description(notice, message))),
        ("remedy", Some(wording::command(notice))),
        ("level", Some(notice.level.to_string())),
        ("tier", notice.tier.map(|tier| tier.to_string())),
        ("expires", notice.expires.map(|expires| expires.to_string())),
        ("days_left", notice.days_left.map(|days| days.to_string())),
        ("owners", joined(notice.owners.iter().map(|owner| wording::plain(owner.as_str())).collect())),
        ("people", joined(notice.people.iter().map(wording::person).collect())),
        ("issuer", notice.issuer.as_ref().map(wording::issuer)),
        (if is_address { "runbook_url" } else { "runbook" }, runbook),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// What a person reads where only the description is shown.
fn description(notice: &Notice, message: &Message) -> String {
    let when = wording::when(notice, message.at).map(|when| format!("{when}. ")).unwrap_or_default();
    format!("{when}To mend it: {}", wording::command(notice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::check_id::CheckId;
    use crate::domain::finding::Level;
    use crate::domain::notice::{Tier, Topic};
    use crate::notify::samples;

    fn policy() -> BTreeMap<String, String> {
        [("team", "infra"), ("alertname", "Mine")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn all_that_stands_is_posted_and_what_is_over_ends() {
        let mut message = samples::message();
        message.notices.clear();
        message.standing[2].runbook = Some("https://wiki.example/db".to_owned());
        let alerts = alerts(&policy(), &message);
        insta::assert_snapshot!(serde_json::to_string_pretty(&alerts[2..]).unwrap(), @r#"
        [
          {
            "labels": {
              "alertname": "SecretExpiry",
              "dedup_key": "secrets:01MB78QN000000000000000007:expiry:web/prod/db",
              "finding": "expiry",
              "repository": "github.com/example/infra",
              "secret": "web/prod/db",
              "store": "secrets",
              "team": "infra"
            },
            "annotations": {
              "days_left": "7",
              "description": "2027-08-31 00:00 UTC, 7 days left. To mend it: secrets set web/prod/db",
              "expires": "2027-08-31T00:00:00Z",
              "issuer": "University of Toronto IT (it@example.org)",
              "level": "warning",
              "owners": "infra",
              "people": "alice (@alice), bob",
              "remedy": "secrets set web/prod/db",
              "runbook_url": "https://wiki.example/db",
              "summary": "web/prod/db: expires 2027-08-31 (in 7 days)",
              "tier": "7d"
            },
            "startsAt": "2027-08-24T00:00:00Z",
            "endsAt": "2027-08-27T00:00:00Z"
          },
          {
            "labels": {
              "alertname": "SecretExpiry",
              "dedup_key": "secrets:01MB78QN000000000000000007:expiry:mail/relay",
              "finding": "expiry",
              "repository": "github.com/example/infra",
              "secret": "mail/relay",
              "store": "secrets",
              "team": "infra"
            },
            "annotations": {},
            "endsAt": "2027-08-24T00:00:00Z"
          }
        ]
        "#);
        let ours = alerts[2].labels.keys().filter(|name| *name != "team").collect::<Vec<_>>();
        assert_eq!(ours, crate::domain::channel::OUR_LABELS.iter().collect::<Vec<_>>());
        assert_eq!(alerts.len(), 4);
        assert!(
            !alerts[0].labels.contains_key("secret") && alerts[0].labels["alertname"] == "SecretUnchecked"
        );
    }

    #[test]
    fn labels_stay_from_the_first_notice_to_the_end() {
        let message = samples::message();
        let labels = |notice: &Notice| {
            let standing = Message { standing: vec![notice.clone()], ..message.clone() };
            alerts(&policy(), &standing).remove(0).labels
        };
        let mut first = samples::notice("web/db");
        (first.tier, first.days_left) =
            (Some(Tier::Before(crate::domain::period::Period::days(60))), Some(60));
        let mut last = samples::ended("web/db");
        (last.owners, last.level) = (Vec::new(), Level::Error);
        assert_eq!(labels(&first), labels(&last));
        let secret = Some("web/db".to_owned());
        let over = Message {
            standing: Vec::new(),
            resolved: vec![Resolved { secret, dedup_key: first.dedup_key.clone() }],
            ..message.clone()
        };
        assert_eq!(alerts(&policy(), &over).remove(0).labels, labels(&first));
        let mut other = first.clone();
        other.dedup_key =
            crate::domain::notice::dedup_key(None, Topic::Check(CheckId::SingleHolder), "web/db");
        assert_eq!(labels(&other)["alertname"], "SecretFinding");
        assert_eq!(labels(&other)["finding"], "single-holder");
    }
}
