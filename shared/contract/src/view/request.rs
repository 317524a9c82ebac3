//! Requests for views of a state.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{
    Activity, AgentView, ChatOutline, ChatPage, ChatView, EntityPage, EventTypesView,
    InteractionPage, InteractionView, Outline, RequestsView, RunPage, RunView, StreamBatches,
    StreamPage, StreamView, WorldProfile, WorldView,
};
use crate::behaviour::{ActionResult, BehaviourView, DiagramFormat, Roster, Statistics};
use crate::entity::{Entity, EntityKind};
use crate::flow::{FlowPage, FlowView, SessionPage, SessionView};
use crate::id::{ApprovalId, ChatId, CommandId, EntityId, FlowId, InteractionId, RunId, SessionId};
use crate::stream::StreamRef;
use crate::tool::Approval;

/// What of a world's state is wanted. Each variant names the [`GetView`] that decodes its answer.
///
/// What is looked up by its id is `null` in the answer when the world does not have it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewRequest {
    /// Everything: a [`WorldView`].
    #[default]
    Whole,
    /// An [`Outline`].
    Outline,
    /// See [`GetProfile`].
    Profile,
    /// See [`GetEntity`].
    Entity(GetEntity),
    /// See [`GetEntities`].
    Entities(GetEntities),
    /// See [`GetAgent`].
    Agent(GetAgent),
    /// See [`GetAgents`].
    Agents,
    /// See [`GetChat`].
    Chat(GetChat),
    /// See [`GetChatOutline`].
    ChatOutline(GetChatOutline),
    /// See [`GetChats`].
    Chats(GetChats),
    /// See [`GetRun`].
    Run(GetRun),
    /// See [`GetRuns`].
    Runs(GetRuns),
    /// See [`GetApproval`].
    Approval(GetApproval),
    /// See [`GetApprovals`].
    Approvals,
    /// See [`GetActivity`].
    Activity(GetActivity),
    /// See [`GetEventTypes`].
    EventTypes,
    /// See [`GetInteraction`].
    Interaction(GetInteraction),
    /// See [`GetInteractions`].
    Interactions(GetInteractions),
    /// See [`GetRequests`].
    Requests(GetRequests),
    /// See [`GetStream`].
    Stream(GetStream),
    /// See [`GetStreams`].
    Streams(GetStreams),
    /// See [`GetStreamBatches`].
    StreamBatches(GetStreamBatches),
    /// See [`GetBehaviour`].
    Behaviour(GetBehaviour),
    /// See [`GetDiagram`].
    Diagram(GetDiagram),
    /// See [`GetActionResult`].
    ActionResult(GetActionResult),
    /// See [`GetFlow`].
    Flow(GetFlow),
    /// See [`GetFlows`].
    Flows(GetFlows),
    /// See [`GetFlowDiagram`].
    FlowDiagram(GetFlowDiagram),
    /// See [`GetSession`].
    Session(GetSession),
    /// See [`GetSessions`].
    Sessions(GetSessions),
    /// See [`GetRoster`].
    Roster,
    /// See [`GetStatistics`].
    Statistics,
    /// Several views of the same moment: an array, in this order. See the tuples that are a
    /// [`GetView`].
    All(Vec<ViewRequest>),
}

impl ViewRequest {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::Whole
    }

    /// Whether the answer may be as large as the world, so that it must not travel with others.
    pub fn is_large(&self) -> bool {
        match self {
            Self::Whole | Self::Outline | Self::Agents | Self::Roster | Self::Statistics => true,
            Self::Entities(GetEntities { limit, .. })
            | Self::Chats(GetChats { limit, .. })
            | Self::Runs(GetRuns { limit, .. })
            | Self::Interactions(GetInteractions { limit, .. })
            | Self::Streams(GetStreams { limit, .. })
            | Self::Flows(GetFlows { limit, .. })
            | Self::Sessions(GetSessions { limit, .. }) => limit.is_none(),
            Self::Requests(_) => true,
            Self::All(views) => views.iter().any(Self::is_large),
            Self::Profile
            | Self::Entity(_)
            | Self::Agent(_)
            | Self::Chat(_)
            | Self::ChatOutline(_)
            | Self::Run(_)
            | Self::Approval(_)
            | Self::Approvals
            | Self::Activity(_)
            | Self::EventTypes
            | Self::Interaction(_)
            | Self::Stream(_)
            | Self::Behaviour(_)
            | Self::Diagram(_)
            | Self::ActionResult(_)
            | Self::Flow(_)
            | Self::FlowDiagram(_)
            | Self::Session(_)
            | Self::StreamBatches(_) => false,
        }
    }
}

/// A request for a view, and the type that its answer has.
pub trait GetView {
    /// The type of the answer.
    type View: DeserializeOwned;

    /// The request as it travels.
    fn into_request(self) -> ViewRequest;
}

/// Defines requests without fields.
macro_rules! get_unit {
    ($(#[$doc:meta])* $name:ident => $variant:ident: $view:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name;

        impl GetView for $name {
            type View = $view;

            fn into_request(self) -> ViewRequest {
                ViewRequest::$variant
            }
        }
    };
}

/// Defines requests with fields.
macro_rules! get {
    (
        $(#[$doc:meta])* $name:ident {
            $($(#[$field_doc:meta])* $field:ident: $type:ty),+ $(,)?
        } => $variant:ident: $view:ty
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type),+
        }

        impl GetView for $name {
            type View = $view;

            fn into_request(self) -> ViewRequest {
                ViewRequest::$variant(self)
            }
        }
    };
}

get_unit! {
    /// Everything of a world.
    GetWhole => Whole: WorldView<'static>
}
get_unit! {
    /// A world without what makes it large.
    GetOutline => Outline: Outline<'static>
}
get_unit! {
    /// What a world is, without who and what is in it.
    GetProfile => Profile: WorldProfile<'static>
}
get_unit! {
    /// All agents, each with what it remembers, by id.
    GetAgents => Agents: Vec<AgentView<'static>>
}
get_unit! {
    /// All calls that wait for a person, oldest first.
    GetApprovals => Approvals: Vec<Approval>
}
get_unit! {
    /// The types of custom events that are checked.
    GetEventTypes => EventTypes: EventTypesView<'static>
}
get_unit! {
    /// All entities with their roles, by id.
    GetRoster => Roster: Roster
}
get_unit! {
    /// What the machines of the world have done.
    GetStatistics => Statistics: Statistics
}
get! {
    /// The behaviour of an entity.
    GetBehaviour {
        /// Whose.
        entity: EntityId,
    } => Behaviour: Option<BehaviourView>
}
get! {
    /// A drawing of the behaviour of an entity.
    GetDiagram {
        /// Whose.
        entity: EntityId,
        /// In which format.
        format: DiagramFormat,
    } => Diagram: Option<String>
}
get! {
    /// Whether a built-in action was true that an entity used by a command. Only the latest ones are known.
    GetActionResult {
        /// Whose.
        entity: EntityId,
        /// The command.
        command: CommandId,
    } => ActionResult: Option<ActionResult>
}
get! {
    /// One entity.
    GetEntity {
        /// Which.
        id: EntityId,
    } => Entity: Option<Entity>
}
get! {
    /// Entities, by id.
    #[derive(Default)]
    GetEntities {
        /// Only those of this kind.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<EntityKind>,
        /// Only those that people call so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Only those whose name makes this id ([`kebab_id`](crate::name::kebab_id)).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name_id: Option<String>,
        /// Only those behind this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<EntityId>,
        /// At most this many; all when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    } => Entities: EntityPage<'static>
}
get! {
    /// One agent, with what it remembers. Another entity is not found.
    GetAgent {
        /// Which.
        id: EntityId,
    } => Agent: Option<AgentView<'static>>
}
get! {
    /// One chat, with its latest messages.
    GetChat {
        /// Which.
        id: ChatId,
    } => Chat: Option<ChatView<'static>>
}
get! {
    /// One chat, without its messages.
    GetChatOutline {
        /// Which.
        id: ChatId,
    } => ChatOutline: Option<ChatOutline<'static>>
}
get! {
    /// Chats without their messages, by id.
    #[derive(Default)]
    GetChats {
        /// Only those behind this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<ChatId>,
        /// At most this many; all when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    } => Chats: ChatPage<'static>
}
get! {
    /// One run that has not ended.
    GetRun {
        /// Which.
        id: RunId,
    } => Run: Option<RunView<'static>>
}
get! {
    /// Runs that have not ended, by id.
    #[derive(Default)]
    GetRuns {
        /// Only those behind this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<RunId>,
        /// At most this many; all when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    } => Runs: RunPage<'static>
}
get! {
    /// One interaction that has not ended.
    GetInteraction {
        /// Which.
        id: InteractionId,
    } => Interaction: Option<InteractionView>
}
get! {
    /// Interactions that have not ended, by id.
    #[derive(Default)]
    GetInteractions {
        /// Only those that this entity requested.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requester: Option<EntityId>,
        /// Only those that this entity has not ended yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<EntityId>,
        /// Only those behind this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<InteractionId>,
        /// At most this many; all when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    } => Interactions: InteractionPage
}
get! {
    /// What was requested of an entity and has not ended yet.
    GetRequests {
        /// Of which.
        entity: EntityId,
    } => Requests: RequestsView
}
get! {
    /// One call that waits for a person.
    GetApproval {
        /// Which.
        id: ApprovalId,
    } => Approval: Option<Approval>
}
get! {
    /// Who is answering, which runs are open and which calls wait for a person.
    #[derive(Default)]
    GetActivity {
        /// Only in this chat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chat: Option<ChatId>,
    } => Activity: Activity<'static>
}

get! {
    /// One stream, without its samples.
    GetStream {
        /// Which.
        stream: StreamRef,
    } => Stream: Option<StreamView<'static>>
}
get! {
    /// Streams without their samples, by owner and name.
    #[derive(Default)]
    GetStreams {
        /// Only those of this owner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<EntityId>,
        /// Only those behind this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<StreamRef>,
        /// At most this many; all when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    } => Streams: StreamPage<'static>
}
get! {
    /// Where in the log samples of a stream are.
    GetStreamBatches {
        /// Which.
        stream: StreamRef,
        /// The position of the first sample.
        from: u64,
        /// How many samples are wanted.
        limit: u32,
    } => StreamBatches: Option<StreamBatches<'static>>
}

get! {
    /// One flow.
    GetFlow {
        /// Which.
        id: FlowId,
    } => Flow: Option<FlowView<'static>>
}
get! {
    /// Flows, by id.
    #[derive(Default)]
    GetFlows {
        /// Only those behind this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<FlowId>,
        /// At most this many; all when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    } => Flows: FlowPage<'static>
}
get! {
    /// The drawing of a flow.
    GetFlowDiagram {
        /// Which.
        id: FlowId,
        /// In which language.
        #[serde(default)]
        format: DiagramFormat,
    } => FlowDiagram: Option<String>
}
get! {
    /// One session that has not ended.
    GetSession {
        /// Which.
        id: SessionId,
    } => Session: Option<SessionView>
}
get! {
    /// Sessions that have not ended, by id.
    #[derive(Default)]
    GetSessions {
        /// Only those of this flow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow: Option<FlowId>,
        /// Only those of this client.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entity: Option<EntityId>,
        /// Only those behind this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<SessionId>,
        /// At most this many; all when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    } => Sessions: SessionPage
}

impl<Q: GetView> GetView for Vec<Q> {
    type View = Vec<Q::View>;

    fn into_request(self) -> ViewRequest {
        let views = self.into_iter().map(GetView::into_request);
        ViewRequest::All(views.collect())
    }
}

/// Several views are read from the same moment.
macro_rules! get_tuple {
    ($($get:ident $index:tt),+) => {
        impl<$($get: GetView),+> GetView for ($($get,)+) {
            type View = ($($get::View,)+);

            fn into_request(self) -> ViewRequest {
                ViewRequest::All(vec![$(self.$index.into_request()),+])
            }
        }
    };
}

get_tuple!(A 0, B 1);
get_tuple!(A 0, B 1, C 2);
get_tuple!(A 0, B 1, C 2, D 3);
get_tuple!(A 0, B 1, C 2, D 3, E 4);
