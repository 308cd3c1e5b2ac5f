//! Reports that all renderers are tried on.

use crate::domain::check_id::CheckId;
use crate::domain::finding::{Finding, Level};
use crate::domain::report::{Custody, Draft, Grade, Outlook, Report, SwitchedOff, Unchecked, Waived};
use crate::domain::rescue::{BreakGlass, GlassOutcome, LeftOut, Saved};

fn finding(id: CheckId, level: Level, secret: Option<&str>, message: &str, remedy: &str) -> Finding {
    Finding {
        id,
        level,
        secret: secret.map(|name| name.parse().unwrap()),
        path: Some(
            secret.map_or_else(|| "secrets/policy.toml".to_owned(), |name| format!("secrets/{name}.json")),
        ),
        message: message.to_owned(),
        remedy: remedy.to_owned(),
        weight: 1,
        mark: String::new(),
    }
}

fn draft() -> Draft {
    Draft {
        at: "2022-09-07T12:25:00Z".parse().unwrap(),
        store: "secrets".to_owned(),
        store_id: Some("01JB0000000000000000000000".to_owned().try_into().unwrap()),
        commit: Some("3f2a9c1d04be5a7788990011223344556677aabb".to_owned()),
        deploy_ref: Some("origin/main".to_owned()),
        strict: false,
        secrets: 2,
        outlook: Outlook {
            fewest_people: Some(2),
            next_to_expire: Some(("2023-06-30".parse().unwrap(), "callysto/prod/oauth".parse().unwrap())),
        },
        findings: Vec::new(),
        waived: Vec::new(),
        off: Vec::new(),
        unchecked: Vec::new(),
        custody: Vec::new(),
        notes: Vec::new(),
    }
}

/// Everything that a report can hold.
pub fn rich() -> Report {
    let azuread = Some("utoronto/prod/azuread");
    Report::conclude(Draft {
        findings: vec![
            finding(
                CheckId::Unowned,
                Level::Warning,
                Some("callysto/prod/oauth"),
                "no owner who is a known person or group",
                "secrets people list",
            ),
            finding(
                CheckId::SingleHolder,
                Level::Error,
                azuread,
                "1 person can open it (alice), and policy asks for 2",
                "secrets people add NAME --key KEY",
            ),
            finding(
                CheckId::Expired,
                Level::Error,
                azuread,
                "expired 8 days ago (2022-08-30)",
                "secrets set utoronto/prod/azuread",
            ),
            finding(
                CheckId::Uncommitted,
                Level::Error,
                None,
                "differs from HEAD; 100% of \u{1b}[31mdeploys would not see it",
                "git commit -- :/secrets/policy.toml",
            ),
        ],
        waived: vec![Waived {
            finding: finding(
                CheckId::SingleHolder,
                Level::Error,
                Some("legacy/ftp"),
                "1 person can open it (alice), and policy asks for 2",
                "",
            ),
            until: "2022-12-31".parse().unwrap(),
            reason: "vendor gives out one login; ticket 812".to_owned(),
            by: "alice".to_owned(),
        }],
        off: vec![SwitchedOff { id: CheckId::Overlong, by: "[defaults]".to_owned() }],
        unchecked: vec![
            Unchecked {
                secret: None,
                what: "origin/main".to_owned(),
                why: "remote `origin` gave no answer within 20s; try `git ls-remote origin`".to_owned(),
            },
            Unchecked {
                secret: Some("legacy/ftp".parse().unwrap()),
                what: "secrets/legacy/ftp.json".to_owned(),
                why: "secrets/legacy/ftp.json:3:1: is cut off".to_owned(),
            },
        ],
        notes: vec!["judged by the policy of 3f2a9c1d04be".to_owned()],
        ..draft()
    })
}

/// A blocked deploy that was let through; the remote was down.
pub fn broken_glass() -> Report {
    let saved = Saved {
        remote: "origin".to_owned(),
        branch: "rescue/2022-08-31-alice-0123456789ab".to_owned(),
        commit: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        url: Some("https://forge.example/hub/compare/main...rescue".to_owned()),
        queued: Some("remote `origin` can't be asked: connection refused".to_owned()),
        left_out: vec![LeftOut {
            path: "secrets/notes\u{1b}[31m.txt".to_owned(),
            why: "is in clear, as far as anybody can tell".to_owned(),
        }],
    };
    Report { break_glass: Some(glass(GlassOutcome::Broken(saved))), ..unknown() }
}

/// The same where it can't be.
pub fn unbroken_glass() -> Report {
    let why = "remote `origin` does not take it: read-only".to_owned();
    Report { break_glass: Some(glass(GlassOutcome::Refused(why))), ..unknown() }
}

fn glass(outcome: GlassOutcome) -> BreakGlass {
    let reason = "the client secret lapsed; ticket 812".parse().unwrap();
    BreakGlass { reason, by: "alice".to_owned(), outcome }
}

pub fn passing() -> Report {
    Report::conclude(draft())
}

/// One of each grade.
pub fn proved() -> Report {
    let custody = |secret: &str, grade, why: Option<&str>| Custody {
        secret: secret.parse().unwrap(),
        grade,
        why: why.map(str::to_owned),
    };
    let closed = Some("none of the identities found here opens it: ask one of its readers");
    Report::conclude(Draft {
        secrets: 7,
        custody: vec![
            custody("callysto/prod/oauth", Grade::Proved, None),
            custody(
                "legacy/ssh",
                Grade::Plausible,
                Some("for keys of bob age gives nothing that could be recomputed"),
            ),
            custody("utoronto/e", Grade::Unproven, closed),
            custody("utoronto/d", Grade::Unproven, closed),
            custody("utoronto/c", Grade::Unproven, closed),
            custody("utoronto/b", Grade::Unproven, closed),
            custody("utoronto/a", Grade::Unproven, Some("2 stanzas in it can't be recomputed\u{1b}[31m")),
        ],
        ..draft()
    })
}

pub fn unknown() -> Report {
    let unchecked = Unchecked { secret: None, what: "origin/main".to_owned(), why: "not asked".to_owned() };
    Report::conclude(Draft { unchecked: vec![unchecked], ..draft() })
}

/// Many findings of one kind.
pub fn many(count: usize) -> Report {
    let findings = (0..count).map(|number| {
        finding(
            CheckId::NoExpiry,
            Level::Error,
            Some(&format!("hub-{number:03}/oauth")),
            "nobody has recorded when it ends",
            "secrets expiry set NAME --expires DATE",
        )
    });
    Report::conclude(Draft { findings: findings.collect(), secrets: count, ..draft() })
}

/// The first day of a repository whose files one key of a cloud opens: nearly everything is said of all of them.
pub fn adoption() -> Report {
    let of = |id, number: usize, message: &str, remedy: &str| Finding {
        secret: None,
        path: Some(format!("clusters/c{number:03}/enc-prod.yaml")),
        ..finding(id, Level::Error, None, message, remedy)
    };
    let reader = |number: usize| {
        let key = match number {
            0..284 => "projects/x/cryptoKeys/sops",
            284..290 => "projects/y/cryptoKeys/sops",
            290..292 => "age1old",
            number => {
                return of(
                    CheckId::UnlistedReader,
                    number,
                    &format!("sealed to age1{number}"),
                    "edit policy",
                );
            }
        };
        of(
            CheckId::UnlistedReader,
            number,
            &format!("sealed to {key}, which is nobody's in policy"),
            "edit policy",
        )
    };
    let expired = |number: usize| {
        let remedy = format!("secrets set clusters/c{number:03}/enc-prod.yaml");
        of(CheckId::Expired, number, &format!("expired {} days ago", number + 8), &remedy)
    };
    let endless = |number: usize| {
        let remedy = format!("secrets expiry set clusters/c{number:03}/enc-prod.yaml --expires DATE");
        of(CheckId::NoExpiry, number, "nobody has said when it ends, nor that it never does", &remedy)
    };
    let findings = (0..295).map(reader).chain((0..11).map(expired)).chain((0..12).map(endless));
    Report::conclude(Draft { findings: findings.collect(), secrets: 295, ..draft() })
}

/// The same, with nearly everything accepted.
pub fn baselined() -> Report {
    let (until, reason, by) = ("2022-12-31", "we \u{1b}begin", "baseline baseline.json");
    let waive = |finding| Waived {
        finding,
        until: until.parse().unwrap(),
        reason: reason.to_owned(),
        by: by.to_owned(),
    };
    let by_hand = |number: usize| Waived {
        until: "2022-10-01".parse().unwrap(),
        reason: format!("ticket {number}"),
        by: "alice".to_owned(),
        ..waive(finding(CheckId::SingleHolder, Level::Error, Some("legacy/ftp"), "only alice", ""))
    };
    let waived = many(700).findings.into_iter().chain(adoption().findings).map(waive);
    let waived = waived.chain((0..12).map(by_hand)).collect();
    Report::conclude(Draft { waived, secrets: 995, ..draft() })
}
