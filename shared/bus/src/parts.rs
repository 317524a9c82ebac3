//! Answers that are larger than a message of NATS: they come in several, one behind the other.
//!
//! Only whoever asks so is answered so, with an inbox of its own for one question. NATS keeps the
//! order of what one process publishes; when a part gets lost, everything is asked for again.

use std::time::Duration;

use async_nats::{Client, HeaderMap, StatusCode, Subject};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;

use crate::trace;

/// Says in a question that its answer may come in parts.
const TAKES_PARTS: &str = "mw-takes-parts";
/// Says in an answer which part it is, and of how many: `0/3`. A whole answer does not have it.
const PART: &str = "mw-part";
/// What one message leaves to NATS.
const ENVELOPE_BYTES: usize = 1024;
/// The largest answer, in all its parts: nats-server cuts whoever has 64 MiB waiting (its default).
pub(crate) const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The most that fits in one message.
pub(crate) fn message_bytes_max(client: &Client) -> usize {
    let payload = client.server_info().max_payload;
    payload.saturating_sub(ENVELOPE_BYTES).max(1)
}

/// Whether whoever asked takes an answer in parts.
pub(crate) fn are_taken(headers: Option<&HeaderMap>) -> bool {
    headers.is_some_and(|headers| headers.get(TAKES_PARTS).is_some())
}

/// Answers in as many messages as it takes. What gets lost is asked for again.
pub(crate) async fn answer(client: &Client, inbox: Subject, answer: Bytes) {
    let bytes_max = message_bytes_max(client);
    let count = answer.len().div_ceil(bytes_max);
    if count <= 1 {
        let _ = client.publish(inbox, answer).await;
        return;
    }
    for part in 0..count {
        let end = answer.len().min((part + 1) * bytes_max);
        let bytes = answer.slice(part * bytes_max..end);
        let mut headers = HeaderMap::new();
        headers.insert(PART, format!("{part}/{count}"));
        let sent = client.publish_with_headers(inbox.clone(), headers, bytes);
        if sent.await.is_err() {
            return;
        }
    }
}

/// Asks, and waits for the whole answer: `timeout` for each of its parts.
///
/// # Errors
/// Why there is none.
pub(crate) async fn ask(
    client: &Client,
    subject: &str,
    question: Bytes,
    timeout: Duration,
) -> Result<Bytes, String> {
    let inbox = client.new_inbox();
    let mut parts = client
        .subscribe(inbox.clone())
        .await
        .map_err(|error| error.to_string())?;
    let mut headers = trace::headers().unwrap_or_default();
    headers.insert(TAKES_PARTS, "1");
    client
        .publish_with_reply_and_headers(subject.to_owned(), inbox, headers, question)
        .await
        .map_err(|error| error.to_string())?;
    let mut whole = BytesMut::new();
    for expected in 0.. {
        let message = tokio::time::timeout(timeout, parts.next())
            .await
            .map_err(|elapsed| elapsed.to_string())?
            .ok_or("the connection is closed")?;
        if message.status == Some(StatusCode::NO_RESPONDERS) {
            return Err("nobody serves it now".to_owned());
        }
        let Some((part, count)) = place(message.headers.as_ref()) else {
            return Ok(message.payload);
        };
        if part != expected || whole.len() > ANSWER_BYTES_MAX {
            break;
        }
        whole.extend_from_slice(&message.payload);
        if part + 1 == count {
            return Ok(whole.freeze());
        }
    }
    Err("a part of the answer is missing".to_owned())
}

/// Which part a message is, and of how many.
fn place(headers: Option<&HeaderMap>) -> Option<(usize, usize)> {
    let place = headers?.get(PART)?.as_str();
    let (part, count) = place.split_once('/')?;
    Some((part.parse().ok()?, count.parse().ok()?))
}
