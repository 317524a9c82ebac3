//! Where clients and Prometheus come in.

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use serde_json::Value;

use crate::overlay::{Name, Overlay};
use crate::service::SERVICES;

#[test]
fn the_ingress_lets_streams_be_and_bodies_through() {
    let overlay = Overlay::render(Name::Production);
    let ingress: Ingress = overlay.one("gateway");
    let annotations = ingress.metadata.annotations.unwrap();
    let annotation =
        |name: &str| annotations[&format!("nginx.ingress.kubernetes.io/{name}")].as_str();
    assert_eq!(annotation("proxy-buffering"), "off");
    assert_eq!(annotation("proxy-http-version"), "1.1");
    let defaults = gateway::Config::default();
    for name in ["proxy-read-timeout", "proxy-send-timeout"] {
        let seconds: u64 = annotation(name).parse().unwrap();
        let longest = [
            defaults.turn_deadline,
            defaults.limits.sse_heartbeat,
            defaults.limits.ping_every,
        ];
        assert!(
            longest.iter().all(|time| seconds > time.as_secs()),
            "{name}"
        );
    }
    let megabytes = annotation("proxy-body-size").strip_suffix('m').unwrap();
    let bytes = megabytes.parse::<usize>().unwrap() << 20;
    assert_eq!(bytes, defaults.limits.body_bytes_max);
    let rules = ingress.spec.unwrap().rules.unwrap();
    let paths = &rules[0].http.as_ref().unwrap().paths;
    let backend = paths[0].backend.service.as_ref().unwrap();
    let service = overlay.one::<Service>(&backend.name).spec.unwrap();
    let port = backend.port.as_ref().unwrap().name.as_deref();
    assert!(
        service
            .ports
            .unwrap()
            .iter()
            .any(|it| it.name.as_deref() == port)
    );
}

#[test]
fn prometheus_reads_every_service() {
    let overlay = Overlay::render(Name::Production);
    let monitors: Vec<&Value> = overlay
        .of("monitoring.coreos.com/v1", "ServiceMonitor")
        .collect();
    for service in SERVICES {
        let spec = overlay.one::<Service>(service);
        let labels = spec.metadata.labels.unwrap();
        let mut selecting = monitors
            .iter()
            .map(|monitor| &monitor["spec"])
            .filter(|monitor| selects(&monitor["selector"], &labels["app.kubernetes.io/name"]));
        let monitor = selecting.next().unwrap();
        assert!(selecting.next().is_none(), "{service} is read twice");
        // The name of the job, which dashboards and rules use.
        let job = monitor["jobLabel"].as_str().unwrap();
        assert_eq!(labels[job], service);
        let endpoint = &monitor["endpoints"][0];
        assert_eq!(endpoint["path"], "/metrics");
        let ports = spec.spec.unwrap().ports.unwrap();
        assert_eq!(endpoint["port"].as_str(), ports[0].name.as_deref());
        let has_key = endpoint["authorization"]["credentials"]["name"].is_string();
        assert_eq!(has_key, service == "gateway", "{service}");
    }
}

/// Whether a selector is for this name of an application.
fn selects(selector: &Value, name: &str) -> bool {
    let is_label = selector["matchLabels"]["app.kubernetes.io/name"] == name;
    let expressions = selector["matchExpressions"].as_array();
    let mut values = expressions
        .into_iter()
        .flatten()
        .filter_map(|expression| expression["values"].as_array())
        .flatten();
    is_label || values.any(|value| value == name)
}
