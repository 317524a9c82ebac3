//! The payloads of the built-in events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ability::{EntityPatch, EventTypeVersion, Perception};
use crate::command::ChatText;
use crate::entity::ChatModel;
use crate::mind::{Summary, ThinkTask};
use crate::tool::{McpServers, ToolCall, Verdict};
use crate::{
    ActionName, ApprovalId, Chat, ChatId, Entity, EntityId, EventType, MessageId, NewEvent, RunId,
    TimerId, Timestamp, Usage,
};

macro_rules! facts {
    ($($(#[$doc:meta])* $variant:ident($body:ty) = $name:literal;)*) => {
        /// What a built-in event says. A custom event is not one: it passes through unread.
        #[derive(Debug, Clone)]
        pub enum Fact {
            $($(#[$doc])* $variant($body),)*
        }

        impl Fact {
            /// The type of the event that carries this.
            pub fn event_type(&self) -> EventType {
                EventType::built_in(match self { $(Self::$variant(_) => $name,)* })
            }

            /// The payload as JSON.
            ///
            /// # Errors
            /// None that a caller can meet: every payload is a plain structure.
            pub fn to_data(&self) -> serde_json::Result<Box<RawValue>> {
                match self { $(Self::$variant(body) => serde_json::value::to_raw_value(body),)* }
            }

            /// Reads the payload of an event; `None` when its type is not built in.
            ///
            /// # Errors
            /// When the payload is not what the type promises.
            pub fn parse(event_type: &EventType, data: &RawValue) -> serde_json::Result<Option<Self>> {
                match event_type.as_str() {
                    $($name => serde_json::from_str(data.get()).map(Self::$variant).map(Some),)*
                    _ => Ok(None),
                }
            }
        }

        /// Every built-in event type.
        pub const BUILT_IN: &[&str] = &[$($name,)*];

        pub(crate) fn built_in_type(text: &str) -> Option<EventType> {
            match text {
                $($name => Some(EventType::built_in($name)),)*
                _ => None,
            }
        }
    };
}

facts! {
    /// A world began.
    WorldCreated(WorldDescription) = "world.created";
    /// A world's description changed.
    WorldUpdated(WorldDescription) = "world.updated";
    /// A world ended: nothing follows in its log.
    WorldDeleted(Empty) = "world.deleted";
    /// A type of custom events is checked from now on, or checked in another way.
    EventTypeRegistered(EventTypeVersion) = "world.event_type_registered";
    /// An entity came into the world.
    EntityCreated(Entity) = "entity.created";
    /// An entity is now as given.
    EntityUpdated(Entity) = "entity.updated";
    /// The state of an entity changed, or who holds it, or where it is.
    EntityChanged(EntityChanged) = "entity.changed";
    /// An entity left the world.
    EntityRemoved(EntityRemoved) = "entity.removed";
    /// A chat began.
    ChatCreated(Chat) = "chat.created";
    /// A chat is now as given.
    ChatUpdated(Chat) = "chat.updated";
    /// A chat is now the one that people see first.
    ChatOpened(ChatOpened) = "chat.opened";
    /// A chat ended.
    ChatDeleted(ChatDeleted) = "chat.deleted";
    /// Whatever waited to be answered in a chat was called off.
    ChatStopped(ChatStopped) = "chat.stopped";
    /// Everyone whom a message made speak has ended, or nobody was to speak.
    TurnEnded(TurnEnded) = "chat.turn_ended";
    /// A message was posted in a chat.
    MessagePosted(MessagePosted) = "message.posted";
    /// A message, and all that followed it in its chat, was taken back.
    MessageRemoved(MessageRemoved) = "message.removed";
    /// An agent forgot everything that was said before.
    AgentForgot(AgentForgot) = "agent.forgot";
    /// An agent with a mind has thought about what to do.
    AgentThought(AgentThought) = "agent.thought";
    /// An agent remembers from now on in short what it remembered word for word.
    AgentSummarised(AgentSummarised) = "agent.summarised";
    /// A run of an action is wanted. The event's id is the invocation's.
    ActionRequested(ActionRequested) = "action.requested";
    /// A run of an action succeeded.
    ActionCompleted(ActionCompleted) = "action.completed";
    /// A run of an action failed, for good.
    ActionFailed(ActionFailed) = "action.failed";
    /// A run of an action was called off.
    ActionCancelled(ActionCancelled) = "action.cancelled";
    /// A call of a tool waits for a person. The event's id is the approval's.
    ApprovalRequested(ApprovalRequested) = "approval.requested";
    /// A person has said what becomes of a call, or nobody is waited for any more.
    ApprovalEnded(ApprovalEnded) = "approval.ended";
    /// A timer will fire.
    TimerSet(TimerSet) = "timer.set";
    /// A timer fired.
    TimerFired(TimerFired) = "timer.fired";
    /// A timer was called off.
    TimerCancelled(TimerCancelled) = "timer.cancelled";
}

/// A payload that says no more than its type.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Empty {}

/// What a world is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorldDescription {
    /// What people call it.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// See [`WorldSpec::turn_limit`](crate::WorldSpec::turn_limit).
    pub turn_limit: u32,
    /// See [`WorldSpec::main_agent`](crate::WorldSpec::main_agent).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub main_agent: String,
    /// See [`WorldSpec::variables`](crate::WorldSpec::variables).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variables: String,
    /// Whatever else is known of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, serde_json::Value>,
    /// See [`WorldSpec::chat_model`](crate::WorldSpec::chat_model).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_model: Option<ChatModel>,
    /// See [`WorldSpec::mcp_servers`](crate::WorldSpec::mcp_servers).
    #[serde(default, skip_serializing_if = "McpServers::is_empty")]
    pub mcp_servers: McpServers,
    /// See [`WorldSpec::perception`](crate::WorldSpec::perception).
    #[serde(default, skip_serializing_if = "Perception::is_default")]
    pub perception: Perception,
}

/// See [`Fact::EntityChanged`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EntityChanged {
    /// What changed.
    pub change: EntityPatch,
}

/// See [`Fact::EntityRemoved`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EntityRemoved {
    /// Who left.
    pub entity: EntityId,
}

/// See [`Fact::ChatDeleted`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChatDeleted {
    /// The chat that ended.
    pub chat: ChatId,
}

/// See [`Fact::ChatOpened`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChatOpened {
    /// The chat.
    pub chat: ChatId,
}

/// See [`Fact::MessageRemoved`]. The event's chat is the messages'.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MessageRemoved {
    /// The first message that is gone.
    pub message: MessageId,
}

/// See [`Fact::AgentForgot`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AgentForgot {
    /// Who forgot.
    pub agent: EntityId,
}

/// See [`Fact::AgentThought`]. The event's sender is the agent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AgentThought {
    /// What it means to do from now on; as before when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Vec<String>>,
    /// What it thought, by what it thought about. An empty text forgets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub thoughts: BTreeMap<String, String>,
    /// Whether it is done with what woke it. It sleeps, unless something else has woken it since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sleeps: bool,
    /// Whether it has taken as many decisions as it may: it leaves what woke it, up to what a person
    /// wants of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exhausted: bool,
}

/// See [`Fact::AgentSummarised`]. The event's sender is the agent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AgentSummarised {
    /// What it remembers so.
    pub summary: Summary,
}

/// See [`Fact::ChatStopped`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChatStopped {
    /// The chat.
    pub chat: ChatId,
}

/// See [`Fact::TurnEnded`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TurnEnded {
    /// The message that began the turn.
    pub turn: MessageId,
}

/// See [`Fact::MessagePosted`]. The event's id is the message's, its sender the author.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MessagePosted {
    /// What was said.
    pub text: String,
    /// The message that began the turn: this one's own id when a person speaks.
    pub turn: MessageId,
    /// The message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<MessageId>,
    /// Which agents are to answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answerers: Vec<EntityId>,
    /// Whether it only says that its sender has had its turns: the world says so in its name, and
    /// nobody remembers it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notice: bool,
    /// Whether its sender is an agent: the event alone must tell whoever passes it on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_agent: bool,
    /// What it cost to think of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// See [`Fact::ActionRequested`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActionRequested {
    /// The name under which workers offer it.
    pub action: ActionName,
    /// Whose action it is.
    pub agent: EntityId,
    /// What it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Box<RawValue>>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// The turn that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<MessageId>,
    /// The call of a tool that it makes, by its id: one of those of the agent's last step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// The ability of its entity that it makes good. Its arguments are the event that asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ability: Option<ActionName>,
    /// The agent whose model called the ability: on its way to the answer of the message, or by
    /// itself, when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<EntityId>,
    /// How many runs led to this one, each by an event that it sent.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u32,
    /// What it thinks about for an agent with a mind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<ThinkTask>,
    /// If it has not ended by then, it has failed.
    pub deadline: Timestamp,
}

impl ActionRequested {
    /// A run of which no more than this is known: whose it is, and until when.
    pub fn new(action: ActionName, agent: EntityId, deadline: Timestamp) -> Self {
        Self {
            action,
            agent,
            arguments: None,
            message: None,
            turn: None,
            call: None,
            ability: None,
            caller: None,
            depth: 0,
            thinking: None,
            deadline,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// See [`Fact::ActionCompleted`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActionCompleted {
    /// Which run.
    pub invocation: RunId,
    /// The call of a tool that it made, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Box<RawValue>>,
    /// What its agent's model said before it called tools.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
    /// The tools that it called: the agent goes on when all of them have answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ToolCall>,
    /// What it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// See [`Fact::ActionFailed`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActionFailed {
    /// Which run.
    pub invocation: RunId,
    /// The call of a tool that it made, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// A word for programs, such as `model_timeout`.
    pub code: String,
    /// A sentence for people.
    pub reason: String,
}

/// See [`Fact::ActionCancelled`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActionCancelled {
    /// Which run.
    pub invocation: RunId,
    /// The call of a tool that it made, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
}

/// See [`Fact::ApprovalRequested`]. The event's sender is the agent, its chat where it answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApprovalRequested {
    /// The run that called.
    pub invocation: RunId,
    /// The call.
    pub call: ToolCall,
    /// Nobody is waited for after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
}

/// See [`Fact::ApprovalEnded`]. The event's sender is whoever said it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApprovalEnded {
    /// Which.
    pub approval: ApprovalId,
    /// What was said.
    pub verdict: Verdict,
}

/// See [`Fact::TimerSet`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TimerSet {
    /// The timer; one of the same id is replaced.
    pub timer: TimerId,
    /// When it fires.
    pub due: Timestamp,
    /// When it fires again: a cron expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
    /// What is sent then, beside `timer.fired`, in the name of whoever set the timer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<NewEvent>,
    /// What is said then, in the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<ChatText>,
}

/// See [`Fact::TimerFired`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TimerFired {
    /// The timer.
    pub timer: TimerId,
    /// When it was due.
    pub due: Timestamp,
    /// Why what it was to send or say was not sent or said, if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// See [`Fact::TimerCancelled`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TimerCancelled {
    /// The timer.
    pub timer: TimerId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_type_is_reserved() {
        for name in BUILT_IN {
            assert!(name.parse::<EventType>().unwrap().is_reserved(), "{name}");
        }
    }
}
