//! The hub at Toronto, 90 days earlier (U1): somebody would have been told, twice over, and what they do counts.

use crate::common::toronto::{AZUREAD, Toronto};

#[test]
fn u1_who_gives_it_out_when_it_ends_and_how_to_mend_it() {
    let toronto = Toronto::unpublished();
    toronto.edit(
        "secrets/policy.toml",
        "min-people = 2",
        "min-people = 2\nnotify-at = [\"90d\", \"30d\", \"7d\"]",
    );
    toronto.edit("secrets/policy.toml", "[people.alice]", "[people.alice]\ncontact = \"@alice\"");
    toronto.extend_policy("[[notify]]\nkind = \"stdout\"\n");
    let issuer = "\"about\": {\n    \"issuer\": { \"name\": \"University of Toronto IT\" },";
    toronto.edit(&format!("secrets/{AZUREAD}.json"), "\"about\": {", issuer);
    toronto.publish("Begin");
    let warn =
        |at: &str| toronto.sandbox.secrets(&toronto.ci(&at.replace(':', ""))).args(["warn"]).at(at).run();

    let told = warn("2022-06-01T00:00:00Z").code(0);
    told.clone().says("expires 2022-08-30 (in 90 days)").says("owners").says("infra").says("alice (@alice)");
    told.says("University of Toronto IT").says(&format!("secrets set {AZUREAD}"));
    // A day before the tier nobody is told, and the day after nobody again.
    warn("2022-05-31T23:59:59Z").code(0).says("0 notices told");
    warn("2022-06-02T00:00:00Z").code(0).says("0 notices told").lacks("(in 89 days)");
    warn("2022-08-23T00:00:00Z").code(0).says("expires 2022-08-30 (in 7 days)");
    warn("2022-08-30T00:00:00Z").code(0).says("expired today (2022-08-30)");
    // The new value is set on the laptop and forgotten there: the job sees what is deployed, and closes nothing.
    toronto.renew(&toronto.laptop, "alice", &[]);
    warn("2022-09-01T00:00:00Z").code(0).says("0 notices told").lacks("no longer due");
    toronto.sandbox.push(&toronto.laptop);
    warn("2022-09-07T13:00:00Z").code(0).says("no longer due");
}
