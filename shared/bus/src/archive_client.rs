//! Queries of the archive, repeated until it has replied.

use std::sync::Arc;
use std::time::Duration;

use contract::query::{Query, QueryReply};
use contract::subject;
use tokio::time::Instant;

use crate::connection::Connection;
use crate::request::request;
use crate::{Error, json};

/// How long one attempt waits. The archive gives up a `wait_for` sooner.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(6);
const PAUSE: Duration = Duration::from_millis(100);

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
        let client = &self.connection.client;
        let until = Instant::now() + deadline;
        // The last attempt may be too short for a reply: the state that an earlier one had is the better reason.
        let mut not_ready = None;
        loop {
            let remaining = until.saturating_duration_since(Instant::now());
            let timeout = remaining.min(ATTEMPT_TIMEOUT);
            let reason = match request(client, &subject, payload.clone(), timeout).await {
                Err(error) => error.to_string(),
                Ok(message) => match json::decode(&subject, &message.payload)? {
                    QueryReply::Rows { rows, more } => return Ok((rows, more)),
                    QueryReply::Invalid { reason } => {
                        return Err(Error::Rejected { subject, reason });
                    }
                    QueryReply::Unavailable { reason } => {
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
}
