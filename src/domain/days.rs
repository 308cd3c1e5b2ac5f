//! How far away a day is, in words.

use super::text::counted;
use super::time::Instant;

/// `8 days ago`, `yesterday` or `today`, by the calendar in UTC where less than two days lie between.
pub fn ago(past: Instant, now: Instant) -> String {
    match (past.days_until(now), calendar_days(past, now)) {
        (_, 0) => "today".to_owned(),
        (0 | 1, 1) => "yesterday".to_owned(),
        (days, _) => format!("{} ago", counted(days, "day")),
    }
}

/// `in 12 days`, `tomorrow` or `today`, by the calendar in UTC where less than two days lie between.
pub fn ahead(now: Instant, future: Instant) -> String {
    match (now.days_until(future), calendar_days(now, future)) {
        (_, 0) => "today".to_owned(),
        (0 | 1, 1) => "tomorrow".to_owned(),
        (days, _) => format!("in {}", counted(days, "day")),
    }
}

fn calendar_days(from: Instant, to: Instant) -> i64 {
    (to.as_datetime().date_naive() - from.as_datetime().date_naive()).num_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_words() {
        for (now, past_says, future_says) in [
            ("2026-03-10T12:00:00Z", "today", "today"),
            ("2026-03-11T00:00:00Z", "yesterday", ""),
            ("2026-03-11T23:59:59Z", "yesterday", ""),
            ("2026-03-12T00:00:00Z", "1 day ago", ""),
            ("2026-03-12T12:00:00Z", "2 days ago", ""),
            ("2026-03-09T23:00:00Z", "", "tomorrow"),
            ("2026-03-09T00:00:00Z", "", "tomorrow"),
            ("2026-03-08T23:59:59Z", "", "in 1 day"),
            ("2026-02-26T12:00:00Z", "", "in 12 days"),
        ] {
            let (now, moment) = (at(now), at("2026-03-10T12:00:00Z"));
            if !past_says.is_empty() {
                assert_eq!(ago(moment, now), past_says, "{now}");
            }
            if !future_says.is_empty() {
                assert_eq!(ahead(now, moment), future_says, "{now}");
            }
        }
    }

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }
}
