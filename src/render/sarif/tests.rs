use super::super::samples;
use super::*;

/// The report without the rules, whose text is the manual's.
fn without_rules(report: &Report) -> String {
    let mut log: serde_json::Value = serde_json::from_str(&render(report)).unwrap();
    let driver = &mut log["runs"][0]["tool"]["driver"];
    let count = driver["rules"].as_array().unwrap().len();
    driver["rules"] = format!("{count} rules").into();
    for version in ["version", "semanticVersion"] {
        driver[version] = "VERSION".into();
    }
    serde_json::to_string_pretty(&log).unwrap().replace(&format!("{count} rules"), "RULES")
}

#[test]
fn a_rich_report() {
    insta::assert_snapshot!(without_rules(&samples::rich()));
}

#[test]
fn a_proved_report() {
    insta::assert_snapshot!(without_rules(&samples::proved()));
}

#[test]
fn a_broken_glass_ends_with_0_and_says_so() {
    for (report, code, end) in [
        (samples::broken_glass(), 0, "LET THROUGH by --break-glass"),
        (samples::unbroken_glass(), 2, "deploy blocked"),
    ] {
        let log: serde_json::Value = serde_json::from_str(&render(&report)).unwrap();
        let invocation = &log["runs"][0]["invocations"][0];
        assert_eq!(
            (&invocation["exitCode"], &invocation["exitCodeDescription"]),
            (&code.into(), &end.into())
        );
        assert_eq!(invocation["executionSuccessful"], false);
        let told = invocation["toolExecutionNotifications"].to_string();
        assert!(told.contains("glass"), "{told}");
    }
}

#[test]
fn what_is_unknown_is_neither_successful_nor_without_result() {
    let log: serde_json::Value = serde_json::from_str(&render(&samples::unknown())).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert_eq!(run["results"][0]["ruleId"], "unchecked");
    let log: serde_json::Value = serde_json::from_str(&render(&samples::passing())).unwrap();
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], true);
    assert_eq!(log["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn every_result_points_at_its_rule() {
    let log: serde_json::Value = serde_json::from_str(&render(&samples::rich())).unwrap();
    let (run, mut count) = (&log["runs"][0], 0);
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        count += 1;
    }
    assert_eq!(count, 7);
}

#[test]
fn paths_become_relative_references() {
    assert_eq!(uri("a b/ä:%#?.json"), "a%20b/%C3%A4%3A%25%23%3F.json");
}
