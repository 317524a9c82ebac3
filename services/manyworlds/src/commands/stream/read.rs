//! `manyworlds stream read` and `tail`.

use clap::Args;
use client::{Client, Error, StreamItem, Streams};
use contract::http::{SamplesPageQuery, StreamQuery};
use contract::stream::StreamAppended;
use contract::{FactKind, Sample, Seq, StreamRef, TypePattern, WorldId};

use crate::error_text::error_text;
use crate::output::{Output, Style};

/// Samples that are read at once: as many as a page has at most.
const PAGE_SAMPLES: u32 = 1000;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// The stream: owner:name
    stream: StreamRef,
    /// The position of the first sample
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    from: u64,
    /// The position of the last sample; the end of the stream when absent
    #[arg(long, value_name = "POSITION")]
    to: Option<u64>,
    /// As the stream was after this commit
    #[arg(long, value_name = "SEQ")]
    at: Option<Seq>,
}

#[derive(Debug, Args)]
pub(crate) struct Follow {
    /// The world's id
    world: WorldId,
    /// The stream: owner:name
    stream: StreamRef,
    /// The position of the first sample; those that come from now on when absent
    #[arg(long, value_name = "POSITION")]
    from: Option<u64>,
}

/// Shows samples, page by page.
pub(super) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let streams = client.world(&options.world).streams();
    let query = SamplesPageQuery {
        from: Some(options.from),
        to: options.to,
        limit: Some(PAGE_SAMPLES),
        at: options.at,
        wait_for: None,
    };
    show_pages(&streams, &options.stream, query, output).await?;
    Ok(())
}

/// Shows samples until it is interrupted. A lost connection costs a pause, and no sample.
pub(super) async fn follow(options: Follow, client: &Client, output: Output) -> anyhow::Result<()> {
    let world = client.world(&options.world);
    let streams = world.streams();
    let appended = FactKind::StreamAppended.name();
    let query = StreamQuery {
        event_type: Some(appended.parse::<TypePattern>()?),
        ..StreamQuery::default()
    };
    // First of all, so that nothing is appended unseen.
    let mut events = world.events().stream(query).await?;
    let mut next = match options.from {
        Some(from) => from,
        None => streams.show(&options.stream).await?.length,
    };
    loop {
        let query = SamplesPageQuery {
            from: Some(next),
            limit: Some(PAGE_SAMPLES),
            ..SamplesPageQuery::default()
        };
        next = show_pages(&streams, &options.stream, query, output).await?;
        loop {
            match events.next().await {
                Ok(StreamItem::Event(event)) => {
                    let appended: StreamAppended = serde_json::from_str(event.content.data.get())?;
                    if appended.stream == options.stream && appended.end() > next {
                        break;
                    }
                }
                Ok(StreamItem::Chunk(_)) => {}
                Ok(StreamItem::Interrupted { error, .. }) => {
                    let note = format!("{}: resuming", error_text(&error.into()));
                    output.note(&output.paint_note(Style::Faint, &note));
                }
                // Samples are read from their own position: none is lost.
                Err(Error::PositionLost { .. }) => break,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Shows all pages from a query on. The position behind the last sample.
async fn show_pages(
    streams: &Streams<'_>,
    stream: &StreamRef,
    mut query: SamplesPageQuery,
    output: Output,
) -> anyhow::Result<u64> {
    loop {
        let page = streams.samples(stream, &query).await?;
        for sample in &page.samples {
            show(output, sample)?;
        }
        let is_last = page.next >= page.length || query.to.is_some_and(|to| page.next > to);
        if is_last || page.samples.is_empty() {
            return Ok(page.next);
        }
        query.from = Some(page.next);
    }
}

fn show(output: Output, sample: &Sample) -> anyhow::Result<()> {
    if output.is_json() {
        return Ok(output.json(sample)?);
    }
    let place = format!("{:>8}  {:>8}", sample.position, sample.tag);
    let place = output.paint(Style::Faint, &place);
    Ok(output.line(&format!("{place}  {}", sample.value.get()))?)
}
