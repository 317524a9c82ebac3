//! A world as a Markdown document: what it is, who is in it, and what was said in its open chat.
//!
//! The messages come from the archive page by page, while the client reads: a chat of any length
//! fits. What agents did with tools is in the events of the chat, which are read beside them.

mod steps;
mod text;

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use contract::commit::Position;
use contract::query::{EventRow, EventsQuery, MessageRow, MessagesQuery, PAGE_ROWS_MAX, PageStart};
use contract::{ChatId, EntityId, MessageId, Timestamp};
use tracing::warn;

use super::doorway::Doorway;
use super::failure::{Failure, Refusal};
use super::model::Model;
use crate::body::Ids;
use steps::{Step, Steps};

/// Messages of one page.
const PAGE_ROWS: u32 = 200;
/// So far back the message that another answers is looked for.
const SENDERS_MAX: usize = 5000;

/// Export a world.
#[utoipa::path(
    get, path = "/worlds/{world}/export", tag = "agent world",
    params(("world" = String, Path)),
    responses(
        (status = 200, body = String, content_type = "text/markdown"),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn export(
    State(doorway): State<Arc<Doorway>>,
    Ids(world): Ids<String>,
) -> Result<Response, Failure> {
    let model = doorway.find(&world).await?;
    let now = Timestamp::now();
    let events = match model.current() {
        Some((chat, _)) => events(&doorway, &model, chat, Position::default()).await?.0,
        None => Vec::new(),
    };
    let file_name = text::file_name(model.id.as_str(), now);
    let document = Document {
        doorway,
        events,
        part: Part::Head(now),
        after: Position::default(),
        senders: VecDeque::new(),
        steps: Steps::new(),
        said: text::Said::default(),
        characters: 0,
        model,
    };
    let parts = futures::stream::unfold(Some(document), async |document| {
        let mut document = document?;
        let (part, is_last) = match document.next().await {
            Ok((part, is_last)) => (Ok(Bytes::from(part)), is_last),
            Err(failure) => {
                warn!(?failure, "export cut off");
                // The client sees it as well: the answer does not end as it should.
                (
                    Err(std::io::Error::other("the archive can't be read")),
                    true,
                )
            }
        };
        Some((part, (!is_last).then_some(document)))
    });
    let headers = [
        (CONTENT_TYPE, "text/markdown; charset=utf-8".to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file_name}\""),
        ),
    ];
    Ok((headers, Body::from_stream(parts)).into_response())
}

/// Events of a chat behind a place, and whether more follow.
async fn events(
    doorway: &Doorway,
    model: &Model,
    chat: &ChatId,
    after: Position,
) -> Result<(Vec<EventRow>, bool), Failure> {
    let query = EventsQuery {
        world: model.id.clone(),
        after,
        event_type: None,
        entity: None,
        heard_by: None,
        last: false,
        chat: Some(chat.clone()),
        limit: PAGE_ROWS_MAX,
        wait_for: Some(model.seq),
    };
    Ok(doorway.gateway.query(&query).await?)
}

/// A document that is being written.
struct Document {
    doorway: Arc<Doorway>,
    model: Model,
    events: Vec<EventRow>,
    part: Part,
    /// The last message that is written.
    after: Position,
    /// Who sent the latest messages.
    senders: VecDeque<(MessageId, EntityId)>,
    steps: Steps,
    said: text::Said,
    characters: usize,
}

/// What is written next.
enum Part {
    Head(Timestamp),
    Messages(ChatId),
    Tail,
}

impl Document {
    /// The next part, and whether it is the last.
    async fn next(&mut self) -> Result<(String, bool), Failure> {
        let (part, is_last) = match &self.part {
            Part::Head(now) => (self.head(*now), false),
            Part::Messages(chat) => (self.messages(chat.clone()).await?, false),
            Part::Tail => (self.tail(), true),
        };
        self.characters += part.chars().count();
        Ok((part, is_last))
    }

    fn head(&mut self, now: Timestamp) -> String {
        let head = text::head(&self.model, now);
        let current = self.model.current();
        let said = current.filter(|(_, chat)| chat.message_count > 0);
        self.part = match said {
            Some((id, _)) => Part::Messages(id.clone()),
            None => Part::Tail,
        };
        head
    }

    async fn messages(&mut self, chat: ChatId) -> Result<String, Failure> {
        let query = MessagesQuery {
            world: self.model.id.clone(),
            chat: Some(chat.clone()),
            search: None,
            page: PageStart::After(self.after),
            limit: PAGE_ROWS,
            wait_for: Some(self.model.seq),
        };
        let (rows, more) = self.doorway.gateway.query(&query).await?;
        let mut part = String::new();
        for row in &rows {
            part.push_str(&self.steps_before(&chat, Some(row.position)).await?);
            part.push_str(&self.message(row));
        }
        match rows.last().filter(|_| more) {
            Some(last) => self.after = last.position,
            None => {
                part.push_str(&self.steps_before(&chat, None).await?);
                part.push_str(&self.said.note());
                self.part = Part::Tail;
            }
        }
        Ok(part)
    }

    /// What agents did with tools before this place, for messages that were not taken back.
    async fn steps_before(
        &mut self,
        chat: &ChatId,
        place: Option<Position>,
    ) -> Result<String, Failure> {
        let mut part = String::new();
        loop {
            if let Some(after) = self.steps.wants() {
                let (rows, more) = events(&self.doorway, &self.model, chat, after).await?;
                self.steps.give(rows, more);
            }
            let Some((turn, steps)) = self.steps.before(place) else {
                return Ok(part);
            };
            let is_there = |turn: MessageId| sender_of(&self.senders, turn).is_some();
            if steps.is_empty() || !turn.is_some_and(is_there) {
                continue;
            }
            for step in steps {
                part.push_str(&self.step(&step));
            }
        }
    }

    fn step(&mut self, step: &Step) -> String {
        let question = match step {
            Step::Called { question, .. } => *question,
            Step::Returned { .. } => None,
        };
        let answered = question.and_then(|question| sender_of(&self.senders, question));
        text::step(&self.model, step, answered, &mut self.said)
    }

    fn message(&mut self, row: &MessageRow) -> String {
        let message = &row.message;
        let answered = message.in_reply_to;
        let answered = answered.and_then(|answered| sender_of(&self.senders, answered));
        let written = text::message(&self.model, message, answered, &mut self.said);
        self.senders.push_back((message.id, message.sender.clone()));
        if self.senders.len() > SENDERS_MAX {
            self.senders.pop_front();
        }
        written
    }

    fn tail(&self) -> String {
        let mut tail = String::from("---\n\n");
        if self.model.current().is_none() {
            tail.clear();
        } else {
            tail.push_str(&text::events(&self.events));
        }
        let characters = self.characters + tail.chars().count();
        tail.push_str(&text::metadata(&self.model, self.events.len(), characters));
        tail
    }
}

/// Who sent a message, if it is among the latest.
fn sender_of(senders: &VecDeque<(MessageId, EntityId)>, message: MessageId) -> Option<&str> {
    let mut newest_first = senders.iter().rev();
    let found = newest_first.find(|(id, _)| *id == message);
    found.map(|(_, sender)| sender.as_str())
}
