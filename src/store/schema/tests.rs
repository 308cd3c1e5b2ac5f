use std::collections::BTreeSet;

use super::super::policy_file::samples::{FULL, PARSERS};
use super::super::{custody_file, policy_file, record_file};
use super::*;

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

/// The keys that the reader of policies knows in a table, by its own word.
fn known_to_reader(header: &str) -> BTreeSet<String> {
    let text = match header {
        "" => format!("zzzzzz = 1\n{FULL}"),
        header => FULL.replacen(header, &format!("{header}\nzzzzzz = 1"), 1),
    };
    let error = policy_file::parse(&text, "p", PARSERS).unwrap_err().to_string();
    let (_, known) = error.split_once("(known are: ").unwrap();
    known.trim_end_matches(')').split(", ").map(str::to_owned).collect()
}

#[test]
fn the_policy_schema_has_the_keys_that_the_reader_knows() {
    let schema = policy_schema();
    let tables = [
        ("", ""),
        ("[people.alice]", "/$defs/PersonTable"),
        ("[machines.ci]", "/$defs/MachineTable"),
        ("[shared-keys.team-kms]", "/$defs/SharedKeyTable"),
        ("[defaults]", "/$defs/RuleTable"),
        ("[[scope]]", "/$defs/ScopeTable"),
        ("[[waiver]]", "/$defs/WaiverTable"),
        ("[[acceptance]]", "/$defs/AcceptanceTable"),
        ("[track]", "/$defs/TrackTable"),
        ("[[kind]]", "/$defs/KindTable"),
        ("kind = \"stdout\"", "/$defs/StdoutChannel"),
        ("kind = \"webhook\"", "/$defs/WebhookChannel"),
        ("kind = \"slack\"", "/$defs/SlackChannel"),
        ("kind = \"pagerduty\"", "/$defs/PagerDutyChannel"),
        ("kind = \"alertmanager\"", "/$defs/AlertmanagerChannel"),
        ("kind = \"smtp\"", "/$defs/SmtpChannel"),
        ("kind = \"github-issue\"", "/$defs/GithubIssueChannel"),
        ("kind = \"exec\"", "/$defs/ExecChannel"),
        ("[heartbeat]", "/$defs/HeartbeatTable"),
        ("[ledger]", "/$defs/LedgerTable"),
    ];
    for (header, pointer) in tables {
        let table = schema.pointer(pointer).unwrap();
        assert_eq!(keys(&table["properties"]), known_to_reader(header), "{header}");
        assert_eq!(table["additionalProperties"], false, "{header}");
    }
}

#[test]
fn the_policy_schema_demands_what_the_reader_demands() {
    let schema = policy_schema();
    let empty = [
        ("", "", "the policy"),
        ("[people.x]", "/$defs/PersonTable", "[people.x]"),
        ("[machines.x]", "/$defs/MachineTable", "[machines.x]"),
        ("[shared-keys.x]", "/$defs/SharedKeyTable", "[shared-keys.x]"),
        ("[defaults]", "/$defs/RuleTable", "[defaults]"),
        ("[[scope]]", "/$defs/ScopeTable", "[[scope]]"),
        ("[[waiver]]", "/$defs/WaiverTable", "[[waiver]]"),
        ("[[acceptance]]", "/$defs/AcceptanceTable", "[[acceptance]]"),
        ("[track]", "/$defs/TrackTable", "[track]"),
        ("[[kind]]", "/$defs/KindTable", "[[kind]]"),
        ("[heartbeat]", "/$defs/HeartbeatTable", "[heartbeat]"),
        ("[ledger]", "/$defs/LedgerTable", "[ledger]"),
    ];
    for (text, pointer, name) in empty {
        let required = schema.pointer(pointer).unwrap().get("required").cloned().unwrap_or_default();
        let required: BTreeSet<String> = serde_json::from_value(required).unwrap_or_default();
        let error = policy_file::parse(text, "p", PARSERS).unwrap_err().to_string();
        let demanded: BTreeSet<String> = error
            .lines()
            .filter_map(|line| line.split_once(&format!(": {name} has no `"))?.1.split('`').next())
            .map(str::to_owned)
            .collect();
        assert_eq!(required, demanded, "{name}");
    }
}

#[test]
fn the_policy_schema_demands_of_each_channel_what_the_reader_demands() {
    let schema = policy_schema();
    let forms = schema["$defs"]["NotifyTable"]["anyOf"].as_array().unwrap();
    for form in forms {
        let pointer = form["$ref"].as_str().unwrap().trim_start_matches('#');
        let table = schema.pointer(pointer).unwrap();
        let kind = table["properties"]["kind"]["const"].as_str().unwrap();
        let mut required: BTreeSet<String> = serde_json::from_value(table["required"].clone()).unwrap();
        assert!(required.remove("kind"), "{kind}");
        let text = format!("[[notify]]\nkind = \"{kind}\"\n");
        let error = policy_file::parse(&text, "p", PARSERS).unwrap_err().to_string();
        let name = format!(": [[notify]] with kind = \"{kind}\" has no `");
        let demanded = error.lines().filter_map(|line| line.split_once(&name)?.1.split('`').next());
        assert_eq!(required, demanded.map(str::to_owned).collect(), "{kind}");
        let findings = table["properties"]["findings"]["items"]["enum"].as_array().unwrap();
        assert!(
            findings.contains(&"single-holder".into()) && !findings.contains(&"expired".into()),
            "{kind}"
        );
    }
    // Of the reader's kinds none is missing.
    let error = policy_file::parse("[[notify]]\nkind = \"zzzzzz\"\n", "p", PARSERS).unwrap_err().to_string();
    let (_, known) = error.split_once("kind of channel (known are: ").unwrap();
    assert_eq!(known.lines().next().unwrap().split(", ").count(), forms.len());
}

#[test]
fn the_custody_schema_has_the_keys_that_the_reader_knows() {
    let schema = custody_schema();
    assert_eq!(schema["required"], serde_json::json!(["schema"]));
    assert_eq!(keys(&schema["properties"]), BTreeSet::from(["schema".to_owned()]));
    assert_eq!(schema["additionalProperties"]["$ref"], "#/$defs/ClaimTable");
    let table = &schema["$defs"]["ClaimTable"];
    let error = custody_file::parse(b"schema = 1\n[\"a\"]\nzzzzzz = 1\n", "p").unwrap_err().to_string();
    let (_, known) = error.split_once("(known are: ").unwrap();
    let known: BTreeSet<String> = known.trim_end_matches(')').split(", ").map(str::to_owned).collect();
    assert_eq!(keys(&table["properties"]), known);
    assert_eq!((&table["additionalProperties"], table.get("required")), (&Value::Bool(false), None));
    for (key, property) in table["properties"].as_object().unwrap() {
        assert!(property["description"].is_string(), "{key}");
    }
    // What the schema forbids beside what it demands, the reader does too.
    for (key, needed) in table["dependentRequired"].as_object().unwrap() {
        let text = format!("schema = 1\n[\"a\"]\n{key} = \"declared\"\n");
        let error = custody_file::parse(text.as_bytes(), "p").unwrap_err().to_string();
        assert!(error.contains(&format!("`{key}` without `{}`", needed[0].as_str().unwrap())), "{error}");
    }
}

#[test]
fn the_record_schema_is_closed_but_for_about() {
    let schema = record_schema();
    let sample: Value = serde_json::from_str(record_file::samples::FULL).unwrap();
    assert_eq!(keys(&schema["properties"]), keys(&sample));
    let mut sealed = keys(&sample["sealed"]);
    sealed.insert("probe".to_owned());
    assert_eq!(keys(&schema["$defs"]["Sealed"]["properties"]), sealed);
    for closed in
        ["", "/$defs/Sealed", "/$defs/Version", "/$defs/SealedKey", "/$defs/Runner", "/$defs/RecordSignature"]
    {
        assert_eq!(schema.pointer(closed).unwrap()["additionalProperties"], false, "{closed}");
    }
    for open in ["About", "Issuer"] {
        assert_eq!(schema["$defs"][open]["additionalProperties"], true, "{open}");
    }
}

#[test]
fn nothing_may_be_null_and_everything_is_described() {
    for schema in [policy_schema(), record_schema(), custody_schema()] {
        let text = schema.to_string();
        assert!(!text.contains("\"null\"") && !text.contains("\"default\""), "{text}");
        assert!(schema["title"].is_string() && schema["description"].is_string());
    }
    for (key, property) in policy_schema()["properties"].as_object().unwrap() {
        assert!(property["description"].is_string(), "{key}");
    }
    let ids = &policy_schema()["$defs"]["WaiverTable"]["properties"]["finding"]["enum"];
    assert_eq!(ids.as_array().unwrap().len(), CheckId::ALL.len());
}
