//! What `track` finds and does, told to a person or a program.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::proposals::Proposals;
use crate::checks::foreign_keys::policy_lines;
use crate::domain::foreign::{ForeignKey, SealedFormat};
use crate::domain::text::{abridged, counted, visible};
use crate::domain::tracked_name::TrackedName;

/// A file with more values that nothing decides is recorded as a whole: a record for each would be read by nobody, and
/// keys in such files are often names of people.
pub const MOST_VALUES: usize = 100;

/// What a run finds and does.
pub struct Plan {
    pub files: usize,
    pub formats: BTreeMap<SealedFormat, usize>,
    /// Names that get a record.
    pub recorded: Vec<TrackedName>,
    /// Files that are recorded as a whole because they hold so many values.
    pub crowded: Vec<String>,
    pub not_secret: usize,
    pub proposals: Proposals,
    /// Keys that are nobody's in policy, with how many files are sealed to each.
    pub unmatched: BTreeMap<ForeignKey, usize>,
    pub in_clear: Vec<String>,
    pub plain: BTreeMap<String, String>,
    pub unreadable: BTreeMap<String, String>,
    /// Globs that policy gets.
    pub globs: Vec<String>,
}

#[derive(Serialize)]
struct Wire<'a> {
    schema_version: u32,
    dry_run: bool,
    files: usize,
    formats: BTreeMap<&'static str, usize>,
    recorded: Vec<&'a str>,
    written: &'a [String],
    not_secret: usize,
    in_clear: &'a [String],
    not_sealed: Vec<Why<'a>>,
    unreadable: Vec<Why<'a>>,
    unmatched_keys: Vec<KeyWire<'a>>,
    proposals: Vec<ProposalWire>,
}

#[derive(Serialize)]
struct Why<'a> {
    path: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct KeyWire<'a> {
    key: &'a str,
    files: usize,
}

#[derive(Serialize)]
struct ProposalWire {
    r#match: String,
    files: usize,
    values: usize,
}

impl Plan {
    /// For a program.
    pub fn wire<'a>(&'a self, written: &'a [String], dry_run: bool) -> impl Serialize {
        Wire {
            schema_version: 1,
            dry_run,
            files: self.files,
            formats: self.formats.iter().map(|(format, count)| (format.as_str(), *count)).collect(),
            recorded: self.recorded.iter().map(TrackedName::as_str).collect(),
            written,
            not_secret: self.not_secret,
            in_clear: &self.in_clear,
            not_sealed: self.plain.iter().map(|(path, why)| Why { path, why }).collect(),
            unreadable: self.unreadable.iter().map(|(path, why)| Why { path, why }).collect(),
            unmatched_keys: (self.unmatched.iter())
                .map(|(key, files)| KeyWire { key: key.id(), files: *files })
                .collect(),
            proposals: (self.proposals.kinds.iter())
                .map(|common| ProposalWire {
                    r#match: format!("**/{}", common.tail),
                    files: common.files,
                    values: common.values,
                })
                .collect(),
        }
    }

    /// For a person: what there is, what is recorded, and what could make it less.
    pub fn told(&self, written: &[String], dry_run: bool) -> String {
        let mut lines = Vec::new();
        let formats: Vec<String> =
            self.formats.iter().map(|(format, count)| format!("{count} {format}")).collect();
        lines.push(format!("{}: {}", counted(self.files, "sealed file"), formats.join(", ")));
        let would = if dry_run { "would get a record" } else { "get a record" };
        let values = if self.recorded.len() == 1 { "value" } else { "values" };
        let custody: BTreeSet<&String> = written.iter().collect();
        lines.push(format!(
            "{} {values} without record or rule {would}; {}",
            self.recorded.len(),
            match custody.len() {
                0 => "no file changes".to_owned(),
                files => format!("{} change", counted(files, "file")),
            }
        ));
        if self.not_secret > 0 {
            lines.push(format!("{} left out: policy calls them no secrets", self.not_secret));
        }
        for path in &self.crowded {
            lines.push(format!(
                "{} is recorded as a whole: it holds more than {MOST_VALUES} values that nothing decides",
                visible(path)
            ));
        }
        self.tell_faults(&mut lines);
        self.tell_keys(&mut lines);
        self.tell_rules(&mut lines);
        if !dry_run {
            lines.extend([
                String::new(),
                "next: secrets list --without-expiry, then secrets check".to_owned(),
            ]);
        }
        let mut text = lines.join("\n");
        text.push('\n');
        text
    }

    fn tell_faults(&self, lines: &mut Vec<String>) {
        if !self.in_clear.is_empty() {
            let names: Vec<String> = self.in_clear.iter().map(|name| visible(name).into_owned()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            lines.push(format!("in clear, against the rules of their files: {}", abridged(&names)));
        }
        for (what, files) in
            [("not sealed, though a glob fits it", &self.plain), ("can't be read", &self.unreadable)]
        {
            for (path, why) in files.iter().take(5) {
                lines.push(format!("{what}: {} ({})", visible(path), visible(why)));
            }
            if let Some(more) = files.len().checked_sub(5).filter(|more| *more > 0) {
                lines.push(format!("{what}: {more} more"));
            }
        }
    }

    fn tell_keys(&self, lines: &mut Vec<String>) {
        if self.unmatched.is_empty() {
            return;
        }
        lines.extend([
            String::new(),
            "sealed to keys that are nobody's in policy; say there whose they are:".to_owned(),
        ]);
        for (key, files) in &self.unmatched {
            lines.push(format!("  {} to {}", counted(*files, "file"), visible(key.id())));
            lines.extend(policy_lines(key).iter().map(|line| format!("    {}", visible(line))));
            if matches!(key, ForeignKey::Anonymous(_)) {
                lines.push(
                    "    age does not say whose it is: write readers = [\"NAME\"] into their records"
                        .to_owned(),
                );
            }
        }
    }

    fn tell_rules(&self, lines: &mut Vec<String>) {
        let rules = self.proposals.policy_lines();
        let no_secrets = self.proposals.not_secret_line();
        if rules.is_empty() && no_secrets.is_none() {
            return;
        }
        lines.extend([
            String::new(),
            "rules that policy could have for what many files have in common:".to_owned(),
        ]);
        if let Some(line) = no_secrets {
            lines.extend([
                "  [track]                                  # if they are none".to_owned(),
                format!("  {line}"),
            ]);
        }
        lines.extend(rules.iter().map(|line| format!("  {line}").trim_end().to_owned()));
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
    }
}
