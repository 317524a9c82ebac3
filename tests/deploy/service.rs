//! A service, as its Deployment starts it.

use std::collections::HashMap;

use k8s_openapi::api::core::v1::{Container, PodSpec, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::overlay::Overlay;

/// The services.
pub(crate) const SERVICES: [&str; 4] = ["world", "gateway", "persistence", "agent-worker"];

/// The user of NATS that a service is.
pub(crate) fn nats_user(service: &str) -> &str {
    match service {
        "agent-worker" => "worker",
        other => other,
    }
}

/// The variables and the file of a service's container.
pub(crate) struct Start {
    pub(crate) variables: HashMap<String, String>,
    /// The text of the file that `MANYWORLDS_CONFIG` names.
    pub(crate) file: Option<String>,
}

impl Start {
    /// What the Deployment of a service gives to its container.
    pub(crate) fn of(overlay: &Overlay, service: &str) -> Self {
        let pod = pod(overlay, service);
        let container = container(&pod);
        let variables = variables(overlay, container);
        let file = variables
            .get("MANYWORLDS_CONFIG")
            .map(|path| mounted(overlay, &pod, container, path));
        Self { variables, file }
    }

    /// Those that set fields of the configuration.
    pub(crate) fn fields(&self) -> HashMap<String, String> {
        let mut fields = self.variables.clone();
        fields.remove("MANYWORLDS_CONFIG");
        fields
    }
}

/// The pod of a service.
pub(crate) fn pod(overlay: &Overlay, service: &str) -> PodSpec {
    let template = overlay.deployment(service).spec.unwrap().template;
    template.spec.unwrap()
}

/// The only container of a pod.
pub(crate) fn container(pod: &PodSpec) -> &Container {
    assert_eq!(pod.containers.len(), 1);
    &pod.containers[0]
}

/// The number of a container's port.
pub(crate) fn port(container: &Container, name: &str) -> u16 {
    let ports = container.ports.iter().flatten();
    let mut ports = ports.filter(|port| port.name.as_deref() == Some(name));
    u16::try_from(ports.next().unwrap().container_port).unwrap()
}

/// The path of a probe, which is at the port `http`.
pub(crate) fn probe_path(probe: Option<&Probe>) -> &str {
    let get = probe.unwrap().http_get.as_ref().unwrap();
    assert_eq!(get.port, IntOrString::String("http".to_owned()));
    get.path.as_deref().unwrap()
}

fn variables(overlay: &Overlay, container: &Container) -> HashMap<String, String> {
    let mut variables = HashMap::new();
    for source in container.env_from.iter().flatten() {
        if let Some(config_map) = &source.config_map_ref {
            variables.extend(overlay.config_map(&config_map.name));
        }
        if let Some(secret) = &source.secret_ref {
            // Keys of models: a system without them starts too.
            assert_eq!(secret.optional, Some(true), "{}", secret.name);
        }
    }
    for variable in container.env.iter().flatten() {
        let value = match &variable.value_from {
            Some(source) => {
                let key = source.secret_key_ref.as_ref().unwrap();
                overlay.secret(&key.name)[&key.key].clone()
            }
            None => expand(variable.value.as_deref().unwrap(), &variables),
        };
        variables.insert(variable.name.clone(), value);
    }
    variables
}

/// `$(NAME)` is the value of a variable before it.
fn expand(text: &str, variables: &HashMap<String, String>) -> String {
    let mut expanded = text.to_owned();
    for (name, value) in variables {
        expanded = expanded.replace(&format!("$({name})"), value);
    }
    assert!(!expanded.contains("$("), "{text} has an unknown variable");
    expanded
}

/// The text of a file in a volume of a pod.
fn mounted(overlay: &Overlay, pod: &PodSpec, container: &Container, path: &str) -> String {
    let mounts = container.volume_mounts.iter().flatten();
    let mut mounts = mounts.filter_map(|mount| {
        let name = path.strip_prefix(&mount.mount_path)?.strip_prefix('/')?;
        Some((mount, name))
    });
    let (mount, name) = mounts.next().unwrap();
    let volumes = pod.volumes.iter().flatten();
    let volume = volumes.clone().find(|volume| volume.name == mount.name);
    let volume = volume.unwrap();
    let files = match (&volume.config_map, &volume.secret) {
        (Some(config_map), None) => overlay.config_map(&config_map.name),
        (None, Some(secret)) => overlay.secret(secret.secret_name.as_deref().unwrap()),
        _ => panic!("a volume of {path} is neither a ConfigMap nor a Secret"),
    };
    files[name].clone()
}
