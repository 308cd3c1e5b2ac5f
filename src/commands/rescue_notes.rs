//! What a reader of the gate's report should know of rescue branches that do not block.

use crate::checks::Judged;
use crate::domain::check_id::CheckId;
use crate::domain::policy::DeployRef;
use crate::domain::text::{shell_word, visible};
use crate::observe::place::Place;
use crate::observe::rescues::Rescues;

/// The branches that have nothing which the deploy ref lacks: merged, or overtaken.
pub fn settled(rescues: &Rescues, deploy_ref: &DeployRef, judged: &Judged) -> Vec<String> {
    let DeployRef::Branch { remote, .. } = deploy_ref else { return Vec::new() };
    let waived = judged.waived.iter().map(|waived| &waived.finding);
    let findings: Vec<_> = judged.findings.iter().chain(waived).collect();
    let is_open = |branch: &str| {
        findings.iter().any(|finding| finding.id == CheckId::RescuePending && finding.mark == branch)
            || judged.unchecked.iter().any(|unchecked| unchecked.what.contains(branch))
    };
    let settled = rescues.settled().into_iter().map(|branch| branch.rescue.branch.as_str());
    let settled = settled.filter(|branch| !is_open(branch));
    let told = |branch: &str| {
        let shown = visible(branch).into_owned();
        let (remote, branch) = (shell_word(remote), shell_word(branch));
        format!(
            "{shown} has nothing that {deploy_ref} lacks; it can go: git push --no-verify {remote} --delete {branch}"
        )
    };
    settled.map(told).collect()
}

/// What waits here to be pushed since somebody broke the glass without the remote.
pub fn waiting(place: &Place) -> Vec<String> {
    let Ok(repository) = &place.repository else { return Vec::new() };
    let told = |waiting| match waiting {
        Ok(waiting) => {
            let crate::git::Waiting { remote, branch, .. } = waiting;
            format!("{branch} waits here to be pushed to {remote}, and only this clone has it")
        }
        Err(error) => format!("a rescue waits here to be pushed: {error}"),
    };
    repository.waiting_rescues().into_iter().map(told).collect()
}
