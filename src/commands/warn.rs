//! `secrets warn`: judges what is deployed, tells each channel what is due, and remembers it.

use serde_json::value::RawValue;

use super::scheduled::Job;
use super::surveying::Survey;
use super::{CommandError, Session};
use crate::cli::{ReadFormat, Warn};
use crate::domain::finding::Unknown;
use crate::domain::time::Instant;
use crate::domain::warned::Warned;
use crate::notify::document;
use crate::observe::deployed::Deployed;
use crate::observe::trees::REMOTE_LIMIT;
use crate::render::warned;
use crate::store::policy_file::{self, WarningRules};

pub fn run(session: &Session, arguments: &Warn) -> Result<u8, CommandError> {
    let place = session.place()?;
    let vouched = arguments.deploy_ref.as_ref();
    let (deployed, unasked) = match Deployed::observe(&place, vouched, REMOTE_LIMIT) {
        Ok(deployed) => (deployed, None),
        // Whoever can be told without the remote is told that it can't be asked.
        Err(unknown) => match Deployed::remembered(&place, vouched) {
            Some(deployed) => (deployed, Some(unknown)),
            None => return Err(of_unknown(unknown)),
        },
    };
    let (rules, mut survey) = survey(&deployed, session.now)?;
    if let Some(unknown) = unasked {
        survey.add_unknown(&unknown, session.now);
    }
    let warned = Job::new(session, arguments, &deployed, &rules, survey).work(&place);
    show(session, arguments.output.format, &warned)?;
    Ok(warned.exit_code())
}

fn of_unknown(unknown: Unknown) -> CommandError {
    CommandError::from(unknown).hint("nobody was told anything")
}

/// What is to be told and to whom. Of a policy that can't be read as a whole, the channels that can be are told so.
fn survey(deployed: &Deployed, now: Instant) -> Result<(WarningRules, Survey), CommandError> {
    match deployed.policy() {
        Ok(policy) => {
            let survey = Survey::of(deployed, &policy, now);
            let (channels, heartbeat, ledger) = (policy.channels, policy.heartbeat, policy.ledger);
            Ok((WarningRules { channels, heartbeat, ledger }, survey))
        }
        Err(unknown) => {
            let damaged =
                |bytes: &[u8]| policy_file::warning_rules_of_damaged(bytes, &deployed.policy_path());
            let rules = deployed.policy_bytes().ok().and_then(damaged);
            Ok((rules.ok_or_else(|| of_unknown(unknown.clone()))?, Survey::blind(deployed, now, &unknown)))
        }
    }
}

fn show(session: &Session, format: ReadFormat, warned: &Warned) -> Result<(), CommandError> {
    match format {
        ReadFormat::Human => session.print(warned::human(warned, session.style())),
        ReadFormat::Json => {
            let message = |bytes: Vec<u8>| {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                RawValue::from_string(text).map_err(|error| CommandError::new(error.to_string()))
            };
            let messages = warned.channels.iter().map(|channel| message(document::json(&channel.message)));
            session.print(warned::json(warned, &messages.collect::<Result<Vec<_>, _>>()?))
        }
    }
}
