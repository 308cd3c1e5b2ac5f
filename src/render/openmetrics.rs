//! Metrics as text that both worlds read: `OpenMetrics` 1.0, and Prometheus' older text format 0.0.4, which is what
//! `node_exporter`'s textfile collector and the Pushgateway take.
//!
//! What the two have in common is enough: gauges without timestamps. `# UNIT` and `# EOF` are comments to the older one,
//! and help texts hold nothing that either would escape. Every sample bears `store` and `repository`, so that files
//! of many stores can lie side by side.

use std::fmt::Write as _;

use crate::domain::digest::Digest;
use crate::domain::due::End;
use crate::domain::ledger::RunOutcome;
use crate::domain::metrics::{Measured, Metrics};
use crate::domain::name::ActorName;
use crate::domain::text::visible;

/// The longest value of a label, in bytes; longer ones end in a part of their digest.
const MAX_LABEL_BYTES: usize = 512;
/// How many digits of it.
const DIGEST_DIGITS: usize = 16;

/// A name, and what it measures. All of them are gauges.
pub struct Family {
    pub name: &'static str,
    /// One sentence, without quotes and backslashes.
    pub help: &'static str,
}

pub const EXPIRY: Family = Family {
    name: "secrets_expiry_timestamp_seconds",
    help: "When the secret ends, as Unix time. Absent where that is not known, and where it never does.",
};
pub const PEOPLE: Family = Family {
    name: "secrets_people",
    help: "How many people can open the secret, machines not counted. Absent where that is not known.",
};
pub const SINGLE_HOLDER: Family = Family {
    name: "secrets_single_holder",
    help: "1 where fewer people can open the secret than policy asks for. Absent otherwise.",
};
pub const WITHOUT_EXPIRY: Family = Family {
    name: "secrets_without_expiry",
    help: "How many secrets have no date: they never end, nobody has said, or it can not be read.",
};
pub const JUDGED: Family = Family { name: "secrets_judged", help: "How many secrets were judged." };
pub const FINDINGS: Family = Family {
    name: "secrets_findings",
    help: "How many findings of that id and level secrets check has. Absent where there are none.",
};
pub const WAIVED: Family =
    Family { name: "secrets_waived_findings", help: "How many findings are let through until a date." };
pub const UNCHECKED: Family = Family {
    name: "secrets_unchecked",
    help: "How much could not be judged or read. Above 0 all other numbers may be too good.",
};
pub const BLOCKED: Family = Family {
    name: "secrets_deploy_blocked",
    help: "1 where secrets check blocks a deploy, 0 where it does not.",
};
pub const CHECKED_AT: Family = Family {
    name: "secrets_check_timestamp_seconds",
    help: "As of when all of this was measured, as Unix time.",
};
pub const CHANNELS: Family = Family {
    name: "secrets_notify_channels",
    help: "Through how many channels secrets warn tells people, by policy.",
};
pub const WARNED_AT: Family = Family {
    name: "secrets_last_warn_run_timestamp_seconds",
    help: "When secrets warn last ended, as Unix time. Absent where it never ran.",
};
pub const WARN_SUCCESS: Family = Family {
    name: "secrets_last_warn_run_success",
    help: "1 where that run judged and delivered everything, 0 where it did not.",
};
pub const BUILD: Family =
    Family { name: "secrets_build_info", help: "1, with the version of secrets that measured." };

/// All of them, in the order in which they are written.
pub const FAMILIES: [&Family; 14] = [
    &EXPIRY,
    &PEOPLE,
    &SINGLE_HOLDER,
    &WITHOUT_EXPIRY,
    &JUDGED,
    &FINDINGS,
    &WAIVED,
    &UNCHECKED,
    &BLOCKED,
    &CHECKED_AT,
    &CHANNELS,
    &WARNED_AT,
    &WARN_SUCCESS,
    &BUILD,
];

/// Renders them. The same metrics give the same bytes.
pub fn render(metrics: &Metrics) -> String {
    let mut page = Page { text: String::new(), common: common_labels(metrics) };
    of_secrets(&mut page, metrics);
    let without = metrics.without_expiry;
    page.family(
        &WITHOUT_EXPIRY,
        [("never", without.never), ("unsaid", without.unsaid), ("unread", without.unread)]
            .map(|(reason, count)| (labels(&[("reason", reason)]), count)),
    );
    page.family(&JUDGED, [(String::new(), metrics.judged)]);
    let findings = metrics
        .findings
        .iter()
        .map(|((id, level), count)| (labels(&[("finding", id.as_str()), ("level", level.as_str())]), *count));
    page.family(&FINDINGS, findings);
    page.family(&WAIVED, [(String::new(), metrics.waived)]);
    page.family(&UNCHECKED, [(String::new(), metrics.unchecked)]);
    page.family(&BLOCKED, [(String::new(), u8::from(metrics.is_blocked))]);
    page.family(&CHECKED_AT, [(String::new(), metrics.at.unix_seconds())]);
    page.family(&CHANNELS, metrics.channels.map(|channels| (String::new(), channels)));
    let last = metrics.last_warn.as_ref();
    page.family(&WARNED_AT, last.map(|run| (String::new(), run.at.unix_seconds())));
    let success = last.map(|run| (String::new(), u8::from(run.outcome == RunOutcome::Delivered)));
    page.family(&WARN_SUCCESS, success);
    page.family(&BUILD, [(labels(&[("version", env!("CARGO_PKG_VERSION"))]), 1)]);
    page.text.push_str("# EOF\n");
    page.text
}

fn of_secrets(page: &mut Page, metrics: &Metrics) {
    let secrets: Vec<(String, &Measured)> =
        metrics.secrets.iter().map(|secret| (labels_of(secret), secret)).collect();
    let ends = secrets.iter().filter_map(|(labels, secret)| match &secret.end {
        End::At(at) => Some((labels.clone(), at.unix_seconds())),
        End::Never(_) | End::Unsaid | End::Unread(_) => None,
    });
    page.family(&EXPIRY, ends);
    page.family(
        &PEOPLE,
        secrets.iter().filter_map(|(labels, secret)| Some((labels.clone(), secret.people?))),
    );
    let alone = secrets.iter().filter(|(_, secret)| secret.is_single_holder);
    page.family(&SINGLE_HOLDER, alone.map(|(labels, _)| (labels.clone(), 1)));
}

struct Page {
    text: String,
    /// Of every sample.
    common: String,
}

impl Page {
    /// Writes a family that has a sample.
    fn family<N: std::fmt::Display>(
        &mut self,
        family: &Family,
        samples: impl IntoIterator<Item = (String, N)>,
    ) {
        let Family { name, help } = family;
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return;
        }
        // Writing into a string can't fail.
        let _ = writeln!(self.text, "# TYPE {name} gauge");
        // A unit is the last word of the name, or there is none (OpenMetrics 1.0, "Unit").
        if name.ends_with("_seconds") {
            let _ = writeln!(self.text, "# UNIT {name} seconds");
        }
        let _ = writeln!(self.text, "# HELP {name} {help}");
        for (own, value) in samples {
            let labels: Vec<&str> =
                [self.common.as_str(), &own].into_iter().filter(|part| !part.is_empty()).collect();
            let _ = match labels.join(",").as_str() {
                "" => writeln!(self.text, "{name} {value}"),
                labels => writeln!(self.text, "{name}{{{labels}}} {value}"),
            };
        }
    }
}

fn common_labels(metrics: &Metrics) -> String {
    let store = metrics.store.map(|store| store.to_string()).unwrap_or_default();
    labels(&[("store", &store), ("repository", metrics.repository.as_deref().unwrap_or_default())])
}

fn labels_of(secret: &Measured) -> String {
    let owners: Vec<&str> = secret.owners.iter().map(ActorName::as_str).collect();
    labels(&[("secret", secret.name.as_str()), ("scope", secret.scope()), ("owner", &owners.join(","))])
}

/// Without the braces. A label without a value is the same as none, and left out.
fn labels(pairs: &[(&str, &str)]) -> String {
    let filled = pairs.iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(name, value)| format!("{name}=\"{}\"", escaped(&shown(value)))).collect::<Vec<_>>().join(",")
}

/// The value on one line and not too long. Two values never look the same: two samples with the same labels would
/// have the whole text refused.
fn shown(value: &str) -> String {
    let line = visible(value);
    if line == value && value.len() <= MAX_LABEL_BYTES {
        return value.to_owned();
    }
    let digest = Digest::of(value.as_bytes()).to_string();
    let digest: String = digest.trim_start_matches("sha256:").chars().take(DIGEST_DIGITS).collect();
    let most = MAX_LABEL_BYTES - DIGEST_DIGITS - "…".len();
    let end = (0..=most.min(line.len())).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…{digest}", line.get(..end).unwrap_or_default())
}

fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests;
