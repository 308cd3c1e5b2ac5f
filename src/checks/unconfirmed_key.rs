//! # unconfirmed-key
//!
//! A shared key (a cloud's, a team's, a password) stands for the people that policy lists behind it, and only its real
//! access list tells whether that is true. Nobody has compared the two for 180 days, or ever.
//!
//! **Mend:** compare the list with who can really use the key, correct `people`, and write the day under
//! `[shared-keys.NAME]` as `confirmed = 2026-08-01`.

use super::{Check, Fault, Judgement, StoreSubject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::name::ActorName;
use crate::domain::period::Period;
use crate::domain::policy::SharedKey;
use crate::domain::text::listed;
use crate::domain::time::Instant;

pub const CHECK: Check = Check::of_store(CheckId::UnconfirmedKey, Level::Warning, judge);

/// For how long a comparison holds.
const HOLDS: Period = Period::days(180);

fn judge(subject: &StoreSubject<'_>) -> Judgement {
    let now = subject.setting.now;
    let told = |(name, key): (&ActorName, &SharedKey)| {
        let (since, weight) = unconfirmed(key, now)?;
        let people = key.people.iter().map(ActorName::as_str).collect::<Vec<_>>();
        let message = format!(
            "that {} stand behind shared key {name} was {since} compared with who can really use it: look, and \
             write confirmed = {} below [shared-keys.{name}]",
            listed(&people),
            now.date(),
        );
        let path = &subject.store.policy_path;
        Some(Fault::new(message, wording::edit(path)).at(path).weighing(weight).marked(name.as_str()))
    };
    Ok(subject.policy.shared_keys.iter().filter_map(told).collect())
}

/// In words, since when nobody has looked, and how many days that is.
fn unconfirmed(key: &SharedKey, now: Instant) -> Option<(String, i64)> {
    match key.confirmed {
        // What is dated in the future has not been looked at yet.
        Some(confirmed) if confirmed <= now => {
            let lapsed = HOLDS.after(confirmed).is_none_or(|until| now >= until);
            lapsed.then(|| (format!("last on {}", confirmed.brief()), confirmed.days_until(now)))
        }
        Some(_) | None => Some(("never".to_owned(), i64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{actor, policy, setting_at, shared_key, store, time};

    #[test]
    fn around_the_180th_day() {
        let store = store();
        for (confirmed, now, told) in [
            (Some("2026-01-01"), "2026-01-01", None),
            (Some("2026-01-01"), "2026-06-29T23:59:59Z", None),
            (Some("2026-01-01"), "2026-06-30", Some("last on 2026-01-01")),
            (Some("2026-07-01"), "2026-06-30", Some("never")),
            (None, "2026-06-30", Some("never")),
        ] {
            let mut policy = policy();
            let key = SharedKey { confirmed: confirmed.map(time), ..shared_key(&["k"], &["alice", "bob"]) };
            policy.shared_keys.insert(actor("team"), key);
            let setting = setting_at(now);
            let faults = judge(&StoreSubject { setting: &setting, policy: &policy, store: &store }).unwrap();
            assert_eq!(faults.len(), usize::from(told.is_some()), "{confirmed:?} {now}");
            for fault in faults {
                let begin = format!("that alice and bob stand behind shared key team was {} ", told.unwrap());
                assert!(fault.message.starts_with(&begin), "{}", fault.message);
            }
        }
    }
}
