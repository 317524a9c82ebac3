//! The queries of `deploy/observability`.

use std::collections::BTreeSet;
use std::fs;

use contract::id::PARTITIONS;
use serde_json::Value;

use super::prometheus::repository;

/// What Grafana puts in place of `$__rate_interval` when it reads every 15 s.
const RATE_INTERVAL: &str = "1m";

/// A query, and where it is.
#[derive(Debug)]
pub(super) struct Query {
    #[expect(dead_code, reason = "the message of a test that fails shows it")]
    pub(super) place: String,
    pub(super) expression: String,
}

/// All dashboards.
pub(super) fn dashboards() -> Vec<Value> {
    let folder = repository().join("deploy/observability/dashboards");
    let files = fs::read_dir(folder).unwrap();
    files
        .map(|file| {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            serde_json::from_str(&text).unwrap()
        })
        .collect()
}

/// All alert rules.
pub(super) fn alert_rules() -> Vec<Value> {
    let file = repository().join("deploy/observability/alerts.yaml");
    let text = fs::read_to_string(file).unwrap();
    let rules: Value = serde_saphyr::from_str(&text).unwrap();
    let groups = rules["groups"].as_array().unwrap().iter();
    groups
        .flat_map(|group| group["rules"].as_array().unwrap())
        .cloned()
        .collect()
}

/// The queries of a dashboard's panels, with its variables at their defaults.
pub(super) fn of_dashboard(dashboard: &Value) -> Vec<Query> {
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let with_values = |expression: &str| {
        let mut text = expression.replace("$__rate_interval", RATE_INTERVAL);
        for variable in variables {
            let name = format!("${}", variable["name"].as_str().unwrap());
            text = text.replace(&name, variable["query"].as_str().unwrap());
        }
        assert!(!text.contains('$'), "{expression} has an unknown variable");
        text
    };
    let panels = dashboard["panels"].as_array().unwrap().iter();
    panels
        .flat_map(|panel| {
            panel["targets"]
                .as_array()
                .unwrap()
                .iter()
                .map(move |it| (panel, it))
        })
        .map(|(panel, target)| Query {
            place: format!("{}: {}", dashboard["title"], panel["title"]),
            expression: with_values(target["expr"].as_str().unwrap()),
        })
        .collect()
}

/// What a rule compares.
pub(super) fn of_rule(rule: &Value) -> Query {
    let (expression, _) = comparison(rule);
    Query {
        place: rule["alert"].to_string(),
        expression,
    }
}

/// The two sides of a rule's comparison, the only one of it.
fn comparison(rule: &Value) -> (String, f64) {
    let text = rule["expr"].as_str().unwrap();
    let sides = text.rsplit_once(" > ").or_else(|| text.rsplit_once(" < "));
    let (expression, number) = sides.unwrap_or_else(|| panic!("{text} compares nothing"));
    (expression.to_owned(), number.parse().unwrap())
}

fn rule(name: &str) -> Value {
    let mut rules = alert_rules().into_iter();
    rules.find(|rule| rule["alert"] == name).unwrap()
}

#[test]
fn panels_have_names_descriptions_and_units() {
    let mut ids = BTreeSet::new();
    for dashboard in dashboards() {
        assert!(
            ids.insert(dashboard["uid"].to_string()),
            "{}",
            dashboard["uid"]
        );
        let mut panels = BTreeSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            assert!(panels.insert(panel["id"].as_u64().unwrap()), "{panel}");
            for text in ["title", "description"] {
                assert!(
                    panel[text].as_str().is_some_and(|it| !it.is_empty()),
                    "{panel}"
                );
            }
            let unit = &panel["fieldConfig"]["defaults"]["unit"];
            assert!(unit.is_string(), "{panel}");
        }
    }
    assert_eq!(ids.len(), 6);
}

#[test]
fn every_rule_has_a_severity_and_a_section_of_the_runbook() {
    let runbook = fs::read_to_string(repository().join("docs/operations.md")).unwrap();
    let sections = runbook.lines().filter_map(|line| line.strip_prefix("### "));
    let sections: BTreeSet<String> = sections
        .map(|section| format!("docs/operations.md#{}", section.to_lowercase()))
        .collect();
    for rule in alert_rules() {
        let severity = rule["labels"]["severity"].as_str();
        assert!(matches!(severity, Some("page" | "ticket")), "{rule}");
        let annotations = &rule["annotations"];
        let link = annotations["runbook_url"].as_str().unwrap();
        assert!(sections.contains(link), "{link} is no section");
        assert!(annotations["summary"].is_string() && annotations["description"].is_string());
    }
}

#[test]
fn the_numbers_of_rules_are_those_of_the_code() {
    let (_, partitions) = comparison(&rule("ManyworldsPartitionsUnserved"));
    assert!((partitions - f64::from(PARTITIONS)).abs() < f64::EPSILON);
    let (_, connections) = comparison(&rule("ManyworldsGatewayFull"));
    let default = gateway::Limits::default().connections_max;
    let ninety_percent = f64::from(u32::try_from(default).unwrap()) * 0.9;
    assert!((connections - ninety_percent).abs() < 1.0);
}
