//! The system that the commands of a page use: `manyworlds up` with the lobby.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use testkit::eventually;

use super::shell::Shell;
use crate::places::program_folder;

pub(crate) struct System {
    process: Child,
    /// Where its gateway listens: `127.0.0.1:40123`.
    pub(crate) address: String,
}

impl System {
    /// Starts it in the folder of a shell, as the documents do, at a free port. Returns once it is ready.
    pub(crate) fn start(shell: &Shell) -> Self {
        Self::start_at(shell, "127.0.0.1:0")
    }

    fn start_at(shell: &Shell, listen: &str) -> Self {
        let mut process = Command::new(program_folder().join("manyworlds"))
            .args(["up", "--listen", listen, "--data", "data"])
            .args(["--world", "deploy/worlds/lobby.yaml"])
            .current_dir(shell.folder())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("run `cargo build --workspace --bins --examples` first");
        let mut line = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("ready http://");
        let address = address.expect("a line once it is ready").to_owned();
        Self { process, address }
    }

    /// Returns once it is ready; started again on the same data, if a command has ended it.
    pub(crate) async fn ensure_running(&mut self, shell: &Shell) {
        eventually("the system is ready", async || {
            if self.process.try_wait().unwrap().is_some() {
                let address = self.address.clone();
                *self = Self::start_at(shell, &address);
            }
            let page = format!("http://{}/readyz", self.address);
            let response = reqwest::get(page).await;
            response.is_ok_and(|response| response.status().is_success())
        })
        .await;
    }
}

impl Drop for System {
    /// A signal: killed, it would leave its nats-server.
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            let _ = kill(
                Pid::from_raw(self.process.id().cast_signed()),
                Signal::SIGTERM,
            );
            let _ = self.process.wait();
        }
    }
}
