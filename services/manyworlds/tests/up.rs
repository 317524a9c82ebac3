//! The program as a person uses it: everything on one machine, and a client beside it.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't have its processes can only stop"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_manyworlds");

/// A running `manyworlds up`. Told to stop when dropped: killed, it would leave its nats-server.
struct Up {
    process: Child,
    url: String,
}

impl Up {
    fn start(folder: &Path) -> Self {
        let mut process = up(folder).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("ready ").unwrap().to_owned();
        Self { process, url }
    }

    fn stop(&mut self) -> ExitStatus {
        signal(self.process.id(), Signal::SIGTERM);
        self.process.wait().unwrap()
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
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
    fn says(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // One that was killed on purpose, and waited for, has no process to tell any more.
        if matches!(self.process.try_wait(), Ok(None)) {
            signal(self.process.id(), Signal::SIGTERM);
            let _ = self.process.wait();
        }
    }
}

fn up(folder: &Path) -> Command {
    let lobby = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/worlds/lobby.yaml");
    let mut command = Command::new(PROGRAM);
    command
        .args(["up", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder)
        .arg("--world")
        .arg(lobby)
        .stderr(Stdio::null());
    command
}

fn signal(process: u32, signal: Signal) {
    kill(Pid::from_raw(process.cast_signed()), signal).unwrap();
}

fn nats_server(folder: &Path) -> u32 {
    let text = std::fs::read_to_string(folder.join("nats/nats-server.pid")).unwrap();
    text.trim().parse().unwrap()
}

#[test]
fn everything_runs_with_one_command_and_survives_its_deaths() {
    let folder = TempDir::new().unwrap();
    let mut first = Up::start(folder.path());
    let answers = first.says(&["chat", "lobby"], "hello\n");
    assert!(answers.contains("ada: Hello guest"), "{answers}");
    assert!(answers.contains("bob: Hi guest"), "{answers}");

    // A nats-server that is killed is back, and the message is answered.
    signal(nats_server(folder.path()), Signal::SIGKILL);
    let answers = first.says(&["chat", "lobby"], "@ada thanks\n");
    assert_eq!(answers, "ada: You are welcome, guest.\n");

    // One that is stopped in an orderly way says that all went well.
    assert!(first.stop().success());

    // A process that is killed leaves its nats-server behind, which does not disturb the next.
    let mut second = Up::start(folder.path());
    second.process.kill().unwrap();
    second.process.wait().unwrap();
    let third = Up::start(folder.path());
    let events = third.says(&["--json", "state", "lobby"], "");
    assert!(events.contains("You are welcome, guest."), "{events}");
    let worlds = third.says(&["world", "list"], "");
    assert!(worlds.contains("The Lobby"), "{worlds}");
}

#[test]
fn an_answer_that_is_being_given_is_given_before_the_end() {
    let folder = TempDir::new().unwrap();
    let mut first = Up::start(folder.path());
    let address = first.url.strip_prefix("http://").unwrap().to_owned();
    let body = r#"{"sender": "guest", "text": "@ada thanks", "stream": true}"#;
    let request = format!(
        "POST /v1/worlds/lobby/chats/main/messages HTTP/1.1\r\nhost: {address}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut door = TcpStream::connect(address).unwrap();
    door.write_all(request.as_bytes()).unwrap();
    // Only an answer that has begun is waited for.
    let mut lines = BufReader::new(door).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "event: chunk"));
    assert!(first.stop().success());
    // Nobody else has had the time to give it.
    let second = Up::start(folder.path());
    let state = second.says(&["--json", "state", "lobby"], "");
    assert!(state.contains("You are welcome, guest."), "{state}");
    assert!(state.contains(r#""invocations":{}"#), "{state}");
}

#[test]
fn mistakes_are_one_clear_line() {
    let folder = TempDir::new().unwrap();
    let up_once = Up::start(folder.path());
    let refused = up(folder.path()).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let error = String::from_utf8(refused.stderr).unwrap();
    let owner = format!("is in use by process {}", up_once.process.id());
    assert!(error.contains(&owner), "{error}");

    let send = ["send", "lobby", "a.b", "{}", "--sender", "nobody"];
    let output = up_once.run(&send, "");
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains("nobody"), "{error}");
}
