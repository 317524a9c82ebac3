//! `manyworlds stream append`.

use std::io::{self, BufRead as _};

use anyhow::bail;
use clap::Args;
use client::{Client, Streams};
use contract::http::AppendSamplesRequest;
use contract::{EntityId, StreamRef, WorldId};
use serde_json::value::{RawValue, to_raw_value};

use crate::output::Output;

/// Lines of standard input that are sent together.
const BATCH_SAMPLES: usize = 1000;
/// The most bytes of them: what one commit takes, with room to spare.
const BATCH_BYTES: usize = 128 * 1024;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// The stream: owner:name
    stream: StreamRef,
    /// The samples, as JSON; what is not JSON is a string. The lines of standard input when absent
    #[arg(allow_negative_numbers = true)]
    samples: Vec<String>,
    /// A tag for each sample, separated by commas
    #[arg(long, value_delimiter = ',')]
    tags: Option<Vec<u64>>,
    /// In whose name; the owner's when absent
    #[arg(long, value_name = "ENTITY")]
    sender: Option<EntityId>,
}

/// Appends samples, and returns once they are durable.
pub(super) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let streams = client.world(&options.world).streams();
    let target = Target {
        streams,
        stream: options.stream,
        sender: options.sender,
        output,
    };
    if !options.samples.is_empty() {
        let samples: Result<_, _> = options.samples.iter().map(|text| sample(text)).collect();
        return target.append(samples?, options.tags).await;
    }
    if options.tags.is_some() {
        bail!("tags belong to samples on the command line");
    }
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for line in io::stdin().lock().lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        batch.push(sample(&line)?);
        bytes += line.len();
        if batch.len() >= BATCH_SAMPLES || bytes >= BATCH_BYTES {
            target.append(std::mem::take(&mut batch), None).await?;
            bytes = 0;
        }
    }
    if batch.is_empty() {
        return Ok(());
    }
    target.append(batch, None).await
}

/// Where samples go, and what is shown of that.
struct Target<'a> {
    streams: Streams<'a>,
    stream: StreamRef,
    sender: Option<EntityId>,
    output: Output,
}

impl Target<'_> {
    async fn append(
        &self,
        samples: Vec<Box<RawValue>>,
        tags: Option<Vec<u64>>,
    ) -> anyhow::Result<()> {
        let request = AppendSamplesRequest {
            samples,
            tags,
            sender: self.sender.clone(),
        };
        let receipt = self.streams.append(&self.stream, &request).await?;
        if self.output.is_json() {
            self.output.json(&receipt)?;
        } else {
            let (first, last) = (receipt.first, receipt.last);
            let text = format!("samples {first} to {last} are in commit {}", receipt.seq);
            self.output.line(&text)?;
        }
        Ok(())
    }
}

/// A sample as it was typed: JSON, or else a string.
fn sample(text: &str) -> serde_json::Result<Box<RawValue>> {
    RawValue::from_string(text.trim().to_owned()).or_else(|_| to_raw_value(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_json_is_a_string() {
        for (text, expected) in [
            ("1.50", "1.50"),
            (" [1, 2] ", "[1, 2]"),
            ("hello you", r#""hello you""#),
            (r#""hello""#, r#""hello""#),
        ] {
            assert_eq!(sample(text).unwrap().get(), expected);
        }
    }
}
