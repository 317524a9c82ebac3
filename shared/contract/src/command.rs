//! Commands and the other requests to a world, and its replies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::ability::{AvailableAbility, EntityPatch, EventTypeVersion};
use crate::behaviour::Definition;
use crate::chat::{Chat, ChatText};
use crate::commit::Seq;
use crate::entity::Entity;
pub use crate::entity_update::EntityUpdate;
use crate::event::NewEvent;
use crate::flow::{FlowSpec, NewFlowEvent};
use crate::id::{
    ActionName, ApprovalId, ChatId, CommandId, EntityId, EventId, FlowId, GatewayId, InteractionId,
    MessageId, RoleName, RunId, SessionId, TimerId,
};
use crate::interaction::NewInteraction;
use crate::mind::MindView;
use crate::rejection::Rejection;
use crate::run::{RunContext, RunOutcome};
use crate::stream::{AppendSamples, PutStream, StreamRef};
use crate::timestamp::Timestamp;
use crate::tool::{ToolCall, Verdict};
pub use crate::view::View;
use crate::view::{EncodedView, ViewRequest};
use crate::world::WorldSpec;
pub use crate::world_update::WorldUpdate;

/// One of the requests that travel together on `mw.cmd.{p}.{world}`, as a JSON array. The answer is
/// an array of as many replies, in the same order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RequestEnvelope {
    /// The request. It is large, and passes through many hands.
    pub request: Box<Request>,
    /// The W3C `traceparent` of the requester.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

/// A request to a world.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every request is a command"
)]
pub enum Request {
    /// Change the world.
    Command(CommandRequest),
    /// Read the world's state, now or as it was after the commit `at`.
    State {
        /// The last commit that the answer includes; now when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Seq>,
        /// What of it.
        #[serde(default, skip_serializing_if = "ViewRequest::is_default")]
        view: ViewRequest,
    },
    /// Read which abilities an agent may use, and whom it perceives.
    Offers {
        /// Who.
        agent: EntityId,
    },
    /// Read what an agent has in mind.
    Mind {
        /// Who.
        agent: EntityId,
    },
    /// Read what a worker needs for a run.
    Context {
        /// Which run.
        #[serde(rename = "invocation")]
        run: RunId,
    },
}

/// A command and who sends it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CommandRequest {
    /// The same on every retry: the world acts on it once, and repeats its first answer.
    pub id: CommandId,
    /// In whose name; `world` for what the system itself does.
    pub sender: EntityId,
    /// The wish.
    pub command: Command,
    /// The run that sends it on its way: the command is refused when that has ended.
    #[serde(
        rename = "invocation",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub run: Option<RunId>,
    /// The W3C `traceparent` of the request behind it; every event that comes of it keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The client behind it, when it changes what the world is made of: an event names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
}

/// A wish sent to a world.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Begin a world.
    CreateWorld(WorldSpec),
    /// Begin a world, or bring an existing one to what is described. What is not described stays.
    ApplyWorld(WorldSpec),
    /// As [`CreateWorld`](Self::CreateWorld) or [`ApplyWorld`](Self::ApplyWorld), with a description that is stored
    /// under the id of the command, and that may take more than one commit.
    ApplyStoredWorld {
        /// Whether there may be no world yet.
        create: bool,
    },
    /// Change what a world is.
    UpdateWorld(WorldUpdate),
    /// End the world.
    DeleteWorld,
    /// Bring an entity into the world.
    CreateEntity(Entity),
    /// Change an entity.
    UpdateEntity(EntityUpdate),
    /// Let an agent forget all messages so far.
    ForgetMemory {
        /// Who.
        agent: EntityId,
    },
    /// Take an entity out of the world. Its open runs are cancelled.
    RemoveEntity {
        /// Which.
        entity: EntityId,
    },
    /// Change the state of entities, who holds them, or where they are: all of it or nothing.
    ChangeEntities {
        /// In this order.
        changes: Vec<EntityPatch>,
    },
    /// Report of which entities a gateway has connections. What concerns other entities than agents whose
    /// brain is a client changes nothing. Only the world itself may send it.
    ReportConnections {
        /// The gateway.
        gateway: GatewayId,
        /// Those of which it has the first connection.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        connected: Vec<EntityId>,
        /// Those of which it has no connection any more.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        disconnected: Vec<EntityId>,
    },
    /// End the connections of a gateway that is not alive any more: some of them, if there are many, so
    /// that it is sent again until it makes no event. Only the world itself may send it.
    EndConnections {
        /// The gateway.
        gateway: GatewayId,
    },
    /// Check events of a type from now on. What was valid must stay so, except under a new version.
    RegisterEventType(EventTypeVersion),
    /// Begin a chat.
    CreateChat(Chat),
    /// Change a chat's title or agents.
    UpdateChat {
        /// Which.
        chat: ChatId,
        /// Its new title.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// Its new agents.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agents: Option<Vec<EntityId>>,
    },
    /// Open an empty chat: one that nobody has used yet if there is one, else this.
    NewChat(Chat),
    /// Make a chat the one that people see first.
    OpenChat {
        /// Which.
        chat: ChatId,
    },
    /// Begin a chat with the messages of another, up to one of them.
    BranchChat {
        /// Which.
        chat: ChatId,
        /// The last message that both have.
        message: MessageId,
        /// The id of the new chat.
        new: ChatId,
    },
    /// End a chat. Its open runs are cancelled.
    DeleteChat {
        /// Which.
        chat: ChatId,
        /// The chat that begins and is opened if the ended one was open, and there is no other: else the one
        /// that was used last is opened. When absent, none is opened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replacement: Option<Chat>,
    },
    /// Post a message in a chat. The message's id is [`CommandId::event`] 0.
    PostMessage {
        /// Where.
        chat: ChatId,
        /// What.
        text: String,
        /// The message that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        in_reply_to: Option<MessageId>,
    },
    /// Take a person's message back, and all that followed it in its chat.
    RemoveMessage {
        /// Where.
        chat: ChatId,
        /// Which.
        message: MessageId,
    },
    /// Take a person's message back, and all that followed it, and post this in its place. The new
    /// message's id is [`CommandId::event`] 1.
    EditMessage {
        /// Where.
        chat: ChatId,
        /// Which.
        message: MessageId,
        /// The new text.
        text: String,
    },
    /// Send custom events, all of them or none.
    SendEvents {
        /// In this order.
        events: Vec<NewEvent>,
        /// A message that is posted as well, in the same name: behind the events, or not at all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<ChatText>,
    },
    /// Run an action. The run's id is [`CommandId::event`] 0.
    RequestAction {
        /// The name under which workers offer it.
        action: ActionName,
        /// Whose action it is.
        #[serde(rename = "agent", alias = "entity")]
        entity: EntityId,
        /// What it is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arguments: Option<Box<RawValue>>,
        /// If it has not ended by then, it has failed; the world's own limit when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Timestamp>,
    },
    /// Report how a run ended. Accepted once.
    Complete {
        /// Which run.
        #[serde(rename = "invocation")]
        run: RunId,
        /// How it ended.
        outcome: RunOutcome,
    },
    /// Cancel a run.
    #[serde(rename = "cancel_invocation")]
    CancelRun {
        /// Which run.
        #[serde(rename = "invocation")]
        run: RunId,
    },
    /// Decide about a call that waits for a person. Accepted once.
    Decide {
        /// Which.
        approval: ApprovalId,
        /// What becomes of it.
        verdict: Verdict,
    },
    /// Cancel every answer of a chat that has not ended.
    StopChat {
        /// Which.
        chat: ChatId,
    },
    /// Request something of other entities. The interaction's id is [`CommandId::event`] 0.
    RequestInteraction(NewInteraction),
    /// Cancel an interaction for all targets that have not ended it.
    CancelInteraction {
        /// Which.
        interaction: InteractionId,
    },
    /// Report how an interaction ended for an entity whose brain is a client: the command's sender.
    CompleteInteraction {
        /// Which.
        interaction: InteractionId,
        /// Whether it was completed.
        ok: bool,
        /// What the entity writes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        samples: Vec<Box<RawValue>>,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// Give an entity a behaviour, or another one. Its machine begins in the initial state.
    PutBehaviour {
        /// Whose.
        entity: EntityId,
        /// The behaviour.
        definition: Definition,
    },
    /// Let an entity have no behaviour any more.
    RemoveBehaviour {
        /// Whose.
        entity: EntityId,
    },
    /// Let the machine of an entity make no transitions for now.
    PauseBehaviour {
        /// Whose.
        entity: EntityId,
    },
    /// Let the machine of an entity make transitions again.
    ResumeBehaviour {
        /// Whose.
        entity: EntityId,
        /// Whether it makes one only, and is paused again then.
        #[serde(default)]
        once: bool,
    },
    /// Use a built-in action of behaviours in the name of the command's sender. The result is in the event
    /// `behaviour.changed`, which is the last one of the command.
    UseAction {
        /// Which.
        action: ActionName,
        /// What it is given: a JSON object.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arguments: Option<Box<RawValue>>,
        /// The open request of the sender that it is done for: `engage` and `disengage` concern its
        /// requester, `process` and `learn` take its samples when no others are named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        interaction: Option<InteractionId>,
    },
    /// Give an entity another role. Only masters may, and the world itself.
    SetRole {
        /// Whose.
        entity: EntityId,
        /// The role; none when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<RoleName>,
    },
    /// Declare a stream, or declare it anew.
    PutStream(PutStream),
    /// End a stream.
    RemoveStream {
        /// Which.
        stream: StreamRef,
    },
    /// Append samples to a stream.
    AppendSamples(AppendSamples),
    /// Declare a flow, or declare it anew. Open sessions go on with what it was.
    PutFlow {
        /// Which.
        flow: FlowId,
        /// The flow.
        spec: FlowSpec,
    },
    /// Remove a flow. Open sessions go on.
    RemoveFlow {
        /// Which.
        flow: FlowId,
    },
    /// Begin a session. Its id is [`CommandId::event`] 0. Its client is the command's sender.
    StartSession {
        /// With which flow.
        flow: FlowId,
        /// What is known of it at the beginning.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        variables: BTreeMap<String, serde_json::Value>,
        /// The payload of the client's first frame, `system.init`; made of the variables when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        init: Option<Box<RawValue>>,
    },
    /// Send events in a session, in this order. Only its client may, and the world itself.
    SendSessionEvents {
        /// Which.
        session: SessionId,
        /// The events.
        events: Vec<NewFlowEvent>,
    },
    /// End a session. Only its client may, and the world itself.
    EndSession {
        /// Which.
        session: SessionId,
        /// A word for programs; `client` when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Report what a run of a node has done so far. A run that an interrupt has cancelled may still report
    /// how calls of tools ended, and, once, the text that the client has got.
    ReportNode {
        /// The session.
        session: SessionId,
        /// The run.
        #[serde(rename = "invocation")]
        run: RunId,
        /// The events that the node sends.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        events: Vec<NewFlowEvent>,
        /// The part of its answer that was sent before the interrupt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The tools that the model of the node's agent calls. The log of the session gets a start for each. The
        /// world makes the calls of abilities, and logs how they end; a worker makes the others.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        calls: Vec<ToolCall>,
    },
    /// Set a timer, or set it anew.
    SetTimer(SetTimer),
    /// Cancel a timer.
    CancelTimer {
        /// Which.
        timer: TimerId,
    },
    /// Do what is due: fire timers, fail what is past its deadline.
    #[serde(rename = "wake")]
    FireDue,
}

/// A timer that is to be set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetTimer {
    /// Which.
    pub timer: TimerId,
    /// When it fires; at once when that has passed. The first moment of `repeat` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// When it fires again and again: a cron expression of five fields, in `zone`. Moments that
    /// pass while the world can't act are made up for once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
    /// The time zone of `repeat`, by its name in the IANA database; UTC when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// What is sent then, beside `timer.fired`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<NewEvent>,
    /// The message that is posted then, in the name of the entity that set the timer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<ChatText>,
}

/// The answer to a [`Request`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The command is in the log.
    Accepted(Accepted),
    /// The command changes nothing, now or later.
    Rejected(Rejection),
    /// The view that was requested.
    #[serde(rename = "state")]
    View(EncodedView),
    /// What an agent may make use of.
    Offers {
        /// The abilities.
        offers: Vec<AvailableAbility>,
        /// Whom and what it perceives, itself included.
        entities: Vec<Entity>,
    },
    /// What an agent has in mind.
    Mind(Box<MindView>),
    /// What a worker needs.
    Context(Box<RunContext>),
    /// This world service can't reply now: repeat the request, another replica may reply.
    Unavailable {
        /// Why.
        reason: String,
    },
}

/// Where a command's events are: they are durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    /// The commit that holds them; the last one, when the command made none.
    pub seq: Seq,
    /// The index of its first event in the commit.
    pub first: u32,
    /// How many events it made.
    pub events: u32,
}

impl Accepted {
    /// The ids of the command's events, in order.
    pub fn event_ids(self, command: CommandId) -> impl Iterator<Item = EventId> {
        (0..self.events).map(move |index| command.event(index))
    }
}
