//! Every route of the native door, on one page.

use std::sync::Arc;

use door_kit::DoorState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::NativeState;
use crate::{
    actions, approvals, badges, behaviours, changes, chats, dead_letters, entities, event_types,
    events, flows, interactions, message_edits, messages, roster, runs, samples, session_events,
    sessions, socket, stream, streams, system, timers, tool_servers, usage, world_state, worlds,
};

/// The routes of the native door, with their description.
pub fn routes(doors: &Arc<DoorState>) -> OpenApiRouter {
    list().with_state(NativeState::new(doors))
}

fn list() -> OpenApiRouter<NativeState> {
    OpenApiRouter::new()
        .routes(routes!(worlds::list, worlds::create))
        .routes(routes!(
            worlds::show,
            worlds::apply,
            worlds::update,
            worlds::delete
        ))
        .routes(routes!(entities::list, entities::create))
        .routes(routes!(entities::show, entities::update, entities::remove))
        .routes(routes!(changes::change))
        .routes(routes!(changes::offers))
        .routes(routes!(changes::mind))
        .routes(routes!(event_types::register))
        .routes(routes!(event_types::list))
        .routes(routes!(world_state::state))
        .routes(routes!(usage::usage))
        .routes(routes!(events::list, events::send))
        .routes(routes!(stream::stream))
        .routes(routes!(socket::upgrade))
        .merge(chat_routes())
        .merge(run_routes())
        .merge(interaction_routes())
        .merge(stream_routes())
        .merge(behaviour_routes())
        .merge(flow_routes())
        .merge(system_routes())
}

fn chat_routes() -> OpenApiRouter<NativeState> {
    OpenApiRouter::new()
        .routes(routes!(chats::list, chats::create))
        .routes(routes!(chats::show, chats::update, chats::delete))
        .routes(routes!(chats::stop))
        .routes(routes!(chats::open))
        .routes(routes!(message_edits::edit, message_edits::remove))
        .routes(routes!(message_edits::branch))
        .routes(routes!(message_edits::clear_memory))
        .routes(routes!(messages::list, messages::post))
}

fn run_routes() -> OpenApiRouter<NativeState> {
    OpenApiRouter::new()
        .routes(routes!(runs::request))
        .routes(routes!(runs::show, runs::cancel))
        .routes(routes!(approvals::list))
        .routes(routes!(approvals::decide))
        .routes(routes!(timers::set, timers::cancel))
}

fn interaction_routes() -> OpenApiRouter<NativeState> {
    OpenApiRouter::new()
        .routes(routes!(interactions::list, interactions::request))
        .routes(routes!(interactions::show, interactions::cancel))
        .routes(routes!(interactions::complete))
        .routes(routes!(interactions::requests_of_entity))
}

fn stream_routes() -> OpenApiRouter<NativeState> {
    OpenApiRouter::new()
        .routes(routes!(streams::list))
        .routes(routes!(streams::show, streams::put, streams::remove))
        .routes(routes!(samples::list, samples::append))
}

fn behaviour_routes() -> OpenApiRouter<NativeState> {
    OpenApiRouter::new()
        .routes(routes!(
            behaviours::show,
            behaviours::put,
            behaviours::remove
        ))
        .routes(routes!(behaviours::diagram))
        .routes(routes!(behaviours::pause))
        .routes(routes!(behaviours::step))
        .routes(routes!(behaviours::resume))
        .routes(routes!(actions::use_action))
        .routes(routes!(roster::show))
        .routes(routes!(roster::set_role))
        .routes(routes!(roster::statistics))
        .routes(routes!(tool_servers::list))
        .routes(routes!(badges::list))
}

fn flow_routes() -> OpenApiRouter<NativeState> {
    OpenApiRouter::new()
        .routes(routes!(flows::list))
        .routes(routes!(flows::show, flows::put, flows::remove))
        .routes(routes!(flows::diagram))
        .routes(routes!(sessions::start))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::show, sessions::end))
        .routes(routes!(session_events::list, session_events::send))
        .routes(routes!(session_events::stream))
}

fn system_routes() -> OpenApiRouter<NativeState> {
    OpenApiRouter::new()
        .routes(routes!(system::show))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::show))
        .routes(routes!(dead_letters::retry))
}
