//! `secrets expiry set`: same value, other expiry.

use super::catalogue::Catalogue;
use super::ending::{check_issued, echo_expiry, expiry};
use super::redating::{Redating, chosen};
use super::session::repository;
use super::writing::Manner;
use super::{CommandError, Session};
use crate::change::writer::Writer;
use crate::cli::ExpirySet;
use crate::domain::terms::Terms;
use crate::domain::text::visible;

pub fn run(session: &Session, arguments: &ExpirySet) -> Result<u8, CommandError> {
    let place = session.place()?;
    let repository = repository(&place)?;
    check_issued(session, arguments.issued)?;
    let terms = terms(session, arguments)?;
    if let Some(expires) = &terms.expires {
        echo_expiry(session, expires)?;
    }
    let writer = Writer::begin_in_repository(&place.store, repository, &place.folder)?;
    let policy = place.policy()?;
    let catalogue = Catalogue::of(&place, &policy, &arguments.names, &arguments.scope)?;
    let mut redating = Redating::new(session, &place, &policy, "give --reason WHY");
    redating.insists = true;
    for meant in chosen(session, &catalogue, &arguments.names, &arguments.scope)? {
        if !redating.plan(meant, &terms)? {
            session.say(format!("{}: is so already", visible(meant.name().as_str())))?;
        }
    }
    if redating.changes.is_empty() {
        return Ok(0);
    }
    redating.told().try_for_each(|line| session.say(line))?;
    let what = if terms.expires.is_some() { "set the expiry of" } else { "note issue or owners of" };
    let message = format!("secrets: {what} {}", redating.subject());
    let manner = Manner { sealing: &arguments.sealing, publish: &arguments.publish };
    redating.write(writer, &message, &manner, arguments.untested_hooks)?;
    Ok(0)
}

/// What is to be said. Whoever says since when it counts, or whose it is, need not say when it ends.
fn terms(session: &Session, arguments: &ExpirySet) -> Result<Terms, CommandError> {
    let (lifetime, issued) = (&arguments.lifetime, arguments.issued);
    let is_about_more = issued.is_some() || !arguments.owners.is_empty();
    let expires = if lifetime.is_said() || !is_about_more {
        Some(expiry(session, lifetime, issued, arguments.reason.as_deref())?)
    } else {
        None
    };
    Ok(Terms { expires, issued, owners: arguments.owners.clone(), ..Terms::default() })
}
