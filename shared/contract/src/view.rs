//! Views: what anybody may see of the state of a world. The state itself never leaves the rules.
//!
//! A view borrows from the state where it can, so that a large world is shown without being copied;
//! a reader of one owns it.

mod activity;
mod agent;
mod chat;
mod entity;
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
pub use entity::{EntityOutline, EventTypeView, EventTypesView};
pub use interaction::{
    InteractionPage, InteractionStatus, InteractionView, RequestView, RequestsView, TargetView,
};
pub use interaction_fold::TargetChange;
pub use outline::Outline;
pub use page::{ChatPage, EntityPage, RunPage};
pub use profile::WorldProfile;
pub use request::{
    EncodedView, GetActionResult, GetActivity, GetAgent, GetAgents, GetApproval, GetApprovals,
    GetBehaviour, GetChat, GetChatOutline, GetChats, GetDiagram, GetEntities, GetEntity,
    GetEventTypes, GetInteraction, GetInteractions, GetOutline, GetProfile, GetRequests, GetRoster,
    GetRun, GetRuns, GetStatistics, GetStream, GetStreamBatches, GetStreams, GetView, GetWhole,
    View, ViewRequest,
};
pub use run::{QuestionId, RunOutline, RunView, TimerView};
pub use stream::{StreamBatches, StreamPage, StreamView};
pub use world::WorldView;
