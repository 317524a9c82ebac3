//! Whether the pods of the services are as their code wants them.

use std::collections::HashSet;
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::de::DeserializeOwned;

use crate::overlay::{Name, OVERLAYS, Overlay, repository};
use crate::service::{SERVICES, Start, container, nats_user, pod, port, probe_path};

/// Kubernetes kills what takes longer: this much more than a service takes by its own account.
const MARGIN: Duration = Duration::from_secs(5);
/// After its grace period a worker requeues its runs (`REQUEUE_GRACE` of the agent worker), and a gateway logs what
/// was still open.
const AFTER_GRACE: Duration = Duration::from_secs(5);

/// What all configurations have.
struct Common {
    nats: bus::Config,
    listen: SocketAddr,
    listen_by_default: SocketAddr,
    /// The longest time that a shutdown takes.
    shutdown: Duration,
}

/// Reads the configuration of a service, as its process does.
fn load<C: DeserializeOwned>(start: &Start) -> C {
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    let text = start.file.as_deref().unwrap_or_default();
    file.write_all(text.as_bytes()).unwrap();
    let loaded = service_kit::config::load_from(Some(file.path()), start.fields());
    loaded.unwrap_or_else(|error| panic!("{}", service_kit::ErrorChain(&error)))
}

fn configuration(overlay: &Overlay, service: &str) -> Common {
    let start = Start::of(overlay, service);
    match service {
        "world" => {
            let config: world::Config = load(&start);
            Common {
                nats: config.nats,
                listen: config.listen,
                listen_by_default: world::Config::default().listen,
                shutdown: config.shutdown_grace,
            }
        }
        "gateway" => {
            let config: gateway::Config = load(&start);
            assert!(!config.api_keys.is_empty(), "it would not start");
            Common {
                nats: config.nats,
                listen: config.listen,
                listen_by_default: gateway::Config::default().listen,
                shutdown: config.drain_delay + config.shutdown_grace,
            }
        }
        "persistence" => {
            let config: persistence::Config = load(&start);
            assert!(config.database.starts_with("postgres://"));
            Common {
                nats: config.nats,
                listen: config.listen,
                listen_by_default: persistence::Config::default().listen,
                shutdown: config.shutdown_grace,
            }
        }
        _ => {
            let config: agent_worker::Config = load(&start);
            Common {
                nats: config.nats,
                listen: config.listen,
                listen_by_default: agent_worker::Config::default().listen,
                shutdown: config.shutdown_grace,
            }
        }
    }
}

/// For each service of both overlays.
fn each(check: impl Fn(&Overlay, &str)) {
    for name in OVERLAYS {
        let overlay = Overlay::render(name);
        for service in SERVICES {
            check(&overlay, service);
        }
    }
}

#[test]
fn a_service_listens_where_its_ports_and_its_service_are() {
    each(|overlay, service| {
        let config = configuration(overlay, service);
        let pod = pod(overlay, service);
        let port = port(container(&pod), "http");
        assert_eq!(config.listen.port(), port, "{service}");
        assert_eq!(config.listen_by_default.port(), port, "{service}");
        assert!(config.listen.ip().is_unspecified(), "{service}");
        let spec = overlay.one::<Service>(service).spec.unwrap();
        let ports = spec.ports.unwrap();
        assert_eq!(ports.len(), 1, "{service}");
        assert_eq!(ports[0].port, i32::from(port), "{service}");
        let target = IntOrString::String("http".to_owned());
        assert_eq!(ports[0].target_port, Some(target), "{service}");
        let labels = overlay.deployment(service).spec.unwrap().template.metadata;
        let labels = labels.unwrap().labels.unwrap();
        for (name, value) in spec.selector.unwrap() {
            assert_eq!(labels.get(&name), Some(&value), "{service}");
        }
    });
}

#[test]
fn a_service_uses_nats_as_its_own_user() {
    each(|overlay, service| {
        let config = configuration(overlay, service);
        let user = nats_user(service);
        let password = &overlay.secret(&secret_of(overlay, service))[user];
        let url = format!("nats://{user}:{password}@nats:4222");
        assert_eq!(config.nats.url, url);
        let replicas = match overlay.name {
            Name::Dev => 1,
            Name::Production => 3,
        };
        assert_eq!(config.nats.replicas, replicas, "{service}");
    });
}

/// The name of the secret with the passwords of NATS, which has a hash at its end in `dev`.
fn secret_of(overlay: &Overlay, service: &str) -> String {
    let pod = pod(overlay, service);
    let mut variables = container(&pod).env.iter().flatten();
    let password = variables.find(|variable| variable.name == "NATS_PASSWORD");
    let source = password.unwrap().value_from.clone().unwrap();
    source.secret_key_ref.unwrap().name
}

#[test]
fn probes_follow_the_health_page() {
    each(|overlay, service| {
        let pod = pod(overlay, service);
        let container = container(&pod);
        assert_eq!(probe_path(container.startup_probe.as_ref()), "/livez");
        assert_eq!(probe_path(container.liveness_probe.as_ref()), "/livez");
        let readiness = container.readiness_probe.as_ref();
        assert_eq!(probe_path(readiness), "/readyz");
        // `drain_delay` is for a proxy that looks every 2 s.
        assert_eq!(readiness.unwrap().period_seconds, Some(2), "{service}");
    });
}

#[test]
fn a_pod_lives_longer_than_its_shutdown_takes() {
    each(|overlay, service| {
        let granted = pod(overlay, service).termination_grace_period_seconds;
        let granted = Duration::from_secs(u64::try_from(granted.unwrap()).unwrap());
        let taken = configuration(overlay, service).shutdown + AFTER_GRACE;
        assert!(granted >= taken + MARGIN, "{service}: {granted:?}");
    });
}

#[test]
fn no_variable_of_kubernetes_is_taken_for_a_field() {
    each(|overlay, service| {
        let pod = pod(overlay, service);
        assert_eq!(pod.enable_service_links, Some(false), "{service}");
    });
}

#[test]
fn images_have_the_version_of_this_workspace() {
    each(|overlay, service| {
        let pod = pod(overlay, service);
        let image = container(&pod).image.clone().unwrap();
        let (image, tag) = image.rsplit_once(':').unwrap();
        assert!(image.ends_with(&format!("manyworlds-{service}")), "{image}");
        let version = match overlay.name {
            // That of `docker compose build`.
            Name::Dev => "local",
            Name::Production => env!("CARGO_PKG_VERSION"),
        };
        assert_eq!(tag, version);
    });
}

#[test]
fn pods_have_no_rights() {
    let dockerfile = repository().join("deploy/docker/Dockerfile");
    let dockerfile = std::fs::read_to_string(dockerfile).unwrap();
    each(|overlay, service| {
        let pod = pod(overlay, service);
        assert_eq!(pod.automount_service_account_token, Some(false));
        assert_eq!(pod.service_account_name.as_deref(), Some(service));
        let context = pod.security_context.clone().unwrap();
        assert_eq!(context.run_as_non_root, Some(true));
        let user = format!("USER {}:", context.run_as_user.unwrap());
        assert!(dockerfile.contains(&user), "{user}");
        assert_eq!(context.seccomp_profile.unwrap().type_, "RuntimeDefault");
        let context = container(&pod).security_context.clone().unwrap();
        assert_eq!(context.allow_privilege_escalation, Some(false));
        assert_eq!(context.read_only_root_filesystem, Some(true));
        let dropped = context.capabilities.unwrap().drop.unwrap();
        assert_eq!(dropped, ["ALL"]);
        let resources = container(&pod).resources.clone().unwrap();
        let named = |list: Option<std::collections::BTreeMap<String, _>>| -> HashSet<String> {
            list.unwrap_or_default().into_keys().collect()
        };
        let both = HashSet::from(["cpu".to_owned(), "memory".to_owned()]);
        assert_eq!(named(resources.requests), both);
        assert_eq!(named(resources.limits), both);
    });
}

#[test]
fn the_dev_overlay_needs_no_custom_resources() {
    let overlay = Overlay::render(Name::Dev);
    let known = ["v1", "apps/v1", "networking.k8s.io/v1"];
    for version in overlay.api_versions() {
        assert!(known.contains(&version), "{version}");
    }
}
