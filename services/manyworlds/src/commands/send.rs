//! `manyworlds send`.

mod outcome;

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use client::Client;
use contract::http::SendEventsRequest;
use contract::{EntityId, EventType, NewEvent, Target, WorldId};
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
    /// Whom it is for: an entity, several joined by commas, or role:NAME; everyone when absent
    #[arg(long)]
    target: Option<Target>,
    /// Wait until the runs that it causes have ended, and show how: at most 60 seconds, or so many
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "60")]
    wait: Option<u64>,
}

/// Sends one event, and returns once it is durable, or once all that it caused has ended.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let data: Value = serde_json::from_str(&options.data).context("the payload is not JSON")?;
    let mut event = NewEvent::new(options.event_type.clone(), to_raw_value(&data)?);
    event.target = options.target;
    let request = SendEventsRequest {
        sender: options.sender,
        events: vec![event],
    };
    let world = client.world(&options.world);
    let receipt = world.events().send(&request).await?;
    if output.is_json() {
        output.json(&receipt)?;
    } else {
        let text = format!("{} is in commit {}", options.event_type, receipt.seq);
        output.line(&text)?;
    }
    match options.wait {
        Some(seconds) => {
            outcome::wait(&world, &receipt, Duration::from_secs(seconds), output).await
        }
        None => Ok(()),
    }
}

fn event_type(text: &str) -> Result<EventType, String> {
    let parsed: EventType = text.parse().map_err(|error| format!("{error}"))?;
    if parsed.is_reserved() {
        return Err("only the world itself sends events of this type".to_owned());
    }
    Ok(parsed)
}
