//! Parts of the state of a world that are looked up by their ids.

use contract::WorldId;
use contract::view::GetView;
use door_kit::{DoorState, Problem};
use serde_json::value::RawValue;

/// The part of the newest state, as the world wrote it: it is shown undecoded. `None` when the world does
/// not have it.
///
/// # Errors
/// As [`door_kit::Broker::encoded_view`].
pub(crate) async fn find<T>(
    doors: &DoorState,
    world: &WorldId,
    request: impl GetView<View = Option<T>>,
) -> Result<Option<Box<RawValue>>, Problem> {
    let request = request.into_request();
    let json = doors.broker.encoded_view(world, request, None).await?.json;
    Ok(Some(json).filter(|json| json.get() != "null"))
}
