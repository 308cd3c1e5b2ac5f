//! What becomes of records that are behind: recorded anew by themselves where nothing has to be said, answered by the
//! command line or by a person, else left.

use super::comparing::{Late, Verdict};
use super::ending::{expiry, warn_of_earlier_end};
use super::{CommandError, Session};
use crate::cli::{Confirm, Lifetime};
use crate::domain::claim::Claim;
use crate::domain::expiry::Expiry;
use crate::domain::text::{counted, few, visible};
use crate::domain::time::Instant;
use crate::domain::tracked_name::TrackedName;
use crate::domain::tracking::KindRule;
use crate::domain::value_end::ValueEnds;
use crate::system::terminal::Question;

/// How many names are listed of what needed nobody.
const MOST_LISTED: usize = 20;

/// What the command line says of values that are others.
pub struct Answers<'a> {
    /// Of all of them.
    expiry: Option<Expiry>,
    keeps: bool,
    issued: Option<Instant>,
    lifetime: &'a Lifetime,
    can_ask: bool,
}

impl<'a> Answers<'a> {
    pub fn read(session: &Session, arguments: &'a Confirm) -> Result<Self, CommandError> {
        let lifetime = &arguments.lifetime;
        let expiry =
            if lifetime.is_said() { Some(expiry(session, lifetime, arguments.issued, None)?) } else { None };
        let can_ask = session.terminal.can_ask() && !arguments.dry_run;
        let (keeps, issued) = (arguments.keep_expiry, arguments.issued);
        Ok(Self { expiry, keeps, issued, lifetime, can_ask })
    }

    /// Whether the ends that the values carry are of use: to propose them.
    pub fn wants_ends(&self) -> bool {
        self.can_ask && self.expiry.is_none() && !self.keeps
    }
}

/// A record as it was, and as it is to be.
struct Change {
    name: TrackedName,
    was: Claim,
    claim: Claim,
}

/// What became of each.
#[derive(Default)]
pub struct Settled {
    /// By why nobody had to say anything.
    by_themselves: Vec<(Change, &'static str)>,
    /// With what was said of it.
    answered: Vec<(Change, String)>,
    /// With why somebody has to say something.
    pub left: Vec<(TrackedName, String)>,
}

const SAME: &str = "opened, and the value is the same";
const FIRST: &str = "recorded for the first time";
const NEVER: &str = "another value, and policy says that its kind never lapses";

impl Settled {
    /// Asks where that is possible. With `dry_run` nobody is asked.
    pub fn of(
        session: &Session,
        answers: &Answers<'_>,
        late: Vec<Late>,
        dry_run: bool,
    ) -> Result<Self, CommandError> {
        let mut settled = Self::default();
        for late in late {
            settled.take(session, answers, &late, dry_run)?;
        }
        Ok(settled)
    }

    fn take(
        &mut self,
        session: &Session,
        answers: &Answers<'_>,
        late: &Late,
        dry_run: bool,
    ) -> Result<(), CommandError> {
        let name = late.secret.name.clone();
        let why = match &late.verdict {
            Verdict::Same => {
                let claim = late.seen_now();
                self.by_themselves.push((late.change(claim), SAME));
                return Ok(());
            }
            Verdict::First => {
                let claim = Claim { set_at: late.claim.set_at.or(late.modified), ..late.seen_now() };
                self.by_themselves.push((late.change(claim), FIRST));
                return Ok(());
            }
            Verdict::Other => "the value is another one".to_owned(),
            Verdict::Unknown(why) => format!("whether the value is the same is not known: {why}"),
        };
        if late.never_lapses_by_policy() && answers.expiry.is_none() {
            let claim = late.new_version(late.claim.expires.clone(), answers.issued);
            self.by_themselves.push((late.change(claim), NEVER));
            return Ok(());
        }
        let recorded = late.secret.expires();
        if let Some(expiry) = &answers.expiry {
            self.answer(late, Some(expiry.clone()), answers.issued, &told(expiry));
        } else if answers.keeps {
            match recorded {
                Some(expiry) => {
                    let told = format!("the recorded expiry holds: {}", told(&expiry));
                    let issued = answers.issued.or(late.claim.issued);
                    self.answer(late, late.claim.expires.clone(), issued, &told);
                }
                None => self.left.push((name, format!("{why}; and no expiry is recorded that could hold"))),
            }
        } else if answers.can_ask {
            match ask(session, answers, late, &why, recorded.as_ref())? {
                Some(expiry) => {
                    let ends = ValueEnds { ends: late.end.iter().cloned().collect(), unread: Vec::new() };
                    warn_of_earlier_end(session, &ends, &expiry)?;
                    self.answer(late, Some(expiry.clone()), answers.issued, &told(&expiry));
                }
                None => self.left.push((name, why)),
            }
        } else {
            let verb = if dry_run { "would be asked about: " } else { "" };
            self.left.push((name, format!("{verb}{why}")));
        }
        Ok(())
    }

    fn answer(&mut self, late: &Late, expires: Option<Expiry>, issued: Option<Instant>, told: &str) {
        let claim = late.new_version(expires, issued);
        self.answered.push((late.change(claim), told.to_owned()));
    }

    /// Whether nothing is to be written.
    pub fn is_idle(&self) -> bool {
        self.by_themselves.is_empty() && self.answered.is_empty()
    }

    /// Each record that changes, as it was and as it is to be.
    pub fn changed(&self) -> impl Iterator<Item = (&Claim, &TrackedName, &Claim)> {
        let by_themselves = self.by_themselves.iter().map(|(change, _)| change);
        let answered = self.answered.iter().map(|(change, _)| change);
        by_themselves.chain(answered).map(|change| (&change.was, &change.name, &change.claim))
    }

    /// For a person.
    pub fn told(&self, dry_run: bool) -> String {
        let mut lines = Vec::new();
        for reason in [SAME, FIRST, NEVER] {
            let of_reason = self.by_themselves.iter().filter(|(_, why)| *why == reason);
            let names: Vec<&str> = of_reason.map(|(change, _)| change.name.as_str()).collect();
            if names.is_empty() {
                continue;
            }
            let records = counted(names.len(), "record");
            let verb = if dry_run { "would be brought" } else { "brought" };
            let names = visible(&few(&names, MOST_LISTED)).into_owned();
            lines.push(format!("{records} {verb} up to date ({reason}): {names}"));
        }
        for (change, told) in &self.answered {
            lines.push(format!("answered: {}: {}", visible(change.name.as_str()), visible(told)));
        }
        for (name, why) in &self.left {
            lines.push(format!("left: {}: {}", visible(name.as_str()), visible(why)));
        }
        match self.left.len() {
            0 if lines.is_empty() => lines.push("no record is behind".to_owned()),
            0 => {}
            left => {
                let are = if left == 1 { "is" } else { "are" };
                lines.push(format!(
                    "{} {are} left: say when the values end, with --expires DATE, --expires-in 1y, --never REASON, or \
                     --keep-expiry",
                    counted(left, "record")
                ));
            }
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

impl Late {
    fn change(&self, claim: Claim) -> Change {
        Change { name: self.secret.name.clone(), was: self.claim.clone(), claim }
    }

    /// The record, of the ciphertext that stands there now. Its version stays.
    fn seen_now(&self) -> Claim {
        Claim { seen: Some(self.secret.seen), data_key: self.data_key, ..self.claim.clone() }
    }

    /// The record of another value.
    fn new_version(&self, expires: Option<Expiry>, issued: Option<Instant>) -> Claim {
        Claim { expires, issued, set_at: self.modified, ..self.seen_now() }
    }

    fn never_lapses_by_policy(&self) -> bool {
        let kind = self.secret.kind.as_ref();
        self.claim.expires.is_none() && kind.is_some_and(|kind| matches!(kind.rule, KindRule::Never(_)))
    }
}

fn told(expiry: &Expiry) -> String {
    match expiry {
        Expiry::At { at, .. } => format!("ends {}", at.brief()),
        Expiry::Never { why } => format!("never ends: {why}"),
    }
}

/// Asks when a value ends; `None`: later. Proposed are what it carries itself and what was recorded.
fn ask(
    session: &Session,
    answers: &Answers<'_>,
    late: &Late,
    why: &str,
    recorded: Option<&Expiry>,
) -> Result<Option<Expiry>, CommandError> {
    session.say(format!("{}: {}", visible(late.secret.name.as_str()), visible(why)))?;
    let remedy = "give --expires DATE";
    if let Some(end) = &late.end {
        let what = format!("the value carries: {} ends {}; take it", visible(&end.what), end.at.brief());
        if session.terminal.confirm(Question { what: &what, remedy }, true)? {
            return Ok(Some(Expiry::At { at: end.at, from: end.source, reason: None }));
        }
    }
    if let Some(recorded) = recorded {
        let what = format!("recorded is: {}; does that hold", visible(&told(recorded)));
        if session.terminal.confirm(Question { what: &what, remedy }, false)? {
            return Ok(Some(recorded.clone()));
        }
    }
    if !session.terminal.confirm(Question { what: "say when it ends now", remedy }, true)? {
        return Ok(None);
    }
    expiry(session, answers.lifetime, answers.issued, None).map(Some)
}
