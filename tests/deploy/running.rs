//! The services with what the overlay `dev` gives to their containers: they become ready, and answer.

use std::collections::BTreeMap;
use std::path::Path;

use k8s_openapi::api::apps::v1::StatefulSet;
use reqwest::StatusCode;
use serde_json::{Value, json};
use system_tests::Process;
use tempfile::TempDir;
use testkit::{NatsServer, eventually, free_port};

use crate::overlay::{Name, Overlay};
use crate::service::{SERVICES, Start, container, pod, probe_path};

/// Starts a nats-server with the configuration of the overlay, at another address.
fn start_nats(overlay: &Overlay, folder: &Path) -> NatsServer {
    let server: StatefulSet = overlay.one("nats");
    let pod = server.spec.unwrap().template.spec.unwrap();
    let volume = pod.volumes.unwrap().remove(0);
    let files = overlay.config_map(&volume.config_map.unwrap().name);
    for (name, text) in files {
        // The monitoring port may be in use on this machine, and the store has a folder of its own.
        let mut text = text.replace("http: \"0.0.0.0:8222\"", "");
        text = text.replace("store_dir: /data\n", "");
        // The server gets them in its environment.
        for variable in pod.containers[0].env.iter().flatten() {
            let source = variable.value_from.as_ref().unwrap();
            let key = source.secret_key_ref.as_ref().unwrap();
            let password = &overlay.secret(&key.name)[&key.key];
            text = text.replace(&format!("${}\n", variable.name), &format!("{password}\n"));
        }
        std::fs::write(folder.join(name), text).unwrap();
    }
    let main = folder.join("main.conf");
    NatsServer::start_with(&["--config", main.to_str().unwrap()])
}

/// Starts a service as its container is started, at addresses of this machine: its address.
fn start(overlay: &Overlay, service: &str, nats: &NatsServer, folder: &Path) -> (Process, String) {
    let given = Start::of(overlay, service);
    let mut variables: BTreeMap<String, String> = given.variables.into_iter().collect();
    let address = format!("127.0.0.1:{}", free_port());
    variables.insert("MANYWORLDS_LISTEN".to_owned(), address.clone());
    let url = variables.get_mut("MANYWORLDS_NATS__URL").unwrap();
    *url = url.replace("nats:4222", &nats.address().to_string());
    if let Some(text) = given.file {
        let file = folder.join(format!("{service}.toml"));
        std::fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap().to_owned();
        variables.insert("MANYWORLDS_CONFIG".to_owned(), file);
    }
    if let Some(database) = variables.get_mut("MANYWORLDS_DATABASE") {
        *database = format!("sqlite://{}", folder.join("archive.db").display());
    }
    let process = Process::start(service, service, variables, folder);
    (process, format!("http://{address}"))
}

async fn status(url: &str) -> Option<StatusCode> {
    let response = reqwest::get(url).await.ok()?;
    Some(response.status())
}

/// The answer to a message, with the key of the overlay.
async fn converse(gateway: &str, key: &str) -> Value {
    let client = reqwest::Client::new();
    let post = async |path: &str, body: Value| {
        let request = client.post(format!("{gateway}{path}")).bearer_auth(key);
        let response = request.json(&body).send().await.unwrap();
        let response = response.error_for_status().unwrap();
        response.json::<Value>().await.unwrap()
    };
    let world = json!({
        "id": "lobby",
        "entities": [
            {"id": "guest", "kind": "user"},
            {"id": "ada", "kind": "agent", "agent": {"brain": {"script": {"default": "hello"}}}},
        ],
        "chats": [{"id": "main"}],
    });
    post("/v1/worlds", world).await;
    let message = json!({"sender": "guest", "text": "hi"});
    post("/v1/worlds/lobby/chats/main/messages", message).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_services_run_with_the_variables_files_and_users_of_the_dev_overlay() {
    let overlay = Overlay::render(Name::Dev);
    let folder = TempDir::new().unwrap();
    let nats = start_nats(&overlay, folder.path());
    let mut processes = Vec::new();
    let mut addresses = BTreeMap::new();
    for service in SERVICES {
        let (process, address) = start(&overlay, service, &nats, folder.path());
        processes.push(process);
        addresses.insert(service, address);
    }
    for service in SERVICES {
        let pod = pod(&overlay, service);
        let container = container(&pod);
        let probes = [
            &container.startup_probe,
            &container.liveness_probe,
            &container.readiness_probe,
        ];
        for probe in probes {
            let url = format!("{}{}", addresses[service], probe_path(probe.as_ref()));
            eventually(&format!("{service} passes its probes"), async || {
                status(&url).await == Some(StatusCode::OK)
            })
            .await;
        }
        // The gateway wants a key.
        let metrics = format!("{}/metrics", addresses[service]);
        let expected = match service {
            "gateway" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::OK,
        };
        assert_eq!(status(&metrics).await, Some(expected), "{service}");
    }
    let answer = converse(&addresses["gateway"], "mw-dev").await;
    assert_eq!(answer["answers"][0]["text"], "hello", "{answer}");
    for process in &mut processes {
        assert!(process.terminate(), "{}", process.log_tail());
    }
}
