//! Queries of the archive, repeated until it has replied.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Message;
use bytes::Bytes;
use contract::query::{Query, QueryReply};
use contract::subject;
use futures::future::{self, BoxFuture};
use tokio::time::Instant;

use crate::connection::Connection;
use crate::request::{NoReply, request};
use crate::{Error, json};

/// How long one attempt waits. The archive gives up a `wait_for` sooner.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(6);
/// After so long without a reply, a query that has not to wait for a commit is sent once more, and the first reply counts:
/// the query, or its reply, may have been lost with a server of NATS.
const SEND_AGAIN_AFTER: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(100);

/// What came of one attempt.
enum Attempt {
    Answered,
    Rejected { reason: String },
    Unavailable { reason: String },
}

type ReadReply<'a> = dyn FnMut(&[u8]) -> Result<Attempt, Error> + Send + 'a;

/// Queries the archive. Cheap to clone.
#[derive(Clone)]
pub struct ArchiveClient {
    connection: Arc<Connection>,
}

impl ArchiveClient {
    pub(crate) fn new(connection: &Arc<Connection>) -> Self {
        Self {
            connection: Arc::clone(connection),
        }
    }

    /// The rows that a query finds, and whether more follow.
    ///
    /// # Errors
    /// [`Error::NoReply`] when the archive did not reply within `deadline`; [`Error::ArchiveNotReady`]
    /// when it did, but could not answer; [`Error::Rejected`] when the query is invalid.
    pub async fn query<Q: Query>(
        &self,
        query: &Q,
        deadline: Duration,
    ) -> Result<(Vec<Q::Row>, bool), Error> {
        let subject = subject::query(Q::NAME);
        let payload = json::encode(&subject, query)?;
        let mut found = None;
        let mut read = |reply: &[u8]| {
            Ok(match json::decode(&subject, reply)? {
                QueryReply::Rows { rows, more } => {
                    found = Some((rows, more));
                    Attempt::Answered
                }
                QueryReply::Invalid { reason } => Attempt::Rejected { reason },
                QueryReply::Unavailable { reason } => Attempt::Unavailable { reason },
            })
        };
        let waits = query.waits_for().is_some();
        self.ask(&subject, (payload, waits), deadline, &mut read)
            .await?;
        found.ok_or_else(|| Error::UnexpectedReply {
            subject: subject.clone(),
            reason: "it has no rows".to_owned(),
        })
    }

    /// Not generic, and in a box: it is compiled once, and not for each query.
    fn ask<'a>(
        &'a self,
        subject: &'a str,
        query: (Bytes, bool),
        deadline: Duration,
        read: &'a mut ReadReply<'_>,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(self.ask_until_answered(subject, query, deadline, read))
    }

    async fn ask_until_answered(
        &self,
        subject: &str,
        (payload, waits): (Bytes, bool),
        deadline: Duration,
        read: &mut ReadReply<'_>,
    ) -> Result<(), Error> {
        let until = Instant::now() + deadline;
        let subject = subject.to_owned();
        // The last attempt may be too short for a reply: the state that an earlier one had is the better reason.
        let mut not_ready = None;
        loop {
            let remaining = until.saturating_duration_since(Instant::now());
            let timeout = remaining.min(ATTEMPT_TIMEOUT);
            let again_after = (!waits).then_some(SEND_AGAIN_AFTER);
            let reason = match self.attempt(&subject, &payload, timeout, again_after).await {
                Err(error) => error.to_string(),
                Ok(message) => match read(&message.payload)? {
                    Attempt::Answered => return Ok(()),
                    Attempt::Rejected { reason } => {
                        return Err(Error::Rejected { subject, reason });
                    }
                    Attempt::Unavailable { reason } => {
                        not_ready = Some(reason.clone());
                        reason
                    }
                },
            };
            if Instant::now() + PAUSE >= until {
                return Err(match not_ready {
                    Some(reason) => Error::ArchiveNotReady { reason },
                    None => Error::NoReply { subject, reason },
                });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn attempt(
        &self,
        subject: &str,
        payload: &Bytes,
        timeout: Duration,
        again_after: Option<Duration>,
    ) -> Result<Message, NoReply> {
        let client = &self.connection.client;
        let mut first = request(client, subject, payload.clone(), timeout);
        let Some(again_after) = again_after.filter(|after| *after < timeout) else {
            return first.await;
        };
        if let Ok(reply) = tokio::time::timeout(again_after, &mut first).await {
            return reply;
        }
        let second = request(client, subject, payload.clone(), timeout - again_after);
        let (reply, _) = future::select_ok([first, second]).await?;
        Ok(reply)
    }
}
