//! `manyworlds send`.

use anyhow::Context as _;
use clap::Args;
use contract::{EntityId, EventType, WorldId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// The event's type, best namespaced: myapp.order.created
    #[arg(value_name = "TYPE", value_parser = event_type)]
    event_type: EventType,
    /// What the event says: any JSON
    #[arg(value_name = "JSON")]
    data: String,
    /// In whose name: an entity of the world, or the world itself
    #[arg(long, value_name = "ENTITY", default_value = "world")]
    sender: EntityId,
}

/// Sends one event, and returns once it is durable.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let data: Value =
        serde_json::from_str(&options.data).context("what the event says is not JSON")?;
    let body = json!({
        "sender": options.sender,
        "events": [{"type": options.event_type, "data": data}],
    });
    let path = format!("/v1/worlds/{}/events", options.world);
    let answer: Value = client.call(Method::POST, &path, Some(&body)).await?;
    if output.is_json() {
        output.json(&answer)?;
    } else {
        let seq = answer.get("seq").cloned().unwrap_or_default();
        output.line(&format!("{} is in commit {seq}", options.event_type))?;
    }
    Ok(())
}

fn event_type(text: &str) -> Result<EventType, String> {
    let parsed: EventType = text.parse().map_err(|error| format!("{error}"))?;
    if parsed.is_reserved() {
        return Err("only the world itself sends events of this type".to_owned());
    }
    Ok(parsed)
}
