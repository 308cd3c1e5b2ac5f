//! # unsigned
//!
//! Policy requires the signature of a person, and none of those that the record carries is valid: nobody signed, or
//! only somebody whose signing key the deploy ref does not list. age does not say who sealed a value; without a
//! signature anybody could have who knows the readers' public keys.
//!
//! **Mend:** look at what was sealed and by whom, and sign it: `secrets sign NAME`.

use super::{Check, Fault, Judgement, Subject, mending};
use crate::domain::check_id::CheckId;
use crate::domain::facts::SignatureVerdict;
use crate::domain::finding::Level;
use crate::domain::text::listed;

pub const CHECK: Check = Check::of_secret(CheckId::Unsigned, Level::Error, judge);

fn judge(subject: &Subject<'_>) -> Judgement {
    if !subject.rules.require_signature.value {
        return Ok(Vec::new());
    }
    let (Some(_), Some(_)) = (subject.record()?, subject.sealed()?) else { return Ok(Vec::new()) };
    let signatures = subject.secret.signatures.as_ref().map_err(Clone::clone)?;
    if signatures.iter().any(|signature| signature.verdict == SignatureVerdict::Valid) {
        return Ok(Vec::new());
    }
    let by = |verdict: fn(&SignatureVerdict) -> bool| -> Vec<&str> {
        let of_kind = signatures.iter().filter(|signature| verdict(&signature.verdict));
        of_kind.map(|signature| signature.by.as_str()).collect()
    };
    let not_listed = by(|verdict| *verdict == SignatureVerdict::NotListed);
    let is_false = signatures.len() > not_listed.len();
    let message = match (not_listed.as_slice(), is_false) {
        ([], false) => "policy requires a signature, and nobody signed it".to_owned(),
        ([], true) => "policy requires a signature, and none that it carries is true".to_owned(),
        (names, _) => format!(
            "policy requires a signature, and {} has no signing key for {}, who signed it: a key counts once it is listed there",
            subject.setting.deploy_ref.as_deref().unwrap_or("the policy that decides"),
            listed(names)
        ),
    };
    // Signing what somebody else put there would bless it: first the pair is mended.
    let remedy = if is_false || !mending::is_bound(subject) {
        mending::pair(subject)
    } else {
        format!("secrets sign {}", subject.secret.name)
    };
    // Another pair without a signature is another fault: whoever put it there may be somebody else.
    Ok(vec![Fault::new(message, remedy).marked(subject.pair_mark())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{actor, file_of, judge as run, messages, policy, secret};
    use crate::domain::digest::Digest;
    use crate::domain::facts::{SecretFacts, Signature};
    use crate::domain::finding::Unknown;
    use crate::domain::policy::Policy;

    fn requiring() -> Policy {
        let mut policy = policy();
        policy.defaults.require_signature = Some(true);
        policy
    }

    fn signed(verdicts: &[(&str, SignatureVerdict)]) -> SecretFacts {
        let mut secret = secret();
        let signature =
            |(by, verdict): &(&str, SignatureVerdict)| Signature { by: actor(by), verdict: verdict.clone() };
        secret.signatures = Ok(verdicts.iter().map(signature).collect());
        secret
    }

    #[test]
    fn one_valid_signature_is_enough_and_nothing_less_is() {
        use SignatureVerdict::{NotListed, Valid};
        let lie = || SignatureVerdict::False("it is not over this record and value".to_owned());
        let table: [(&[(&str, SignatureVerdict)], &str); 6] = [
            (&[], "policy requires a signature, and nobody signed it"),
            (&[("alice", lie())], "policy requires a signature, and none that it carries is true"),
            (
                &[("carol", NotListed)],
                "policy requires a signature, and origin/main has no signing key for carol, who signed it: a key counts once it is listed there",
            ),
            (
                &[("alice", lie()), ("bob", NotListed), ("carol", NotListed)],
                "policy requires a signature, and origin/main has no signing key for bob and carol, who signed it: a key counts once it is listed there",
            ),
            (&[("alice", Valid)], ""),
            (&[("alice", lie()), ("bob", Valid), ("carol", NotListed)], ""),
        ];
        for (signatures, told) in table {
            let secret = signed(signatures);
            let found = messages(run(judge, &requiring(), &secret));
            assert_eq!(found, if told.is_empty() { vec![] } else { vec![told.to_owned()] });
            assert!(run(judge, &policy(), &secret).unwrap().is_empty(), "policy does not ask for it");
        }
    }

    #[test]
    fn what_can_t_be_verified_is_unknown_only_where_it_is_required() {
        let mut secret = secret();
        secret.signatures = Err(Unknown::new("origin/main", "not asked"));
        assert_eq!(run(judge, &requiring(), &secret).unwrap_err().what, "origin/main");
        assert!(run(judge, &policy(), &secret).unwrap().is_empty());
    }

    #[test]
    fn nothing_is_signed_that_must_be_looked_at_first() {
        let remedy = |secret: &SecretFacts| run(judge, &requiring(), secret).unwrap().remove(0).remedy;
        assert_eq!(remedy(&secret()), "secrets sign web/prod/db");
        assert_eq!(remedy(&signed(&[("carol", SignatureVerdict::NotListed)])), "secrets sign web/prod/db");
        let mut unbound = secret();
        file_of(&mut unbound).digest = Digest::of(b"another");
        assert_eq!(remedy(&unbound), "secrets set web/prod/db");
        let lie = SignatureVerdict::False("it is not over this record and value".to_owned());
        assert_eq!(remedy(&signed(&[("alice", lie)])), "secrets set web/prod/db");
    }
}
