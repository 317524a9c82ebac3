//! `manyworlds export`.

use clap::Args;
use client::Client;
use contract::http::{EventsPageQuery, MessagesPageQuery};
use contract::{ChatId, Position, WorldId};

use crate::output::Output;

/// As many as a page has at most.
const PAGE: u32 = 1000;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// The messages of this chat, as Markdown; the events of the world, a JSON value a line, when absent
    #[arg(long)]
    chat: Option<ChatId>,
}

/// Writes all events of a world, or all messages of a chat, from the archive.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    match options.chat {
        Some(chat) => messages(&options.world, &chat, client, output).await,
        None => events(&options.world, client, output).await,
    }
}

async fn events(world: &WorldId, client: &Client, output: Output) -> anyhow::Result<()> {
    let mut query = EventsPageQuery {
        limit: Some(PAGE),
        ..EventsPageQuery::default()
    };
    loop {
        let page = client.world(world).events().list(&query).await?;
        for event in &page.events {
            output.line(&serde_json::to_string(event)?)?;
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(()),
        }
    }
}

async fn messages(
    world: &WorldId,
    chat: &ChatId,
    client: &Client,
    output: Output,
) -> anyhow::Result<()> {
    let mut query = MessagesPageQuery {
        after: Some(Position::end_of(0)),
        limit: Some(PAGE),
        ..MessagesPageQuery::default()
    };
    let shown = client.world(world).chats().show(chat).await?;
    if !output.is_json() {
        let title = shown.chat.title.as_str();
        let title = if title.is_empty() {
            chat.as_str()
        } else {
            title
        };
        output.line(&format!("# {title}\n"))?;
    }
    loop {
        let page = client.world(world).messages(chat).list(&query).await?;
        for row in &page.messages {
            match output.is_json() {
                true => output.json(row)?,
                false => {
                    let message = &row.message;
                    let head = format!("**{}** ({})", message.sender, message.at);
                    output.line(&format!("{head}\n\n{}\n", message.text))?;
                }
            }
        }
        match page.messages.last() {
            Some(last) if page.more => query.after = Some(last.position),
            _ => return Ok(()),
        }
    }
}
