//! The connection to NATS, which may not be there yet, or be lost for a while.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bus::Bus;
use tokio::time::{Instant, sleep};

use crate::problem::Problem;

/// A connection that is lost for less than this is a pause; for longer, requests are refused.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// How often a request that waits for the connection checks it.
const CHECK_EVERY: Duration = Duration::from_millis(50);
/// How often a request that is under way checks the connection.
const CHECK_UNDER_WAY_EVERY: Duration = CHECK_EVERY.saturating_mul(4);

/// The pause before a read that nobody answered is tried again.
const READ_PAUSE: Duration = CHECK_UNDER_WAY_EVERY;

/// The connection to NATS. Cheap to clone.
#[derive(Clone, Default)]
pub struct BrokerConnection {
    bus: Arc<OnceLock<Bus>>,
}

impl BrokerConnection {
    /// Sets the connection, once it stands. A second call does nothing.
    pub fn set(&self, bus: Bus) {
        let _ = self.bus.set(bus);
    }

    /// The connection, once it stands for the first time.
    pub(crate) async fn wait(&self) -> Bus {
        loop {
            if let Some(bus) = self.bus.get() {
                return bus.clone();
            }
            sleep(CHECK_UNDER_WAY_EVERY).await;
        }
    }

    /// The connection, if it stood once.
    pub(super) fn first_bus(&self) -> Option<&Bus> {
        self.bus.get()
    }

    /// Whether requests can be answered now.
    ///
    /// # Errors
    /// Why not, as readiness reports it.
    pub fn check(&self) -> Result<(), String> {
        match self.bus.get() {
            None => Err("connecting".to_owned()),
            Some(bus) if bus.is_connected() => Ok(()),
            Some(_) => Err("connection lost, reconnecting".to_owned()),
        }
    }

    /// The connection, which stood just now.
    ///
    /// # Errors
    /// 503 when it was lost for longer than a pause.
    pub(crate) async fn bus(&self) -> Result<Bus, Problem> {
        let until = Instant::now() + PAUSE_MAX;
        loop {
            if let Some(bus) = self.bus.get().filter(|bus| bus.is_connected()) {
                return Ok(bus.clone());
            }
            if Instant::now() >= until {
                return Err(broker_unavailable());
            }
            sleep(CHECK_EVERY).await;
        }
    }

    /// Runs `work`, unless the connection is lost for longer than a pause meanwhile.
    ///
    /// # Errors
    /// 503 then, and the error of the work itself.
    pub(crate) async fn with_connection<T, E: Into<Problem>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Problem> {
        tokio::select! {
            biased;
            result = work => result.map_err(Into::into),
            () = self.lost() => Err(broker_unavailable()),
        }
    }

    /// Reads until somebody answers, for as long as `deadline`: the log has no leader for seconds after its server ended.
    ///
    /// # Errors
    /// 503 when nobody did, or when the connection is lost for longer than a pause; any other error of the read at once.
    pub(crate) async fn read<T, F>(
        &self,
        deadline: Duration,
        read: impl Fn() -> F,
    ) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, bus::Error>>,
    {
        let until = Instant::now() + deadline;
        let attempts = async {
            loop {
                match read().await {
                    Err(error) if error.is_transient() && Instant::now() + READ_PAUSE < until => {
                        sleep(READ_PAUSE).await;
                    }
                    result => return result,
                }
            }
        };
        self.with_connection(attempts).await
    }

    async fn lost(&self) {
        let mut last_connected = Instant::now();
        loop {
            sleep(CHECK_UNDER_WAY_EVERY).await;
            if self.check().is_ok() {
                last_connected = Instant::now();
            }
            if last_connected.elapsed() > PAUSE_MAX {
                return;
            }
        }
    }
}

fn broker_unavailable() -> Problem {
    Problem::unavailable("NATS is unavailable: repeat the request when it is back")
}
