//! 2012-02-29, a cloud outage: certificates that were to be valid for a year were given the 29th of February of a
//! year that had none.

use crate::common::Outcome;
use crate::common::toronto::Toronto;

const NAME: &str = "cloud/transfer-certificate";

fn add(toronto: &Toronto, at: &str, lifetime: &[&str]) -> Outcome {
    let add = ["add", NAME, "--owner", "infra", "--as", "alice"];
    toronto.sandbox.secrets(&toronto.laptop).args(add).args(lifetime).at(at).stdin("a value").run()
}

fn expires(toronto: &Toronto) -> String {
    let record: serde_json::Value =
        serde_json::from_str(&toronto.read(&format!("secrets/{NAME}.json"))).expect("a record is JSON");
    record["sealed"]["expires"]["at"].as_str().expect("a record has an expiry").to_owned()
}

#[test]
fn a_year_from_leap_day() {
    let toronto = Toronto::new();
    for (at, lifetime, end) in [
        ("2028-02-29T09:30:00Z", &["--expires-in", "1y"][..], "2029-02-28T09:30:00Z"),
        ("2028-02-29T00:00:00Z", &["--expires-in", "1y"], "2029-02-28T00:00:00Z"),
        ("2028-02-29T23:59:59Z", &["--expires-in", "12mo"], "2029-02-28T23:59:59Z"),
        ("2028-02-29T09:30:00Z", &["--expires-in", "4y"], "2032-02-29T09:30:00Z"),
        ("2028-02-29T09:30:00Z", &["--expires-in", "365d"], "2029-02-28T09:30:00Z"),
        ("2028-03-05T09:30:00Z", &["--expires-in", "1y", "--issued", "2028-02-29"], "2029-02-28T00:00:00Z"),
    ] {
        add(&toronto, at, lifetime).code(0).says(end);
        assert_eq!(expires(&toronto), end, "{lifetime:?} at {at}");
        let removed = toronto.sandbox.secrets(&toronto.laptop).args(["remove", NAME]).at(at).run();
        removed.code(0);
    }
}

#[test]
fn the_gate_on_the_day_that_is_not_there() {
    let toronto = Toronto::new();
    add(&toronto, "2028-02-29T09:30:00Z", &["--expires-in", "1y"]).code(0);
    toronto.sandbox.push(&toronto.laptop);
    for (at, finding) in [
        ("2029-02-28T09:29:59Z", "expiring"),
        ("2029-02-28T09:30:00Z", "expired"),
        ("2029-03-01T00:00:00Z", "expired"),
    ] {
        toronto.gate(at, &["--scope", NAME], 1).finds(&[(finding, NAME, "error")]);
    }
    // A date that is none is refused, and not moved.
    add(&toronto, "2028-02-29T09:30:00Z", &["--expires", "2029-02-29"]).code(2).says("2029-02-29");
}
