//! Which files other tools have sealed, and what holds for the secrets in them that have no record.

use super::super::toml::near_miss::hint;
use super::super::toml::{Faults, Node, Table};
use super::actors::Names;
use super::globs::Globs;
use crate::domain::text::visible;
use crate::domain::tracking::{Kind, KindRule, Track};

/// What `expiry` may say.
const REQUIRED: &str = "required";

pub(super) fn track(node: Option<Node<'_>>, globs: &mut Globs, faults: &mut Faults) -> Option<Track> {
    let mut table = node?.table(faults)?;
    let files = "name the files that are sealed, such as files = [\"**/enc-*\"], or remove the key";
    let files = globs.list(table.get("files"), files, faults);
    let except =
        globs.list(table.get("except"), "name the files that are left out, or remove the key", faults);
    let not_secret = "write pointers to what is no secret, such as [\"**/client_id\"], or remove the key";
    let not_secret = globs.list(table.get("not-secret"), not_secret, faults);
    table.finish(faults);
    Some(Track { files, except, not_secret, also: Vec::new() })
}

pub(super) fn kinds(
    node: Option<Node<'_>>,
    names: &Names,
    globs: &mut Globs,
    faults: &mut Faults,
) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for mut table in node.map(|node| node.tables(faults)).unwrap_or_default() {
        kinds.extend(kind(&mut table, names, globs, faults));
        table.finish(faults);
    }
    kinds
}

fn kind(table: &mut Table<'_>, names: &Names, globs: &mut Globs, faults: &mut Faults) -> Option<Kind> {
    let line = table.line;
    let remedy = "write match = \"**/client_secret\": a pointer, or the name of a secret, as a glob";
    let glob = table.require("match", remedy, faults).and_then(|node| globs.one(&node, faults));
    let never = table.get("never");
    let expiry = table.get("expiry");
    let owners = table.get("owners").and_then(|node| names.list(&node, Names::owner, faults));
    let rule = match (never, expiry) {
        (Some(never), None) => never.prose(faults).map(KindRule::Never),
        (None, Some(expiry)) => required(&expiry, faults).then_some(KindRule::ExpiryRequired),
        (Some(_), Some(expiry)) => {
            let message = "`never` and `expiry` exclude each other: remove one of the two";
            faults.at(expiry.line, message);
            None
        }
        (None, None) => {
            let message =
                "[[kind]] says nothing: write expiry = \"required\", or never = \"why they do not lapse\"";
            faults.at(line, message);
            None
        }
    };
    Some(Kind { glob: glob?, rule: rule?, owners: owners.unwrap_or_default(), line })
}

fn required(node: &Node<'_>, faults: &mut Faults) -> bool {
    let Some(text) = node.text(faults) else { return false };
    if text != REQUIRED {
        let near = hint(text, [REQUIRED]);
        let shown = visible(text);
        let message = format!(
            "`expiry`: `{shown}` is not known{near}; write expiry = \"required\", or say why they do not lapse with never = \"…\""
        );
        faults.at(node.line, message);
    }
    text == REQUIRED
}
