//! The chats of a world, as the log adds them up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;

use contract::chat::{ChatMessage, Unanswered};
use contract::{Chat, ChatId, Command, EntityId, MessageId, RunId, Timestamp};
use serde::{Deserialize, Serialize};

use super::queued_chats::QueuedChats;
use super::recalled::RecalledMessage;

/// The chats of a world.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Chats {
    pub(super) by_id: BTreeMap<ChatId, ChatState>,
    /// The chat that people see first.
    pub(super) current: Option<ChatId>,
    /// How many model requests the answers of each agent have cost, or will, since somebody opened a
    /// turn.
    pub(super) model_requests: BTreeMap<EntityId, u32>,
    /// The agents whose notice was posted since then.
    pub(super) limited: BTreeSet<EntityId>,
    /// Agents do not remember what was posted up to then.
    pub(super) forgotten: BTreeMap<EntityId, Timestamp>,
    pub(super) turns: BTreeMap<MessageId, Turn>,
    /// The message on the way to whose answer each open run is, and its chat.
    pub(super) questions: BTreeMap<RunId, (ChatId, ChatMessage)>,
    /// Agents that are free and have a message waiting. Empty between commits, unless there are more
    /// than one commit takes.
    pub(super) answers_due: BTreeSet<(ChatId, EntityId)>,
    /// Turns in which no answer is awaited any more. Empty between commits, as well.
    pub(super) finished_turns: BTreeMap<MessageId, ChatId>,
    #[serde(skip)]
    pub(super) queued: QueuedChats,
    /// What a command is given, and no part of the state.
    #[serde(skip)]
    pub(super) recalled: Option<RecalledMessage>,
    /// How many times messages were removed since the state was loaded.
    #[serde(skip)]
    pub(super) removals: u64,
}

/// A chat, the end of what was posted in it, and who is answering.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ChatState {
    pub(super) chat: Chat,
    pub(super) created_at: Timestamp,
    pub(super) tail: VecDeque<ChatMessage>,
    /// How many messages it has, those before the tail included.
    pub(super) message_count: u64,
    pub(super) queues: BTreeMap<EntityId, AnswerQueue>,
    /// Whether a title was requested from a model.
    pub(super) title_requested: bool,
}

/// What an agent has to answer in a chat: one message at a time, in the order of the chat.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct AnswerQueue {
    pub(super) current: Option<CurrentAnswer>,
    pub(super) waiting: VecDeque<ChatMessage>,
}

/// The answer that an agent is on its way to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CurrentAnswer {
    pub(super) question: ChatMessage,
    /// The run in which it goes on; none while the calls of its tool loop run.
    pub(super) run: Option<RunId>,
}

/// A message and all the answers that it causes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Turn {
    pub(super) chat: ChatId,
    /// Answers that are awaited.
    pub(super) open: u32,
    /// Why nobody has answered so far; none once somebody has, and in states of earlier builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) unanswered: Option<Unanswered>,
}

impl Chats {
    pub(crate) fn get(&self, id: &ChatId) -> Option<&ChatState> {
        self.by_id.get(id)
    }

    /// All of them, by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&ChatId, &ChatState)> {
        self.by_id.iter()
    }

    /// Those behind `after`, or all of them, by id.
    pub(crate) fn after(
        &self,
        after: Option<&ChatId>,
    ) -> impl Iterator<Item = (&ChatId, &ChatState)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_id.range((start, Bound::Unbounded))
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The chat that people see first.
    pub(crate) fn current(&self) -> Option<&ChatId> {
        self.current.as_ref()
    }

    /// How many model requests each agent has made since somebody opened a turn.
    pub(crate) fn model_requests(&self) -> &BTreeMap<EntityId, u32> {
        &self.model_requests
    }

    /// Up to when each agent remembers nothing.
    pub(crate) fn forgotten(&self) -> &BTreeMap<EntityId, Timestamp> {
        &self.forgotten
    }

    /// The message on the way to whose answer a run is, and its chat.
    pub(crate) fn question(&self, run: RunId) -> Option<&(ChatId, ChatMessage)> {
        self.questions.get(&run)
    }

    /// Whether something is to follow at once.
    pub(crate) fn has_work(&self) -> bool {
        !self.answers_due.is_empty() || !self.finished_turns.is_empty()
    }

    /// How many agents may be requested to answer at once.
    pub(crate) fn answers_due(&self) -> usize {
        self.answers_due.len()
    }

    /// How many turns have finished.
    pub(crate) fn finished_turns(&self) -> usize {
        self.finished_turns.len()
    }

    /// Turns in which answers are awaited, or that have not ended.
    #[cfg(test)]
    pub(crate) fn open_turns(&self) -> usize {
        self.turns.len()
    }

    /// The message that a command needs from the archive: the state does not keep it any more, if the chat
    /// ever had it.
    pub(crate) fn message_to_recall(&self, command: &Command) -> Option<(&ChatId, MessageId)> {
        let (Command::RemoveMessage { chat, message } | Command::EditMessage { chat, message, .. }) =
            command
        else {
            return None;
        };
        let (chat, state) = self.by_id.get_key_value(chat)?;
        let is_kept = state.tail.iter().any(|kept| kept.id == *message);
        let has_older = state.message_count > state.tail.len() as u64;
        (!is_kept && has_older).then_some((chat, *message))
    }

    /// Gives the commands that follow a message from the archive, or takes it back.
    pub(crate) fn set_recalled(&mut self, recalled: Option<RecalledMessage>) {
        self.recalled = recalled;
    }

    /// How many times messages were removed since the state was loaded.
    pub(crate) fn removals(&self) -> u64 {
        self.removals
    }

    pub(super) fn queue(&self, chat: &ChatId, agent: &EntityId) -> Option<&AnswerQueue> {
        self.by_id.get(chat)?.queues.get(agent)
    }

    /// The chats in which an agent answers, or has a message waiting.
    pub(super) fn queued_chats(&mut self, agent: &EntityId) -> Vec<ChatId> {
        let queues = self.by_id.iter();
        let queues =
            queues.flat_map(|(chat, state)| state.queues.keys().map(move |queued| (chat, queued)));
        self.queued.of(agent, queues)
    }

    /// The queue of an agent in a chat, which is new when it has none.
    pub(super) fn queue_or_new(
        &mut self,
        chat: &ChatId,
        agent: &EntityId,
    ) -> Option<&mut AnswerQueue> {
        let state = self.by_id.get_mut(chat)?;
        self.queued.add(agent, chat);
        Some(state.queues.entry(agent.clone()).or_default())
    }

    /// Removes the queue of an agent in a chat.
    pub(super) fn remove_queue(&mut self, chat: &ChatId, agent: &EntityId) -> Option<AnswerQueue> {
        self.queued.remove(agent, chat);
        self.by_id.get_mut(chat)?.queues.remove(agent)
    }

    /// Removes the queues of a chat in which nothing is left.
    pub(super) fn remove_empty_queues(&mut self, chat: &ChatId) {
        let Some(state) = self.by_id.get_mut(chat) else {
            return;
        };
        let is_empty = |queue: &AnswerQueue| queue.current.is_none() && queue.waiting.is_empty();
        let removed = state.queues.extract_if(.., |_, queue| is_empty(queue));
        for (agent, _) in removed {
            self.queued.remove(&agent, chat);
        }
    }

    /// Whether the index of queues is what the queues are.
    #[cfg(test)]
    pub(crate) fn has_exact_index(&self) -> bool {
        let queues = self.by_id.iter();
        let queues = queues.flat_map(|(chat, state)| {
            let agents = state.queues.keys();
            agents.map(move |agent| (chat.clone(), agent.clone()))
        });
        let queues: BTreeSet<_> = queues.collect();
        self.queued.made().is_none_or(|made| made == queues)
    }

    /// How many chats are read when an agent may answer, or may not any more.
    #[cfg(test)]
    pub(crate) fn chats_to_read(&mut self, agent: &EntityId) -> usize {
        self.queued_chats(agent).len()
    }

    pub(super) fn queue_mut(
        &mut self,
        chat: &ChatId,
        agent: &EntityId,
    ) -> Option<&mut AnswerQueue> {
        self.by_id.get_mut(chat)?.queues.get_mut(agent)
    }
}

impl ChatState {
    /// What the chat is.
    pub(crate) fn chat(&self) -> &Chat {
        &self.chat
    }

    pub(crate) fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When its last message was posted, or it began.
    pub(super) fn last_used(&self) -> Timestamp {
        self.tail.back().map_or(self.created_at, |last| last.at)
    }

    /// The latest messages.
    pub(crate) fn tail(&self) -> &VecDeque<ChatMessage> {
        &self.tail
    }

    pub(crate) fn message_count(&self) -> u64 {
        self.message_count
    }

    /// The agents that answer, or have a message waiting.
    pub(crate) fn answering(&self) -> impl Iterator<Item = &EntityId> {
        self.queues.keys()
    }

    /// Messages that wait for an answer.
    pub(super) fn waiting(&self) -> usize {
        let queues = self.queues.values();
        queues.map(|queue| queue.waiting.len()).sum()
    }
}

impl AnswerQueue {
    /// The run that answers now.
    pub(super) fn run(&self) -> Option<RunId> {
        self.current.as_ref()?.run
    }
}
