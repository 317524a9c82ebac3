//! One subscription a world, many clients: every event once, in order, without a gap.
//!
//! A [`Hub`](hub::Hub) listens to one world while somebody watches it. It keeps the newest events
//! in one ring for all clients; a client that the ring has left behind is cut off, and goes on from
//! its position. Start with [`Fanout::join`], then [`Feed`] (what one client sees), then `step`
//! (how a gap is noticed).

mod feed;
mod filter;
mod frame;
mod hub;
mod step;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bus::Bus;
use contract::WorldId;
use tokio_util::task::TaskTracker;

use crate::metrics::Metrics;
use crate::problem::Problem;

pub(crate) use feed::{Ended, Feed, Ready};
pub(crate) use filter::{Filter, TypePattern, sees};
pub(crate) use frame::{Body, Frame, sse};
use hub::Hub;

/// The worlds that clients of this gateway watch.
pub(crate) struct Fanout {
    hubs: Mutex<HashMap<WorldId, Weak<Hub>>>,
    backlog_max: usize,
    catch_up_every: Duration,
    metrics: Arc<Metrics>,
    tasks: TaskTracker,
}

impl Fanout {
    pub(crate) fn new(
        backlog_max: usize,
        catch_up_every: Duration,
        metrics: Arc<Metrics>,
        tasks: TaskTracker,
    ) -> Self {
        Self {
            hubs: Mutex::default(),
            backlog_max,
            catch_up_every,
            metrics,
            tasks,
        }
    }

    /// Begins to watch a world, from now on. [`Feed::start_after`] begins earlier.
    ///
    /// # Errors
    /// 404 when there is no such world, 503 when its log can't be read.
    pub(crate) async fn join(
        &self,
        bus: &Bus,
        world: &WorldId,
        filter: Filter,
    ) -> Result<Feed, Problem> {
        let hub = self.hub(bus, world);
        hub.start(&self.tasks).await?;
        Ok(Feed::new(hub, filter))
    }

    /// The hub of a world: the one that is there, or a new one.
    fn hub(&self, bus: &Bus, world: &WorldId) -> Arc<Hub> {
        let mut hubs = self.hubs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hub) = hubs.get(world).and_then(Weak::upgrade) {
            return hub;
        }
        // What nobody watches any more is forgotten here: the map is no larger than what is watched
        // at the same time, and as much again.
        if hubs.len() == hubs.capacity() {
            hubs.retain(|_, hub| hub.strong_count() > 0);
        }
        let hub = Arc::new(Hub::new(
            bus.clone(),
            world.clone(),
            self.backlog_max,
            self.catch_up_every,
            Arc::clone(&self.metrics),
        ));
        hubs.insert(world.clone(), Arc::downgrade(&hub));
        hub
    }
}
