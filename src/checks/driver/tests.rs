mod tracked;

use proptest::prelude::*;

use super::*;
use crate::checks::samples::{
    RECORD, actors, ends, levels, named, policy, record_of, seal_to, sealed_of, secret, setting, setting_at,
    store, time, waiver, with_scope,
};
use crate::domain::facts::{Deployed, Difference, Overlooked, Stray, StrayKind, StrayPlace, Uncommitted};
use crate::domain::policy::RuleSet;
use crate::domain::report::{Draft, Outlook, Report};

fn ids(judged: &Judged) -> Vec<(CheckId, Level)> {
    judged.findings.iter().map(|finding| (finding.id, finding.level)).collect()
}

fn expired_and_unowned() -> SecretFacts {
    let mut secret = secret();
    sealed_of(&mut secret).expires = ends("2026-05-01");
    record_of(&mut secret).about.owners.clear();
    secret
}

fn uncommitted(path: &str, how: Difference) -> Uncommitted {
    Uncommitted { path: path.to_owned(), how, overlooked: Overlooked::default() }
}

#[test]
fn a_healthy_secret_and_a_healthy_store_give_nothing() {
    assert_eq!(judge_secret(&setting(), &policy(), &secret()), Judged::default());
    assert_eq!(judge_store(&setting(), &policy(), &store()), Judged::default());
}

#[test]
fn all_findings_are_told_each_with_a_path() {
    let judged = judge_secret(&setting(), &policy(), &expired_and_unowned());
    assert_eq!(ids(&judged), [(CheckId::Expired, Level::Error), (CheckId::Unowned, Level::Warning)]);
    assert!(judged.findings.iter().all(|finding| finding.path.as_deref() == Some(RECORD)));
}

#[test]
fn scopes_override_defaults_and_what_is_off_is_told() {
    let secret = expired_and_unowned();
    let mut policy = policy();
    policy.defaults.levels = levels([("expired", Level::Warning), ("unowned", Level::Off)]).levels;
    let judged = judge_secret(&setting(), &policy, &secret);
    assert_eq!(ids(&judged), [(CheckId::Expired, Level::Warning)]);
    let off = |by: &str| SwitchedOff { id: CheckId::Unowned, by: by.to_owned() };
    assert_eq!(judged.off, BTreeSet::from([off("[defaults]")]));

    let policy = with_scope(policy, "*/prod/*", levels([("unowned", Level::Error)]));
    let judged = judge_secret(&setting(), &policy, &secret);
    assert_eq!(ids(&judged), [(CheckId::Expired, Level::Warning), (CheckId::Unowned, Level::Error)]);
    assert!(judged.off.is_empty());

    let policy = with_scope(policy, "web/**", levels([("unowned", Level::Off)]));
    assert_eq!(
        judge_secret(&setting(), &policy, &secret).off,
        BTreeSet::from([off("[[scope]] web/** (line 21)")])
    );
}

#[test]
fn block_within_hardens_a_warning_and_never_lifts_off() {
    let mut secret = secret();
    sealed_of(&mut secret).expires = ends("2026-06-03");
    let with = |level| {
        let mut policy = policy();
        policy.defaults.block_within = Some("2d".parse().unwrap());
        policy.defaults.levels = levels([("expiring", level)]).levels;
        policy
    };
    assert_eq!(
        ids(&judge_secret(&setting(), &with(Level::Warning), &secret)),
        [(CheckId::Expiring, Level::Error)]
    );
    let off = judge_secret(&setting(), &with(Level::Off), &secret);
    assert_eq!((ids(&off).len(), off.off.len()), (0, 1));
    let earlier = setting_at("2026-05-31T23:59:59Z");
    assert_eq!(
        ids(&judge_secret(&earlier, &with(Level::Warning), &secret)),
        [(CheckId::Expiring, Level::Warning)]
    );
}

#[test]
fn a_waiver_holds_until_its_date_for_its_finding_and_its_secrets() {
    let mut secret = secret();
    seal_to(&mut secret, &[("alice", &["alice-1"])]);
    let mut policy = policy();
    policy.defaults.readers = Some(actors(&["alice"]));
    for (finding, glob, now, waived) in [
        ("single-holder", "web/prod/db", "2026-06-30T23:59:59Z", true),
        ("single-holder", "web/**", "2026-06-30T23:59:59Z", true),
        ("single-holder", "web/prod/db", "2026-07-01T00:00:00Z", false),
        ("single-holder", "web/*", "2026-06-01", false),
        ("single-holder", "secrets/web/prod/db.json", "2026-06-01", false),
        ("unowned", "**", "2026-06-01", false),
    ] {
        policy.waivers = vec![waiver(finding, glob, "2026-07-01")];
        let judged = judge_secret(&setting_at(now), &policy, &secret);
        let counts = (judged.findings.len(), judged.waived.len());
        assert_eq!(counts, if waived { (0, 1) } else { (1, 0) }, "{finding} {glob} {now}");
    }
    policy.waivers =
        ["2026-07-01", "2026-09-01", "2026-08-01"].map(|until| waiver("single-holder", "**", until)).to_vec();
    let judged = judge_secret(&setting(), &policy, &secret);
    assert_eq!(judged.waived[0].until, time("2026-09-01"));
    assert_eq!((judged.waived[0].by.as_str(), judged.waived[0].finding.level), ("alice", Level::Error));
}

#[test]
fn an_unknown_fact_is_told_once_and_not_for_checks_that_are_off() {
    let mut secret = secret();
    secret.record = Err(Unknown::new(RECORD, "line 3: no JSON\x1b[2J"));
    let judged = judge_secret(&setting(), &policy(), &secret);
    let told = judged.unchecked.iter().map(|u| (u.what.as_str(), u.why.as_str())).collect::<Vec<_>>();
    assert_eq!(told, [(RECORD, r"line 3: no JSON\u{1b}[2J")]);
    assert!(judged.findings.is_empty());

    let mut secret = self::secret();
    secret.deployed = Err(Unknown::new("origin/main", "the remote did not answer"));
    let mut policy = policy();
    assert_eq!(judge_secret(&setting(), &policy, &secret).unchecked.len(), 1);
    policy.defaults.levels = levels([("unpushed", Level::Off)]).levels;
    assert_eq!(judge_secret(&setting(), &policy, &secret).unchecked.len(), 1);
    policy.defaults.levels = levels([("unpushed", Level::Off), ("outdated", Level::Off)]).levels;
    let judged = judge_secret(&setting(), &policy, &secret);
    assert_eq!((judged.unchecked.len(), judged.off.len()), (0, 2));
}

#[test]
fn one_unreadable_half_does_not_keep_the_rest_from_being_judged() {
    let mut secret = expired_and_unowned();
    secret.sealed = Err(Unknown::new("secrets/web/prod/db.age", "no age file"));
    let judged = judge_secret(&setting(), &policy(), &secret);
    assert_eq!(ids(&judged), [(CheckId::Expired, Level::Error), (CheckId::Unowned, Level::Warning)]);
    assert_eq!(judged.unchecked.len(), 1);
}

#[test]
fn a_secret_that_is_not_here_gives_what_git_says_only() {
    let mut secret = secret();
    secret.record = Ok(None);
    secret.sealed = Ok(None);
    secret.binding_expected = None;
    secret.uncommitted = Ok(vec![uncommitted(RECORD, Difference::Deleted)]);
    let judged = judge_secret(&setting(), &policy(), &secret);
    assert_eq!(ids(&judged), [(CheckId::Uncommitted, Level::Error)]);
    assert!(judged.unchecked.is_empty());
}

#[test]
fn what_came_from_outside_is_escaped() {
    let mut secret = secret();
    let path = "secrets/web/prod/db\x1b]0;x\x07\u{202e}.age".to_owned();
    secret.uncommitted = Ok(vec![uncommitted(&path, Difference::Modified)]);
    let mut policy = policy();
    let judged = judge_secret(&setting(), &policy, &secret);
    let clean = |text: &str| !text.contains(['\x1b', '\x07', '\u{202e}']);
    assert!(clean(&judged.findings[0].message) && clean(&judged.findings[0].remedy));
    assert_eq!(judged.findings[0].path, Some(path));

    let mut waiver = waiver("uncommitted", "**", "2027-01-01");
    waiver.reason = "a\nb".to_owned();
    waiver.by = "c\rd".to_owned();
    policy.waivers = vec![waiver];
    let judged = judge_secret(&setting(), &policy, &secret);
    assert_eq!((judged.waived[0].reason.as_str(), judged.waived[0].by.as_str()), (r"a\nb", r"c\rd"));
}

fn stray(path: &str) -> Stray {
    Stray { path: path.to_owned(), kind: StrayKind::Plaintext, place: StrayPlace::Here }
}

#[test]
fn strays_are_judged_by_the_rules_of_the_name_they_would_have() {
    let mut store = store();
    store.strays = vec![stray("secrets/old/a.txt"), stray("secrets/new/b.txt"), stray("secrets/c d.txt")];
    let paths = |judged: &Judged| {
        judged.findings.iter().map(|f| (f.path.clone().unwrap(), f.level)).collect::<Vec<_>>()
    };
    let relaxed = with_scope(policy(), "old/**", levels([("plaintext", Level::Off)]));
    let judged = judge_store(&setting(), &relaxed, &store);
    assert_eq!(
        paths(&judged),
        [("secrets/new/b.txt".to_owned(), Level::Error), ("secrets/c d.txt".to_owned(), Level::Error)]
    );
    assert!(judged.findings.iter().all(|finding| finding.secret.is_none()));
    assert_eq!(judged.off.first().unwrap().by, "[[scope]] old/** (line 20)");
    store.strays.clear();
    assert_eq!(judge_store(&setting(), &relaxed, &store).off.len(), 1, "told though nothing lies in it");

    store.strays = vec![stray("secrets/old/a.txt"), stray("secrets/c d.txt")];
    let mut strict = with_scope(policy(), "old/**", levels([("plaintext", Level::Warning)]));
    strict.defaults.levels = levels([("plaintext", Level::Off)]).levels;
    let judged = judge_store(&setting(), &strict, &store);
    assert_eq!(paths(&judged), [("secrets/old/a.txt".to_owned(), Level::Warning)]);
    assert_eq!(judged.off.first().unwrap().by, "[defaults]");
}

#[test]
fn findings_of_the_store_are_waived_by_path_or_by_name() {
    let mut store = store();
    store.strays = vec![stray("secrets/old/a.txt")];
    for (glob, waived) in
        [("old/a.txt", 1), ("old/**", 1), ("secrets/old/a.txt", 1), ("a.txt", 0), ("old", 0)]
    {
        let mut policy = policy();
        policy.waivers = vec![waiver("plaintext", glob, "2027-01-01")];
        assert_eq!(judge_store(&setting(), &policy, &store).waived.len(), waived, "{glob}");
    }
    for (require, glob) in [("web/dev/db", "web/dev/*"), ("*/dev/*", "*/dev/*")] {
        let mut policy = policy();
        policy.require = vec![require.parse().unwrap()];
        let judged = judge_store(&setting(), &policy, &self::store());
        assert_eq!(judged.findings[0].secret, require.parse::<SecretName>().ok().map(Into::into));
        policy.waivers = vec![waiver("missing", glob, "2027-01-01")];
        assert_eq!(judge_store(&setting(), &policy, &self::store()).waived.len(), 1, "{require}");
    }
}

#[test]
fn unknowns_of_the_store() {
    let mut store = store();
    store.unknowns =
        vec![Unknown::new("secrets/x", "a symbolic link"), Unknown::new("secrets/x", "a symbolic link")];
    store.uncommitted = Err(Unknown::new("git", "unreadable"));
    store.deployed = Err(Unknown::new("git", "unreadable"));
    let mut policy = policy();
    assert_eq!(judge_store(&setting(), &policy, &store).unchecked.len(), 2);
    policy.defaults.levels = levels([("uncommitted", Level::Off), ("unpushed", Level::Off)]).levels;
    let judged = judge_store(&setting(), &policy, &store);
    assert_eq!(judged.unchecked.len(), 1, "what is off needs no facts");

    let policy = with_scope(policy, "web/**", levels([("unpushed", Level::Error)]));
    assert_eq!(judge_store(&setting(), &policy, &store).unchecked.len(), 1);
}

/// Breaks a healthy secret in the ways that the bits of `ways` say.
fn broken(number: usize, ways: u8) -> SecretFacts {
    let mut secret = named(&format!("web/prod/s{number}"));
    if ways & 1 != 0 {
        sealed_of(&mut secret).expires = ends("2026-05-01");
    }
    if ways & 2 != 0 {
        seal_to(&mut secret, &[("alice", &["alice-1"])]);
    }
    if ways & 4 != 0 {
        record_of(&mut secret).about.owners.clear();
    }
    if ways & 8 != 0 {
        secret.deployed = Err(Unknown::new("origin/main", "the remote did not answer"));
    }
    if ways & 16 != 0 {
        let path = secret.sealed_path.clone();
        secret.uncommitted = Ok(vec![uncommitted(&path, Difference::Modified)]);
    }
    if ways & 32 != 0 {
        secret.record = Err(Unknown::new(&*secret.record_path, "no JSON"));
    }
    if ways & 64 != 0 {
        secret.deployed = Ok(Deployed::NotJudged);
    }
    secret
}

fn report(policy: &Policy, secrets: &[SecretFacts]) -> Report {
    let mut store = store();
    store.names = secrets.iter().map(|secret| secret.name.clone()).collect();
    let mut judged = judge_store(&setting(), policy, &store);
    for secret in secrets {
        judged.absorb(judge_secret(&setting(), policy, secret));
    }
    Report::conclude(Draft {
        at: setting().now,
        store: "secrets".to_owned(),
        store_id: None,
        commit: None,
        deploy_ref: None,
        strict: false,
        secrets: secrets.len(),
        outlook: Outlook::default(),
        judged: Vec::new(),
        findings: judged.findings,
        waived: judged.waived,
        off: judged.off.into_iter().collect(),
        unchecked: judged.unchecked.into_iter().collect(),
        custody: Vec::new(),
        notes: Vec::new(),
    })
}

proptest! {
    /// And a secret's findings are its own: a good one hides no bad one, before or after it.
    #[test]
    fn permuting_secrets_leaves_findings_unchanged(
        (ordered, shuffled) in prop::collection::vec(any::<u8>(), 0..8).prop_flat_map(|ways| {
            let secrets = ways.into_iter().enumerate().map(|(n, ways)| broken(n, ways)).collect::<Vec<_>>();
            (Just(secrets.clone()), Just(secrets).prop_shuffle())
        })
    ) {
        let mut policy = with_scope(policy(), "*/prod/s1", levels([("unowned", Level::Off)]));
        policy.waivers = vec![waiver("single-holder", "web/prod/s[0-3]", "2027-01-01")];
        policy.defaults = RuleSet { min_people: Some(2), ..policy.defaults };
        let (one, other) = (report(&policy, &ordered), report(&policy, &shuffled));
        prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
        let alone = ordered.iter().map(|s| judge_secret(&setting(), &policy, s).findings.len()).sum::<usize>();
        prop_assert_eq!(one.findings.len(), alone);
    }
}

#[test]
fn who_asks_about_a_few_checks_gets_no_others() {
    let (setting, policy, secret) = (setting(), policy(), expired_and_unowned());
    for (asked, found) in [
        (&[CheckId::Unowned][..], vec![(CheckId::Unowned, Level::Warning)]),
        (&[CheckId::Expiring], vec![]),
        (&[], vec![]),
    ] {
        assert_eq!(ids(&judge_secret_by(Which::Only(asked), &setting, &policy, &secret)), found);
    }
    assert_eq!(ids(&judge_secret_by(Which::All, &setting, &policy, &secret)).len(), 2);
}
