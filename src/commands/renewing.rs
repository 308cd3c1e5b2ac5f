//! A new value for what another tool has sealed: through that tool, where it can be told a value without showing it to
//! everybody, and committed together with its record.

use super::ending::{echo_expiry, expiry_of_value};
use super::gathering::CustodyRecords;
use super::session::repository;
use super::tracking::commit;
use super::writing::undisturbed;
use super::{CommandError, Session};
use crate::change::writer::Writer;
use crate::checks::record_behind::behind;
use crate::cli::Renewal;
use crate::domain::claim::Claim;
use crate::domain::digest::Digest;
use crate::domain::expiry::Expiry;
use crate::domain::foreign::{Contents, Damage, ForeignFile, Leaf, SealedFormat};
use crate::domain::name::SecretName;
use crate::domain::opened::OpenedValue;
use crate::domain::policy::Policy;
use crate::domain::text::{pathspec, shell_word, visible};
use crate::domain::tracked_facts::{FileFacts, TrackedSecret};
use crate::domain::tracked_name::TrackedName;
use crate::domain::tracking::{KindRule, kind_of};
use crate::domain::value::Value;
use crate::observe::place::Place;
use crate::observe::selection::Selection;
use crate::observe::tracked::{self, Opener, TrackedFiles, folder_of};
use crate::observe::trees::{Ask, Trees};

/// Where a new value comes from, given the one that it is to replace, where that could be opened. `None`: it is to stay as
/// it is.
pub type Source<'s> = dyn FnMut(Option<&Value>) -> Result<Option<Value>, CommandError> + 's;

/// Whether a name that could be one of the store's is that of a file of the repository: the store has no such secret.
pub fn is_file(place: &Place, name: &SecretName) -> Option<TrackedName> {
    let is_there = |path: &std::path::Path| path.symlink_metadata().is_ok();
    if is_there(&place.store.record_path(name)) || is_there(&place.store.sealed_path(name)) {
        return None;
    }
    let root = place.repository.as_ref().ok()?.root();
    root.join(name.as_str()).is_file().then(|| TrackedName::new(name.as_str(), None))?
}

/// `secrets set` of a tracked secret.
pub fn renew(
    session: &Session,
    place: &Place,
    renewal: &Renewal,
    name: &TrackedName,
    source: &mut Source<'_>,
) -> Result<u8, CommandError> {
    refuse_idle_options(renewal)?;
    let repository = repository(place)?;
    let policy = place.policy()?;
    let trees = Trees::observe(place, &policy, Ask::LeaveOut);
    let selection = Selection::of_others([name.file()]);
    let tracked = undisturbed(place, || Ok(TrackedFiles::observe(place, &policy, &trees, &selection)?))?;
    let facts = tracked.as_ref().and_then(|tracked| tracked.file(name.file()));
    let (Some(tracked), Some(facts)) = (tracked, facts) else {
        return Err(CommandError::new(format!("{name}: there is no such file")).hint("secrets list"));
    };
    let (file, leaf) = sealed(&facts, name)?;
    let bytes = tracked.bytes(name.file())?;
    if !renewal.publish.no_commit {
        refuse_uncommitted(&facts)?;
    }
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    let opener = Opener::new(&session.environment, &mut identities);
    let by_hand = |why: String| by_hand(name, file.format, &why);
    let sops = match opener.sops() {
        _ if !file.format.is_sops() => {
            return Err(by_hand(format!("files of {} are not sealed by this tool", file.format)));
        }
        Ok(sops) => sops,
        Err(error) => return Err(by_hand(error.to_string())),
    };
    sops.refuse_without_stdin().map_err(|error| by_hand(error.to_string()))?;
    // Opened before a person types anything: what can't be opened can't be sealed anew either.
    let opened = opener.open(&facts.name, file, &bytes).map_err(by_hand)?;
    let current = opened.get(leaf.pointer.as_ref()).ok_or_else(|| by_hand("it was not found".to_owned()))?;
    let address = current.address.as_deref().ok_or_else(|| {
        by_hand("`sops set` has no way to name a key with `[`, `]` or `\"` in it".to_owned())
    })?;
    let Some(value) = source(Some(&current.value))? else { return Ok(0) };
    refuse_unfit(session, name, current, &value)?;
    let expires = ending(session, &policy, renewal, &facts, name, &value)?;

    let mut writer = Writer::begin_in_repository(&place.store, repository, &place.folder)?;
    let folder = repository.root().join(folder_of(name.file()));
    let written = sops
        .set(file.format, &bytes, &folder, address, &value)
        .map_err(|error| by_hand(format!("nothing was changed: {error}")))?;
    let after = verified(&opener, &facts.name, file, leaf, &written, &value).map_err(|why| {
        by_hand(format!("nothing was changed, because what `sops` made is not as asked: {why}"))
    })?;
    let was = Digest::of(&bytes);
    writer.put(name.file(), Some(was), Some(written));
    let mut records = CustodyRecords::new(place);
    record(&mut records, &tracked, &facts, &after, name, expires, renewal)?;
    records.plan(&mut writer);
    let message = format!("secrets: set {name}");
    commit(session, place, &policy, writer, &message, &renewal.publish, renewal.untested_hooks)?;
    Ok(0)
}

/// What the store's secrets have and others have not: who reads it is the tool's business that seals it.
fn refuse_idle_options(renewal: &Renewal) -> Result<(), CommandError> {
    let sealing = &renewal.sealing;
    let given = [
        ("--seen-by", !renewal.seen_by.is_empty()),
        ("--as", sealing.as_person.is_some()),
        ("--accept-key", !sealing.accept_key.is_empty()),
        ("--signing-key", sealing.signing_key.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => Err(CommandError::new(format!(
            "{option} says nothing of a tracked secret: the tool that sealed it decides who reads it"
        ))),
        None => Ok(()),
    }
}

/// The file, and the value in it that is meant.
fn sealed<'f>(facts: &'f FileFacts, name: &TrackedName) -> Result<(&'f ForeignFile, &'f Leaf), CommandError> {
    let path = visible(name.file()).into_owned();
    let file = match facts.contents.as_ref().map_err(Clone::clone)? {
        None => return Err(CommandError::new(format!("{path}: there is no such file"))),
        Some(Contents::Plain(why)) => {
            return Err(CommandError::new(format!("{path}: is not sealed: {}", visible(why))));
        }
        Some(Contents::Damaged(damage)) => {
            let told = format!("{path}: {}", visible(&damage.to_string()));
            return Err(CommandError::new(told).hint("restore it from git"));
        }
        Some(Contents::Sealed(file)) => file,
    };
    // Of an unknown record nothing could be kept.
    facts.secrets.as_ref().map_err(Clone::clone)?;
    match file.leaves.iter().find(|leaf| leaf.pointer == name.pointer()) {
        Some(leaf) => Ok((file, leaf)),
        None if name.pointer().is_none() => {
            Err(CommandError::new(format!("{path}: holds several values: name one, {path}#/…"))
                .hint("secrets list"))
        }
        None => Err(CommandError::new(format!("{name}: no encrypted value lies there")).hint("secrets list")),
    }
}

/// What is not committed would be swept into the commit, and nobody would know whose change it was.
fn refuse_uncommitted(facts: &FileFacts) -> Result<(), CommandError> {
    let path = visible(facts.name.as_str());
    match &facts.uncommitted {
        Ok(differing) if differing.is_empty() => Ok(()),
        Ok(_) => {
            let spec = pathspec(facts.name.as_str());
            Err(CommandError::new(format!(
                "{path}: is not as in HEAD, and that would go into the same commit"
            ))
            .hint(format!("commit it first: git add -- {spec} && git commit -- {spec}"))
            .hint(format!("or drop what was changed: git checkout HEAD -- {spec}"))
            .hint("or leave the commit to yourself with --no-commit"))
        }
        Err(unknown) => Err(CommandError::new(format!("{path}: {}: {}", unknown.what, unknown.why))),
    }
}

/// The refusal, with what a person does instead.
fn by_hand(name: &TrackedName, format: SealedFormat, why: &str) -> CommandError {
    let file = shell_word(name.file());
    let steps = match format {
        SealedFormat::SopsYaml
        | SealedFormat::SopsJson
        | SealedFormat::SopsDotenv
        | SealedFormat::SopsIni
        | SealedFormat::SopsBinary => format!("sops edit {file}"),
        SealedFormat::Age | SealedFormat::AgeArmored => {
            format!("encrypt the new value to the same recipients: age -R RECIPIENTS -o {file}")
        }
        SealedFormat::GitCrypt => {
            format!("git-crypt unlock, and edit {file}: git seals it when it is committed")
        }
        SealedFormat::SealedSecrets => {
            format!("kubeseal --raw (or kubeseal < the secret), and put what it prints into {file}")
        }
        SealedFormat::AnsibleVault => format!("ansible-vault edit {file}"),
    };
    let name_word = shell_word(name.as_str());
    CommandError::new(format!("{}: {}", visible(name.as_str()), visible(why)))
        .hint(format!("by hand: {steps}"))
        .hint(format!("then: git add {file} && secrets confirm {name_word} --expires DATE, and commit both"))
}

/// The new value must be a text, and another one.
fn refuse_unfit(
    session: &Session,
    name: &TrackedName,
    current: &OpenedValue,
    value: &Value,
) -> Result<(), CommandError> {
    if std::str::from_utf8(value.expose()).is_err() {
        return Err(CommandError::new(format!(
            "{name}: the new value is no UTF-8, and `sops set` takes text only"
        ))
        .hint("encode it, with base64 say, if whoever reads it expects that")
        .hint("or seal a file as a whole: sops encrypt --input-type binary"));
    }
    if current.value.same_as(value) {
        let word = shell_word(name.as_str());
        return Err(CommandError::new(format!("{name}: that is the value it has already (same-value)"))
            .hint("encrypting it again does not renew it: get a new one from its issuer")
            .hint(format!(
                "if the issuer extended it: secrets expiry set {word} --expires DATE --reason WHY"
            )));
    }
    if !current.is_text {
        session.say(format!(
            "warning: {}: was no text (a number, say), and will be one",
            visible(name.as_str())
        ))?;
    }
    Ok(())
}

/// When the new value ends; `None` where policy says that its kind never does.
fn ending(
    session: &Session,
    policy: &Policy,
    renewal: &Renewal,
    facts: &FileFacts,
    name: &TrackedName,
    value: &Value,
) -> Result<Option<Expiry>, CommandError> {
    let lifetime = &renewal.lifetime;
    let claimed = own(facts, name).and_then(|secret| secret.claim.as_ref()?.expires.clone());
    if !lifetime.is_said()
        && claimed.is_none()
        && let Some(KindRule::Never(why)) = kind_of(&policy.kinds, name).map(|kind| &kind.rule)
    {
        session.say(format!("policy says that it never expires: {}", visible(why)))?;
        return Ok(None);
    }
    let expires = expiry_of_value(session, value, lifetime, renewal.issued)?;
    echo_expiry(session, &expires)?;
    Ok(Some(expires))
}

/// The secret of this very name, where it has a record or a rule of its own.
fn own<'f>(facts: &'f FileFacts, name: &TrackedName) -> Option<&'f TrackedSecret> {
    facts.secrets.as_deref().ok()?.iter().find(|secret| secret.name == *name)
}

/// The file as `sops` made it, if the one value is what it was told, and no other one changed.
fn verified(
    opener: &Opener<'_, '_>,
    name: &TrackedName,
    before: &ForeignFile,
    leaf: &Leaf,
    written: &[u8],
    value: &Value,
) -> Result<ForeignFile, String> {
    let after = match tracked::contents(written) {
        Contents::Sealed(file) if file.format == before.format => file,
        Contents::Sealed(file) => return Err(format!("it is {} now", file.format)),
        Contents::Plain(why) | Contents::Damaged(Damage { why, .. }) => return Err(why),
    };
    let others = |file: &ForeignFile| -> Vec<Leaf> {
        file.leaves.iter().filter(|other| other.pointer != leaf.pointer).cloned().collect()
    };
    if others(before) != others(&after) || after.leaves.len() != before.leaves.len() {
        return Err("other values in it changed too".to_owned());
    }
    let opened = opener.open(name, &after, written)?;
    match opened.get(leaf.pointer.as_ref()) {
        Some(found) if found.value.same_as(value) => Ok(after),
        Some(_) | None => Err("another value stands there".to_owned()),
    }
}

/// Brings the records up to date: its own, and that of the file as a whole if the value was part of it until now.
fn record(
    records: &mut CustodyRecords<'_>,
    tracked: &TrackedFiles<'_>,
    facts: &FileFacts,
    after: &ForeignFile,
    name: &TrackedName,
    expires: Option<Expiry>,
    renewal: &Renewal,
) -> Result<(), CommandError> {
    let seen = after.leaves.iter().find(|leaf| leaf.pointer == name.pointer()).map(|leaf| leaf.seen);
    let claims = records.beside(name.file())?.clone();
    let was = claims.get(name).cloned().unwrap_or_default();
    let claim = Claim {
        expires,
        issued: renewal.issued,
        set_at: after.modified,
        seen,
        data_key: after.data_key,
        ..was
    };
    records.put(name, claim)?;
    let of_whole = own(facts, &facts.name).filter(|_| *name != facts.name);
    let Some(of_whole) = of_whole.filter(|whole| behind(facts, whole).is_none()) else { return Ok(()) };
    let now = tracked.decided_by(&facts.name, after, records.beside(name.file())?);
    let seen = now.secrets.iter().find(|secret| secret.name == facts.name).map(|secret| secret.seen);
    if let (Some(seen), Some(claim)) = (seen, of_whole.claim.clone())
        && claim.seen != Some(seen)
    {
        records.put(&facts.name, Claim { seen: Some(seen), data_key: after.data_key, ..claim })?;
    }
    Ok(())
}
