//! `secrets sign`: a person stands for record and value as they are.

use super::openers;
use super::reading::expiry_text;
use super::resealing::misfits;
use super::session::repository;
use super::signing;
use super::writing::{Existing, existing, finish};
use super::{CommandError, Session};
use crate::change::signing::Signing;
use crate::change::writer::{Pair, Writer};
use crate::cli::Sign;
use crate::domain::facts::{Signature, SignatureVerdict};
use crate::domain::finding::Unknown;
use crate::domain::key::Fingerprint;
use crate::domain::name::{ActorName, SecretName};
use crate::domain::policy::{Actor, Policy};
use crate::domain::record::Record;
use crate::domain::text::pathspec;
use crate::observe::identities::{Found, Identities};
use crate::observe::place::Place;
use crate::observe::secrets::Observation;
use crate::observe::trees::Ask;
use crate::seal::proving::{self, ProvingError};
use crate::system::terminal::Question;

pub fn run(session: &Session, arguments: &Sign) -> Result<u8, CommandError> {
    let place = session.place()?;
    let mut writer = Writer::begin(&place.store, repository(&place)?, &place.folder)?;
    let policy = place.policy()?;
    let signing = signing::find(session, &place, &policy, arguments.signing_key.as_deref())?;
    if let Some(wanted) = &arguments.as_person {
        signing.must_be(wanted)?;
    }
    let names = if arguments.all { requiring(&place, &policy) } else { arguments.names.clone() };
    let (found, mut left) = unsigned(session, arguments, &place, &policy, &signing, &names)?;
    let (read, mut records) = shown(session, arguments, &policy, found, &mut left)?;
    confirm(session, arguments, &signing, records.len())?;
    signing::sign(session, &signing, &mut records)?;
    for (was, record) in read.into_iter().zip(&records) {
        writer.put_record(was, record);
    }
    let code = tell_left(session, &left)?;
    let message = match records.as_slice() {
        [] if left.is_empty() => {
            session.say("nothing to do: signed already")?;
            return Ok(0);
        }
        [] => return Ok(code),
        [record] => format!("secrets: sign {}", record.sealed.name),
        many => format!("secrets: sign {} secrets", many.len()),
    };
    session.say(format!("signed by {}", signing.by))?;
    finish(session, &place, &policy, writer, &message, &arguments.publish, None)?;
    Ok(code)
}

fn requiring(place: &Place, policy: &Policy) -> Vec<SecretName> {
    let names = place.list().secrets.into_keys();
    names.filter(|name| signing::is_required(policy, name)).collect()
}

/// What stands in the work tree and is to be signed; with `--all` also what can't be, and why.
fn unsigned(
    session: &Session,
    arguments: &Sign,
    place: &Place,
    policy: &Policy,
    signing: &Signing,
    names: &[SecretName],
) -> Result<(Vec<Existing>, Vec<CommandError>), CommandError> {
    // Whether somebody signed already is asked of the policy here: what is signed today may reach the deploy ref with it.
    let observation = Observation::new(place, policy, Ask::LeaveOut);
    let (mut found, mut left) = (Vec::new(), Vec::new());
    for name in names {
        let signatures = observation.secret(name).signatures;
        match (signable(place, name, &signing.by, signatures), arguments.all) {
            (Ok((_, Standing::Valid)), true) | (Ok((_, Standing::Mine)), _) => {
                if !arguments.all {
                    session.say(format!("{name}: signed by {} already", signing.by))?;
                }
            }
            (Ok((secret, _)), _) => found.push(secret),
            (Err(error), true) => left.push(error),
            (Err(error), false) => return Err(error),
        }
    }
    Ok((found, left))
}

/// Shows what is to be signed, each proved as far as that goes without asking anybody. What is not sealed as its record
/// says is not signed.
fn shown(
    session: &Session,
    arguments: &Sign,
    policy: &Policy,
    found: Vec<Existing>,
    left: &mut Vec<CommandError>,
) -> Result<(Vec<Pair>, Vec<Record>), CommandError> {
    let keychain = session.keychain();
    let mut identities = Identities::without_asking(session.global.identity.as_deref(), &keychain);
    let (mut read, mut records) = (Vec::new(), Vec::new());
    for secret in found {
        match proof(policy, &secret, identities.all()) {
            Ok(proof) => {
                session.say(format!("{}; {proof}", described(&secret.record)))?;
                read.push(secret.pair());
                records.push(secret.record);
            }
            Err(error) if arguments.all => left.push(error),
            Err(error) => return Err(error),
        }
    }
    Ok((read, records))
}

/// Whether it was opened, and its header found to be the one that its record tells of; an error where it is another.
fn proof(policy: &Policy, secret: &Existing, sources: &[Found]) -> Result<&'static str, CommandError> {
    let sealed = &secret.record.sealed;
    let public_key = |reader: &ActorName, fingerprint: &Fingerprint| {
        let keys = policy.actor(reader).map(Actor::keys).unwrap_or_default();
        keys.iter().find(|key| key.fingerprint == *fingerprint)
    };
    let refused = |why: &str, finding: &str| {
        let error = CommandError::new(format!("{}: {why}, so it is not signed ({finding})", sealed.name));
        error.hint("see what it comes to: secrets check --prove")
    };
    for identity in sources.iter().flat_map(Found::identities).filter(|identity| openers::is_quiet(identity))
    {
        match proving::prove(&secret.bytes, sealed, &public_key, std::slice::from_ref(identity)) {
            Ok(proved) => {
                return match misfits(&proved).first() {
                    None => Ok("proved: its header is sealed to just these"),
                    Some(why) if proved.missing.is_empty() => Err(refused(why, "unlisted-reader")),
                    Some(why) => Err(refused(why, "unproven-reader")),
                };
            }
            Err(ProvingError::Broken(why)) => return Err(refused(&why, "tampered")),
            Err(ProvingError::NotForYou | ProvingError::Identity(_) | ProvingError::Unreadable(_)) => {}
        }
    }
    Ok("not proved: nothing that opens it without asking you is at hand")
}

/// Nothing is signed that nobody has looked at: whoever pastes a remedy has not.
fn confirm(session: &Session, arguments: &Sign, signing: &Signing, count: usize) -> Result<(), CommandError> {
    if count == 0 || arguments.yes {
        return Ok(());
    }
    let remedy = "compare what is shown with who set it, then sign it as `secrets sign --help` says";
    if !session.terminal.can_ask() {
        return Err(CommandError::new("nobody is there to say whether that is right, so nothing was signed")
            .hint(remedy));
    }
    let what = format!("sign {} as {}", if count == 1 { "it" } else { "them" }, signing.by);
    if session.terminal.confirm(Question { what: &what, remedy }, false)? {
        return Ok(());
    }
    Err(CommandError::new("nothing was signed")
        .hint("see how it came about with `git log -p`, or set a new value"))
}

/// Which signature stands there already.
enum Standing {
    /// A valid one of mine.
    Mine,
    /// A valid one of somebody else.
    Valid,
    None,
}

/// Only a pair that belongs together is signed, and none under which a false signature of somebody else stands: that
/// must be looked at first.
fn signable(
    place: &Place,
    name: &SecretName,
    me: &ActorName,
    signatures: Result<Vec<Signature>, Unknown>,
) -> Result<(Existing, Standing), CommandError> {
    let secret = existing(place, name)?;
    let signatures = signatures.map_err(|unknown| CommandError::new(unknown.why))?;
    let theirs_is_false = |signature: &&Signature| {
        signature.by != *me && matches!(signature.verdict, SignatureVerdict::False(_))
    };
    if let Some(signature) = signatures.iter().find(theirs_is_false) {
        let both = format!("{} {}", pathspec(&place.record_path(name)), pathspec(&place.sealed_path(name)));
        return Err(CommandError::new(format!(
            "{name}: the signature of {} is false, so it is not signed (tampered)",
            signature.by
        ))
        .hint(format!("see how it came about: git log -p -- {both}"))
        .hint(format!("to drop it with the value: secrets set {name}")));
    }
    let valid = |signature: &&Signature| signature.verdict == SignatureVerdict::Valid;
    let standing = match signatures.iter().find(valid) {
        None => Standing::None,
        Some(_) if signatures.iter().filter(valid).any(|one| one.by == *me) => Standing::Mine,
        Some(_) => Standing::Valid,
    };
    Ok((secret, standing))
}

/// What I put my name to.
fn described(record: &Record) -> String {
    let sealed = &record.sealed;
    let readers: Vec<&str> = sealed.readers.iter().map(ActorName::as_str).collect();
    format!(
        "{}: version {} set {} by {}, expires {}, readers {}",
        sealed.name,
        sealed.version.number,
        sealed.version.set_at,
        sealed.version.set_by,
        expiry_text(sealed.expires.as_ref()),
        readers.join(", ")
    )
}

fn tell_left(session: &Session, left: &[CommandError]) -> Result<u8, CommandError> {
    for error in left {
        session.say(format!("not signed: {error}"))?;
    }
    Ok(if left.is_empty() { 0 } else { 2 })
}
