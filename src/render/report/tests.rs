use super::super::custody::samples as matrices;
use super::super::due_samples::{self, HOSTILE, timeline};
use super::super::page::hash_of;
use super::super::samples;
use super::*;
use crate::domain::finding::Unknown;
use crate::domain::report::{Draft, Outlook, Unchecked};

fn page(report: &Report, timeline: Timeline, matrix: Matrix) -> String {
    render(&Pictures { report, timeline: &Ok(timeline), matrix: &Ok(matrix), scopes: &[] })
}

#[test]
fn a_rich_page() {
    let page = page(&samples::rich(), timeline(due_samples::rich()), matrices::calm());
    // Style and shapes stand in files of their own.
    let page = page.replace(STYLE, "…").replace(SHAPES, "…\n");
    insta::assert_snapshot!(page.replace(&hash_of(STYLE).replace('\'', "&#39;"), "STYLE"));
}

#[test]
fn the_same_pictures_give_the_same_bytes() {
    let once = || page(&samples::rich(), timeline(due_samples::rich()), matrices::rich());
    assert_eq!(once(), once());
}

#[test]
fn the_page_allows_just_its_own_style() {
    let page = page(&samples::rich(), timeline(due_samples::rich()), matrices::rich());
    assert!(page.contains(&format!("<style>{STYLE}</style>")));
    let policy = format!("default-src 'none'; style-src {}; img-src data:;", hash_of(STYLE));
    assert!(page.contains(&policy.replace('\'', "&#39;")));
    assert!(!STYLE.contains('\r') && !STYLE.contains("</"));
    for outside in ["<script", " style=", " on", "url(", "@import", "src=", "<form", "<input"] {
        let found =
            page.replace(STYLE, "").find(outside).map(|at| page[at..].chars().take(60).collect::<String>());
        // A word that begins with `on` is none of an element's.
        assert!(found.is_none() || outside == " on", "{outside}: {found:?}");
        assert!(!STYLE.contains(outside) || outside == " on", "{outside}");
    }
    assert!(!page.contains("http://") && !page.contains("href=\"http"));
}

#[test]
fn hostile_text_stays_text() {
    let mut report = samples::rich();
    report.store = HOSTILE.to_owned();
    report.commit = Some(HOSTILE.to_owned());
    report.notes = vec![HOSTILE.to_owned()];
    for finding in &mut report.findings {
        finding.message = HOSTILE.to_owned();
        finding.remedy = HOSTILE.to_owned();
    }
    for waived in &mut report.waived {
        (waived.reason, waived.by) = (HOSTILE.to_owned(), HOSTILE.to_owned());
    }
    for unchecked in &mut report.unchecked {
        (unchecked.what, unchecked.why) = (HOSTILE.to_owned(), HOSTILE.to_owned());
    }
    let page = render(&Pictures {
        report: &report,
        timeline: &Ok(timeline(due_samples::hostile())),
        matrix: &Ok(matrices::hostile()),
        scopes: &[HOSTILE.to_owned()],
    });
    assert!(!page.contains("<script") && !page.contains("alert(1)</script"));
    assert!(!page.contains(['\u{202e}', '\u{1b}', '\u{0}', '\r']));
    assert!(page.matches("&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;").count() > 20);
}

#[test]
fn what_could_not_be_drawn_is_said() {
    let unknown = || Unknown::new("secrets/policy.toml", "secrets/policy.toml:3:1: expected `=`");
    let report = Report::conclude(Draft {
        at: "2026-11-26".parse().unwrap(),
        store: "secrets".to_owned(),
        store_id: None,
        commit: None,
        deploy_ref: None,
        judged: Vec::new(),
        strict: false,
        secrets: 0,
        outlook: Outlook::default(),
        findings: Vec::new(),
        waived: Vec::new(),
        off: Vec::new(),
        unchecked: vec![Unchecked { secret: None, what: unknown().what, why: unknown().why }],
        custody: Vec::new(),
        notes: Vec::new(),
    });
    let (timeline, matrix) = (Err(unknown()), Err(unknown()));
    let page = render(&Pictures { report: &report, timeline: &timeline, matrix: &matrix, scopes: &[] });
    assert!(page.contains("Deploy blocked") && page.contains("unknown is never a pass"));
    assert_eq!(page.matches("<strong>Not known.</strong>").count(), 2);
    assert_eq!(page.matches("<section").count(), page.matches("</section>").count());
}

#[test]
fn the_verdict_is_that_of_the_gate() {
    for (report, words) in [
        (samples::passing(), "Clear to deploy"),
        (samples::rich(), "Deploy blocked"),
        (samples::unknown(), "Deploy blocked"),
    ] {
        let page = page(&report, timeline(due_samples::rich()), matrices::calm());
        assert!(page.contains(&format!("<span>{words}</span></h1>")), "{words}");
    }
}

#[test]
fn many_secrets_and_findings_stay_a_page() {
    let size = |secrets: usize, people: usize| {
        let page = page(
            &samples::many(secrets),
            timeline(due_samples::large(secrets)),
            matrices::large(people, secrets),
        );
        assert_eq!(page.matches("<section").count(), page.matches("</section>").count());
        assert_eq!(page.matches("<details").count(), page.matches("</details>").count());
        (page.len(), page)
    };
    let (small, page) = size(300, 20);
    assert!(small < 1_000_000, "{small}");
    assert_eq!(page.matches("<li class=\"row ").count(), 300);
    assert!(!page.contains("less urgent than these"));
    let (large, page) = size(10_000, 40);
    assert!(large < 3_000_000, "{large}");
    assert_eq!(page.matches("<li class=\"row ").count(), 1000);
    assert!(page.contains("less urgent than these: <code>secrets list --timeline</code>"));
    assert!(page.contains("more: <code>secrets custody --format html</code>"));
    assert!(page.contains("more: <code>secrets check --format json</code>"));
}
