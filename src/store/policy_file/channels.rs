//! Through what people are told, and when each channel joins in.

use std::collections::BTreeSet;

use super::super::toml::near_miss::hint;
use super::super::toml::{Faults, Node, Table};
use super::channel_kinds::{self, KINDS};
use super::globs::Globs;
use crate::domain::channel::{Channel, ChannelName};
use crate::domain::check_id::CheckId;
use crate::domain::text::visible;

/// The most channels of one policy: each may take its time in every run.
const MAX_CHANNELS: usize = 100;

/// Reads `[[notify]]`.
pub(super) fn read(node: Option<Node<'_>>, globs: &mut Globs, faults: &mut Faults) -> Vec<Channel> {
    let mut channels: Vec<Channel> = Vec::new();
    for table in node.map(|node| node.tables(faults)).unwrap_or_default() {
        if channels.len() == MAX_CHANNELS {
            faults.at(
                table.line,
                format!("there are more than {MAX_CHANNELS} channels: say the same with fewer"),
            );
            break;
        }
        let Some(channel) = channel(table, globs, faults) else { continue };
        if let Some(other) = channels.iter().find(|other| other.name == channel.name) {
            let message = format!(
                "two channels are called `{}` (the other on line {}): give one a name, as name = \"on-call\"",
                channel.name, other.line
            );
            faults.at(channel.line, message);
        } else {
            channels.push(channel);
        }
    }
    channels
}

/// Reads those that are whole, and passes over the others.
pub(super) fn read_whole(node: Option<Node<'_>>) -> Vec<Channel> {
    let (mut channels, mut globs): (Vec<Channel>, _) = (Vec::new(), Globs::default());
    for table in node.map(|node| node.tables(&mut Faults::default())).unwrap_or_default() {
        let mut faults = Faults::default();
        let channel = channel(table, &mut globs, &mut faults).filter(|_| faults.is_empty());
        let is_new = |channel: &Channel| channels.iter().all(|other| other.name != channel.name);
        channels.extend(channel.filter(is_new));
        if channels.len() == MAX_CHANNELS {
            break;
        }
    }
    channels
}

fn channel(mut table: Table<'_>, globs: &mut Globs, faults: &mut Faults) -> Option<Channel> {
    let line = table.line;
    let kind = table.require("kind", &format!("write one of {}", KINDS.join(", ")), faults)?;
    let text = kind.text(faults)?;
    // What else it says means nothing as long as nobody knows what it is.
    let Some(known) = KINDS.into_iter().find(|known| *known == text) else {
        let (shown, near, known) = (visible(text), hint(text, KINDS), KINDS.join(", "));
        faults.at(kind.line, format!("`{shown}` is no kind of channel{near} (known are: {known})"));
        return None;
    };
    table.call(format!("[[notify]] with kind = \"{known}\""));
    let name = match table.get("name") {
        Some(node) => node.parsed::<ChannelName>(faults),
        None => faults.keep(line, known.parse::<ChannelName>()),
    };
    let from = table.get("from").and_then(|node| node.parsed(faults));
    let scope = table.get("scope").map(|node| {
        let remedy = "write the names or globs of the secrets it is told of, or remove the key";
        globs.one_or_more(&node, remedy, faults)
    });
    let findings = table.get("findings").map(|node| findings(&node, faults)).unwrap_or_default();
    let kind = channel_kinds::read(known, &mut table, faults);
    table.finish(faults);
    Some(Channel { name: name?, kind: kind?, from, scope: scope.unwrap_or_default(), findings, line })
}

fn findings(node: &Node<'_>, faults: &mut Faults) -> BTreeSet<CheckId> {
    let mut findings = BTreeSet::new();
    let remedy = "write the ids of checks, such as findings = [\"single-holder\"], or remove the key";
    for element in node.elements(remedy, faults).unwrap_or_default() {
        let Some(text) = element.text(faults) else { continue };
        if let Some(why) = not_told(text) {
            faults.at(element.line, format!("`findings`: `{text}` {why}: remove it"));
            continue;
        }
        let near = hint(text, CheckId::ALL.iter().map(|id| id.as_str()).filter(|id| not_told(id).is_none()));
        let id = text.parse::<CheckId>().map_err(|e| format!("`findings`: {e}{near}"));
        findings.extend(faults.keep(element.line, id));
    }
    findings
}

/// Why the scheduled job has nothing to tell of this check that was not told already, or that it could know.
pub(in crate::store) fn not_told(id: &str) -> Option<&'static str> {
    match id {
        "expiring" | "expired" => Some("is always told"),
        "uncommitted" | "unpushed" | "outdated" => Some(
            "is about somebody's clone, which the scheduled job does not see; `secrets check` finds it there",
        ),
        "rescue-pending" | "rolled-back" => Some("is about a deploy; `secrets check` finds it before one"),
        "weakened-policy" => Some("is about a change; `secrets check --against` finds it in a pull request"),
        "same-value" => Some("is about a change, and needs a key; `secrets check` finds it"),
        "monitor-silent" => {
            Some("is about the very job that would tell it; `secrets check` finds it, and [heartbeat] tells")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_every_check_it_is_known_whether_it_is_told() {
        let untold: Vec<&str> =
            CheckId::ALL.iter().map(|id| id.as_str()).filter(|id| not_told(id).is_some()).collect();
        let expected = [
            "uncommitted",
            "unpushed",
            "outdated",
            "rescue-pending",
            "weakened-policy",
            "rolled-back",
            "expired",
            "expiring",
            "same-value",
        ];
        assert_eq!(untold.iter().filter(|id| **id != "monitor-silent").count(), expected.len());
        assert!(expected.iter().all(|id| untold.contains(id)), "{untold:?}");
    }
}
