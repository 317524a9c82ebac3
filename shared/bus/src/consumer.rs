//! Durable consumers that many processes share.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{self, pull};

use crate::Error;
use crate::connection::Connection;

/// A dispatcher that does not acknowledge for this long has died: its deliveries go to another.
pub(crate) const DISPATCH_ACK_WAIT: Duration = Duration::from_secs(5);
/// Deliveries of one consumer that may be unacknowledged at once, over all replicas.
pub(crate) const UNACKED_MAX: i64 = 20_000;

/// A durable consumer: each message goes to one of those who share it, until it is acknowledged.
pub struct Consumer {
    pub(crate) connection: Arc<Connection>,
    pub(crate) consumer: consumer::Consumer<pull::Config>,
}

impl Consumer {
    pub(crate) async fn open(
        connection: &Arc<Connection>,
        stream: &str,
        config: pull::Config,
    ) -> Result<Self, Error> {
        let name = config.durable_name.clone().unwrap_or_default();
        let jetstream = &connection.jetstream;
        let consumer = jetstream.create_consumer_on_stream(config, stream).await;
        Ok(Self {
            connection: Arc::clone(connection),
            consumer: consumer.map_err(|e| Error::set_up(name, e))?,
        })
    }
}
