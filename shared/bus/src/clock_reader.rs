//! Reads the clock of NATS, and finds by that a connection over which nothing comes back.

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::context::{RequestError, RequestErrorKind};
use contract::{Timestamp, subject};
use serde::Deserialize;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::broker_clock::BrokerClock;
use crate::connection::Connection;
use crate::error_chain::error_chain;

/// How often the clock is read. Meanwhile two machines come apart by less than a millisecond.
const READ_INTERVAL: Duration = Duration::from_secs(2);
/// After so many readings without a reply, each of which waits for the timeout of JetStream, the connection is given up.
const UNANSWERED_MAX: usize = 2;
/// A clock of a machine that is wrong by more is logged.
const OFFSET_LOGGED_MS: i64 = 1000;

/// The part of NATS's information about a stream that is read.
#[derive(Deserialize)]
struct StreamInfo {
    #[serde(rename = "ts")]
    time: Timestamp,
}

impl Connection {
    /// Reads the clock of NATS.
    ///
    /// # Errors
    /// When it can't be read: what was read before holds.
    pub(crate) async fn read_clock(&self) -> Result<(), RequestError> {
        let subject = format!("STREAM.INFO.KV_{}", subject::LEASES_BUCKET);
        let sent = Instant::now();
        let StreamInfo { time } = self.jetstream.request(subject, &()).await?;
        if !self.clock.note(time, sent, Instant::now()) {
            debug!("reading of the clock of NATS took too long");
        }
        Ok(())
    }
}

/// Reads the clock now and then, until it is dropped.
///
/// That is also how a connection is found that loses what is sent, while something is received: the client pings only
/// while nothing is. Such a connection is given up for a new one.
pub(crate) struct ClockReader(AbortHandle);

impl ClockReader {
    pub(crate) fn start(connection: &Arc<Connection>) -> Self {
        let connection = Arc::clone(connection);
        #[expect(clippy::disallowed_methods, reason = "it ends with this value")]
        let reader = tokio::spawn(async move {
            let (mut logged, mut unanswered) = (0, 0);
            loop {
                if unanswered == 0 {
                    logged = log_offset(&connection.clock, logged);
                    tokio::time::sleep(READ_INTERVAL).await;
                }
                unanswered = match connection.read_clock().await {
                    Err(error) if error.kind() == RequestErrorKind::TimedOut => unanswered + 1,
                    Err(error) => {
                        debug!(error = %error_chain(&error), "clock of NATS not read");
                        0
                    }
                    Ok(()) => 0,
                };
                if unanswered >= UNANSWERED_MAX {
                    unanswered = 0;
                    give_up(&connection).await;
                }
            }
        });
        Self(reader.abort_handle())
    }
}

impl Drop for ClockReader {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Connects anew, unless it is known already that the connection is lost.
async fn give_up(connection: &Connection) {
    if connection.state() != State::Connected {
        return;
    }
    warn!("nats answers nothing, connecting anew");
    if let Err(error) = connection.client.force_reconnect().await {
        debug!(error = %error_chain(&error), "connection not given up");
    }
}

/// Logs how far ahead the clock of this machine is, once for each change. Returns what is logged.
fn log_offset(clock: &BrokerClock, logged: i64) -> i64 {
    let offset_ms = Timestamp::now().as_unix_ms() - clock.now().as_unix_ms();
    if (offset_ms - logged).abs() < OFFSET_LOGGED_MS {
        return logged;
    }
    warn!(
        ahead_ms = offset_ms,
        "the clock of this machine is not that of NATS, by which this process goes"
    );
    offset_ms
}
