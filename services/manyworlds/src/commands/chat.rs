//! `manyworlds chat`: a client for people on a terminal, and for scripts, whose input is piped.

mod activity;
mod conversation;
mod input;
mod line_editor;
mod options;
mod requests;
mod room;
mod screen;
mod terminal;
mod waiting;

use std::io::{self, BufRead as _, IsTerminal as _};

use anyhow::{Context as _, bail};
use client::Client;

use self::conversation::Conversation;
pub(crate) use self::options::Options;
use crate::error_text::error_text;
use crate::output::{Output, Style};

/// Posts each line of the input and shows the answers, until the input ends. On a terminal that can do it, what others
/// do in the chat is shown as well, at any time.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let interactive = io::stdin().is_terminal() && output.is_terminal();
    if interactive && output.has_cursor() {
        return terminal::run(&options, client, output).await;
    }
    let prompt = format!("{}> ", options.user);
    if interactive {
        let hint = format!("{} / {}: Ctrl-D ends it", options.world, options.chat);
        output.note(&output.paint_note(Style::Faint, &hint));
    }
    let mut conversation = Conversation::new(options.world, options.chat, options.user, output);
    loop {
        if interactive {
            output.prompt(&prompt)?;
        }
        let Some(line) = read_line().await? else {
            break;
        };
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        match conversation.post_message(client, text).await {
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
        return Ok(());
    }
    match conversation.failed_answers() {
        0 => Ok(()),
        1 => bail!("an answer failed"),
        count => bail!("{count} answers failed"),
    }
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
