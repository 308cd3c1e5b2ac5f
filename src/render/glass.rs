//! What became of `--break-glass`, in the words that all formats for people share.

use crate::domain::report::{Report, Verdict};
use crate::domain::rescue::{BreakGlass, GlassOutcome, Saved};
use crate::domain::text::shell_word;

/// How many files that did not go along are named.
const MOST_NAMED: usize = 10;

/// A sentence that a reader must know, and a command to be copied.
pub(super) struct Told {
    pub(super) text: String,
    pub(super) command: Option<String>,
}

impl Told {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), command: None }
    }
}

/// What the last line of a report ends in.
pub(super) fn end(report: &Report) -> &'static str {
    match report.verdict {
        Verdict::Pass => "clear to deploy",
        Verdict::Fail | Verdict::Unknown if report.is_let_through() => "LET THROUGH by --break-glass",
        Verdict::Fail | Verdict::Unknown => "deploy blocked",
    }
}

/// The same for formats without commands of their own: lines, none where the glass was not touched.
pub(super) fn lines(report: &Report) -> Vec<String> {
    let told = report.break_glass.iter().flat_map(|glass| told(glass, report.deploy_ref.as_deref()));
    told.flat_map(|told| [Some(told.text), told.command]).flatten().collect()
}

/// What a reader must know; the first sentence says it all in short.
pub(super) fn told(glass: &BreakGlass, deploy_ref: Option<&str>) -> Vec<Told> {
    let (by, reason) = (&glass.by, &glass.reason);
    match &glass.outcome {
        GlassOutcome::NotNeeded => {
            vec![Told::new("--break-glass was not needed: nothing blocks this deploy, so nothing was pushed")]
        }
        GlassOutcome::Refused(why) => {
            vec![Told::new(format!("the glass was NOT broken, and the deploy stays blocked: {why}"))]
        }
        GlassOutcome::Broken(saved) => {
            let mut told = vec![Told::new(format!("{by} broke the glass: \u{201c}{reason}\u{201d}"))];
            told.extend(of_saved(saved, deploy_ref.unwrap_or("the deploy ref")));
            told
        }
    }
}

fn of_saved(saved: &Saved, deploy_ref: &str) -> Vec<Told> {
    let Saved { remote, branch, commit, url, queued, left_out } = saved;
    let short: String = commit.chars().take(12).collect();
    let mut told = match queued {
        None => vec![Told::new(format!("what is deployed is saved on {remote} as `{branch}` ({short})"))],
        Some(why) => {
            let unsaved =
                format!("what is deployed is NOT on {remote} yet, and only this clone has it: {why}");
            let text = format!(
                "it waits here as `{branch}` ({short}); the next secrets command delivers it, and so does"
            );
            let to = shell_word(&format!("{commit}:refs/heads/{branch}")).into_owned();
            let command = Some(format!("git push --no-verify {} {to}", shell_word(remote)));
            vec![Told::new(unsaved), Told { text, command }]
        }
    };
    let unsaved = left_out.iter().take(MOST_NAMED);
    told.extend(unsaved.map(|out| Told::new(format!("NOT saved: {}: {}", out.path, out.why))));
    if let Some(more) = left_out.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        told.push(Told::new(format!("NOT saved: {more} more; --format json lists all")));
    }
    told.push(Told::new(format!(
        "as long as that has a newer version of a secret than {deploy_ref}, every check fails with rescue-pending: merge it \
         the next morning"
    )));
    told.extend(url.iter().map(|url| Told::new(format!("open a pull request: {url}"))));
    told
}
