//! `secrets report --html`, read back by a parser of HTML.

use std::fs;

use serde_json::Value;

use crate::common::public_key;
use crate::store::{CANARY, Drawn};

fn read(drawn: &Drawn, arguments: &[&str], code: i32) -> Value {
    let page = drawn.prepare(arguments).identity("alice").run().lacks(CANARY).code(code);
    drawn.witness("read_page.py", &drawn.keep("page.html", &page.stdout))
}

fn holds(texts: &Value, text: &str) -> bool {
    texts.as_array().unwrap().iter().any(|it| it.as_str().unwrap().contains(text))
}

#[test]
fn the_page_says_what_the_gate_says() {
    let drawn = Drawn::new();
    // The store has an expired secret, and one that is alice's alone.
    drawn.run(&["check"]).code(1);
    let page = read(&drawn, &["report", "--html"], 0);
    assert_eq!(page["title"], "secrets: deploy blocked");
    assert_eq!(page["headings"][0], "Deploy blocked");
    for heading in ["The year ahead", "By scope", "By owner", "Findings", "Who holds what", "Each person"] {
        assert!(holds(&page["headings"], heading), "{heading}: {}", page["headings"]);
    }
    let rows = page["rows"].as_array().unwrap();
    let row = |name: &str| rows.iter().filter_map(Value::as_str).find(|row| row.starts_with(name)).unwrap();
    assert_eq!(rows.len(), 6);
    assert_eq!(row("web/old"), "web/old team2026-02-19 10 days ago");
    assert_eq!(row("web/soon"), "web/soon alice2026-04-10 in 39 days");
    assert!(row("legacy/ftp").contains("never <script>alert(1)</script>"), "as text: {rows:?}");
    assert!(holds(&page["remedies"], "secrets set web/old"));
    assert!(holds(&page["matrix"], "legacy/ftp1 of 2 alone"), "{}", page["matrix"]);
    let policy = page["policy"][0].as_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(!policy.contains("script-src"), "no script may run");
}

#[test]
fn it_reports_and_what_is_not_known_is_2() {
    let drawn = Drawn::new();
    drawn.run(&["report", "--html"]).code(0);
    let offline = read(&drawn, &["report", "--html", "--offline"], 2);
    assert!(holds(&offline["headings"], "could not be checked"));
    // bob alone can't open what is alice's.
    drawn
        .prepare(&["report", "--html", "--prove"])
        .identity("alice")
        .run()
        .lacks(CANARY)
        .code(0)
        .says("proved");
    drawn.prepare(&["report", "--html", "--prove"]).identity("bob").run().lacks(CANARY).code(2);
    drawn.damage();
    let damaged = read(&drawn, &["report", "--html"], 2);
    assert!(holds(&damaged["rows"], "web/later owner not known?unknown"), "{}", damaged["rows"]);
    let clear = read(&drawn, &["report", "--html", "--scope", "db/*"], 0);
    assert_eq!(clear["headings"][0], "Deploy blocked", "policy is not committed");
    assert!(clear["text"].as_str().unwrap().contains("Only a part: all of this is of what fits db/*"));
    fs::write(drawn.laptop.join("secrets/policy.toml"), "schema = ").unwrap();
    let broken = read(&drawn, &["report", "--html"], 2);
    assert!(broken["text"].as_str().unwrap().contains("Not known."));
}

#[test]
fn where_nothing_can_be_drawn_nothing_is_written() {
    let drawn = Drawn::new();
    let home = drawn.sandbox.path("home");
    let outside = drawn.sandbox.secrets(&home).args(["report", "--html", "--output", "x.html"]).run().code(2);
    assert!(outside.stdout.is_empty() && !home.join("x.html").exists());
    drawn.run(&["report"]).code(2).says("--html");
    drawn.run(&["report", "--html", "--output", "."]).code(2).says("is a folder");
    // A scope that fits nothing must not look like a store in which all is well.
    let idle = read(&drawn, &["report", "--html", "--scope", "none/*"], 2);
    assert_eq!(idle["headings"][0], "Deploy blocked");
}

#[test]
fn a_file_is_written_whole_and_its_bytes_are_those_of_the_page() {
    let drawn = Drawn::new();
    let told = drawn.run(&["report", "--html", "--output", "report.html"]).code(0);
    assert!(told.stdout.is_empty());
    assert!(
        told.stderr.starts_with("wrote report.html\n6 secrets: ")
            && told.stderr.ends_with("; deploy blocked\n"),
        "{}",
        told.stderr
    );
    let written = fs::read(drawn.laptop.join("report.html")).unwrap();
    assert_eq!(written, drawn.run(&["report", "--html"]).code(0).stdout);
    let page = String::from_utf8(written).unwrap();
    assert!(!page.contains(CANARY) && !page.contains("AGE-SECRET-KEY"));
    assert!(!page.contains(&public_key("alice")), "keys are no business of the page");
}
