//! A document that is being written.

use std::collections::VecDeque;
use std::sync::Arc;

use contract::commit::Position;
use contract::query::{EventRow, EventsQuery, MessageRow, MessagesQuery, PAGE_ROWS_MAX, PageStart};
use contract::{ChatId, EntityId, MessageId, Timestamp};
use door_kit::QueryRows;

use super::exported_world::ExportedWorld;
use super::markdown::{self, RowCounts};
use crate::error::ApiError;
use crate::state::AgentWorldState;
use crate::tool_entries::{ToolEntry, ToolEntryReader, TurnEntries};

/// Messages of one page.
const PAGE_ROWS: u32 = 200;
/// The latest messages among which that is found which another replies to.
const SENDERS_MAX: usize = 5000;

/// A document that is being written.
pub(super) struct Document {
    state: Arc<AgentWorldState>,
    world: ExportedWorld,
    events: Vec<EventRow>,
    next: NextSection,
    /// The position of the last message that is written.
    after: Position,
    /// The senders of the latest messages.
    senders: VecDeque<(MessageId, EntityId)>,
    tool_entries: ToolEntryReader,
    counts: RowCounts,
    characters: usize,
}

/// A section of the document.
pub(super) enum Section {
    /// Others follow.
    More(String),
    Last(String),
}

enum NextSection {
    Head(Timestamp),
    Messages(ChatId),
    Tail,
}

impl Document {
    /// Begins the document, with the events of the open chat.
    pub(super) async fn begin(
        state: Arc<AgentWorldState>,
        world: ExportedWorld,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let events = match world.current() {
            Some(chat) => {
                read_events(&state, &world, &chat.chat.id, Position::default())
                    .await?
                    .rows
            }
            None => Vec::new(),
        };
        Ok(Self {
            state,
            events,
            next: NextSection::Head(now),
            after: Position::default(),
            senders: VecDeque::new(),
            tool_entries: ToolEntryReader::new(),
            counts: RowCounts::default(),
            characters: 0,
            world,
        })
    }

    pub(super) async fn next_section(&mut self) -> Result<Section, ApiError> {
        let section = match &self.next {
            NextSection::Head(now) => Section::More(self.head(*now)),
            NextSection::Messages(chat) => Section::More(self.messages(chat.clone()).await?),
            NextSection::Tail => Section::Last(self.tail()),
        };
        let (Section::More(text) | Section::Last(text)) = &section;
        self.characters += text.chars().count();
        Ok(section)
    }

    fn head(&mut self, now: Timestamp) -> String {
        let head = markdown::head(&self.world, now);
        let current = self.world.current();
        let with_messages = current.filter(|chat| chat.message_count > 0);
        self.next = match with_messages {
            Some(chat) => NextSection::Messages(chat.chat.id.clone()),
            None => NextSection::Tail,
        };
        head
    }

    async fn messages(&mut self, chat: ChatId) -> Result<String, ApiError> {
        let query = MessagesQuery {
            world: self.world.world.id.clone(),
            chat: Some(chat.clone()),
            search: None,
            page: PageStart::After(self.after),
            limit: PAGE_ROWS,
            wait_for: Some(self.world.world.seq),
        };
        let QueryRows { rows, has_more } = self.state.doors.broker.query(&query).await?;
        let mut text = String::new();
        for row in &rows {
            text.push_str(&self.tool_entries_before(&chat, Some(row.position)).await?);
            text.push_str(&self.message(row));
        }
        match rows.last().filter(|_| has_more) {
            Some(last) => self.after = last.position,
            None => {
                text.push_str(&self.tool_entries_before(&chat, None).await?);
                text.push_str(&self.counts.note());
                self.next = NextSection::Tail;
            }
        }
        Ok(text)
    }

    /// The tool calls before this position, for messages that were not removed.
    async fn tool_entries_before(
        &mut self,
        chat: &ChatId,
        position: Option<Position>,
    ) -> Result<String, ApiError> {
        let mut text = String::new();
        loop {
            if let Some(after) = self.tool_entries.next_page_after() {
                let page = read_events(&self.state, &self.world, chat, after).await?;
                self.tool_entries.add_page(page);
            }
            let Some(TurnEntries { turn, entries, .. }) = self.tool_entries.next_before(position)
            else {
                return Ok(text);
            };
            let exists = |turn: MessageId| sender_of(&self.senders, turn).is_some();
            if entries.is_empty() || !turn.is_some_and(exists) {
                continue;
            }
            for entry in entries {
                text.push_str(&self.tool_entry(&entry));
            }
        }
    }

    fn tool_entry(&mut self, entry: &ToolEntry) -> String {
        let question = match entry {
            ToolEntry::Calls { question, .. } => *question,
            ToolEntry::Result { .. } => None,
        };
        let asker = question.and_then(|question| sender_of(&self.senders, question));
        markdown::tool_entry(&self.world, entry, asker, &mut self.counts)
    }

    fn message(&mut self, row: &MessageRow) -> String {
        let message = &row.message;
        let replied_to = message.in_reply_to;
        let replied_to = replied_to.and_then(|message| sender_of(&self.senders, message));
        let text = markdown::message(&self.world, message, replied_to, &mut self.counts);
        self.senders.push_back((message.id, message.sender.clone()));
        if self.senders.len() > SENDERS_MAX {
            self.senders.pop_front();
        }
        text
    }

    fn tail(&self) -> String {
        let mut tail = String::from("---\n\n");
        if self.world.current().is_none() {
            tail.clear();
        } else {
            tail.push_str(&markdown::events(&self.events));
        }
        let characters = self.characters + tail.chars().count();
        let metadata = markdown::metadata(&self.world, self.events.len(), characters);
        tail.push_str(&metadata);
        tail
    }
}

/// A page of the events of a chat after a position.
async fn read_events(
    state: &AgentWorldState,
    world: &ExportedWorld,
    chat: &ChatId,
    after: Position,
) -> Result<QueryRows<EventRow>, ApiError> {
    let query = EventsQuery {
        world: world.world.id.clone(),
        after,
        event_type: None,
        entity: None,
        heard_by: None,
        last: false,
        chat: Some(chat.clone()),
        session: None,
        limit: PAGE_ROWS_MAX,
        wait_for: Some(world.world.seq),
    };
    Ok(state.doors.broker.query(&query).await?)
}

/// The sender of a message, if it is among the latest.
fn sender_of(senders: &VecDeque<(MessageId, EntityId)>, message: MessageId) -> Option<&str> {
    let mut newest_first = senders.iter().rev();
    let found = newest_first.find(|(id, _)| *id == message);
    found.map(|(_, sender)| sender.as_str())
}
