//! What a baseline accepts: read for the gate, and written by it.

use std::path::Path;

use super::{CommandError, Session};
use crate::checks::driver::Judged;
use crate::cli::{Check, Prove};
use crate::domain::baseline::{Baseline, MOST_DAYS, can_be_accepted, latest_end};
use crate::domain::finding::{Finding, Known};
use crate::domain::report::{Report, Unchecked};
use crate::domain::text::{counted, listed, shell_word, visible};
use crate::domain::time::Instant;
use crate::observe::baseline::{Accepts, BaselineFile, commit_command};
use crate::observe::place::Place;
use crate::observe::reference::Reference;
use crate::store::baseline_file::{self, BaselineError, MAX_BASELINE_BYTES};
use crate::system::files::{self, Access};

/// What the baseline of a run accepts, if it has one.
pub enum Accepted {
    Nothing,
    /// With what the report calls it.
    Baseline(Known<Accepts>, String),
}

impl Accepted {
    /// Reads the baseline. What is to be written anew is not read: the report is to show what would be accepted.
    pub fn observe(
        session: &Session,
        arguments: &Check,
        place: &Place,
        reference: Option<&Reference<'_>>,
    ) -> Self {
        let Some(given) = arguments.baseline.as_deref().filter(|_| arguments.accept_until.is_none()) else {
            return Self::Nothing;
        };
        let file = BaselineFile::new(place, session.environment.current_dir(), given);
        let accepts = match (reference, &arguments.against) {
            (Some(reference), _) => file.at(reference.commit, session.now),
            (None, None) => file.here(session.now).map(Accepts::This),
            // That the ref can't be read is told already, and the change must not accept its own faults.
            (None, Some(_)) => return Self::Nothing,
        };
        Self::Baseline(accepts, file.shown)
    }

    /// Lets through what is accepted, before `lower` makes warnings of what stands on another ref. Answers with notes.
    pub fn settle(
        self,
        now: Instant,
        arguments: &Check,
        judged: &mut Judged,
        lower: &dyn Fn(Vec<Finding>) -> Vec<Finding>,
    ) -> Vec<String> {
        let findings = std::mem::take(&mut judged.findings);
        let (accepts, file) = match self {
            Self::Nothing => {
                judged.findings = lower(findings);
                return Vec::new();
            }
            Self::Baseline(accepts, file) => (accepts, visible(&file).into_owned()),
        };
        let baseline = match accepts {
            Ok(Accepts::This(baseline)) => baseline,
            Ok(Accepts::Nothing(why)) => {
                judged.findings = lower(findings);
                return vec![why];
            }
            Err(unknown) => {
                judged.findings = lower(findings);
                let (what, why) = (visible(&unknown.what).into_owned(), visible(&unknown.why).into_owned());
                judged.unchecked.insert(Unchecked { secret: None, what, why });
                return Vec::new();
            }
        };
        let by = format!("baseline {file}");
        let settled = baseline.settle(now, &by, findings, &judged.waived);
        judged.waived.extend(settled.waived);
        judged.findings = lower(settled.findings);
        let (lapsed, ends): (Vec<_>, Vec<_>) = settled.lapsed.into_iter().unzip();
        judged.findings.extend(lower(lapsed).into_iter().zip(ends).map(|(finding, until)| {
            let message = format!("{} (accepted until {} by {by})", finding.message, until.brief());
            Finding { message, ..finding }
        }));
        if settled.mended == 0 || !sees_all(arguments, judged, &baseline) {
            return Vec::new();
        }
        let are = if settled.mended == 1 { "is" } else { "are" };
        let findings = counted(settled.mended, "accepted finding");
        vec![format!("{findings} in {file} {are} mended: write it anew")]
    }
}

/// Whether what is not found is not there: everything was judged, as it was when the baseline was made.
fn sees_all(arguments: &Check, judged: &Judged, baseline: &Baseline) -> bool {
    let is_whole = arguments.scope.is_empty() && arguments.files.is_empty() && arguments.against.is_none();
    let is_proved = arguments.prove == Some(Prove::All);
    is_whole && judged.unchecked.is_empty() && (is_proved || !baseline.is_proved)
}

/// That what this run finds is to be accepted.
pub struct Acceptance<'a> {
    path: &'a Path,
    until: Instant,
    reason: String,
    is_proved: bool,
}

impl<'a> Acceptance<'a> {
    /// `None` where nothing is to be accepted.
    pub fn demanded(session: &Session, arguments: &'a Check) -> Result<Option<Self>, CommandError> {
        let (Some(path), Some(until)) = (arguments.baseline.as_deref(), arguments.accept_until) else {
            return Ok(None);
        };
        let now = session.now;
        if until <= now {
            return Err(CommandError::new(format!(
                "--accept-until {}: is over already; findings are accepted until a date to come",
                until.brief()
            )));
        }
        let latest = latest_end(now).filter(|latest| until > *latest);
        if let Some(latest) = latest {
            return Err(CommandError::new(format!(
                "--accept-until {}: is more than {MOST_DAYS} days ahead; what is accepted for longer is forgotten",
                until.brief()
            ))
            .hint(format!("give {} or earlier, and write the baseline anew when it comes", latest.date()))
            .hint("what is to be lived with for long is a [[waiver]] of its own: see docs/checks.md"));
        }
        let reason = match arguments.reason.as_deref().map(str::trim) {
            Some("") => return Err(CommandError::new("--reason: is empty; say why, or leave it out")),
            Some(reason) => reason.to_owned(),
            None => format!("found on {}", now.date()),
        };
        let is_proved = arguments.prove.is_some();
        Ok(Some(Self { path, until, reason, is_proved }))
    }

    /// Writes the baseline, and says what was accepted and what was not.
    pub fn write(self, session: &Session, report: &Report) -> Result<(), CommandError> {
        let place = session.place()?;
        let file = BaselineFile::new(&place, session.environment.current_dir(), self.path);
        if report.store_id.is_none() {
            return Err(CommandError::new(format!(
                "{}: was not written, for nothing was judged",
                file.shown
            )));
        }
        if file.is_in_store() {
            return Err(CommandError::new(format!(
                "{}: lies in the store, where it would be taken for a value in clear; give a path beside it",
                file.shown
            )));
        }
        refuse_another(&file)?;
        let baseline = Baseline {
            is_proved: self.is_proved,
            ..Baseline::accept(&report.findings, session.now, self.until, self.reason)
        };
        let text = baseline_file::print(&baseline);
        if text.len() as u64 > MAX_BASELINE_BYTES {
            return Err(BaselineError::TooLarge { path: file.shown }.into());
        }
        files::write_atomic(file.path(), text.as_bytes(), Access::Shared)?;
        let accepted = counted(baseline.accepted.len(), "finding");
        let shown = visible(&file.shown).into_owned();
        session.say(format!("accepted {accepted} until {} in {shown}", self.until.brief()))?;
        let mut ids: Vec<&str> = (report.findings.iter())
            .filter(|finding| !can_be_accepted(finding.id))
            .map(|finding| finding.id.as_str())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        if !ids.is_empty() {
            session.say(format!("not accepted, mend it as the report says: {}", listed(&ids)))?;
        }
        if !report.unchecked.is_empty() {
            session.say("not accepted: what could not be checked")?;
        }
        if let Some(path) = file.inside() {
            session.say(format!("commit it: {}", commit_command(path)))?;
        }
        let again = format!("secrets check --baseline {}", shell_word(&self.path.to_string_lossy()));
        session.say(format!("the verdict above is without it; from then on: {again}"))
    }
}

/// Refuses to write over what is no baseline: one slip of the hand must not cost a file.
fn refuse_another(file: &BaselineFile<'_>) -> Result<(), CommandError> {
    let shown = &file.shown;
    let why = match files::read_if_present(file.path(), MAX_BASELINE_BYTES) {
        Ok(None) => return Ok(()),
        Ok(Some(bytes)) => match baseline_file::parse(&bytes, shown) {
            Ok(_) => return Ok(()),
            Err(error) => error.to_string(),
        },
        Err(error) => format!("{shown}: {}", error.reason()),
    };
    Err(CommandError::new(format!("{shown}: is there, and nothing is written over it"))
        .hint(why)
        .hint("remove it first, or give another path"))
}
