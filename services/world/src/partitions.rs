//! Which worlds are served here: the partitions that are assigned to this replica.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bus::{MemberId, owned_partitions};
use contract::id::Partition;
use service_kit::{CancellationToken, ErrorChain};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::active_worlds::ActiveWorlds;
use crate::resources::Resources;

/// Pause before a partition that can't be served is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Serves the partitions that are assigned to `this`, as members join and leave, until `shutdown`.
pub(crate) async fn run(
    resources: Arc<Resources>,
    this: MemberId,
    mut members: watch::Receiver<BTreeSet<MemberId>>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let mut served = BTreeMap::<Partition, CancellationToken>::new();
    let mut logged = None;
    let mut tasks = JoinSet::new();
    loop {
        let assigned = owned_partitions(&this, &members.borrow_and_update());
        served.retain(|partition, stop| {
            let keep = assigned.contains(partition);
            if !keep {
                stop.cancel();
            }
            keep
        });
        for partition in assigned {
            served.entry(partition).or_insert_with(|| {
                let stop = shutdown.child_token();
                tasks.spawn(serve_partition(
                    resources.clone(),
                    this.clone(),
                    partition,
                    stop.clone(),
                ));
                stop
            });
        }
        // The task of a partition that is assigned elsewhere ends some time later: that changes nothing.
        if logged.replace(served.len()) != Some(served.len()) {
            info!(partitions = served.len(), "partitions assigned");
        }
        tokio::select! {
            () = shutdown.cancelled() => break,
            changed = members.changed() => if changed.is_err() { break },
            Some(ended) = tasks.join_next() => ended?,
        }
    }
    while let Some(ended) = tasks.join_next().await {
        ended?;
    }
    Ok(())
}

async fn serve_partition(
    resources: Arc<Resources>,
    this: MemberId,
    partition: Partition,
    stop: CancellationToken,
) {
    let requests = loop {
        let responder = resources.bus.responder();
        match responder.subscribe_requests(partition, &this).await {
            Ok(requests) => break requests,
            Err(error) => {
                warn!(partition = %partition, error = %ErrorChain(&error), "partition not subscribed");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(RETRY_PAUSE) => {}
            () = stop.cancelled() => return,
        }
    };
    resources.metrics.partitions_served.add(1, &[]);
    ActiveWorlds::new(resources.clone())
        .run(requests, stop)
        .await;
    resources.metrics.partitions_served.add(-1, &[]);
}
