//! The hubs of the worlds that clients of this gateway read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bus::Bus;
use contract::WorldId;
use tokio_util::task::TaskTracker;

use super::filter::Filter;
use super::frame_slot::{FrameSlot, FrameSlots};
use super::hub::Hub;
use super::page_budget::PageBudget;
use super::ring::Ring;
use super::subscription::Subscription;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::settings::FanoutSettings;

/// The hubs of the worlds that clients of this gateway read.
pub(crate) struct Fanout {
    hubs: Mutex<HashMap<WorldId, Weak<Hub>>>,
    frame_slots: FrameSlots,
    settings: FanoutSettings,
    metrics: Arc<Metrics>,
    pages: Arc<PageBudget>,
    tasks: TaskTracker,
}

impl Fanout {
    pub(crate) fn new(settings: FanoutSettings, metrics: Arc<Metrics>, tasks: TaskTracker) -> Self {
        Self {
            hubs: Mutex::default(),
            frame_slots: FrameSlots::default(),
            pages: Arc::new(PageBudget::new(settings.catch_up_bytes_max)),
            settings,
            metrics,
            tasks,
        }
    }

    /// Registers a form in which a door writes frames. Frames that were made before do not keep it.
    pub(crate) fn register_frame_slot(&self) -> FrameSlot {
        self.frame_slots.register()
    }

    /// Subscribes to a world from now on. [`Subscription::start_after`] begins earlier.
    ///
    /// # Errors
    /// 404 when there is no such world, 503 when its log can't be read.
    pub(crate) async fn subscribe(
        &self,
        bus: &Bus,
        world: &WorldId,
        filter: Filter,
    ) -> Result<Subscription, Problem> {
        let hub = self.hub(bus, world);
        hub.start(&self.tasks).await?;
        Ok(Subscription::new(hub, filter))
    }

    /// The hub of a world: the one that is there, or a new one.
    fn hub(&self, bus: &Bus, world: &WorldId) -> Arc<Hub> {
        let mut hubs = self.hubs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hub) = hubs.get(world).and_then(Weak::upgrade) {
            return hub;
        }
        // Hubs without clients are dropped here: the map is at most twice as large as the number of
        // worlds that are read at the same time.
        if hubs.len() == hubs.capacity() {
            hubs.retain(|_, hub| hub.strong_count() > 0);
        }
        let ring = Ring::new(
            bus.clone(),
            world.clone(),
            self.settings.backlog_max,
            self.frame_slots.count(),
            (Arc::clone(&self.metrics), Arc::clone(&self.pages)),
        );
        let hub = Arc::new(Hub::new(ring, self.settings.catch_up_every));
        hubs.insert(world.clone(), Arc::downgrade(&hub));
        hub
    }
}
