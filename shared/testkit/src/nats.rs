//! A NATS server for tests.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{eventually, free_port};

/// A real nats-server with JetStream on a free port, in a temporary folder. Killed when dropped.
pub struct NatsServer {
    child: Child,
    port: u16,
    store: PathBuf,
    arguments: Vec<String>,
    /// Removed with the server, if it is its own.
    _folder: Option<TempDir>,
}

impl NatsServer {
    /// Starts one.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with more arguments.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_with(arguments: &[&str]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let store = folder.path().to_owned();
        Self::open(store, Some(folder), arguments)
    }

    /// Starts one whose store is in `folder`, which stays.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_in(folder: &Path) -> Self {
        Self::open(folder.to_owned(), None, &[])
    }

    /// Starts a cluster of this many servers, `nats-0` and so on, which keep as many copies of a stream that wants
    /// them. It serves once a majority of them has elected a leader.
    ///
    /// # Panics
    /// If one does not start.
    pub fn start_cluster(count: usize) -> Vec<Self> {
        let addresses: Vec<String> = (0..count)
            .map(|_| format!("nats://127.0.0.1:{}", free_port()))
            .collect();
        let routes = addresses.join(",");
        let start = |(n, address): (usize, &String)| {
            let name = format!("nats-{n}");
            let arguments = ["-n", &name, "--cluster_name", "test", "--cluster", address];
            Self::start_with(&[&arguments[..], &["--routes", &routes]].concat())
        };
        addresses.iter().enumerate().map(start).collect()
    }

    fn open(store: PathBuf, folder: Option<TempDir>, arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let port = free_port();
        let child = spawn(&store, port, &arguments);
        let mut server = Self {
            child,
            port,
            store,
            arguments,
            _folder: folder,
        };
        server.wait_until_listening();
        server
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Suspends it: it keeps its connections, and answers nothing until [`resume`](Self::resume).
    ///
    /// # Panics
    /// If it does not run.
    pub fn suspend(&self) {
        self.signal("STOP");
    }

    /// Continues it after [`suspend`](Self::suspend).
    ///
    /// # Panics
    /// If it does not run.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Kills it, as `kill -9` does. Its store stays.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Stops it with SIGTERM, as an operator does, and returns once it has ended. Its store stays.
    ///
    /// # Panics
    /// If it does not run.
    pub async fn stop(&mut self) {
        self.signal("TERM");
        eventually("nats-server has ended", async || !self.is_running()).await;
    }

    /// Whether it runs, even if it is suspended.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Starts it again after [`kill`](Self::kill) or [`stop`](Self::stop), on the same port and store.
    ///
    /// # Panics
    /// If it does not start.
    pub fn restart(&mut self) {
        self.kill();
        self.child = spawn(&self.store, self.port, &self.arguments);
        self.wait_until_listening();
    }

    /// Its process.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, signal: &str) {
        let (signal, pid) = (format!("-{signal}"), self.child.id().to_string());
        let sent = Command::new("kill").args([signal, pid]).status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "nats-server runs"
        );
    }

    /// Waits for the file in which the server writes its address.
    fn wait_until_listening(&mut self) {
        let name = format!("nats-server_{}.ports", self.child.id());
        let (file, port) = (self.store.join(name), format!(":{}", self.port));
        let deadline = Instant::now() + Duration::from_secs(20);
        while !std::fs::read_to_string(&file).is_ok_and(|text| text.contains(&port)) {
            let ended = self.child.try_wait().ok().flatten();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "nats-server does not start: is it on PATH, or in .tools? {ended:?}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(store: &Path, port: u16, arguments: &[String]) -> Child {
    Command::new(binary())
        .args(["-js", "-a", "127.0.0.1", "-p", &port.to_string()])
        .arg("-sd")
        .arg(store.join("jetstream"))
        .arg("--ports_file_dir")
        .arg(store)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("start nats-server")
}

/// `$NATS_SERVER`, else the one that `deploy/scripts/get-nats-server.sh` downloaded, else PATH.
fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("NATS_SERVER") {
        return path.into();
    }
    let downloaded = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/nats-server");
    if downloaded.exists() {
        downloaded
    } else {
        "nats-server".into()
    }
}
