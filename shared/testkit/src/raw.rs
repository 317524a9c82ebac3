use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, stream};
use futures::StreamExt;
use futures::stream::FuturesUnordered;

/// A message as any client of NATS gets it.
#[derive(Debug)]
pub struct Heard {
    /// Where it was published.
    pub subject: String,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its payload, as text.
    pub text: String,
}

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

    /// What is published on these subjects from now on.
    ///
    /// # Panics
    /// When the server can't be told.
    pub async fn listen(&self, subjects: &str) -> impl futures::Stream<Item = Heard> + use<> {
        let messages = self.client.subscribe(subjects.to_owned()).await;
        // Whatever the server answers, it knows the subscription by then.
        self.client
            .request(ECHO, "".into())
            .await
            .expect("an answer");
        messages.expect("a subscription").map(|message| Heard {
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

    /// Keeps a stream from passing on what it stores: what a lost message looks like to those who
    /// listen. Returns what [`Self::pass_on`] needs to undo it.
    ///
    /// # Panics
    /// When there is no such stream, or it can't be changed.
    pub async fn hold_back(&self, stream: &str) -> Option<stream::Republish> {
        self.set_passing_on(stream, None).await
    }

    /// Lets a stream pass on what it stores from now on.
    ///
    /// # Panics
    /// When there is no such stream, or it can't be changed.
    pub async fn pass_on(&self, stream: &str, how: Option<stream::Republish>) {
        self.set_passing_on(stream, how).await;
    }

    async fn set_passing_on(
        &self,
        stream: &str,
        how: Option<stream::Republish>,
    ) -> Option<stream::Republish> {
        let stream = self.jetstream.get_stream(stream).await.expect("the stream");
        let mut config = stream.cached_info().config.clone();
        let before = std::mem::replace(&mut config.republish, how);
        self.jetstream
            .update_stream(config)
            .await
            .expect("a changed stream");
        before
    }
}
