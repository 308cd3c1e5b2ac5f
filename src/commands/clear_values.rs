//! Many values in clear, for a command that hands them on: to a program, or in a format of another tool.

use std::collections::BTreeMap;

use super::openers::{self, Refusal, Task};
use super::other_tools::{as_tracked, no_such_secret};
use super::writing::existing;
use super::{CommandError, Session};
use crate::domain::glob::Glob;
use crate::domain::name::SecretName;
use crate::domain::policy::Policy;
use crate::domain::text::visible;
use crate::domain::tracked_name::{CredentialName, TrackedName};
use crate::domain::value::Value;
use crate::observe::place::Place;
use crate::observe::selection::Selection;
use crate::observe::tracked::{Opener, TrackedFiles};
use crate::observe::trees::{Ask, Trees};
use crate::seal::identity::Identity;
use crate::seal::opening;

/// A secret in clear. Has no `Debug`, as [`Value`] has none.
pub struct Clear {
    pub name: CredentialName,
    pub value: Value,
}

/// Opens everything that the scopes fit, all where there are none, in the order of the names. Whoever is given the
/// values takes them for all there are, so one that can't be opened is an error, and so is a scope that fits none.
pub fn open_fitting(
    session: &Session,
    place: &Place,
    policy: &Policy,
    scopes: &[Glob],
) -> Result<Vec<Clear>, CommandError> {
    let selection = Selection::of(scopes, &[], place, session.environment.current_dir())?;
    let listing = place.list();
    if let Some(unknown) = listing.unknowns.into_iter().next() {
        return Err(CommandError::from(unknown).hint("secrets check"));
    }
    let all: Vec<SecretName> = listing.secrets.into_keys().collect();
    let own = all.iter().filter(|name| selection.admits(name)).cloned().collect();
    let mut clear = open_own(session, place, own)?;
    let mut known = Vec::new();
    clear.extend(open_tracked(session, place, policy, &selection, None, &mut known)?);
    if let Some(idle) = selection.idle_parts(&all, &known).first() {
        return Err(CommandError::new(format!("{idle}: fits no secret")).hint("secrets list"));
    }
    clear.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
    Ok(clear)
}

/// Opens what is named, in the order in which it is.
pub fn open_named(
    session: &Session,
    place: &Place,
    policy: &Policy,
    names: &[CredentialName],
) -> Result<Vec<Clear>, CommandError> {
    let mut own = Vec::new();
    let mut tracked: Vec<TrackedName> = Vec::new();
    for name in names {
        match name {
            CredentialName::Own(name) if place.store.record_path(name).exists() => own.push(name.clone()),
            other @ (CredentialName::Own(_) | CredentialName::Tracked(_)) => match as_tracked(other) {
                Some(name) => tracked.push(name),
                None => return Err(no_such_secret(other.as_str())),
            },
        }
    }
    let mut clear = open_own(session, place, own)?;
    if !tracked.is_empty() {
        let selection = Selection::of_others(tracked.iter().map(TrackedName::file));
        clear.extend(open_tracked(session, place, policy, &selection, Some(&tracked), &mut Vec::new())?);
    }
    let mut by_name: BTreeMap<String, Clear> =
        clear.into_iter().map(|clear| (clear.name.as_str().to_owned(), clear)).collect();
    let taken =
        |name: &CredentialName| by_name.remove(name.as_str()).ok_or_else(|| no_such_secret(name.as_str()));
    names.iter().map(taken).collect()
}

/// Opens secrets of the store, in the order in which they are named; asks nothing of policy.
pub fn open_own(
    session: &Session,
    place: &Place,
    names: Vec<SecretName>,
) -> Result<Vec<Clear>, CommandError> {
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    let tasks: Vec<Task<SecretName>> = names.into_iter().map(|work| Task { work, asks: false }).collect();
    let answers =
        openers::each(&mut identities, &tasks, &|name, identities| open_one(place, name, identities));
    let clear = tasks.into_iter().zip(answers).map(|(Task { work: name, .. }, answer)| match answer {
        Ok(value) => Ok(Clear { name: name.into(), value }),
        // Many a reason names the secret already.
        Err(why) if why.starts_with(name.as_str()) => Err(CommandError::new(why)),
        Err(why) => Err(CommandError::new(format!("{name}: {why}"))),
    });
    clear.collect()
}

fn open_one(place: &Place, name: &SecretName, identities: &[Identity]) -> Result<Value, Refusal> {
    let secret = existing(place, name).map_err(|error| Refusal::Final(error.to_string()))?;
    Ok(opening::open(&secret.bytes, identities)?)
}

/// The secrets in files of other tools: what policy calls no secret is left out. Where `named` is given, just those
/// values, whether or not they are secrets of their own. `known` is told every name there is.
fn open_tracked(
    session: &Session,
    place: &Place,
    policy: &Policy,
    selection: &Selection,
    named: Option<&[TrackedName]>,
    known: &mut Vec<TrackedName>,
) -> Result<Vec<Clear>, CommandError> {
    let trees = Trees::observe(place, policy, Ask::LeaveOut);
    let Some(tracked) = TrackedFiles::observe(place, policy, &trees, selection)? else {
        return Ok(Vec::new());
    };
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    let opener = Opener::new(&session.environment, &mut identities);
    let mut clear = Vec::new();
    for path in &tracked.files {
        let Some(facts) = tracked.file(path) else {
            return Err(CommandError::new(format!("{}: can't be named; rename it", visible(path))));
        };
        let secrets = facts.secrets.as_ref().map_err(Clone::clone)?;
        known.push(facts.name.clone());
        known.extend(secrets.iter().map(|secret| secret.name.clone()));
        let Ok(Some(file)) = facts.sealed() else { continue };
        let all = || secrets.iter().map(|secret| &secret.name).filter(|name| selection.admits_tracked(name));
        let wanted: Vec<&TrackedName> = match named {
            Some(named) => named.iter().filter(|name| name.file() == path).collect(),
            None => all().collect(),
        };
        if wanted.is_empty() {
            continue;
        }
        let bytes = tracked.bytes(path)?;
        let opened = opener.open(&facts.name, file, &bytes);
        let opened = opened.map_err(|why| CommandError::new(format!("{}: {why}", visible(path))))?;
        for name in wanted {
            for covered in tracked.covered(name, file)? {
                // What stands in the file in clear is no secret, and nobody means it for one.
                let is_sealed = file.leaves.iter().any(|leaf| leaf.pointer == covered.pointer());
                let found = opened.get(covered.pointer().as_ref()).filter(|_| is_sealed);
                let Some(found) = found else { continue };
                let value = Value::new(found.value.expose().to_vec());
                clear.push(Clear { name: covered.into(), value });
            }
        }
    }
    Ok(clear)
}
