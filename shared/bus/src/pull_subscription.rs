//! A standing request for deliveries: never more are under way than there are slots for.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::BatchConfig;
use async_nats::{Client, Message, StatusCode, Subject, Subscriber};
use futures::StreamExt;
use tokio::time::{Instant, sleep, timeout};

use crate::{Consumer, Delivery, Error};

/// How long the server keeps a request while it has nothing to deliver. When the link to this process is dead, and the
/// server does not know that yet, so long it sends messages into it, which are redelivered when the time to acknowledge
/// them is over: no longer than that, so that none is sent into it twice.
const REQUEST_EXPIRES: Duration = Duration::from_secs(5);
/// When nothing was received for this long, the server has lost our requests.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// How often a quiet connection is checked: a new one knows nothing of our requests.
const CHECK_PAUSE: Duration = Duration::from_millis(250);
/// How long the server may take to confirm that it sends no more.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// This header has the number of messages of a request that the server did not deliver.
const PENDING_MESSAGES: &str = "Nats-Pending-Messages";

/// Deliveries of a [`Consumer`] to one process, as many at a time as it has slots for.
pub struct PullSubscription {
    consumer: Consumer,
    inbox: Subject,
    subscriber: Subscriber,
    /// Messages that were requested and are not here yet.
    requested: usize,
    /// Connections that the client had made when the requests were sent.
    connects: u64,
    received_at: Instant,
}

impl Consumer {
    /// Begins to pull deliveries.
    ///
    /// # Errors
    /// [`Error::Broker`] when it is not subscribed.
    pub async fn pull(self) -> Result<PullSubscription, Error> {
        let client = &self.connection.client;
        let (inbox, subscriber) = subscribe(client).await?;
        Ok(PullSubscription {
            connects: connects(client),
            consumer: self,
            inbox,
            subscriber,
            requested: 0,
            received_at: Instant::now(),
        })
    }
}

impl PullSubscription {
    /// Waits for the next delivery. `slots` is how many the caller has room for, this one
    /// included: no more than that are ever on their way. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`Error::Broker`] when the consumer can't deliver: [`close`](Self::close), and open it anew.
    pub async fn next(&mut self, slots: usize) -> Result<Delivery, Error> {
        loop {
            self.request(slots).await?;
            let message = tokio::select! {
                biased;
                message = self.subscriber.next() => message,
                () = sleep(CHECK_PAUSE) => {
                    let reconnected = connects(self.client()) != self.connects;
                    if reconnected || self.received_at.elapsed() > SILENCE_MAX {
                        self.renew().await?;
                    }
                    continue;
                }
            };
            let message = message.ok_or_else(|| Error::broker("pull", "the connection closed"))?;
            self.received_at = Instant::now();
            if let Some(delivery) = self.receive(message)? {
                return Ok(delivery);
            }
        }
    }

    /// Stops pulling, and returns what was on its way: give it back at once, or it is redelivered only
    /// when its time to be acknowledged is over.
    pub async fn close(mut self) -> Vec<Delivery> {
        let mut rest = Vec::new();
        if self.subscriber.drain().await.is_err() {
            return rest;
        }
        while let Ok(Some(message)) = timeout(CLOSE_TIMEOUT, self.subscriber.next()).await {
            if let Ok(Some(delivery)) = self.receive(message) {
                rest.push(delivery);
            }
        }
        rest
    }

    /// Requests what there is room for, unless so much is on its way that another request is not
    /// worth it yet: under load one request brings many messages.
    async fn request(&mut self, slots: usize) -> Result<(), Error> {
        let missing = slots.saturating_sub(self.requested);
        if missing == 0 || missing * 2 < self.requested {
            return Ok(());
        }
        let batch = BatchConfig {
            batch: missing,
            expires: Some(REQUEST_EXPIRES),
            ..Default::default()
        };
        self.consumer
            .consumer
            .request_batch(batch, self.inbox.clone())
            .await
            .map_err(|e| Error::broker("pull", e))?;
        if self.requested == 0 {
            self.received_at = Instant::now();
        }
        self.requested += missing;
        Ok(())
    }

    fn receive(&mut self, message: Message) -> Result<Option<Delivery>, Error> {
        match message.status {
            None | Some(StatusCode::OK) => {
                self.requested = self.requested.saturating_sub(1);
                Delivery::new(&self.consumer.connection, message).map(Some)
            }
            Some(StatusCode::IDLE_HEARTBEAT) => Ok(None),
            Some(status) => match undelivered(&message) {
                Some(count) => {
                    self.requested = self.requested.saturating_sub(count);
                    Ok(None)
                }
                None => {
                    let description = message.description.unwrap_or_default();
                    Err(Error::broker("pull", format!("{status} {description}")))
                }
            },
        }
    }

    /// Drops all requests. On a new inbox: what the old ones still bring would be too much.
    async fn renew(&mut self) -> Result<(), Error> {
        let (inbox, subscriber) = subscribe(self.client()).await?;
        self.connects = connects(self.client());
        self.inbox = inbox;
        self.subscriber = subscriber;
        self.requested = 0;
        self.received_at = Instant::now();
        Ok(())
    }

    fn client(&self) -> &Client {
        &self.consumer.connection.client
    }
}

async fn subscribe(client: &Client) -> Result<(Subject, Subscriber), Error> {
    let inbox = Subject::from(client.new_inbox());
    let subscriber = client.subscribe(inbox.clone()).await;
    let subscriber = subscriber.map_err(|e| Error::broker("pull", e))?;
    Ok((inbox, subscriber))
}

fn connects(client: &Client) -> u64 {
    client.statistics().connects.load(Ordering::Relaxed)
}

/// How many messages of a request will not come; `None` when the request itself was rejected.
fn undelivered(message: &Message) -> Option<usize> {
    let headers = message.headers.as_ref()?;
    headers.get(PENDING_MESSAGES)?.as_str().parse().ok()
}
