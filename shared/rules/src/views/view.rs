//! A view of any type.

use contract::Entity;
use contract::behaviour::{ActionResult, BehaviourView, Roster, Statistics};
use contract::flow::{FlowPage, FlowView, SessionPage, SessionView};
use contract::tool::Approval;
use contract::view::{
    Activity, AgentView, ChatOutline, ChatPage, ChatView, EntityPage, EventTypesView,
    InteractionPage, InteractionView, Outline, RequestsView, RunPage, RunView, StreamBatches,
    StreamPage, StreamView, WorldProfile, WorldView,
};
use serde::Serialize;

/// A view of any type: what is requested by the variant of the same name of
/// [`ViewRequest`](contract::view::ViewRequest). It serializes as what is in it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the variants are those of the request")]
pub enum View<'a> {
    Whole(Box<WorldView<'a>>),
    Outline(Box<Outline<'a>>),
    Profile(Box<WorldProfile<'a>>),
    Entity(Option<&'a Entity>),
    Entities(EntityPage<'a>),
    Agent(Option<Box<AgentView<'a>>>),
    Agents(Vec<AgentView<'a>>),
    Chat(Option<ChatView<'a>>),
    ChatOutline(Option<ChatOutline<'a>>),
    Chats(ChatPage<'a>),
    Run(Option<Box<RunView<'a>>>),
    Runs(RunPage<'a>),
    Approval(Option<&'a Approval>),
    Approvals(Vec<&'a Approval>),
    Activity(Activity<'a>),
    EventTypes(EventTypesView<'a>),
    Interaction(Option<InteractionView>),
    Interactions(InteractionPage),
    Requests(RequestsView),
    Stream(Option<StreamView<'a>>),
    Streams(StreamPage<'a>),
    StreamBatches(Option<StreamBatches<'a>>),
    Behaviour(Option<Box<BehaviourView>>),
    Diagram(Option<String>),
    ActionResult(Option<Box<ActionResult>>),
    Flow(Option<Box<FlowView<'a>>>),
    Flows(FlowPage<'a>),
    FlowDiagram(Option<String>),
    Session(Option<Box<SessionView>>),
    Sessions(SessionPage),
    Roster(Roster),
    Statistics(Statistics),
    All(Vec<View<'a>>),
}
