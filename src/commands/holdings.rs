//! Who holds what: from a store to the matrix of people and secrets, for whoever shows it.

use super::judging::setting;
use super::{CommandError, Session};
use crate::checks::holding;
use crate::domain::facts::{SecretFacts, Setting};
use crate::domain::finding::Unknown;
use crate::domain::glob::Glob;
use crate::domain::matrix::{Column, ColumnKind, Matrix, Row, Source, Tally};
use crate::domain::name::SecretName;
use crate::domain::policy::{Actor, Policy};
use crate::domain::tracked_name::TrackedName;
use crate::observe::place::Place;
use crate::observe::proofs::{Proofs, Prover};
use crate::observe::secrets::Observation;
use crate::observe::selection::Selection;
use crate::observe::store_facts;
use crate::observe::tracked::TrackedFiles;
use crate::observe::trees::Ask;
use crate::system::threads::{ParallelIterator as _, Shared as _};

/// Of what the scopes fit, all where there are none. With `prove` the values are opened.
pub fn matrix(session: &Session, scopes: &[Glob], prove: bool) -> Result<Matrix, CommandError> {
    let place = session.place()?;
    let policy = place.policy()?;
    let selection = Selection::of(scopes, &[], &place, session.environment.current_dir())?;
    let observation = Observation::new(&place, &policy, Ask::LeaveOut);
    let setting = setting(session, &place, &policy, &observation);
    let files = Files::observe(&place, &policy, &observation, &selection, &setting);
    if let Some(idle) = selection.idle_parts(&observation.names, &files.names).first() {
        return Err(CommandError::new(format!("{idle}: fits no secret")).hint("secrets list"));
    }
    let names: Vec<&SecretName> = observation.names.iter().filter(|name| selection.admits(name)).collect();
    let progress = session.terminal.progress("custody", u64::try_from(names.len()).ok());
    let row = |facts: SecretFacts| {
        progress.advance(1);
        holding::row(&setting, &policy, &facts)
    };
    let mut rows: Vec<Row> = if prove {
        let keychain = session.keychain();
        let mut identities = session.identities(&keychain);
        let proofs = Proofs { identities: &mut identities, policy: &policy, is_required: true };
        let look = |name: &SecretName, prover: &Prover<'_>| observation.proved_secret(name, prover);
        proofs.each(&names, &look, &|facts| vec![row(facts)], &Vec::extend)
    } else {
        names.par_iter().map(|name| row(observation.secret(name))).collect()
    };
    drop(progress);
    let source = Source {
        at: session.now,
        store: place.folder.clone(),
        store_id: policy.store,
        commit: setting.head.clone(),
        proving: prove,
    };
    let mut unknowns = store_facts::observe(&observation, &selection, &files.names).unknowns;
    rows.extend(files.rows);
    unknowns.extend(files.unknowns);
    Ok(Matrix::conclude(source, columns(&policy), rows, unknowns))
}

/// What other tools have sealed.
#[derive(Default)]
struct Files {
    rows: Vec<Row>,
    /// The files, and the secrets in them.
    names: Vec<TrackedName>,
    /// What could not be seen of them at all.
    unknowns: Vec<Unknown>,
}

impl Files {
    fn observe(
        place: &Place,
        policy: &Policy,
        observation: &Observation<'_>,
        selection: &Selection,
        setting: &Setting,
    ) -> Self {
        let tracked = match TrackedFiles::observe(place, policy, &observation.trees, selection) {
            Ok(Some(tracked)) => tracked,
            Ok(None) => return Self::default(),
            Err(unknown) => return Self { unknowns: vec![unknown], ..Self::default() },
        };
        let look = |path: &String| {
            let facts = tracked.file(path)?;
            let secrets =
                facts.secrets.as_deref().unwrap_or_default().iter().map(|secret| secret.name.clone());
            let names: Vec<TrackedName> = secrets.chain([facts.name.clone()]).collect();
            let is_meant = names.iter().any(|name| selection.admits_tracked(name));
            is_meant.then(|| (holding::file_row(setting, policy, &facts), names))
        };
        let looked: Vec<(Row, Vec<TrackedName>)> = tracked.files.par_iter().filter_map(look).collect();
        let (rows, names): (Vec<_>, Vec<_>) = looked.into_iter().unzip();
        Self { rows, names: names.into_iter().flatten().collect(), unknowns: tracked.unknowns }
    }
}

/// Everybody whom policy knows. Whoever stands in a row beside them is added when the matrix is concluded.
fn columns(policy: &Policy) -> Vec<Column> {
    policy
        .actors()
        .map(|(name, actor)| {
            let (kind, contact, people, confirmed) = match actor {
                Actor::Person(person) => (ColumnKind::Person, person.contact.clone(), [].into(), None),
                Actor::SharedKey(key) => (ColumnKind::SharedKey, None, key.people.clone(), key.confirmed),
                Actor::Machine(_) => (ColumnKind::Machine, None, [].into(), None),
            };
            Column { kind, name: name.clone(), contact, people, confirmed, tally: Tally::default() }
        })
        .collect()
}
