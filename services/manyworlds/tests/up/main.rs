//! The program as a person uses it: everything on one machine, and a client beside it.
#![expect(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that can't have its processes can only stop, and shows what it saw"
)]

mod backup;
mod behaviours;
mod chat_terminal;
mod flows;
mod local_safety;
mod native_door;
mod rebuild;
mod support;
mod terminal;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use nix::sys::signal::Signal;
use support::{Up, nats_server, signal, up};
use tempfile::TempDir;

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
