use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A real nats-server with JetStream on a free port, in a temporary folder. Killed when dropped.
pub struct NatsServer {
    child: Child,
    port: u16,
    store: TempDir,
    arguments: Vec<String>,
}

impl NatsServer {
    /// Starts one.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with more arguments.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start_with(arguments: &[&str]) -> Self {
        let store = TempDir::new().expect("a temporary folder");
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        // Another process may take the port first: then this one does not come up, and we try again.
        for _ in 0..10 {
            let port = free_port();
            let mut child = spawn(store.path(), port, &arguments);
            if wait_for(&mut child, store.path(), port) {
                return Self {
                    child,
                    port,
                    store,
                    arguments,
                };
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("nats-server does not come up: is it on PATH, or in .tools?");
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Kills it, as `kill -9` does. Its store stays.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again after [`kill`](Self::kill), on the same port and store.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn restart(&mut self) {
        self.kill();
        self.child = spawn(self.store.path(), self.port, &self.arguments);
        assert!(
            wait_for(&mut self.child, self.store.path(), self.port),
            "it does not come up again"
        );
    }

    /// Its process.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound port").port()
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

/// Whether the server wrote the file that says that it listens on `port`.
fn wait_for(child: &mut Child, store: &Path, port: u16) -> bool {
    let file = store.join(format!("nats-server_{}.ports", child.id()));
    let until = Instant::now() + Duration::from_secs(20);
    while Instant::now() < until {
        if std::fs::read_to_string(&file).is_ok_and(|text| text.contains(&format!(":{port}"))) {
            return true;
        }
        if child.try_wait().is_ok_and(|status| status.is_some()) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// `$NATS_SERVER`, else the one that `deploy/scripts/get-nats-server.sh` got, else PATH.
fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("NATS_SERVER") {
        return path.into();
    }
    let got = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/nats-server");
    if got.exists() {
        got
    } else {
        "nats-server".into()
    }
}
