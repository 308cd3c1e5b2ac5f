//! The store as another commit has it, for `check --against`.

use super::place::{Place, parse_policy};
use super::secrets::{Contents, secret_facts};
use super::trees::listing_of;
use crate::domain::facts::{Deployed, SecretFacts, StoreFacts, Stray, StrayKind, StrayPlace};
use crate::domain::finding::{Known, Unknown};
use crate::domain::glob::GlobList;
use crate::domain::name::SecretName;
use crate::domain::policy::{Policy, RuleSet, Scope};
use crate::git::{Commit, EntryKind, GitError, Snapshot};
use crate::seal::header;
use crate::store::classify::Listing;
use crate::store::layout::POLICY;

/// The store as one commit has it.
pub struct Reference<'a> {
    place: &'a Place,
    pub commit: Commit,
    tree: Snapshot,
    listing: Listing,
    pub names: Vec<SecretName>,
}

impl<'a> Reference<'a> {
    pub fn observe(place: &'a Place, rev: &str) -> Known<Self> {
        let unknown = |error: GitError| Unknown::new(rev, error.to_string());
        let repository = place.known_repository()?;
        let commit = repository.resolve(rev).map_err(unknown)?;
        let tree = repository.snapshot(commit, &place.folder).map_err(unknown)?;
        let listing = listing_of(place, &tree);
        let names = listing.secrets.keys().cloned().collect();
        Ok(Self { place, commit, tree, listing, names })
    }

    /// The policy there; `None` where the commit has no store.
    pub fn policy(&self) -> Known<Option<Policy>> {
        let Some(bytes) = self.read(&self.place.path(POLICY))? else { return Ok(None) };
        let path = format!("{} in {}", self.place.path(POLICY), self.commit.short());
        let policy = parse_policy(&bytes, &path).map_err(|error| Unknown::new(path, error.to_string()))?;
        Ok(Some(policy))
    }

    pub fn secret(&self, name: &SecretName) -> SecretFacts {
        let contents = Contents {
            record: self.read(&self.place.record_path(name)),
            sealed: self.read(&self.place.sealed_path(name)),
        };
        secret_facts(self.place, name, contents, Ok(Vec::new()), Ok(Deployed::NotJudged))
    }

    pub fn store(&self) -> StoreFacts {
        let mut unknowns = Vec::new();
        let mut strays = Vec::new();
        for other in &self.listing.others {
            let path = self.place.path(&other.path);
            let kind = match self.read(&path) {
                Ok(Some(bytes)) if header::looks_like_age(&bytes) => StrayKind::Sealed,
                Ok(_) => StrayKind::Plaintext,
                Err(unknown) => {
                    unknowns.push(unknown);
                    continue;
                }
            };
            strays.push(Stray { path, kind, place: StrayPlace::Here });
        }
        StoreFacts {
            names: self.names.clone(),
            strays,
            without_record: Vec::new(),
            policy_path: self.place.path(POLICY),
            uncommitted: Ok(Vec::new()),
            deployed: Ok(Deployed::NotJudged),
            unknowns,
        }
    }

    fn read(&self, path: &str) -> Known<Option<Vec<u8>>> {
        let Some(entry) = self.tree.get(path) else { return Ok(None) };
        let unknown = |why: String| Unknown::new(format!("{path} in {}", self.commit.short()), why);
        if !matches!(entry.kind, EntryKind::File | EntryKind::Executable) {
            return Err(unknown("is not a regular file".to_owned()));
        }
        let repository = self.place.known_repository()?;
        let blobs = repository.blobs(&[entry.id]).map_err(|error| unknown(error.to_string()))?;
        Ok(blobs.into_iter().next())
    }
}

/// The policy by which a change is judged: levels, thresholds, scopes and waivers as the reference has them;
/// people, keys, groups and who reads what as the change has them. Unknown where their globs, each list of which
/// compiles, are too large together.
pub fn judging_policy(reference: &Policy, change: &Policy) -> Known<Policy> {
    let without_readers = |rules: &RuleSet| RuleSet { readers: None, ..rules.clone() };
    let only_readers = |rules: &RuleSet| RuleSet { readers: rules.readers.clone(), ..RuleSet::default() };
    let kept =
        reference.scopes.iter().map(|scope| Scope { rules: without_readers(&scope.rules), ..scope.clone() });
    let brought = change
        .scopes
        .iter()
        .filter(|scope| scope.rules.readers.is_some())
        .map(|scope| Scope { rules: only_readers(&scope.rules), ..scope.clone() });
    let scopes: Vec<Scope> = kept.chain(brought).collect();
    let scope_globs = GlobList::new(scopes.iter().map(|scope| &scope.glob)).map_err(|error| {
        let why = format!("{error}, with those of the other ref; write fewer or simpler scopes");
        Unknown::new("[[scope]] in policy.toml", why)
    })?;
    Ok(Policy {
        defaults: RuleSet { readers: change.defaults.readers.clone(), ..reference.defaults.clone() },
        scope_globs,
        scopes,
        waivers: reference.waivers.clone(),
        require: reference.require.clone(),
        ..change.clone()
    })
}

/// The keys that a change brings or exchanges, one line each, so that whoever reviews it compares them.
pub fn new_keys(reference: Option<&Policy>, change: &Policy) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, actor) in change.actors() {
        for key in actor.keys() {
            let before = reference.and_then(|policy| policy.holder_of(&key.fingerprint));
            match before {
                Some(holder) if holder == name => {}
                Some(holder) => lines.push(format!(
                    "the change moves the key {} ({}) from {holder} to {name}",
                    key.fingerprint, key.kind
                )),
                None => lines.push(format!(
                    "the change brings a new key for {name}: {} ({}); compare it with its holder",
                    key.fingerprint, key.kind
                )),
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(scopes: &[(String, &str)]) -> Policy {
        let scopes: Vec<String> =
            scopes.iter().map(|(glob, rule)| format!("[[scope]]\nmatch = \"{glob}\"\n{rule}\n")).collect();
        let scopes = scopes.concat();
        let text = format!(
            "schema = 1\nstore = \"01KDVDNA000000000000000001\"\ndeploy-ref = \"none\"\n[people.alice]\nkeys = \
             [\"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\"]\n{scopes}"
        );
        parse_policy(text.as_bytes(), "policy.toml").unwrap()
    }

    /// Scopes that compile together, and not twice as many of them.
    fn many(folder: &str, rule: &'static str) -> Vec<(String, &'static str)> {
        let parts = (0..60).map(|part| format!("{part}**/*{part}*")).collect::<Vec<_>>().join(",");
        (0..SCOPES).map(|scope| (format!("{folder}{scope}/{{{parts}}}"), rule)).collect()
    }
    const SCOPES: usize = 170;

    #[test]
    fn rules_of_the_reference_and_readers_of_the_change() {
        let reference = policy(&[("a/**".to_owned(), "min-people = 3")]);
        let change =
            policy(&[("b/**".to_owned(), "readers = [\"alice\"]"), ("a/**".to_owned(), "min-people = 1")]);
        let judging = judging_policy(&reference, &change).unwrap();
        assert_eq!(judging.scope_globs.matching("a/x"), [0]);
        assert_eq!(judging.scope_globs.matching("b/x"), [1]);
        assert_eq!(judging.scopes[0].rules.min_people, Some(3));
    }

    #[test]
    fn globs_that_are_too_large_together_are_unknown() {
        let reference = policy(&many("a", "min-people = 3"));
        let change = policy(&many("b", "readers = [\"alice\"]"));
        let unknown = judging_policy(&reference, &change).unwrap_err();
        assert!(unknown.what.contains("[[scope]]"), "{unknown:?}");
    }
}
