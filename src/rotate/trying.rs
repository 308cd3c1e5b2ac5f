//! Whether a value works, seen to the end: it is tried again where it was refused, because what was just made is often not
//! known everywhere yet, and counts as refused for good only when the time is over.

use std::thread;
use std::time::{Duration, Instant};

use super::{Outside, Provider, RotateError, Trial, probe};
use crate::domain::probe::{Probe, Trials};
use crate::domain::value::Value;
use crate::web::{self, ServiceError};

/// The longest pause between two trials.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What came of all trials.
#[must_use]
#[derive(Debug)]
pub enum Tried {
    /// Neither the provider nor a probe can try it.
    NobodyCanTell,
    So(Experience),
}

/// What was seen of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Experience {
    /// Whether it counts as one that works: it passed, three times in a row where it was ever refused.
    pub is_verified: bool,
    /// How often it was tried.
    pub trials: u32,
    /// Whether it was ever refused, in this run or before it.
    pub was_refused: bool,
    /// Whether it was refused and accepted in turn.
    pub is_flaky: bool,
    /// The last that kept it from passing.
    pub last: Option<Obstacle>,
}

impl Experience {
    /// It passed when it was first tried.
    pub fn at_once() -> Self {
        Self { is_verified: true, trials: 1, was_refused: false, is_flaky: false, last: None }
    }
}

/// What kept a trial from passing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    #[error("{0}")]
    Refused(String),
    #[error("it could not be tried: {0}")]
    Untried(RotateError),
}

/// Tries a value with its provider and its probe, until it is verified or the deadline has come; it must pass with each of
/// the two that can tell. `was_refused`: an earlier run saw it refused.
///
/// # Errors
/// It could not be tried even once.
pub fn until_verified(
    provider: Option<&dyn Provider>,
    probe: Option<&Probe>,
    value: &Value,
    outside: &Outside,
    was_refused: bool,
) -> Result<Tried, RotateError> {
    let mut trials = Trials::new(was_refused);
    let (mut count, mut has_told, mut last) = (0, false, None);
    let mut pause = outside.limits.first_pause;
    loop {
        let trial = once(provider, probe, value, outside);
        count += 1;
        let mut is_hopeless = false;
        match trial {
            Ok(Trial::CannotTell) => return Ok(Tried::NobodyCanTell),
            Ok(Trial::Passed) => {
                has_told = true;
                trials.passed();
            }
            Ok(Trial::Refused(why)) => {
                has_told = true;
                trials.refused();
                last = Some(Obstacle::Refused(why));
            }
            Err(error) => {
                trials.untried();
                is_hopeless = !may_change(&error);
                // That the time is over says less than what was answered within it.
                if last.is_none() || Instant::now() < outside.deadline {
                    last = Some(Obstacle::Untried(error));
                }
            }
        }
        let left = outside.deadline.saturating_duration_since(Instant::now());
        if trials.is_verified() || is_hopeless || left.is_zero() || pause >= left {
            break;
        }
        thread::sleep(pause);
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
    match last {
        Some(Obstacle::Untried(error)) if !has_told => Err(error),
        last => Ok(Tried::So(Experience {
            is_verified: trials.is_verified(),
            trials: count,
            was_refused: trials.was_refused(),
            is_flaky: trials.is_flaky(),
            last,
        })),
    }
}

/// One trial: it passes where all pass that can tell.
fn once(
    provider: Option<&dyn Provider>,
    probe: Option<&Probe>,
    value: &Value,
    outside: &Outside,
) -> Result<Trial, RotateError> {
    let by_provider = provider.map_or(Ok(Trial::CannotTell), |provider| provider.verify(value))?;
    if let refused @ Trial::Refused(_) = by_provider {
        return Ok(refused);
    }
    let by_probe = probe.map_or(Ok(Trial::CannotTell), |probe| probe::attempt(probe, value, outside))?;
    Ok(match (by_provider, by_probe) {
        (by_provider, Trial::CannotTell) => by_provider,
        (_, by_probe) => by_probe,
    })
}

/// Whether another trial may come to more: what a setting or an answer says will not change by itself.
pub fn may_change(error: &RotateError) -> bool {
    match error {
        RotateError::Service(
            ServiceError::Unreachable { .. } | ServiceError::TooSlow { .. } | ServiceError::Program { .. },
        ) => true,
        RotateError::Service(ServiceError::Status { status, .. }) => web::may_change(*status),
        RotateError::Service(
            ServiceError::Setting { .. }
            | ServiceError::Later { .. }
            | ServiceError::Redirected { .. }
            | ServiceError::Garbage { .. },
        )
        | RotateError::Refused { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::path::PathBuf;

    use super::*;
    use crate::domain::id::VersionId;
    use crate::domain::rotation::{Handle, Listed};
    use crate::domain::time;
    use crate::rotate::Minted;
    use crate::system::environment::Environment;
    use crate::web::Limits;

    /// Answers as written: `+` passed, `-` refused, `?` out of reach, `!` set up wrongly, `0` can't tell. The last one stays.
    struct Scripted {
        script: &'static str,
        asked: RefCell<usize>,
    }

    fn scripted(script: &'static str) -> Scripted {
        Scripted { script, asked: RefCell::new(0) }
    }

    impl Provider for Scripted {
        fn takes_markers(&self) -> bool {
            true
        }

        fn list(&self) -> Result<Vec<Listed>, RotateError> {
            Ok(Vec::new())
        }

        fn identify(&self, _: &Value, _: &[Listed]) -> Result<Option<Handle>, RotateError> {
            Ok(None)
        }

        fn mint(
            &self,
            _: VersionId,
            _: Option<&Value>,
            _: Option<time::Instant>,
        ) -> Result<Minted, RotateError> {
            Err(RotateError::Refused { provider: "scripted", why: String::new(), remedy: String::new() })
        }

        fn verify(&self, _: &Value) -> Result<Trial, RotateError> {
            let mut asked = self.asked.borrow_mut();
            let position = (*asked).min(self.script.len() - 1);
            *asked += 1;
            match self.script.as_bytes()[position] {
                b'+' => Ok(Trial::Passed),
                b'-' => Ok(Trial::Refused(format!("no {position}"))),
                b'0' => Ok(Trial::CannotTell),
                b'?' => Err(ServiceError::Unreachable { to: "h".to_owned(), why: "gone".to_owned() }.into()),
                _ => Err(ServiceError::Setting { what: "url".to_owned(), why: "is none".to_owned() }.into()),
            }
        }

        fn revoke(&self, _: &Handle) -> Result<(), RotateError> {
            Ok(())
        }
    }

    /// No pauses, and as much time as is said.
    fn outside(whole: Duration) -> Outside {
        let limits = Limits { whole, attempt: whole, first_pause: Duration::ZERO };
        Outside {
            secret: "web/api".parse().unwrap(),
            environment: Environment::new([], PathBuf::from("/")),
            folder: PathBuf::from("/"),
            limits,
            deadline: Instant::now() + whole,
            now: "2026-03-01T00:00:00Z".parse().unwrap(),
        }
    }

    const LONG: Duration = Duration::from_mins(10);

    fn tried(script: &'static str, was_refused: bool, time: Duration) -> Result<Tried, RotateError> {
        let value = Value::new(b"value".to_vec());
        until_verified(Some(&scripted(script)), None, &value, &outside(time), was_refused)
    }

    #[test]
    fn it_is_tried_until_it_is_verified() {
        for (script, refused_before, trials, was_refused, is_flaky, last) in [
            ("+", false, 1, false, false, None),
            ("-+++", false, 4, true, true, Some("no 0")),
            ("---+++", false, 6, true, true, Some("no 2")),
            ("-++-+++", false, 7, true, true, Some("no 3")),
            ("+", true, 3, true, true, None),
            ("?+", false, 2, false, false, Some("it could not be tried: h: could not be reached: gone")),
            ("-++?+++", false, 7, true, true, Some("it could not be tried: h: could not be reached: gone")),
        ] {
            let Ok(Tried::So(seen)) = tried(script, refused_before, LONG) else { panic!("{script}") };
            let told = seen.last.as_ref().map(ToString::to_string);
            assert!(seen.is_verified, "{script}");
            assert_eq!(
                (seen.trials, seen.was_refused, seen.is_flaky, told.as_deref()),
                (trials, was_refused, is_flaky, last),
                "{script}"
            );
        }
    }

    #[test]
    fn when_the_time_is_over_it_is_not_verified() {
        for (script, was_refused, last) in
            [("-", false, Some("no 0")), ("+", true, None), ("-", true, Some("no 0"))]
        {
            let Ok(Tried::So(seen)) = tried(script, was_refused, Duration::ZERO) else { panic!("{script}") };
            let told = seen.last.as_ref().map(ToString::to_string);
            assert_eq!((seen.is_verified, seen.trials, told.as_deref()), (false, 1, last), "{script}");
        }
    }

    #[test]
    fn what_could_not_be_tried_is_an_error_and_no_verdict() {
        let why = |result: Result<Tried, RotateError>| result.unwrap_err().to_string();
        assert_eq!(why(tried("?", false, Duration::ZERO)), "h: could not be reached: gone");
        // A setting does not change by being tried again, however much time there is.
        assert_eq!(why(tried("!", false, LONG)), "url: is none");
        let Ok(Tried::So(seen)) = tried("-!", false, LONG) else { panic!("it was refused once") };
        assert_eq!((seen.is_verified, seen.trials), (false, 2));
        assert_eq!(seen.last.unwrap().to_string(), "it could not be tried: url: is none");
    }

    #[test]
    fn all_that_can_tell_must_pass() {
        let value = Value::new(b"value".to_vec());
        let exec = |script: &str| Probe::Exec {
            command: vec!["/bin/sh".to_owned(), "-c".to_owned(), script.to_owned()],
        };
        let passes = exec("test \"$(cat)\" = value");
        let refuses = exec("echo not this one >&2; exit 1");
        for (script, probe, verdict) in [
            ("0", None, None),
            ("+", Some(&passes), Some((true, None))),
            ("0", Some(&passes), Some((true, None))),
            ("-", Some(&passes), Some((false, Some("no 0")))),
            ("+", Some(&refuses), Some((false, Some("/bin/sh: refused it: not this one")))),
            ("0", Some(&refuses), Some((false, Some("/bin/sh: refused it: not this one")))),
        ] {
            let mut outside = outside(LONG);
            // The pause is longer than there is time: one trial each.
            outside.limits.first_pause = LONG * 2;
            let provider = scripted(script);
            let tried = until_verified(Some(&provider), probe, &value, &outside, false).unwrap();
            let seen = match tried {
                Tried::NobodyCanTell => None,
                Tried::So(seen) => Some((seen.is_verified, seen.last.map(|last| last.to_string()))),
            };
            let seen = seen.as_ref().map(|(verified, last)| (*verified, last.as_deref()));
            assert_eq!(seen, verdict, "{script} {probe:?}");
        }
        let alone = until_verified(None, None, &value, &outside(LONG), false).unwrap();
        assert!(matches!(alone, Tried::NobodyCanTell));
    }
}
