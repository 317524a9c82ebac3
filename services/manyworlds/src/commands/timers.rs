//! `manyworlds timers`.

use std::collections::BTreeMap;

use anyhow::Context as _;
use clap::Args;
use client::Client;
use contract::http::StateQuery;
use contract::{Seq, TimerId, WorldId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::output::{Listing, Output};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// As they were after this commit; now when absent
    #[arg(long, value_name = "SEQ")]
    at: Option<Seq>,
}

#[derive(Deserialize)]
struct State {
    #[serde(default)]
    timers: BTreeMap<TimerId, Value>,
}

/// Lists the timers of a world that have not fired.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let query = StateQuery {
        at: options.at,
        ..StateQuery::default()
    };
    let response = client.world(&options.world).state(&query).await?;
    let state: State = serde_json::from_str(response.state.get()).context("read the state")?;
    let mut listing = Listing::new(output, ["ID", "DUE", "REPEAT", "OWNER", "DOES"]);
    for (id, timer) in &state.timers {
        let mut item = json!({"id": id});
        if let (Some(item), Some(fields)) = (item.as_object_mut(), timer.as_object()) {
            item.extend(fields.clone());
        }
        listing.add(&item, || Ok(row(id, timer)))?;
    }
    listing.finish()
}

fn row(id: &TimerId, timer: &Value) -> Vec<String> {
    let text = |name: &str| timer[name].as_str().unwrap_or("-").to_owned();
    let does = match (&timer["message"]["text"], &timer["event"]["type"]) {
        (Value::String(text), _) => format!("posts {text:?}"),
        (_, Value::String(event_type)) => format!("sends {event_type}"),
        _ => "-".to_owned(),
    };
    let repeat = match timer["zone"].as_str() {
        Some(zone) => format!("{} {zone}", text("repeat")),
        None => text("repeat"),
    };
    vec![id.to_string(), text("due"), repeat, text("owner"), does]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_a_row() {
        let of = |timer: Value| row(&"morning".parse().unwrap(), &timer);
        let due = "2026-01-31T12:00:00.000Z";
        let timer = json!({"due": due, "owner": "ada", "repeat": "0 9 * * *", "event": {"type": "x.y", "data": {}}});
        assert_eq!(of(timer), ["morning", due, "0 9 * * *", "ada", "sends x.y"]);
        let timer =
            json!({"due": due, "owner": "ada", "repeat": "0 9 * * *", "zone": "Europe/Berlin"});
        assert_eq!(of(timer)[2], "0 9 * * * Europe/Berlin");
        let timer =
            json!({"due": due, "owner": "ada", "message": {"chat": "main", "text": "Hello"}});
        assert_eq!(of(timer)[2..], ["-", "ada", "posts \"Hello\""]);
    }
}
