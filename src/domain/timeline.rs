//! The year ahead: which secrets end when, together and by scope and owner.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, Months, NaiveTime};

use super::due::{Due, Urgency};
use super::name::ActorName;
use super::time::Instant;
use super::tracked_name::CredentialName;

/// What the whole width stands for.
pub const WHOLE: u32 = 10_000;
/// Weeks of a year; the day or two beyond them belong to the last one.
pub const WEEKS: usize = 52;
/// A folder with more secrets than this is told by its folders, where those are few.
const MANY: usize = 24;
/// So many of them.
const FEW_FOLDERS: usize = 12;
const SECONDS_OF_A_WEEK: i64 = 7 * 86_400;

/// Where a moment lies in the year ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// Before the day on which it begins.
    Before,
    /// In parts of [`WHOLE`].
    Within(u32),
    Beyond,
}

impl Spot {
    /// Moved to the nearest edge where it lies outside.
    pub fn clamped(self) -> u32 {
        match self {
            Self::Before => 0,
            Self::Within(part) => part,
            Self::Beyond => WHOLE,
        }
    }
}

/// Where a month begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    pub spot: u32,
    pub name: &'static str,
    pub year: i32,
    pub is_january: bool,
}

/// How many secrets end how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub secrets: usize,
    pub expired: usize,
    pub unknown: usize,
    pub expiring: usize,
    /// Within the year, and not yet inside the first tier.
    pub later: usize,
    pub beyond: usize,
    pub never: usize,
}

/// What ends in one week.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Week {
    pub expiring: usize,
    pub later: usize,
}

impl Week {
    pub fn all(self) -> usize {
        self.expiring + self.later
    }
}

/// What the secrets of a lane have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Common {
    /// A folder, or an owner.
    Name(String),
    /// That they have none.
    None,
    /// That what would name it can't be read.
    Unread,
}

/// Secrets that have a folder, or an owner, in common.
#[derive(Debug, Clone)]
pub struct Lane<'t> {
    pub common: Common,
    /// The most urgent first.
    pub dues: Vec<&'t Due>,
    pub tally: Tally,
    /// [`WEEKS`] of them.
    pub weeks: Vec<Week>,
}

/// The year ahead. Made by [`Timeline::new`] only, so that order and numbers agree.
#[derive(Debug, Clone)]
pub struct Timeline {
    pub now: Instant,
    /// The beginning of the day of `now`, in UTC.
    pub from: Instant,
    pub to: Instant,
    /// Those that begin within the year.
    pub months: Vec<Month>,
    /// The most urgent first: expired, unknown, by date, never; then by name.
    pub dues: Vec<Due>,
    pub tally: Tally,
    pub weeks: Vec<Week>,
}

impl Timeline {
    pub fn new(now: Instant, mut dues: Vec<Due>) -> Self {
        dues.sort_by_cached_key(|due| {
            let rank = match due.urgency(now) {
                Urgency::Expired => 0,
                Urgency::Unknown => 1,
                Urgency::Expiring | Urgency::Later => 2,
                Urgency::Never => 3,
            };
            (rank, due.at(), due.name.clone())
        });
        let midnight = now.as_datetime().date_naive().and_time(NaiveTime::MIN).and_utc();
        let from = Instant::new(midnight).unwrap_or(now);
        let to = midnight.checked_add_months(Months::new(12)).and_then(Instant::new).unwrap_or(from);
        let mut timeline = Self {
            now,
            from,
            to,
            months: Vec::new(),
            dues: Vec::new(),
            tally: Tally::default(),
            weeks: Vec::new(),
        };
        timeline.months = timeline.months();
        let all: Vec<&Due> = dues.iter().collect();
        (timeline.tally, timeline.weeks) = (timeline.count(&all), timeline.weeks_of(&all));
        Self { dues, ..timeline }
    }

    /// Where a moment lies.
    pub fn spot(&self, at: Instant) -> Spot {
        let seconds = |at: Instant| at.unix_seconds().saturating_sub(self.from.unix_seconds());
        let whole = seconds(self.to).max(1);
        if at < self.from {
            Spot::Before
        } else if at >= self.to {
            Spot::Beyond
        } else {
            Spot::Within(u32::try_from(seconds(at) * u64::from(WHOLE) / whole).unwrap_or(WHOLE))
        }
    }

    /// Whether the end of every secret is known.
    pub fn is_whole(&self) -> bool {
        self.tally.unknown == 0
    }

    /// By folder. Where all have one in common, or one holds many, by those in it.
    pub fn scopes(&self) -> Vec<Lane<'_>> {
        let all: Vec<&Due> = self.dues.iter().collect();
        let depth = common_depth(&all);
        let mut groups = Vec::new();
        for (name, dues) in by_folder(&all, depth + 1) {
            divide(name, dues, depth + 1, &mut groups);
        }
        // The most urgent one of each was met first in the order of all.
        let common = |name: String| if name.is_empty() { Common::None } else { Common::Name(name) };
        let mut lanes: Vec<Lane<'_>> =
            groups.into_iter().map(|(name, dues)| self.lane(common(name), dues)).collect();
        self.sort(&mut lanes);
        lanes
    }

    /// By owner; a secret of two stands in both lanes.
    pub fn owners(&self) -> Vec<Lane<'_>> {
        let mut groups = BTreeMap::<Common, Vec<&Due>>::new();
        for due in &self.dues {
            if due.owners.is_empty() {
                let common = if due.is_unread() { Common::Unread } else { Common::None };
                groups.entry(common).or_default().push(due);
            }
            // An owner who is named twice owns it once.
            for owner in due.owners.iter().collect::<BTreeSet<&ActorName>>() {
                groups.entry(Common::Name(owner.to_string())).or_default().push(due);
            }
        }
        let mut lanes: Vec<Lane<'_>> =
            groups.into_iter().map(|(common, dues)| self.lane(common, dues)).collect();
        self.sort(&mut lanes);
        lanes
    }

    fn lane<'t>(&self, common: Common, dues: Vec<&'t Due>) -> Lane<'t> {
        let (tally, weeks) = (self.count(&dues), self.weeks_of(&dues));
        Lane { common, dues, tally, weeks }
    }

    /// The lane whose first secret is the most urgent comes first.
    fn sort(&self, lanes: &mut [Lane<'_>]) {
        let position: BTreeMap<&CredentialName, usize> =
            self.dues.iter().enumerate().map(|(position, due)| (&due.name, position)).collect();
        lanes.sort_by_key(|lane| lane.dues.first().and_then(|due| position.get(&due.name)).copied());
    }

    fn count(&self, dues: &[&Due]) -> Tally {
        let mut tally = Tally { secrets: dues.len(), ..Tally::default() };
        for due in dues {
            let number = match due.urgency(self.now) {
                Urgency::Expired => &mut tally.expired,
                Urgency::Unknown => &mut tally.unknown,
                Urgency::Expiring => &mut tally.expiring,
                Urgency::Later if due.at().is_some_and(|at| at >= self.to) => &mut tally.beyond,
                Urgency::Later => &mut tally.later,
                Urgency::Never => &mut tally.never,
            };
            *number += 1;
        }
        tally
    }

    /// What ends within the year and has not ended yet, by week.
    fn weeks_of(&self, dues: &[&Due]) -> Vec<Week> {
        let mut weeks = vec![Week::default(); WEEKS];
        for due in dues {
            let Some(at) = due.at().filter(|at| self.now < *at && *at < self.to) else { continue };
            let seconds = (at.as_datetime() - self.from.as_datetime()).num_seconds();
            let week = usize::try_from(seconds / SECONDS_OF_A_WEEK).unwrap_or(0).min(WEEKS - 1);
            let Some(week) = weeks.get_mut(week) else { continue };
            if due.urgency(self.now) == Urgency::Expiring {
                week.expiring += 1;
            } else {
                week.later += 1;
            }
        }
        weeks
    }

    /// Where a week begins, and where it ends.
    pub fn week(&self, number: usize) -> (u32, u32) {
        let begins = |number: usize| {
            if number >= WEEKS {
                return WHOLE;
            }
            let seconds = i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(SECONDS_OF_A_WEEK);
            self.from.checked_add_seconds(seconds).map_or(WHOLE, |at| self.spot(at).clamped())
        };
        (begins(number), begins(number + 1))
    }

    fn months(&self) -> Vec<Month> {
        let first = self.from.as_datetime().with_day(1);
        let begins = |number: u32| Instant::new(first?.checked_add_months(Months::new(number))?);
        let month = |at: Instant| {
            let Spot::Within(spot) = self.spot(at) else { return None };
            let date = at.as_datetime();
            let name = NAMES.get(usize::try_from(date.month0()).ok()?)?;
            Some(Month { spot, name, year: date.year(), is_january: date.month() == 1 })
        };
        (0..=12).filter_map(|number| month(begins(number)?)).collect()
    }
}

const NAMES: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The folders of a name, outermost first; of a secret of another tool those of its file.
fn folders(name: &CredentialName) -> Vec<&str> {
    let path = name.known_as().last().unwrap_or_default();
    let mut segments: Vec<&str> = path.split('/').collect();
    segments.pop();
    segments
}

/// How many folders all of them have in common.
fn common_depth(dues: &[&Due]) -> usize {
    let mut all = dues.iter().map(|due| folders(&due.name));
    let Some(mut common) = all.next() else { return 0 };
    for other in all {
        let same = common.iter().zip(&other).take_while(|(one, another)| one == another).count();
        common.truncate(same);
    }
    common.len()
}

/// By their first folders, `depth` of them.
fn by_folder<'t>(dues: &[&'t Due], depth: usize) -> BTreeMap<String, Vec<&'t Due>> {
    let mut groups = BTreeMap::<String, Vec<&Due>>::new();
    for due in dues {
        let mut folders = folders(&due.name);
        folders.truncate(depth);
        groups.entry(folders.join("/")).or_default().push(due);
    }
    groups
}

/// Divides a folder that holds many, as long as that comes to few folders.
fn divide<'t>(name: String, dues: Vec<&'t Due>, depth: usize, into: &mut Vec<(String, Vec<&'t Due>)>) {
    if dues.len() > MANY {
        let parts = by_folder(&dues, depth + 1);
        if (2..=FEW_FOLDERS).contains(&parts.len()) {
            for (name, dues) in parts {
                divide(name, dues, depth + 1, into);
            }
            return;
        }
    }
    into.push((name, dues));
}

#[cfg(test)]
mod tests;
