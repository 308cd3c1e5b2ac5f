//! What lies in `contrib/` for Prometheus, Alertmanager and Grafana, and that all of it speaks of what is measured.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use secrets::render::openmetrics::FAMILIES;
use serde_json::{Value, json};

use crate::common::{Outcome, Sandbox, tools};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap()
}

fn promtool(sandbox: &Sandbox, arguments: &[&str]) -> Outcome {
    let promtool = tools::promtool();
    sandbox.run(&repository("contrib/prometheus"), promtool.to_str().unwrap(), arguments)
}

/// The names of metrics in an expression, or in anything.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("secrets_")).collect()
}

#[track_caller]
fn all_are_measured(what: &str, text: &str) {
    let measured: BTreeSet<&str> = FAMILIES.iter().map(|family| family.name).collect();
    let unknown: Vec<&str> = metrics_in(text).into_iter().filter(|name| !measured.contains(name)).collect();
    assert!(unknown.is_empty(), "{what} speaks of what `secrets metrics` does not measure: {unknown:?}");
}

/// The names of the alerts.
fn alerts(rules: &str) -> BTreeSet<&str> {
    rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect()
}

#[test]
fn the_rules_alert_at_their_boundaries_and_each_has_its_place_in_the_guide() {
    let sandbox = Sandbox::new();
    promtool(&sandbox, &["check", "rules", "secrets.rules.yml"]).code(0).says("11 rules found");
    let tests = ["test", "rules", "secrets.rules.test.yml", "secrets.rules.days.test.yml"];
    promtool(&sandbox, &tests).code(0).lacks("FAILED");

    let (rules, guide) = (text("contrib/prometheus/secrets.rules.yml"), text("docs/guides/metrics.md"));
    all_are_measured("secrets.rules.yml", &rules);
    let cases = text("contrib/prometheus/secrets.rules.test.yml")
        + &text("contrib/prometheus/secrets.rules.days.test.yml");
    assert!(alerts(&rules).len() >= 9);
    for alert in alerts(&rules) {
        assert!(guide.contains(&format!("\n### {alert}\n")), "the guide has no heading for {alert}");
        assert!(rules.contains(&format!("docs/guides/metrics.md#{}\"", alert.to_lowercase())), "{alert}");
        assert!(cases.contains(alert), "no test is about {alert}");
    }
    for family in FAMILIES {
        assert!(
            guide.contains(&format!("| `{}`", family.name)),
            "the guide does not tell of {}",
            family.name
        );
    }
    all_are_measured("docs/guides/metrics.md", &guide.replace("secrets_push", ""));
}

#[test]
fn alertmanager_leads_an_alert_to_each_of_its_owners() {
    let sandbox = Sandbox::new();
    let amtool = |arguments: &[&str]| sandbox.run(&repository("contrib/prometheus"), "amtool", arguments);
    amtool(&["check-config", "alertmanager.yml"]).code(0).says("SUCCESS");
    for (labels, receivers) in [
        (&["alertname=SecretExpired", "severity=critical", "owner=infra,ops"][..], "infra-oncall"),
        (
            &["alertname=SecretExpiresSoon", "severity=info", "owner=infra,payments"],
            "infra-chat,payments-chat",
        ),
        (&["alertname=SecretExpiresSoon", "severity=info", "owner=payments"], "payments-chat"),
        (&["alertname=SecretExpired", "severity=critical", "owner=infra-eu"], "secrets-unowned"),
        (&["alertname=SecretExpired", "severity=critical"], "secrets-unowned"),
        (&["alertname=SecretsUnchecked", "severity=warning", "owner=infra"], "secrets-platform"),
    ] {
        let mut arguments = vec!["config", "routes", "test", "--config.file=alertmanager.yml"];
        arguments.extend(labels);
        assert_eq!(amtool(&arguments).code(0).text().trim(), receivers, "{labels:?}");
    }
    let (rules, config) =
        (text("contrib/prometheus/secrets.rules.yml"), text("contrib/prometheus/alertmanager.yml"));
    let named = config.split(|c: char| !c.is_ascii_alphanumeric());
    let named: BTreeSet<&str> = named.filter(|word| word.starts_with("Secret")).collect();
    for name in named {
        assert!(alerts(&rules).iter().any(|alert| alert.starts_with(name)), "no rule alerts of {name}");
    }
}

#[test]
fn the_dashboard_asks_prometheus_for_what_is_measured_and_in_its_language() {
    let sandbox = Sandbox::new();
    let dashboard: Value = serde_json::from_str(&text("contrib/grafana/secrets.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let named: BTreeSet<&str> = variables.iter().map(|variable| variable["name"].as_str().unwrap()).collect();
    assert_eq!(named, BTreeSet::from(["datasource", "owner", "repository", "scope"]));
    assert!(dashboard["schemaVersion"].as_u64() >= Some(39));

    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "no two panels have the same id");
    let mut rules = Vec::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(!panel["description"].as_str().unwrap().is_empty(), "{title}");
        let targets = panel["targets"].as_array().unwrap();
        for target in targets {
            let expression = target["expr"].as_str().unwrap();
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
            all_are_measured(title, expression);
            assert!(!metrics_in(expression).is_empty(), "{title}: {expression}");
            for variable in expression.split('$').skip(1) {
                assert!(named.iter().any(|name| variable.starts_with(*name)), "{title}: ${variable}");
            }
            rules.push(json!({ "record": format!("expression_{}", rules.len()), "expr": expression }));
        }
        let references = targets.iter().map(|target| target["refId"].as_str().unwrap());
        assert_eq!(references.collect::<BTreeSet<_>>().len(), targets.len(), "{title}");
    }
    for variable in variables.iter().filter(|variable| variable["type"] == "query") {
        let query = variable["definition"].as_str().unwrap();
        assert_eq!(variable["query"]["query"].as_str(), Some(query));
        all_are_measured("a variable", query);
        let selector = query.strip_prefix("label_values(").unwrap().rsplit_once(',').unwrap().0;
        rules.push(json!({ "record": format!("expression_{}", rules.len()), "expr": selector }));
    }
    // JSON is YAML. A file of rules holds what Prometheus can evaluate, and nothing else.
    let file = sandbox.path("rules.yml");
    let count = rules.len();
    fs::write(&file, json!({ "groups": [{ "name": "dashboard", "rules": rules }] }).to_string()).unwrap();
    let checked = promtool(&sandbox, &["check", "rules", file.to_str().unwrap()]).code(0);
    checked.says(&format!("{count} rules found"));
}
