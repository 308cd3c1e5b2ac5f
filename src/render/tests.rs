use super::samples::{calm, finding, rich};
use super::*;
use crate::domain::finding::Level;
use crate::domain::report::{Draft, Report, Unchecked, Verdict};
use crate::domain::text::is_treacherous;

const PLAIN: Style = Style { color: false, width: 80 };

#[test]
fn human_in_several_widths() {
    for width in [60, 80, 120] {
        insta::assert_snapshot!(format!("human_{width}"), human(&rich(), &Style { color: false, width }));
    }
}

#[test]
fn human_in_colour() {
    let coloured = human(&rich(), &Style { color: true, width: 80 });
    insta::assert_snapshot!("human_colour", coloured.replace('\u{1b}', "ESC"));
    let mut stripped = String::new();
    for part in coloured.split('\u{1b}') {
        stripped.push_str(
            part.split_once('m').filter(|(code, _)| code.starts_with('[')).map_or(part, |(_, t)| t),
        );
    }
    assert_eq!(stripped, human(&rich(), &PLAIN));
}

#[test]
fn human_when_all_is_well() {
    insta::assert_snapshot!("human_calm", human(&Report::conclude(calm()), &PLAIN));
}

#[test]
fn json_and_github() {
    insta::assert_snapshot!("json", json(&rich()));
    insta::assert_snapshot!("github", github(&rich()));
}

#[test]
fn the_keys_of_the_json_come_in_the_order_of_the_contract() {
    let text = json(&Report::conclude(calm()));
    let keys = text.lines().filter_map(|line| line.strip_prefix("  \"")?.split('"').next());
    assert_eq!(
        keys.collect::<Vec<_>>(),
        [
            "schema_version",
            "at",
            "store",
            "commit",
            "deploy_ref",
            "verdict",
            "summary",
            "findings",
            "waived",
            "off",
            "unchecked",
            "store_id",
            "strict",
            "notes"
        ]
    );
    let empty = Report::conclude(Draft { store_id: None, commit: None, deploy_ref: None, ..calm() });
    let tree: serde_json::Value = serde_json::from_str(&json(&empty)).unwrap();
    assert!(["store_id", "commit", "deploy_ref"].iter().all(|key| tree[key].is_null()));
}

#[test]
fn no_format_lets_a_control_character_through() {
    for page in [human(&rich(), &PLAIN), github(&rich()), json(&rich())] {
        assert!(!page.chars().any(|c| c != '\n' && is_treacherous(c)), "{page}");
    }
    let tree: serde_json::Value = serde_json::from_str(&json(&rich())).unwrap();
    let paths = rich().findings.iter().map(|finding| finding.path.clone()).collect::<Vec<_>>();
    for (wire, path) in tree["findings"].as_array().unwrap().iter().zip(paths) {
        assert_eq!(wire["path"].as_str(), path.as_deref(), "escaping changed a path");
    }
}

#[test]
fn eleven_equal_findings_are_summarised_and_ten_are_not() {
    for (number, summarised) in [(10, false), (11, true)] {
        let one = |n| {
            finding("no-expiry", Level::Error, Ok(&format!("a/s{n:02}")), "nobody has said", "secrets check")
        };
        let findings = (1..=number).map(one).collect::<Vec<_>>();
        let report = Report::conclude(Draft { findings, ..calm() });
        let page = human(&report, &PLAIN);
        assert_eq!(page.contains("11 secrets\n"), summarised, "{page}");
        assert_eq!(page.contains("a/s01, a/s02, a/s03 … and 8 more: --format json lists all"), summarised);
        assert_eq!(page.contains("a/s04"), !summarised);
        for all in [json(&report), github(&report)] {
            assert!(all.contains(&format!("a/s{number:02}")));
        }
    }
}

#[test]
fn commands_are_never_broken() {
    let page = human(&rich(), &Style { color: false, width: 20 });
    for finding in rich().findings.iter().filter(|finding| finding.id.as_str() == "uncommitted") {
        assert!(page.contains(&format!("\n    $ {}\n", finding.remedy)), "{page}");
    }
}

/// The verdict is the report's, whatever format shows it, and every format says the same.
#[test]
fn verdict_and_formats() {
    let error = || finding("expired", Level::Error, Ok("a"), "expired today", "secrets set a");
    let warning = || finding("unowned", Level::Warning, Ok("a"), "nobody owns it", "secrets show a");
    let unknown = || Unchecked { secret: None, what: "origin/main".to_owned(), why: "no answer".to_owned() };
    for (findings, unchecked, strict, verdict, code) in [
        (vec![], vec![], false, Verdict::Pass, 0),
        (vec![warning()], vec![], false, Verdict::Pass, 0),
        (vec![warning()], vec![], true, Verdict::Fail, 1),
        (vec![error()], vec![], false, Verdict::Fail, 1),
        (vec![error()], vec![unknown()], false, Verdict::Fail, 1),
        (vec![], vec![unknown()], false, Verdict::Unknown, 2),
        (vec![warning()], vec![unknown()], false, Verdict::Unknown, 2),
    ] {
        let report = Report::conclude(Draft { strict, findings, unchecked, ..calm() });
        assert_eq!((report.verdict, report.verdict.exit_code()), (verdict, code));
        let (clear, blocked) = ("; clear to deploy\n", "; deploy blocked\n");
        let last = if verdict == Verdict::Pass { clear } else { blocked };
        let other = if verdict == Verdict::Pass { blocked } else { clear };
        for page in [human(&report, &PLAIN), github(&report)] {
            assert!(page.ends_with(last) && !page.contains(other), "{page}");
        }
        let tree: serde_json::Value = serde_json::from_str(&json(&report)).unwrap();
        assert_eq!(tree["verdict"], verdict.as_str());
        assert_eq!(report.verdict.exit_code(), code, "rendering changed the verdict");
    }
}
