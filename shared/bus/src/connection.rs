//! The connection to NATS that all clients of a [`Bus`](crate::Bus) share.

use std::path::Path;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::message::PublishMessage;
use async_nats::{Client, ConnectOptions, Event, ServerAddr, jetstream};
use opentelemetry::metrics::{Counter, Gauge};
use opentelemetry::{KeyValue, global};
use tracing::info;

use crate::broker_clock::BrokerClock;
use crate::{Config, Error};

/// After this long without an answer of JetStream, an operation has failed.
const JETSTREAM_TIMEOUT: Duration = Duration::from_secs(2);
/// How often NATS is pinged while it is silent. After three pings it has not answered, it counts as gone: a server
/// that hangs, or a network that loses everything, is noticed within 6 s, which readiness shows and requests do not
/// wait out.
const PING_EVERY: Duration = Duration::from_secs(2);
/// A server that accepts a connection and does not answer within this long is passed over for the next one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Acknowledgements of published messages that may be awaited at once, over all worlds.
const ACKS_AWAITED_MAX: usize = 8192;

/// A connection to NATS. Clients hold it behind an `Arc`.
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) jetstream: jetstream::Context,
    pub(crate) clock: BrokerClock,
}

impl Connection {
    /// Connects. While NATS is unavailable it goes on trying in the background.
    ///
    /// # Errors
    /// [`Error::Connect`] when the address or the credentials are invalid.
    pub(crate) async fn open(config: &Config, name: &str) -> Result<Self, Error> {
        let connect_error = |source: Box<dyn std::error::Error + Send + Sync>| Error::Connect {
            url: config.shown_url(),
            source,
        };
        let mut options = ConnectOptions::new()
            .name(name)
            .retry_on_initial_connect()
            .ping_interval(PING_EVERY)
            .connection_timeout(CONNECT_TIMEOUT)
            .max_reconnects(None)
            .reconnect_delay_callback(|attempt| Duration::from_millis(50 << attempt.min(5)))
            .event_callback({
                let metrics = ConnectionMetrics::new(name);
                move |event| {
                    info!(event = %event, "nats connection changed");
                    metrics.record(&event);
                    std::future::ready(())
                }
            });
        let servers = config
            .url
            .split(',')
            .map(|url| url.trim().parse())
            .collect::<Result<Vec<ServerAddr>, _>>()
            .map_err(|source| connect_error(source.into()))?;
        options = tls(options, config).map_err(connect_error)?;
        let identified = identify(options, config, servers.first()).await;
        options = identified.map_err(connect_error)?;
        let client = options
            .connect(servers)
            .await
            .map_err(|e| connect_error(e.into()))?;
        let jetstream = jetstream::ContextBuilder::new()
            .timeout(JETSTREAM_TIMEOUT)
            .ack_timeout(JETSTREAM_TIMEOUT)
            .max_ack_inflight(ACKS_AWAITED_MAX)
            .backpressure_on_inflight(true)
            .build(client.clone());
        Ok(Self {
            client,
            jetstream,
            clock: BrokerClock::default(),
        })
    }

    pub(crate) fn state(&self) -> State {
        self.client.connection_state()
    }

    /// Publishes to a stream, and returns once it has stored the message.
    ///
    /// # Errors
    /// [`Error::Broker`] when the message may not be stored: repeat it with the same message id.
    pub(crate) async fn publish_stored(
        &self,
        operation: &'static str,
        subject: String,
        message: PublishMessage,
    ) -> Result<(), Error> {
        let sent = self.jetstream.send_publish(subject, message).await;
        let ack = sent.map_err(|e| Error::broker(operation, e))?;
        ack.await.map(drop).map_err(|e| Error::broker(operation, e))
    }
}

/// What proves to the server who this client is. The client reads no user of an address by itself.
async fn identify(
    mut options: ConnectOptions,
    config: &Config,
    first: Option<&ServerAddr>,
) -> Result<ConnectOptions, Box<dyn std::error::Error + Send + Sync>> {
    let read = async |path: &Path| {
        let text = tokio::fs::read_to_string(path).await;
        text.map_err(|error| format!("{}: {error}", path.display()))
    };
    if let Some(path) = &config.credentials {
        options = options.credentials(&read(path).await?)?;
    }
    if let Some(path) = &config.nkey {
        options = options.nkey(read(path).await?.trim().to_owned());
    }
    let Some(user) = first.and_then(ServerAddr::username) else {
        return Ok(options);
    };
    if let Some(password) = first.and_then(ServerAddr::password) {
        options = options.user_and_password(user.to_owned(), password.to_owned());
    }
    Ok(options.custom_inbox_prefix(format!("_INBOX.{user}")))
}

fn tls(
    mut options: ConnectOptions,
    config: &Config,
) -> Result<ConnectOptions, Box<dyn std::error::Error + Send + Sync>> {
    if let Some(path) = &config.tls_ca {
        options = options.add_root_certificates(path.clone());
    }
    match (&config.tls_cert, &config.tls_key) {
        (Some(cert), Some(key)) => Ok(options.add_client_certificate(cert.clone(), key.clone())),
        (None, None) => Ok(options),
        _ => Err("tls_cert and tls_key belong together".into()),
    }
}

/// The metrics of a connection, by `client`: its name.
struct ConnectionMetrics {
    client: [KeyValue; 1],
    connected: Gauge<u64>,
    disconnects: Counter<u64>,
}

impl ConnectionMetrics {
    fn new(client: &str) -> Self {
        let meter = global::meter("bus");
        let metrics = Self {
            client: [KeyValue::new("client", client.to_owned())],
            connected: meter
                .u64_gauge("manyworlds.nats.connected")
                .with_description("1 while the client is connected to NATS, else 0, by client")
                .build(),
            disconnects: meter
                .u64_counter("manyworlds.nats.disconnects")
                .with_description("connections to NATS that were lost, by client")
                .build(),
        };
        metrics.connected.record(0, &metrics.client);
        metrics.disconnects.add(0, &metrics.client);
        metrics
    }

    fn record(&self, event: &Event) {
        match event {
            Event::Connected => self.connected.record(1, &self.client),
            Event::Disconnected => {
                self.connected.record(0, &self.client);
                self.disconnects.add(1, &self.client);
            }
            _ => {}
        }
    }
}
