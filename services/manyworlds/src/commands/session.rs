//! `manyworlds session`.

mod dialogue;

use std::io::{self, BufRead as _, IsTerminal as _};

use anyhow::Context as _;
use clap::Args;
use client::Client;
use contract::{EntityId, FlowId, WorldId};

use self::dialogue::Dialogue;
use crate::error_text::error_text;
use crate::output::{Output, Style};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// Which of its flows
    flow: FlowId,
    /// Who you are there: an entity of the world; the world itself when absent
    #[arg(long = "as", value_name = "USER")]
    user: Option<EntityId>,
}

/// Begins a session, sends each line of the input as a message, and shows what comes back, until the input or
/// the session ends.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let interactive = io::stdin().is_terminal() && output.is_terminal();
    let mut dialogue =
        Dialogue::begin(client, (options.world, options.flow), options.user, output).await?;
    if interactive {
        let hint = format!("session {}: Ctrl-D ends it", dialogue.id());
        output.note(&output.paint_note(Style::Faint, &hint));
    }
    dialogue.join().await?;
    while !dialogue.has_ended() {
        if interactive {
            output.prompt("you> ")?;
        }
        let Some(line) = read_line().await? else {
            break;
        };
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        match dialogue.send_message(text).await {
            // A person sees the error and may retry; a script stops.
            Err(error) if interactive => {
                let title = output.paint_note(Style::Error, "error:");
                output.note(&format!("{title} {}", error_text(&error)));
            }
            result => result?,
        }
    }
    if interactive {
        output.line("")?;
    }
    dialogue.end().await
}

/// The next line that is typed or piped in; `None` at the end.
async fn read_line() -> anyhow::Result<Option<String>> {
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        let length = io::stdin().lock().read_line(&mut line)?;
        io::Result::Ok((length > 0).then_some(line))
    });
    read.await?.context("read the input")
}
