//! `manyworlds tail`.

use clap::Args;
use client::{Client, Error, Received, StreamItem};
use contract::http::StreamQuery;
use contract::{Chunk, CloudEvent, Position, Seq, WorldId};
use serde_json::Value;

use crate::error_text::error_text;
use crate::output::{Output, Style};

/// The payload of an event is cut off here for people; programs take `--json`.
const WIDTH: usize = 120;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// Begin behind this commit, at the beginning when the world began later; with what comes now when absent
    #[arg(long, value_name = "SEQ")]
    from: Option<Seq>,
    /// Show too how answers come in, piece by piece
    #[arg(long)]
    live: bool,
}

/// Shows events until it is interrupted. A lost connection costs a pause, and no event.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let query = StreamQuery {
        after: options.from.map(Position::end_of),
        live: options.live,
        ..StreamQuery::default()
    };
    let events = client.world(&options.world).events();
    let mut stream = events.stream(query).await?;
    let start = stream.start();
    if let (false, Some(from)) = (start.complete, options.from) {
        note_gap(output, Position::end_of(from), start.position);
    }
    loop {
        match stream.next().await {
            Ok(StreamItem::Event(event)) => show_event(output, &event)?,
            Ok(StreamItem::Chunk(chunk)) => show_chunk(output, &chunk)?,
            Ok(StreamItem::Interrupted { error, position }) => {
                let error = error_text(&error.into());
                let note = format!("{error}: resuming behind {position}");
                output.note(&output.paint_note(Style::Faint, &note));
            }
            // What the log has is shown nevertheless.
            Err(Error::PositionLost {
                position,
                resumed_at,
            }) => note_gap(output, position, resumed_at),
            Err(error) => return Err(error.into()),
        }
    }
}

/// The position that was requested is of an earlier world of this id, or of none.
fn note_gap(output: Output, position: Position, start: Position) {
    output.note(&gap_note(position, start));
}

fn gap_note(position: Position, start: Position) -> String {
    if position > start {
        return format!(
            "the log ends at {start}, before {position}: what comes from now on is shown"
        );
    }
    format!(
        "{position} is of an earlier world of this id, which was deleted: what comes from now on is shown"
    )
}

fn show_event(output: Output, event: &Received<CloudEvent>) -> anyhow::Result<()> {
    if output.is_json() {
        return Ok(output.line(&event.json)?);
    }
    Ok(output.line(&line(output, &event.content))?)
}

fn show_chunk(output: Output, chunk: &Received<Chunk>) -> anyhow::Result<()> {
    if output.is_json() {
        return Ok(output.line(&chunk.json)?);
    }
    let Chunk {
        agent,
        text,
        progress,
        ..
    } = &chunk.content;
    let kind = if *progress { " (tool)" } else { "" };
    let text = format!("{:>8}  {agent}{kind}: {text}", "…");
    Ok(output.line(&output.paint(Style::Faint, &text))?)
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

/// The payload of an event, in one line.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_described_as_what_it_is() {
        let note = |position, start| gap_note(Position::end_of(position), Position::end_of(start));
        assert!(note(9, 7).contains("the log ends at 7, before 9"));
        assert!(note(3, 7).contains("3 is of an earlier world"));
    }
}
