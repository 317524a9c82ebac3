//! `manyworlds up` as a process, and its client.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const ANY_PORT: &str = "127.0.0.1:0";
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_manyworlds");

/// A running `manyworlds up`. Stopped with a signal when dropped: killed, it would leave its nats-server.
pub(crate) struct Up {
    pub(crate) process: Child,
    pub(crate) url: String,
}

impl Up {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_at(folder, ANY_PORT)
    }

    pub(crate) fn start_at(folder: &Path, address: &str) -> Self {
        Self::spawn(up_at(folder, address))
    }

    /// Starts it with more variables.
    pub(crate) fn start_with(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = up(folder);
        command.envs(variables.iter().copied());
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("ready ").unwrap().to_owned();
        Self { process, url }
    }

    pub(crate) fn stop(&mut self) -> ExitStatus {
        signal(self.process.id(), Signal::SIGTERM);
        self.process.wait().unwrap()
    }

    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut client = Command::new(PROGRAM)
            .args(["--url", &self.url])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = client.stdin.take().unwrap();
        // A command that does not read may have ended by now.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        client.wait_with_output().unwrap()
    }

    /// What a command says that succeeds.
    pub(crate) fn says(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // One that was killed on purpose, and waited for, has no process any more.
        if matches!(self.process.try_wait(), Ok(None)) {
            signal(self.process.id(), Signal::SIGTERM);
            let _ = self.process.wait();
        }
    }
}

pub(crate) fn up(folder: &Path) -> Command {
    up_at(folder, ANY_PORT)
}

fn up_at(folder: &Path, address: &str) -> Command {
    let lobby = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/worlds/lobby.yaml");
    let mut command = Command::new(PROGRAM);
    command
        .args(["up", "--listen", address, "--data"])
        .arg(folder)
        .arg("--world")
        .arg(lobby)
        .stderr(Stdio::null());
    command
}

pub(crate) fn signal(process: u32, signal: Signal) {
    kill(Pid::from_raw(process.cast_signed()), signal).unwrap();
}

pub(crate) fn nats_server(folder: &Path) -> u32 {
    let text = std::fs::read_to_string(folder.join("nats/nats-server.pid")).unwrap();
    text.trim().parse().unwrap()
}
