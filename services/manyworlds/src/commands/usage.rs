//! `manyworlds usage`.

use clap::Args;
use client::Client;
use contract::WorldId;
use contract::http::ReadAfterWrite;

use crate::output::{Listing, Output};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
}

/// Shows what the language models of a world have read and written, by agent and model.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let world = client.world(&options.world);
    let response = world.usage(&ReadAfterWrite::default()).await?;
    let titles = ["AGENT", "MODEL", "ANSWERS", "INPUT TOKENS", "OUTPUT TOKENS"];
    let mut listing = Listing::new(output, titles);
    for row in &response.usage {
        listing.add(row, || {
            Ok(vec![
                row.agent.to_string(),
                row.model.clone(),
                row.answers.to_string(),
                row.input_tokens.to_string(),
                row.output_tokens.to_string(),
            ])
        })?;
    }
    listing.finish()?;
    if response.more {
        output.note("one answer does not hold all rows: the others are not shown");
    }
    Ok(())
}
