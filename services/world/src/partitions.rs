//! Which worlds are served here: the partitions of this replica, and an actor for each world that
//! is awake in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bus::{IncomingRequest, MemberId, WorldRequests};
use contract::id::Partition;
use contract::{Reply, WorldId};
use service_kit::{CancellationToken, ErrorChain};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::Shared;
use crate::actor::{Actor, Item};
use crate::assignment::assigned_partitions;

/// Pause before a partition that can't be served is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Serves the partitions that fall to `this`, as members come and go, until `shutdown`.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    this: MemberId,
    mut members: watch::Receiver<BTreeSet<MemberId>>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let mut served = BTreeMap::<Partition, CancellationToken>::new();
    let mut assigned = None;
    let mut serving = JoinSet::new();
    loop {
        let assigned_now = assigned_partitions(&this, &members.borrow_and_update());
        served.retain(|partition, stop| {
            let keep = assigned_now.contains(partition);
            if !keep {
                stop.cancel();
            }
            keep
        });
        for partition in assigned_now {
            served.entry(partition).or_insert_with(|| {
                let stop = shutdown.child_token();
                serving.spawn(serve_partition(shared.clone(), partition, stop.clone()));
                stop
            });
        }
        // A partition that was given away ends some time later: that changes nothing.
        if assigned.replace(served.len()) != Some(served.len()) {
            info!(partitions = served.len(), "partitions assigned");
        }
        tokio::select! {
            () = shutdown.cancelled() => break,
            changed = members.changed() => if changed.is_err() { break },
            Some(ended) = serving.join_next() => ended?,
        }
    }
    while let Some(ended) = serving.join_next().await {
        ended?;
    }
    Ok(())
}

async fn serve_partition(shared: Arc<Shared>, partition: Partition, stop: CancellationToken) {
    let requests = loop {
        match shared.bus.responder().subscribe_requests(partition).await {
            Ok(requests) => break requests,
            Err(error) => {
                warn!(partition = %partition, error = %ErrorChain(&error), "not served yet");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(RETRY_PAUSE) => {}
            () = stop.cancelled() => return,
        }
    };
    shared.metrics.partitions_served.add(1, &[]);
    Host {
        shared: shared.clone(),
        actors: HashMap::new(),
        running: JoinSet::new(),
    }
    .run(requests, stop)
    .await;
    shared.metrics.partitions_served.add(-1, &[]);
}

/// The worlds of one partition that are awake.
struct Host {
    shared: Arc<Shared>,
    actors: HashMap<WorldId, mpsc::Sender<Item>>,
    running: JoinSet<WorldId>,
}

impl Host {
    async fn run(mut self, mut requests: WorldRequests, stop: CancellationToken) {
        let mut stopping = false;
        loop {
            tokio::select! {
                () = stop.cancelled(), if !stopping => {
                    stopping = true;
                    // What was sent here before the others took over is still answered.
                    if requests.drain().await.is_err() {
                        break;
                    }
                }
                incoming = requests.next() => match incoming {
                    Some(incoming) => self.deliver(incoming).await,
                    None => break,
                },
                Some(ended) = self.running.join_next() => self.forget(ended),
            }
        }
        self.actors.clear();
        while let Some(ended) = self.running.join_next().await {
            self.forget(ended);
        }
    }

    async fn deliver(&mut self, incoming: IncomingRequest) {
        let world = incoming.world.clone();
        let item = Item::from(incoming);
        let mailbox = match self.actors.get(&world) {
            Some(mailbox) if !mailbox.is_closed() => mailbox.clone(),
            _ => self.start(world.clone()),
        };
        let refused = match mailbox.try_send(item) {
            Ok(()) => return,
            Err(mpsc::error::TrySendError::Full(item)) => (item, "too many requests wait for it"),
            Err(mpsc::error::TrySendError::Closed(item)) => (item, "it is falling asleep"),
        };
        let (item, reason) = refused;
        item.reply(&Reply::Unavailable {
            reason: format!("{world}: {reason}"),
        })
        .await;
    }

    fn start(&mut self, world: WorldId) -> mpsc::Sender<Item> {
        let (mailbox, items) = mpsc::channel(self.shared.config.mailbox_max);
        let actor = Actor::new(self.shared.clone(), world.clone());
        self.actors.insert(world.clone(), mailbox.clone());
        self.running.spawn(async move {
            actor.run(items).await;
            world
        });
        mailbox
    }

    fn forget(&mut self, ended: Result<WorldId, tokio::task::JoinError>) {
        match ended {
            // A new actor may have taken the place of the one that ended.
            Ok(world) => {
                if self.actors.get(&world).is_some_and(mpsc::Sender::is_closed) {
                    self.actors.remove(&world);
                }
            }
            // Whoever waited asks again, and the world is woken from its log.
            Err(panic) => {
                tracing::error!(error = %panic, "an actor panicked");
                self.actors.retain(|_, mailbox| !mailbox.is_closed());
            }
        }
    }
}
