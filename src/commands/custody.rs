//! `secrets custody`: the matrix of people and secrets.

use rayon::prelude::*;

use super::{CommandError, Session};
use crate::checks::holding;
use crate::cli::{Custody, CustodyFormat};
use crate::domain::facts::{SecretFacts, Setting};
use crate::domain::finding::Unknown;
use crate::domain::matrix::{Column, ColumnKind, Matrix, Row, Source, Tally};
use crate::domain::name::SecretName;
use crate::domain::policy::{Actor, DeployRef, Policy};
use crate::domain::tracked_name::TrackedName;
use crate::observe::place::Place;
use crate::observe::proofs::{Proofs, Prover};
use crate::observe::secrets::Observation;
use crate::observe::selection::Selection;
use crate::observe::store_facts;
use crate::observe::tracked::TrackedFiles;
use crate::observe::trees::Ask;
use crate::render::custody::{self, Signs};

/// The exit code where something that was asked is not known.
const NOT_KNOWN: u8 = 2;

pub fn run(session: &Session, arguments: &Custody) -> Result<u8, CommandError> {
    let matrix = matrix(session, arguments)?;
    session.print(match arguments.format {
        CustodyFormat::Human => {
            let signs = if session.terminal.is_dumb { Signs::ASCII } else { Signs::UNICODE };
            custody::human::render(&matrix, session.style(), signs)
        }
        CustodyFormat::Json => custody::json::render(&matrix),
        CustodyFormat::Html => custody::html::render(&matrix),
    })?;
    // It reports, and `check` judges; but what is not known is never a pass.
    Ok(if matrix.is_whole() { 0 } else { NOT_KNOWN })
}

fn matrix(session: &Session, arguments: &Custody) -> Result<Matrix, CommandError> {
    let place = session.place()?;
    let policy = place.policy()?;
    let selection = Selection::of(&arguments.scope, &[], &place, session.environment.current_dir())?;
    let observation = Observation::new(&place, &policy.deploy_ref, Ask::LeaveOut);
    let head = observation.trees.head.as_ref().ok().and_then(Option::as_ref).map(ToString::to_string);
    let setting = Setting {
        now: session.now,
        store: place.folder.clone(),
        deploy_ref: (policy.deploy_ref != DeployRef::None).then(|| policy.deploy_ref.to_string()),
        head: head.clone(),
        deployed_commit: None,
        deployed_is_ancestor: false,
    };
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
    let mut rows: Vec<Row> = if arguments.prove {
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
        commit: head,
        proving: arguments.prove,
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
