//! From a store to the report of its gate: secrets of ours and of other tools, the store itself, the other ref, and what
//! is accepted.

use super::Session;
use super::accepted::Accepted;
use super::insides::Looking;
use super::judging::{Gate, Seen, setting};
use super::other_ref::{self, Side};
use super::rescue_notes;
use crate::checks;
use crate::checks::driver;
use crate::cli::{Check, Prove};
use crate::domain::facts::{SecretFacts, Setting, StoreFacts, Uncommitted};
use crate::domain::finding::{Finding, Known, Unknown};
use crate::domain::name::SecretName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::reach::Reach;
use crate::domain::report::{Draft, Report, Unchecked};
use crate::domain::tracked_name::{CredentialName, TrackedName};
use crate::observe::history::Begun;
use crate::observe::identities::Identities;
use crate::observe::place::Place;
use crate::observe::proofs::{Proofs, Prover};
use crate::observe::reference::Reference;
use crate::observe::secrets::Observation;
use crate::observe::selection::Selection;
use crate::observe::signer_source::SignerSource;
use crate::observe::store_facts;
use crate::observe::tracked::{self, Opener, TrackedFiles};
use crate::observe::trees::Ask;
use crate::system::threads;

/// Judges what the selection admits.
pub fn judge(
    session: &Session,
    arguments: &Check,
    place: &Place,
    policy: &Policy,
    selection: &Selection,
) -> Report {
    let (mut unknowns, mut notes) = (Vec::new(), Vec::new());
    let reference = arguments.against.as_deref().and_then(|rev| match Reference::observe(place, rev) {
        Ok(reference) => Some(reference.with_history(policy.store)),
        Err(unknown) => {
            unknowns.push(unknown);
            None
        }
    });
    let reference = reference.as_ref();
    let judging = reference.map_or_else(
        || policy.clone(),
        |reference| other_ref::judging_policy(reference, policy, &mut notes, &mut unknowns),
    );
    let observation = observe(arguments, place, policy, selection, reference);
    let setting = setting(session, place, policy, &observation);
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    let run = Run { session, arguments, policy, judging: &judging, selection, setting: &setting };

    let names: Vec<&SecretName> =
        observation.all_names().into_iter().filter(|name| selection.admits(name)).collect();
    let mut seen = run.own(&names, &observation, &mut identities);
    let rescues = &observation.rescues;
    let tracked =
        TrackedFiles::beside_rescues(place, &judging, &observation.trees, &rescues.branches, selection);
    let tracked = tracked.unwrap_or_else(|unknown| {
        unknowns.push(unknown);
        None
    });
    let policy_there = reference.map(|reference| other_ref::standing_policy(reference, &judging));
    let other = reference.zip(policy_there.as_ref());
    let mut others = OtherTools::default();
    if let Some(tracked) = &tracked {
        others = run.other_tools(tracked, other, &mut identities, &mut unknowns);
        seen.absorb(std::mem::take(&mut others.here));
    }
    let facts = run.store(&observation, &mut seen, tracked.as_ref(), reference, others.values);
    let of_store = selection.narrow(&judging, session.now, &names, &seen.tracked.names);
    let mut judged = std::mem::take(&mut seen.judged);
    judged.absorb(driver::judge_store(&setting, &of_store, &facts));
    let there = other.map(|(reference, policy)| {
        let prover = arguments.prove.map(|prove| Prover::with_all(&identities, policy, prove == Prove::All));
        other_ref::judge_reference(&setting, policy, reference, prover.as_ref(), others.there)
    });
    judged.unchecked.extend(unknowns.into_iter().map(unchecked));
    let lower = |findings: Vec<Finding>| match (&there, reference) {
        (Some(there), Some(reference)) => checks::against(findings, there, &reference.commit.short()),
        _ => findings,
    };
    if let (Selection::All, Some(tracked)) = (selection, &tracked) {
        notes.extend(tracked.idle_globs());
    }
    notes.extend(seen.tracked.notes());
    notes.extend(seen.insides.notes());
    let accepted = Accepted::observe(session, arguments, place, reference);
    notes.extend(accepted.settle(session.now, arguments, &mut judged, &lower));
    if matches!(selection, Selection::All) {
        notes.extend(rescue_notes::settled(rescues, &policy.deploy_ref, &judged));
    }
    notes.extend(rescue_notes::waiting(place));
    notes.extend(observation.blind_spot(&names, &policy.deploy_ref));
    notes.extend(seen.not_compared());
    if policy.deploy_ref == DeployRef::None {
        notes.extend(without_deploy_ref(reference.is_none() && observation.signers.was_asked()));
    }
    Report::conclude(Draft {
        at: session.now,
        store: place.folder.clone(),
        store_id: Some(policy.store),
        commit: setting.head.clone(),
        deploy_ref: Some(policy.deploy_ref.to_string()),
        strict: arguments.strict,
        secrets: names.len() + seen.tracked.secrets,
        outlook: seen.outlook,
        judged: named(names, seen.tracked.names),
        findings: judged.findings,
        waived: judged.waived,
        off: judged.off.into_iter().collect(),
        unchecked: judged.unchecked.into_iter().collect(),
        custody: seen.custody,
        notes,
    })
}

fn observe<'a>(
    arguments: &Check,
    place: &'a Place,
    policy: &'a Policy,
    selection: &Selection,
    reference: Option<&'a Reference<'a>>,
) -> Observation<'a> {
    let ask = match (&arguments.against, arguments.offline) {
        (Some(_), _) => Ask::LeaveOut,
        (None, true) => Ask::Offline,
        (None, false) if arguments.briefly => Ask::Briefly,
        (None, false) => Ask::Remote,
    };
    // A change is held against all that there was before.
    let reach = if reference.is_some() { Reach::ALL } else { selection.reach(policy) };
    let (observation, begun) = threads::join(
        || Observation::within(place, policy, ask, &reach),
        || Begun::within(place, None, &reach),
    );
    let mut observation = observation.with_history(begun, policy.store, reference.map(Reference::tip));
    if let Some(reference) = reference {
        observation.signers = SignerSource::reference(reference, policy);
    }
    observation
}

/// One run of the gate.
struct Run<'a> {
    session: &'a Session,
    arguments: &'a Check,
    /// As it is here.
    policy: &'a Policy,
    /// By which everything is judged.
    judging: &'a Policy,
    selection: &'a Selection,
    setting: &'a Setting,
}

/// What judging the files of other tools came to.
#[derive(Default)]
struct OtherTools {
    here: Seen,
    /// On the other ref.
    there: Seen,
    /// Every encrypted value of the change.
    values: Vec<TrackedName>,
}

impl Run<'_> {
    fn gate(&self) -> Gate<'_> {
        Gate { setting: self.setting, policy: self.judging }
    }

    fn own(
        &self,
        names: &[&SecretName],
        observation: &Observation<'_>,
        identities: &mut Identities<'_>,
    ) -> Seen {
        let gate = self.gate();
        let Some(prove) = self.arguments.prove else {
            return gate.judge_all(names, &|name| observation.secret(name));
        };
        let progress = self.session.terminal.progress("proving", Some(names.len() as u64));
        let proofs = Proofs { identities, policy: self.judging, is_required: prove == Prove::All };
        let see = |facts: SecretFacts| {
            progress.advance(1);
            gate.judge(&facts)
        };
        proofs.each(names, &|name, prover| observation.proved_secret(name, prover), &see, &Seen::absorb)
    }

    /// Judges what other tools have sealed, looks into it where a proof is asked for, and holds it beside the other ref.
    fn other_tools(
        &self,
        tracked: &TrackedFiles<'_>,
        other: Option<(&Reference<'_>, &Policy)>,
        identities: &mut Identities<'_>,
        unknowns: &mut Vec<Unknown>,
    ) -> OtherTools {
        let opener = Opener::new(&self.session.environment, identities);
        let files = tracked.files.len() as u64;
        let looking = self.arguments.prove.map(|prove| Looking {
            opener: &opener,
            is_required: prove == Prove::All,
            progress: self.session.terminal.progress("looking into values", Some(files)),
        });
        let (gate, looking) = (self.gate(), looking.as_ref());
        if let Some((reference, policy)) = other {
            match reference.tracked(policy, self.selection, tracked) {
                Ok(there) => {
                    let gate_there = Gate { setting: self.setting, policy };
                    let here = Side { gate: &gate, tracked };
                    let there = Side { gate: &gate_there, tracked: &there };
                    let both = other_ref::judge_files(here, there, self.selection, looking);
                    return OtherTools { here: both.here, there: both.there, values: both.values };
                }
                Err(unknown) => unknowns.push(unknown),
            }
        }
        OtherTools { here: gate.judge_files(tracked, self.selection, looking), ..OtherTools::default() }
    }

    /// What is observed of the store as a whole.
    fn store(
        &self,
        observation: &Observation<'_>,
        seen: &mut Seen,
        tracked: Option<&TrackedFiles<'_>>,
        reference: Option<&Reference<'_>>,
        values: Vec<TrackedName>,
    ) -> StoreFacts {
        let mut facts = store_facts::observe(observation, self.selection, &seen.tracked.names);
        if let Some(tracked) = tracked {
            facts.unknowns.extend(tracked.unknowns.iter().cloned());
            facts.uncommitted = joined(facts.uncommitted, tracked.uncommitted());
            facts.deployed = tracked::with_custody_files(facts.deployed, tracked.undeployed());
        }
        let covered = tracked.map(|tracked| tracked.covered.clone()).unwrap_or_default();
        facts.exposures = std::mem::take(&mut seen.exposures);
        facts.policies = reference.and_then(|reference| reference.policies(self.policy, covered, values));
        facts
    }
}

/// All that was judged.
fn named(own: Vec<&SecretName>, tracked: Vec<TrackedName>) -> Vec<CredentialName> {
    own.into_iter().cloned().map(CredentialName::from).chain(tracked.into_iter().map(Into::into)).collect()
}

/// Both lists, where both are known.
fn joined(one: Known<Vec<Uncommitted>>, other: Known<Vec<Uncommitted>>) -> Known<Vec<Uncommitted>> {
    let mut all = one?;
    all.extend(other?);
    Ok(all)
}

/// What to know where nothing is deployed from git.
fn without_deploy_ref(signed_by_policy_here: bool) -> impl Iterator<Item = String> {
    let told = "deploy-ref is \"none\": nothing is deployed from git, so no remote was asked";
    let signers =
        "signatures were held against the signing keys of the policy here, for want of a deploy ref";
    [Some(told), signed_by_policy_here.then_some(signers)].into_iter().flatten().map(str::to_owned)
}

pub fn unchecked(unknown: Unknown) -> Unchecked {
    Unchecked { secret: None, what: unknown.what, why: unknown.why }
}
