//! The tool calls of a chat, read from the archive beside its messages.

use std::collections::{BTreeMap, VecDeque};

use contract::commit::Position;
use contract::fact::ActionCompleted;
use contract::query::EventRow;
use contract::tool::{ToolCall, ToolResult};
use contract::{ApprovalId, EntityId, Event, EventId, Fact, MessageId, RunId, Timestamp};
use door_kit::QueryRows;

/// What an agent did with tools.
#[derive(Debug)]
pub(crate) enum ToolEntry {
    /// Its language model called them.
    Calls {
        agent: EntityId,
        run: RunId,
        text: String,
        calls: Vec<ToolCall>,
        /// The message that the agent answers.
        question: Option<MessageId>,
    },
    /// A call has its result.
    Result {
        agent: EntityId,
        call: ToolCall,
        text: String,
    },
}

/// The entries of one event, and the message that began its turn.
pub(crate) struct TurnEntries {
    pub(crate) event: EventId,
    pub(crate) at: Timestamp,
    pub(crate) turn: Option<MessageId>,
    pub(crate) entries: Vec<ToolEntry>,
    /// The agents that were to answer the message that the event is, if it is one.
    pub(crate) answerers: Vec<EntityId>,
}

/// The agent and the id of a call.
type CallKey = (EntityId, String);

/// Reads the entries from the events of a chat, and keeps what later events refer to.
pub(crate) struct ToolEntryReader {
    rows: VecDeque<EventRow>,
    /// The next page begins after this position; all pages were read when absent.
    next: Option<Position>,
    questions: BTreeMap<RunId, MessageId>,
    /// The calls without a result: those of one step of each agent.
    calls: BTreeMap<CallKey, ToolCall>,
    approvals: BTreeMap<ApprovalId, CallKey>,
}

impl ToolEntryReader {
    pub(crate) fn new() -> Self {
        Self {
            rows: VecDeque::new(),
            next: Some(Position::default()),
            questions: BTreeMap::new(),
            calls: BTreeMap::new(),
            approvals: BTreeMap::new(),
        }
    }

    /// The position after which the next page must be added, before there is a next event.
    pub(crate) fn next_page_after(&self) -> Option<Position> {
        self.next.filter(|_| self.rows.is_empty())
    }

    pub(crate) fn add_page(&mut self, page: QueryRows<EventRow>) {
        let QueryRows { rows, has_more } = page;
        self.next = rows.last().filter(|_| has_more).map(|row| row.position);
        self.rows.extend(rows);
    }

    /// The entries of the next event before this position, if there is one.
    pub(crate) fn next_before(&mut self, position: Option<Position>) -> Option<TurnEntries> {
        let is_before =
            |row: &mut EventRow| position.is_none_or(|position| row.position < position);
        let EventRow { at, event, .. } = self.rows.pop_front_if(is_before)?;
        let fact = Fact::parse(&event.event_type, &event.data);
        let (mut entries, mut answerers) = (Vec::new(), Vec::new());
        match fact {
            Ok(Some(Fact::MessagePosted(posted))) => answerers = posted.answerers,
            Ok(Some(fact)) => entries = self.entries(&event, fact),
            Ok(None) | Err(_) => {}
        }
        Some(TurnEntries {
            event: event.id,
            at,
            turn: event.correlation.map(MessageId),
            entries,
            answerers,
        })
    }

    fn entries(&mut self, event: &Event, fact: Fact) -> Vec<ToolEntry> {
        let agent = &event.sender;
        match fact {
            Fact::ActionRequested(requested) => {
                let question = requested.message.filter(|_| requested.call.is_none());
                let run = event.id.run();
                self.questions
                    .extend(question.map(|question| (run, question)));
                Vec::new()
            }
            Fact::ActionCompleted(done) => match &done.call {
                Some(call) => {
                    let result = ToolResult::from_output(done.output.as_deref());
                    self.result(agent, call, result.text)
                }
                None => self.tool_calls(agent, done),
            },
            Fact::ActionFailed(failed) => match &failed.call {
                Some(call) => self.result(agent, call, failed.reason),
                None => self.run_ended(failed.run),
            },
            Fact::ActionCancelled(cancelled) => match &cancelled.call {
                Some(call) => self.result(agent, call, ToolResult::CANCELLED.to_owned()),
                None => self.run_ended(cancelled.run),
            },
            Fact::ApprovalRequested(requested) => {
                let key = (agent.clone(), requested.call.id);
                self.approvals.insert(event.id.approval(), key);
                Vec::new()
            }
            Fact::ApprovalEnded(ended) => {
                let key = self.approvals.remove(&ended.approval);
                let result = ended.verdict.result();
                let (Some((agent, call)), Some(result)) = (key, result) else {
                    return Vec::new();
                };
                self.result(&agent, &call, result.text)
            }
            _ => Vec::new(),
        }
    }

    fn tool_calls(&mut self, agent: &EntityId, done: ActionCompleted) -> Vec<ToolEntry> {
        let question = self.questions.remove(&done.run);
        if done.calls.is_empty() {
            return Vec::new();
        }
        self.calls.retain(|(owner, _), _| owner != agent);
        for call in &done.calls {
            let key = (agent.clone(), call.id.clone());
            self.calls.insert(key, call.clone());
        }
        let mut entries = vec![ToolEntry::Calls {
            agent: agent.clone(),
            run: done.run,
            text: done.said,
            calls: done.calls.clone(),
            question,
        }];
        for call in &done.calls {
            if let Some(reason) = &call.refused {
                entries.extend(self.result(agent, &call.id, reason.clone()));
            }
        }
        entries
    }

    fn result(&mut self, agent: &EntityId, call: &str, text: String) -> Vec<ToolEntry> {
        let call = self.calls.remove(&(agent.clone(), call.to_owned()));
        let entry = call.map(|call| ToolEntry::Result {
            agent: agent.clone(),
            call,
            text,
        });
        Vec::from_iter(entry)
    }

    fn run_ended(&mut self, run: RunId) -> Vec<ToolEntry> {
        self.questions.remove(&run);
        Vec::new()
    }
}
