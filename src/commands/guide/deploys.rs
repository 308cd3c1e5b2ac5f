//! From where deploys are made.

use std::time::Duration;

use super::Guide;
use crate::commands::CommandError;
use crate::domain::policy::DeployRef;
use crate::git::{RemoteError, Repository};
use crate::system::terminal::Question;

/// How long the remote may take while somebody waits for the next question.
const PATIENCE: Duration = Duration::from_secs(10);

impl Guide<'_> {
    /// The deploy ref, asked for until it can be one.
    pub(super) fn deploy_ref(&self) -> Result<DeployRef, CommandError> {
        let repository = crate::commands::session::repository(self.place)?;
        let branch = repository.branch();
        let proposal = proposal(repository, branch.as_deref());
        if proposal == DeployRef::None {
            self.tell(
                "This repository has no remote, so nothing can be deployed from one. When it has: write deploy-ref = \
                 \"origin/main\" into policy.toml.",
            )?;
        }
        self.tell(
            "From which remote branch are deploys made? `secrets check` asks the remote what stands there. `none`: \
             nothing is deployed from git; then no remote is asked, and every report says so.",
        )?;
        loop {
            let question =
                Question { what: "deploys are made from", remedy: "give --deploy-ref origin/main" };
            let answer = self.session.terminal.ask_line(
                question,
                Some(&proposal.to_string()),
                str::parse::<DeployRef>,
            )?;
            if self.keeps(repository, &answer, branch.as_deref())? {
                return Ok(answer);
            }
        }
    }

    /// Asks the remote for the branch, and a person where that is not there.
    fn keeps(
        &self,
        repository: &Repository,
        deploy_ref: &DeployRef,
        current: Option<&str>,
    ) -> Result<bool, CommandError> {
        let DeployRef::Branch { remote, branch } = deploy_ref else { return Ok(true) };
        let asking = self.session.terminal.progress(&format!("asking {remote}"), None);
        let asked = repository.ask_remote(remote, branch, PATIENCE);
        drop(asking);
        let told = match asked {
            Ok(tip) => {
                self.tell(&format!("{deploy_ref} is at {} now", tip.commit().short()))?;
                return Ok(true);
            }
            Err(RemoteError::NoSuchBranch { .. }) => {
                format!("{remote} has no branch {branch} yet: the first push makes it")
            }
            Err(error @ RemoteError::NoSuchRemote { .. }) => {
                self.tell_inside(&error.to_string())?;
                return Ok(false);
            }
            Err(error) => error.to_string(),
        };
        self.tell_inside(&told)?;
        let what = format!("keep {deploy_ref}");
        let question = Question { what: &what, remedy: "give --deploy-ref origin/main" };
        Ok(self.session.terminal.confirm(question, current == Some(branch))?)
    }
}

/// The branch that the remote calls its own, else the one that is checked out.
fn proposal(repository: &Repository, branch: Option<&str>) -> DeployRef {
    let remotes = repository.remotes();
    let remote = remotes.iter().find(|remote| *remote == "origin").or(remotes.first());
    let Some(remote) = remote else { return DeployRef::None };
    let branch = repository.remote_head(remote).or_else(|| branch.map(str::to_owned));
    let branch = branch.unwrap_or_else(|| "main".to_owned());
    format!("{remote}/{branch}").parse().unwrap_or(DeployRef::None)
}
