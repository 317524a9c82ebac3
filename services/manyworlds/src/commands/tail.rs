//! `manyworlds tail`.

use std::convert::Infallible;
use std::time::Duration;

use clap::Args;
use contract::{Chunk, CloudEvent, Seq, WorldId};
use eventsource_stream::Event;
use futures::StreamExt as _;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;

use crate::client::{Client, StreamInterrupted, is_temporary};
use crate::output::{Output, Style};

/// The pause before the stream is opened again doubles from here to the longest.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// What an event says is cut off here for people; programs take `--json`.
const WIDTH: usize = 120;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// Begin behind this commit, 0 being the very first; with what comes now when absent
    #[arg(long, value_name = "SEQ")]
    from: Option<Seq>,
    /// Show too how answers come in, piece by piece
    #[arg(long)]
    live: bool,
}

/// Where a stream begins.
#[derive(Deserialize)]
struct Ready {
    position: String,
    complete: bool,
}

/// Shows events until it is interrupted. A lost connection costs a pause, and no event.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let path = path(&options);
    let mut last_seen: Option<String> = None;
    let mut pause = PAUSE_MIN;
    loop {
        let seen_before = last_seen.clone();
        let error = match follow(client, &path, &mut last_seen, output).await {
            Ok(never) => match never {},
            // What can't even begin is wrong, and not just away.
            Err(error) if last_seen.is_none() || !is_temporary(&error) => return Err(error),
            Err(error) => error,
        };
        if last_seen != seen_before {
            pause = PAUSE_MIN;
        }
        let place = last_seen.as_deref().unwrap_or_default();
        let note = format!("{error:#}: resuming behind {place}");
        output.note(&output.paint_note(Style::Faint, &note));
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Shows events until the stream is interrupted.
async fn follow(
    client: &Client,
    path: &str,
    last_seen: &mut Option<String>,
    output: Output,
) -> anyhow::Result<Infallible> {
    let header = last_seen.clone().map(|id| ("last-event-id", id));
    let header = header.as_ref().map(|(name, id)| (*name, id.as_str()));
    let mut events = client
        .stream(Method::GET, path, None, header.as_slice())
        .await?;
    while let Some(event) = events.next().await {
        let event = event?;
        match event.event.as_str() {
            "ready" => {
                let ready: Ready = serde_json::from_str(&event.data)?;
                if !ready.complete {
                    output.note("events before this are not in the log any more");
                }
                *last_seen = Some(ready.position);
            }
            "error" => return Err(StreamInterrupted::read(&event.data).into()),
            _ => show(output, &event)?,
        }
        if !event.id.is_empty() {
            *last_seen = Some(event.id);
        }
    }
    Err(StreamInterrupted::new("stream ended").into())
}

fn path(options: &Options) -> String {
    let mut path = format!(
        "/v1/worlds/{}/events/stream?live={}",
        options.world, options.live
    );
    if let Some(from) = options.from {
        path.push_str(&format!("&after={from}"));
    }
    path
}

fn show(output: Output, event: &Event) -> anyhow::Result<()> {
    if output.is_json() {
        return Ok(output.line(&event.data)?);
    }
    if let Ok(event) = serde_json::from_str::<CloudEvent>(&event.data) {
        return Ok(output.line(&line(output, &event))?);
    }
    if let Ok(chunk) = serde_json::from_str::<Chunk>(&event.data) {
        let kind = if chunk.progress { " (tool)" } else { "" };
        let text = format!("{:>8}  {}{kind}: {}", "…", chunk.agent, chunk.text);
        return Ok(output.line(&output.paint(Style::Faint, &text))?);
    }
    Ok(())
}

fn line(output: Output, event: &CloudEvent) -> String {
    let time = event.time.to_string();
    let time = time.get(11..19).unwrap_or(&time);
    format!(
        "{:>8}  {}  {}  {}  {}",
        event.sequence.to_string(),
        output.paint(Style::Faint, time),
        output.paint(Style::Bold, event.event_type.as_str()),
        event.sender,
        summary(event),
    )
}

/// What an event says, in one line.
fn summary(event: &CloudEvent) -> String {
    if let Some(summary) = &event.summary {
        return summary.clone();
    }
    let data: Value = serde_json::from_str(event.data.get()).unwrap_or_default();
    let text = match data.get("text").and_then(Value::as_str) {
        Some(text) => text.replace('\n', " "),
        None => data.to_string(),
    };
    if text.chars().count() <= WIDTH {
        return text;
    }
    let cut: String = text.chars().take(WIDTH - 1).collect();
    format!("{cut}…")
}
