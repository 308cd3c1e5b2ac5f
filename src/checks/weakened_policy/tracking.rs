//! What policy says of files that other tools have sealed: which of them are looked at, what in them is a secret, and
//! which kinds need no date. Each glob is told, also where nothing fits it yet: what it lets pass may come later.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::some_of;
use crate::domain::facts::Policies;
use crate::domain::glob::{Extent, Glob};
use crate::domain::text::counted;
use crate::domain::tracked_name::TrackedName;
use crate::domain::tracking::{Kind, KindRule, Track, fits, kind_of};

pub(super) fn losses(policies: &Policies) -> Vec<String> {
    let (before, after) = (&policies.before, &policies.after);
    // Where nothing was tracked, all that the change says comes on top.
    let Some(track) = &before.track else { return Vec::new() };
    let mut losses = Vec::new();
    match &after.track {
        None => losses.push(untracked(policies, track)),
        Some(new) if new != track => {
            losses.extend(uncovered(policies, track, new));
            losses.extend(no_secrets(policies, track, new));
        }
        Some(_) => {}
    }
    let alike =
        |one: &Kind, other: &Kind| one.glob == other.glob && is_never(&one.rule) == is_never(&other.rule);
    let is_same = before.kinds.len() == after.kinds.len()
        && before.kinds.iter().zip(&after.kinds).all(|(one, other)| alike(one, other));
    if !is_same {
        losses.extend(of_kinds(policies, track));
    }
    losses
}

fn untracked(policies: &Policies, track: &Track) -> String {
    let files = policies.files.iter().filter(|path| track.covers(path)).count();
    format!(
        "[track] is gone: {} that other tools have sealed are not looked at any more",
        counted(files, "file")
    )
}

/// Files that are not looked at any more, by the glob that says so.
fn uncovered(policies: &Policies, before: &Track, after: &Track) -> Vec<String> {
    let gone: Vec<&String> =
        policies.files.iter().filter(|path| before.covers(path) && !after.covers(path)).collect();
    let of = |glob: &Glob| gone.iter().copied().filter(|path| glob.matches(path)).collect::<Vec<_>>();
    let mut losses = Vec::new();
    for glob in added(&before.except, &after.except) {
        losses.push(told(format!("[track] leaves out `{glob}`"), of(glob)));
    }
    let kept_out = |path: &String| after.except.iter().any(|glob| glob.matches(path));
    for glob in before.files.iter().filter(|glob| !after.files.contains(glob)) {
        let lost: Vec<&String> = of(glob).into_iter().filter(|path| !kept_out(path)).collect();
        // Where a folder went with its files, its glob may go.
        if !lost.is_empty() {
            losses.push(told(format!("[track] does not name `{glob}` any more"), lost));
        }
    }
    losses
}

/// Values that policy calls no secrets, by the glob that says so.
fn no_secrets(policies: &Policies, before: &Track, after: &Track) -> Vec<String> {
    let of = |glob: &Glob| {
        let fitting = policies.values.iter().filter(|name| fits(glob, name) && !before.is_no_secret(name));
        fitting.collect::<Vec<_>>()
    };
    let added = added(&before.not_secret, &after.not_secret);
    added.map(|glob| told(format!("[track] calls `{glob}` no secret"), of(glob))).collect()
}

/// The globs of a list that fit something which none of it fitted before, as far as that can be said.
fn added<'g>(before: &[Glob], after: &'g [Glob]) -> impl Iterator<Item = &'g Glob> {
    let known: Vec<Extent> = before.iter().map(Glob::extent).collect();
    let texts: BTreeSet<String> = before.iter().map(ToString::to_string).collect();
    after.iter().filter(move |glob| {
        let extent = || glob.extent();
        !texts.contains(glob.as_str()) && !known.iter().any(|wide| wide.covers(&extent()))
    })
}

fn told<T: ToString>(loss: String, names: Vec<T>) -> String {
    if names.is_empty() { loss } else { format!("{loss}: {}", some_of(names)) }
}

fn is_never(rule: &KindRule) -> bool {
    matches!(rule, KindRule::Never(_))
}

/// One kind, and how far its glob reaches.
struct Reach<'k> {
    kind: &'k Kind,
    is_never: bool,
    extent: Extent,
    /// Over names of values, each of which a glob can fit by its pointer alone. `None`: can't be said.
    of_values: Option<Extent>,
}

impl<'k> Reach<'k> {
    fn of(kind: &'k Kind) -> Self {
        let glob = kind.glob.as_str();
        let by_pointer = if glob.starts_with('/') {
            vec![format!("**/*#{glob}")]
        } else if glob.starts_with(['{', '[', '?', '*']) && !glob.starts_with("**/") {
            vec![format!("**/*#{glob}"), format!("**/*#/{glob}")]
        } else {
            vec![format!("**/*#/{glob}")]
        };
        let forms = by_pointer.into_iter().chain([glob.to_owned()]).collect::<Vec<_>>().join(",");
        let of_values = format!("{{{forms}}}").parse::<Glob>().ok().map(|glob| glob.extent());
        Self { kind, is_never: is_never(&kind.rule), extent: kind.glob.extent(), of_values }
    }

    fn may_meet(&self, other: &Self) -> bool {
        let both = self.of_values.as_ref().zip(other.of_values.as_ref());
        both.is_none_or(|(one, another)| one.may_overlap(another))
    }

    fn covers(&self, other: &Self) -> bool {
        self.kind.glob == other.kind.glob || self.extent.covers(&other.extent)
    }
}

/// Kinds that need no date any more, each with the values of the change that are of it.
fn of_kinds(policies: &Policies, track: &Track) -> Vec<String> {
    let before: Vec<Reach<'_>> = policies.before.kinds.iter().map(Reach::of).collect();
    let after: Vec<Reach<'_>> = policies.after.kinds.iter().map(Reach::of).collect();
    let mut losses = BTreeMap::<String, BTreeSet<&TrackedName>>::new();
    for new in after.iter().filter(|new| new.is_never) {
        if !before.iter().any(|old| old.is_never && old.covers(new)) {
            losses.entry(never(new.kind)).or_default();
        }
    }
    for (place, old) in before.iter().enumerate().filter(|(_, old)| !old.is_never) {
        let replaced = after.iter().position(|new| !new.is_never && new.covers(old));
        let Some(replaced) = replaced else {
            // That what took its place says so is told already.
            let told = |new: &&Reach<'_>| losses.contains_key(&never(new.kind));
            if !after.iter().filter(|new| new.is_never && new.covers(old)).any(|new| told(&new)) {
                losses.entry(not_required(old.kind)).or_default();
            }
            continue;
        };
        let stood_ahead = |new: &Reach<'_>| {
            before.iter().take(place).any(|earlier| earlier.is_never && earlier.covers(new))
        };
        for new in after.iter().take(replaced).filter(|new| new.is_never) {
            if !stood_ahead(new) && new.may_meet(old) {
                losses.entry(never(new.kind)).or_default();
            }
        }
    }
    for name in policies.values.iter().filter(|name| !track.is_no_secret(name)) {
        let (old, new) = (kind_of(&policies.before.kinds, name), kind_of(&policies.after.kinds, name));
        let was_never = old.is_some_and(|kind| is_never(&kind.rule));
        match (old, new) {
            (_, Some(kind)) if is_never(&kind.rule) && !was_never => {
                losses.entry(never(kind)).or_default().insert(name);
            }
            (Some(kind), None) if !was_never => {
                losses.entry(not_required(kind)).or_default().insert(name);
            }
            _ => {}
        }
    }
    losses.into_iter().map(|(loss, names)| told(loss, names.into_iter().collect())).collect()
}

fn never(kind: &Kind) -> String {
    format!("[[kind]] `{}` says that they never lapse", kind.glob)
}

fn not_required(kind: &Kind) -> String {
    format!("[[kind]] `{}` does not ask when they end any more", kind.glob)
}
