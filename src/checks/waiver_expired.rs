//! # waiver-expired
//!
//! A waiver past its date: what it let through is judged again, and the waiver itself is to be decided anew
//! rather than forgotten.
//!
//! **Mend:** mend the fault and take the waiver out of policy, or give it a new date, with a reason that still
//! holds.

use super::{Check, Fault, Judgement, StoreSubject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;

pub const CHECK: Check = Check::of_store(CheckId::WaiverExpired, Level::Error, judge);

fn judge(subject: &StoreSubject<'_>) -> Judgement {
    let (now, path) = (subject.setting.now, &subject.store.policy_path);
    let past = subject.policy.waivers.iter().filter(|waiver| now >= waiver.until);
    Ok(past
        .map(|waiver| {
            let message = format!(
                "the waiver of {} for {} on line {} ended {} ({}); {} gave as its reason: {}",
                waiver.finding,
                waiver.secret,
                waiver.line,
                wording::ago(waiver.until, now),
                waiver.until.brief(),
                waiver.by,
                waiver.reason
            );
            Fault::new(message, wording::edit(path)).at(path).weighing(waiver.until.days_until(now))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{policy, setting_at, store, waiver};

    #[test]
    fn around_its_date() {
        let (mut policy, store) = (policy(), store());
        policy.waivers.push(waiver("single-holder", "legacy/ftp", "2026-12-31"));
        for (now, told) in [
            ("2026-12-30T23:59:59Z", None),
            (
                "2026-12-31T00:00:00Z",
                Some(
                    "the waiver of single-holder for legacy/ftp on line 42 ended today (2026-12-31); alice gave as \
                     its reason: ticket 812",
                ),
            ),
        ] {
            let setting = setting_at(now);
            let faults = judge(&StoreSubject { setting: &setting, policy: &policy, store: &store }).unwrap();
            assert_eq!(faults.first().map(|fault| fault.message.as_str()), told, "{now}");
        }
    }
}
