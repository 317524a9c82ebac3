//! `manyworlds history` and `manyworlds search`.

use clap::Args;
use client::Client;
use contract::http::{MessagesPageQuery, ReadAfterWrite};
use contract::query::MessageRow;
use contract::{ChatId, WorldId};

use crate::output::{Output, Style};

#[derive(Debug, Args)]
pub(crate) struct HistoryOptions {
    /// The world's id
    world: WorldId,
    /// The chat's id
    #[arg(default_value = "main")]
    chat: ChatId,
    /// The latest so many messages: 1 to 1000
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct SearchOptions {
    /// The world's id
    world: WorldId,
    /// What the messages contain, whatever its case
    text: String,
    /// Only this chat; all chats when absent
    #[arg(long)]
    chat: Option<ChatId>,
    /// At most so many messages of a chat: 1 to 1000
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// Shows the latest messages of a chat, oldest first.
pub(crate) async fn history(
    options: HistoryOptions,
    client: &Client,
    output: Output,
) -> anyhow::Result<()> {
    let query = MessagesPageQuery {
        limit: Some(options.limit),
        ..MessagesPageQuery::default()
    };
    let world = client.world(&options.world);
    let page = world.messages(&options.chat).list(&query).await?;
    if page.more {
        let note = format!(
            "older messages than the latest {} are not shown",
            options.limit
        );
        output.note(&output.paint_note(Style::Faint, &note));
    }
    for row in &page.messages {
        show(row, false, output)?;
    }
    Ok(())
}

/// Shows the messages that contain a text, chat by chat.
pub(crate) async fn search(
    options: SearchOptions,
    client: &Client,
    output: Output,
) -> anyhow::Result<()> {
    let world = client.world(&options.world);
    let chats = match options.chat {
        Some(chat) => vec![chat],
        None => {
            let listed = world.chats().list(&ReadAfterWrite::default()).await?;
            listed.chats.into_iter().map(|chat| chat.id).collect()
        }
    };
    let query = MessagesPageQuery {
        limit: Some(options.limit),
        search: Some(options.text),
        ..MessagesPageQuery::default()
    };
    for chat in chats {
        let page = world.messages(&chat).list(&query).await?;
        for row in &page.messages {
            show(row, true, output)?;
        }
    }
    Ok(())
}

fn show(row: &MessageRow, with_chat: bool, output: Output) -> anyhow::Result<()> {
    if output.is_json() {
        return Ok(output.json(row)?);
    }
    let message = &row.message;
    let chat = if with_chat {
        format!("{}  ", row.chat)
    } else {
        String::new()
    };
    let head = format!("{}  {chat}", message.at);
    let sender = output.paint(Style::Bold, message.sender.as_str());
    let head = output.paint(Style::Faint, &head);
    Ok(output.line(&format!("{head}{sender}: {}", message.text))?)
}
