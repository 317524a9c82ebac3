//! GenWorlds' own server, from its package: what the door is measured against.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use testkit::{eventually, free_port};
use tokio::net::TcpStream;

/// The running server. It is killed when it is dropped.
pub(super) struct Server {
    pub(super) url: String,
    process: Child,
}

impl Server {
    pub(super) async fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let script = root.join("deploy/scripts/get-genworlds-client.sh");
        let output = Command::new(script).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let folder = String::from_utf8(output.stdout).unwrap();
        let port = free_port();
        // It prints every frame: to nowhere, which costs it least.
        let process = Command::new(Path::new(folder.trim()).join("bin/python"))
            .args(["-m", "genworlds.simulation.sockets.server"])
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            url: format!("ws://127.0.0.1:{port}/ws"),
            process,
        };
        let address = ("127.0.0.1", port);
        eventually("GenWorlds' server listens", async || {
            TcpStream::connect(address).await.is_ok()
        })
        .await;
        server
    }

    /// The processes of a measurement of it: it, and this one.
    pub(super) fn processes(&self) -> Vec<(String, u32)> {
        vec![
            ("client".to_owned(), std::process::id()),
            ("genworlds".to_owned(), self.process.id()),
        ]
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
