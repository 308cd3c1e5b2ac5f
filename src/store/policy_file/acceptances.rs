//! That leavers and lost keys knew what was set until then, and that somebody took it as it is.

use super::super::toml::{Faults, Node, Table};
use crate::domain::key::Fingerprint;
use crate::domain::name::ActorName;
use crate::domain::policy::{Acceptance, Departed};

pub(super) fn read(node: Option<Node<'_>>, faults: &mut Faults) -> Vec<Acceptance> {
    let mut acceptances = Vec::new();
    for mut table in node.map(|node| node.tables(faults)).unwrap_or_default() {
        acceptances.extend(acceptance(&mut table, faults));
        table.finish(faults);
    }
    acceptances
}

/// `of` need not be a name that policy knows: whom it is about has left.
fn acceptance(table: &mut Table<'_>, faults: &mut Faults) -> Option<Acceptance> {
    let line = table.line;
    let of = table.require("of", "write who left, such as of = \"carol\"", faults);
    let of = of.and_then(|node| node.parsed::<ActorName>(faults));
    let key = table.get("key").map(|node| node.parsed::<Fingerprint>(faults));
    let on = "write the moment before which the versions were set, such as on = 2026-11-20T12:00:00Z";
    let on = table.require("on", on, faults).and_then(|node| node.moment(faults));
    let reason = table.require("reason", "write why it is taken as it is", faults);
    let reason = reason.and_then(|node| node.prose(faults));
    let by = table.require("by", "write who accepts it, such as by = \"alice\"", faults);
    let by = by.and_then(|node| node.prose(faults));
    // A key that can't be read must not make of it an acceptance of the whole person.
    let of = match key {
        None => of.map(Departed::Actor),
        Some(key) => of.zip(key).map(|(of, key)| Departed::Key(of, key)),
    };
    Some(Acceptance { of: of?, on: on?, reason: reason?, by: by?, line })
}
