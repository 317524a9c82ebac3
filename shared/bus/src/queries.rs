//! Queries of the archive: asked until answered, and served by every replica of it.

use std::time::Duration;

use async_nats::Subscriber;
use contract::query::{Query, QueryReply};
use contract::subject;
use futures::StreamExt;
use tokio::time::Instant;

use crate::{Bus, Error, trace};

/// How long one attempt waits. The archive gives up a `wait_for` sooner.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(6);
const PAUSE: Duration = Duration::from_millis(100);

impl Bus {
    /// Asks the archive until it has answered: the rows, and whether more follow.
    ///
    /// # Errors
    /// [`Error::Unanswered`] when it did not answer within `deadline`; [`Error::Refused`] when it
    /// says that the query makes no sense.
    pub async fn query<Q: Query>(
        &self,
        query: &Q,
        deadline: Duration,
    ) -> Result<(Vec<Q::Row>, bool), Error> {
        let subject = subject::query(Q::NAME);
        let payload = serde_json::to_vec(query).map_err(|source| Error::Encode {
            subject: subject.clone(),
            source,
        })?;
        let payload = bytes::Bytes::from(payload);
        let until = Instant::now() + deadline;
        loop {
            let remaining = until.saturating_duration_since(Instant::now());
            let request = async_nats::Request {
                payload: Some(payload.clone()),
                headers: trace::headers(),
                timeout: Some(Some(remaining.min(ATTEMPT_TIMEOUT))),
                inbox: None,
            };
            let reason = match self.client.send_request(subject.clone(), request).await {
                Err(error) => error.to_string(),
                Ok(message) => match serde_json::from_slice::<QueryReply<Q::Row>>(&message.payload)
                {
                    Ok(QueryReply::Rows { rows, more }) => return Ok((rows, more)),
                    Ok(QueryReply::Invalid { reason }) => {
                        return Err(Error::Refused { subject, reason });
                    }
                    Ok(QueryReply::Unavailable { reason }) => reason,
                    Err(source) => return Err(Error::Decode { subject, source }),
                },
            };
            if Instant::now() + PAUSE >= until {
                return Err(Error::Unanswered { subject, reason });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Serves one kind of query, together with every other replica of the archive.
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS can't be told.
    pub async fn answer<Q: Query>(&self) -> Result<Queries<Q>, Error> {
        let subscriber = self
            .client
            .queue_subscribe(subject::query(Q::NAME), subject::QUERY_GROUP.to_owned())
            .await
            .map_err(|e| Error::broker("serve queries", e))?;
        Ok(Queries {
            bus: self.clone(),
            subscriber,
            query: std::marker::PhantomData,
        })
    }
}

/// The queries of one kind.
pub struct Queries<Q> {
    bus: Bus,
    subscriber: Subscriber,
    query: std::marker::PhantomData<fn() -> Q>,
}

impl<Q: Query> Queries<Q> {
    /// Stops taking new queries; those that came before are still handed out by [`Self::next`].
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS can't be told.
    pub async fn drain(&mut self) -> Result<(), Error> {
        self.subscriber
            .drain()
            .await
            .map_err(|e| Error::broker("leave the queries", e))
    }

    /// The next query; `None` when the connection is closed for good, or all are handed out after
    /// [`Self::drain`]. One that can't be read is
    /// answered here.
    pub async fn next(&mut self) -> Option<Asked<Q>> {
        loop {
            let message = self.subscriber.next().await?;
            let Some(reply) = message.reply else { continue };
            let traceparent = trace::of(message.headers.as_ref());
            let asked = |query| Asked {
                bus: self.bus.clone(),
                reply: reply.clone(),
                traceparent: traceparent.clone(),
                query,
            };
            match serde_json::from_slice(&message.payload) {
                Ok(query) => return Some(asked(query)),
                Err(error) => {
                    let invalid = QueryReply::<Q::Row>::Invalid {
                        reason: error.to_string(),
                    };
                    send(&self.bus, reply, &invalid).await;
                }
            }
        }
    }
}

/// A query that waits for its answer.
pub struct Asked<Q> {
    bus: Bus,
    reply: async_nats::Subject,
    /// The trace that it belongs to.
    pub traceparent: Option<String>,
    /// What is asked.
    pub query: Q,
}

impl<Q: Query> Asked<Q> {
    /// Answers. An answer that gets lost is asked for again, so there is nothing to report.
    pub async fn answer(self, answer: &QueryReply<Q::Row>) {
        send(&self.bus, self.reply, answer).await;
    }
}

async fn send<Row: serde::Serialize>(
    bus: &Bus,
    reply: async_nats::Subject,
    answer: &QueryReply<Row>,
) {
    let Ok(payload) = serde_json::to_vec(answer) else {
        return;
    };
    let _ = bus.client.publish(reply, payload.into()).await;
}
