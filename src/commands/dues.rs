//! When each secret ends and who is to be told: from facts to due dates, for whoever lists or draws them.

use crate::checks::Judged;
use crate::domain::check_id::CheckId;
use crate::domain::due::{Due, End};
use crate::domain::expiry::Expiry;
use crate::domain::facts::SecretFacts;
use crate::domain::finding::Unknown;
use crate::domain::name::ActorName;
use crate::domain::policy::Policy;
use crate::domain::rules::Rules;
use crate::domain::terms::Terms;
use crate::domain::time::Instant;
use crate::domain::tracked_facts::{FileFacts, TrackedSecret};
use crate::domain::tracked_name::CredentialName;

/// A secret of the store.
pub fn of_secret(policy: &Policy, facts: &SecretFacts, judged: &Judged) -> Due {
    let rules = Rules::of(policy, &facts.name);
    let name = CredentialName::from(facts.name.clone());
    let record = match &facts.record {
        Ok(Some(record)) => record,
        Ok(None) => {
            let why = "there is no record of it, so nothing says when it ends".to_owned();
            return due(policy, &rules, name, End::Unread(why), Terms::default());
        }
        Err(Unknown { why, .. }) => {
            return due(policy, &rules, name, End::Unread(why.clone()), Terms::default());
        }
    };
    let terms = Terms::of_record(record);
    let sealed = &record.sealed;
    let sealed_at = i64::try_from(sealed.seal).ok().and_then(|seal| Instant::EPOCH.checked_add_seconds(seal));
    Due {
        version: Some(sealed.version.number),
        revised: sealed_at.max(Some(sealed.version.set_at)),
        doubt: doubt(judged, &name),
        ..due(policy, &rules, name, end_of(terms.expires.as_ref()), terms)
    }
}

/// A secret of a file that another tool sealed.
pub fn of_tracked(policy: &Policy, file: &FileFacts, secret: &TrackedSecret, judged: &Judged) -> Due {
    let rules = Rules::of_tracked(policy, &secret.name);
    let name = CredentialName::from(secret.name.clone());
    let whole = CredentialName::from(file.name.clone());
    let terms = Terms::of_tracked(secret);
    // When its file was written says nothing of when its record was.
    Due {
        doubt: doubt(judged, &name).or_else(|| doubt(judged, &whole)),
        ..due(policy, &rules, name, end_of(terms.expires.as_ref()), terms)
    }
}

fn due(policy: &Policy, rules: &Rules, name: CredentialName, end: End, terms: Terms) -> Due {
    let contact = |name: ActorName| {
        let person = policy.people.get(&name)?;
        Some((name, person.contact.clone()))
    };
    Due {
        name,
        end,
        doubt: None,
        tiers: rules.notify_at.value.clone(),
        block_within: rules.block_within.value,
        people: policy.resolve(&terms.owners).into_iter().filter_map(contact).collect(),
        owners: terms.owners,
        issuer: terms.issuer,
        runbook: terms.runbook,
        version: None,
        revised: None,
    }
}

fn end_of(expires: Option<&Expiry>) -> End {
    match expires {
        Some(Expiry::At { at, .. }) => End::At(*at),
        Some(Expiry::Never { why }) => End::Never(why.clone()),
        None => End::Unsaid,
    }
}

/// The gravest of the findings by which the recorded date may be another than that of the value.
fn doubt(judged: &Judged, name: &CredentialName) -> Option<CheckId> {
    let of_this = judged.findings.iter().filter(|finding| finding.secret.as_ref() == Some(name));
    [CheckId::Tampered, CheckId::ExpiryMismatch, CheckId::RecordBehind]
        .into_iter()
        .find(|id| of_this.clone().any(|finding| finding.id == *id))
}
