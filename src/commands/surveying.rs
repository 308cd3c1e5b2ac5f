//! What stands on the deploy ref and is to be told: from its secrets to notices, for whoever tells or counts them.

use std::collections::{BTreeMap, BTreeSet};

use super::dues;
use super::judging::setting_here;
use crate::checks::driver::{self, Judged};
use crate::domain::access;
use crate::domain::check_id::CheckId;
use crate::domain::custody;
use crate::domain::days;
use crate::domain::due::Due;
use crate::domain::facts::{Exposure, SecretFacts, Setting, StoreFacts};
use crate::domain::finding::{Finding, Known, Level, Unknown};
use crate::domain::ledger::Event;
use crate::domain::name::{ActorName, SecretName};
use crate::domain::notice::{Contact, IssuedBy, Notice, Origin, Topic, dedup_key};
use crate::domain::policy::Policy;
use crate::domain::record::Issuer;
use crate::domain::report::Unchecked;
use crate::domain::text::{shell_word, visible};
use crate::domain::time::Instant;
use crate::domain::tracked_facts::FileFacts;
use crate::domain::tracked_name::{CredentialName, TrackedName};
use crate::domain::warning::{Standing, Standings};
use crate::observe::deployed::Deployed;
use crate::observe::reference::Reference;
use crate::observe::selection::Selection;
use crate::observe::tracked::TrackedFiles;
use crate::system::threads::{ParallelIterator as _, Shared as _};

/// How many people a notice names at least, where custody has as many.
const FEWEST_NAMED: usize = 2;

/// What was found on the deploy ref.
pub struct Survey {
    pub origin: Origin,
    pub standings: Standings,
    /// The seals that stand there, for the ledger.
    pub seals: Vec<Event>,
    /// How many secrets were looked at.
    pub secrets: usize,
    /// What could not be judged.
    pub unchecked: Vec<Unchecked>,
}

/// One secret, or one file of another tool, as it was seen.
#[derive(Default)]
struct Seen {
    judged: Judged,
    details: BTreeMap<String, Detail>,
    seals: Vec<Event>,
    exposures: Vec<Exposure>,
    tracked: Vec<TrackedName>,
    secrets: usize,
}

impl Seen {
    fn absorb(mut self, other: Self) -> Self {
        self.judged.absorb(other.judged);
        self.details.extend(other.details);
        self.seals.extend(other.seals);
        self.exposures.extend(other.exposures);
        self.tracked.extend(other.tracked);
        self.secrets += other.secrets;
        self
    }
}

/// What a notice says of a secret besides what is found.
struct Detail {
    due: Due,
    issuer: Option<IssuedBy>,
    /// Who can open it.
    custody: BTreeSet<ActorName>,
    /// The version, as far as one is known.
    version: String,
}

impl Survey {
    /// Looks at everything there.
    pub fn of(deployed: &Deployed, policy: &Policy, now: Instant) -> Self {
        let setting = setting_here(now, &deployed.place);
        let mut unknowns = Vec::new();
        let mut seen = Seen::default();
        let reference = Reference::at_place(&deployed.place, deployed.commit);
        let reference = reference.map(|reference| reference.called(&deployed.name));
        if let Ok(reference) = &reference {
            unknowns.extend(reference.unseen().iter().cloned());
            seen = own(reference, policy, &setting);
        }
        match tracked(deployed, policy, &setting, &mut unknowns) {
            Ok(tracked) => seen = seen.absorb(tracked),
            Err(unknown) => unknowns.push(unknown),
        }
        match reference {
            Ok(reference) => {
                let store = reference.store(seen.tracked.clone());
                let store = StoreFacts { exposures: std::mem::take(&mut seen.exposures), ..store };
                seen.judged.absorb(driver::judge_store(&setting, policy, &store));
            }
            Err(unknown) => unknowns.push(unknown),
        }
        if seen.secrets == 0 && unknowns.is_empty() {
            let why = "holds no secret, so nothing is watched: secrets add NAME";
            unknowns.push(Unknown::new(deployed.place.folder.clone(), why));
        }
        seen.judged.unchecked.extend(unknowns.iter().map(of_unknown));
        Writing { origin: origin(deployed, Some(policy)), policy, now, details: &seen.details }
            .conclude(&seen)
    }

    /// Where nothing could be judged, and why.
    pub fn blind(deployed: &Deployed, now: Instant, unknown: &Unknown) -> Self {
        let origin = origin(deployed, None);
        let unchecked = vec![of_unknown(unknown)];
        let standings = Standings {
            all: unchecked.iter().map(|unchecked| unjudged(&origin, unchecked, now)).collect(),
            ..Standings::default()
        };
        Self { origin, standings, seals: Vec::new(), secrets: 0, unchecked }
    }

    /// Tells of something else that could not be judged.
    pub fn add_unknown(&mut self, unknown: &Unknown, now: Instant) {
        self.standings.all.push(self.unjudged(unknown, now));
        self.unchecked.push(of_unknown(unknown));
    }

    /// That something could not be judged, as it is told.
    pub fn unjudged(&self, unknown: &Unknown, now: Instant) -> Standing {
        unjudged(&self.origin, &of_unknown(unknown), now)
    }
}

fn origin(deployed: &Deployed, policy: Option<&Policy>) -> Origin {
    Origin {
        store: deployed.place.folder.clone(),
        store_id: policy.map(|policy| policy.store),
        repository: deployed.address(),
    }
}

fn of_unknown(unknown: &Unknown) -> Unchecked {
    let (what, why) = (visible(&unknown.what).into_owned(), visible(&unknown.why).into_owned());
    Unchecked { secret: None, what, why }
}

/// The secrets of the store itself.
fn own(reference: &Reference<'_>, policy: &Policy, setting: &Setting) -> Seen {
    let look = |name: &SecretName| of_secret(policy, setting, &reference.secret(name, None));
    reference.names.par_iter().map(look).reduce(Seen::default, Seen::absorb)
}

fn of_secret(policy: &Policy, setting: &Setting, facts: &SecretFacts) -> Seen {
    let judged = driver::judge_secret(setting, policy, facts);
    let due = dues::of_secret(policy, facts, &judged);
    let record = facts.record.as_ref().ok().and_then(Option::as_ref);
    let mut seen = Seen { judged, secrets: 1, ..Seen::default() };
    let mut detail = Detail { due, issuer: None, custody: BTreeSet::new(), version: String::new() };
    if let Some(record) = record {
        let sealed = &record.sealed;
        detail.issuer = record.about.issuer.as_ref().map(issued_by);
        detail.custody = custody::people(sealed, policy);
        detail.version = sealed.version.id.to_string();
        seen.exposures = custody::exposures(sealed, policy);
        seen.seals.extend(facts.binding_expected.map(|digest| Event::Seal {
            secret: facts.name.clone(),
            number: sealed.version.number,
            seal: sealed.seal,
            digest,
        }));
    }
    seen.details.insert(facts.name.as_str().to_owned(), detail);
    seen
}

fn issued_by(issuer: &Issuer) -> IssuedBy {
    IssuedBy { name: issuer.name.clone(), contact: issuer.contact.clone() }
}

/// What other tools have sealed.
fn tracked(
    deployed: &Deployed,
    policy: &Policy,
    setting: &Setting,
    unknowns: &mut Vec<Unknown>,
) -> Known<Seen> {
    if policy.track.is_none() {
        return Ok(Seen::default());
    }
    let tracked = TrackedFiles::at_commit(&deployed.place, policy, deployed.commit, &Selection::All, None)?;
    unknowns.extend(tracked.unknowns.iter().cloned());
    let look = |path: &String| match tracked.file(path) {
        Some(facts) => Ok(of_file(policy, setting, &facts)),
        None => Err(Unknown::new(path.as_str(), "can't be named, so nothing about it was judged; rename it")),
    };
    let mut all = Seen::default();
    for looked in tracked.files.par_iter().map(look).collect::<Vec<_>>() {
        match looked {
            Ok(seen) => all = all.absorb(seen),
            Err(unknown) => unknowns.push(unknown),
        }
    }
    Ok(all)
}

fn of_file(policy: &Policy, setting: &Setting, facts: &FileFacts) -> Seen {
    let judged = driver::judge_file(setting, policy, facts);
    let access = facts.access().ok().flatten();
    let custody = access.map(|access| access::holders(access, policy, &facts.claimed_readers).alone);
    let custody = custody.unwrap_or_default();
    let mut seen = Seen::default();
    for secret in facts.secrets.as_deref().unwrap_or_default() {
        let issuer = secret.claim.as_ref().and_then(|claim| claim.issuer.as_ref()).map(issued_by);
        let due = dues::of_tracked(policy, facts, secret, &judged);
        let detail = Detail { due, issuer, custody: custody.clone(), version: secret.seen.to_string() };
        seen.details.insert(secret.name.as_str().to_owned(), detail);
        seen.tracked.push(secret.name.clone());
        seen.secrets += 1;
    }
    seen.secrets += facts.undecided.len();
    seen.tracked.push(facts.name.clone());
    seen.judged = judged;
    seen
}

/// From findings to notices.
struct Writing<'a> {
    origin: Origin,
    policy: &'a Policy,
    now: Instant,
    details: &'a BTreeMap<String, Detail>,
}

impl Writing<'_> {
    fn conclude(self, seen: &Seen) -> Survey {
        let mut all: Vec<Standing> =
            seen.judged.findings.iter().map(|finding| self.standing(finding)).collect();
        let unchecked: Vec<Unchecked> = seen.judged.unchecked.iter().cloned().collect();
        all.extend(unchecked.iter().map(|unchecked| unjudged(&self.origin, unchecked, self.now)));
        let in_doubt: BTreeSet<&str> =
            unchecked.iter().filter_map(|unchecked| Some(unchecked.secret.as_ref()?.as_str())).collect();
        let names =
            self.details.keys().map(String::as_str).chain(seen.tracked.iter().map(TrackedName::as_str));
        let judged = names.filter(|name| !is_in_doubt(name, &in_doubt)).map(str::to_owned).collect();
        let is_whole = unchecked.iter().all(|unchecked| unchecked.secret.is_some());
        Survey {
            standings: Standings { all, judged, is_whole },
            origin: self.origin,
            seals: seen.seals.clone(),
            secrets: seen.secrets,
            unchecked,
        }
    }

    fn standing(&self, finding: &Finding) -> Standing {
        let topic = Topic::Check(finding.id);
        let name = finding.secret.as_ref().map(CredentialName::as_str);
        let detail = name.and_then(|name| self.details.get(name));
        let due = detail.map(|detail| &detail.due);
        let subject = name.or(finding.path.as_deref()).unwrap_or_default();
        let end = due.and_then(Due::at);
        let cause = match (topic.is_expiry(), detail) {
            // A new value, or another end of the same one, is warned of anew.
            (true, Some(detail)) => format!("{} {}", detail.version, finding_end(end, finding)),
            _ => format!("{} {}", detail.map_or("", |detail| &detail.version), finding.mark),
        };
        // What is of the store as a whole has one alert for each of whom it is about.
        let about = if name.is_none() {
            format!("{subject} {}", first_line(&finding.mark))
        } else {
            subject.to_owned()
        };
        let notice = Notice {
            secret: finding.secret.clone(),
            topic,
            tier: None,
            expires: end,
            days_left: end.map(|end| self.now.days_until(end)),
            level: finding.level,
            message: self.message(finding, end),
            remedy: finding.remedy.clone(),
            owners: due.map(|due| due.owners.clone()).unwrap_or_default(),
            people: detail.map(|detail| self.people(detail)).unwrap_or_default(),
            issuer: detail.and_then(|detail| detail.issuer.clone()),
            runbook: due.and_then(|due| due.runbook.clone()),
            dedup_key: dedup_key(self.origin.store_id, topic, about.trim_end()),
            cause,
            since: self.now,
        };
        let tiers = due.map(|due| due.tiers.iter().copied().chain([due.block_within]).collect());
        Standing { notice, tiers: tiers.unwrap_or_default() }
    }

    /// The end comes first: people plan by dates.
    fn message(&self, finding: &Finding, end: Option<Instant>) -> String {
        match end.filter(|_| finding.id == CheckId::Expiring) {
            Some(end) if finding.level == Level::Error => {
                format!("expires {} ({}); deploys are blocked", end.brief(), days::ahead(self.now, end))
            }
            Some(end) => format!("expires {} ({})", end.brief(), days::ahead(self.now, end)),
            None => finding.message.clone(),
        }
    }

    /// The people behind the owners, and as many others who can open it as make two.
    fn people(&self, detail: &Detail) -> Vec<Contact> {
        let contact =
            |name: &ActorName| self.policy.people.get(name).and_then(|person| person.contact.clone());
        let mut people: Vec<Contact> = Vec::new();
        let owners = detail.due.people.iter().map(|(name, _)| name);
        for name in owners.chain(&detail.custody) {
            let is_owner = detail.due.people.iter().any(|(owner, _)| owner == name);
            let is_named = people.iter().any(|person| person.name == *name);
            if !is_named && (is_owner || people.len() < FEWEST_NAMED) {
                people.push(Contact { name: name.clone(), contact: contact(name) });
            }
        }
        people
    }
}

/// The end that a finding is about: the value may carry an earlier one than the record says.
fn finding_end(end: Option<Instant>, finding: &Finding) -> String {
    let marked = first_line(&finding.mark).trim_end_matches(" blocks");
    if marked.is_empty() { end.map(|end| end.to_string()).unwrap_or_default() } else { marked.to_owned() }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Whether something of it, or of the file that it is in, is not known.
fn is_in_doubt(name: &str, in_doubt: &BTreeSet<&str>) -> bool {
    let file = name.split_once("#/").map_or(name, |(file, _)| file);
    in_doubt.contains(name) || in_doubt.contains(file)
}

/// That something was not judged, as a notice.
fn unjudged(origin: &Origin, unchecked: &Unchecked, now: Instant) -> Standing {
    let subject = unchecked.secret.as_ref().map(CredentialName::as_str);
    let message = format!("not judged: {}: {}", unchecked.what, unchecked.why);
    let about =
        subject.map_or_else(|| unchecked.what.clone(), |secret| format!("{secret} {}", unchecked.what));
    let remedy = match subject {
        Some(name) => format!("secrets check --scope {}", shell_word(name)),
        None => "secrets check".to_owned(),
    };
    let notice = Notice {
        secret: unchecked.secret.clone(),
        topic: Topic::Unchecked,
        tier: None,
        expires: None,
        days_left: None,
        level: Level::Error,
        cause: message.clone(),
        message,
        remedy,
        owners: Vec::new(),
        people: Vec::new(),
        issuer: None,
        runbook: None,
        dedup_key: dedup_key(origin.store_id, Topic::Unchecked, &about),
        since: now,
    };
    Standing { notice, tiers: Vec::new() }
}
