//! The payloads of the built-in events.

mod run;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use run::{ActionCancelled, ActionCompleted, ActionFailed, ActionStarted};

use crate::ability::{EntityPatch, EventTypeVersion};
use crate::behaviour::{
    BadgeAwarded, BehaviourDeferred, BehaviourDelayEnded, BehaviourPaused, BehaviourRemoved,
    BehaviourResumed, BehaviourSet, BehaviourTransitioned, BehaviourWaiting, DeclaredAction,
    MemoryChange,
};
use crate::chat::{Chat, ChatText, KeptMessages, Unanswered};
use crate::entity::{Entity, EntityKind};
use crate::event::NewEvent;
use crate::event_type::EventType;
use crate::fact_kind::FactKind;
use crate::flow::{
    FlowDeclared, FlowEvent, FlowPassed, FlowRemoved, NodeStep, SessionChanged, SessionEnded,
    SessionInterrupted, SessionStarted,
};
use crate::id::{ActionName, ApprovalId, ChatId, CommandId, EntityId, MessageId, RunId, TimerId};
use crate::interaction::{
    InteractionAccepted, InteractionEnded, InteractionProgressed, InteractionRequested,
    InteractionReturned, InteractionShown, InteractionStep,
};
use crate::mind::{Summary, ThinkTask};
use crate::presence::{EntitiesConnected, EntitiesDisconnected, PresenceEnded};
use crate::processor::ProcessorLearned;
use crate::purpose_kind::PurposeKind;
use crate::stream::{StreamAppended, StreamDeclared, StreamRemoved};
use crate::timestamp::Timestamp;
use crate::tool::{ToolCall, Verdict};
use crate::usage::Usage;
use crate::world::WorldDescription;

macro_rules! facts {
    ($($(#[$doc:meta])* $variant:ident($body:ty);)*) => {
        /// The payload of a built-in event. A custom event has none of these: it passes through unread.
        #[derive(Debug, Clone)]
        pub enum Fact {
            $($(#[$doc])* $variant($body),)*
        }

        impl Fact {
            /// Its kind.
            pub const fn kind(&self) -> FactKind {
                match self { $(Self::$variant(_) => FactKind::$variant,)* }
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
                let Some(kind) = event_type.built_in() else {
                    return Ok(None);
                };
                match kind {
                    $(FactKind::$variant => serde_json::from_str(data.get()).map(Self::$variant).map(Some),)*
                }
            }
        }
    };
}

facts! {
    /// A world began.
    WorldCreated(WorldDescription);
    /// A world's description changed.
    WorldUpdated(WorldDescription);
    /// A world ended: nothing follows in its log.
    WorldDeleted(Empty);
    /// A description that does not fit in one commit is being applied: nothing else happens meanwhile.
    WorldApplyBegun(WorldApplyBegun);
    /// All of that description is applied.
    WorldApplyEnded(WorldApplyEnded);
    /// A client has changed what the world is made of, with the events before this one that have the same command.
    ConfigurationChanged(ConfigurationChanged);
    /// A type of custom events is checked from now on, or checked in another way.
    EventTypeRegistered(EventTypeVersion);
    /// An entity came into the world.
    EntityCreated(Entity);
    /// An entity is now as given.
    EntityUpdated(Entity);
    /// The state of an entity changed, or who holds it, or where it is.
    EntityChanged(EntityChanged);
    /// An entity left the world.
    EntityRemoved(EntityRemoved);
    /// Entities have a connection through a gateway.
    EntitiesConnected(EntitiesConnected);
    /// Entities have no connection through a gateway any more.
    EntitiesDisconnected(EntitiesDisconnected);
    /// Entities are not present any more: their links end.
    PresenceEnded(PresenceEnded);
    /// A chat began.
    ChatCreated(Chat);
    /// A chat is now as given.
    ChatUpdated(Chat);
    /// A chat is now the one that people see first.
    ChatOpened(ChatOpened);
    /// A chat ended.
    ChatDeleted(ChatDeleted);
    /// All answers of a chat that had not ended were cancelled.
    ChatStopped(ChatStopped);
    /// All answers to a message have ended, or there were none.
    TurnEnded(TurnEnded);
    /// A message was posted in a chat.
    MessagePosted(MessagePosted);
    /// A message, and all that followed it in its chat, was taken back.
    MessageRemoved(MessageRemoved);
    /// An agent forgot all messages before.
    AgentForgot(AgentForgot);
    /// An agent with a mind has thought about what to do.
    AgentThought(AgentThought);
    /// An agent remembers from now on in short what it remembered word for word.
    AgentSummarised(AgentSummarised);
    /// A run of an action is requested. The event's id is the run's.
    ActionRequested(ActionRequested);
    /// A run that was queued begins: its deadline counts from here.
    ActionStarted(ActionStarted);
    /// A run of an action succeeded.
    ActionCompleted(ActionCompleted);
    /// A run of an action failed, for good.
    ActionFailed(ActionFailed);
    /// A run of an action was cancelled.
    ActionCancelled(ActionCancelled);
    /// A custom action that a worker has registered is declared in the world from now on.
    ActionDeclared(DeclaredAction);
    /// A call of a tool waits for a person. The event's id is the approval's.
    ApprovalRequested(ApprovalRequested);
    /// A person has decided about a call, or nobody is waited for any more.
    ApprovalEnded(ApprovalEnded);
    /// An entity requests something of others. The event's id is the interaction's.
    InteractionRequested(InteractionRequested);
    /// A target has accepted a request: it does it now.
    InteractionAccepted(InteractionAccepted);
    /// A target has done some of the steps of a request.
    InteractionProgressed(InteractionProgressed);
    /// A request has ended for one of its targets.
    InteractionEnded(InteractionEnded);
    /// A target could not do a request that it had accepted: the request waits again.
    InteractionReturned(InteractionReturned);
    /// An entity shows how a request of its own has ended.
    InteractionShown(InteractionShown);
    /// The behaviour of an entity is now as given.
    BehaviourSet(BehaviourSet);
    /// An entity has no behaviour any more.
    BehaviourRemoved(BehaviourRemoved);
    /// A machine makes no transitions for now.
    BehaviourPaused(BehaviourPaused);
    /// A machine makes transitions again.
    BehaviourResumed(BehaviourResumed);
    /// A machine has made a transition.
    BehaviourTransitioned(BehaviourTransitioned);
    /// A machine has begun an action, and waits for its end.
    BehaviourWaiting(BehaviourWaiting);
    /// A time has passed for which a machine has waited.
    BehaviourDelayEnded(BehaviourDelayEnded);
    /// Machines go on with the next commit.
    BehaviourDeferred(BehaviourDeferred);
    /// An action has changed what an entity knows of others.
    BehaviourChanged(MemoryChange);
    /// An entity has got a badge.
    BadgeAwarded(BadgeAwarded);
    /// The processor of an entity has learned.
    ProcessorLearned(ProcessorLearned);
    /// A stream is now as given.
    StreamDeclared(StreamDeclared);
    /// A stream ended, and its samples with it.
    StreamRemoved(StreamRemoved);
    /// Samples were appended to a stream.
    StreamAppended(StreamAppended);
    /// A flow is now as given.
    FlowDeclared(FlowDeclared);
    /// A flow is not there any more. Its open sessions go on.
    FlowRemoved(FlowRemoved);
    /// A client or a node has sent an event in a session.
    FlowEvent(FlowEvent);
    /// An event of a session has left a node at which it was queued.
    FlowPassed(FlowPassed);
    /// A session began. The event's id is the session's.
    SessionStarted(SessionStarted);
    /// What is known of a session has changed.
    SessionChanged(SessionChanged);
    /// A session was interrupted: what was answered is not answered any more.
    SessionInterrupted(SessionInterrupted);
    /// A session ended.
    SessionEnded(SessionEnded);
    /// A timer will fire.
    TimerSet(TimerSet);
    /// A timer fired.
    TimerFired(TimerFired);
    /// A timer was cancelled.
    TimerCancelled(TimerCancelled);
}

impl Fact {
    /// The type of the event that holds this.
    pub const fn event_type(&self) -> EventType {
        EventType::of(self.kind())
    }
}

/// A payload without fields.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Empty {}

/// See [`Fact::WorldApplyBegun`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldApplyBegun {
    /// The command under whose id the description is stored.
    pub command: CommandId,
}

/// See [`Fact::WorldApplyEnded`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WorldApplyEnded {
    /// Why the rest of it is not applied, when that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// See [`Fact::ConfigurationChanged`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationChanged {
    /// The client, as the gateway authenticated it: `key:` and the name or the fingerprint of an API key, or `token:`
    /// and the subject of a token.
    pub principal: String,
    /// The command that changed it.
    pub command: CommandId,
    /// The types of the events of the change.
    pub changes: BTreeSet<EventType>,
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
    /// What is left of the chat. Only when the message was older than what the state keeps of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptMessages>,
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
    /// Why nobody answered the message; absent when somebody did, and in logs of earlier builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<Unanswered>,
}

/// See [`Fact::MessagePosted`]. The event's id is the message's, its sender the author.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MessagePosted {
    /// The text.
    pub text: String,
    /// The message that began the turn: this one's own id when a person sent it.
    pub turn: MessageId,
    /// The message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<MessageId>,
    /// Which agents are to answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answerers: Vec<EntityId>,
    /// Whether it is a notice: the world wrote in its sender's name that the limit of turns is reached.
    /// No agent remembers it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notice: bool,
    /// Whether its sender is an agent: a reader of the event alone has to know it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_agent: bool,
    /// What kind of entity its sender is; absent when it is none, and in logs of earlier builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_kind: Option<EntityKind>,
    /// The name that it mentions first, in lower case, when no agent of the world has it. Only in
    /// messages that begin a turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_mention: Option<String>,
    /// Why nobody is to answer it. Only in messages that begin a turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<Unanswered>,
    /// Whether it is only the beginning of an answer that was longer than what is kept: it ends with
    /// [`TRUNCATION_MARK`](crate::chat::TRUNCATION_MARK).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
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
    #[serde(rename = "agent", alias = "entity")]
    pub entity: EntityId,
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
    /// The ability of its entity that it runs. Its arguments are the event that triggered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ability: Option<ActionName>,
    /// The agent whose model called the ability: on its way to the answer of the message, or by
    /// itself, when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<EntityId>,
    /// The event of a session that the caller handles for a node, if its model called the ability for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller_node: Option<NodeStep>,
    /// How many runs led to this one, each by an event that it sent.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u32,
    /// What it thinks about for an agent with a mind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<ThinkTask>,
    /// The steps of a request that it does for one of its targets, its entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<InteractionStep>,
    /// The event of a session that it handles for a node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeStep>,
    /// If it has not ended by then, it has failed. One that is queued gets another when it begins.
    pub deadline: Timestamp,
    /// What it is for, in a word: see [`Purpose`](crate::Purpose). Absent in events of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<PurposeKind>,
    /// Whether it is a run of an ability that is concurrent: it waits for no other run of its entity, and
    /// none waits for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub concurrent: bool,
    /// Whether it waits for the runs of its entity's abilities before it: it begins with
    /// [`ActionStarted`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub queued: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// See [`Fact::ApprovalRequested`]. The event's sender is the agent, its chat where it answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApprovalRequested {
    /// The run that called.
    #[serde(rename = "invocation")]
    pub run: RunId,
    /// The call.
    pub call: ToolCall,
    /// Nobody is waited for after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
}

/// See [`Fact::ApprovalEnded`]. The event's sender is who decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApprovalEnded {
    /// Which.
    pub approval: ApprovalId,
    /// What was decided.
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
    /// The time zone of `repeat`; UTC when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// What is sent then, beside `timer.fired`, in the name of the entity that set the timer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<NewEvent>,
    /// The message that is posted then, in the same name.
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
    /// Why its event or message was not sent, if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// See [`Fact::TimerCancelled`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TimerCancelled {
    /// The timer.
    pub timer: TimerId,
}
