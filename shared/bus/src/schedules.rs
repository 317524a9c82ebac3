//! Schedules of JetStream: wakes that are due later, whichever of our processes live until then.

use std::sync::Arc;
use std::time::Duration;

use async_nats::header;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::message::PublishMessage;
use contract::{Timestamp, WorldId, subject};

use crate::connection::Connection;
use crate::consumer::{DISPATCH_ACK_WAIT, UNACKED_MAX};
use crate::{Consumer, Error};

/// Schedules wakes of worlds, and consumes those that are due. Cheap to clone.
#[derive(Clone)]
pub struct Schedules {
    connection: Arc<Connection>,
}

impl Schedules {
    pub(crate) fn new(connection: &Arc<Connection>) -> Self {
        Self {
            connection: Arc::clone(connection),
        }
    }

    /// Schedules a wake of a world, and returns once the schedule is stored. The same one twice is one.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may not be stored: repeat it.
    pub async fn schedule_wake(&self, world: &WorldId, due: Timestamp) -> Result<(), Error> {
        // JetStream refuses a schedule in the past; a second ahead is as good as now.
        let at = due.max(Timestamp::now() + Duration::from_secs(1));
        let at = at.to_string();
        let message = PublishMessage::build()
            .header(header::NATS_SCHEDULE, format!("@at {at}").as_str())
            .header(header::NATS_SCHEDULE_TARGET, subject::wake(world).as_str())
            // A wake replaces the one before it: a world needs no more than one.
            .header(
                header::NATS_SCHEDULE_ROLLUP,
                header::NATS_SCHEDULE_ROLLUP_SUB,
            )
            .header(header::NATS_ROLLUP, "sub")
            .payload("{}".into());
        let connection = &self.connection;
        connection
            .publish_stored("schedule a wake", subject::timer(world, due), message)
            .await
    }

    /// The consumer of due wakes that all replicas of the world service share.
    ///
    /// # Errors
    /// [`Error::SetUp`] when it can't be created.
    pub async fn wake_consumer(&self) -> Result<Consumer, Error> {
        let config = pull::Config {
            durable_name: Some("wakes".to_owned()),
            filter_subject: subject::WAKES_ALL.to_owned(),
            ack_policy: AckPolicy::Explicit,
            ack_wait: DISPATCH_ACK_WAIT,
            max_ack_pending: UNACKED_MAX,
            ..Default::default()
        };
        Consumer::open(&self.connection, subject::TIMERS_STREAM, config).await
    }
}
