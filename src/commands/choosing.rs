//! Which secrets a scope chooses, by their names alone: before anything is opened or judged.

use super::other_tools::as_tracked;
use super::{CommandError, Session};
use crate::domain::finding::Unknown;
use crate::domain::foreign::{Contents, Damage};
use crate::domain::glob::Glob;
use crate::domain::name::SecretName;
use crate::domain::text::visible;
use crate::domain::tracked_facts::FileFacts;
use crate::domain::tracked_name::{CredentialName, TrackedName};
use crate::domain::variable::Chosen;
use crate::observe::place::Place;
use crate::observe::selection::Selection;
use crate::observe::tracked::TrackedFiles;
use crate::observe::trees::{Ask, Trees};

/// Every secret that the scopes fit, each with the first scope that does, in the order of the names. A scope that fits none
/// is an error, and so is a file of which nobody can say what is in it: whoever is given these takes them for all there are.
pub fn fitting(session: &Session, place: &Place, scopes: &[Glob]) -> Result<Vec<Chosen>, CommandError> {
    if scopes.is_empty() {
        return Ok(Vec::new());
    }
    let selection = Selection::of(scopes, &[], place, session.environment.current_dir())?;
    let listing = place.list();
    if let Some(unknown) = listing.unknowns.first() {
        return Err(refusal(unknown));
    }
    let own: Vec<SecretName> = listing.secrets.into_keys().collect();
    let mut chosen: Vec<Chosen> = Vec::new();
    for name in own.iter().filter(|name| selection.admits(name)) {
        let scope = scopes.iter().find(|scope| scope.matches(name.as_str()));
        chosen.extend(scope.map(|scope| Chosen { secret: name.clone().into(), by: scope.to_string() }));
    }
    let mut known = Vec::new();
    chosen.extend(tracked(place, scopes, &selection, &mut known)?);
    if let Some(idle) = selection.idle_parts(&own, &known).first() {
        return Err(CommandError::new(format!("{idle}: fits no secret")).hint("secrets list"));
    }
    chosen.sort_by(|one, other| one.secret.as_str().cmp(other.secret.as_str()));
    Ok(chosen)
}

/// The values in files of other tools that are secrets by a record or a rule. `known` is told every name there is.
fn tracked(
    place: &Place,
    scopes: &[Glob],
    selection: &Selection,
    known: &mut Vec<TrackedName>,
) -> Result<Vec<Chosen>, CommandError> {
    let policy = place.policy()?;
    let trees = Trees::observe(place, &policy, Ask::LeaveOut);
    let Some(files) = TrackedFiles::observe(place, &policy, &trees, selection).map_err(|e| refusal(&e))?
    else {
        return Ok(Vec::new());
    };
    let mut chosen = Vec::new();
    for path in &files.files {
        let Some(facts) = files.file(path) else {
            return Err(CommandError::new(format!("{}: can't be named; rename it", visible(path))));
        };
        let secrets = facts.secrets.as_ref().map_err(refusal)?;
        known.push(facts.name.clone());
        known.extend(secrets.iter().map(|secret| secret.name.clone()));
        let meant: Vec<&TrackedName> =
            secrets.iter().map(|secret| &secret.name).filter(|name| selection.admits_tracked(name)).collect();
        if meant.is_empty() && !selection.admits_tracked(&facts.name) {
            continue;
        }
        let file = match facts.contents.as_ref().map_err(refusal)? {
            Some(Contents::Sealed(file)) => file,
            Some(Contents::Plain(why)) => return Err(unsealed(path, "is not sealed", why)),
            Some(Contents::Damaged(Damage { why, .. })) => return Err(unsealed(path, "can't be read", why)),
            None => continue,
        };
        for name in meant {
            let fits = |scope: &&Glob| scope.matches(name.as_str()) || scope.matches(name.file());
            let Some(scope) = scopes.iter().find(fits) else { continue };
            let covered = files.covered(name, file).map_err(|unknown| refusal(&unknown))?;
            let one = |secret: TrackedName| Chosen { secret: secret.into(), by: scope.to_string() };
            chosen.extend(covered.into_iter().map(one));
        }
    }
    if let Some(unknown) = files.unknowns.first() {
        return Err(refusal(unknown));
    }
    Ok(chosen)
}

/// The names under which these are judged: of a value in a file that is recorded as a whole, that is the file's. What is not
/// known keeps its name, and so the gate says of it that it is not.
pub fn judged_as(place: &Place, names: &[&CredentialName]) -> Result<Vec<CredentialName>, CommandError> {
    let is_own = |name: &CredentialName| match name {
        CredentialName::Own(name) => place.store.record_path(name).exists(),
        CredentialName::Tracked(_) => false,
    };
    let foreign: Vec<TrackedName> =
        names.iter().filter(|name| !is_own(name)).filter_map(|name| as_tracked(name)).collect();
    let mut judged: Vec<CredentialName> =
        names.iter().filter(|name| is_own(name)).map(|name| (*name).clone()).collect();
    if !foreign.is_empty() {
        let policy = place.policy()?;
        let trees = Trees::observe(place, &policy, Ask::LeaveOut);
        let selection = Selection::of_others(foreign.iter().map(TrackedName::file));
        let files = TrackedFiles::observe(place, &policy, &trees, &selection).map_err(|e| refusal(&e))?;
        let facts = |name: &TrackedName| files.as_ref().and_then(|files| files.file(name.file()));
        judged.extend(foreign.iter().map(|name| secret_of(name, facts(name).as_ref()).into()));
    }
    judged.sort();
    judged.dedup();
    Ok(judged)
}

/// The secret that a value belongs to.
fn secret_of(name: &TrackedName, facts: Option<&FileFacts>) -> TrackedName {
    let secrets = facts.and_then(|facts| facts.secrets.as_deref().ok()).unwrap_or_default();
    let has = |wanted: &TrackedName| secrets.iter().any(|secret| secret.name == *wanted);
    match facts {
        Some(facts) if !has(name) && has(&facts.name) => facts.name.clone(),
        Some(_) | None => name.clone(),
    }
}

fn refusal(unknown: &Unknown) -> CommandError {
    CommandError::new(format!("{}: {}", visible(&unknown.what), visible(&unknown.why))).hint("secrets check")
}

fn unsealed(path: &str, what: &str, why: &str) -> CommandError {
    CommandError::new(format!("{}: {what}: {}", visible(path), visible(why))).hint("secrets check")
}
