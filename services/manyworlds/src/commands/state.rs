//! `manyworlds state`.

use clap::Args;
use contract::{Seq, WorldId};
use reqwest::Method;
use serde_json::value::RawValue;

use crate::client::Client;
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
    let at = options.at.map(|at| format!("?at={at}")).unwrap_or_default();
    let path = format!("/v1/worlds/{}/state{at}", options.world);
    // Numbers and order stay as the world wrote them, so a program can compare states.
    let state: Box<RawValue> = client.call(Method::GET, &path, None).await?;
    if output.is_json() {
        output.line(state.get())?;
    } else {
        output.json(&serde_json::from_str::<serde_json::Value>(state.get())?)?;
    }
    Ok(())
}
