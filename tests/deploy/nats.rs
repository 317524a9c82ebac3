//! NATS: that of `dev`, and the values of its Helm chart for production.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::StatefulSet;
use serde_json::Value;

use crate::overlay::{Name, Overlay, repository};
use crate::service::{SERVICES, Start, nats_user};

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap()
}

fn values() -> Value {
    let text = read("deploy/kubernetes/overlays/production/nats-values.yaml");
    serde_saphyr::from_str(&text).unwrap()
}

/// The variable of the password of each user, with the key in the secret `nats-users`.
fn passwords() -> BTreeMap<String, String> {
    let users = SERVICES.map(nats_user).into_iter().chain(["backup"]);
    let pairs = users.map(|user| (format!("MW_NATS_{}", user.to_uppercase()), user.to_owned()));
    pairs.collect()
}

#[test]
fn both_servers_have_the_password_of_each_user() {
    let users = read("deploy/nats/users.conf");
    for variable in passwords().keys() {
        assert!(users.contains(&format!("${variable}\n")), "{variable}");
    }
    assert_eq!(users.matches("password:").count(), passwords().len());

    let server: StatefulSet = Overlay::render(Name::Dev).one("nats");
    let pod = server.spec.unwrap().template.spec.unwrap();
    let variables = pod.containers[0].env.clone().unwrap();
    let given: BTreeMap<String, String> = variables
        .into_iter()
        .map(|variable| {
            let source = variable.value_from.unwrap().secret_key_ref.unwrap();
            (variable.name, source.key)
        })
        .collect();
    assert_eq!(given, passwords());

    let values = values();
    let variables = values["container"]["env"].as_object().unwrap();
    let given: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, variable)| {
            let source = &variable["valueFrom"]["secretKeyRef"];
            assert_eq!(source["name"], "nats-users");
            (name.clone(), source["key"].as_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(given, passwords());
}

#[test]
fn production_has_as_many_servers_as_copies_of_the_log() {
    let config = &values()["config"];
    let overlay = Overlay::render(Name::Production);
    for service in SERVICES {
        let copies = &Start::of(&overlay, service).variables["MANYWORLDS_NATS__REPLICAS"];
        let servers = config["cluster"]["replicas"].to_string();
        assert_eq!(copies, &servers, "{service}");
    }
    assert_eq!(config["cluster"]["enabled"], true);
    assert_eq!(config["jetstream"]["fileStore"]["enabled"], true);
}

#[test]
fn the_servers_of_production_have_the_settings_of_compose() {
    let config = &values()["config"];
    let compose = read("deploy/nats/nats.conf");
    let sync = config["jetstream"]["merge"]["sync_interval"].as_str();
    assert!(compose.contains(&format!("sync_interval: {}\n", sync.unwrap())));
    // The chart writes what is between these marks without quotes.
    let payload = config["merge"]["max_payload"].as_str().unwrap();
    let payload = payload.trim_matches(['<', '>', ' ']);
    assert!(compose.contains(&format!("max_payload: {payload}\n")));
    assert_eq!(config["merge"]["$include"], "users.conf");
    let tag = values()["container"]["image"]["tag"].clone();
    let image = format!("nats:{}", tag.as_str().unwrap());
    assert!(read("docker-compose.yml").contains(&image), "{image}");
}
