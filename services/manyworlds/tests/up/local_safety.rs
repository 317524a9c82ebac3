//! What other programs of the machine may do, and what a terminal is shown.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;

use crate::support::Up;

/// What the nats-server answers to a client that sends this, up to its first error or the answer to a ping.
fn nats_answer(address: &str, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("INFO "));
    stream.write_all(sent.as_bytes()).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    lines
        .map_while(Result::ok)
        .find(|line| line.starts_with("-ERR") || line == "PONG")
        .unwrap_or_default()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn nats_needs_a_password_and_gives_each_user_its_own_subjects_only() {
    let folder = TempDir::new().unwrap();
    let up = Up::start(folder.path());
    let answers = up.says(&["chat", "lobby"], "hello\n");
    assert!(answers.contains("ada: Hello guest"), "{answers}");
    let deleted = up.says(&["world", "delete", "lobby"], "");
    assert!(!deleted.contains("error"), "{deleted}");
    // None of ours wants more than it may do.
    let log = std::fs::read_to_string(folder.path().join("nats/nats-server.log")).unwrap();
    let refused: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("Violation"))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");

    let url = std::fs::read_to_string(folder.path().join("nats/url")).unwrap();
    let (user, address) = url
        .strip_prefix("nats://")
        .unwrap()
        .split_once('@')
        .unwrap();
    let (name, password) = user.split_once(':').unwrap();
    let connect = format!("CONNECT {{\"user\":\"{name}\",\"pass\":\"{password}\"}}\r\n");
    for stranger in [
        "CONNECT {}\r\n".to_owned(),
        connect.replace(password, "guess"),
        connect.replace(name, "world"),
    ] {
        let answer = nats_answer(address, &stranger);
        assert!(answer.contains("Authorization Violation"), "{answer}");
    }
    // A worker of one's own takes runs, and neither writes the log nor deletes anything.
    for allowed in ["mw.cmd.0.lobby", "mw.live.0.lobby.chunk"] {
        let sent = format!("{connect}PUB {allowed} 0\r\n\r\n");
        assert_eq!(nats_answer(address, &sent), "PONG", "{allowed}");
    }
    for refused in [
        "mw.log.0.lobby",
        "mw.act.respond.lobby.ada",
        "$JS.API.STREAM.PURGE.MW_LOG",
        "$JS.API.STREAM.DELETE.MW_LOG",
        "$JS.API.STREAM.UPDATE.MW_LOG",
        "$KV.mw_leases.world.x",
    ] {
        let answer = nats_answer(address, &format!("{connect}PUB {refused} 0\r\n\r\n"));
        assert!(
            answer.contains("Permissions Violation"),
            "{refused}: {answer}"
        );
    }
    for refused in [
        "mw.cmd.>",
        "mw.query.>",
        "_INBOX.>",
        "_INBOX.gateway.>",
        ">",
    ] {
        let answer = nats_answer(address, &format!("{connect}SUB {refused} 1\r\n"));
        assert!(
            answer.contains("Permissions Violation"),
            "{refused}: {answer}"
        );
    }
}

#[test]
fn only_its_owner_reads_the_data() {
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("data");
    let _up = Up::start(&folder);
    for path in ["", "nats"] {
        assert_eq!(mode(&folder.join(path)), 0o700, "{path}");
    }
    for path in [
        "manyworlds.db",
        "manyworlds.lock",
        "nats/url",
        "nats/nats.conf",
    ] {
        assert_eq!(mode(&folder.join(path)), 0o600, "{path}");
    }
    let config = std::fs::read_to_string(folder.join("nats/nats.conf")).unwrap();
    let url = std::fs::read_to_string(folder.join("nats/url")).unwrap();
    let password = url.split([':', '@']).nth(2).unwrap();
    assert!(!config.contains(password));
}

#[test]
fn a_terminal_obeys_no_world() {
    let folder = TempDir::new().unwrap();
    let up = Up::start(folder.path());
    let file = folder.path().join("rogue.json");
    let name = r"\u001b]0;title\u0007\u001b[2J\u009b1mfine\r";
    let world = format!(
        r#"{{"id": "rogue", "name": "{name}", "description": "{name}", "entities": [
            {{"id": "ann", "kind": "user", "name": "{name}"}}]}}"#
    );
    std::fs::write(&file, world).unwrap();
    let file = file.to_str().unwrap();
    for command in [
        &["world", "apply", file][..],
        &["world", "list"],
        &["world", "show", "rogue"],
        &["--json", "world", "list"],
        &["state", "rogue"],
        &["--json", "state", "rogue"],
        &["roster", "rogue"],
        &["send", "rogue", "a.b", "{}", "--sender", "no\u{1b}[2Jbody"],
    ] {
        let output = up.run(command, "");
        for stream in [output.stdout, output.stderr] {
            let text = String::from_utf8(stream).unwrap();
            let is_obeyed = |character: char| character.is_control() && character != '\n';
            assert!(!text.contains(is_obeyed), "{command:?}: {text:?}");
        }
    }
}
