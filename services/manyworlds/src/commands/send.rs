//! `manyworlds send`.

use anyhow::Context as _;
use clap::Args;
use client::Client;
use contract::http::SendEventsRequest;
use contract::{EntityId, EventType, NewEvent, WorldId};
use serde_json::Value;
use serde_json::value::to_raw_value;

use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// The event's type, best namespaced: myapp.order.created
    #[arg(value_name = "TYPE", value_parser = event_type)]
    event_type: EventType,
    /// The payload of the event: any JSON
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
    let event = NewEvent::new(options.event_type.clone(), to_raw_value(&data)?);
    let request = SendEventsRequest {
        sender: options.sender,
        events: vec![event],
    };
    let events = client.world(&options.world).events();
    let receipt = events.send(&request).await?;
    if output.is_json() {
        output.json(&receipt)?;
    } else {
        let text = format!("{} is in commit {}", options.event_type, receipt.seq);
        output.line(&text)?;
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
