use std::time::{Duration, Instant};

use async_nats::jetstream::{self, stream};
use futures::StreamExt;
use futures::stream::FuturesUnordered;

/// Bare NATS, without anything of ours: what measurements are held against.
pub struct Raw {
    client: async_nats::Client,
    jetstream: jetstream::Context,
}

const SUBJECT: &str = "raw.publish";
const ECHO: &str = "raw.echo";

impl Raw {
    /// Connects, and makes a stream of its own.
    ///
    /// # Panics
    /// When the server can't be used.
    pub async fn connect(url: &str) -> Self {
        let client = async_nats::connect(url).await.expect("a connection");
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
        let answering = client.clone();
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                if let Some(reply) = request.reply {
                    let _ = answering.publish(reply, request.payload).await;
                }
            }
        });
        Self { client, jetstream }
    }

    /// Publishes `count` messages to the stream with at most `window` unacknowledged.
    ///
    /// # Panics
    /// When one is not stored.
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

    /// How long each of `count` core requests took to be answered, one after the other.
    ///
    /// # Panics
    /// When one is not answered.
    pub async fn request(&self, count: usize, size_bytes: usize) -> Vec<Duration> {
        let payload = bytes::Bytes::from(vec![b'x'; size_bytes]);
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let started = Instant::now();
            self.client
                .request(ECHO, payload.clone())
                .await
                .expect("an answer");
            times.push(started.elapsed());
        }
        times
    }

    /// How long each of `count` publishes took to be stored, one after the other.
    ///
    /// # Panics
    /// When one is not stored.
    pub async fn store(&self, count: usize, size_bytes: usize) -> Vec<Duration> {
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            times.push(self.publish(1, 1, size_bytes).await);
        }
        times
    }
}
