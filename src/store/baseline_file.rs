//! The file of a baseline: findings that are accepted until a date. JSON, one finding on a line, so that git shows which
//! ones came and went.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::baseline::{Accepted, Baseline, MOST_DAYS, can_be_accepted, latest_end};
use crate::domain::check_id::CheckId;
use crate::domain::digest::Digest;
use crate::domain::json::{self, present};
use crate::domain::likeness::{Likeness, is_about_its_message};
use crate::domain::time::Instant;

/// The largest baseline that is read or written, in bytes.
pub const MAX_BASELINE_BYTES: u64 = 16 * 1024 * 1024;

const SCHEMA: u64 = 1;

/// Why a file is no readable baseline. Every message names the file and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    #[error("{path}: is larger than {MAX_BASELINE_BYTES} bytes and no baseline; {REMEDY}")]
    TooLarge { path: String },
    #[error("{path}: has schema {found}, and this version of `secrets` knows {SCHEMA}; upgrade `secrets`")]
    OtherSchema { path: String, found: u64 },
    #[error("{path}: is no baseline: {why}; {REMEDY}")]
    Malformed { path: String, why: String },
    #[error("{path}: accepts {what}, {why}; {REMEDY}")]
    Refused { path: String, what: String, why: String },
}

const REMEDY: &str = "restore the file from git, or write it anew with --accept-until DATE";

/// Of a file, what says how to read the rest.
#[derive(Deserialize)]
struct Glance {
    schema: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileWire {
    #[serde(rename = "schema")]
    _schema: u64,
    made_at: Instant,
    reason: String,
    proved: bool,
    accepted: Vec<AcceptedWire>,
}

/// What stands before the list.
#[derive(Serialize)]
struct HeadWire<'a> {
    schema: u64,
    made_at: Instant,
    reason: &'a str,
    proved: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptedWire {
    finding: String,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    weight: i64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    mark: String,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    message_digest: Option<Digest>,
    until: Instant,
}

/// Reads a baseline. Strict: what is unknown, stands twice or is accepted for too long is refused. `path` is for messages.
pub fn parse(bytes: &[u8], path: &str) -> Result<Baseline, BaselineError> {
    let own = || path.to_owned();
    if bytes.len() as u64 > MAX_BASELINE_BYTES {
        return Err(BaselineError::TooLarge { path: own() });
    }
    let malformed =
        |error: serde_json::Error| BaselineError::Malformed { path: own(), why: error.to_string() };
    let Glance { schema } = json::read(bytes).map_err(malformed)?;
    if schema != SCHEMA {
        return Err(BaselineError::OtherSchema { path: own(), found: schema });
    }
    let file: FileWire = json::read(bytes).map_err(malformed)?;
    let mut likenesses = BTreeSet::new();
    let mut accepted = Vec::with_capacity(file.accepted.len());
    for wire in file.accepted {
        let what = shown(&wire);
        let refuse = |why: String| BaselineError::Refused { path: own(), what: what.clone(), why };
        let one = read(wire, file.made_at).map_err(refuse)?;
        if !likenesses.insert(one.likeness.clone()) {
            return Err(refuse("which it accepts already".to_owned()));
        }
        accepted.push(one);
    }
    Ok(Baseline { made_at: file.made_at, reason: file.reason, is_proved: file.proved, accepted })
}

fn read(wire: AcceptedWire, made_at: Instant) -> Result<Accepted, String> {
    let id: CheckId =
        wire.finding.parse().map_err(|_| "which is no check that this version knows".to_owned())?;
    if !can_be_accepted(id) {
        return Err("which is never accepted: see docs/guides/baseline.md".to_owned());
    }
    if wire.message_digest.is_some() != is_about_its_message(id) {
        let has = if wire.message_digest.is_some() { "with" } else { "without" };
        return Err(format!("{has} message_digest, unlike every {id}"));
    }
    if wire.until <= made_at || latest_end(made_at).is_none_or(|latest| wire.until > latest) {
        return Err(format!(
            "until {}, and it must end within {MOST_DAYS} days from {}, when it was accepted",
            wire.until.brief(),
            made_at.brief()
        ));
    }
    let AcceptedWire { secret, path, weight, mark, message_digest: message, until, .. } = wire;
    Ok(Accepted { likeness: Likeness { id, secret, path, weight, mark, message }, until })
}

fn shown(wire: &AcceptedWire) -> String {
    let place = wire.secret.as_ref().or(wire.path.as_ref());
    place.map_or_else(|| wire.finding.clone(), |place| format!("{} of {place}", wire.finding))
}

/// Prints a baseline in its one form: sorted, one line feed at the end.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "string keys, into memory: it cannot fail"
)]
pub fn print(baseline: &Baseline) -> String {
    let head = HeadWire {
        schema: SCHEMA,
        made_at: baseline.made_at,
        reason: &baseline.reason,
        proved: baseline.is_proved,
    };
    let head = serde_json::to_string_pretty(&head).expect("a baseline is printable");
    let mut accepted: Vec<&Accepted> = baseline.accepted.iter().collect();
    accepted.sort();
    let lines: Vec<String> = accepted
        .into_iter()
        .map(|one| {
            let likeness = &one.likeness;
            let wire = AcceptedWire {
                finding: likeness.id.to_string(),
                secret: likeness.secret.clone(),
                path: likeness.path.clone(),
                weight: likeness.weight,
                mark: likeness.mark.clone(),
                message_digest: likeness.message,
                until: one.until,
            };
            format!("\n    {}", serde_json::to_string(&wire).expect("a baseline is printable"))
        })
        .collect();
    let end = if lines.is_empty() { "" } else { "\n  " };
    let head = head.trim_end_matches("\n}");
    format!("{head},\n  \"accepted\": [{}{end}]\n}}\n", lines.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::{Finding, Level};

    fn finding(id: &str, secret: Option<&str>, mark: &str) -> Finding {
        Finding {
            id: id.parse().unwrap(),
            level: Level::Error,
            secret: secret.map(|secret| secret.parse().unwrap()),
            path: Some("clusters/a/enc.yaml".to_owned()),
            message: "sealed to projects/x".to_owned(),
            remedy: "secrets set NAME".to_owned(),
            weight: -3,
            mark: mark.to_owned(),
        }
    }

    fn baseline() -> Baseline {
        let findings = [
            finding("unlisted-reader", None, "projects/x"),
            finding("no-expiry", Some("clusters/a/enc.yaml#/hub/\"t\u{f6}ken"), ""),
        ];
        let (made_at, until) = ("2026-03-01T12:00:00Z".parse().unwrap(), "2026-06-01".parse().unwrap());
        Baseline::accept(&findings, made_at, until, "we \"begin\"".to_owned())
    }

    #[test]
    fn one_form_that_reads_back() {
        let text = print(&baseline());
        assert_eq!(
            text,
            r#"{
  "schema": 1,
  "made_at": "2026-03-01T12:00:00Z",
  "reason": "we \"begin\"",
  "proved": false,
  "accepted": [
    {"finding":"no-expiry","secret":"clusters/a/enc.yaml#/hub/\"töken","path":"clusters/a/enc.yaml","weight":-3,"until":"2026-06-01T00:00:00Z"},
    {"finding":"unlisted-reader","path":"clusters/a/enc.yaml","weight":-3,"mark":"projects/x","message_digest":"sha256:c12ba09f","until":"2026-06-01T00:00:00Z"}
  ]
}
"#
            .replace("sha256:c12ba09f", &Digest::of(b"sealed to projects/x").to_string())
        );
        assert_eq!(parse(text.as_bytes(), "b.json"), Ok(baseline()));
        let mut backwards = baseline();
        backwards.accepted.reverse();
        assert_eq!(print(&backwards), text);
        let none = Baseline { accepted: Vec::new(), ..baseline() };
        assert!(print(&none).ends_with("\n  \"accepted\": []\n}\n"));
        assert_eq!(parse(print(&none).as_bytes(), "b.json"), Ok(none));
    }

    #[test]
    fn what_is_no_baseline_is_refused_by_name() {
        let good = print(&baseline());
        let line = good.lines().find(|line| line.contains("no-expiry")).unwrap();
        for (bad, says) in [
            (String::new(), "EOF"),
            ("[]".to_owned(), "b.json: is no baseline"),
            ("{}".to_owned(), "missing field `schema`"),
            (good.replace("\"schema\": 1", "\"schema\": 2"), "has schema 2"),
            (good.replace("\"schema\": 1", "\"schema\": 0"), "has schema 0"),
            (good.replace("\"proved\": false", "\"proved\": false, \"proved\": true"), "duplicate field"),
            (good.replace("\"proved\"", "\"prooved\""), "unknown field `prooved`"),
            (good.replace("\"weight\":-3", "\"weight\":-3,\"level\":\"off\""), "unknown field `level`"),
            (good.replace("\"weight\":-3", "\"weight\":1e3"), "is no baseline"),
            (good.replace("\"mark\":\"projects/x\"", "\"secret\":null"), "null"),
            (good.replace(line, &format!("{line}\n{line}")), "which it accepts already"),
            (good.replace("\"no-expiry\"", "\"no-end\""), "accepts no-end of clusters/a/enc.yaml#/hub"),
            (good.replace("\"no-expiry\"", "\"unpushed\""), "which is never accepted"),
            (good.replace("\"no-expiry\"", "\"missing\""), "without message_digest"),
            (good.replace("\"unlisted-reader\"", "\"unowned\""), "with message_digest"),
            (good.replace("sha256:", "md5:"), "no digest"),
            (good.replace("2026-06-01T", "2026-06-01 "), "is no baseline"),
            (good.replace("2026-06-01T", "2026-08-29T"), "within 180 days from 2026-03-01T12:00:00Z"),
            (good.replace("2026-06-01T", "2026-03-01T"), "within 180 days"),
            (good.replace("]\n}", "]\n}\n{}"), "trailing"),
            (good.get(..good.len() / 2).unwrap().to_owned(), "EOF"),
            ("[".repeat(100_000), "is no baseline"),
        ] {
            let error = parse(bad.as_bytes(), "b.json").unwrap_err().to_string();
            assert!(error.starts_with("b.json: ") && error.contains(says), "{says}: {error}\n{bad:.300}");
        }
        assert!(parse(b"{\"schema\":1,\"reason\":\"\xff\"}", "b.json").is_err());
    }

    #[test]
    fn one_that_is_too_large_is_refused() {
        let path = "b.json".to_owned();
        let filled = |size: u64| {
            let mut text = print(&baseline());
            text.push_str(&" ".repeat(usize::try_from(size).unwrap() - text.len()));
            parse(text.as_bytes(), "b.json")
        };
        assert!(filled(MAX_BASELINE_BYTES).is_ok());
        assert_eq!(filled(MAX_BASELINE_BYTES + 1), Err(BaselineError::TooLarge { path }));
    }
}
