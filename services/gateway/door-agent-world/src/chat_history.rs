//! The whole history of a chat, from the archive: its messages, and the tool calls of agents between them.

use std::collections::{BTreeMap, VecDeque};

use contract::chat::ChatMessage;
use contract::commit::Position;
use contract::query::{EventsQuery, MessagesQuery, PAGE_ROWS_MAX, PageStart};
use contract::tool::ToolCall;
use contract::view::ChatOutline;
use contract::{ChatId, EntityId, EventId, MessageId, RunId, Timestamp};
use door_kit::{Problem, QueryRows};

use crate::state::AgentWorldState;
use crate::tool_entries::{ToolEntry, ToolEntryReader, TurnEntries};
use crate::world::World;

/// What happened in a chat, in the order of the log.
pub(crate) struct ChatHistory {
    pub(crate) chat: ChatId,
    /// The agents that take part; all of the world when there are none.
    pub(crate) agents: Vec<EntityId>,
    pub(crate) items: VecDeque<HistoryItem>,
}

/// One row of a chat.
#[derive(Debug)]
pub(crate) enum HistoryItem {
    Message(ChatMessage),
    Calls(ToolCalls),
    Result(CallResult),
}

/// The language model of an agent called tools.
#[derive(Debug)]
pub(crate) struct ToolCalls {
    /// The id that the message of the calls has in event streams.
    pub(crate) id: MessageId,
    pub(crate) agent: EntityId,
    pub(crate) at: Timestamp,
    pub(crate) text: String,
    pub(crate) calls: Vec<ToolCall>,
    /// The message that the agent answers.
    pub(crate) question: Option<MessageId>,
}

/// A call has its result.
#[derive(Debug)]
pub(crate) struct CallResult {
    /// The event with the result: it may have those of several calls.
    pub(crate) event: EventId,
    pub(crate) agent: EntityId,
    pub(crate) at: Timestamp,
    pub(crate) call: ToolCall,
    pub(crate) text: String,
    /// The message of the call.
    pub(crate) calls: Option<MessageId>,
}

/// Reads the history of a chat up to the commit that `world` shows. Of one with more than `bytes_max` bytes of
/// text, the beginning is left out.
///
/// # Errors
/// 503 when the archive did not answer.
pub(crate) async fn read(
    state: &AgentWorldState,
    world: &World,
    outline: &ChatOutline<'_>,
    bytes_max: usize,
) -> Result<ChatHistory, Problem> {
    let chat = &outline.chat.id;
    let mut reader = HistoryReader {
        state,
        world,
        chat,
        bytes_max,
        bytes: 0,
        entries: ToolEntryReader::new(),
        history: ItemList::default(),
    };
    let mut after = Position::default();
    loop {
        let query = MessagesQuery {
            world: world.id.clone(),
            chat: Some(chat.clone()),
            search: None,
            page: PageStart::After(after),
            limit: PAGE_ROWS_MAX,
            wait_for: Some(world.seq),
        };
        let QueryRows { rows, has_more } = state.doors.broker.query(&query).await?;
        let last = rows.last().map(|row| row.position);
        for row in rows {
            reader.read_events_before(Some(row.position)).await?;
            reader.push(HistoryItem::Message(row.message));
        }
        match last.filter(|_| has_more) {
            Some(last) => after = last,
            None => break,
        }
    }
    reader.read_events_before(None).await?;
    Ok(ChatHistory {
        chat: chat.clone(),
        agents: outline.chat.agents.clone(),
        items: reader.history.items,
    })
}

impl ChatHistory {
    /// Whether an agent takes part in the chat.
    pub(crate) fn has_agent(&self, agent: &EntityId) -> bool {
        self.agents.is_empty() || self.agents.contains(agent)
    }
}

struct HistoryReader<'a> {
    state: &'a AgentWorldState,
    world: &'a World,
    chat: &'a ChatId,
    bytes_max: usize,
    /// The bytes of the texts that are kept.
    bytes: usize,
    entries: ToolEntryReader,
    history: ItemList,
}

/// The rows that are kept, and where the messages among them are.
#[derive(Default)]
struct ItemList {
    items: VecDeque<HistoryItem>,
    /// How many were dropped at the beginning.
    dropped: usize,
    /// The places of messages, those that were dropped included: tool calls of their turns follow.
    places: BTreeMap<MessageId, usize>,
    /// The message with the calls that have no result yet, by agent and call.
    open: BTreeMap<(EntityId, String), MessageId>,
}

impl HistoryReader<'_> {
    /// Adds the tool calls before a position, of the turns whose messages were not removed.
    async fn read_events_before(&mut self, position: Option<Position>) -> Result<(), Problem> {
        loop {
            if let Some(after) = self.entries.next_page_after() {
                let query = EventsQuery {
                    world: self.world.id.clone(),
                    after,
                    event_type: None,
                    entity: None,
                    heard_by: None,
                    last: false,
                    chat: Some(self.chat.clone()),
                    session: None,
                    limit: PAGE_ROWS_MAX,
                    wait_for: Some(self.world.seq),
                };
                let page = self.state.doors.broker.query(&query).await?;
                self.entries.add_page(page);
            }
            let Some(found) = self.entries.next_before(position) else {
                return Ok(());
            };
            for item in self.history.items_of(found) {
                self.push(item);
            }
        }
    }

    fn push(&mut self, item: HistoryItem) {
        self.bytes += item.text_bytes();
        self.history.push(item);
        while self.bytes > self.bytes_max && self.history.items.len() > 1 {
            self.bytes -= self.history.drop_first();
        }
    }
}

impl ItemList {
    fn push(&mut self, item: HistoryItem) {
        let place = self.dropped + self.items.len();
        if let HistoryItem::Message(message) = &item {
            self.places.insert(message.id, place);
        }
        self.items.push_back(item);
    }

    /// Drops the first row, and returns how many bytes of text it had.
    fn drop_first(&mut self) -> usize {
        self.dropped += 1;
        let dropped = self.items.pop_front();
        dropped.map_or(0, |item| item.text_bytes())
    }

    /// The rows of an event, if its turn was not removed. The archive keeps who was to answer a message only
    /// in the event of it.
    fn items_of(&mut self, found: TurnEntries) -> Vec<HistoryItem> {
        let place = self.places.get(&found.event.message());
        let place = place.and_then(|place| place.checked_sub(self.dropped));
        if let Some(HistoryItem::Message(message)) = place.and_then(|at| self.items.get_mut(at)) {
            message.answerers = found.answerers;
        }
        let is_there = found
            .turn
            .is_some_and(|turn| self.places.contains_key(&turn));
        let entries = found.entries.into_iter().filter(|_| is_there);
        let (event, at) = (found.event, found.at);
        entries
            .map(|entry| self.item_of(entry, event, at))
            .collect()
    }

    fn item_of(&mut self, entry: ToolEntry, event: EventId, at: Timestamp) -> HistoryItem {
        match entry {
            ToolEntry::Calls {
                agent,
                run,
                text,
                calls,
                question,
            } => {
                let id = answer_id(run);
                // A call that is refused has its result in the same event.
                for call in &calls {
                    let key = (agent.clone(), call.id.clone());
                    self.open.insert(key, id);
                }
                HistoryItem::Calls(ToolCalls {
                    id,
                    agent,
                    at,
                    text,
                    calls,
                    question,
                })
            }
            ToolEntry::Result { agent, call, text } => {
                let key = (agent.clone(), call.id.clone());
                let calls = self.open.remove(&key);
                HistoryItem::Result(CallResult {
                    event,
                    agent,
                    at,
                    call,
                    text,
                    calls,
                })
            }
        }
    }
}

impl HistoryItem {
    pub(crate) fn at(&self) -> Timestamp {
        match self {
            Self::Message(message) => message.at,
            Self::Calls(calls) => calls.at,
            Self::Result(result) => result.at,
        }
    }

    /// The id that clients know the row by.
    pub(crate) fn is(&self, id: &str) -> bool {
        match self {
            Self::Message(message) => message.id.to_string() == id,
            Self::Calls(calls) => calls.id.to_string() == id,
            Self::Result(result) => format!("{}-{}", result.event, result.call.id) == id,
        }
    }

    fn text_bytes(&self) -> usize {
        match self {
            Self::Message(message) => message.text.len(),
            Self::Calls(ToolCalls { text, calls, .. }) => {
                let arguments = calls.iter().map(|call| call.arguments.get().len());
                text.len() + arguments.sum::<usize>()
            }
            Self::Result(result) => result.text.len(),
        }
    }
}

/// The id that event streams give the message of a run: that of the message that it would have posted.
fn answer_id(run: RunId) -> MessageId {
    run.completion().event(0).message()
}
