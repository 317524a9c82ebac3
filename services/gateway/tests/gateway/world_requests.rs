//! The requests to all worlds, as a world service gets them.

use bus::{Bus, IncomingRequest};
use contract::id::Partition;
use futures::{Stream, StreamExt as _, stream};

/// The requests to worlds of all partitions, from now on.
pub(crate) async fn world_requests(bus: &Bus) -> impl Stream<Item = IncomingRequest> + use<> {
    let mut partitions = Vec::new();
    let owner = "stub".into();
    for partition in Partition::all() {
        let requests = bus.responder().subscribe_requests(partition, &owner);
        let requests = stream::unfold(requests.await.unwrap(), async |mut requests| {
            let incoming = requests.next().await?;
            Some((incoming, requests))
        });
        partitions.push(requests.boxed());
    }
    stream::select_all(partitions)
}
