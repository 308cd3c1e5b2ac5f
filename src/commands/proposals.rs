//! What many sealed files have in common, as rules that policy could have for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::tracked_name::TrackedName;

/// In fewer files it is not worth a rule.
const LEAST_FILES: usize = 3;
/// The same as a part of all files: one in so many. What a handful of hundreds share is more often a name of somebody
/// than a kind of secret.
const LEAST_PART: usize = 20;
/// The most rules that are proposed at once.
const MOST_PROPOSED: usize = 12;

/// Last keys of values that are sealed along with a secret and are none: names and addresses, by the manuals of those who
/// give them out.
const NO_SECRETS: [&str; 16] = [
    "auth_provider_x509_cert_url",
    "auth_uri",
    "clientId",
    "client_email",
    "client_id",
    "client_x509_cert_url",
    "email",
    "oauth_callback_url",
    "private_key_id",
    "project_id",
    "token_uri",
    "type",
    "universe_domain",
    "user",
    "userName",
    "username",
];

/// Values of several files that lie in the same place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Common {
    /// The last two keys, `CILogonOAuthenticator/client_secret`.
    pub tail: String,
    pub files: usize,
    pub values: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposals {
    /// The most frequent first.
    pub kinds: Vec<Common>,
    /// Last keys of what is probably no secret, with how many values bear them.
    pub no_secrets: Vec<(String, usize)>,
}

impl Proposals {
    pub fn of<'n>(names: impl Iterator<Item = &'n TrackedName>) -> Self {
        let mut tails: BTreeMap<String, (BTreeSet<&str>, usize)> = BTreeMap::new();
        let mut no_secrets: BTreeMap<String, usize> = BTreeMap::new();
        let mut all_files = BTreeSet::new();
        for name in names {
            all_files.insert(name.file());
            let Some(pointer) = name.pointer() else { continue };
            let keys: Vec<String> = pointer.keys().collect();
            let Some(last) = keys.last() else { continue };
            if NO_SECRETS.contains(&last.as_str()) {
                *no_secrets.entry(last.clone()).or_default() += 1;
                continue;
            }
            let tail = keys.get(keys.len().saturating_sub(2)..).unwrap_or_default();
            // A place in a list says nothing of what lies there, and a glob must be able to say the keys as they stand.
            let is_sayable = |key: &String| {
                key.parse::<u32>().is_err()
                    && !key.contains(['*', '?', '[', ']', '{', '}', '\\', '~', '/', '"'])
            };
            if tail.iter().all(is_sayable) {
                let (files, values) = tails.entry(tail.join("/")).or_default();
                files.insert(name.file());
                *values += 1;
            }
        }
        let least = LEAST_FILES.max(all_files.len() / LEAST_PART);
        let mut kinds: Vec<Common> = (tails.into_iter())
            .filter(|(_, (files, _))| files.len() >= least)
            .map(|(tail, (files, values))| Common { tail, files: files.len(), values })
            .collect();
        kinds.sort_by(|a, b| b.files.cmp(&a.files).then_with(|| a.tail.cmp(&b.tail)));
        kinds.truncate(MOST_PROPOSED);
        Self { kinds, no_secrets: no_secrets.into_iter().collect() }
    }

    /// Lines for policy.toml. What is true of a kind only somebody who knows it can say: each is to be completed.
    pub fn policy_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for common in &self.kinds {
            lines.extend([
                format!("[[kind]]                                # {} files", common.files),
                format!("match = \"**/{}\"", common.tail),
                "expiry = \"required\"                     # or, where they do not lapse: never = \"WHY\""
                    .to_owned(),
                String::new(),
            ]);
        }
        lines
    }

    /// The line for `[track]` that leaves out what is probably no secret.
    pub fn not_secret_line(&self) -> Option<String> {
        let globs: Vec<String> = self.no_secrets.iter().map(|(key, _)| format!("\"**/{key}\"")).collect();
        (!globs.is_empty()).then(|| format!("not-secret = [{}]", globs.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> Vec<TrackedName> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn what_three_files_have_in_common() {
        let names = names(&[
            "a/enc.yaml#/jupyterhub/hub/config/CILogonOAuthenticator/client_secret",
            "b/enc.yaml#/jupyterhub/hub/config/CILogonOAuthenticator/client_secret",
            "c/enc.yaml#/hub/CILogonOAuthenticator/client_secret",
            "c/enc.yaml#/binder/CILogonOAuthenticator/client_secret",
            "a/enc.yaml#/grafana/token",
            "b/enc.yaml#/grafana/token",
            "a/enc.yaml#/hub/client_id",
            "a/enc.yaml#/tokens/0",
            "b/enc.yaml#/tokens/0",
            "c/enc.yaml#/tokens/0",
            "a/enc.age",
        ]);
        let proposals = Proposals::of(names.iter());
        let tail = "CILogonOAuthenticator/client_secret".to_owned();
        assert_eq!(proposals.kinds, [Common { tail, files: 3, values: 4 }]);
        assert_eq!(proposals.no_secrets, [("client_id".to_owned(), 1)]);
        assert_eq!(proposals.not_secret_line().unwrap(), r#"not-secret = ["**/client_id"]"#);
        assert!(proposals.policy_lines()[1].contains("**/CILogonOAuthenticator/client_secret"));
    }
}
