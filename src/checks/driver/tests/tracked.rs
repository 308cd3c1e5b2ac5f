//! Files that other tools have sealed, and the secrets in them.

use super::*;
use crate::checks::samples::tracked::{
    CLAIMS, CLIENT, FILE, TOKEN, claim_in, file, sealed_in, secret_in, tracked_name,
};
use crate::domain::facts::Inside;
use crate::domain::foreign::{Damage, SealedFormat};

/// The client's secret has ended, and nobody owns the token.
fn sick() -> FileFacts {
    let mut file = file();
    claim_in(&mut file, CLIENT).expires = ends("2026-05-01");
    claim_in(&mut file, TOKEN).owners.clear();
    file
}

fn told(judged: &Judged) -> Vec<(&str, CheckId, Level)> {
    let name = |finding: &'_ Finding| finding.secret.as_ref().map_or("", |name| name.as_str()).to_owned();
    let known = |finding: &Finding| [FILE, CLIENT, TOKEN].into_iter().find(|known| *known == name(finding));
    let one = |finding: &Finding| (known(finding).unwrap(), finding.id, finding.level);
    judged.findings.iter().map(one).collect()
}

#[test]
fn a_healthy_file_gives_nothing() {
    assert_eq!(judge_file(&setting(), &policy(), &file()), Judged::default());
}

#[test]
fn each_finding_bears_its_secret_and_the_path_of_the_records() {
    let judged = judge_file(&setting(), &policy(), &sick());
    assert_eq!(
        told(&judged),
        [(CLIENT, CheckId::Expired, Level::Error), (TOKEN, CheckId::Unowned, Level::Warning)]
    );
    assert!(judged.findings.iter().all(|finding| finding.path.as_deref() == Some(CLAIMS)));
}

#[test]
fn scopes_fit_by_name_and_by_the_path_of_the_file() {
    for (glob, level) in [
        (CLIENT, Some(Level::Warning)),
        (FILE, Some(Level::Warning)),
        ("clusters/a/*", Some(Level::Warning)),
        ("clusters/*/enc-*.yaml", Some(Level::Warning)),
        ("**/client_secret", Some(Level::Warning)),
        (TOKEN, Some(Level::Error)),
        ("**/token", Some(Level::Error)),
        ("clusters/b/*", Some(Level::Error)),
    ] {
        let policy = with_scope(policy(), glob, levels([("expired", Level::Warning)]));
        let judged = judge_file(&setting(), &policy, &sick());
        let expired = judged.findings.iter().find(|finding| finding.id == CheckId::Expired);
        assert_eq!(expired.map(|finding| finding.level), level, "{glob}");
    }
    // Of both that fit, the later one holds, by whichever it fits.
    let policy = with_scope(policy(), "**/client_secret", levels([("expired", Level::Warning)]));
    let policy = with_scope(policy, FILE, levels([("expired", Level::Off)]));
    let judged = judge_file(&setting(), &policy, &sick());
    assert_eq!(told(&judged), [(TOKEN, CheckId::Unowned, Level::Warning)]);
    let by = format!("[[scope]] {FILE} (line 21)");
    assert_eq!(judged.off, BTreeSet::from([SwitchedOff { id: CheckId::Expired, by }]));
}

#[test]
fn waivers_fit_by_name_and_by_the_path_of_the_file() {
    for (glob, until, is_waived) in [
        (CLIENT, "2026-07-01", true),
        (FILE, "2026-07-01", true),
        ("clusters/**", "2026-07-01", true),
        (FILE, "2026-06-01T12:00:01Z", true),
        (FILE, "2026-06-01T12:00:00Z", false),
        (TOKEN, "2026-07-01", false),
        (CLAIMS, "2026-07-01", false),
    ] {
        let mut policy = policy();
        policy.waivers = vec![waiver("expired", glob, until)];
        let judged = judge_file(&setting(), &policy, &sick());
        assert_eq!(judged.waived.len(), usize::from(is_waived), "{glob} {until}");
        let expired = judged.findings.iter().any(|finding| finding.id == CheckId::Expired);
        assert_eq!(expired, !is_waived, "{glob} {until}");
    }
}

#[test]
fn what_can_not_be_read_is_unchecked_whatever_is_off() {
    let all_off = levels([("plaintext", Level::Off), ("untracked", Level::Off), ("orphan", Level::Off)]);
    let policy = with_scope(policy(), "**", all_off);
    let mut damaged = file();
    let format = SealedFormat::SopsYaml;
    damaged.contents = Ok(Some(Contents::Damaged(Damage { format, why: "its MAC is cut off".to_owned() })));
    damaged.secrets = Ok(Vec::new());
    let judged = judge_file(&setting(), &policy, &damaged);
    let unchecked = |what: &str, why: &str| {
        let secret = Some(tracked_name(FILE).into());
        BTreeSet::from([Unchecked { secret, what: what.to_owned(), why: why.to_owned() }])
    };
    let why = "looks like sops-yaml, and can't be read: its MAC is cut off";
    assert_eq!(judged.unchecked, unchecked(FILE, why));
    assert_eq!(judged.findings, []);

    let mut unread = file();
    unread.contents = Err(Unknown::new(FILE, "permission denied"));
    assert_eq!(judge_file(&setting(), &policy, &unread).unchecked, unchecked(FILE, "permission denied"));
    let mut unrecorded = file();
    unrecorded.secrets = Err(Unknown::new(CLAIMS, "line 3: no TOML"));
    assert_eq!(judge_file(&setting(), &policy, &unrecorded).unchecked, unchecked(CLAIMS, "line 3: no TOML"));
}

#[test]
fn what_was_to_be_looked_into_and_was_not_is_unchecked() {
    for required in [true, false] {
        let mut file = file();
        let why = "no sops here".to_owned();
        secret_in(&mut file, CLIENT).inside = Inside::NotLookedInto { why, required };
        let judged = judge_file(&setting(), &policy(), &file);
        assert_eq!(judged.unchecked.len(), usize::from(required));
        assert!(judged.unchecked.iter().all(|one| one.secret == Some(tracked_name(CLIENT).into())));
    }
}

/// A check may tell one of its faults more mildly than policy has it, and none louder.
#[test]
fn a_check_may_only_soften() {
    for (level, told) in [(Level::Error, Level::Warning), (Level::Warning, Level::Warning)] {
        let mut file = file();
        let before = secret_in(&mut file, CLIENT).clone();
        file.before = Ok([(before.name.pointer_text().to_owned(), before)].into());
        claim_in(&mut file, CLIENT).expires =
            Some(crate::domain::expiry::Expiry::Never { why: "looked it up".to_owned() });
        let policy = with_scope(policy(), "**", levels([("weakened-policy", level)]));
        let judged = judge_file(&setting(), &policy, &file);
        assert_eq!(ids(&judged), [(CheckId::WeakenedPolicy, told)]);
    }
}

#[test]
fn who_opens_it_together_with_others_only_is_no_holder() {
    let mut file = file();
    sealed_in(&mut file).access = crate::checks::samples::tracked::access(2, &[&["alice-1"], &["bob-1"]]);
    let judged = judge_file(&setting(), &policy(), &file);
    assert_eq!(told(&judged), [(FILE, CheckId::SingleHolder, Level::Error)]);
}
