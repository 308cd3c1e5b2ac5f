//! # monitor-silent
//!
//! `secrets warn` has not reported for longer than policy's `[ledger] silent-after`, or never: whoever relies on being told
//! ahead of an end is told nothing. Looked for only where policy sets that.
//!
//! **Mend:** run it, and see why its schedule does not.

use super::{Check, Fault, Judgement, StoreSubject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::facts::LastWarn;
use crate::domain::finding::Level;

pub const CHECK: Check = Check::of_store(CheckId::MonitorSilent, Level::Warning, judge);

/// How far the clock of the job may be ahead, in seconds. A report from the future says nothing of today.
const SKEW: i64 = 300;

fn judge(subject: &StoreSubject<'_>) -> Judgement {
    let Some(period) = subject.policy.ledger.silent_after else { return Ok(Vec::new()) };
    let now = subject.setting.now;
    let (message, weight) = match subject.store.last_warn.clone()? {
        LastWarn::LeftOut => return Ok(Vec::new()),
        LastWarn::Never => ("the warn job has never reported".to_owned(), i64::MAX),
        LastWarn::At(last) if now.checked_add_seconds(SKEW).is_some_and(|latest| latest < last) => (
            format!("the last report of the warn job is dated {}, which is still to come", last.brief()),
            i64::MAX,
        ),
        LastWarn::At(last) if period.after(last).is_none_or(|until| now < until) => return Ok(Vec::new()),
        LastWarn::At(last) => {
            let ago = wording::ago(last, now);
            (format!("the warn job has not reported since {} ({ago})", last.brief()), last.days_until(now))
        }
    };
    Ok(vec![Fault::new(message, "secrets warn").at(&subject.store.policy_path).weighing(weight)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{messages, policy, setting_at, store, time};
    use crate::domain::finding::{Known, Unknown};

    fn judged(silent_after: Option<&str>, last_warn: Known<LastWarn>, now: &str) -> Judgement {
        let (mut policy, mut store, setting) = (policy(), store(), setting_at(now));
        policy.ledger.silent_after = silent_after.map(|period| period.parse().unwrap());
        store.last_warn = last_warn;
        judge(&StoreSubject { setting: &setting, policy: &policy, store: &store })
    }

    #[test]
    fn around_the_period_of_policy() {
        let last = LastWarn::At(time("2026-03-01T12:00:00Z"));
        for (now, told) in [
            ("2026-03-01T12:00:00Z", None),
            ("2026-03-03T11:59:59Z", None),
            (
                "2026-03-03T12:00:00Z",
                Some("the warn job has not reported since 2026-03-01T12:00:00Z (2 days ago)"),
            ),
            (
                "2026-03-03T12:00:01Z",
                Some("the warn job has not reported since 2026-03-01T12:00:00Z (2 days ago)"),
            ),
            ("2026-03-01T11:55:00Z", None),
            (
                "2026-03-01T11:54:59Z",
                Some("the last report of the warn job is dated 2026-03-01T12:00:00Z, which is still to come"),
            ),
        ] {
            let found = messages(judged(Some("48h"), Ok(last), now));
            assert_eq!(found.first().map(String::as_str), told, "{now}");
            assert_eq!(messages(judged(None, Ok(last), now)), Vec::<String>::new());
        }
    }

    #[test]
    fn what_was_never_told_and_what_is_not_known() {
        let now = "2026-03-01T12:00:00Z";
        assert_eq!(
            messages(judged(Some("48h"), Ok(LastWarn::Never), now)),
            ["the warn job has never reported"]
        );
        assert_eq!(messages(judged(Some("48h"), Ok(LastWarn::LeftOut), now)), Vec::<String>::new());
        let unknown = Unknown::new("origin", "not asked");
        assert_eq!(judged(Some("48h"), Err(unknown.clone()), now), Err(unknown.clone()));
        assert_eq!(judged(None, Err(unknown), now), Ok(Vec::new()), "nobody asked");
    }
}
