//! What is shown of the state: without what only the rules need.

mod activity;
mod agents;
mod approvals;
mod behaviours;
mod chats;
mod entities;
mod event_types;
mod flows;
mod for_workers;
mod interactions;
mod outline;
mod page;
mod profile;
mod runs;
mod streams;
mod view;
mod world_view;

use contract::view::ViewRequest;

pub use for_workers::{available_abilities, mind_view};
pub use view::View;

use crate::world::World;

/// The view that is requested of a world's state.
pub fn view<'a>(world: &'a World, request: &ViewRequest) -> View<'a> {
    match request {
        ViewRequest::Whole => View::Whole(Box::new(world_view::world_view(world))),
        ViewRequest::Outline => View::Outline(Box::new(outline::outline(world))),
        ViewRequest::Profile => View::Profile(Box::new(profile::profile(world))),
        ViewRequest::Entity(get) => View::Entity(world.entities.get(&get.id)),
        ViewRequest::Entities(get) => View::Entities(entities::entity_page(world, get)),
        ViewRequest::Agent(get) => View::Agent(agents::agent(world, &get.id).map(Box::new)),
        ViewRequest::Agents => View::Agents(agents::agents(world)),
        ViewRequest::Chat(get) => View::Chat(world.chats.get(&get.id).map(chats::chat_view)),
        ViewRequest::ChatOutline(get) => {
            View::ChatOutline(world.chats.get(&get.id).map(chats::chat_outline))
        }
        ViewRequest::Chats(get) => View::Chats(chats::chat_page(world, get)),
        ViewRequest::Run(get) => View::Run(runs::run(world, get.id).map(Box::new)),
        ViewRequest::Runs(get) => View::Runs(runs::run_page(world, get)),
        ViewRequest::Approval(get) => View::Approval(world.tools.approvals().get(&get.id)),
        ViewRequest::Approvals => View::Approvals(approvals::approvals(world)),
        ViewRequest::Activity(get) => View::Activity(activity::activity(world, get.chat.as_ref())),
        ViewRequest::EventTypes => View::EventTypes(event_types::event_types(world)),
        ViewRequest::Interaction(get) => {
            View::Interaction(interactions::interaction(world, get.id))
        }
        ViewRequest::Interactions(get) => View::Interactions(interactions::page(world, get)),
        ViewRequest::Requests(get) => View::Requests(interactions::requests(world, &get.entity)),
        ViewRequest::Stream(get) => View::Stream(streams::stream(world, &get.stream)),
        ViewRequest::Streams(get) => View::Streams(streams::stream_page(world, get)),
        ViewRequest::StreamBatches(get) => View::StreamBatches(streams::stream_batches(world, get)),
        ViewRequest::Behaviour(get) => {
            View::Behaviour(behaviours::behaviour(world, &get.entity).map(Box::new))
        }
        ViewRequest::Diagram(get) => {
            View::Diagram(behaviours::diagram(world, &get.entity, get.format))
        }
        ViewRequest::ActionResult(get) => View::ActionResult(
            behaviours::action_result(world, &get.entity, get.command).map(Box::new),
        ),
        ViewRequest::Flow(get) => View::Flow(flows::flow(world, &get.id).map(Box::new)),
        ViewRequest::Flows(get) => View::Flows(flows::flow_page(world, get)),
        ViewRequest::FlowDiagram(get) => {
            View::FlowDiagram(flows::diagram(world, &get.id, get.format))
        }
        ViewRequest::Session(get) => View::Session(flows::session(world, get.id).map(Box::new)),
        ViewRequest::Sessions(get) => View::Sessions(flows::session_page(world, get)),
        ViewRequest::Roster => View::Roster(behaviours::roster(world)),
        ViewRequest::Statistics => View::Statistics(behaviours::statistics(world)),
        ViewRequest::All(requests) => {
            let views = requests.iter().map(|request| view(world, request));
            View::All(views.collect())
        }
    }
}
