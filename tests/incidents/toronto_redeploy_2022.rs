//! University of Toronto hub, 2022-09-07 12:25: CI redeployed the repository's value, eight days after it had
//! lapsed. Logins failed for 5 hours and 23 minutes. (U2, U4)

use std::fs;

use crate::common::toronto::{AZUREAD, NEW_VALUE, OAUTH, REDEPLOY, SEALED, Toronto};
use secrets::change::sealing::{NextVersion, Request, Runners, Sealer};
use secrets::domain::record::About;
use secrets::domain::time::Instant;
use secrets::domain::value::Value;
use secrets::observe::place::Place;
use secrets::seal::prompts::Prompts;
use secrets::store::record_file;
use secrets::system::environment::Environment;

#[test]
fn u2_the_last_days() {
    let toronto = Toronto::new();
    for (at, expected, finding) in [
        ("2022-06-30T23:59:59Z", 0, None),
        ("2022-07-01T00:00:00Z", 0, Some(("expiring", "warning"))),
        ("2022-08-28T23:59:59Z", 0, Some(("expiring", "warning"))),
        ("2022-08-29T00:00:00Z", 1, Some(("expiring", "error"))),
        ("2022-08-29T23:59:59Z", 1, Some(("expiring", "error"))),
        ("2022-08-30T00:00:00Z", 1, Some(("expired", "error"))),
    ] {
        let findings: Vec<_> = finding.into_iter().map(|(id, level)| (id, AZUREAD, level)).collect();
        toronto.gate(at, &[], expected).finds(&findings);
    }
    // A warning fails where it is asked to.
    toronto.gate("2022-08-28T23:59:59Z", &["--strict"], 1).finds(&[("expiring", AZUREAD, "warning")]);
}

#[test]
fn u4_ci_does_not_redeploy_what_has_lapsed() {
    let toronto = Toronto::new();
    let ci = toronto.ci("ci");
    // The laptop has the new one, and keeps it.
    toronto.renew(&toronto.laptop, "alice", &[]);

    let report = toronto.sandbox.gate(&ci, REDEPLOY, &["--scope", "utoronto/prod/*"], 1);
    let report = report.finds(&[("expired", AZUREAD, "error")]);
    assert!(report.message("expired").contains("8 days ago"), "{}", report.message("expired"));
    assert!(report.remedy("expired").contains("secrets set utoronto/prod/azuread"));

    let (told, deployed) = toronto.deploy(&ci, REDEPLOY, "utoronto/prod/*");
    told.code(1).says("expired").says("8 days ago").says("deploy blocked");
    assert!(!deployed);

    // The other hubs are not held up by it ...
    let (told, deployed) = toronto.deploy(&ci, REDEPLOY, "callysto/prod/*");
    told.code(0).says("clear to deploy");
    assert!(deployed);
    // ... and fare alike when theirs lapses.
    let (told, deployed) = toronto.deploy(&ci, "2024-07-08T12:25:00Z", "callysto/prod/*");
    told.code(1).says("expired").says("8 days ago").says(OAUTH).says("deploy blocked");
    assert!(!deployed);
}

#[test]
fn u4_a_deploy_without_a_scope_is_blocked_as_well() {
    let toronto = Toronto::new();
    let ci = toronto.ci("ci");
    toronto.sandbox.gate(&ci, REDEPLOY, &[], 1).finds(&[("expired", AZUREAD, "error")]);
    let (told, deployed) = toronto.deploy(&ci, REDEPLOY, "**");
    told.code(1);
    assert!(!deployed);
}

#[test]
fn u4b_nobody_had_recorded_an_expiry() {
    let toronto = Toronto::new();
    seal_without_expiry(&toronto);
    toronto.publish("Take a client secret over from elsewhere");
    let ci = toronto.ci("ci");
    toronto.sandbox.gate(&ci, REDEPLOY, &[], 1).finds(&[("no-expiry", AZUREAD, "error")]);
    let (told, deployed) = toronto.deploy(&ci, REDEPLOY, "utoronto/prod/*");
    told.code(1).says("no-expiry").says("deploy blocked");
    assert!(!deployed);
}

/// Seals as `add` does, but without an expiry, which `add` would not do.
fn seal_without_expiry(toronto: &Toronto) {
    let environment = Environment::new([], toronto.laptop.clone());
    let place = Place::find(None, &environment).expect("there is a store");
    let policy = place.policy().expect("the policy is valid");
    let now = Instant::parse_rfc3339(SEALED).expect("a moment");
    let prompts = Prompts::none();
    let sealer = Sealer { policy: &policy, now, prompts: &prompts };
    let name = AZUREAD.parse().expect("a name");
    let value = NEW_VALUE.as_bytes().to_vec();
    let about = About { owners: vec!["infra".parse().expect("a name")], ..About::default() };
    let (record, sealed) = sealer
        .seal(Request {
            name: &name,
            value: &Value::new(value),
            expires: None,
            issued: None,
            version: NextVersion::New { set_by: "alice".parse().expect("a name"), id: None },
            seen_by: &[],
            about,
            rotation: None,
            runners: Runners::AsBefore,
            previous: None,
            earlier: None,
            above: None,
        })
        .expect("the value can be sealed");
    fs::write(place.store.record_path(&name), record_file::print(&record)).expect("a file can be written");
    fs::write(place.store.sealed_path(&name), sealed).expect("a file can be written");
}
