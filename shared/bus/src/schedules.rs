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
        let now = self.connection.clock.now();
        let at = due.max(now + Duration::from_secs(1));
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

    /// Removes the schedules of a world and its wakes, all of them, or those that the stream of timers has
    /// stored up to `until`: nothing needs them when the world is purged.
    ///
    /// # Errors
    /// [`Error::Broker`] when some may still be there.
    pub async fn remove_all(&self, world: &WorldId, until: Option<u64>) -> Result<(), Error> {
        const OPERATION: &str = "remove the schedules of a world";
        let jetstream = &self.connection.jetstream;
        let stream = jetstream.get_stream_no_info(subject::TIMERS_STREAM).await;
        let stream = stream.map_err(|e| Error::broker(OPERATION, e))?;
        for subjects in [all_schedules(world), subject::wake(world)] {
            let purge = stream.purge().filter(subjects);
            let purged = match until {
                Some(until) => purge.sequence(until + 1).await,
                None => purge.await,
            };
            purged.map_err(|e| Error::broker(OPERATION, e))?;
        }
        Ok(())
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

/// The subjects of the schedules of a world, whenever they are due.
fn all_schedules(world: &WorldId) -> String {
    let one = subject::timer(world, Timestamp::MAX);
    match one.rsplit_once('.') {
        Some((of_world, _due)) => format!("{of_world}.*"),
        None => one,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedules_of_a_world_are_all_times_of_its_subject() {
        let world = "lobby".parse().unwrap();
        let all = all_schedules(&world);
        let of_world = all.strip_suffix('*').unwrap();
        assert!(of_world.ends_with(".lobby."), "{all}");
        assert!(subject::timer(&world, Timestamp::MAX).starts_with(of_world));
    }
}
