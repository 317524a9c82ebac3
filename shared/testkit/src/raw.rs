//! NATS without our crates.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use async_nats::ServerAddr;
use async_nats::jetstream::{self, stream};
use futures::StreamExt;
use futures::stream::FuturesUnordered;

/// A message as any client of NATS receives it.
#[derive(Debug)]
pub struct RawMessage {
    /// The subject to which it was published.
    pub subject: String,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its payload, as text.
    pub text: String,
}

/// A plain NATS client, without our crates: the control of benchmarks.
pub struct Raw {
    client: async_nats::Client,
    jetstream: jetstream::Context,
}

const SUBJECT: &str = "raw.publish";
const ECHO: &str = "raw.echo";

impl Raw {
    /// Connects to one of the servers in `url`, which are joined by commas, and creates its own stream.
    ///
    /// # Panics
    /// If the server is unavailable.
    pub async fn connect(url: &str) -> Self {
        let client = connect(url).await.expect("a connection");
        let jetstream = jetstream::new(client.clone());
        let config = stream::Config {
            name: "RAW".to_owned(),
            subjects: vec![SUBJECT.to_owned()],
            ..Default::default()
        };
        jetstream
            .get_or_create_stream(config)
            .await
            .expect("a stream");
        let mut requests = client.subscribe(ECHO).await.expect("a subscription");
        let responder = client.clone();
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                if let Some(reply) = request.reply {
                    let _ = responder.publish(reply, request.payload).await;
                }
            }
        });
        Self { client, jetstream }
    }

    /// The name of the server that leads a stream; none while there is no leader, or none is known.
    pub async fn stream_leader(url: &str, stream: &str) -> Option<String> {
        let client = connect(url).await.ok()?;
        let stream = jetstream::new(client).get_stream(stream).await.ok()?;
        stream.cached_info().cluster.as_ref()?.leader.clone()
    }

    /// Whether every stream has a leader, and all of its copies are complete.
    pub async fn is_in_sync(url: &str) -> bool {
        let Ok(client) = connect(url).await else {
            return false;
        };
        let mut streams = jetstream::new(client).streams();
        while let Some(stream) = streams.next().await {
            let cluster = stream.ok().and_then(|stream| stream.cluster);
            let is_in_sync = cluster.is_some_and(|cluster| {
                let is_complete = |copy: &stream::PeerInfo| copy.current && !copy.offline;
                cluster.leader.is_some() && cluster.replicas.iter().all(is_complete)
            });
            if !is_in_sync {
                return false;
            }
        }
        true
    }

    /// How many messages a stream has on these subjects.
    ///
    /// # Panics
    /// If there is no such stream.
    pub async fn count(&self, stream: &str, subjects: &str) -> usize {
        let stream = self.jetstream.get_stream(stream).await.expect("the stream");
        let info = stream.info_with_subjects(subjects).await;
        let counts = info
            .expect("its subjects")
            .map(|subject| subject.expect("a subject").1);
        counts.fold(0, async |sum, count| sum + count).await
    }

    /// Publishes `count` messages to the stream with at most `window` unacknowledged, and returns how
    /// long it took.
    ///
    /// # Panics
    /// If one is not stored.
    pub async fn publish(&self, count: usize, window: usize, size_bytes: usize) -> Duration {
        let payload = bytes::Bytes::from(vec![b'x'; size_bytes]);
        let started = Instant::now();
        let mut acks = FuturesUnordered::new();
        for _ in 0..count {
            if acks.len() >= window {
                let stored: Result<_, _> = acks.next().await.expect("an ack");
                stored.map(drop).expect("stored");
            }
            let ack = self
                .jetstream
                .publish(SUBJECT, payload.clone())
                .await
                .expect("published");
            acks.push(ack.into_future());
        }
        while let Some(stored) = acks.next().await {
            stored.map(drop).expect("stored");
        }
        started.elapsed()
    }

    /// Sends `count` core requests, one after the other, and returns their latencies.
    ///
    /// # Panics
    /// If one gets no reply.
    pub async fn request(&self, count: usize, size_bytes: usize) -> Vec<Duration> {
        let payload = bytes::Bytes::from(vec![b'x'; size_bytes]);
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let started = Instant::now();
            self.client
                .request(ECHO, payload.clone())
                .await
                .expect("a reply");
            times.push(started.elapsed());
        }
        times
    }

    /// Sends one core request to `subject`, and returns its reply; `None` when nobody serves it.
    pub async fn request_text(&self, subject: String, text: String) -> Option<String> {
        let reply = self.client.request(subject, text.into()).await.ok()?;
        Some(String::from_utf8_lossy(&reply.payload).into_owned())
    }

    /// Limits a stream to the bytes that it has now and `more`, or not at all. What exceeds that is refused.
    ///
    /// # Panics
    /// If there is no such stream.
    pub async fn limit_stream(&self, name: &str, more: Option<u32>) {
        let stream = self.jetstream.get_stream(name).await.expect("a stream");
        let info = stream.cached_info();
        let bytes = i64::try_from(info.state.bytes).unwrap_or(i64::MAX);
        let config = stream::Config {
            max_bytes: more.map_or(-1, |more| bytes + i64::from(more)),
            discard: stream::DiscardPolicy::New,
            ..info.config.clone()
        };
        let updated = self.jetstream.update_stream(config).await;
        updated.map(drop).expect("another limit");
    }

    /// Publishes `count` messages to the stream, one after the other, and returns how long each took to
    /// be stored.
    ///
    /// # Panics
    /// If one is not stored.
    pub async fn store(&self, count: usize, size_bytes: usize) -> Vec<Duration> {
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            times.push(self.publish(1, 1, size_bytes).await);
        }
        times
    }

    /// Subscribes to subjects.
    ///
    /// # Panics
    /// If the server is unavailable.
    pub async fn listen(&self, subjects: &str) -> impl futures::Stream<Item = RawMessage> + use<> {
        let messages = self.client.subscribe(subjects.to_owned()).await;
        // Once the server replies, it has processed the subscription.
        self.client.request(ECHO, "".into()).await.expect("a reply");
        messages.expect("a subscription").map(|message| RawMessage {
            subject: message.subject.to_string(),
            headers: message
                .headers
                .iter()
                .flat_map(async_nats::HeaderMap::iter)
                .filter_map(|(name, values)| Some((name.to_string(), values.first()?.to_string())))
                .collect(),
            text: String::from_utf8_lossy(&message.payload).into_owned(),
        })
    }

    /// Stops a stream from republishing what it stores, which looks like message loss to subscribers.
    /// Returns the configuration with which [`Self::pass_on`] restores it.
    ///
    /// # Panics
    /// If there is no such stream, or it can't be updated.
    pub async fn hold_back(&self, stream: &str) -> Option<stream::Republish> {
        self.set_republish(stream, None).await
    }

    /// Lets a stream republish what it stores from now on.
    ///
    /// # Panics
    /// If there is no such stream, or it can't be updated.
    pub async fn pass_on(&self, stream: &str, republish: Option<stream::Republish>) {
        self.set_republish(stream, republish).await;
    }

    async fn set_republish(
        &self,
        stream: &str,
        republish: Option<stream::Republish>,
    ) -> Option<stream::Republish> {
        let stream = self.jetstream.get_stream(stream).await.expect("the stream");
        let mut config = stream.cached_info().config.clone();
        let before = std::mem::replace(&mut config.republish, republish);
        self.jetstream
            .update_stream(config)
            .await
            .expect("an updated stream");
        before
    }
}

async fn connect(url: &str) -> Result<async_nats::Client, async_nats::ConnectError> {
    let servers = url
        .split(',')
        .map(|server| server.parse().expect("the address of a server"));
    async_nats::connect(servers.collect::<Vec<ServerAddr>>()).await
}
