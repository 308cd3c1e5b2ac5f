//! Moments in time, to the second, in UTC.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Local, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a text is not a moment. The message says which form is understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error("`{0}` can be read as several dates: write it as YYYY-MM-DD")]
    Ambiguous(String),
    #[error("`{0}` is no date: write YYYY-MM-DD, or an instant such as 2027-08-31T12:00:00Z")]
    NotADate(String),
    #[error("`{0}` has a fraction of a second: write whole seconds")]
    Fraction(String),
    #[error("`{0}` is outside the years 1970 to 9999")]
    OutOfRange(String),
    #[error("`{0}` is not in the canonical form YYYY-MM-DDTHH:MM:SSZ")]
    NotCanonical(String),
}

/// A moment in UTC, whole seconds, between the years 1970 and 9999.
///
/// Its text form is RFC 3339 with `Z`, and serde accepts that form only: a record that could be written in two
/// ways could have two digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"))]
pub struct Instant(DateTime<Utc>);

impl Instant {
    /// The first second of Unix time, for what must have a date and has none.
    pub const EPOCH: Self = Self(DateTime::UNIX_EPOCH);

    /// Takes the whole seconds of a moment.
    pub fn new(moment: DateTime<Utc>) -> Option<Self> {
        let whole = DateTime::from_timestamp(moment.timestamp(), 0)?;
        (1970..=9999).contains(&whole.year()).then_some(Self(whole))
    }

    /// Reads RFC 3339 with any offset, for `--at` and the like.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimeError> {
        let moment = DateTime::parse_from_rfc3339(text).map_err(|_| TimeError::NotADate(text.to_owned()))?;
        if moment.timestamp_subsec_nanos() != 0 {
            return Err(TimeError::Fraction(text.to_owned()));
        }
        Self::new(moment.to_utc()).ok_or_else(|| TimeError::OutOfRange(text.to_owned()))
    }

    /// Reads a date (00:00 UTC of that day) or an exact instant. Dates that differ between countries are refused.
    pub fn parse_date_or_instant(text: &str) -> Result<Self, TimeError> {
        let text = text.trim();
        if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            // chrono also takes `2027-8-3`; the one form that sorts as text is the one that is accepted.
            if date.to_string() != text {
                return Err(TimeError::NotADate(text.to_owned()));
            }
            return Self::new(date.and_time(NaiveTime::MIN).and_utc())
                .ok_or_else(|| TimeError::OutOfRange(text.to_owned()));
        }
        let numbers = text.split(['/', '.', '-']).collect::<Vec<_>>();
        if numbers.len() == 3
            && numbers.iter().all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        {
            let year_first = numbers.first().is_some_and(|n| n.len() == 4);
            let error = if year_first { TimeError::NotADate } else { TimeError::Ambiguous };
            return Err(error(text.to_owned()));
        }
        Self::parse_rfc3339(text)
    }

    pub fn as_datetime(self) -> DateTime<Utc> {
        self.0
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix_seconds(self) -> u64 {
        u64::try_from(self.0.timestamp()).unwrap_or(0)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn unix_millis(self) -> u64 {
        self.unix_seconds().saturating_mul(1000)
    }

    /// `2027-08-31`.
    pub fn date(self) -> String {
        self.0.format("%Y-%m-%d").to_string()
    }

    /// `2027-08-31` at midnight UTC, else the whole instant: what a person should be shown.
    pub fn brief(self) -> String {
        if self.0.time() == NaiveTime::MIN { self.date() } else { self.to_string() }
    }

    /// The same moment on the clock of this machine's time zone, for echoing what was understood.
    pub fn local(self) -> String {
        self.0.with_timezone(&Local).format("%Y-%m-%d %H:%M %:z").to_string()
    }

    /// Whole days from `self` until `later`, rounded toward the past: 0 on the last day, -1 from the first
    /// second after it.
    pub fn days_until(self, later: Self) -> i64 {
        (later.0 - self.0).num_seconds().div_euclid(86_400)
    }

    pub fn checked_add_seconds(self, seconds: i64) -> Option<Self> {
        self.0.checked_add_signed(TimeDelta::try_seconds(seconds)?).and_then(Self::new)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl From<Instant> for String {
    fn from(instant: Instant) -> Self {
        instant.to_string()
    }
}

impl TryFrom<String> for Instant {
    type Error = TimeError;

    fn try_from(text: String) -> Result<Self, TimeError> {
        let instant = Self::parse_rfc3339(&text)?;
        if instant.to_string() == text { Ok(instant) } else { Err(TimeError::NotCanonical(text)) }
    }
}

impl FromStr for Instant {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        Self::parse_date_or_instant(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_date_is_midnight_utc() {
        assert_eq!(Instant::parse_date_or_instant("2027-08-31").unwrap(), at("2027-08-31T00:00:00Z"));
        assert_eq!(
            Instant::parse_date_or_instant("2027-08-31T02:00:00+02:00").unwrap().to_string(),
            "2027-08-31T00:00:00Z"
        );
    }

    #[test]
    fn dates_that_differ_between_countries_are_refused() {
        for text in ["08/09/2027", "8/9/27", "08.09.2027", "08-09-2027"] {
            assert_eq!(Instant::parse_date_or_instant(text), Err(TimeError::Ambiguous(text.to_owned())));
        }
        for text in ["2027/08/09", "2027-8-9", "2027-02-30", "soon", "", "20270809"] {
            assert_eq!(
                Instant::parse_date_or_instant(text),
                Err(TimeError::NotADate(text.to_owned())),
                "{text}"
            );
        }
        assert!(matches!(Instant::parse_date_or_instant("1969-12-31"), Err(TimeError::OutOfRange(_))));
        assert!(matches!(
            Instant::parse_date_or_instant("2027-01-01T00:00:00.5Z"),
            Err(TimeError::Fraction(_))
        ));
    }

    #[test]
    fn a_record_holds_the_canonical_form_only() {
        assert!(Instant::try_from("2027-08-31T00:00:00Z".to_owned()).is_ok());
        for text in
            ["2027-08-31T00:00:00+00:00", "2027-08-31t00:00:00z", "2027-08-31", "2027-08-31T00:00:00.0Z"]
        {
            assert!(Instant::try_from(text.to_owned()).is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn days_round_toward_the_past() {
        let end = at("2027-08-31T00:00:00Z");
        for (now, days) in [
            ("2027-08-30T00:00:00Z", 1),
            ("2027-08-30T00:00:01Z", 0),
            ("2027-08-31T00:00:00Z", 0),
            ("2027-08-31T00:00:01Z", -1),
            ("2027-09-08T00:00:00Z", -8),
        ] {
            assert_eq!(at(now).days_until(end), days, "{now}");
        }
    }

    #[test]
    fn what_people_and_machines_are_shown() {
        assert_eq!(at("2027-08-31T00:00:00Z").brief(), "2027-08-31");
        assert_eq!(at("2027-08-31T00:00:01Z").brief(), "2027-08-31T00:00:01Z");
        assert_eq!(at("1970-01-02T00:00:01Z").unix_seconds(), 86_401);
        assert_eq!(at("1970-01-02T00:00:01Z").unix_millis(), 86_401_000);
        assert_eq!(String::from(at("2027-08-31T00:00:01Z")), "2027-08-31T00:00:01Z");
    }

    #[test]
    fn on_the_clock_of_this_machine_it_is_the_same_moment() {
        let moment = at("2027-08-31T12:34:00Z");
        let read = DateTime::parse_from_str(&moment.local(), "%Y-%m-%d %H:%M %:z").unwrap();
        assert_eq!(Instant::new(read.to_utc()), Some(moment));
        assert_eq!(moment.as_datetime(), read.to_utc());
    }
}
