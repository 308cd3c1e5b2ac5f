//! Spans of calendar time with a unit: `60d`, `1y`, `48h`.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, Months, TimeDelta};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time::Instant;

/// Why a text is not a period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    #[error("`{0}` has no unit: write hours, days, weeks, months or years as 48h, 60d, 2w, 6mo or 1y")]
    NoUnit(String),
    #[error("`{0}` is no period: write a whole number and a unit, such as 48h, 60d, 2w, 6mo or 1y")]
    NotAPeriod(String),
    #[error("`{0}` is longer than a hundred years")]
    TooLong(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Unit {
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    const ALL: [(Self, &'static str); 5] =
        [(Self::Hour, "h"), (Self::Day, "d"), (Self::Week, "w"), (Self::Month, "mo"), (Self::Year, "y")];

    fn suffix(self) -> &'static str {
        match self {
            Self::Hour => "h",
            Self::Day => "d",
            Self::Week => "w",
            Self::Month => "mo",
            Self::Year => "y",
        }
    }

    fn most(self) -> u32 {
        match self {
            Self::Hour => 876_000,
            Self::Day => 36_500,
            Self::Week => 5_200,
            Self::Month => 1_200,
            Self::Year => 100,
        }
    }
}

/// A whole number of calendar units, at most a hundred years.
///
/// A month or a year keeps the day of the month where there is one, and else takes the last: a year from
/// 29 February is 28 February.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^[0-9]+(h|d|w|mo|y)$"))]
pub struct Period {
    count: u32,
    unit: Unit,
}

impl Period {
    pub const fn hours(count: u32) -> Self {
        Self { count, unit: Unit::Hour }
    }

    pub const fn days(count: u32) -> Self {
        Self { count, unit: Unit::Day }
    }

    pub fn is_zero(self) -> bool {
        self.count == 0
    }

    /// The moment one period later; `None` beyond the year 9999.
    pub fn after(self, start: Instant) -> Option<Instant> {
        let start = start.as_datetime();
        let end = match self.unit {
            Unit::Hour => start.checked_add_signed(TimeDelta::try_hours(i64::from(self.count))?),
            Unit::Day => start.checked_add_days(Days::new(u64::from(self.count))),
            Unit::Week => start.checked_add_days(Days::new(u64::from(self.count) * 7)),
            Unit::Month => start.checked_add_months(Months::new(self.count)),
            Unit::Year => start.checked_add_months(Months::new(self.count * 12)),
        };
        end.and_then(Instant::new)
    }

    /// The moment one period earlier; `None` before 1970.
    pub fn before(self, end: Instant) -> Option<Instant> {
        let end = end.as_datetime();
        let start = match self.unit {
            Unit::Hour => end.checked_sub_signed(TimeDelta::try_hours(i64::from(self.count))?),
            Unit::Day => end.checked_sub_days(Days::new(u64::from(self.count))),
            Unit::Week => end.checked_sub_days(Days::new(u64::from(self.count) * 7)),
            Unit::Month => end.checked_sub_months(Months::new(self.count)),
            Unit::Year => end.checked_sub_months(Months::new(self.count * 12)),
        };
        start.and_then(Instant::new)
    }

    /// Whether it is longer than the other, counted back from some day: `1mo` and `30d` each may be.
    pub fn may_exceed(self, other: Self) -> bool {
        // Behind months of 28, 29, 30 and 31 days, a common year and a leap year.
        ["2095-03-01", "2096-03-01", "2096-07-01", "2097-01-01"]
            .iter()
            .filter_map(|day| Instant::parse_date_or_instant(day).ok())
            // Before 1970 is further back than any other moment.
            .any(|day| self.before(day) < other.before(day))
    }

    /// Whether `now` lies inside this period before `end`: from the first second of it on, and for ever after.
    /// A zero period is never entered before the end itself.
    pub fn reaches(self, end: Instant, now: Instant) -> bool {
        self.before(end).is_none_or(|start| now >= start)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}{}", self.count, self.unit.suffix()))
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, suffix) = text.split_at(digits);
        if number.is_empty() {
            return Err(PeriodError::NotAPeriod(text.to_owned()));
        }
        if suffix.is_empty() {
            return Err(PeriodError::NoUnit(text.to_owned()));
        }
        let Some((unit, _)) = Unit::ALL.into_iter().find(|(_, s)| *s == suffix) else {
            return Err(PeriodError::NotAPeriod(text.to_owned()));
        };
        let count = number.parse::<u32>().map_err(|_| PeriodError::TooLong(text.to_owned()))?;
        if count > unit.most() {
            return Err(PeriodError::TooLong(text.to_owned()));
        }
        Ok(Self { count, unit })
    }
}

impl TryFrom<String> for Period {
    type Error = PeriodError;

    fn try_from(text: String) -> Result<Self, PeriodError> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn leap_days_are_clamped_and_never_skipped_over() {
        for (start, period, end) in [
            ("2028-02-29", "1y", "2029-02-28"),
            ("2012-02-29", "1y", "2013-02-28"),
            ("2028-02-29", "4y", "2032-02-29"),
            ("2027-08-31", "6mo", "2028-02-29"),
            ("2027-01-31", "1mo", "2027-02-28"),
            ("2027-02-28", "1d", "2027-03-01"),
            ("2028-02-28", "1d", "2028-02-29"),
            ("2027-08-31", "2w", "2027-09-14"),
        ] {
            let period: Period = period.parse().unwrap();
            assert_eq!(period.after(at(start)).unwrap(), at(end), "{start} + {period}");
        }
        let day: Period = "24h".parse().unwrap();
        assert_eq!(day.after(at("2027-08-31")).unwrap(), at("2027-09-01"));
    }

    #[test]
    fn a_unit_is_required_and_known() {
        assert_eq!("60".parse::<Period>(), Err(PeriodError::NoUnit("60".to_owned())));
        for text in ["", "d", "1m", "1 d", "-1d", "1.5d", "1D", "1year"] {
            assert!(matches!(text.parse::<Period>(), Err(PeriodError::NotAPeriod(_))), "{text}");
        }
        for text in ["101y", "99999999999d", "36501d"] {
            assert!(matches!(text.parse::<Period>(), Err(PeriodError::TooLong(_))), "{text}");
        }
        for text in ["0d", "48h", "60d", "2w", "6mo", "100y"] {
            let period: Period = text.parse().unwrap();
            assert_eq!((period.to_string().as_str(), String::from(period).as_str()), (text, text));
        }
    }

    #[test]
    fn which_is_longer_on_some_day() {
        for (one, another, longer, shorter) in [
            ("60d", "30d", true, false),
            ("30d", "30d", false, false),
            ("48h", "2d", false, false),
            ("1mo", "30d", true, true),
            ("1y", "365d", true, false),
            ("1y", "366d", false, true),
            ("1y", "12mo", false, false),
            ("0d", "0h", false, false),
            ("100y", "99y", true, false),
        ] {
            let (one, another): (Period, Period) = (one.parse().unwrap(), another.parse().unwrap());
            assert_eq!(
                (one.may_exceed(another), another.may_exceed(one)),
                (longer, shorter),
                "{one} {another}"
            );
        }
    }

    #[test]
    fn a_period_before_an_end_is_entered_on_its_first_second() {
        let end = at("2022-08-30");
        let day: Period = "1d".parse().unwrap();
        assert!(!day.reaches(end, at("2022-08-28T23:59:59Z")));
        assert!(day.reaches(end, at("2022-08-29T00:00:00Z")));
        let zero: Period = "0d".parse().unwrap();
        assert!(!zero.reaches(end, at("2022-08-29T23:59:59Z")));
        assert!(zero.reaches(end, end));
        assert!(zero.is_zero() && !day.is_zero());
        for (period, start) in [
            ("36h", "2022-08-28T12:00:00Z"),
            ("2w", "2022-08-16"),
            ("6mo", "2022-02-28"),
            ("2y", "2020-08-30"),
        ] {
            assert_eq!(period.parse::<Period>().unwrap().before(end), Some(at(start)), "{period}");
        }
    }
}
