//! The state of a world: what its log adds up to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use contract::chat::ChatMessage;
use contract::chat::ChatText;
use contract::mind::ThinkTask;
use contract::tool::{Approval, ToolCall, ToolResult};
use contract::world::WorldDescription;
use contract::{
    ActionName, ApprovalId, Brain, Chat, ChatId, Commit, Entity, EntityId, EntityKind, EventType,
    MessageId, NewEvent, Rejection, RejectionCode, RunId, Seq, TimerId, Timestamp, WorldId,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::event_types::Version;
use super::memory::Memory;
use super::minds::Mind;
use super::talk::speaker::Speaker;
use super::{invalid, reject};

/// Messages of each chat that the state keeps; the archive has the rest.
pub(super) const TAIL_MESSAGES_MAX: usize = 200;

/// And their texts: an agent is not shown more in any case.
pub(super) const TAIL_BYTES_MAX: usize = 512 * 1024;

/// The state of a world: a fold over its log, and nothing else.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct World {
    /// Which world.
    pub id: WorldId,
    /// The last commit in this state; 0 before the first.
    pub seq: Seq,
    /// The time of that commit.
    pub at: Timestamp,
    /// When it was created.
    pub(super) created_at: Timestamp,
    /// `None` before it was created.
    pub(super) description: Option<WorldDescription>,
    pub(super) deleted: bool,
    pub(super) entities: BTreeMap<EntityId, Entity>,
    /// Who has abilities that answer events of a type, or `*`.
    pub(super) listeners: BTreeMap<String, BTreeSet<EntityId>>,
    /// The types of custom events that are checked, each with its versions, oldest first.
    pub(super) event_types: BTreeMap<EventType, Vec<Version>>,
    pub(super) chats: BTreeMap<ChatId, ChatState>,
    /// The chat that people see first.
    pub(super) current_chat: Option<ChatId>,
    /// How many answers each agent has given, or is to give, since somebody opened a turn.
    pub(super) calls: BTreeMap<EntityId, u32>,
    /// Who has said since then that it reached its limit.
    pub(super) limited: BTreeSet<EntityId>,
    /// Agents do not remember what was said up to then.
    pub(super) forgotten: BTreeMap<EntityId, Timestamp>,
    /// What the agents that act by themselves have in mind.
    pub(super) minds: BTreeMap<EntityId, Mind>,
    pub(super) turns: BTreeMap<MessageId, Turn>,
    pub(super) invocations: BTreeMap<RunId, Open>,
    /// Calls of tools that wait for a person.
    pub(super) approvals: BTreeMap<ApprovalId, Approval>,
    pub(super) timers: BTreeMap<TimerId, Timer>,
    /// Everything with a moment at which it is due, soonest first.
    pub(super) due: BTreeSet<(Timestamp, Due)>,
    /// The soonest wake that the broker was asked for.
    pub(super) wake: Option<Timestamp>,
    pub(super) memory: Memory,
    /// Agents that are free and have a message waiting. Empty between commits, unless there are more
    /// than one commit takes.
    pub(super) ready: BTreeSet<(ChatId, EntityId)>,
    /// Turns in which nobody has anything left to say. Empty between commits, as well.
    pub(super) turns_over: BTreeMap<MessageId, ChatId>,
    /// Agents that have something to decide by themselves. Empty between commits, as well.
    pub(super) stirred: BTreeSet<EntityId>,
    /// Runs of entities that were removed. Empty between commits, as well.
    pub(super) abandoned: BTreeSet<RunId>,
}

/// A chat, the end of what was said in it, and who is busy answering.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ChatState {
    pub(super) chat: Chat,
    pub(super) created_at: Timestamp,
    pub(super) tail: VecDeque<ChatMessage>,
    /// How many messages it has, those before the tail included.
    pub(super) message_count: u64,
    pub(super) answering: BTreeMap<EntityId, Answering>,
    /// Whether a model was asked for a title.
    pub(super) title_asked: bool,
}

/// What an agent has to answer in a chat: one message at a time, in the order of the chat.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Answering {
    pub(super) current: Option<RunId>,
    /// The answer that it is on its way to, by way of tools.
    pub(super) thread: Option<Thread>,
    pub(super) waiting: VecDeque<ChatMessage>,
}

impl Answering {
    /// Whether it answers a message: the next one has to wait.
    pub(super) fn is_busy(&self) -> bool {
        self.current.is_some() || self.thread.is_some()
    }

    /// Whether it can take its next step now: answer another message, or go on with its answer.
    pub(super) fn is_ready(&self) -> bool {
        self.current.is_none()
            && match &self.thread {
                Some(thread) => thread.is_settled(),
                None => !self.waiting.is_empty(),
            }
    }
}

/// The steps of an agent to the answer of one message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Thread {
    pub(super) question: ChatMessage,
    pub(super) steps: Vec<TakenStep>,
}

impl Thread {
    /// Whether every call has its result.
    pub(super) fn is_settled(&self) -> bool {
        let calls = self.steps.last().into_iter().flat_map(|step| &step.calls);
        calls.into_iter().all(|made| made.result.is_some())
    }

    /// The call of the last step that has this id.
    pub(super) fn call_mut(&mut self, id: &str) -> Option<&mut MadeCall> {
        let step = self.steps.last_mut()?;
        step.calls.iter_mut().find(|made| made.call.id == id)
    }
}

/// A step: what the model said, and the calls that it made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TakenStep {
    pub(super) said: String,
    pub(super) calls: Vec<MadeCall>,
}

/// A call, and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MadeCall {
    pub(super) call: ToolCall,
    /// The run that makes it.
    pub(super) run: Option<RunId>,
    /// What it waits for.
    pub(super) approval: Option<ApprovalId>,
    pub(super) result: Option<ToolResult>,
}

/// A message and all that it makes agents say.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Turn {
    pub(super) chat: ChatId,
    /// Answers that are being thought of, or wait to be.
    pub(super) open: u32,
}

/// A run of an action that has not ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Open {
    pub(super) action: ActionName,
    pub(super) agent: EntityId,
    pub(super) deadline: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) arguments: Option<Box<RawValue>>,
    /// The chat and the message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answers: Option<(ChatId, ChatMessage)>,
    /// The call of a tool that it makes for that answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) call: Option<String>,
    /// The ability of its entity that it makes good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ability: Option<ActionName>,
    /// The agent whose model called the ability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) caller: Option<EntityId>,
    /// What everything of the conversation or request shares that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) correlation: Option<Uuid>,
    /// How many runs led to it.
    pub(super) depth: u32,
    /// What it thinks about for an agent with a mind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) thinking: Option<ThinkTask>,
    /// The chat for which it finds a title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) titles: Option<ChatId>,
}

/// A timer that has not fired.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Timer {
    pub(super) due: Timestamp,
    pub(super) owner: EntityId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) repeat: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<NewEvent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<ChatText>,
}

/// What is due at some moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Due {
    Timer(TimerId),
    Deadline(RunId),
    Approval(ApprovalId),
}

impl Open {
    /// Whose answer it is for.
    pub(super) fn answerer(&self) -> &EntityId {
        self.caller.as_ref().unwrap_or(&self.agent)
    }
}

impl World {
    /// A world of which nothing is known: its log is empty.
    pub fn new(id: WorldId) -> Self {
        Self {
            id,
            seq: 0,
            at: Timestamp::default(),
            created_at: Timestamp::default(),
            description: None,
            deleted: false,
            entities: BTreeMap::new(),
            listeners: BTreeMap::new(),
            event_types: BTreeMap::new(),
            chats: BTreeMap::new(),
            current_chat: None,
            calls: BTreeMap::new(),
            limited: BTreeSet::new(),
            forgotten: BTreeMap::new(),
            minds: BTreeMap::new(),
            turns: BTreeMap::new(),
            invocations: BTreeMap::new(),
            approvals: BTreeMap::new(),
            timers: BTreeMap::new(),
            due: BTreeSet::new(),
            wake: None,
            memory: Memory::default(),
            ready: BTreeSet::new(),
            turns_over: BTreeMap::new(),
            stirred: BTreeSet::new(),
            abandoned: BTreeSet::new(),
        }
    }

    /// Whether it was created and not deleted.
    pub fn exists(&self) -> bool {
        self.description.is_some() && !self.deleted
    }

    /// When it was deleted, if it was.
    pub fn deleted_at(&self) -> Option<Timestamp> {
        self.deleted.then_some(self.at)
    }

    /// The soonest moment at which something is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        let has_work = !self.ready.is_empty()
            || !self.turns_over.is_empty()
            || !self.stirred.is_empty()
            || !self.abandoned.is_empty();
        if has_work {
            return Some(self.at);
        }
        self.due.first().map(|(due, _)| *due)
    }

    /// The wake that must be asked of the broker at `now`, if it is not asked for yet.
    pub fn wake_wanted(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.next_due()?;
        let asked = self.wake.is_some_and(|wake| wake <= due && wake > now);
        (!asked).then_some(due)
    }

    /// It is woken at `now`. The broker does so once for each wake that it is asked for, and its clock
    /// may be ahead: then it has to be asked again.
    pub fn woken(&mut self, now: Timestamp) {
        self.wake.take_if(|wake| *wake > now);
    }

    /// The answer that a command got, if it was accepted before; a refusal if that is forgotten.
    ///
    /// # Errors
    /// [`RejectionCode::Expired`] when the command is older than what is remembered.
    pub fn recall(
        &self,
        command: contract::CommandId,
    ) -> Result<Option<contract::Accepted>, Rejection> {
        self.memory.recall(command)
    }

    /// Closes a commit whose events are applied: nothing is added to it any more.
    pub fn close(&mut self, commit: &Commit) {
        self.at = commit.at;
        if commit.wake.is_some() {
            self.wake = commit.wake;
        }
    }

    /// Notes that a commit which was closed is in the log at `seq`.
    pub fn stored(&mut self, seq: Seq, commit: &Commit) {
        self.seq = seq;
        self.memory.remember(seq, commit);
    }

    pub(super) fn check_exists(&self) -> Result<&WorldDescription, Rejection> {
        match &self.description {
            _ if self.deleted => Err(reject(
                RejectionCode::WorldDeleted,
                format!("the world {} was deleted", self.id),
                None,
            )),
            Some(description) => Ok(description),
            None => Err(reject(
                RejectionCode::UnknownWorld,
                format!("there is no world {}", self.id),
                None,
            )),
        }
    }

    pub(super) fn check_entity(&self, id: &EntityId, field: &str) -> Result<&Entity, Rejection> {
        self.entities.get(id).ok_or_else(|| {
            let detail = format!("there is no entity {id} in the world {}", self.id);
            reject(RejectionCode::UnknownEntity, detail, Some(field.to_owned()))
        })
    }

    pub(super) fn check_chat(&self, id: &ChatId, field: &str) -> Result<&ChatState, Rejection> {
        self.chats.get(id).ok_or_else(|| {
            let detail = format!("there is no chat {id} in the world {}", self.id);
            reject(RejectionCode::UnknownChat, detail, Some(field.to_owned()))
        })
    }

    /// The agents that take part in a chat.
    pub(super) fn agents_of<'a>(&'a self, chat: &'a Chat) -> impl Iterator<Item = &'a Entity> {
        self.entities.values().filter(|entity| {
            entity.kind == EntityKind::Agent
                && (chat.agents.is_empty() || chat.agents.contains(&entity.id))
        })
    }

    /// Those of them that are asked to answer there: an agent's own client speaks when it likes.
    pub(super) fn answerers_of<'a>(&'a self, chat: &'a Chat) -> impl Iterator<Item = &'a Entity> {
        self.agents_of(chat).filter(|entity| {
            let brain = entity.agent.as_ref().map(|agent| &agent.brain);
            !matches!(brain, Some(Brain::Client {}))
        })
    }

    pub(super) fn is_agent(&self, id: &EntityId) -> bool {
        let entity = self.entities.get(id);
        entity.is_some_and(|entity| entity.kind == EntityKind::Agent)
    }

    /// Of what kind a sender is; somebody who has left is taken for a person.
    pub(super) fn speaker(&self, sender: &EntityId) -> Speaker {
        match self.entities.get(sender).map(|entity| entity.kind) {
            _ if sender.as_str() == "world" => Speaker::World,
            _ if sender.as_str() == "system" => Speaker::System,
            Some(EntityKind::Agent | EntityKind::Object) => Speaker::Agent,
            Some(EntityKind::User) | None => Speaker::Human,
        }
    }

    pub(super) fn check_text(text: &str, bytes_max: usize, field: &str) -> Result<(), Rejection> {
        if text.len() > bytes_max {
            let detail = format!(
                "{} bytes of text; at most {bytes_max} are taken",
                text.len()
            );
            return Err(reject(
                RejectionCode::TooLarge,
                detail,
                Some(field.to_owned()),
            ));
        }
        if text.contains('\0') {
            return Err(invalid(field, "a text has no NUL character"));
        }
        Ok(())
    }
}
