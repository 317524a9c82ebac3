//! The types of custom events.

use std::borrow::Cow;

use contract::view::{EventTypeView, EventTypesView};

use crate::event_types::Version;
use crate::world::World;

pub(super) fn event_types(world: &World) -> EventTypesView<'_> {
    let types = world.event_types.iter();
    types
        .map(|(name, versions)| (name.clone(), versions.iter().map(event_type_view).collect()))
        .collect()
}

fn event_type_view(version: &Version) -> EventTypeView<'_> {
    EventTypeView {
        version: version.version,
        description: Cow::Borrowed(&version.description),
        schema: Cow::Borrowed(&version.schema),
    }
}
