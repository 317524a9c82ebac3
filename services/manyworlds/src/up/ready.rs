//! From started to usable.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bus::Bus;
use client::{Client, Readiness};
use contract::{ChatId, CommandId, CommandRequest, EntityId, EntityKind, WorldId};
use service_kit::ErrorChain;
use tokio::time::{Instant, sleep};
use world_file::WorldFile;

use crate::output::{Output, Style};

/// A world service that has just started needs a moment until it is a member.
const APPLY_DEADLINE: Duration = Duration::from_secs(30);
const READY_DEADLINE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// Applies the world files.
pub(super) async fn apply(bus: &Bus, worlds: Vec<WorldFile>) -> anyhow::Result<()> {
    for world in worlds {
        let id = world.id.clone();
        let request = CommandRequest {
            id: CommandId::new(),
            sender: EntityId::world(),
            command: world.into_command(),
            trace: None,
            run: None,
            principal: None,
        };
        let applied = bus.worlds().command(&id, request, APPLY_DEADLINE).await;
        applied.with_context(|| format!("apply the world {id}"))?;
    }
    Ok(())
}

/// Returns once the gateway is ready.
pub(super) async fn wait(address: SocketAddr) -> anyhow::Result<()> {
    let client = Client::new(&format!("http://{}", reachable(address)), None)?;
    let until = Instant::now() + READY_DEADLINE;
    loop {
        let missing = match client.readiness().await {
            Ok(Readiness::Ready) => return Ok(()),
            Ok(Readiness::NotReady { reason }) => reason,
            Err(error) => ErrorChain(&error).to_string(),
        };
        if Instant::now() > until {
            bail!("not ready within {READY_DEADLINE:?}: {missing}");
        }
        sleep(POLL).await;
    }
}

/// What there is to try, once everything is ready.
pub(super) struct Hint {
    /// A world, one of its chats and one of its users, if there is one.
    pub(super) talk: Option<(WorldId, ChatId, EntityId)>,
    /// Whether the gateway wants an API key.
    pub(super) key_needed: bool,
}

impl Hint {
    /// What to try in the first of these worlds.
    pub(super) fn of(worlds: &[WorldFile], key_needed: bool) -> Self {
        let talk = worlds.first().and_then(|WorldFile { id, spec }| {
            let chat = spec.chats.first()?.id.clone();
            let is_user = |entity: &&contract::Entity| entity.kind == EntityKind::User;
            let user = spec.entities.iter().find(is_user)?.id.clone();
            Some((id.clone(), chat, user))
        });
        Self { talk, key_needed }
    }
}

/// Prints that it is ready: one line for programs, and for people what to do next.
pub(super) fn announce(output: Output, address: SocketAddr, hint: &Hint) -> anyhow::Result<()> {
    let url = format!("http://{}", reachable(address));
    output.line(&format!("ready {url}"))?;
    let (header, key) = if hint.key_needed {
        (
            " \\\n      -H \"authorization: Bearer $MANYWORLDS_API_KEY\"",
            "    export MANYWORLDS_API_KEY=...\n",
        )
    } else {
        ("", "")
    };
    let at = match address.port() {
        7000 => String::new(),
        _ => format!(" --url {url}"),
    };
    let title = |text| output.paint_note(Style::Bold, text);
    let advice = match &hint.talk {
        None => format!(
            "  {}\n{key}    manyworlds{at} world apply deploy/worlds/lobby.yaml",
            title("Make a world:"),
        ),
        Some((world, chat, user)) => format!(
            "  {}\n{key}    manyworlds{at} chat {world}{}\n\n  {}\n    \
             curl -N {url}/v1/worlds/{world}/chats/{chat}/messages{header} \\\n      \
             -H 'content-type: application/json' \\\n      \
             -d '{{\"sender\": \"{user}\", \"text\": \"hello\", \"stream\": true}}'",
            title("Talk to its agents:"),
            flags(chat, user),
            title("or without this program:"),
        ),
    };
    output.note(&format!(
        "\n  {}  {url}\n\n{advice}\n\n  {}\n",
        title("Manyworlds is at"),
        output.paint_note(
            Style::Faint,
            "Ctrl-C stops it; started again, everything is still there.",
        ),
    ));
    Ok(())
}

/// The options that `chat` needs when its defaults don't fit.
fn flags(chat: &ChatId, user: &EntityId) -> String {
    let mut flags = String::new();
    if chat.as_str() != "main" {
        flags.push_str(&format!(" --chat {chat}"));
    }
    if user.as_str() != "guest" {
        flags.push_str(&format!(" --as {user}"));
    }
    flags
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
