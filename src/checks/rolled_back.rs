//! # rolled-back
//!
//! An older seal stands where a newer one is known: from git's history, from `HEAD` or the deploy ref where they differ
//! from what is here, or from the ledger. Or another seal bears the same number. Somebody restored an old pair, a merge
//! took the older side, or an old copy was put back: a deploy would use a value that was replaced.
//!
//! Only pairs that were bound count. **Mend:** restore the newer pair. `reseal` would only make the old value look new.

use super::{Check, Fault, Judgement, Subject, mending, wording};
use crate::domain::check_id::CheckId;
use crate::domain::facts::{KnownSeal, SealSource};
use crate::domain::finding::Level;
use crate::domain::policy::DeployRef;
use crate::domain::record::VersionOrder;
use crate::domain::text::shell_word;

pub const CHECK: Check = Check::of_secret(CheckId::RolledBack, Level::Error, judge);

pub(super) fn judge(subject: &Subject<'_>) -> Judgement {
    let Some(record) = subject.record()? else { return Ok(Vec::new()) };
    let Some(known) = subject.secret.newest_seal.as_ref().map_err(Clone::clone)? else {
        return Ok(Vec::new());
    };
    let is_its_own = record.sealed.name == subject.secret.name && record.sealed.store == subject.policy.store;
    if !is_its_own || !mending::is_bound(subject) {
        // The number of its seal says nothing then; `tampered` or `record-behind` tells, and comes first.
        return Ok(Vec::new());
    }
    let here = record.sealed.order();
    let is_other = known.order.seal == here.seal && Some(known.digest) != subject.secret.binding_expected;
    if known.order.seal <= here.seal && !is_other {
        return Ok(Vec::new());
    }
    let whence = match &known.source {
        SealSource::Commit(commit) => format!("commit {}", wording::short(commit)),
        SealSource::DeployRef => wording::deployed_as(subject.setting),
        SealSource::Ledger => "the ledger".to_owned(),
    };
    let message = if is_other {
        format!("another seal with the number of this one ({}) is known from {whence}", told(here))
    } else {
        format!(
            "a newer seal ({}) is known from {whence}, and here is an older one ({})",
            told(known.order),
            told(here)
        )
    };
    let message = match known.source {
        SealSource::Commit(_) | SealSource::DeployRef => message,
        SealSource::Ledger => format!("{message}; no history at hand has it: fetch it, or ask who sealed it"),
    };
    let mark = format!(
        "{} {}",
        known.digest,
        subject.secret.binding_expected.map(|d| d.to_string()).unwrap_or_default()
    );
    Ok(vec![Fault::new(message, remedy(subject, known)).marked(mark)])
}

fn told(order: VersionOrder) -> String {
    format!("version {}, seal {}", order.number, order.seal)
}

/// Brings the newer pair back where an older one stands here: what lies in the work tree must not be committed then.
pub(super) fn put_right(subject: &Subject<'_>) -> Option<String> {
    let faults = judge(subject).ok()?;
    faults.into_iter().next().map(|fault| fault.remedy)
}

/// Brings the newer pair back, both files of it.
fn remedy(subject: &Subject<'_>, known: &KnownSeal) -> String {
    match (&known.source, &subject.policy.deploy_ref) {
        (SealSource::Commit(commit), _) => wording::restore_pair(subject.secret, commit),
        (SealSource::DeployRef, DeployRef::Branch { remote, branch }) => {
            let (remote, branch) = (shell_word(remote), shell_word(branch));
            format!("git fetch {remote} {branch} && {}", wording::restore_pair(subject.secret, "FETCH_HEAD"))
        }
        (SealSource::DeployRef, DeployRef::None) | (SealSource::Ledger, _) => {
            let files = [subject.secret.record_path.as_str(), subject.secret.sealed_path.as_str()];
            format!("git fetch --all && git log --all --oneline -- {}", wording::pathspecs(files))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{
        file_of, judge as run, messages, policy, record_of, sealed_of, secret, store_id,
    };
    use crate::domain::digest::Digest;
    use crate::domain::facts::{Binding, SecretFacts};
    use crate::domain::finding::Unknown;

    const COMMIT: &str = "3333333333333333333333333333333333333333";

    fn known(number: u64, seal: u64, of: &[u8], source: SealSource) -> KnownSeal {
        KnownSeal { order: VersionOrder { number, seal }, digest: Digest::of(of), source }
    }

    #[test]
    fn around_the_seal_that_is_here() {
        // Here is version 3, seal 100, with D for its digest.
        for (number, seal, of, faults) in [
            (3, 99, b"E", 0),
            (9, 99, b"E", 0),
            (3, 100, b"D", 0),
            (3, 100, b"E", 1),
            (3, 101, b"E", 1),
            (1, 101, b"E", 1),
        ] {
            let mut secret = secret();
            secret.newest_seal = Ok(Some(known(number, seal, of, SealSource::Commit(COMMIT.to_owned()))));
            assert_eq!(run(judge, &policy(), &secret).unwrap().len(), faults, "{number} {seal}");
        }
        let mut secret = secret();
        assert_eq!(messages(run(judge, &policy(), &secret)), [""; 0]);
        secret.newest_seal = Err(Unknown::new("refs/secrets/ledger", "ledger.jsonl:3: is no event"));
        assert!(run(judge, &policy(), &secret).is_err());
        secret.record = Ok(None);
        assert_eq!(messages(run(judge, &policy(), &secret)), [""; 0]);
    }

    #[test]
    fn what_is_not_bound_is_another_fault() {
        let ways: [fn(&mut SecretFacts); 4] = [
            |secret| sealed_of(secret).name = "web/staging/db".parse().unwrap(),
            |secret| sealed_of(secret).store = store_id(2),
            |secret| file_of(secret).binding = Binding::Absent,
            |secret| record_of(secret).digest = Digest::of(b"another"),
        ];
        for spoil in ways {
            let mut secret = secret();
            secret.newest_seal = Ok(Some(known(4, 101, b"E", SealSource::Ledger)));
            assert_eq!(run(judge, &policy(), &secret).unwrap().len(), 1);
            spoil(&mut secret);
            assert_eq!(messages(run(judge, &policy(), &secret)), [""; 0]);
        }
    }

    #[test]
    fn both_files_come_back_from_where_the_newer_pair_is() {
        let paths = ":/secrets/web/prod/db.json :/secrets/web/prod/db.age";
        for (source, message, remedy) in [
            (
                SealSource::Commit(COMMIT.to_owned()),
                "a newer seal (version 4, seal 101) is known from commit 333333333333, and here is an older one \
                 (version 3, seal 100)",
                format!("git restore --source={COMMIT} --staged --worktree -- {paths}"),
            ),
            (
                SealSource::DeployRef,
                "a newer seal (version 4, seal 101) is known from origin/main (222222222222), and here is an older \
                 one (version 3, seal 100)",
                format!(
                    "git fetch origin main && git restore --source=FETCH_HEAD --staged --worktree -- {paths}"
                ),
            ),
            (
                SealSource::Ledger,
                "a newer seal (version 4, seal 101) is known from the ledger, and here is an older one (version 3, \
                 seal 100); no history at hand has it: fetch it, or ask who sealed it",
                format!("git fetch --all && git log --all --oneline -- {paths}"),
            ),
        ] {
            let mut secret = secret();
            secret.newest_seal = Ok(Some(known(4, 101, b"E", source)));
            let faults = run(judge, &policy(), &secret).unwrap();
            assert_eq!((faults[0].message.as_str(), faults[0].remedy.as_str()), (message, remedy.as_str()));
        }
        let mut secret = secret();
        secret.newest_seal = Ok(Some(known(3, 100, b"E", SealSource::Ledger)));
        let told = messages(run(judge, &policy(), &secret));
        assert!(
            told[0].starts_with("another seal with the number of this one (version 3, seal 100)"),
            "{told:?}"
        );
    }
}
