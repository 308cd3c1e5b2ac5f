//! The same values, another end, issue or owner: secrets of the store are sealed again, of tracked ones the record
//! changes, and all of it is one commit.

use std::collections::BTreeSet;

use super::catalogue::{Catalogue, Meant, TrackedValue};
use super::ending::warn_of_earlier_end;
use super::gathering::CustodyRecords;
use super::reading::{expiry_text, names_text};
use super::standing::{Standing, tracked};
use super::tracking::rehearse;
use super::writing::{Manner, accept_keys, existing, finish};
use super::{CommandError, Session};
use crate::change::sealing::{Request, Sealer};
use crate::change::writer::Writer;
use crate::domain::glob::Glob;
use crate::domain::name::SecretName;
use crate::domain::policy::Policy;
use crate::domain::terms::Terms;
use crate::domain::text::{counted, shell_word, visible};
use crate::domain::time::Instant;
use crate::domain::tracked_name::CredentialName;
use crate::observe::place::Place;
use crate::value_ends;

/// What is to change, found out before anything does.
pub struct Redating<'a> {
    session: &'a Session,
    place: &'a Place,
    policy: &'a Policy,
    /// How it is said why an end moves: `give --reason WHY`.
    reason_remedy: &'static str,
    /// Whether a secret of the store that is so already is sealed again all the same: whoever names it wants to hear
    /// whether that can be done.
    pub insists: bool,
    records: CustodyRecords<'a>,
    own: Vec<(SecretName, Terms)>,
    has_tracked: bool,
    /// The secrets that change, and for people what changes of each.
    pub changes: Vec<(CredentialName, String)>,
}

impl<'a> Redating<'a> {
    pub fn new(
        session: &'a Session,
        place: &'a Place,
        policy: &'a Policy,
        reason_remedy: &'static str,
    ) -> Self {
        let records = CustodyRecords::new(place);
        Self {
            session,
            place,
            policy,
            reason_remedy,
            insists: false,
            records,
            own: Vec::new(),
            has_tracked: false,
            changes: Vec::new(),
        }
    }

    /// Plans what of the terms is not so already; answers whether that is anything.
    pub fn plan(&mut self, meant: Meant<'_>, terms: &Terms) -> Result<bool, CommandError> {
        if let Some(owner) = terms.owners.iter().find(|owner| !self.policy.can_own(owner)) {
            return Err(CommandError::new(format!(
                "owner {owner}: policy has no person or group of that name"
            ))
            .hint("secrets people list"));
        }
        if let Some(issued) = terms.issued.filter(|issued| *issued > self.session.now) {
            return Err(CommandError::new(format!("issued {}: is still to come", issued.brief())));
        }
        match meant {
            Meant::Own(name) => self.plan_own(name, terms),
            Meant::Tracked(value) => self.plan_tracked(value, terms),
        }
    }

    fn plan_own(&mut self, name: &SecretName, terms: &Terms) -> Result<bool, CommandError> {
        let standing = Terms::of_record(&existing(self.place, name)?.record);
        let mut news = terms.beyond(&standing);
        if news.is_silent() && self.insists && terms.is_sealed() {
            news = terms.clone();
        }
        if news.is_silent() {
            return Ok(false);
        }
        let credential = CredentialName::from(name.clone());
        self.demand_reason(&credential, &news, &standing)?;
        let told = told(&standing, &news);
        self.changes.push((credential, told));
        self.own.push((name.clone(), news));
        Ok(true)
    }

    fn plan_tracked(&mut self, value: &TrackedValue, terms: &Terms) -> Result<bool, CommandError> {
        let standing = Terms::of_tracked(&value.secret);
        let news = terms.beyond(&standing);
        if news.is_silent() {
            return Ok(false);
        }
        let name = &value.secret.name;
        let credential = CredentialName::from(name.clone());
        // Whoever says when it ends has the value in mind that they knew, and that is not the one that stands there.
        if news.is_sealed() && value.is_behind() {
            let expires = terms.expires.as_ref().map_or_else(
                || "--keep-expiry".to_owned(),
                |expires| match expires.at() {
                    Some(at) => format!("--expires {}", at.brief()),
                    None => "--never REASON".to_owned(),
                },
            );
            return Err(CommandError::new(format!(
                "{}: another value stands there than its record speaks of (record-behind), so nobody can say that this is \
                 its end",
                visible(name.as_str())
            ))
            .hint(format!("look at it, then: secrets confirm {} {expires}", shell_word(name.as_str()))));
        }
        let mut claim = value.claim();
        // A rule of policy is no end that somebody recorded of this very value.
        let recorded = Terms { expires: claim.expires.clone(), ..standing.clone() };
        self.demand_reason(&credential, &news, &recorded)?;
        news.put_into_claim(&mut claim);
        self.records.put(name, claim)?;
        self.has_tracked = true;
        let told = told(&standing, &news);
        self.changes.push((credential, told));
        Ok(true)
    }

    fn demand_reason(
        &self,
        name: &CredentialName,
        news: &Terms,
        recorded: &Terms,
    ) -> Result<(), CommandError> {
        if !news.lacks_reason(recorded.expires.as_ref()) {
            return Ok(());
        }
        let ends = expiry_text(recorded.expires.as_ref());
        Err(CommandError::new(format!(
            "{}: {ends} is recorded as its end, and it is not said why that changes although the value does not: {}",
            visible(name.as_str()),
            self.reason_remedy
        )))
    }

    /// What changes, a line for each secret.
    pub fn told(&self) -> impl Iterator<Item = String> {
        self.changes.iter().map(|(name, what)| format!("{}: {what}", visible(name.as_str())))
    }

    /// For the message of the commit: the secret that changes, or how many do.
    pub fn subject(&self) -> String {
        match self.changes.as_slice() {
            [(name, _)] => visible(name.as_str()).into_owned(),
            many => counted(many.len(), "secret"),
        }
    }

    /// Seals, writes and commits what is planned; hooks judge it beforehand, unless they are left untested.
    pub fn write(
        self,
        mut writer: Writer<'_>,
        message: &str,
        manner: &Manner<'_>,
        untested_hooks: bool,
    ) -> Result<(), CommandError> {
        let Self { session, place, policy, .. } = self;
        self.put_own(&mut writer, manner)?;
        self.records.plan(&mut writer);
        if self.has_tracked && !manner.publish.no_commit && !untested_hooks {
            rehearse(session, super::session::repository(place)?, &writer, message)?;
        }
        let signing_key = manner.sealing.signing_key.as_deref();
        finish(session, place, policy, writer, message, manner.publish, signing_key)
    }

    fn put_own(&self, writer: &mut Writer<'_>, manner: &Manner<'_>) -> Result<(), CommandError> {
        let (session, place, policy) = (self.session, self.place, self.policy);
        let (sealed, noted): (Vec<_>, Vec<_>) = self.own.iter().partition(|(_, news)| news.is_sealed());
        for (name, news) in noted {
            let before = existing(place, name)?;
            let mut record = before.record.clone();
            news.put_into_about(&mut record.about);
            writer.put_record(before.pair(), &record);
        }
        if sealed.is_empty() {
            return Ok(());
        }
        let keychain = session.keychain();
        let mut identities = session.identities(&keychain);
        let prompts = session.prompts();
        let mut accepted: BTreeSet<_> = manner.sealing.accept_key.iter().cloned().collect();
        let sealer = Sealer { policy, now: session.now, prompts: &prompts };
        let tracked = tracked(place, policy);
        let names: Vec<SecretName> = sealed.iter().map(|(name, _)| name.clone()).collect();
        let standing = Standing::observe(session, place, policy, tracked.as_ref(), &names);
        for (name, news) in sealed {
            let before = existing(place, name)?;
            let facts = standing.secret(name);
            standing.refuse_older(&facts)?;
            accept_keys(session, &sealer, name, &standing.known_keys(&facts, &[name]), &mut accepted)?;
            let value = identities.open(name.as_str(), &before.bytes)?;
            let mut about = before.record.about.clone();
            news.put_into_about(&mut about);
            if let Some(expires) = &news.expires {
                session.say(format!("{name}: {}", expiry_text(Some(expires))))?;
                warn_of_earlier_end(session, &value_ends::read(value.expose()), expires)?;
            }
            let request = Request {
                expires: news.expires.clone().or_else(|| before.record.sealed.expires.clone()),
                issued: news.issued.or(before.record.sealed.issued),
                about,
                ..Request::again(&before.record, &value)
            };
            let (record, bytes) = sealer.seal(request)?;
            writer.put_secret(before.pair(), &record, bytes);
        }
        Ok(())
    }
}

/// Finds what names and globs mean, each once.
pub fn chosen<'c>(
    session: &Session,
    catalogue: &'c Catalogue,
    names: &[CredentialName],
    scopes: &[Glob],
) -> Result<Vec<Meant<'c>>, CommandError> {
    let mut chosen = Vec::new();
    for name in names {
        chosen.push(catalogue.find(name).ok_or_else(|| catalogue.unknown(name))?);
    }
    for glob in scopes {
        chosen.extend(catalogue.fitting(glob)?);
        if let Some((file, values)) = catalogue.left_out(glob) {
            session.say(format!(
                "left out: {values} values of {} without record or rule; to have one for the file: secrets track {}",
                visible(file),
                shell_word(file)
            ))?;
        }
    }
    chosen.sort_by_key(Meant::name);
    chosen.dedup_by_key(|meant| meant.name());
    Ok(chosen)
}

/// `expires unknown → 2027-08-31, owners none → infra`.
fn told(standing: &Terms, news: &Terms) -> String {
    let mut changes: Vec<String> = Vec::new();
    let mut change = |what: &str, was: String, becomes: String| {
        changes.push(format!("{what} {} → {}", visible(&was), visible(&becomes)));
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    let date = |at: Option<Instant>| at.map_or_else(|| "unknown".to_owned(), Instant::brief);
    if news.expires.is_some() {
        change("expires", expiry_text(standing.expires.as_ref()), expiry_text(news.expires.as_ref()));
    }
    if news.issued.is_some() {
        change("issued", date(standing.issued), date(news.issued));
    }
    if !news.owners.is_empty() {
        change("owners", names_text(&standing.owners), names_text(&news.owners));
    }
    if news.issuer.is_some() {
        change("issuer", text(&standing.issuer), text(&news.issuer));
    }
    if news.runbook.is_some() {
        change("runbook", text(&standing.runbook), text(&news.runbook));
    }
    changes.join(", ")
}
