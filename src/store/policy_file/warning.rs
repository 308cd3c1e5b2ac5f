//! What policy says of the scheduled job: whom it tells, whom it calls, and where it remembers.

use super::super::toml::{Faults, Node, Table};
use super::channel_settings::{InClear, setting};
use super::channels;
use super::globs::Globs;
use crate::domain::channel::{Channel, Heartbeat, LEDGER_REF, LedgerRules, LedgerState};
use crate::domain::period::Period;
use crate::domain::text::{is_treacherous, visible};

/// Below these names git, a forge or this tool keeps something else.
const TAKEN: [&str; 18] = [
    "heads",
    "tags",
    "remotes",
    "notes",
    "stash",
    "replace",
    "bisect",
    "worktree",
    "rewritten",
    "original",
    "pull",
    "merge-requests",
    "keep-around",
    "changes",
    "for",
    "meta",
    "secrets/rescue",
    "secrets/new-rescue",
];

/// What the scheduled job goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarningRules {
    pub channels: Vec<Channel>,
    pub heartbeat: Option<Heartbeat>,
    pub ledger: LedgerRules,
}

/// Reads `[[notify]]`, `[heartbeat]` and `[ledger]`.
pub(super) fn read(root: &mut Table<'_>, globs: &mut Globs, faults: &mut Faults) -> WarningRules {
    WarningRules {
        channels: channels::read(root.get("notify"), globs, faults),
        heartbeat: heartbeat(root.get("heartbeat"), faults),
        ledger: ledger(root.get("ledger"), faults).unwrap_or_default(),
    }
}

/// Reads of a damaged policy what is whole. `None` where its schema is another: then nothing of it is known.
pub(super) fn read_whole(mut root: Table<'_>) -> Option<WarningRules> {
    if !root.has_known_schema(&mut Faults::default()) {
        return None;
    }
    let mut faults = Faults::default();
    let heartbeat = heartbeat(root.get("heartbeat"), &mut faults).filter(|_| faults.is_empty());
    let mut faults = Faults::default();
    let ledger = ledger(root.get("ledger"), &mut faults).filter(|_| faults.is_empty());
    // Where it is kept what was told can't be read: rather tell it again than write to a place that nobody named.
    let ledger = ledger.unwrap_or(LedgerRules { state: LedgerState::None, ..LedgerRules::default() });
    Some(WarningRules { channels: channels::read_whole(root.get("notify")), heartbeat, ledger })
}

fn heartbeat(node: Option<Node<'_>>, faults: &mut Faults) -> Option<Heartbeat> {
    let mut table = node?.table(faults)?;
    let remedy = "write url = { env = \"HEARTBEAT_URL\" } or { secret = \"ops/heartbeat\" }";
    let url = table.require("url", remedy, faults).and_then(|node| setting(&node, InClear::Nothing, faults));
    table.finish(faults);
    Some(Heartbeat { url: url? })
}

/// The default where there is none; `None` where it can't be made for the faults.
fn ledger(node: Option<Node<'_>>, faults: &mut Faults) -> Option<LedgerRules> {
    let Some(node) = node else { return Some(LedgerRules::default()) };
    let mut table = node.table(faults)?;
    let full_ref = match table.get("ref") {
        Some(node) => full_ref(&node, faults),
        None => Some(LEDGER_REF.to_owned()),
    };
    let state = match table.get("state") {
        Some(node) => state(&node, faults),
        None => Some(LedgerState::Git),
    };
    let silent = table.get("silent-after");
    table.finish(faults);
    if let (Some(silent), Some(LedgerState::None)) = (&silent, state) {
        let message = "`silent-after` and state = \"none\" exclude each other: where nothing is kept nobody knows when the \
                       job last ran; remove one of the two";
        faults.at(silent.line, message);
    }
    let silent_after = match silent {
        Some(node) => Some(silent_after(&node, faults)?),
        None => None,
    };
    Some(LedgerRules { full_ref: full_ref?, state: state?, silent_after })
}

/// A ref of the remote that nothing else uses (git-check-ref-format, and nothing that a shell would act on).
fn full_ref(node: &Node<'_>, faults: &mut Faults) -> Option<String> {
    let text = node.text(faults)?;
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '-'])
            && !part.ends_with('.')
            && !part.to_ascii_lowercase().ends_with(".lock")
    };
    let is_plain =
        |c: char| !c.is_whitespace() && !is_treacherous(c) && !"~^:?*[\\;&|$(){}<>'\"`!#@".contains(c);
    let below = text.strip_prefix("refs/").filter(|below| {
        text.len() <= 200
            && !text.contains("..")
            && text.chars().all(is_plain)
            && below.split('/').all(is_part)
            && below.contains('/')
    });
    let Some(below) = below else {
        let shown = visible(text);
        faults.at(node.line, format!("`ref`: `{shown}` is no full name of a ref: write ref = \"{LEDGER_REF}\", or another below refs/"));
        return None;
    };
    let is_below = |taken: &&&str| {
        below.strip_prefix(**taken).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if let Some(taken) = TAKEN.iter().find(is_below) {
        let message = format!(
            "`ref`: refs/{taken} is kept for something else: write ref = \"{LEDGER_REF}\", or another below refs/"
        );
        faults.at(node.line, message);
        return None;
    }
    Some(text.to_owned())
}

fn state(node: &Node<'_>, faults: &mut Faults) -> Option<LedgerState> {
    match node.text(faults)? {
        "git" => Some(LedgerState::Git),
        "none" => Some(LedgerState::None),
        other => {
            let shown = visible(other);
            faults.at(
                node.line,
                format!(
                    "`state`: `{shown}` is not known: write \"git\", or \"none\" where nothing may be written"
                ),
            );
            None
        }
    }
}

fn silent_after(node: &Node<'_>, faults: &mut Faults) -> Option<Period> {
    let period: Period = node.parsed(faults)?;
    if period.is_zero() {
        let message = format!(
            "`silent-after`: {period} is over at once: write a longer period, such as 48h, or remove the key"
        );
        faults.at(node.line, message);
        return None;
    }
    Some(period)
}
