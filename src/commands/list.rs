//! `secrets list`: all secrets at a glance.

use rayon::prelude::*;
use serde::Serialize;

use super::reading::expiry_text;
use super::{CommandError, Session};
use crate::checks::driver;
use crate::cli::{List, ReadFormat};
use crate::domain::custody;
use crate::domain::expiry::Expiry;
use crate::domain::facts::Setting;
use crate::domain::finding::Level;
use crate::domain::name::SecretName;
use crate::domain::policy::Policy;
use crate::observe::secrets::Observation;
use crate::observe::selection::Selection;
use crate::observe::trees::Ask;
use crate::render::table::{Cell, Table};

#[derive(Serialize)]
struct ListWire {
    schema_version: u32,
    at: String,
    secrets: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    version: Option<u64>,
    expires: Option<String>,
    never: Option<String>,
    days_left: Option<i64>,
    people: Option<usize>,
    owners: Vec<String>,
    /// What `check --offline` says of it without asking the remote: `ok`, `unknown`, or the gravest finding.
    state: String,
    level: &'static str,
    #[serde(skip)]
    expires_text: String,
}

pub fn run(session: &Session, arguments: &List) -> Result<u8, CommandError> {
    let place = session.place()?;
    let policy = place.policy()?;
    let selection = Selection::of(&arguments.scope, &[], &place, session.environment.current_dir())?;
    let observation = Observation::new(&place, &policy.deploy_ref, Ask::LeaveOut);
    if let Some(idle) = selection.idle_parts(&observation.names).first() {
        return Err(CommandError::new(format!("{idle}: fits no secret")).hint("secrets list"));
    }
    let setting = Setting {
        now: session.now,
        store: place.folder.clone(),
        deploy_ref: None,
        head: None,
        deployed_commit: None,
        deployed_is_ancestor: false,
    };
    let names: Vec<&SecretName> = observation.names.iter().filter(|name| selection.admits(name)).collect();
    let secrets: Vec<Row> =
        names.par_iter().map(|name| row(session, &setting, &policy, &observation, name)).collect();
    if arguments.output.format == ReadFormat::Json {
        let wire = ListWire { schema_version: 1, at: session.now.to_string(), secrets };
        let mut text = serde_json::to_string_pretty(&wire)?;
        text.push('\n');
        session.print(text)?;
        return Ok(0);
    }
    if secrets.is_empty() {
        session.say("the store holds no secret yet: secrets add NAME --expires-in 1y")?;
        return Ok(0);
    }
    session.print(table(&secrets).render(session.style()))?;
    Ok(0)
}

fn row(
    session: &Session,
    setting: &Setting,
    policy: &Policy,
    observation: &Observation<'_>,
    name: &SecretName,
) -> Row {
    let facts = observation.secret(name);
    let judged = driver::judge_secret(setting, policy, &facts);
    let gravest = judged.findings.iter().max_by_key(|finding| (finding.level, std::cmp::Reverse(finding.id)));
    let (state, level) = match gravest {
        _ if !judged.unchecked.is_empty() && gravest.is_none_or(|finding| finding.level < Level::Error) => {
            ("unknown".to_owned(), "unknown")
        }
        Some(finding) => (finding.id.to_string(), finding.level.as_str()),
        None => ("ok".to_owned(), "ok"),
    };
    let record = facts.record.ok().flatten();
    let sealed = record.as_ref().map(|record| &record.sealed);
    let expires = sealed.and_then(|sealed| sealed.expires.as_ref());
    let at = expires.and_then(Expiry::at);
    Row {
        name: name.to_string(),
        version: sealed.map(|sealed| sealed.version.number),
        expires: at.map(|at| at.to_string()),
        never: expires.and_then(|expiry| match expiry {
            Expiry::Never { why } => Some(why.clone()),
            Expiry::At { .. } => None,
        }),
        days_left: at.map(|at| session.now.days_until(at)),
        people: sealed.map(|sealed| custody::people(sealed, policy).len()),
        owners: record
            .as_ref()
            .map(|r| r.about.owners.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        state,
        level,
        expires_text: expiry_text(expires),
    }
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new(&["NAME", "EXPIRES", "DAYS", "PEOPLE", "OWNER", "STATE"]);
    table.align_right(2);
    table.align_right(3);
    for row in rows {
        let number = |number: Option<String>| number.unwrap_or_else(|| "-".to_owned());
        table.cells([
            Cell::plain(&row.name),
            Cell::plain(&row.expires_text),
            Cell::plain(number(row.days_left.map(|days| days.to_string()))),
            Cell::plain(number(row.people.map(|people| people.to_string()))),
            Cell::plain(if row.owners.is_empty() { "-".to_owned() } else { row.owners.join(", ") }),
            match row.level {
                "ok" => Cell::good(&row.state),
                "warning" => Cell::warning(&row.state),
                _ => Cell::bad(&row.state),
            },
        ]);
    }
    table
}
