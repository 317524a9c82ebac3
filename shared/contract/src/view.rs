//! Views: what anybody may see of the state of a world. The state itself never leaves the rules.
//!
//! A view borrows from the state where it can, so that a large world is shown without being copied;
//! a reader of one owns it.

mod activity;
mod agent;
mod chat;
mod encoded;
mod entity;
mod extent;
mod interaction;
mod interaction_fold;
mod outline;
mod page;
mod profile;
mod request;
mod run;
mod stream;
mod world;

pub use activity::Activity;
pub use agent::{AgentView, MemoryMessage};
pub use chat::{ChatOutline, ChatView};
pub use encoded::EncodedView;
pub use entity::{EntityOutline, EventTypeView, EventTypesView};
pub use extent::View;
pub use interaction::{
    InteractionPage, InteractionStatus, InteractionView, RequestView, RequestsView, TargetView,
};
pub use interaction_fold::TargetChange;
pub use outline::Outline;
pub use page::{ChatPage, EntityPage, RunPage};
pub use profile::WorldProfile;
pub use request::{
    GetActionResult, GetActivity, GetAgent, GetAgents, GetApproval, GetApprovals, GetBehaviour,
    GetChat, GetChatOutline, GetChats, GetDiagram, GetEntities, GetEntity, GetEventTypes, GetFlow,
    GetFlowDiagram, GetFlows, GetInteraction, GetInteractions, GetOutline, GetProfile, GetRequests,
    GetRoster, GetRun, GetRuns, GetSession, GetSessions, GetStatistics, GetStream,
    GetStreamBatches, GetStreams, GetView, GetWhole, ViewRequest,
};
pub use run::{QuestionId, RunOutline, RunView, TimerView};
pub use stream::{StreamBatches, StreamPage, StreamView};
pub use world::WorldView;
