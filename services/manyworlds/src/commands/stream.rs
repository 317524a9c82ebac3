//! `manyworlds stream`.

mod append;
mod read;

use clap::{Args, Subcommand};
use client::Client;
use contract::http::{PutStreamRequest, Receipt, StreamsPageQuery};
use contract::view::StreamView;
use contract::{EntityId, StreamRef, StreamType, WorldId};

use crate::output::{Listing, Output};

/// Streams that are read at once: as many as a page has at most.
const PAGE_STREAMS: u32 = 1000;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the streams of a world
    List(List),
    /// Show a stream, without its samples
    Show(Show),
    /// Declare a stream
    Put(Put),
    /// Remove a stream
    Remove(Show),
    /// Append samples to a stream, from the command line or from standard input
    Append(append::Options),
    /// Show samples of a stream
    Read(read::Options),
    /// Show samples of a stream, and those that come
    Tail(read::Follow),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// The world's id
    world: WorldId,
    /// Only the streams of this entity
    #[arg(long, value_name = "ENTITY")]
    owner: Option<EntityId>,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The world's id
    world: WorldId,
    /// The stream: owner:name
    stream: StreamRef,
}

#[derive(Debug, Args)]
pub(crate) struct Put {
    /// The world's id
    world: WorldId,
    /// The stream: owner:name
    stream: StreamRef,
    /// What its samples are: number, text, json, or tensor:3,2 with the length of each dimension
    #[arg(long = "type", value_name = "TYPE", value_parser = stream_type)]
    stream_type: StreamType,
    /// It is not for everyone in the world
    #[arg(long)]
    private: bool,
    /// In whose name; the owner's when absent
    #[arg(long, value_name = "ENTITY")]
    sender: Option<EntityId>,
}

/// Does what was typed.
pub(crate) async fn run(command: Command, client: &Client, output: Output) -> anyhow::Result<()> {
    match command {
        Command::List(options) => list(options, client, output).await,
        Command::Show(options) => show(options, client, output).await,
        Command::Put(options) => put(options, client, output).await,
        Command::Remove(options) => {
            let streams = client.world(&options.world).streams();
            let receipt = streams.remove(&options.stream).await?;
            note_receipt(output, &options.stream, "removed", &receipt)
        }
        Command::Append(options) => append::run(options, client, output).await,
        Command::Read(options) => read::run(options, client, output).await,
        Command::Tail(options) => read::follow(options, client, output).await,
    }
}

async fn list(options: List, client: &Client, output: Output) -> anyhow::Result<()> {
    let streams = client.world(&options.world).streams();
    let mut query = StreamsPageQuery {
        owner: options.owner,
        after: None,
        limit: Some(PAGE_STREAMS),
    };
    let mut listing = Listing::new(output, ["STREAM", "TYPE", "PUBLIC", "SAMPLES"]);
    loop {
        let page = streams.list(&query).await?;
        for stream in &page.streams {
            listing.add(stream, || row(stream))?;
        }
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    listing.finish()
}

fn row(stream: &StreamView<'_>) -> anyhow::Result<Vec<String>> {
    let stream_type = serde_json::to_string(&stream.stream_type)?;
    Ok(vec![
        stream.stream.to_string(),
        stream_type.trim_matches('"').to_owned(),
        stream.public.to_string(),
        stream.length.to_string(),
    ])
}

async fn show(options: Show, client: &Client, output: Output) -> anyhow::Result<()> {
    let streams = client.world(&options.world).streams();
    Ok(output.json(&streams.show(&options.stream).await?)?)
}

async fn put(options: Put, client: &Client, output: Output) -> anyhow::Result<()> {
    let request = PutStreamRequest {
        stream_type: options.stream_type,
        public: !options.private,
        sender: options.sender,
    };
    let streams = client.world(&options.world).streams();
    let receipt = streams.put(&options.stream, &request).await?;
    note_receipt(output, &options.stream, "declared", &receipt)
}

fn note_receipt(
    output: Output,
    stream: &StreamRef,
    what: &str,
    receipt: &Receipt,
) -> anyhow::Result<()> {
    if output.is_json() {
        output.json(receipt)?;
    } else {
        output.line(&format!("{stream} is {what} in commit {}", receipt.seq))?;
    }
    Ok(())
}

fn stream_type(text: &str) -> Result<StreamType, String> {
    match text {
        "number" => Ok(StreamType::Number),
        "text" => Ok(StreamType::Text),
        "json" => Ok(StreamType::Json),
        other => {
            let unknown = || format!("{other:?} is not number, text, json or tensor:3,2");
            let lengths = other.strip_prefix("tensor:").ok_or_else(unknown)?;
            let shape: Result<Vec<u32>, _> = lengths.split(',').map(str::parse).collect();
            let shape = shape.map_err(|_| unknown())?;
            Ok(StreamType::Tensor { shape })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_a_word_or_a_tensor_with_its_shape() {
        assert_eq!(stream_type("number"), Ok(StreamType::Number));
        let shape = vec![3, 2];
        assert_eq!(stream_type("tensor:3,2"), Ok(StreamType::Tensor { shape }));
        for bad in ["", "numbers", "tensor", "tensor:", "tensor:x", "tensor:3,"] {
            assert!(stream_type(bad).is_err(), "{bad}");
        }
    }
}
