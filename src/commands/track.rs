//! `secrets track`: takes over files that other tools have sealed, where they are.

use std::collections::BTreeMap;

use super::adding::about;
use super::gathering::{CustodyRecords, Gathered, Target};
use super::proposals::Proposals;
use super::session::repository;
use super::taking_over::{MOST_VALUES, Plan};
use super::tracking::commit;
use super::{CommandError, Session};
use crate::change::writer::Writer;
use crate::cli::{ReadFormat, Track};
use crate::domain::access;
use crate::domain::claim::Claim;
use crate::domain::digest::Digest;
use crate::domain::foreign::ForeignFile;
use crate::domain::policy::Policy;
use crate::domain::record::About;
use crate::domain::text::counted;
use crate::domain::tracked_name::TrackedName;
use crate::observe::tracked::{Decided, whole};
use crate::store::layout::POLICY;
use crate::store::policy_edit;

pub fn run(session: &Session, arguments: &Track) -> Result<u8, CommandError> {
    let place = session.place()?;
    let repository = repository(&place)?;
    let targets: Vec<Target> =
        (arguments.paths.iter()).map(|text| Target::read(session, &place, text)).collect::<Result<_, _>>()?;
    let mut writer = Writer::begin_in_repository(&place.store, repository, &place.folder)?;
    let policy = place.policy()?;
    refuse_unknown_owners(&policy, arguments)?;
    let gathered = Gathered::look(&place, &targets)?;
    refuse_plain(&targets, &gathered, &arguments.paths)?;
    let mut records = CustodyRecords::new(&place);
    let plan = plan(&policy, gathered, &targets, arguments, &mut records)?;
    records.plan(&mut writer);
    let text = place.policy_text()?;
    let mut draft = policy_edit::Draft::read(&text, &place.path(POLICY))?;
    draft.add_tracked_files(&plan.globs)?;
    let changed = draft.to_string();
    if changed != text {
        crate::observe::place::parse_policy(changed.as_bytes(), &place.path(POLICY))?;
        writer.put(&place.path(POLICY), Some(Digest::of(text.as_bytes())), Some(changed.into_bytes()));
    }
    let files: Vec<String> = writer.planned().map(|(path, _)| path.to_owned()).collect();
    match arguments.format {
        ReadFormat::Human => session.print(plan.told(&files, arguments.dry_run))?,
        ReadFormat::Json => session.print_json(&plan.wire(&files, arguments.dry_run))?,
    }
    let code = if plan.unreadable.is_empty() { 0 } else { 2 };
    if arguments.dry_run {
        return Ok(code);
    }
    if writer.is_idle() {
        session.say("nothing to record: every sealed value has a record or a rule already")?;
        return Ok(code);
    }
    let message = format!("secrets: track {}", counted(plan.files, "sealed file"));
    commit(session, &place, &policy, writer, &message, &arguments.publish, arguments.untested_hooks)?;
    Ok(code)
}

fn refuse_unknown_owners(policy: &Policy, arguments: &Track) -> Result<(), CommandError> {
    match arguments.notes.owners.iter().find(|owner| !policy.can_own(owner)) {
        Some(owner) => {
            Err(CommandError::new(format!("--owner {owner}: policy has no person or group of that name"))
                .hint("secrets people list"))
        }
        None => Ok(()),
    }
}

/// What was named by its own path must be sealed: its name on the command line says that somebody thinks so.
fn refuse_plain(targets: &[Target], gathered: &Gathered, given: &[String]) -> Result<(), CommandError> {
    for (target, text) in targets.iter().zip(given) {
        if let Target::Path(path) = target
            && let Some(why) = gathered.plain.get(path)
        {
            return Err(CommandError::new(format!("{text}: is not sealed: {why}"))
                .hint("nothing was written; seal the file first, with `sops encrypt --in-place` for one"));
        }
        let means = |path: &String| TrackedName::new(path, None).is_some_and(|name| target.means(&name));
        let value_of = |path: &String| matches!(target, Target::Value(name) if name.file() == path);
        let any = |path: &String| means(path) || value_of(path);
        if !gathered.sealed.keys().chain(gathered.unreadable.keys()).any(any) {
            return Err(CommandError::new(format!("{text}: no sealed file fits it, so nothing was written"))
                .hint("known by their content are files of sops, age, git-crypt, SealedSecrets and ansible-vault"));
        }
    }
    Ok(())
}

fn plan(
    policy: &Policy,
    gathered: Gathered,
    targets: &[Target],
    arguments: &Track,
    records: &mut CustodyRecords<'_>,
) -> Result<Plan, CommandError> {
    let globs = targets.iter().filter_map(|target| match target {
        Target::Glob(glob) => Some(glob.to_string()),
        Target::Path(_) | Target::Value(_) => None,
    });
    let mut plan = Plan {
        files: gathered.sealed.len(),
        formats: BTreeMap::new(),
        recorded: Vec::new(),
        crowded: Vec::new(),
        not_secret: 0,
        proposals: Proposals::default(),
        unmatched: BTreeMap::new(),
        in_clear: Vec::new(),
        plain: gathered.plain,
        unreadable: gathered.unreadable,
        globs: globs.collect(),
    };
    // A glob may be meant for folders where others keep plain files too.
    plan.plain.retain(|_, _| !plan.globs.is_empty());
    let mut seen = Vec::new();
    for (path, file) in &gathered.sealed {
        *plan.formats.entry(file.format).or_default() += 1;
        plan.in_clear.extend(file.in_clear.iter().map(|pointer| format!("{path}#{pointer}")));
        let Some(name) = TrackedName::new(path, None) else {
            plan.unreadable.insert(path.clone(), "its name can't be told from a pointer into it".to_owned());
            continue;
        };
        let claims = records.beside(path)?;
        let claimed = claims.get(&name).map(|claim| claim.readers.clone()).unwrap_or_default();
        for key in access::holders(&file.access, policy, &claimed).unmatched {
            *plan.unmatched.entry(key).or_default() += 1;
        }
        let decided = Decided::of(policy, &name, Some(file), claims);
        plan.not_secret += decided.not_secret;
        let leaves = decided.undecided_leaves;
        seen.extend(leaves.iter().map(|(name, _)| name.clone()));
        let is_crowded = leaves.len() > MOST_VALUES;
        if is_crowded && !arguments.whole {
            plan.crowded.push(path.clone());
        }
        if leaves.is_empty() {
            continue;
        }
        if arguments.whole || is_crowded {
            let all = whole(leaves.iter().map(|(name, seen)| (name, *seen)));
            // The one value of a file that is sealed as a whole is that file.
            let seen = if leaves.iter().any(|(leaf, _)| *leaf == name) { file_seen(file) } else { Some(all) };
            records.put(&name, claim(file, seen, arguments))?;
            plan.recorded.push(name);
            continue;
        }
        for (leaf, seen) in leaves {
            records.put(&leaf, claim(file, Some(seen), arguments))?;
            plan.recorded.push(leaf);
        }
    }
    plan.proposals = Proposals::of(seen.iter());
    Ok(plan)
}

fn file_seen(file: &ForeignFile) -> Option<Digest> {
    file.leaves.first().map(|leaf| leaf.seen)
}

fn claim(file: &ForeignFile, seen: Option<Digest>, arguments: &Track) -> Claim {
    let About { owners, issuer, runbook, .. } = about(&arguments.notes);
    Claim {
        owners,
        issuer,
        runbook,
        set_at: file.modified,
        seen,
        data_key: file.data_key,
        ..Claim::default()
    }
}
