//! The connection to NATS, which may not be there yet, or not just now.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bus::Bus;
use tokio::time::{Instant, sleep};

use crate::problem::Problem;

/// A connection that is away for less than this is a pause; for longer, requests are refused.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the state of the connection is looked at while something waits for it.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The connection to NATS. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Link {
    bus: Arc<OnceLock<Bus>>,
}

impl Link {
    pub(crate) fn set(&self, bus: Bus) {
        // Only one place sets it, once.
        let _ = self.bus.set(bus);
    }

    /// Why requests can't be answered now, if they can't.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.bus.get() {
            None => Err("connecting".to_owned()),
            Some(bus) if bus.is_connected() => Ok(()),
            Some(_) => Err("connection lost, reconnecting".to_owned()),
        }
    }

    /// The connection, which stood just now.
    ///
    /// # Errors
    /// 503 when it was away for longer than a pause.
    pub(crate) async fn bus(&self) -> Result<Bus, Problem> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(bus) = self.bus.get().filter(|bus| bus.is_connected()) {
                return Ok(bus.clone());
            }
            if Instant::now() >= until {
                return Err(away());
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Does `work`, unless the connection goes away for longer than a pause meanwhile.
    ///
    /// # Errors
    /// 503 then, and what the work itself says.
    pub(crate) async fn during<T, E: Into<Problem>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Problem> {
        tokio::select! {
            biased;
            result = work => result.map_err(Into::into),
            () = self.lost() => Err(away()),
        }
    }

    async fn lost(&self) {
        let mut stood = Instant::now();
        loop {
            sleep(LOOK_EVERY * 4).await;
            if self.check().is_ok() {
                stood = Instant::now();
            }
            if stood.elapsed() > PATIENCE {
                return;
            }
        }
    }
}

fn away() -> Problem {
    Problem::unavailable("NATS is away: repeat the request when it is back")
}
