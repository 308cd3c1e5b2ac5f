//! The tables of a `custody.toml` to claims, with every fault and its line.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::super::toml::near_miss::hint;
use super::super::toml::{Faults, Node, Table};
use super::{CUSTODY, CustodyFile, FILE_CALLED_SCHEMA, with_line_feeds};
use crate::domain::claim::Claim;
use crate::domain::digest::Digest;
use crate::domain::expiry::{Expiry, ExpirySource};
use crate::domain::name::ActorName;
use crate::domain::record::Issuer;
use crate::domain::text::visible;
use crate::domain::tracked_name::{TrackedName, TrackedNameError};

/// Reads a whole file; `None` where its schema is not known.
pub(super) fn file(mut root: Table<'_>, folder: Option<&str>, faults: &mut Faults) -> Option<CustodyFile> {
    if !root.has_known_schema(faults) {
        return None;
    }
    let mut file = CustodyFile::default();
    for (key, node) in root.entries().filter(|(key, _)| *key != "schema") {
        let shown = visible(key);
        if node.is_plain() {
            let near = hint(key, ["schema"]);
            let known = "schema, and for each secret a table such as [\"enc.yaml#/client_secret\"]";
            faults.at(node.line, format!("unknown key `{shown}` in {CUSTODY}{near} (known are: {known})"));
            continue;
        }
        let Some(mut table) = node.clone().named(format!("\"{shown}\"")).table(faults) else { continue };
        let claim = claim(&mut table, node.line, faults);
        table.finish(faults);
        if let Some(name) = faults.keep(node.line, name(key, folder)) {
            file.claims.insert(name, claim);
        }
    }
    Some(file)
}

/// The whole name of the secret that a table is called after.
fn name(key: &str, folder: Option<&str>) -> Result<TrackedName, String> {
    let local = if key == FILE_CALLED_SCHEMA { "schema" } else { key };
    let local: TrackedName = local.parse().map_err(|error| match error {
        TrackedNameError::Path(file) => format!(
            "`{file}` is no name of a file: write that of a file of this folder, and behind it `#` and a JSON Pointer where it is about one value"
        ),
        TrackedNameError::Pointer(error) => error.to_string(),
    })?;
    if let Some((elsewhere, _)) = local.file().rsplit_once('/') {
        return Err(format!(
            "`{}` is no file of this folder: move the table to {CUSTODY} in `{elsewhere}`, and name the file without its folder",
            local.file()
        ));
    }
    let file = folder.map_or_else(|| local.file().to_owned(), |folder| format!("{folder}/{}", local.file()));
    TrackedName::new(&file, local.pointer().as_ref())
        .ok_or_else(|| format!("`{file}` can't be named: rename the folder, which holds `#/` or is no path"))
}

fn claim(table: &mut Table<'_>, line: usize, faults: &mut Faults) -> Claim {
    let expires = expiry(table, faults);
    let issued = table.get("issued").and_then(|node| node.moment(faults));
    let owners = table.get("owners").map(|node| names(&node, faults)).unwrap_or_default();
    let issuer = table.get("issuer").and_then(|node| prose(&node, faults));
    let contact = table.get("issuer-contact");
    if let Some(contact) = contact.as_ref().filter(|_| issuer.is_none()) {
        faults.at(contact.line, "`issuer-contact` without `issuer`: write who gives it out too");
    }
    let contact = contact.and_then(|node| prose(&node, faults));
    let issuer = issuer.map(|name| Issuer { name, contact, others: serde_json::Map::new() });
    Claim {
        expires,
        issued,
        owners,
        issuer,
        runbook: table.get("runbook").and_then(|node| prose(&node, faults)),
        readers: table.get("readers").map(|node| names(&node, faults)).unwrap_or_default(),
        set_at: table.get("set-at").and_then(|node| node.moment(faults)),
        seen: table.get("seen").and_then(|node| digest(&node, faults)),
        data_key: table.get("data-key").and_then(|node| digest(&node, faults)),
        line,
    }
}

fn expiry(table: &mut Table<'_>, faults: &mut Faults) -> Option<Expiry> {
    let expires = table.get("expires");
    let from = table.get("expires-from");
    let reason = table.get("expires-reason");
    let never = table.get("never");
    if let (Some(_), Some(never)) = (&expires, &never) {
        faults.at(never.line, "`expires` and `never` exclude each other: remove one of the two");
    }
    for (key, node) in [("expires-from", &from), ("expires-reason", &reason)] {
        if let Some(node) = node.as_ref().filter(|_| expires.is_none()) {
            faults.at(
                node.line,
                format!("`{key}` without `expires`: write when it expires, or remove the key"),
            );
        }
    }
    let source = from.map_or(Some(ExpirySource::Declared), |node| source(&node, faults));
    let reason = reason.and_then(|node| prose(&node, faults));
    if let Some(expires) = expires {
        let at = expires.moment(faults);
        return Some(Expiry::At { at: at?, from: source?, reason });
    }
    prose(&never?, faults).map(|why| Expiry::Never { why })
}

/// A text of several lines says the same whatever the line endings of the file that it stands in.
fn prose(node: &Node<'_>, faults: &mut Faults) -> Option<String> {
    node.prose(faults).map(|text| with_line_feeds(&text))
}

fn source(node: &Node<'_>, faults: &mut Faults) -> Option<ExpirySource> {
    let text = node.text(faults)?;
    let known = ExpirySource::ALL.map(ExpirySource::as_str);
    let found = ExpirySource::ALL.into_iter().find(|source| source.as_str() == text);
    if found.is_none() {
        let (near, known) = (hint(text, known), known.join(", "));
        faults.at(node.line, format!("`expires-from`: `{text}` is not known{near} (known are: {known})"));
    }
    found
}

/// Each stands once.
fn names(node: &Node<'_>, faults: &mut Faults) -> Vec<ActorName> {
    let elements = node.elements("name somebody, or remove the key", faults).unwrap_or_default();
    let mut names: Vec<ActorName> = Vec::with_capacity(elements.len());
    let mut seen = BTreeSet::new();
    for element in elements {
        let Some(name) = element.parsed::<ActorName>(faults) else { continue };
        if seen.insert(name.clone()) {
            names.push(name);
        } else {
            faults.at(element.line, format!("`{name}` stands in this list twice: remove one"));
        }
    }
    names
}

/// What stands there in the place of a digest is not repeated: it might be the value.
fn digest(node: &Node<'_>, faults: &mut Faults) -> Option<Digest> {
    let found = Digest::from_str(node.text(faults)?);
    let message =
        "is no digest: expected `sha256:` and 64 lower-case hexadecimal digits; `secrets confirm` writes it";
    faults.keep(node.line, found.map_err(|_| format!("`{}` {message}", node.name())))
}
