//! Issues of GitHub, one for each alert, by its REST API, version 2022-11-28: <https://docs.github.com/en/rest/issues>.
//!
//! The issues themselves remember: each has a mark in its text, which says what it is about and what was told last. Before
//! anything is opened, the open ones are looked through, so that none is opened twice, even after a run that was killed.

pub mod api;
pub mod markdown;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use self::api::{Api, Issue};
use self::markdown::Mark;
use super::{Delivery, Outside};
use crate::domain::notice::{Message, Notice, Topic};
use crate::domain::value::Value;
use crate::web::ServiceError;

pub fn deliver(
    repository: &str,
    token: &Value,
    url: &Value,
    labels: &[String],
    message: &Message,
    outside: &Outside,
) -> Delivery {
    let mut delivery = Delivery::default();
    // Without a memory it is this channel that knows what is over.
    if message.is_empty() && !message.is_digest {
        return delivery;
    }
    let begun = Api::new(repository, token, url, labels, outside)
        .and_then(|api| open_alerts(&api, outside.deadline).map(|open| (api, open)));
    match begun {
        Ok((api, open)) => Round { api, open, message, outside }.deliver(&mut delivery),
        Err(error) => delivery.error = Some(error),
    }
    delivery
}

/// An open issue of ours.
struct Alert {
    issue: Issue,
    mark: Mark,
}

/// All that are open, by their keys, the oldest first.
fn open_alerts(api: &Api<'_>, until: Instant) -> Result<BTreeMap<String, Vec<Alert>>, ServiceError> {
    let mut open = BTreeMap::<String, Vec<Alert>>::new();
    for issue in api.open(until)? {
        if let Some(mark) = issue.body.as_deref().and_then(Mark::find) {
            open.entry(mark.key.clone()).or_default().push(Alert { issue, mark });
        }
    }
    Ok(open)
}

struct Round<'a> {
    api: Api<'a>,
    open: BTreeMap<String, Vec<Alert>>,
    message: &'a Message,
    outside: &'a Outside,
}

impl Round<'_> {
    /// Each by itself: what arrived is not told again because of what did not.
    fn deliver(&self, delivery: &mut Delivery) {
        let over = self.over();
        let mut left = self.message.notices.len() + over.len();
        let tell = self.message.notices.iter().map(|notice| (notice.dedup_key.as_str(), Some(notice)));
        for (key, notice) in tell.chain(over.into_iter().map(|key| (key, None))) {
            let until = self.share(left);
            left = left.saturating_sub(1);
            let told = match notice {
                Some(notice) => self.tell(notice, until),
                None => self.close(key, until),
            };
            match told {
                Ok(()) => {
                    delivery.arrived.insert(key.to_owned());
                }
                Err(error) => {
                    let is_the_end = concerns_all(&error);
                    delivery.error.get_or_insert(error);
                    if is_the_end {
                        return;
                    }
                }
            }
        }
    }

    /// Until when one of so many may take: one that hangs leaves time for the others.
    fn share(&self, left: usize) -> Instant {
        let now = Instant::now();
        let whole = self.outside.deadline.saturating_duration_since(now);
        let share = whole / u32::try_from(left.max(1)).unwrap_or(u32::MAX);
        now + share.max(self.outside.limits.attempt).min(whole)
    }

    /// The keys of what is over. Where nobody remembers, these are the alerts of this store that don't stand any more,
    /// unless something was not judged, and may stand.
    fn over(&self) -> BTreeSet<&str> {
        let resolved = self.message.resolved.iter().map(|resolved| resolved.dedup_key.as_str());
        let is_known = !self.message.standing.iter().any(|notice| notice.topic == Topic::Unchecked);
        if !self.message.is_digest || !is_known {
            return resolved.collect();
        }
        let store = self.message.origin.store_id.map(|store| store.to_string()).unwrap_or_default();
        let of_this_store = format!("secrets:{store}:");
        let due = self.message.notices.iter().chain(&self.message.standing);
        let due = due.map(|notice| notice.dedup_key.as_str()).collect::<BTreeSet<_>>();
        let open = self.open.keys().map(String::as_str);
        let stale = open.filter(|key| key.starts_with(&of_this_store) && !due.contains(key));
        resolved.chain(stale).collect()
    }

    fn tell(&self, notice: &Notice, until: Instant) -> Result<(), ServiceError> {
        let mark = Mark::of(notice);
        let (title, body) = (markdown::title(notice, self.message), markdown::body(notice, self.message));
        let Some((alert, doubles)) = self.open.get(&mark.key).and_then(|alerts| alerts.split_first()) else {
            return self.open(&mark.key, &title, &body, until);
        };
        let number = alert.issue.number;
        if alert.mark.told != mark.told {
            // Before the text has the new mark: whoever is killed between the two says it twice, not never.
            self.api.comment(number, &markdown::comment(notice, self.message), until)?;
        }
        if alert.issue.title != title || alert.issue.body.as_deref() != Some(&body) {
            self.api.update(number, &title, &body, until)?;
        }
        // Two runs at the same moment may both have opened one.
        doubles.iter().try_for_each(|double| {
            self.api.comment(double.issue.number, &format!("The same as #{number}."), until)?;
            self.api.close(double.issue.number, "not_planned", until)
        })
    }

    /// Opens an issue, and looks for it before it tries again: it may be there although no answer came.
    fn open(&self, key: &str, title: &str, body: &str, until: Instant) -> Result<(), ServiceError> {
        let mut pause = self.outside.limits.first_pause;
        loop {
            let error = match self.api.open_once(title, body, until) {
                Ok(()) => return Ok(()),
                Err(error) if may_be_there(&error) => error,
                Err(error) => return Err(error),
            };
            if pause >= until.saturating_duration_since(Instant::now()) {
                return Err(error);
            }
            std::thread::sleep(pause);
            pause = pause.saturating_mul(2).max(Duration::from_millis(1));
            if open_alerts(&self.api, until)?.contains_key(key) {
                return Ok(());
            }
        }
    }

    /// Closes what is open under a key. Nothing is, where a person was quicker.
    fn close(&self, key: &str, until: Instant) -> Result<(), ServiceError> {
        self.open.get(key).into_iter().flatten().try_for_each(|alert| {
            self.api.comment(alert.issue.number, &markdown::over(self.message), until)?;
            self.api.close(alert.issue.number, "completed", until)
        })
    }
}

/// Whether all others would fail likewise.
fn concerns_all(error: &ServiceError) -> bool {
    match error {
        ServiceError::Status { status, .. } => matches!(status, 401 | 403),
        ServiceError::Later { .. } | ServiceError::Setting { .. } | ServiceError::Redirected { .. } => true,
        ServiceError::Unreachable { .. }
        | ServiceError::TooSlow { .. }
        | ServiceError::Garbage { .. }
        | ServiceError::Program { .. } => false,
    }
}

/// Whether what was asked for may have been done all the same.
fn may_be_there(error: &ServiceError) -> bool {
    match error {
        ServiceError::Status { status, .. } => *status >= 500 || matches!(status, 408 | 429),
        ServiceError::Unreachable { .. } | ServiceError::TooSlow { .. } | ServiceError::Garbage { .. } => {
            true
        }
        ServiceError::Later { .. }
        | ServiceError::Setting { .. }
        | ServiceError::Redirected { .. }
        | ServiceError::Program { .. } => false,
    }
}
