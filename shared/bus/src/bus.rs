//! The connection, and the streams and buckets that must be there.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, kv, stream};
use async_nats::{Client, ConnectOptions, connection::State};
use contract::subject;
use serde::Deserialize;
use tracing::{info, warn};

use crate::Error;
use crate::lanes::Lanes;

/// After this long without an answer of JetStream, an operation has failed.
const JETSTREAM_TIMEOUT: Duration = Duration::from_secs(2);
/// Acknowledgements of published messages that may be awaited at once, over all worlds.
const ACKS_AWAITED_MAX: usize = 8192;
/// Pause between attempts to set the streams up while NATS is away.
const SET_UP_PAUSE: Duration = Duration::from_millis(250);
/// Within this long the work queue drops a second dispatch of the same invocation. A crashed
/// dispatcher repeats itself within seconds; the world refuses a second result in any case.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);
/// A run has a day at most.
const CLAIM_KEPT: Duration = Duration::from_hours(48);
/// How long what could not be handled is kept for a person to look at.
const DEAD_KEPT: Duration = Duration::from_hours(30 * 24);
/// How long a wake that nobody took is kept: the next one is never further away.
const WAKE_KEPT: Duration = Duration::from_hours(366 * 24);

/// Where NATS is and how it keeps things.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Servers, joined by commas. Default: the local one.
    pub url: String,
    /// A credentials file, if the server wants one.
    pub credentials: Option<std::path::PathBuf>,
    /// Copies of each stream and bucket: 1 for one server, 3 in production. Streams that exist
    /// keep what they have.
    pub replicas: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: "nats://127.0.0.1:4222".to_owned(),
            credentials: None,
            replicas: 1,
        }
    }
}

/// A connection to NATS on which everything this project uses is set up. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    pub(crate) client: Client,
    pub(crate) jetstream: jetstream::Context,
    // Behind `Arc`, since every delivery carries a bus.
    pub(crate) leases: Arc<kv::Store>,
    pub(crate) snapshots: Arc<kv::Store>,
    pub(crate) claims: Arc<kv::Store>,
    pub(crate) lanes: Arc<Lanes>,
}

impl Bus {
    /// Connects, and returns once every stream and bucket is there. While NATS is away it waits:
    /// bound it with a timeout where that is wrong.
    ///
    /// `name` is what NATS calls this client in its own reports.
    ///
    /// # Errors
    /// [`Error::Connect`] when the address or the credentials make no sense.
    pub async fn connect(config: &Config, name: &str) -> Result<Self, Error> {
        let connect_error = |source: Box<dyn std::error::Error + Send + Sync>| Error::Connect {
            url: config.url.clone(),
            source,
        };
        let mut options = ConnectOptions::new()
            .name(name)
            .retry_on_initial_connect()
            .max_reconnects(None)
            .reconnect_delay_callback(|attempt| Duration::from_millis(50 << attempt.min(5)))
            .event_callback(async |event| info!(event = %event, "nats connection changed"));
        if let Some(path) = &config.credentials {
            let credentials = tokio::fs::read_to_string(path)
                .await
                .map_err(|source| connect_error(source.into()))?;
            options = options
                .credentials(&credentials)
                .map_err(|e| connect_error(e.into()))?;
        }
        let servers: Vec<String> = config
            .url
            .split(',')
            .map(|url| url.trim().to_owned())
            .collect();
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
        loop {
            // Configurations of streams are large: they are not to be part of every caller's future.
            match Box::pin(set_up(&jetstream, config.replicas)).await {
                Ok(buckets) => {
                    let [leases, snapshots, claims] = buckets.map(Arc::new);
                    return Ok(Self {
                        client,
                        jetstream,
                        leases,
                        snapshots,
                        claims,
                        lanes: Arc::default(),
                    });
                }
                Err(error) => warn!(error = %chain(&error), "streams are not set up yet"),
            }
            tokio::time::sleep(SET_UP_PAUSE).await;
        }
    }

    /// Whether the connection stands now.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Whether the connection stands now, and if not, why: for a health page.
    ///
    /// # Errors
    /// What state the connection is in.
    pub fn connection(&self) -> Result<(), String> {
        match self.client.connection_state() {
            State::Connected => Ok(()),
            state => Err(state.to_string()),
        }
    }

    /// Returns once what was published so far is written to the connection: NATS reads it in this
    /// order, but may not have done so yet.
    ///
    /// # Errors
    /// [`Error::Broker`] when the connection is gone.
    pub async fn flush(&self) -> Result<(), Error> {
        self.client
            .flush()
            .await
            .map_err(|e| Error::broker("flush", e))
    }
}

async fn set_up(jetstream: &jetstream::Context, replicas: usize) -> Result<[kv::Store; 3], Error> {
    for config in streams(replicas) {
        let name = config.name.clone();
        set_up_stream(jetstream, config)
            .await
            .map_err(|source| Error::set_up(name, source))?;
    }
    let leases = kv::Config {
        bucket: subject::LEASES_BUCKET.to_owned(),
        max_age: crate::members::LEASE * 2,
        num_replicas: replicas,
        ..Default::default()
    };
    let snapshots = kv::Config {
        bucket: subject::SNAPSHOTS_BUCKET.to_owned(),
        num_replicas: replicas,
        ..Default::default()
    };
    let claims = kv::Config {
        bucket: subject::CLAIMS_BUCKET.to_owned(),
        max_age: CLAIM_KEPT,
        num_replicas: replicas,
        ..Default::default()
    };
    Ok([
        bucket(jetstream, leases).await?,
        bucket(jetstream, snapshots).await?,
        bucket(jetstream, claims).await?,
    ])
}

/// A stream that exists keeps what it has, but for what it passes on.
async fn set_up_stream(
    jetstream: &jetstream::Context,
    config: stream::Config,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let republish = config.republish.clone();
    let stream = jetstream.get_or_create_stream(config).await?;
    let now = &stream.cached_info().config;
    if now.republish != republish {
        let changed = stream::Config {
            republish,
            ..now.clone()
        };
        jetstream.update_stream(changed).await?;
    }
    Ok(())
}

async fn bucket(jetstream: &jetstream::Context, config: kv::Config) -> Result<kv::Store, Error> {
    let name = config.bucket.clone();
    if let Ok(store) = jetstream.get_key_value(&name).await {
        return Ok(store);
    }
    jetstream
        .create_key_value(config)
        .await
        .map_err(|source| Error::set_up(name, source))
}

fn streams(replicas: usize) -> [stream::Config; 4] {
    let stream = |name: &str, subjects: &[&str]| stream::Config {
        name: name.to_owned(),
        subjects: subjects.iter().map(ToString::to_string).collect(),
        num_replicas: replicas,
        duplicate_window: DUPLICATE_WINDOW,
        allow_direct: true,
        ..Default::default()
    };
    [
        stream::Config {
            deny_delete: true,
            republish: Some(stream::Republish {
                source: subject::LOG_PASSED_ON.0.to_owned(),
                destination: subject::LOG_PASSED_ON.1.to_owned(),
                headers_only: false,
            }),
            ..stream(subject::LOG_STREAM, &[subject::LOG_ALL])
        },
        stream::Config {
            retention: stream::RetentionPolicy::WorkQueue,
            ..stream(subject::ACTIONS_STREAM, &[subject::ACTIONS_ALL])
        },
        stream::Config {
            allow_message_schedules: true,
            allow_message_ttl: true,
            allow_rollup: true,
            max_age: WAKE_KEPT,
            ..stream(
                subject::TIMERS_STREAM,
                &[subject::TIMERS_ALL, subject::WAKES_ALL],
            )
        },
        stream::Config {
            max_age: DEAD_KEPT,
            ..stream(subject::DEAD_STREAM, &[subject::DEAD_ALL])
        },
    ]
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
