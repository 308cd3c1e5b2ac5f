//! Temporary.

use std::time::{Duration, Instant};

use super::{Outside, Provider, RotateError, Trial, probe};
use crate::domain::probe::{Probe, Trials};
use crate::domain::value::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Verified,
    NotVerified,
    NobodyCanTell,
}

pub struct Tried {
    pub verdict: Verdict,
    pub trials: u32,
    pub is_flaky: bool,
    pub was_refused: bool,
    pub last: Option<String>,
}

pub fn until_verified(
    provider: Option<&dyn Provider>,
    probe: Option<&Probe>,
    value: &Value,
    outside: &Outside,
    was_refused: bool,
) -> Result<Tried, RotateError> {
    let mut trials = Trials::new(was_refused);
    let (mut count, mut last) = (0, None);
    let mut pause = outside.limits.first_pause;
    let tried = |verdict, count, trials: &Trials, last| Tried {
        verdict,
        trials: count,
        is_flaky: trials.is_flaky(),
        was_refused: trials.was_refused(),
        last,
    };
    loop {
        count += 1;
        let of_provider = provider.map_or(Ok(Trial::CannotTell), |provider| provider.verify(value));
        let of_probe = probe.map_or(Ok(Trial::CannotTell), |probe| probe::attempt(probe, value, outside));
        match (of_provider, of_probe) {
            (Err(error), _) | (_, Err(error)) => last = Some(error.to_string()),
            (Ok(Trial::Refused(why)), _) | (_, Ok(Trial::Refused(why))) => {
                trials.refused();
                last = Some(why);
            }
            (Ok(Trial::CannotTell), Ok(Trial::CannotTell)) => {
                return Ok(tried(Verdict::NobodyCanTell, count, &trials, None));
            }
            (Ok(_), Ok(_)) => trials.passed(),
        }
        if trials.is_verified() {
            return Ok(tried(Verdict::Verified, count, &trials, last));
        }
        let left = outside.deadline.saturating_duration_since(Instant::now());
        if pause >= left {
            return Ok(tried(Verdict::NotVerified, count, &trials, last));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}
