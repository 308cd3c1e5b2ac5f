//! What each kind of channel needs, each under keys of its own.

use std::collections::BTreeMap;

use super::super::toml::{Faults, Node, Table};
use super::channel_settings::{InClear, clean, mailbox, setting};
use crate::domain::channel::{ChannelKind, Encryption, OUR_LABELS, Setting, Smtp};
use crate::domain::text::visible;
use crate::domain::web_address;

/// As `kind` names them.
pub(super) const KINDS: [&str; 8] =
    ["stdout", "webhook", "slack", "pagerduty", "alertmanager", "smtp", "github-issue", "exec"];

/// Where nothing else is said.
const PAGERDUTY: &str = "https://events.pagerduty.com";
const GITHUB: &str = "https://api.github.com";
const ISSUE_LABEL: &str = "secrets";

/// To how many mailboxes one channel writes: every server takes as many (RFC 5321, 4.5.3.1.8).
const MAX_MAILBOXES: usize = 100;

/// The longest label of an issue, in characters: GitHub's bound.
const MAX_LABEL: usize = 50;

/// Reads the keys of a kind, one of [`KINDS`].
pub(super) fn read(kind: &str, table: &mut Table<'_>, faults: &mut Faults) -> Option<ChannelKind<Setting>> {
    let mut reading = Reading { table, faults };
    match kind {
        "stdout" => Some(ChannelKind::Stdout),
        "webhook" => reading.webhook(),
        "slack" => reading.slack(),
        "pagerduty" => reading.pagerduty(),
        "alertmanager" => reading.alertmanager(),
        "smtp" => reading.smtp(),
        "github-issue" => reading.github_issue(),
        "exec" => reading.exec(),
        _ => None,
    }
}

/// What is needed to read one channel.
struct Reading<'r, 't> {
    table: &'r mut Table<'t>,
    faults: &'r mut Faults,
}

impl Reading<'_, '_> {
    fn webhook(&mut self) -> Option<ChannelKind<Setting>> {
        let remedy =
            "write url = \"https://…\", or { env = \"VARIABLE\" } where the address gives something away";
        let url = self.demanded("url", remedy, InClear::Address);
        let authorization = self.optional("authorization", InClear::Nothing);
        Some(ChannelKind::Webhook { url: url?, authorization })
    }

    fn slack(&mut self) -> Option<ChannelKind<Setting>> {
        let remedy = "write url = { env = \"SLACK_WEBHOOK\" } or { secret = \"ops/slack-webhook\" }";
        Some(ChannelKind::Slack { url: self.demanded("url", remedy, InClear::Nothing)? })
    }

    fn pagerduty(&mut self) -> Option<ChannelKind<Setting>> {
        let remedy = "write routing-key = { env = \"PD_ROUTING_KEY\" } or { secret = \"ops/pagerduty\" }";
        let routing_key = self.demanded("routing-key", remedy, InClear::Nothing);
        let url = self.with_default("url", PAGERDUTY);
        Some(ChannelKind::PagerDuty { routing_key: routing_key?, url })
    }

    fn alertmanager(&mut self) -> Option<ChannelKind<Setting>> {
        let remedy = "write url = \"https://alertmanager.example.org\"";
        let url = self.demanded("url", remedy, InClear::Address);
        let authorization = self.optional("authorization", InClear::Nothing);
        let labels = self.alert_labels();
        Some(ChannelKind::Alertmanager { url: url?, authorization, labels })
    }

    fn alert_labels(&mut self) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::new();
        let Some(table) = self.table.get("labels").and_then(|node| node.table(self.faults)) else {
            return labels;
        };
        for (name, node) in table.entries() {
            let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
            let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if !begins || !is_plain || name.starts_with("__") {
                let shown = visible(name);
                let message = format!(
                    "`{shown}` is no name of a label: ASCII letters, digits and `_`, no digit first, and not `__` first"
                );
                self.faults.at(node.line, message);
            } else if OUR_LABELS.contains(&name) {
                self.faults.at(
                    node.line,
                    format!("`{name}` is a label that every alert has already: name it otherwise"),
                );
            } else if let Some(text) = clean(&node, self.faults) {
                labels.insert(name.to_owned(), text);
            }
        }
        labels
    }

    fn smtp(&mut self) -> Option<ChannelKind<Setting>> {
        let remedy = "write host = \"mail.example.org\", the server that takes the mail";
        let host = self.table.require("host", remedy, self.faults).and_then(|node| host(&node, self.faults));
        let encryption = match self.table.get("encryption") {
            Some(node) => encryption(&node, host.as_deref(), self.faults),
            None => Some(Encryption::StartTls),
        };
        let port = match self.table.get("port") {
            Some(node) => port(&node, self.faults),
            None => encryption.map(Encryption::usual_port),
        };
        let login = self.login();
        let remedy = "write mail-from = \"secrets@example.org\", from whom the mail comes";
        let from = self.table.require("mail-from", remedy, self.faults);
        let from = from.and_then(|node| mailbox(&node, self.faults));
        let to = self.mailboxes();
        Some(ChannelKind::Smtp(Smtp {
            host: host?,
            port: port?,
            encryption: encryption?,
            login,
            from: from?,
            to: to?,
        }))
    }

    fn login(&mut self) -> Option<(Setting, Setting)> {
        let (user, password) = (self.table.get("user"), self.table.get("password"));
        match (user, password) {
            (None, None) => None,
            (Some(user), Some(password)) => {
                let user = setting(&user, InClear::Text, self.faults);
                let password = setting(&password, InClear::Nothing, self.faults);
                Some((user?, password?))
            }
            (Some(user), None) => {
                let message =
                    "`user` without `password`: write password = { env = \"SMTP_PASSWORD\" }, or remove it";
                self.faults.at(user.line, message);
                None
            }
            (None, Some(password)) => {
                self.faults.at(password.line, "`password` without `user`: write user = \"…\", or remove it");
                None
            }
        }
    }

    fn mailboxes(&mut self) -> Option<Vec<String>> {
        let remedy = "write to = [\"ops@example.org\"]";
        let node = self.table.require("to", remedy, self.faults)?;
        let elements = node.elements(remedy, self.faults)?;
        if elements.len() > MAX_MAILBOXES {
            let message =
                format!("`to` has more than {MAX_MAILBOXES} mailboxes: write to a mailing list instead");
            self.faults.at(node.line, message);
            return None;
        }
        elements.iter().map(|element| mailbox(element, self.faults)).collect()
    }

    fn github_issue(&mut self) -> Option<ChannelKind<Setting>> {
        let remedy = "write repository = \"ORGANISATION/NAME\"";
        let repository = self.table.require("repository", remedy, self.faults);
        let repository = repository.and_then(|node| github_repository(&node, self.faults));
        let remedy = "write token = { env = \"GITHUB_TOKEN\" } or { secret = \"ops/github-token\" }";
        let token = self.demanded("token", remedy, InClear::Nothing);
        let url = self.with_default("url", GITHUB);
        let labels = match self.table.get("labels") {
            Some(node) => issue_labels(&node, self.faults),
            None => Some(vec![ISSUE_LABEL.to_owned()]),
        };
        Some(ChannelKind::GithubIssue { repository: repository?, token: token?, url, labels: labels? })
    }

    fn exec(&mut self) -> Option<ChannelKind<Setting>> {
        let remedy = "write command = [\"PROGRAM\", \"ARGUMENT\"]; it reads JSON on its standard input";
        let node = self.table.require("command", remedy, self.faults)?;
        let elements = node.elements(remedy, self.faults)?;
        // Who reads policy sees what is run: nothing hides in it. An argument may be empty, a program may not.
        let word = |(position, element): (usize, &Node<'_>)| match element.text(self.faults)? {
            "" if position > 0 => Some(String::new()),
            _ => clean(element, self.faults),
        };
        let command: Option<Vec<String>> = elements.iter().enumerate().map(word).collect();
        Some(ChannelKind::Exec { command: command? })
    }

    fn demanded(&mut self, key: &'static str, remedy: &str, in_clear: InClear) -> Option<Setting> {
        let node = self.table.require(key, remedy, self.faults)?;
        setting(&node, in_clear, self.faults)
    }

    /// `None` where there is none, or a fault, with which the policy is not taken anyway.
    fn optional(&mut self, key: &'static str, in_clear: InClear) -> Option<Setting> {
        let node = self.table.get(key)?;
        setting(&node, in_clear, self.faults)
    }

    fn with_default(&mut self, key: &'static str, default: &str) -> Setting {
        self.optional(key, InClear::Address).unwrap_or_else(|| Setting::Text(default.to_owned()))
    }
}

fn host(node: &Node<'_>, faults: &mut Faults) -> Option<String> {
    let text = node.prose(faults)?;
    if !web_address::is_host(&text) {
        let shown = visible(&text);
        faults.at(
            node.line,
            format!("`host`: `{shown}` is no host: write its name alone, as mail.example.org"),
        );
        return None;
    }
    Some(text)
}

fn encryption(node: &Node<'_>, host: Option<&str>, faults: &mut Faults) -> Option<Encryption> {
    match node.text(faults)? {
        "starttls" => Some(Encryption::StartTls),
        "tls" => Some(Encryption::Tls),
        "none" if host.is_none_or(web_address::is_loopback) => Some(Encryption::None),
        "none" => {
            let message = "encryption = \"none\" is for a server on this very machine only (localhost): write \"starttls\" \
                           or \"tls\"";
            faults.at(node.line, message);
            None
        }
        other => {
            let shown = visible(other);
            faults.at(
                node.line,
                format!("`encryption`: `{shown}` is not known: write \"starttls\", \"tls\" or \"none\""),
            );
            None
        }
    }
}

fn port(node: &Node<'_>, faults: &mut Faults) -> Option<u16> {
    let number = node.integer(faults)?;
    let port = u16::try_from(number).ok().filter(|port| *port > 0);
    faults.keep(node.line, port.ok_or_else(|| format!("`port`: {number} is no port: write 1 to 65535")))
}

fn github_repository(node: &Node<'_>, faults: &mut Faults) -> Option<String> {
    let text = node.text(faults)?;
    let is_plain = |part: &str| {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        !part.is_empty() && part.len() <= 100 && !matches!(part, "." | "..") && part.bytes().all(is_plain)
    };
    let fits = text.split_once('/').is_some_and(|(owner, name)| is_plain(owner) && is_plain(name));
    let shown = visible(text);
    let result = if fits {
        Ok(text.to_owned())
    } else {
        Err(format!("`repository`: `{shown}` is no repository: write ORGANISATION/NAME"))
    };
    faults.keep(node.line, result)
}

fn issue_labels(node: &Node<'_>, faults: &mut Faults) -> Option<Vec<String>> {
    let mut labels: Vec<String> = Vec::new();
    let remedy = format!("write labels = [\"{ISSUE_LABEL}\"], or remove the key");
    for element in node.elements(&remedy, faults)? {
        let label = clean(&element, faults)?;
        if label.chars().count() > MAX_LABEL || label.contains(',') {
            let message = format!(
                "`labels`: `{label}` has a comma, or more than {MAX_LABEL} characters: write another"
            );
            faults.at(element.line, message);
            return None;
        }
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    Some(labels)
}
