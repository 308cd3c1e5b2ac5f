//! `secrets import`: values of another program, each of them a secret from now on; all in one commit, or none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::adding::{New, Taken, Vouched, about, check_names, earlier, policy_with_readers};
use super::ending::{self, check_issued, echo_expiry, tell_unread, told, warn_of_earlier_end};
use super::incoming::{Gathered, Incoming, gather};
use super::replacing::{Replaced, Replacement};
use super::session::repository;
use super::signing::refuse_unsignable;
use super::standing::{Standing, tracked};
use super::writing::{accept_keys, existing_unverified, finish, same_readers, undisturbed};
use super::{CommandError, Session};
use crate::change::sealing::Sealer;
use crate::change::writer::{Pair, Writer};
use crate::cli::Import;
use crate::domain::expiry::Expiry;
use crate::domain::key::Fingerprint;
use crate::domain::name::SecretName;
use crate::domain::record::VersionOrder;
use crate::domain::text::{counted, few, shell_word, visible};
use crate::git::Repository;
use crate::observe::place::{Place, below};
use crate::render::table::{Cell, Table};
use crate::store::layout::POLICY;
use crate::value_ends;

/// What becomes of a value that comes in.
enum Plan {
    New,
    /// There is another value of that name, and it is to be replaced.
    Replace(Box<Replaced>, Option<VersionOrder>),
    /// There is one, and nobody said that it may be replaced.
    InTheWay,
    /// It is the value that stands there.
    Same,
}

struct Planned {
    incoming: Incoming,
    plan: Plan,
    expires: Option<Expiry>,
}

pub fn run(session: &Session, arguments: &Import) -> Result<u8, CommandError> {
    let place = session.place()?;
    let repository = repository(&place)?;
    check_issued(session, arguments.issued)?;
    let policy = place.policy()?;
    check_names(&policy, &arguments.notes.owners, &arguments.seen_by)?;
    let gathered = gather(session, arguments)?;
    let Gathered { all, left_out, source, plaintext } = gathered;
    if left_out > 0 {
        session.say(format!("left out: {} of {source}", counted(left_out, "key")))?;
    }
    let taken = Taken::read(&place);
    let mut planned = plan(session, &place, &taken, arguments, all)?;
    if arguments.dry_run {
        return dry_run(session, &planned);
    }
    refuse_in_the_way(&planned)?;
    planned.retain(|one| !matches!(one.plan, Plan::Same));
    if planned.is_empty() {
        session.say("nothing to change: every value stands there already")?;
        return Ok(0);
    }
    settle_ends(session, arguments, &mut planned)?;

    let (fresh, names) = names(&planned);
    let (policy, _) = policy_with_readers(&place, &fresh, &arguments.readers)?;
    let me = session.me(&policy, arguments.sealing.as_person.as_ref())?;
    let prompts = session.prompts();
    let sealer = Sealer { policy: &policy, now: session.now, prompts: &prompts };
    let signing_key = arguments.sealing.signing_key.as_deref();
    for name in &names {
        sealer.recipients(name)?;
        refuse_unsignable(session, &place, &policy, name, signing_key)?;
    }
    accept(session, &place, &sealer, arguments, &fresh, &mut planned)?;

    let mut writer = Writer::begin(&place.store, repository, &place.folder)?;
    let taken = Taken::read(&place);
    let earlier = earlier(&place, &fresh)?;
    let (policy, policy_text) = policy_with_readers(&place, &fresh, &arguments.readers)?;
    let shown = sealer;
    let sealer = Sealer { policy: &policy, ..shown };
    if let Some((was, text)) = policy_text {
        writer.put(POLICY, Some(was), Some(text.into_bytes()));
    }
    let about = about(&arguments.notes);
    let progress = session.terminal.progress("sealing", Some(planned.len() as u64));
    for Planned { incoming: Incoming { name, value, .. }, plan, expires } in &planned {
        same_readers(&sealer, &shown, name)?;
        let (expires, set_by) = (expires.clone(), me.clone());
        let (issued, seen_by) = (arguments.issued, arguments.seen_by.as_slice());
        if let Plan::Replace(replaced, above) = plan {
            let replacement =
                Replacement { name, value, expires, issued, set_by, seen_by, above: *above, rotation: None };
            let (before, record, sealed) = replacement.seal(&place, &sealer, replaced)?;
            writer.put_secret(before, &record, sealed);
        } else {
            taken.refuse(&place, name)?;
            let (about, earlier) = (about.clone(), earlier.get(name));
            let new = New { name, value, expires, issued, set_by, seen_by, about, earlier };
            let (record, sealed) = new.seal(&sealer)?;
            writer.put_secret(Pair::ABSENT, &record, sealed);
        }
        progress.advance(1);
    }
    drop(progress);
    tell(session, &sealer, &planned, &fresh)?;
    let message = message(&planned, arguments.prefix.as_ref());
    finish(session, &place, &policy, writer, &message, &arguments.publish, signing_key)?;
    tell_what_is_left(session, &planned, plaintext.as_deref())?;
    Ok(0)
}

/// Finds out what stands under each name.
fn plan(
    session: &Session,
    place: &Place,
    taken: &Taken,
    arguments: &Import,
    all: Vec<Incoming>,
) -> Result<Vec<Planned>, CommandError> {
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    let mut planned = Vec::new();
    for incoming in all {
        let name = &incoming.name;
        let plan = if !place.store.record_path(name).exists() {
            taken.refuse(place, name)?;
            Plan::New
        } else if arguments.replace {
            let shown = undisturbed(place, || existing_unverified(place, name))?;
            let replaced = Replaced::open(session, place, &mut identities, name, shown)?;
            if replaced.has(&incoming.value) && replaced.is_bound {
                Plan::Same
            } else {
                Plan::Replace(Box::new(replaced), None)
            }
        } else {
            Plan::InTheWay
        };
        planned.push(Planned { incoming, plan, expires: None });
    }
    Ok(planned)
}

fn dry_run(session: &Session, planned: &[Planned]) -> Result<u8, CommandError> {
    let mut table = Table::new(&["KEY", "NAME", "STATE"]);
    for Planned { incoming, plan, .. } in planned {
        table.cells([
            Cell::plain(visible(&incoming.key)),
            Cell::plain(incoming.name.as_str()),
            match plan {
                Plan::New => Cell::good("new"),
                Plan::Replace(..) => Cell::warning("new version"),
                Plan::InTheWay => Cell::bad("exists"),
                Plan::Same => Cell::plain("same"),
            },
        ]);
    }
    session.print(table.render(session.style()))?;
    refuse_in_the_way(planned)?;
    session.say("nothing was written")?;
    Ok(0)
}

fn refuse_in_the_way(planned: &[Planned]) -> Result<(), CommandError> {
    let is_in_the_way = |one: &&Planned| matches!(one.plan, Plan::InTheWay);
    let names: Vec<&str> =
        planned.iter().filter(is_in_the_way).map(|one| one.incoming.name.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let verb = if names.len() == 1 { "is" } else { "are" };
    Err(CommandError::new(format!("{} {verb} there already, so nothing was written", few(&names, 5)))
        .hint("to seal a new version where the value is another one: --replace")
        .hint("to put all under another folder: --prefix NAME"))
}

/// When each of them ends: as it was said for all, as the value says, as a person says, or not known yet.
fn settle_ends(session: &Session, arguments: &Import, planned: &mut [Planned]) -> Result<(), CommandError> {
    let start = arguments.issued.unwrap_or(session.now);
    let given = ending::given(&arguments.lifetime, start, None)?;
    if let Some(expires) = &given {
        echo_expiry(session, expires)?;
    }
    for one in planned.iter_mut() {
        let name = &one.incoming.name;
        let ends = value_ends::read(one.incoming.value.expose());
        tell_unread(session, &ends)?;
        one.expires = match (&given, ends.earliest()) {
            (Some(expires), _) => {
                warn_of_earlier_end(session, &ends, expires)?;
                Some(expires.clone())
            }
            (None, Some(end)) => {
                session.say(format!("{name}: {}; that is taken for its expiry", told(end)))?;
                Some(Expiry::At { at: end.at, from: end.source, reason: None })
            }
            (None, None) => None,
        };
    }
    let open: Vec<&str> =
        planned.iter().filter(|one| one.expires.is_none()).map(|one| one.incoming.name.as_str()).collect();
    if open.is_empty() || arguments.without_expiry {
        return Ok(());
    }
    let what = format!("it is not said when {} end: {}", counted(open.len(), "value"), few(&open, 5));
    if !session.terminal.can_ask() {
        return Err(CommandError::new(what)
            .hint("for all of them: --expires DATE, --expires-in 1y, or --never REASON")
            .hint("to say it later, one by one: --without-expiry"));
    }
    session.say(format!("{what}; what you answer is for all of them"))?;
    let expires = ending::ask(session, start, None)?;
    echo_expiry(session, &expires)?;
    for one in planned.iter_mut().filter(|one| one.expires.is_none()) {
        one.expires = Some(expires.clone());
    }
    Ok(())
}

/// The names that are new, and all.
fn names(planned: &[Planned]) -> (Vec<SecretName>, Vec<SecretName>) {
    let is_new = |one: &&Planned| matches!(one.plan, Plan::New);
    let fresh = planned.iter().filter(is_new).map(|one| one.incoming.name.clone()).collect();
    (fresh, planned.iter().map(|one| one.incoming.name.clone()).collect())
}

/// Has every key accepted that nobody accepted before, each once.
fn accept(
    session: &Session,
    place: &Place,
    sealer: &Sealer<'_>,
    arguments: &Import,
    fresh: &[SecretName],
    planned: &mut [Planned],
) -> Result<(), CommandError> {
    let mut accepted: BTreeSet<Fingerprint> = arguments.sealing.accept_key.iter().cloned().collect();
    if !fresh.is_empty() {
        let known = undisturbed(place, || {
            let vouched = Vouched::observe(session, place, sealer.policy, fresh)?;
            Ok(vouched.map(|vouched| (vouched, earlier(place, fresh))))
        })?;
        if let Some((vouched, earlier)) = known {
            let earlier = earlier?;
            for name in fresh {
                accept_keys(session, sealer, name, &vouched.of(name, earlier.get(name)), &mut accepted)?;
            }
        }
    }
    let is_replaced = |one: &&Planned| matches!(one.plan, Plan::Replace(..));
    let replaced: Vec<SecretName> =
        planned.iter().filter(is_replaced).map(|one| one.incoming.name.clone()).collect();
    if replaced.is_empty() {
        return Ok(());
    }
    let tracked = tracked(place, sealer.policy);
    let standing = Standing::observe(session, place, sealer.policy, tracked.as_ref(), &replaced);
    for Planned { incoming, plan, .. } in planned {
        if let Plan::Replace(replaced, above) = plan {
            let (known, highest) = replaced.stand(session, &standing, &incoming.name)?;
            accept_keys(session, sealer, &incoming.name, &known, &mut accepted)?;
            *above = highest;
        }
    }
    Ok(())
}

/// Whom it was sealed to, each key once, and how many there are.
fn tell(
    session: &Session,
    sealer: &Sealer<'_>,
    planned: &[Planned],
    fresh: &[SecretName],
) -> Result<(), CommandError> {
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for one in planned {
        for (reader, keys) in sealer.recipients(&one.incoming.name)? {
            for key in keys {
                *lines.entry(format!("{reader}: {} {}", key.kind, key.fingerprint)).or_default() += 1;
            }
        }
    }
    for (line, count) in &lines {
        let of =
            if *count == planned.len() { String::new() } else { format!(" ({count} of {})", planned.len()) };
        session.say(format!("sealed to {line}{of}"))?;
    }
    let versions = planned.len() - fresh.len();
    let new = (!fresh.is_empty()).then(|| counted(fresh.len(), "new secret"));
    let renewed = (versions > 0).then(|| counted(versions, "new version"));
    let parts: Vec<String> = new.into_iter().chain(renewed).collect();
    session.say(parts.join(", "))
}

fn message(planned: &[Planned], prefix: Option<&SecretName>) -> String {
    match (planned, prefix) {
        ([one], _) => format!("secrets: import {}", one.incoming.name),
        (many, Some(prefix)) => format!("secrets: import {} below {prefix}", counted(many.len(), "secret")),
        (many, None) => format!("secrets: import {}", counted(many.len(), "secret")),
    }
}

/// What a person has to do now.
fn tell_what_is_left(
    session: &Session,
    planned: &[Planned],
    plaintext: Option<&Path>,
) -> Result<(), CommandError> {
    let open = planned.iter().filter(|one| one.expires.is_none()).count();
    if open > 0 {
        session.say(format!(
            "{} without expiry: `secrets check` blocks until it is said. To see them: secrets list --without-expiry",
            counted(open, "secret")
        ))?;
    }
    let Some(path) = plaintext else { return Ok(()) };
    let shown = shell_word(&path.to_string_lossy()).into_owned();
    if is_in_history(session, path) {
        session.say(format!(
            "WARNING: {} is in the history of git: whoever has that repository knows these values, now and later",
            visible(&path.to_string_lossy())
        ))?;
        session.say("  get new ones from their issuers: secrets set NAME")?;
        return session.say(format!("  take it out of what comes next: git rm {shown}"));
    }
    session.say(format!(
        "{} still holds the values in clear. When `secrets get` shows the right ones: rm {shown}",
        visible(&path.to_string_lossy())
    ))
}

/// Whether a commit ever held the file. What can't be told is no reason not to import.
fn is_in_history(session: &Session, path: &Path) -> bool {
    let Ok(path) = session.environment.current_dir().join(path).canonicalize() else { return false };
    let Some(folder) = path.parent() else { return false };
    let Ok(repository) = Repository::discover(folder, &session.environment) else { return false };
    let Some(relative) = below(repository.root(), &path) else { return false };
    repository.history(&relative, 1).is_ok_and(|commits| !commits.is_empty())
}
