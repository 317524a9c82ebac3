//! All services and their servers on this machine.

mod fault_points;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bus::Bus;
use contract::subject::LOG_STREAM;
use tempfile::TempDir;
use testkit::{NatsServer, Raw, eventually, eventually_within, free_port};

pub use self::fault_points::FaultPoints;

use crate::{Http, Process};

/// How many replicas of each service.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// World services.
    pub worlds: usize,
    /// Gateways.
    pub gateways: usize,
    /// Agent workers.
    pub workers: usize,
    /// Archives.
    pub archives: usize,
}

/// How long a NATS server may take to catch up.
const SYNC_WITHIN: std::time::Duration = std::time::Duration::from_secs(60);
/// The order in which services are replaced by those of another version: see docs/upgrade.md.
const UPGRADE_ORDER: [&str; 4] = ["world", "persistence", "agent-worker", "gateway"];

impl Default for Shape {
    fn default() -> Self {
        Self {
            worlds: 1,
            gateways: 1,
            workers: 1,
            archives: 1,
        }
    }
}

/// A running system. Everything ends with it.
pub struct Cluster {
    /// The services, gateways first.
    pub processes: Vec<Process>,
    /// A door for each gateway.
    pub gateways: Vec<Http>,
    /// The health page of each process, with the name of its service.
    pages: Vec<(String, String)>,
    /// The broker: its first server.
    pub nats: NatsServer,
    /// The other servers of the broker, when it is a cluster.
    nats_peers: Vec<NatsServer>,
    /// Where faults can be put into it, if it was started for that.
    pub fault_points: Option<FaultPoints>,
    /// The folder of the binaries with which it starts, when these are not of this build.
    binaries: Option<PathBuf>,
    archive: PathBuf,
    folder: TempDir,
}

impl Cluster {
    /// Starts a system, and returns once every part of it is ready.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start(shape: Shape) -> Self {
        Self::start_with(shape, &[]).await
    }

    /// Starts a system with more variables for every service.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start_with(shape: Shape, variables: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let cluster = Self {
            processes: Vec::new(),
            gateways: Vec::new(),
            pages: Vec::new(),
            nats: NatsServer::start(),
            nats_peers: Vec::new(),
            fault_points: None,
            binaries: None,
            archive: folder.path().join("archive.db"),
            folder,
        };
        cluster.start_services(shape, variables).await
    }

    /// Starts a system on several NATS servers, each of which has a copy of everything.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start_replicated(shape: Shape, nats_servers: usize) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let mut servers = NatsServer::start_cluster(nats_servers);
        let cluster = Self {
            processes: Vec::new(),
            gateways: Vec::new(),
            pages: Vec::new(),
            nats: servers.remove(0),
            nats_peers: servers,
            fault_points: None,
            binaries: None,
            archive: folder.path().join("archive.db"),
            folder,
        };
        cluster.start_services(shape, &[]).await
    }

    /// Starts a system with proxies in all of its links, and disks of its own for the log and the archive where file
    /// systems can be mounted. Where there is a folder of `binaries`, it starts with those. The links to several NATS
    /// servers have no proxies, since clients learn the addresses of all of them.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start_for_faults(
        shape: Shape,
        variables: &[(&str, &str)],
        binaries: Option<&Path>,
        nats_servers: usize,
    ) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let fault_points = FaultPoints::new(folder.path());
        let mut servers = match nats_servers {
            1 => vec![NatsServer::start_in(&fault_points.log_folder())],
            several => NatsServer::start_cluster(several),
        };
        let cluster = Self {
            processes: Vec::new(),
            gateways: Vec::new(),
            pages: Vec::new(),
            nats: servers.remove(0),
            nats_peers: servers,
            archive: fault_points.archive_folder().join("archive.db"),
            fault_points: Some(fault_points),
            binaries: binaries.map(Path::to_owned),
            folder,
        };
        cluster.start_services(shape, variables).await
    }

    async fn start_services(mut self, shape: Shape, variables: &[(&str, &str)]) -> Self {
        let services = [
            ("gateway", shape.gateways),
            ("world", shape.worlds),
            ("agent-worker", shape.workers),
            ("persistence", shape.archives),
        ];
        for (service, replicas) in services {
            for n in 0..replicas {
                self.spawn(service, n, variables).await;
            }
        }
        self.ready().await;
        self
    }

    /// A connection to the broker.
    ///
    /// # Panics
    /// When the address makes no sense.
    pub async fn bus(&self) -> Bus {
        let config = bus::Config {
            url: self.nats_urls(),
            replicas: self.nats_servers(),
            ..Default::default()
        };
        Bus::connect(&config, "test").await.expect("a connection")
    }

    /// Waits until every service is ready.
    pub async fn ready(&self) {
        for (_, page) in &self.pages {
            Http::new(page.clone()).ready().await;
        }
    }

    /// Waits as long as `deadline`, for each of them, until every service is ready.
    pub async fn ready_within(&self, deadline: Duration) {
        for (_, page) in &self.pages {
            Http::new(page.clone()).ready_within(deadline).await;
        }
    }

    /// The address of the health page of a process.
    ///
    /// # Panics
    /// When there is no such process.
    pub fn page(&self, process: usize) -> &str {
        &self.pages[process].1
    }

    /// Which processes are replicas of a service.
    pub fn indices(&self, service: &str) -> Vec<usize> {
        let services = self.pages.iter().enumerate();
        let found = services.filter(|(_, (name, _))| name == service);
        found.map(|(index, _)| index).collect()
    }

    /// Replaces every service by this build: the replicas of each one after the other, in the order of an upgrade.
    pub async fn upgrade(&mut self) {
        for process in self.in_upgrade_order() {
            let service = self.pages[process].0.clone();
            self.processes[process].set_binary(&service);
            self.restart_gracefully(process).await;
        }
    }

    /// All processes, in the order in which an upgrade replaces them.
    pub fn in_upgrade_order(&self) -> Vec<usize> {
        let services = UPGRADE_ORDER.iter();
        services.flat_map(|service| self.indices(service)).collect()
    }

    /// Stops a process with SIGTERM, starts it again, and returns once it is ready.
    ///
    /// # Panics
    /// When it does not end well, or does not come up.
    pub async fn restart_gracefully(&mut self, process: usize) {
        let page = self.page(process).to_owned();
        let process = &mut self.processes[process];
        let ended_well = process.end().await;
        assert!(ended_well, "{}: {}", process.name, process.log_tail());
        process.restart();
        Http::new(page).ready().await;
    }

    /// The addresses of all NATS servers, joined by commas.
    pub fn nats_urls(&self) -> String {
        let servers = std::iter::once(&self.nats).chain(&self.nats_peers);
        let urls: Vec<String> = servers.map(NatsServer::url).collect();
        urls.join(",")
    }

    /// The number of the NATS server that leads the log, which accepts its commits.
    ///
    /// # Panics
    /// When there is none for a long time.
    pub async fn log_leader(&self) -> usize {
        if self.nats_peers.is_empty() {
            return 0;
        }
        let (urls, mut name) = (self.nats_urls(), None);
        eventually("the log has a leader", async || {
            name = Raw::stream_leader(&urls, LOG_STREAM).await;
            name.is_some()
        })
        .await;
        let number = name.as_deref().and_then(|name| name.strip_prefix("nats-"));
        number
            .and_then(|number| number.parse().ok())
            .unwrap_or_default()
    }

    /// A NATS server, by its number.
    pub fn nats_server(&mut self, number: usize) -> &mut NatsServer {
        match number {
            0 => &mut self.nats,
            n => &mut self.nats_peers[n - 1],
        }
    }

    /// How many NATS servers there are.
    pub fn nats_servers(&self) -> usize {
        1 + self.nats_peers.len()
    }

    /// Waits until all NATS servers of a cluster have all that is stored.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn nats_in_sync(&self) {
        let urls = self.nats_urls();
        eventually_within(SYNC_WITHIN, "all copies are complete", async || {
            Raw::is_in_sync(&urls).await
        })
        .await;
    }

    /// The file of the archive.
    pub fn archive(&self) -> &Path {
        &self.archive
    }

    /// Kills every replica of a service.
    pub fn stop(&mut self, service: &str) {
        for process in self.replicas(service) {
            process.kill();
        }
    }

    /// Starts what [`Self::stop`] killed, and does not wait for it.
    pub fn restart(&mut self, service: &str) {
        for process in self.replicas(service) {
            process.restart();
        }
    }

    /// Starts what [`Self::stop`] killed, and returns once it is ready.
    pub async fn resume(&mut self, service: &str) {
        self.restart(service);
        self.ready().await;
    }

    /// The `n`th replica of a service.
    ///
    /// # Panics
    /// When there is none.
    pub fn replica(&mut self, service: &str, n: usize) -> &mut Process {
        self.replicas(service).nth(n).expect("a replica")
    }

    fn replicas(&mut self, service: &str) -> impl Iterator<Item = &mut Process> {
        let name = format!("{service}-");
        self.processes
            .iter_mut()
            .filter(move |process| process.name.starts_with(&name))
    }

    /// What the first replica of a service measured so far, in Prometheus' text format.
    ///
    /// # Panics
    /// When there is none, or it does not answer.
    pub async fn metrics(&self, service: &str) -> String {
        self.metrics_of(service, 0).await
    }

    /// What the `n`th replica of a service measured so far, in Prometheus' text format.
    ///
    /// # Panics
    /// When there is none, or it does not answer.
    pub async fn metrics_of(&self, service: &str, n: usize) -> String {
        let mut pages = self.pages.iter().filter(|(name, _)| name == service);
        let (_, page) = pages.nth(n).expect("a service of this name");
        let answer = reqwest::get(format!("{page}/metrics"))
            .await
            .expect("its metrics");
        answer.text().await.expect("its metrics")
    }

    /// The first measurement of this name by the first replica of a service.
    ///
    /// # Panics
    /// When there is none, or it does not answer.
    pub async fn metric(&self, service: &str, name: &str) -> Option<f64> {
        self.metric_of(service, 0, name).await
    }

    /// The first measurement of this name by the `n`th replica of a service.
    ///
    /// # Panics
    /// When there is none, or it does not answer.
    pub async fn metric_of(&self, service: &str, n: usize, name: &str) -> Option<f64> {
        let text = self.metrics_of(service, n).await;
        let line = text.lines().find(|line| line.starts_with(name))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    /// The numbers of all processes, the broker's and this one's included, by name.
    pub fn process_ids(&self) -> Vec<(String, u32)> {
        let services = self
            .processes
            .iter()
            .filter_map(|process| Some((process.name.clone(), process.id()?)));
        let others = [
            ("nats-server".to_owned(), self.nats.process_id()),
            ("client".to_owned(), std::process::id()),
        ];
        services.chain(others).collect()
    }

    /// Where the services keep what they log, and the archive its database.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    async fn spawn(&mut self, service: &str, n: usize, variables: &[(&str, &str)]) {
        let port = free_port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let (mut nats, mut door) = (self.nats_urls(), address);
        if let Some(points) = &mut self.fault_points {
            if self.nats_peers.is_empty() {
                nats = format!("nats://{}", points.add_link(self.nats.address()).await);
            }
            if service == "gateway" {
                door = points.add_door(address).await;
            }
        }
        let mut environment = BTreeMap::from([
            ("MANYWORLDS_NATS__URL".to_owned(), nats),
            (
                "MANYWORLDS_NATS__REPLICAS".to_owned(),
                self.nats_servers().to_string(),
            ),
            ("MANYWORLDS_LISTEN".to_owned(), address.to_string()),
        ]);
        if service == "persistence" {
            let database = format!("sqlite://{}", self.archive.display());
            environment.insert("MANYWORLDS_DATABASE".to_owned(), database);
        }
        for (name, value) in variables {
            // `world:MANYWORLDS_IDLE_AFTER` is for one service only.
            let (only, name) = name.split_once(':').unwrap_or((service, name));
            if only == service {
                environment.insert(name.to_owned(), (*value).to_owned());
            }
        }
        let (name, folder) = (format!("{service}-{n}"), self.folder.path());
        let binary = self
            .binaries
            .as_ref()
            .map(|binaries| binaries.join(service));
        let binary = binary.as_ref().and_then(|path| path.to_str());
        let process = Process::start(binary.unwrap_or(service), name, environment, folder);
        self.processes.push(process);
        let page = (service.to_owned(), format!("http://{address}"));
        self.pages.push(page);
        if service == "gateway" {
            self.gateways.push(Http::new(format!("http://{door}")));
        }
    }
}

impl Drop for Cluster {
    /// What a test that fails leaves behind: the folder with the logs goes with it.
    fn drop(&mut self) {
        if std::thread::panicking() {
            for process in &self.processes {
                println!("{} logged:\n{}", process.name, process.log_tail());
            }
        }
    }
}
