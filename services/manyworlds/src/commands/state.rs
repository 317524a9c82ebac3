//! `manyworlds state`.

use clap::Args;
use client::Client;
use contract::http::StateQuery;
use contract::{Seq, WorldId};
use serde_json::Value;

use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// As it was after this commit; now when absent
    #[arg(long, value_name = "SEQ")]
    at: Option<Seq>,
}

/// Shows the state of a world.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let query = StateQuery {
        at: options.at,
        ..StateQuery::default()
    };
    let state = client.world(&options.world).state(&query).await?;
    // Numbers and order stay as the world wrote them, so a program can compare states.
    let json = serde_json::to_string(&state)?;
    if output.is_json() {
        output.line(&json)?;
    } else {
        output.json(&serde_json::from_str::<Value>(&json)?)?;
    }
    Ok(())
}
