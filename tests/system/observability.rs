//! Dashboards and alert rules: each query finds something in a Prometheus that has read the running services.

mod load;
mod prometheus;
mod queries;

use std::time::{Duration, Instant};

use system_tests::{Cluster, Shape};

use self::load::Load;
use self::prometheus::Prometheus;
use self::queries::{Query, alert_rules, dashboards};

/// Rates need two readings of a counter, and everything has to have happened once.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn every_panel_and_every_rule_finds_what_the_services_measure() {
    let load = Load::start().await;
    let prometheus = Prometheus::start(&load.cluster).await;
    let mut queries: Vec<Query> = dashboards()
        .iter()
        .flat_map(queries::of_dashboard)
        .collect();
    queries.extend(alert_rules().iter().map(queries::of_rule));
    assert!(queries.len() > 80, "{}", queries.len());
    let mut open = queries;
    let until = Instant::now() + PATIENCE;
    while !open.is_empty() && Instant::now() < until {
        load.repeat().await;
        let mut empty = Vec::new();
        for query in open {
            if prometheus.query(&query.expression).await.is_empty() {
                empty.push(query);
            }
        }
        open = empty;
    }
    assert!(open.is_empty(), "these find nothing: {open:#?}");
    prometheus.check_rules(alert_rules().len()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_has_a_description() {
    let cluster = Cluster::start(Shape::default()).await;
    for service in ["world", "gateway", "agent-worker", "persistence"] {
        let text = cluster.metrics(service).await;
        let names = text.lines().filter_map(|line| {
            let mut words = line.strip_prefix("# TYPE ")?.split(' ');
            words.next().filter(|name| *name != "target_info")
        });
        for name in names {
            let help = format!("# HELP {name} ");
            let described = text.lines().filter_map(|line| line.strip_prefix(&help));
            let words = described.map(str::trim).find(|words| !words.is_empty());
            assert!(words.is_some(), "{service}: {name} has no description");
        }
    }
}
