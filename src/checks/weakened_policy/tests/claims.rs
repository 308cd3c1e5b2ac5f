use super::*;
use crate::checks::samples::ends;
use crate::checks::samples::tracked::{CLAIMS, CLIENT, claim_in, file, judge_tracked, secret_in};
use crate::domain::digest::Digest;
use crate::domain::expiry::{Expiry, ExpirySource};
use crate::domain::finding::Unknown;
use crate::domain::tracked_facts::FileFacts;
use crate::domain::tracking::{Kind, KindRule};

fn at(text: &str, reason: Option<&str>) -> Option<Expiry> {
    let reason = reason.map(ToOwned::to_owned);
    Some(Expiry::At { at: time(text), from: ExpirySource::Declared, reason })
}

fn never(why: &str) -> Option<Expiry> {
    Some(Expiry::Never { why: why.to_owned() })
}

/// The file, and what the other ref had of it.
fn changed(before: impl Fn(&mut FileFacts), after: impl Fn(&mut FileFacts)) -> FileFacts {
    let (mut old, mut new) = (file(), file());
    before(&mut old);
    after(&mut new);
    let secrets = old.secrets.unwrap().into_iter();
    new.before = Ok(secrets.map(|secret| (secret.name.pointer_text().to_owned(), secret)).collect());
    new
}

fn told(policy: &Policy, file: &FileFacts) -> Vec<(String, Option<Level>)> {
    let faults = judge_tracked(CHECK.tracked, policy, file, CLIENT).unwrap();
    for fault in &faults {
        assert_eq!(fault.path.as_deref(), Some(CLAIMS));
        assert_eq!(fault.remedy, format!("git log -p -- :/{CLAIMS}"));
    }
    faults.into_iter().map(|fault| (fault.message, fault.level)).collect()
}

#[test]
fn a_later_end_of_the_same_ciphertext() {
    let unsaid = "and no new expires-reason says why";
    for (old, new, message, level) in [
        (ends("2027-01-01"), ends("2027-01-01"), None, None),
        (ends("2027-01-01"), ends("2026-12-31T23:59:59Z"), None, None),
        (
            ends("2027-01-01"),
            ends("2027-01-01T00:00:01Z"),
            Some(format!(
                "the same ciphertext is said to end 2027-01-01T00:00:01Z instead of 2027-01-01, {unsaid}"
            )),
            None,
        ),
        // A reason that stood there before says nothing of the later date.
        (
            at("2027-01-01", Some("renewed")),
            at("2028-01-01", Some("renewed")),
            Some(format!("the same ciphertext is said to end 2028-01-01 instead of 2027-01-01, {unsaid}")),
            None,
        ),
        (
            at("2027-01-01", Some("renewed")),
            at("2028-01-01", Some("the issuer said so")),
            Some(
                "the same ciphertext is said to end 2028-01-01 instead of 2027-01-01: the issuer said so"
                    .to_owned(),
            ),
            Some(Level::Warning),
        ),
        (
            ends("2027-01-01"),
            never("it does not lapse"),
            Some(
                "the same ciphertext is said to end never instead of 2027-01-01: it does not lapse"
                    .to_owned(),
            ),
            Some(Level::Warning),
        ),
        (never("it does not lapse"), ends("2027-01-01"), None, None),
        (never("it does not lapse"), never("really"), None, None),
        // Nobody has said anything: `no-expiry`.
        (ends("2027-01-01"), None, None, None),
        (None, ends("2027-01-01"), None, None),
    ] {
        let file = changed(
            |file| claim_in(file, CLIENT).expires = old.clone(),
            |file| claim_in(file, CLIENT).expires = new.clone(),
        );
        let expected = message.map(|message| (message, level)).into_iter().collect::<Vec<_>>();
        assert_eq!(told(&policy(), &file), expected, "{old:?} {new:?}");
    }
}

#[test]
fn another_ciphertext_may_end_whenever_it_does() {
    let file = changed(
        |file| secret_in(file, CLIENT).seen = Digest::of(b"the one before"),
        |file| claim_in(file, CLIENT).expires = ends("2030-01-01"),
    );
    assert_eq!(told(&policy(), &file), []);
    let mut new = file;
    new.before = Ok([].into());
    assert_eq!(told(&policy(), &new), []);
    new.before = Err(Unknown::new("custody.toml in 0123456789ab", "no TOML"));
    assert!(judge_tracked(CHECK.tracked, &policy(), &new, CLIENT).is_err());
}

/// Taking the record away, so that a rule for all of its kind holds, is a later end like any other.
#[test]
fn the_record_may_be_taken_away() {
    let rule = KindRule::Never("GitHub OAuth app secrets do not lapse".to_owned());
    let kind = Kind { glob: "**/client_secret".parse().unwrap(), rule, owners: Vec::new(), line: 9 };
    let file = changed(
        |file| secret_in(file, CLIENT).kind = Some(kind.clone()),
        |file| {
            secret_in(file, CLIENT).kind = Some(kind.clone());
            secret_in(file, CLIENT).claim = None;
        },
    );
    let later = "the same ciphertext is said to end never instead of 2027-01-01";
    let message = format!("{later}: GitHub OAuth app secrets do not lapse");
    assert_eq!(told(&policy(), &file), [(message, Some(Level::Warning))]);
}

type Set = fn(&mut RuleSet);

#[test]
fn a_later_day_of_issue_where_ages_count() {
    let with = |old: Option<&str>, new: Option<&str>| {
        changed(
            |file| claim_in(file, CLIENT).issued = old.map(time),
            |file| claim_in(file, CLIENT).issued = new.map(time),
        )
    };
    let ages: [Set; 2] = [|r| r.rotate_every = "1y".parse().ok(), |r| r.max_lifetime = "2y".parse().ok()];
    // It was set on 2026-01-01: from then on it is counted at the latest.
    for (old, new, message) in [
        (Some("2025-01-01"), Some("2025-01-01"), None),
        (Some("2025-01-01"), Some("2024-01-01"), None),
        (None, Some("2025-01-01"), None),
        (Some("2026-02-01"), Some("2026-03-01"), None),
        (Some("2025-01-01"), Some("2025-01-02"), Some("2025-01-02 instead of 2025-01-01")),
        (Some("2025-01-01"), Some("2026-03-01"), Some("2026-01-01 instead of 2025-01-01")),
        (Some("2025-01-01"), None, Some("2026-01-01 instead of 2025-01-01")),
    ] {
        let file = with(old, new);
        assert_eq!(told(&policy(), &file), []);
        for set in ages {
            let policy = with_defaults(set);
            let message = message.map(|message| format!("the same ciphertext is said to be of {message}"));
            let expected = message.map(|message| (message, None)).into_iter().collect::<Vec<_>>();
            assert_eq!(told(&policy, &file), expected, "{old:?} {new:?}");
        }
    }
}
