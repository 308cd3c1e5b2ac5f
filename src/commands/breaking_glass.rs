//! Breaking the glass: a deploy that would be blocked is let through, but not before that which is about to be deployed
//! is saved.

use std::time::Duration;

use super::Session;
use super::session::repository;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::report::{Report, Verdict};
use crate::domain::rescue::{BreakGlass, GlassOutcome, Reason, Saved, Story, branch_name};
use crate::git::{RescueDraft, Waiting};
use crate::keys::keychain::Keychain;
use crate::observe::cargo::{Cargo, Target};
use crate::observe::identities::Identities;
use crate::observe::place::Place;
use crate::seal::prompts::Prompts;

/// How long a push may take on a laptop: at night nobody waits longer, and what is not pushed is queued.
const LAPTOP_LIMIT: Duration = Duration::from_secs(30);

/// How long it may take in CI, where nothing can be queued.
const CI_LIMIT: Duration = Duration::from_mins(2);

/// Lets a deploy through that the report would block: saves `HEAD` and what of the store is in no commit on a rescue
/// branch of the deploy ref's remote. On a laptop it is queued where it can't be pushed; in CI that is no way out. What
/// became of it stands in the report, and with it the exit code; the verdict stays.
#[must_use]
pub fn let_through(session: &Session, reason: &Reason, mut report: Report) -> Report {
    let place = session.place();
    let policy = place.as_ref().ok().and_then(|place| place.policy().ok());
    let by = who(session, place.as_ref().ok(), policy.as_ref());
    let outcome = if report.verdict == Verdict::Pass {
        GlassOutcome::NotNeeded
    } else {
        let saved = place.map_err(|error| error.to_string()).and_then(|place| {
            let policy = place.policy().map_err(|error| error.to_string())?;
            save(session, &place, &policy, reason, &by)
        });
        saved.map_or_else(GlassOutcome::Refused, GlassOutcome::Broken)
    };
    report.break_glass = Some(BreakGlass { reason: reason.clone(), by, outcome });
    report
}

/// Saves what is about to be deployed; else says why the glass can't be broken.
fn save(
    session: &Session,
    place: &Place,
    policy: &Policy,
    reason: &Reason,
    by: &str,
) -> Result<Saved, String> {
    let DeployRef::Branch { remote, branch: base } = &policy.deploy_ref else {
        return Err("deploy-ref is \"none\", so there is no remote to save it on".to_owned());
    };
    let repository = repository(place).map_err(|error| error.to_string())?;
    let cargo = Cargo::observe(place, policy, Target { remote, branch: base });
    let cargo = cargo.map_err(|unknown| format!("{}: {}", unknown.what, unknown.why))?;
    let story = Story { by: by.to_owned(), at: Some(session.now), reason: reason.to_string() };
    let draft = RescueDraft {
        head: cargo.head,
        parent: cargo.parent,
        files: &cargo.files,
        without: &cargo.without,
        message: &story.message(&policy.deploy_ref.to_string()),
        at: session.now,
        by,
    };
    let commit = repository.make_rescue(&draft).map_err(|error| error.to_string())?;
    let branch = branch_name(&story, &commit.to_string());
    let in_ci = session.environment.var("CI").is_some();
    let limit = if in_ci { CI_LIMIT } else { LAPTOP_LIMIT };
    let mut saved = Saved {
        remote: remote.clone(),
        branch: branch.clone(),
        commit: commit.to_string(),
        url: None,
        queued: None,
        left_out: cargo.left_out,
    };
    match repository.push_rescue(commit, remote, &branch, base, limit) {
        Ok(url) => {
            repository.forget_rescue(commit);
            saved.url = url;
        }
        Err(error) if in_ci => {
            repository.forget_rescue(commit);
            return Err(format!(
                "{error}; in CI (CI is set) nothing is queued, because nobody would deliver it"
            ));
        }
        Err(error) => {
            let (remote, base) = (remote.clone(), base.clone());
            let queued = repository.queue_rescue(&Waiting { commit, remote, branch, base });
            queued.map_err(|unwritten| format!("{error}; and it can't be queued here: {unwritten}"))?;
            saved.queued = Some(error.to_string());
        }
    }
    Ok(saved)
}

/// Who asks: the holder of an identity that is at hand without a question, else the user of git, else of the machine.
fn who(session: &Session, place: Option<&Place>, policy: Option<&Policy>) -> String {
    let keychain = Keychain::new(&session.environment, false);
    let mut identities = Identities::new(session.global.identity.as_deref(), &keychain, Prompts::none());
    let holder = policy.and_then(|policy| identities.holder(policy)).map(|name| name.to_string());
    let of_git = || place?.repository.as_ref().ok()?.config("user.name");
    let of_machine = || ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| session.environment.var(name));
    let who = holder.or_else(of_git).or_else(|| of_machine().map(str::to_owned));
    who.unwrap_or_else(|| "somebody".to_owned())
}
