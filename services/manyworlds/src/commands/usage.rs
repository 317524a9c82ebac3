//! `manyworlds usage`.

use clap::{Args, ValueEnum};
use client::Client;
use contract::http::UsageSelection;
use contract::query::{UsageBucket, UsageRow};
use contract::{Timestamp, WorldId};

use crate::output::{Listing, Output};

const TITLES: [&str; 6] = [
    "AGENT",
    "MODEL",
    "ANSWERS",
    "INPUT TOKENS",
    "OUTPUT TOKENS",
    "COST",
];

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// Sums for each hour or day (UTC), instead of one over all time
    #[arg(long, value_enum)]
    by: Option<Bucket>,
    /// The begin of the range, such as 2026-01-31T12:00:00Z; 24 hours or 30 days before its end by default
    #[arg(long, requires = "by")]
    from: Option<Timestamp>,
    /// The end of the range; now by default
    #[arg(long, requires = "by")]
    to: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Bucket {
    Hour,
    Day,
}

/// Shows what the language models of a world have read and written, and what that cost, by agent and model.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let world = client.world(&options.world);
    let selection = UsageSelection {
        bucket: options.by.map(|by| match by {
            Bucket::Hour => UsageBucket::Hour,
            Bucket::Day => UsageBucket::Day,
        }),
        from: options.from,
        to: options.to,
        wait_for: None,
    };
    let response = world.usage(&selection).await?;
    let [agent, model, answers, input, output_tokens, cost] = TITLES;
    let mut listing = match options.by {
        None => Listing::new(output, TITLES),
        Some(_) => Listing::new(
            output,
            ["START", agent, model, answers, input, output_tokens, cost],
        ),
    };
    for row in &response.usage {
        listing.add(row, || Ok(columns(row)))?;
    }
    listing.finish()?;
    if response.more {
        output.note("one answer does not hold all rows: the others are not shown");
    }
    Ok(())
}

fn columns(row: &UsageRow) -> Vec<String> {
    let start = row.start.map(|start| start.to_string());
    let cost = row.cost.as_ref().map(ToString::to_string);
    let columns = [
        row.agent.to_string(),
        row.model.clone(),
        row.answers.to_string(),
        row.input_tokens.to_string(),
        row.output_tokens.to_string(),
        cost.unwrap_or_default(),
    ];
    start.into_iter().chain(columns).collect()
}
