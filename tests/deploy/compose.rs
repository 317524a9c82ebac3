//! `docker-compose.yml`: whether it agrees with the code, and whether the services can read what is made for them.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::NatsServer;

use crate::overlay::repository;
use crate::service::{SERVICES, nats_user};

/// What has no port, no rights and a root that is read-only, beside the services.
const SERVERS: [&str; 4] = ["nats", "nats-2", "nats-3", "postgres"];
/// What a gateway logs after its grace period, and what a worker puts back.
const AFTER_GRACE: Duration = Duration::from_secs(5);

fn yaml(path: &str) -> Value {
    let text = std::fs::read_to_string(repository().join(path)).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

fn compose() -> Value {
    yaml("docker-compose.yml")["services"].take()
}

/// The folder that `configure.sh` has filled.
struct Configured(TempDir);

impl Configured {
    fn new() -> Self {
        let configured = Self(TempDir::new().unwrap());
        std::fs::create_dir(configured.folder("nats-data")).unwrap();
        configured.run(&[], &[]);
        configured
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder(path)).unwrap()
    }

    /// Runs it as the container does, for the user of this process.
    fn try_run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let folder = self.0.path().metadata().unwrap();
        let (user, group) = (folder.uid(), folder.gid());
        Command::new("sh")
            .arg(repository().join("deploy/docker/configure.sh"))
            .args(arguments)
            .env("CONFIG", self.0.path())
            .env("TEMPLATES", repository().join("deploy/nats"))
            .env("OWNER", format!("{user}:{group}"))
            .env("POSTGRES_GROUP", group.to_string())
            .env_remove("MANYWORLDS_API_KEY")
            .env_remove("POSTGRES_PASSWORD")
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) {
        let output = self.try_run(arguments, variables);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
    }

    /// The configuration of a service, of the files and the variables that its container has.
    fn load<C: DeserializeOwned>(&self, service: &str) -> C {
        let environment = compose()[service]["environment"].take();
        let mut variables: HashMap<String, String> = serde_json::from_value(environment).unwrap();
        let names = variables.remove("MANYWORLDS_CONFIG").unwrap();
        let files: Vec<PathBuf> = names
            .split(':')
            .map(|name| self.host(name, service))
            .collect();
        let loaded = service_kit::config::load_from(files.iter().map(PathBuf::as_path), variables);
        loaded.unwrap_or_else(|error| panic!("{service}: {}", service_kit::ErrorChain(&error)))
    }

    /// Where a file of a container is.
    fn host(&self, name: &str, service: &str) -> PathBuf {
        match name.strip_prefix("/run/manyworlds/") {
            Some(name) => self.folder(nats_user(service)).join(name),
            None => repository().join("deploy/docker/agent-worker.toml"),
        }
    }
}

/// What all configurations have.
struct Common {
    nats: bus::Config,
    listen: SocketAddr,
    listen_by_default: SocketAddr,
    /// The longest time that a shutdown takes.
    shutdown: Duration,
}

fn configuration(configured: &Configured, service: &str) -> Common {
    match service {
        "world" => {
            let config: world::Config = configured.load(service);
            Common {
                nats: config.nats,
                listen: config.listen,
                listen_by_default: world::Config::default().listen,
                shutdown: config.shutdown_grace,
            }
        }
        "gateway" => {
            let config: gateway::Config = configured.load(service);
            assert_eq!(
                config.api_keys.len(),
                2,
                "that of people, that of Prometheus"
            );
            Common {
                nats: config.nats,
                listen: config.listen,
                listen_by_default: gateway::Config::default().listen,
                shutdown: config.drain_delay + config.shutdown_grace,
            }
        }
        "persistence" => {
            let config: persistence::Config = configured.load(service);
            let password = configured.read("postgres/password");
            let database = format!("postgres://manyworlds:{password}@postgres:5432/manyworlds");
            assert_eq!(config.database, database);
            Common {
                nats: config.nats,
                listen: config.listen,
                listen_by_default: persistence::Config::default().listen,
                shutdown: config.shutdown_grace,
            }
        }
        _ => {
            let config: agent_worker::Config = configured.load(service);
            assert!(
                !config.llm.endpoints.is_empty(),
                "those of agent-worker.toml"
            );
            Common {
                nats: config.nats,
                listen: config.listen,
                listen_by_default: agent_worker::Config::default().listen,
                shutdown: config.shutdown_grace,
            }
        }
    }
}

#[test]
fn a_service_listens_where_prometheus_reads_it_and_is_stopped_in_time() {
    let configured = Configured::new();
    let compose = compose();
    let prometheus = yaml("deploy/observability/prometheus.yaml");
    let jobs = prometheus["scrape_configs"].as_array().unwrap();
    assert_eq!(jobs.len(), SERVICES.len());
    for service in SERVICES {
        let config = configuration(&configured, service);
        assert!(config.listen.ip().is_unspecified(), "{service}");
        assert_eq!(config.listen.port(), config.listen_by_default.port());
        let job = jobs.iter().find(|job| job["job_name"] == service).unwrap();
        let discovery = &job["dns_sd_configs"][0];
        assert_eq!(discovery["names"][0], service);
        assert_eq!(discovery["port"], config.listen.port());
        let granted = compose[service]["stop_grace_period"].as_str().unwrap();
        let granted: u64 = granted.strip_suffix('s').unwrap().parse().unwrap();
        let taken = config.shutdown + AFTER_GRACE;
        assert!(Duration::from_secs(granted) > taken, "{service}");
    }
}

#[test]
fn containers_have_no_rights_and_only_people_are_let_in() {
    for (name, service) in compose().as_object().unwrap() {
        let name = name.as_str();
        let options = service["security_opt"].as_array().unwrap();
        assert!(options.contains(&"no-new-privileges:true".into()), "{name}");
        if SERVICES.contains(&name) || SERVERS.contains(&name) || name == "cli" {
            assert_eq!(service["read_only"], true, "{name}");
            assert_eq!(service["cap_drop"][0], "ALL", "{name}");
            assert!(service["cap_add"].is_null(), "{name}");
            assert_ne!(service["user"], "root", "{name}");
        }
        let ports = service["ports"].as_array();
        for port in ports.into_iter().flatten() {
            assert!(["gateway", "otel-lgtm"].contains(&name), "{name}");
            assert!(port.as_str().unwrap().starts_with("127.0.0.1:"), "{name}");
        }
        // Any number of replicas.
        assert!(service["container_name"].is_null(), "{name}");
    }
}

/// Starts a nats-server with what was made for it, at another address.
fn start_nats(configured: &Configured) -> NatsServer {
    let file = configured.folder("nats/nats.conf");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("http: \"0.0.0.0:8222\"", "");
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, text.replace("store_dir: /data\n", "")).unwrap();
    let main = configured.folder("nats/main.conf");
    NatsServer::start_with(&["--config", main.to_str().unwrap()])
}

/// Whether a server lets a user in, by its protocol: clients of NATS go on trying.
fn is_let_in(address: &str, user: &str, password: &str) -> bool {
    let mut stream = TcpStream::connect(address).unwrap();
    let connect = json!({"user": user, "pass": password, "verbose": false});
    write!(stream, "CONNECT {connect}\r\nPING\r\n").unwrap();
    let lines = BufReader::new(stream).lines();
    let mut answers = lines
        .map(|line| line.unwrap())
        .skip_while(|line| line.starts_with("INFO "));
    match answers.next().unwrap().as_str() {
        "PONG" => true,
        answer => {
            assert!(answer.contains("Authorization Violation"), "{answer}");
            false
        }
    }
}

#[test]
fn nats_has_the_user_of_each_service_and_no_other() {
    let configured = Configured::new();
    assert!(!configured.read("nats/users.conf").contains("$MW_NATS"));
    let nats = start_nats(&configured);
    let address = nats.address().to_string();
    for service in SERVICES {
        let user = nats_user(service);
        let url = configuration(&configured, service).nats.url;
        let password = url
            .strip_prefix(&format!("nats://{user}:"))
            .and_then(|rest| rest.strip_suffix("@nats:4222"))
            .unwrap();
        assert!(is_let_in(&address, user, password), "{service}");
        assert!(!is_let_in(&address, user, "wrong"), "{service}");
        for other in SERVICES.into_iter().filter(|other| *other != service) {
            assert!(!is_let_in(&address, nats_user(other), password), "{other}");
        }
    }
    let backup = configured.read("secrets/nats-backup");
    assert!(is_let_in(&address, "backup", &backup));
}

/// All files, with their contents.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(self::files(&path)),
            false => files.push((path.clone(), std::fs::read_to_string(&path).unwrap())),
        }
    }
    files.sort();
    files
}

#[test]
fn keys_and_passwords_are_kept_and_a_key_of_ones_own_is_taken() {
    let configured = Configured::new();
    let before = files(configured.0.path());
    configured.run(&[], &[]);
    assert_eq!(files(configured.0.path()), before);
    let own = [
        ("MANYWORLDS_API_KEY", "mw-own"),
        ("POSTGRES_PASSWORD", "own"),
    ];
    configured.run(&[], &own);
    assert_eq!(configured.read("client/api-key"), "mw-own");
    assert_eq!(configured.read("postgres/password"), "own");
    assert!(
        configured
            .read("gateway/manyworlds.toml")
            .contains("\"mw-own\"")
    );
    // It would end the text in a file.
    let output = configured.try_run(&[], &[("MANYWORLDS_API_KEY", "mw-\"x")]);
    assert!(!output.status.success());
}

#[test]
fn a_cluster_has_three_servers_from_the_first_start_on_and_for_good() {
    let configured = Configured::new();
    configured.run(&["cluster"], &[]);
    configured.run(&[], &[]);
    let compose = compose();
    let servers = ["nats", "nats-2", "nats-3"];
    for service in SERVICES {
        let nats = configuration(&configured, service).nats;
        assert_eq!(nats.replicas, servers.len());
        let shown = servers.map(|server| format!("nats://{server}:4222"));
        assert_eq!(nats.shown_url(), shown.join(","));
    }
    let main = configured.read("nats/main.conf");
    for server in servers {
        assert!(compose[server].is_object(), "{server}");
        assert!(main.contains(&format!("@{server}:6222\"")), "{server}");
    }

    let single = Configured::new();
    std::fs::create_dir(single.folder("nats-data/jetstream")).unwrap();
    let output = single.try_run(&["cluster"], &[]);
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("log of a single server"), "{errors}");
    assert!(!single.read("nats/main.conf").contains("cluster"));
}

#[test]
fn traces_go_to_the_collector_only_with_its_profile() {
    let configured = Configured::new();
    let compose = compose();
    let trace_url = || {
        let config: gateway::Config = configured.load("gateway");
        config.trace_url
    };
    assert_eq!(trace_url(), None);
    let documented = std::fs::read_to_string(repository().join("docs/observability.md")).unwrap();
    for service in SERVICES {
        let name = "OTEL_EXPORTER_OTLP_ENDPOINT_FILE";
        let file = compose[service]["environment"][name].as_str().unwrap();
        let file = configured.host(file, service);
        assert!(!file.exists(), "{service}");
        configured.run(&["observability"], &[]);
        let endpoint = std::fs::read_to_string(&file).unwrap();
        assert_eq!(endpoint, "http://otel-lgtm:4318\n", "{service}");
        let shown = trace_url().expect("the console links to Grafana");
        assert!(documented.contains(&format!("\"{shown}\"")), "{shown}");
        configured.run(&[], &[]);
        assert_eq!(trace_url(), None);
    }
    configured.run(&["observability"], &[("GRAFANA_PORT", "3001")]);
    let shown = trace_url().unwrap();
    assert!(
        shown.starts_with("http://127.0.0.1:3001/explore?"),
        "{shown}"
    );
    assert!(compose["otel-lgtm"].is_object());
}
