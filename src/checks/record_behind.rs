//! # record-behind
//!
//! The sealed file is not the one that the record speaks of: one of the two was changed, merged or copied without
//! the other. Expiry, version and readers in the record say nothing about this value.
//!
//! Of a value that another tool sealed: its ciphertext is another one than when the record was made. Where the data key is
//! the same, the value changed, and nobody looked at its expiry; where the data key was replaced, nothing is known of it.
//!
//! **Mend:** restore the pair from git, or seal the value that should be there with `secrets set NAME`. Of a tracked
//! value, `secrets confirm NAME`: it decrypts both versions, records equal ones anew by itself, and asks about the rest.

use super::{Check, Fault, Judgement, Subject, TrackedSubject, mending};
use crate::domain::check_id::CheckId;
use crate::domain::claim::Claim;
use crate::domain::digest::Digest;
use crate::domain::finding::Level;
use crate::domain::text::shell_word;
use crate::domain::tracked_facts::{FileFacts, TrackedSecret};

pub const CHECK: Check =
    Check::of_secret(CheckId::RecordBehind, Level::Error, judge).and_tracked(judge_tracked);

fn judge(subject: &Subject<'_>) -> Judgement {
    let (Some(record), Some(file)) = (subject.record()?, subject.sealed()?) else { return Ok(Vec::new()) };
    if record.digest == file.digest {
        return Ok(Vec::new());
    }
    let (recorded, found) = (short(record.digest), short(file.digest));
    let message = format!("the record speaks of another sealed file ({recorded}, and here is {found})");
    let remedy = mending::pair(subject);
    let fault = Fault::new(message, remedy).at(&subject.secret.sealed_path);
    Ok(vec![fault.marked(format!("{} {}", record.digest, file.digest))])
}

fn judge_tracked(subject: &TrackedSubject<'_>) -> Judgement {
    let Some(behind) = behind(subject.file, subject.secret) else { return Ok(Vec::new()) };
    let (name, seen) = (&subject.secret.name, subject.secret.seen);
    let remedy = format!("secrets confirm {}", shell_word(name.as_str()));
    Ok(vec![Fault::new(behind.told(), remedy).at(name.file()).marked(seen.to_string())])
}

/// How the record of a tracked secret is behind its ciphertext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// It speaks of no ciphertext.
    Unseen,
    /// Another ciphertext under the same data key.
    Changed,
    /// Everything was sealed under another data key.
    KeyReplaced,
    /// Another ciphertext, where the format has no data key, or none was recorded.
    SealedAnew,
}

impl Behind {
    /// What that means.
    pub fn told(self) -> &'static str {
        match self {
            Self::Unseen => {
                "its record does not say of which ciphertext it speaks, so it may be of another value"
            }
            Self::Changed => {
                "the value changed since its record was made, and nobody has said when the new one ends"
            }
            Self::KeyReplaced => {
                "the data key of the file was replaced since its record was made, so nothing is known of the value"
            }
            Self::SealedAnew => {
                "it was sealed anew since its record was made, so nothing is known of the value"
            }
        }
    }
}

/// How the ciphertext differs from the one that the record speaks of; `None` where it does not, or where a rule decides
/// and there is no record.
pub fn behind(file: &FileFacts, secret: &TrackedSecret) -> Option<Behind> {
    let claim = secret.claim.as_ref()?;
    let Some(recorded) = claim.seen else { return Some(Behind::Unseen) };
    if recorded == secret.seen {
        return None;
    }
    let data_key = file.sealed().ok().flatten().and_then(|sealed| sealed.data_key);
    let same_key = claim.data_key.is_some() && claim.data_key == data_key;
    Some(if same_key || has_unchanged_sibling(file, claim) {
        Behind::Changed
    } else if claim.data_key.is_some() {
        Behind::KeyReplaced
    } else {
        Behind::SealedAnew
    })
}

/// Whether another value that was recorded under the same data key has its ciphertext still: then the data key is the
/// same, although it was wrapped anew, for other readers say.
fn has_unchanged_sibling(file: &FileFacts, claim: &Claim) -> bool {
    let stands = |other: &TrackedSecret| {
        other.claim.as_ref().is_some_and(|its| {
            its.data_key.is_some() && its.data_key == claim.data_key && its.seen == Some(other.seen)
        })
    };
    file.secrets.as_ref().is_ok_and(|secrets| secrets.iter().any(stands))
}

fn short(digest: Digest) -> String {
    digest.to_string().chars().take("sha256:".len() + 12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::tracked::{
        CLIENT, FILE, TOKEN, claim_in, file, judge_tracked as run_tracked, sealed_in, secret_in,
    };
    use crate::checks::samples::{NAME, judge as run, messages, policy, record_of, secret};
    use crate::checks::tampered;
    use crate::domain::finding::Unknown;

    #[test]
    fn another_digest_and_nothing_else() {
        let mut secret = secret();
        assert_eq!(messages(run(judge, &policy(), &secret)), [""; 0]);
        record_of(&mut secret).digest = Digest::of(b"another");
        let (recorded, found) = (short(Digest::of(b"another")), short(Digest::of(NAME.as_bytes())));
        assert_eq!(short(Digest::of(b"")), "sha256:e3b0c44298fc");
        assert_eq!(
            messages(run(judge, &policy(), &secret)),
            [format!("the record speaks of another sealed file ({recorded}, and here is {found})")]
        );
        assert_eq!(messages(run(tampered::CHECK.secret.unwrap(), &policy(), &secret)), [""; 0]);

        secret.sealed = Ok(None);
        assert_eq!(messages(run(judge, &policy(), &secret)), [""; 0]);
        secret.sealed = Err(Unknown::new("secrets/web/prod/db.age", "no age file"));
        assert!(run(judge, &policy(), &secret).is_err());
    }

    /// How the ciphertext of the client's secret differs from what was recorded of it.
    #[test]
    fn what_is_known_of_a_value_that_another_tool_sealed() {
        type Change = fn(&mut FileFacts);
        const CHANGED: &str =
            "the value changed since its record was made, and nobody has said when the new one ends";
        const REPLACED: &str = "the data key of the file was replaced since its record was made, so nothing is known of the value";
        const ANEW: &str = "it was sealed anew since its record was made, so nothing is known of the value";
        const UNSAID: &str =
            "its record does not say of which ciphertext it speaks, so it may be of another value";
        fn leaf(file: &mut FileFacts) {
            secret_in(file, CLIENT).seen = Digest::of(b"another");
        }
        fn all_leaves(file: &mut FileFacts) {
            leaf(file);
            secret_in(file, TOKEN).seen = Digest::of(b"another too");
        }
        fn wrapped_anew(file: &mut FileFacts) {
            sealed_in(file).data_key = Some(Digest::of(b"wrapped for others"));
        }
        let rows: [(&str, Change, Option<&str>); 11] = [
            ("nothing", |_| {}, None),
            ("a sibling", |file| secret_in(file, TOKEN).seen = Digest::of(b"another"), None),
            ("who can open it", wrapped_anew, None),
            ("the value", leaf, Some(CHANGED)),
            (
                "the value, and who can open it: a sibling stands, so it is the same data key",
                |file| {
                    leaf(file);
                    wrapped_anew(file);
                },
                Some(CHANGED),
            ),
            (
                "everything",
                |file| {
                    all_leaves(file);
                    wrapped_anew(file);
                },
                Some(REPLACED),
            ),
            (
                "everything, and a sibling was recorded since",
                |file| {
                    all_leaves(file);
                    wrapped_anew(file);
                    let seen = secret_in(file, TOKEN).seen;
                    let claim = claim_in(file, TOKEN);
                    (claim.seen, claim.data_key) = (Some(seen), Some(Digest::of(b"wrapped for others")));
                },
                Some(REPLACED),
            ),
            (
                "the value, and the record names no data key",
                |file| {
                    leaf(file);
                    claim_in(file, CLIENT).data_key = None;
                },
                Some(ANEW),
            ),
            (
                "the value of a format without a data key",
                |file| {
                    all_leaves(file);
                    sealed_in(file).data_key = None;
                    claim_in(file, CLIENT).data_key = None;
                    claim_in(file, TOKEN).data_key = None;
                },
                Some(ANEW),
            ),
            ("a record without `seen`", |file| claim_in(file, CLIENT).seen = None, Some(UNSAID)),
            (
                "a rule, and no record",
                |file| {
                    leaf(file);
                    secret_in(file, CLIENT).claim = None;
                },
                None,
            ),
        ];
        for (what, change, told) in rows {
            let mut file = file();
            change(&mut file);
            let faults = run_tracked(CHECK.tracked, &policy(), &file, CLIENT).unwrap();
            assert_eq!(faults.first().map(|fault| fault.message.as_str()), told, "{what}");
            for fault in faults {
                assert_eq!(fault.remedy, format!("secrets confirm '{CLIENT}'"), "{what}");
                assert_eq!(fault.path.as_deref(), Some(FILE));
                // Changed once more, it is another fault.
                assert_eq!(fault.mark, secret_in(&mut file, CLIENT).seen.to_string());
            }
        }
    }
}
