//! One request to everybody who serves a subject.

use std::time::Duration;

use async_nats::{Client, StatusCode};
use bytes::Bytes;
use futures::StreamExt;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::Error;

/// How long the replies may take in all.
const GATHER_TIMEOUT: Duration = Duration::from_millis(500);
/// After the first reply, those of the others are not far.
const QUIET_TIMEOUT: Duration = Duration::from_millis(150);

/// Sends a request to all who serve `subject`, and collects the replies that come within half a
/// second. A malformed reply is left out.
///
/// # Errors
/// [`Error::Broker`] when the request could not be sent.
pub(crate) async fn scatter_gather<T: DeserializeOwned>(
    client: &Client,
    subject: &'static str,
    request: Bytes,
) -> Result<Vec<T>, Error> {
    let failed = |e| Error::broker("scatter a request", e);
    let inbox = client.new_inbox();
    let subscribed = client.subscribe(inbox.clone()).await;
    let mut replies = subscribed.map_err(|e| Error::broker("scatter a request", e))?;
    client
        .publish_with_reply(subject, inbox, request)
        .await
        .map_err(failed)?;
    let until = Instant::now() + GATHER_TIMEOUT;
    let mut next = timeout_at(until, replies.next()).await;
    let mut gathered = Vec::new();
    while let Ok(Some(message)) = next {
        if message.status == Some(StatusCode::NO_RESPONDERS) {
            break;
        }
        gathered.extend(serde_json::from_slice(&message.payload));
        let quiet = until.min(Instant::now() + QUIET_TIMEOUT);
        next = timeout_at(quiet, replies.next()).await;
    }
    Ok(gathered)
}
