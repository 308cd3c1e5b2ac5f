//! `secrets calendar`, read back by two implementations of iCalendar.

use std::fs;

use serde_json::Value;

use crate::store::{CANARY, Drawn, HOSTILE};

fn events(drawn: &Drawn, arguments: &[&str], code: i32) -> Vec<Value> {
    let feed = drawn.run(arguments).code(code);
    let read = drawn.witness("read_calendar.py", &drawn.keep("feed.ics", &feed.stdout));
    read["events"].as_array().unwrap().clone()
}

fn event<'e>(events: &'e [Value], summary: &str) -> &'e Value {
    let found = events.iter().find(|event| event["summary"] == summary);
    found.unwrap_or_else(|| panic!("{summary}: {events:#?}"))
}

fn summaries(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["summary"].as_str().unwrap()).collect()
}

#[test]
fn others_read_what_is_due() {
    let drawn = Drawn::new();
    let events = events(&drawn, &["calendar"], 0);
    assert_eq!(
        summaries(&events),
        [
            "1 secret expired",
            "web/old expired",
            "web/soon expires",
            "web/exact expires",
            "web/later expires",
            "db/beyond expires"
        ]
    );
    assert_eq!(event(&events, "1 secret expired")["start"], "2026-03-01", "on the day of the run");
    assert_eq!(event(&events, "web/old expired")["start"], "2026-02-19");
    assert_eq!(event(&events, "web/old expired")["alarms"], serde_json::json!([]));
    assert_eq!(event(&events, "web/exact expires")["start"], "2026-09-30T17:45:00Z");
    let soon = event(&events, "web/soon expires");
    assert_eq!(soon["start"], "2026-04-10");
    let days: Vec<i64> =
        soon["alarms"].as_array().unwrap().iter().map(|seconds| seconds.as_i64().unwrap() / 86_400).collect();
    assert_eq!(days, [-60, -30, -14, -7, -1]);
    assert_eq!(soon["categories"], serde_json::json!(["web"]));
    let text = soon["description"].as_str().unwrap();
    for told in
        ["owners: alice", "people: alice", &format!("issuer: {HOSTILE}"), "renew: secrets set web/soon"]
    {
        assert!(text.contains(told), "{told}: {text}");
    }
}

#[test]
fn the_same_store_gives_the_same_bytes_and_a_new_value_moves_its_event() {
    let drawn = Drawn::new();
    let before = drawn.run(&["calendar"]).code(0);
    assert_eq!(drawn.run(&["calendar"]).code(0).stdout, before.stdout);
    let before = events(&drawn, &["calendar"], 0);
    let set = ["set", "web/soon", "--expires", "2027-02-01"];
    drawn.prepare(&set).identity("alice").stdin("another value").at("2026-03-02T00:00:00Z").run().code(0);
    let feed = drawn.prepare(&["calendar", "--name", "Due; for us"]).at("2026-03-02T00:00:00Z").run().code(0);
    let read = drawn.witness("read_calendar.py", &drawn.keep("feed.ics", &feed.stdout));
    assert_eq!(read["name"], "Due; for us");
    let after = read["events"].as_array().unwrap();
    let (before, after) = (event(&before, "web/soon expires"), event(after, "web/soon expires"));
    assert_eq!((&before["uid"], &after["start"]), (&after["uid"], &Value::from("2027-02-01")));
    assert!(before["sequence"].as_u64() < after["sequence"].as_u64());
}

#[test]
fn what_is_not_known_is_said_three_times() {
    let drawn = Drawn::new();
    drawn.damage();
    let feed = drawn.run(&["calendar"]).code(2);
    assert!(feed.stderr.contains("NOT dated, because it is not known when they end (2)"), "{}", feed.stderr);
    assert!(
        feed.stderr.contains("web/later.json") && feed.stderr.contains("enc/token.age"),
        "{}",
        feed.stderr
    );
    let events = events(&drawn, &["calendar"], 2);
    let unknown = event(&events, "2 due dates unknown");
    assert_eq!(unknown["start"], "2026-03-01");
    let text = unknown["description"].as_str().unwrap();
    assert!(text.contains("web/later") && text.contains("enc/token.age"), "{text}");
    assert!(!summaries(&events).contains(&"web/later expires"));
    // What lies elsewhere does not trouble a scope.
    assert_eq!(summaries(&self::events(&drawn, &["calendar", "--scope", "db/*"], 0)), ["db/beyond expires"]);
}

#[test]
fn a_date_that_was_edited_is_in_doubt() {
    let drawn = Drawn::new();
    drawn.edit("secrets/web/later.json", "2026-12-24", "2028-12-24");
    let events = events(&drawn, &["calendar"], 0);
    let doubtful = event(&events, "web/later expires (in doubt: tampered)");
    assert_eq!(doubtful["start"], "2028-12-24");
    drawn.prepare(&["list", "--timeline"]).run().code(0).says("2028-12-24   1028d ? tampered");
    drawn.run(&["report", "--html"]).code(0).says("in doubt: tampered");
}

#[test]
fn a_file_is_written_whole_and_named() {
    let drawn = Drawn::new();
    let path = drawn.laptop.join("out/feed.ics");
    let told = drawn.run(&["calendar", "--output", "out/feed.ics"]).code(0);
    assert!(told.stdout.is_empty());
    assert_eq!(told.stderr, "wrote out/feed.ics\n5 due dates; 1 never end\n");
    let written = fs::read_to_string(&path).unwrap();
    assert!(!written.contains(CANARY));
    assert_eq!(written.as_bytes(), drawn.run(&["calendar"]).code(0).stdout);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
    // What can't be written leaves what was there.
    drawn.run(&["calendar", "--scope", "none/*", "--output", "out/feed.ics"]).code(2).says("fits no secret");
    assert_eq!(fs::read_to_string(&path).unwrap(), written);
    drawn.run(&["calendar", "--output", "out"]).code(2).says("out: is a folder");
    drawn.run(&["calendar", "--output", "out/feed.ics/x"]).code(2);
}

#[test]
fn a_store_without_a_secret_gives_no_calendar() {
    let sandbox = crate::common::Sandbox::new();
    let laptop = sandbox.store(&["alice"]);
    let outcome = sandbox.secrets(&laptop).args(["calendar"]).run().code(2).says("holds no secret");
    assert!(outcome.stdout.is_empty());
}
