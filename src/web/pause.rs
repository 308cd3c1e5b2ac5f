//! How long to wait before the next attempt.

use std::time::Duration;

use rand::Rng as _;
use reqwest::header::{self, HeaderMap};

use crate::domain::time::Instant;

/// Pauses that double. Each is drawn from its upper half, so that many jobs that failed at once don't all come back at
/// once.
pub struct Pauses(Duration);

impl From<Duration> for Pauses {
    fn from(first: Duration) -> Self {
        Self(first)
    }
}

impl Pauses {
    pub fn draw(&mut self) -> Duration {
        let pause = self.0;
        self.0 = pause.saturating_mul(2);
        pause.mul_f64(rand::thread_rng().gen_range(0.5..=1.0))
    }
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date. A date counts from the answer's own `Date`, so that no
/// clock of this machine comes into it; without one it is not understood, and `None`.
pub fn asked_for(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let asked = text(header::RETRY_AFTER)?;
    if !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit()) {
        // What is too long for a number is too long to wait for.
        return Some(Duration::from_secs(asked.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let (from, until) = (http_date(text(header::DATE)?)?, http_date(asked)?);
    Some(Duration::from_secs(until.unix_seconds().saturating_sub(from.unix_seconds())))
}

/// The three forms of RFC 9110, section 5.6.7; all are in UTC.
fn http_date(text: &str) -> Option<Instant> {
    const FORMS: [&str; 3] =
        ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let date = FORMS.iter().find_map(|form| chrono::NaiveDateTime::parse_from_str(text, form).ok())?;
    Instant::new(date.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_are_never_longer() {
        let mut pauses = Pauses::from(Duration::from_millis(100));
        for longest in [100, 200, 400, 800] {
            let pause = pauses.draw();
            let longest = Duration::from_millis(longest);
            assert!(longest / 2 <= pause && pause <= longest, "{pause:?}");
        }
    }

    #[test]
    fn what_the_other_side_asks_for() {
        let date = "Sun, 06 Nov 1994 08:49:00 GMT";
        for (asked, date, seconds) in [
            ("0", None, Some(0)),
            ("120", None, Some(120)),
            ("99999999999999999999999", None, Some(u64::from(u32::MAX))),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(date), Some(37)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(date), Some(37)),
            ("Sun Nov  6 08:49:37 1994", Some(date), Some(37)),
            ("Sun, 06 Nov 1994 08:48:00 GMT", Some(date), Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", None, None),
            ("-1", Some(date), None),
            ("1.5", Some(date), None),
            ("soon", Some(date), None),
            ("", Some(date), None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, asked.parse().unwrap());
            if let Some(date) = date {
                headers.insert(header::DATE, date.parse().unwrap());
            }
            assert_eq!(asked_for(&headers), seconds.map(Duration::from_secs), "{asked}");
        }
        assert_eq!(asked_for(&HeaderMap::new()), None);
    }
}
