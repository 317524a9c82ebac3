//! Interactions that have not ended.

use contract::view::{
    GetInteractions, InteractionPage, InteractionView, RequestView, RequestsView,
};
use contract::{EntityId, InteractionId};

use super::page::page as page_of;
use crate::interactions::{OpenInteraction, interaction_view};
use crate::world::World;

pub(super) fn interaction(world: &World, id: InteractionId) -> Option<InteractionView> {
    Some(interaction_view(id, world.interactions.get(id)?))
}

/// A page of the interactions that are wanted.
pub(super) fn page(world: &World, get: &GetInteractions) -> InteractionPage {
    let interactions = &world.interactions;
    let is_target = |interaction: &OpenInteraction| {
        let target = get.target.as_ref();
        target.is_none_or(|target| interaction.is_open_for(target))
    };
    let (items, next) = match &get.requester {
        Some(requester) => {
            let found = interactions.of_requester(requester, get.after);
            page_of(
                found.filter(|(_, open)| is_target(open)),
                get.limit,
                |(id, _)| *id,
            )
        }
        None => {
            let found = interactions.after(get.after);
            page_of(
                found.filter(|(_, open)| is_target(open)),
                get.limit,
                |(id, _)| *id,
            )
        }
    };
    let items = items
        .into_iter()
        .map(|(id, open)| interaction_view(id, open));
    InteractionPage {
        items: items.collect(),
        next,
    }
}

/// What was requested of an entity and has not ended yet.
pub(super) fn requests(world: &World, entity: &EntityId) -> RequestsView {
    let requests = world.interactions.of_target(entity);
    let requests = requests.map(|(id, open, progress)| RequestView {
        interaction: id,
        requester: open.requester.clone(),
        action: open.request.action.clone(),
        status: progress.status,
        attempts: progress.attempts,
        deadline: open.request.deadline,
    });
    RequestsView {
        requests: requests.collect(),
    }
}
