//! What a finding is about and where it is shown, for formats that tell findings by place and know them again.

use std::collections::BTreeMap;

use crate::domain::digest::Digest;
use crate::domain::finding::Finding;
use crate::domain::likeness::Likeness;
use crate::domain::report::{Report, Unchecked};
use crate::domain::tracked_name::CredentialName;

/// What a finding is about: the secret, else the file, else the store.
pub fn subject_of(finding: &Finding, report: &Report) -> String {
    match (&finding.secret, &finding.path) {
        (Some(secret), _) => secret.to_string(),
        (None, Some(path)) => path.clone(),
        (None, None) => store(report),
    }
}

/// What is said of it, in one sentence: with what it is about, unless the message begins with that.
pub fn sentence(finding: &Finding, report: &Report) -> String {
    let subject = subject_of(finding, report);
    if finding.message.starts_with(&subject) {
        return finding.message.clone();
    }
    format!("{subject}: {}", finding.message)
}

/// The store, as a subject.
pub fn store(report: &Report) -> String {
    format!("{}/", store_folder(report))
}

/// The file at which a finding is shown; one that is about no file is shown at policy.
pub fn path_of(finding: &Finding, report: &Report) -> String {
    finding.path.clone().unwrap_or_else(|| match &finding.secret {
        Some(secret) => path_of_secret(secret, report),
        None => policy(report),
    })
}

/// The file at which is shown what could not be judged.
pub fn path_of_unchecked(unchecked: &Unchecked, report: &Report) -> String {
    match &unchecked.secret {
        Some(secret) => path_of_secret(secret, report),
        None if unchecked.what.starts_with(&store(report)) => unchecked.what.clone(),
        None => policy(report),
    }
}

/// The policy of the store; where there is none, of one that would be there.
pub fn policy(report: &Report) -> String {
    format!("{}/policy.toml", store_folder(report))
}

fn store_folder(report: &Report) -> &str {
    match report.store.as_str() {
        "" => "secrets",
        store => store,
    }
}

fn path_of_secret(secret: &CredentialName, report: &Report) -> String {
    match secret {
        CredentialName::Own(name) => format!("{}/{}.json", store_folder(report), name.as_str()),
        CredentialName::Tracked(name) => name.file().to_owned(),
    }
}

/// Knows findings again from run to run: neither a day that passes nor another finding beside it changes a fingerprint.
#[derive(Default)]
pub struct Fingerprints {
    /// How often each was given.
    given: BTreeMap<Digest, usize>,
}

impl Fingerprints {
    pub fn of(&mut self, finding: &Finding) -> String {
        let likeness = Likeness::of(finding);
        let message = likeness.message.map(|digest| digest.to_string());
        self.of_parts(&[
            finding.id.as_str(),
            likeness.secret.as_deref().unwrap_or_default(),
            likeness.path.as_deref().unwrap_or_default(),
            &likeness.mark,
            message.as_deref().unwrap_or_default(),
        ])
    }

    pub fn of_unchecked(&mut self, unchecked: &Unchecked) -> String {
        let secret = unchecked.secret.as_ref().map(CredentialName::as_str);
        self.of_parts(&["unchecked", secret.unwrap_or_default(), &unchecked.what])
    }

    /// The digest of these parts, and which one of those alike it is.
    pub fn of_parts(&mut self, parts: &[&str]) -> String {
        let digest = Digest::of(parts.join("\0").as_bytes());
        let count = self.given.entry(digest).or_default();
        *count += 1;
        let text = digest.to_string();
        format!("{}:{count}", text.trim_start_matches("sha256:"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_day_that_passes_changes_no_fingerprint() {
        let mut finding = samples::rich().findings.into_iter().find(|f| f.id.as_str() == "expired").unwrap();
        let first = Fingerprints::default().of(&finding);
        finding.message = "expired 9 days ago (2022-08-30)".to_owned();
        assert_eq!(Fingerprints::default().of(&finding), first);
        finding.mark = "another end".to_owned();
        assert_ne!(Fingerprints::default().of(&finding), first);
    }

    #[test]
    fn no_two_findings_have_one_fingerprint() {
        for report in [samples::rich(), samples::many(290), samples::adoption()] {
            let mut fingerprints = Fingerprints::default();
            let mut all: Vec<_> = report.findings.iter().map(|finding| fingerprints.of(finding)).collect();
            all.extend(report.findings.iter().map(|finding| fingerprints.of(finding)));
            let count = all.len();
            all.sort();
            all.dedup();
            assert_eq!(all.len(), count);
        }
    }
}
