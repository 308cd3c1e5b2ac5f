use std::collections::BTreeSet;

use super::*;
use crate::domain::ledger::RunEnd;
use crate::render::samples;

fn secret(name: &str, owners: &[&str], end: End, people: Option<usize>) -> Measured {
    Measured {
        name: name.parse().unwrap(),
        owners: owners.iter().map(|owner| owner.parse::<ActorName>().unwrap()).collect::<BTreeSet<_>>(),
        end,
        people,
        is_single_holder: people == Some(1),
    }
}

fn rich() -> Metrics {
    let mut metrics = Metrics::of_report(&samples::rich());
    metrics.repository = Some("github.com/org/infra".to_owned());
    metrics.channels = Some(3);
    metrics.last_warn = Some(RunEnd {
        run: "01JB0000000000000000000001".to_owned().try_into().unwrap(),
        at: "2022-09-07T05:17:03Z".parse().unwrap(),
        outcome: RunOutcome::Failed,
        told: 4,
    });
    metrics.measure(vec![
        secret("web/db", &[], End::Unsaid, Some(2)),
        secret("utoronto/prod/azuread", &["ops", "infra"], End::At("2022-08-30".parse().unwrap()), Some(1)),
        secret("top", &["ops"], End::Never("one login".to_owned()), Some(3)),
        secret("a/torn", &["ops"], End::Unread("cut off".to_owned()), None),
        secret("k/enc.yaml#/\"x\\y", &["ops"], End::At("2023-01-01T00:00:01Z".parse().unwrap()), Some(2)),
    ]);
    metrics
}

#[test]
fn rich_metrics() {
    insta::assert_snapshot!(render(&rich()));
}

#[test]
fn of_a_store_that_cannot_be_read() {
    let mut metrics = Metrics::of_report(&samples::rich());
    metrics.store = None;
    metrics.findings.clear();
    metrics.unchecked = 1;
    let text = render(&metrics);
    assert!(text.contains("\nsecrets_unchecked 1\n"), "{text}");
    assert!(!text.contains("last_warn") && !text.contains("secrets_expiry"), "{text}");
}

#[test]
fn both_formats_read_the_help_and_a_unit_is_the_end_of_the_name() {
    let names: BTreeSet<_> = FAMILIES.iter().map(|family| family.name).collect();
    assert_eq!(names.len(), FAMILIES.len());
    let text = render(&rich());
    for family in FAMILIES {
        assert!(!family.help.contains(['"', '\\', '\n']), "{}", family.name);
        assert!(text.contains(&format!("# TYPE {} gauge\n", family.name)), "{}", family.name);
        let has_unit = text.contains(&format!("# UNIT {} seconds\n", family.name));
        assert_eq!(has_unit, family.name.ends_with("_seconds"), "{}", family.name);
    }
    assert!(text.ends_with("\n# EOF\n"));
}

#[test]
fn labels_are_on_one_line_bounded_and_never_the_same_for_two_values() {
    let long = "a".repeat(MAX_LABEL_BYTES);
    assert_eq!(shown(&long), long);
    let (longer, other) = (format!("{long}a"), format!("{long}b"));
    assert_eq!(shown(&longer).len(), MAX_LABEL_BYTES);
    assert_ne!(shown(&longer), shown(&other));
    let wide = "€".repeat(MAX_LABEL_BYTES);
    assert!(shown(&wide).len() <= MAX_LABEL_BYTES);
    // What is made visible could be taken for what somebody wrote that way.
    assert_ne!(shown("a\u{200b}"), shown(r"a\u{200b}"));
    assert_eq!(labels(&[("a", "x\"y\\z"), ("b", "")]), r#"a="x\"y\\z""#);
    assert!(!labels(&[("a", "x\ny")]).contains('\n'));
}
