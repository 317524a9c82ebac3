//! Wakes: JetStream message schedules that outlive every one of our processes.

use async_nats::header;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::message::PublishMessage;
use contract::{Timestamp, WorldId, subject};

use crate::{Bus, Consumer, Error};

impl Bus {
    /// Schedules a wake of a world, and returns once that is stored. The same wish twice is one.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may not be stored: repeat it.
    pub async fn schedule_wake(&self, world: &WorldId, due: Timestamp) -> Result<(), Error> {
        // JetStream refuses a schedule in the past; a second ahead is as good as now.
        let at = due.max(Timestamp::now() + std::time::Duration::from_secs(1));
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
        let stored = self
            .jetstream
            .send_publish(subject::timer(world, due), message)
            .await
            .map_err(|e| Error::broker("schedule a wake", e))?;
        stored
            .await
            .map(drop)
            .map_err(|e| Error::broker("schedule a wake", e))
    }

    /// The wakes that are due, shared by every replica of the world service.
    ///
    /// # Errors
    /// [`Error::SetUp`] when the consumer can't be made.
    pub async fn wakes(&self) -> Result<Consumer, Error> {
        let config = pull::Config {
            durable_name: Some("wakes".to_owned()),
            filter_subject: subject::WAKES_ALL.to_owned(),
            ack_policy: AckPolicy::Explicit,
            ack_wait: crate::queue::DISPATCH_ACK_WAIT,
            max_ack_pending: crate::queue::UNACKED_MAX,
            ..Default::default()
        };
        Consumer::open(self, subject::TIMERS_STREAM, config).await
    }
}
