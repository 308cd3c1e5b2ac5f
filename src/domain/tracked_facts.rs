//! Plain facts of a file that another tool sealed, and of the secrets in it.

use std::collections::BTreeMap;

use super::claim::Claim;
use super::digest::Digest;
use super::expiry::Expiry;
use super::facts::{Inside, Uncommitted};
use super::finding::Known;
use super::foreign::{Access, Contents, ForeignFile, SealedFormat};
use super::name::ActorName;
use super::rescue::Rescued;
use super::time::Instant;
use super::tracked_name::TrackedName;
use super::tracking::{Kind, KindRule};

/// Everything that was observed of one file.
#[derive(Debug, Clone)]
pub struct FileFacts {
    /// The file as a whole.
    pub name: TrackedName,
    /// Of the `custody.toml` beside it, relative to the root of the repository; it need not be there.
    pub claims_path: String,
    /// Whether policy's `[track]` names it, or `--file` or a record only.
    pub is_covered: bool,
    /// As it stands in the work tree. `None`: there is no such file.
    pub contents: Known<Option<Contents>>,
    /// Whether the file differs between work tree and `HEAD`.
    pub uncommitted: Known<Vec<Uncommitted>>,
    pub deployed: Known<FileDeployed>,
    /// What rescue branches have that is newer than what the deploy ref has.
    pub rescued: Known<Vec<Rescued<FilePresence>>>,
    /// What is judged of it. Unknown where its `custody.toml` is.
    pub secrets: Known<Vec<TrackedSecret>>,
    /// Encrypted values with neither record nor rule.
    pub undecided: Vec<TrackedName>,
    /// How many encrypted values policy calls no secret.
    pub not_secret: usize,
    /// Records of values that are not in the file, or not encrypted there.
    pub orphans: Vec<TrackedName>,
    /// Who can open it, as its record claims.
    pub claimed_readers: Vec<ActorName>,
    /// With `--against`: its secrets as the other ref has them, by their pointers.
    pub before: Known<BTreeMap<String, TrackedSecret>>,
}

impl FileFacts {
    /// Whether policy or a record says so; that `--file` names it does not.
    pub fn is_said_to_be_sealed(&self) -> bool {
        self.is_covered || !self.orphans.is_empty()
    }

    /// The file, where it is sealed.
    pub fn sealed(&self) -> Known<Option<&ForeignFile>> {
        Ok(match self.contents.as_ref().map_err(Clone::clone)? {
            Some(Contents::Sealed(file)) => Some(file),
            Some(Contents::Plain(_) | Contents::Damaged(_)) | None => None,
        })
    }

    pub fn format(&self) -> Option<SealedFormat> {
        self.sealed().ok().flatten().map(|file| file.format)
    }

    pub fn access(&self) -> Known<Option<&Access>> {
        Ok(self.sealed()?.map(|file| &file.access))
    }
}

/// One secret of a file: an encrypted value, or all those that the record of the whole file speaks of.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackedSecret {
    pub name: TrackedName,
    /// `None` where a rule of policy decides.
    pub claim: Option<Claim>,
    pub kind: Option<Kind>,
    /// Of its ciphertext as it stands.
    pub seen: Digest,
    pub inside: Inside,
}

impl TrackedSecret {
    /// When it ends: as its own record says, else as policy says of its kind.
    pub fn expires(&self) -> Option<Expiry> {
        let by_kind = || match &self.kind.as_ref()?.rule {
            KindRule::Never(why) => Some(Expiry::Never { why: why.clone() }),
            KindRule::ExpiryRequired => None,
        };
        self.claim.as_ref().and_then(|claim| claim.expires.clone()).or_else(by_kind)
    }

    /// Those of its record, else those of its kind.
    pub fn owners(&self) -> &[ActorName] {
        let claimed =
            self.claim.as_ref().map(|claim| claim.owners.as_slice()).filter(|owners| !owners.is_empty());
        claimed.or(self.kind.as_ref().map(|kind| kind.owners.as_slice())).unwrap_or_default()
    }
}

/// How the file in `HEAD` stands to the deploy ref as the remote has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileDeployed {
    /// Nothing is deployed from git (`deploy-ref = "none"`), or `--against` leaves the deploy ref out.
    NotJudged,
    Same,
    Differs {
        here: FilePresence,
        there: FilePresence,
    },
}

/// Whether a file is in a tree, and when the tool that sealed it last wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilePresence {
    Absent,
    Undated,
    At(Instant),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::Unknown;
    use crate::domain::foreign::{Damage, ForeignKey};

    fn secret(claim: Option<Claim>, kind: Option<Kind>) -> TrackedSecret {
        let name = "a/enc.yaml#/token".parse().unwrap();
        TrackedSecret { name, claim, kind, seen: Digest::of(b""), inside: Inside::NotAsked }
    }

    #[test]
    fn the_own_record_goes_before_the_rule_of_the_kind() {
        let never = |why: &str| Expiry::Never { why: why.to_owned() };
        let owners = |name: &str| vec![name.parse::<ActorName>().unwrap()];
        let kind =
            |rule: KindRule| Kind { glob: "**".parse().unwrap(), rule, owners: owners("ops"), line: 1 };
        let by_rule = || kind(KindRule::Never("a public key".to_owned()));
        let claim = Claim { expires: Some(never("said")), owners: owners("alice"), ..Claim::default() };

        let own = secret(Some(claim), Some(by_rule()));
        assert_eq!((own.expires(), own.owners()), (Some(never("said")), owners("alice").as_slice()));
        let silent = secret(Some(Claim::default()), Some(by_rule()));
        assert_eq!(
            (silent.expires(), silent.owners()),
            (Some(never("a public key")), owners("ops").as_slice())
        );
        let ruled = secret(None, Some(kind(KindRule::ExpiryRequired)));
        assert_eq!((ruled.expires(), ruled.owners()), (None, owners("ops").as_slice()));
        let unsaid = secret(None, None);
        assert_eq!((unsaid.expires(), unsaid.owners()), (None, [].as_slice()));
    }

    fn file(contents: Known<Option<Contents>>) -> FileFacts {
        FileFacts {
            name: "a/enc.yaml".parse().unwrap(),
            claims_path: "a/custody.toml".to_owned(),
            is_covered: false,
            contents,
            uncommitted: Ok(Vec::new()),
            deployed: Ok(FileDeployed::NotJudged),
            rescued: Ok(Vec::new()),
            secrets: Ok(Vec::new()),
            undecided: Vec::new(),
            not_secret: 0,
            orphans: Vec::new(),
            claimed_readers: Vec::new(),
            before: Ok(BTreeMap::new()),
        }
    }

    #[test]
    fn policy_or_a_record_says_that_a_file_is_sealed() {
        let by_hand = file(Ok(None));
        assert!(!by_hand.is_said_to_be_sealed());
        assert!(FileFacts { is_covered: true, ..by_hand.clone() }.is_said_to_be_sealed());
        let orphans = vec!["a/enc.yaml#/gone".parse().unwrap()];
        assert!(FileFacts { orphans, ..by_hand }.is_said_to_be_sealed());
    }

    #[test]
    fn only_a_sealed_file_has_a_format_and_keys() {
        let format = SealedFormat::SopsYaml;
        let groups = vec![vec![ForeignKey::Age("age1x".to_owned())]];
        let sealed = ForeignFile {
            format,
            leaves: Vec::new(),
            in_clear: Vec::new(),
            clear_unknown: None,
            access: Access { groups, threshold: 1 },
            modified: None,
            data_key: None,
        };
        let whole = file(Ok(Some(Contents::Sealed(sealed.clone()))));
        assert_eq!(whole.sealed(), Ok(Some(&sealed)));
        assert_eq!((whole.format(), whole.access()), (Some(format), Ok(Some(&sealed.access))));
        let damaged = Contents::Damaged(Damage { format, why: "cut short".to_owned() });
        for contents in [None, Some(Contents::Plain("no marks".to_owned())), Some(damaged)] {
            let file = file(Ok(contents));
            assert_eq!((file.sealed(), file.format(), file.access()), (Ok(None), None, Ok(None)), "{file:?}");
        }
        let unread = file(Err(Unknown::new("a/enc.yaml", "permission denied")));
        assert_eq!((unread.format(), unread.access().is_err()), (None, true));
    }
}
