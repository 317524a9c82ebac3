//! The native HTTP interface: the bodies, queries, responses and frames that the gateway and its clients
//! share. Their JSON is part of `/v1`.

mod approvals;
mod badges;
mod behaviours;
mod chats;
mod entities;
mod event_types;
mod events;
mod flows;
mod interactions;
mod messages;
mod problem;
mod receipt;
mod runs;
mod sessions;
mod socket;
mod state;
mod stream;
mod streams;
mod timers;
mod tool_servers;
mod usage;
mod worlds;

pub use approvals::{ApprovalsResponse, DecideApprovalRequest};
pub use badges::{BadgeResponse, BadgesPage, BadgesPageQuery};
pub use behaviours::{
    AtQuery, BehaviourResponse, DiagramQuery, PutBehaviourResponse, RosterResponse, SetRoleRequest,
    StatisticsResponse, UseActionRequest, UseActionResponse,
};
pub use chats::{BranchChatRequest, ChatResponse, ChatsResponse, UpdateChatRequest};
pub use entities::{
    ChangeEntitiesRequest, EntitiesPageQuery, EntitiesResponse, OffersResponse, UpdateEntityRequest,
};
pub use event_types::{EventTypeVersionResponse, EventTypesResponse, RegisterEventTypeRequest};
pub use events::{EventsPage, EventsPageQuery, SendEventsRequest};
pub use flows::{FlowResponse, FlowsPage, FlowsPageQuery};
pub use interactions::{
    CancelInteractionQuery, EntityRequestsResponse, InteractionReceipt, InteractionRequest,
    InteractionResponse, InteractionResultRequest, InteractionsPage, InteractionsPageQuery,
    RequestInteractionQuery, TargetProgress,
};
pub use messages::{
    EditMessageRequest, MessagesPage, MessagesPageQuery, PostMessageRequest, TurnAnswer,
    TurnFailure, TurnResponse,
};
pub use problem::ProblemDetails;
pub use receipt::Receipt;
pub use runs::{RunQuery, RunRequest, RunResponse, RunStatus};
pub use sessions::{
    EndSessionQuery, SendSessionEventsRequest, SessionEndedEvent, SessionEvent, SessionEventsPage,
    SessionEventsPageQuery, SessionResponse, SessionSelection, SessionStreamQuery, SessionsPage,
    SessionsPageQuery, StartSessionRequest, StartSessionResponse,
};
pub use socket::{
    CancelInteractionFrame, CancelRunFrame, CompleteInteractionFrame, PingFrame, PostMessageFrame,
    ServerFrame, StopChatFrame,
};
pub use state::{ReadAfterWrite, StateQuery, StateResponse};
pub use stream::{SocketQuery, StreamClosed, StreamQuery, StreamStart};
pub use streams::{
    AppendReceipt, AppendSamplesRequest, PutStreamRequest, SamplesPage, SamplesPageQuery,
    StreamsPage, StreamsPageQuery,
};
pub use timers::SetTimerRequest;
pub use tool_servers::{
    ToolServerResponse, ToolServerStatus, ToolServersQuery, ToolServersResponse,
};
pub use usage::{UsageResponse, UsageSelection};
pub use worlds::{CreateWorldRequest, WorldResponse, WorldsPage, WorldsPageQuery};
