//! From started to usable.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bus::Bus;
use contract::{Command, CommandId, CommandRequest, EntityId, WorldId};
use tokio::time::{Instant, sleep};

use crate::output::{Output, Style};
use crate::world_file::WorldFile;

/// A world service that has just started needs a moment until it is a member.
const APPLY_DEADLINE: Duration = Duration::from_secs(30);
const READY_DEADLINE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// Makes the worlds what their files say.
pub(super) async fn apply(bus: &Bus, worlds: Vec<WorldFile>) -> anyhow::Result<()> {
    for WorldFile { id, spec } in worlds {
        let request = CommandRequest {
            id: CommandId::new(),
            sender: EntityId::world(),
            command: Command::ApplyWorld(spec),
            trace: None,
        };
        let applied = bus.command(&id, request, APPLY_DEADLINE).await;
        applied
            .map_err(anyhow::Error::new)
            .and_then(|answer| answer.map_err(anyhow::Error::new))
            .with_context(|| format!("apply the world {id}"))?;
    }
    Ok(())
}

/// Returns once the gateway says that everything is ready.
pub(super) async fn wait(address: SocketAddr) -> anyhow::Result<()> {
    let url = format!("http://{}/readyz", reachable(address));
    let until = Instant::now() + READY_DEADLINE;
    let http = reqwest::Client::new();
    loop {
        let missing = match http.get(&url).send().await {
            Ok(response) if response.status().is_success() => return Ok(()),
            Ok(response) => response.text().await.unwrap_or_default(),
            Err(error) => error.to_string(),
        };
        if Instant::now() > until {
            bail!("not ready within {READY_DEADLINE:?}: {}", missing.trim());
        }
        sleep(POLL).await;
    }
}

/// Says so: one line for programs, and for people what to do next.
pub(super) fn announce(
    output: Output,
    address: SocketAddr,
    world: Option<&WorldId>,
    key_needed: bool,
) -> anyhow::Result<()> {
    let url = format!("http://{}", reachable(address));
    output.line(&format!("ready {url}"))?;
    let world = world.map_or("WORLD", WorldId::as_str);
    let (header, flag) = if key_needed {
        (" -H \"Authorization: Bearer $KEY\"", " --api-key $KEY")
    } else {
        ("", "")
    };
    let at = if address.port() == 7000 {
        String::new()
    } else {
        format!(" --url {url}")
    };
    let title = |text| output.paint_note(Style::Bold, text);
    output.note(&format!(
        "\n  {}  {url}\n\n  {}\n    manyworlds{at}{flag} chat {world}\n\n  {}\n    \
         curl -N{header} {url}/v1/worlds/{world}/chats/main/messages \\\n      \
         -H 'content-type: application/json' \\\n      \
         -d '{{\"sender\": \"guest\", \"text\": \"hello\", \"stream\": true}}'\n\n  {}\n",
        title("Manyworlds is at"),
        title("Talk to its agents:"),
        title("or without this program:"),
        output.paint_note(
            Style::Faint,
            "Ctrl-C stops it; started again, everything is still there."
        ),
    ));
    Ok(())
}

/// An address that a client on this machine can use.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => ([127, 0, 0, 1], v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
            (std::net::Ipv6Addr::LOCALHOST, v6.port()).into()
        }
        _ => address,
    }
}
