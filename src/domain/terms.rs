//! What somebody says of a secret while its value stays: when it ends, since when it counts, and who answers for it.

use std::collections::BTreeSet;

use super::claim::Claim;
use super::expiry::Expiry;
use super::name::ActorName;
use super::record::{About, Issuer, Record};
use super::time::Instant;
use super::tracked_facts::TrackedSecret;

/// What is said of a secret, or is to be said. What is absent or empty is not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    pub expires: Option<Expiry>,
    pub issued: Option<Instant>,
    pub owners: Vec<ActorName>,
    pub issuer: Option<String>,
    /// A path in the repository, or an address.
    pub runbook: Option<String>,
}

impl Terms {
    /// Those of a secret of the store.
    pub fn of_record(record: &Record) -> Self {
        let about = &record.about;
        Self {
            expires: record.sealed.expires.clone(),
            issued: record.sealed.issued,
            owners: about.owners.clone(),
            issuer: about.issuer.as_ref().map(|issuer| issuer.name.clone()),
            runbook: about.runbook.clone(),
        }
    }

    /// Those that hold for a tracked secret, whether its record or a rule of policy says so.
    pub fn of_tracked(secret: &TrackedSecret) -> Self {
        let claim = secret.claim.clone().unwrap_or_default();
        Self {
            expires: secret.expires(),
            issued: claim.issued,
            owners: secret.owners().to_vec(),
            issuer: claim.issuer.map(|issuer| issuer.name),
            runbook: claim.runbook,
        }
    }

    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it says anything that is bound to the ciphertext of a secret of the store.
    pub fn is_sealed(&self) -> bool {
        self.expires.is_some() || self.issued.is_some()
    }

    /// What of it is not so already.
    #[must_use]
    pub fn beyond(&self, standing: &Self) -> Self {
        fn other<T: Clone + PartialEq>(said: Option<&T>, standing: Option<&T>) -> Option<T> {
            said.filter(|said| Some(*said) != standing).cloned()
        }
        let set = |names: &[ActorName]| names.iter().cloned().collect::<BTreeSet<_>>();
        let expires =
            self.expires.clone().filter(|expires| !says_already(standing.expires.as_ref(), expires));
        let same_owners = set(&self.owners) == set(&standing.owners);
        Self {
            expires,
            issued: other(self.issued.as_ref(), standing.issued.as_ref()),
            owners: if same_owners { Vec::new() } else { self.owners.clone() },
            issuer: other(self.issuer.as_ref(), standing.issuer.as_ref()),
            runbook: other(self.runbook.as_ref(), standing.runbook.as_ref()),
        }
    }

    /// Whether it moves an end that was recorded and does not say why.
    pub fn lacks_reason(&self, recorded: Option<&Expiry>) -> bool {
        match (recorded, &self.expires) {
            (Some(recorded), Some(Expiry::At { at, reason: None, .. })) => recorded.at() != Some(*at),
            _ => false,
        }
    }

    /// Writes it into the record of a tracked secret.
    pub fn put_into_claim(&self, claim: &mut Claim) {
        if self.expires.is_some() {
            claim.expires.clone_from(&self.expires);
        }
        claim.issued = self.issued.or(claim.issued);
        self.put_notes(&mut claim.owners, &mut claim.issuer, &mut claim.runbook);
    }

    /// Writes what is free to edit into the record of a secret of the store.
    pub fn put_into_about(&self, about: &mut About) {
        self.put_notes(&mut about.owners, &mut about.issuer, &mut about.runbook);
    }

    fn put_notes(
        &self,
        owners: &mut Vec<ActorName>,
        issuer: &mut Option<Issuer>,
        runbook: &mut Option<String>,
    ) {
        if !self.owners.is_empty() {
            owners.clone_from(&self.owners);
        }
        if let Some(name) = &self.issuer {
            // Whom to ask there is nobody to ask elsewhere.
            let same = issuer.take().filter(|issuer| issuer.name == *name);
            let new = || Issuer { name: name.clone(), contact: None, others: serde_json::Map::new() };
            *issuer = Some(same.unwrap_or_else(new));
        }
        if self.runbook.is_some() {
            runbook.clone_from(&self.runbook);
        }
    }
}

/// Whether an expiry says no more than the one that stands: from where it was read does not count, and a reason that is
/// not given is no other one.
fn says_already(standing: Option<&Expiry>, said: &Expiry) -> bool {
    match (standing, said) {
        (Some(Expiry::At { at, reason, .. }), Expiry::At { at: said_at, reason: said_reason, .. }) => {
            at == said_at && (said_reason.is_none() || reason == said_reason)
        }
        (standing, said) => standing == Some(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::digest::Digest;
    use crate::domain::expiry::ExpirySource;
    use crate::domain::facts::Inside;

    fn at(text: &str, from: ExpirySource, reason: Option<&str>) -> Expiry {
        Expiry::At { at: text.parse().unwrap(), from, reason: reason.map(ToOwned::to_owned) }
    }

    fn never(why: &str) -> Expiry {
        Expiry::Never { why: why.to_owned() }
    }

    #[test]
    fn what_is_so_already_is_not_said_again() {
        let read = at("2027-01-01", ExpirySource::X509, Some("as the certificate says"));
        let declared = |text, reason| at(text, ExpirySource::Declared, reason);
        for (standing, said, is_news) in [
            (Some(&read), declared("2027-01-01", None), false),
            (Some(&read), declared("2027-01-01", Some("as the certificate says")), false),
            (Some(&read), declared("2027-01-01", Some("another")), true),
            (Some(&read), declared("2027-01-02", None), true),
            (Some(&read), never("x"), true),
            (Some(&never("x")), never("x"), false),
            (Some(&never("x")), never("y"), true),
            (None, never("x"), true),
        ] {
            let (standing, said) = (
                Terms { expires: standing.cloned(), ..Terms::default() },
                Terms { expires: Some(said), ..Terms::default() },
            );
            assert_eq!(!said.beyond(&standing).is_silent(), is_news, "{said:?} beyond {standing:?}");
        }
        let standing = Terms {
            owners: vec!["alice".parse().unwrap(), "bob".parse().unwrap()],
            issuer: Some("IT".to_owned()),
            ..Terms::default()
        };
        let turned = Terms { owners: standing.owners.iter().rev().cloned().collect(), ..standing.clone() };
        assert!(turned.beyond(&standing).is_silent());
        let elsewhere = Terms {
            issued: Some("2026-01-01".parse().unwrap()),
            issuer: Some("Vendor".to_owned()),
            runbook: Some("docs/a.md".to_owned()),
            ..Terms::default()
        };
        let beyond = elsewhere.beyond(&standing);
        assert_eq!((beyond.issued, beyond.runbook), (elsewhere.issued, elsewhere.runbook.clone()));
        assert_eq!(beyond.issuer, elsewhere.issuer);
        let fewer = Terms { owners: vec!["bob".parse().unwrap()], ..standing.clone() };
        assert_eq!(fewer.beyond(&standing), Terms { owners: fewer.owners.clone(), ..Terms::default() });
    }

    #[test]
    fn a_recorded_end_is_not_moved_without_a_reason() {
        let recorded = at("2027-01-01", ExpirySource::Declared, None);
        for (recorded, said, lacks) in [
            (None, at("2028-01-01", ExpirySource::Declared, None), false),
            (Some(&recorded), at("2027-01-01", ExpirySource::Declared, None), false),
            (Some(&recorded), at("2028-01-01", ExpirySource::Declared, None), true),
            (Some(&recorded), at("2026-01-01", ExpirySource::Declared, None), true),
            (Some(&recorded), at("2028-01-01", ExpirySource::Declared, Some("why")), false),
            (Some(&recorded), never("why"), false),
            (Some(&never("why")), at("2028-01-01", ExpirySource::Declared, None), true),
        ] {
            let terms = Terms { expires: Some(said), ..Terms::default() };
            assert_eq!(terms.lacks_reason(recorded), lacks, "{terms:?} after {recorded:?}");
        }
    }

    #[test]
    fn the_contact_of_an_issuer_stays_with_that_issuer() {
        let issuer = Issuer {
            name: "IT".to_owned(),
            contact: Some("it@example.org".to_owned()),
            others: serde_json::Map::new(),
        };
        let mut claim = Claim { issuer: Some(issuer.clone()), ..Claim::default() };
        let said = |name: &str| Terms { issuer: Some(name.to_owned()), ..Terms::default() };
        said("IT").put_into_claim(&mut claim);
        assert_eq!(claim.issuer, Some(issuer));
        said("Vendor").put_into_claim(&mut claim);
        let issuer = claim.issuer.unwrap();
        assert_eq!((issuer.name.as_str(), issuer.contact), ("Vendor", None));
    }

    #[test]
    fn what_is_not_said_stays() {
        let owners =
            |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<ActorName>>();
        let mut about =
            About { owners: owners(&["alice"]), runbook: Some("a.md".to_owned()), ..About::default() };
        let before = about.clone();
        Terms::default().put_into_about(&mut about);
        assert_eq!(about, before);
        let said = Terms { owners: owners(&["bob"]), runbook: Some("b.md".to_owned()), ..Terms::default() };
        said.put_into_about(&mut about);
        assert_eq!((about.owners, about.runbook.as_deref()), (owners(&["bob"]), Some("b.md")));
    }

    #[test]
    fn an_end_and_a_day_of_issue_are_bound_to_the_ciphertext() {
        let expires = Some(at("2027-01-01", ExpirySource::Declared, None));
        let issued = Some("2026-01-01".parse().unwrap());
        let free =
            Terms { owners: vec!["al".parse().unwrap()], issuer: Some("IT".to_owned()), ..Terms::default() };
        for (terms, is_sealed) in [
            (Terms { expires: expires.clone(), ..free.clone() }, true),
            (Terms { issued, ..free.clone() }, true),
            (Terms { expires, issued, ..free.clone() }, true),
            (free, false),
        ] {
            assert_eq!(terms.is_sealed(), is_sealed, "{terms:?}");
        }
    }

    #[test]
    fn a_claim_takes_what_is_said_and_keeps_the_rest() {
        let (end, later) = (never("x"), never("y"));
        let (issued, again) = ("2026-01-01".parse().unwrap(), "2026-02-01".parse().unwrap());
        let mut claim = Claim { expires: Some(end.clone()), issued: Some(issued), ..Claim::default() };
        Terms { issued: Some(again), ..Terms::default() }.put_into_claim(&mut claim);
        assert_eq!((&claim.expires, claim.issued), (&Some(end), Some(again)));
        Terms { expires: Some(later.clone()), ..Terms::default() }.put_into_claim(&mut claim);
        assert_eq!((claim.expires, claim.issued), (Some(later), Some(again)));
    }

    #[test]
    fn what_a_record_says_is_all_of_it() {
        const RECORD: &str = r#"{"schema":1,"sealed":{"name":"web/db","store":"01K3Y3Q5W0000000000000001A",
            "format":"text","version":{"id":"01K3Y3Q5W0000000000000001B","number":1,
            "set_at":"2026-01-01T00:00:00Z","set_by":"alice"},"issued":"2025-12-31T00:00:00Z",
            "expires":{"never":"x"},"readers":["alice"],"exposed_to":{},"keys":{},"seal":1},
            "digest":"DIGEST","about":{"owners":["bob"],"issuer":{"name":"IT"},"runbook":"a.md"}}"#;
        let text = RECORD.replace("DIGEST", &Digest::of(b"").to_string());
        let record: Record = crate::domain::json::read(text.as_bytes()).unwrap();
        let said = Terms {
            expires: Some(never("x")),
            issued: Some("2025-12-31".parse().unwrap()),
            owners: vec!["bob".parse().unwrap()],
            issuer: Some("IT".to_owned()),
            runbook: Some("a.md".to_owned()),
        };
        assert_eq!(Terms::of_record(&record), said);

        let mut claim = Claim::default();
        said.put_into_claim(&mut claim);
        let mut tracked = TrackedSecret {
            name: "a/enc.yaml#/token".parse().unwrap(),
            claim: Some(claim),
            kind: None,
            seen: Digest::of(b""),
            inside: Inside::NotAsked,
        };
        assert_eq!(Terms::of_tracked(&tracked), said);
        tracked.claim = None;
        assert!(Terms::of_tracked(&tracked).is_silent());
    }
}
