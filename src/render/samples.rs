//! One rich report, for the snapshots of every format.

use crate::domain::finding::{Finding, Level};
use crate::domain::id::StoreId;
use crate::domain::report::{Draft, Report, SwitchedOff, Unchecked, Waived};

pub(super) fn finding(
    id: &str,
    level: Level,
    place: Result<&str, &str>,
    message: &str,
    remedy: &str,
) -> Finding {
    let path = |secret: &str| format!("secrets/{secret}.json");
    Finding {
        id: id.parse().unwrap(),
        level,
        secret: place.ok().map(|name| name.parse().unwrap()),
        path: Some(place.map_or_else(str::to_owned, path)),
        message: message.to_owned(),
        remedy: remedy.to_owned(),
        weight: 1,
    }
}

/// Nothing found, nothing unknown.
pub(super) fn calm() -> Draft {
    let at = "2022-09-07T12:25:00Z".parse().unwrap();
    Draft {
        at,
        store: "secrets".to_owned(),
        store_id: Some(StoreId::from_parts(at, 7)),
        commit: Some("3f2a9c1d04be5f60718293a4b5c6d7e8f9012345".to_owned()),
        deploy_ref: Some("origin/main".to_owned()),
        strict: false,
        secrets: 290,
        findings: Vec::new(),
        waived: Vec::new(),
        off: Vec::new(),
        unchecked: Vec::new(),
        notes: Vec::new(),
    }
}

/// Something of everything, and of `no-expiry` and `plaintext` too much.
pub(super) fn rich() -> Report {
    let azure = "utoronto/prod/azuread-client";
    let mut findings = vec![
        finding(
            "unowned",
            Level::Warning,
            Ok(azure),
            "nobody owns it",
            "secrets show utoronto/prod/azuread-client",
        ),
        finding(
            "expired",
            Level::Error,
            Ok(azure),
            "expired 8 days ago (2022-08-30)",
            &format!("secrets set {azure}"),
        ),
        finding(
            "single-holder",
            Level::Error,
            Ok("callysto/prod/oauth"),
            "only alice can open it (ci is a machine and does not count), and min-people is 2 (built in): policy \
             names enough readers, seal it to them",
            "secrets reseal callysto/prod/oauth",
        ),
        finding(
            "plaintext",
            Level::Error,
            Err("secrets/it's, 100%: notes\u{202e}\u{9b}\n::error::x.txt"),
            r"not encrypted, and neither record nor policy",
            r"secrets add notes --from-file secrets/notes.txt",
        ),
        finding(
            "uncommitted",
            Level::Error,
            Err("secrets/policy.toml"),
            "secrets/policy.toml differs from HEAD",
            "git add -- :/secrets/policy.toml && git commit -m 'Commit the rules of the store' -- \
             :/secrets/policy.toml",
        ),
    ];
    for number in 1..=12 {
        let name = format!("clusters/c{number:02}");
        let days = format!("expires in {} days", number + 1);
        let expiring = finding("expiring", Level::Warning, Ok(&name), &days, &format!("secrets set {name}"));
        let silent = finding(
            "no-expiry",
            Level::Error,
            Ok(&name),
            "nobody has said when it ends, nor that it never does",
            &format!("secrets expiry set {name} --reason 'none was recorded'"),
        );
        findings.extend([expiring, silent]);
    }
    let unchecked = |secret: Option<&str>, what: &str, why: &str| Unchecked {
        secret: secret.map(|name| name.parse().unwrap()),
        what: what.to_owned(),
        why: why.to_owned(),
    };
    Report::conclude(Draft {
        findings,
        waived: vec![Waived {
            finding: finding(
                "single-holder",
                Level::Error,
                Ok("legacy/ftp"),
                "only bob can open it",
                "secrets check",
            ),
            until: "2022-12-31".parse().unwrap(),
            reason: "vendor gives out one login; ticket 812".to_owned(),
            by: "alice".to_owned(),
        }],
        off: vec![SwitchedOff {
            id: "overlong".parse().unwrap(),
            by: "[[scope]] legacy/** (line 31)".to_owned(),
        }],
        unchecked: (1..=5)
            .map(|n| {
                unchecked(Some(&format!("eu/s{n}")), "origin/main", "the remote did not answer within 20 s")
            })
            .chain([unchecked(None, "secrets/old", "the folder can't be read: permission denied")])
            .collect(),
        notes: vec!["judged by the policy of origin/main".to_owned()],
        ..calm()
    })
}
