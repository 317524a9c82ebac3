//! Replies that are larger than a message of NATS: they come in chunks, in order.
//!
//! Only a requester that accepts chunks gets them, in an inbox of its own for one request. NATS keeps
//! the order of what one process publishes; when a chunk gets lost, the request is repeated.

use std::time::Duration;

use async_nats::{Client, HeaderMap, StatusCode, Subject};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;

use crate::request::NoReply;
use crate::trace;

/// The header of a request whose reply may come in chunks.
const ACCEPTS_CHUNKS_HEADER: &str = "mw-takes-parts";
/// The header of a chunk: which it is, and of how many (`0/3`). A reply in one message does not have it.
const CHUNK_HEADER: &str = "mw-part";
/// What a message leaves to the protocol of NATS.
const ENVELOPE_BYTES: usize = 1024;
/// The largest reply, in all its chunks: nats-server disconnects a client that has 64 MiB pending (its
/// default).
pub(crate) const REPLY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The most that fits in one message.
pub(crate) fn message_bytes_max(client: &Client) -> usize {
    let payload = client.server_info().max_payload;
    payload.saturating_sub(ENVELOPE_BYTES).max(1)
}

/// Whether the requester accepts a reply in chunks.
pub(crate) fn is_accepted(headers: Option<&HeaderMap>) -> bool {
    headers.is_some_and(|headers| headers.get(ACCEPTS_CHUNKS_HEADER).is_some())
}

/// Publishes a reply in as many messages as it takes. If one gets lost, the request is repeated.
pub(crate) async fn publish(client: &Client, inbox: Subject, reply: Bytes) {
    let bytes_max = message_bytes_max(client);
    let count = reply.len().div_ceil(bytes_max);
    if count <= 1 {
        let _ = client.publish(inbox, reply).await;
        return;
    }
    for chunk in 0..count {
        let end = reply.len().min((chunk + 1) * bytes_max);
        let bytes = reply.slice(chunk * bytes_max..end);
        let mut headers = HeaderMap::new();
        headers.insert(CHUNK_HEADER, format!("{chunk}/{count}"));
        let sent = client.publish_with_headers(inbox.clone(), headers, bytes);
        if sent.await.is_err() {
            return;
        }
    }
}

/// Sends a request, and waits for the whole reply: `timeout` for each of its chunks.
pub(crate) async fn request(
    client: &Client,
    subject: &str,
    request: Bytes,
    timeout: Duration,
) -> Result<Bytes, NoReply> {
    let inbox = client.new_inbox();
    let mut chunks = client
        .subscribe(inbox.clone())
        .await
        .map_err(|error| NoReply::Failed(error.to_string()))?;
    let mut headers = trace::headers().unwrap_or_default();
    headers.insert(ACCEPTS_CHUNKS_HEADER, "1");
    client
        .publish_with_reply_and_headers(subject.to_owned(), inbox, headers, request)
        .await
        .map_err(|error| NoReply::Failed(error.to_string()))?;
    let mut reply = BytesMut::new();
    for expected in 0.. {
        let message = tokio::time::timeout(timeout, chunks.next())
            .await
            .map_err(|_| NoReply::Timeout)?
            .ok_or_else(|| NoReply::Failed("the connection is closed".to_owned()))?;
        if message.status == Some(StatusCode::NO_RESPONDERS) {
            return Err(NoReply::NoResponders);
        }
        let Some((chunk, count)) = position(message.headers.as_ref()) else {
            return Ok(message.payload);
        };
        if chunk != expected || reply.len() > REPLY_BYTES_MAX {
            break;
        }
        reply.extend_from_slice(&message.payload);
        if chunk + 1 == count {
            return Ok(reply.freeze());
        }
    }
    Err(NoReply::Failed(
        "a chunk of the reply is missing".to_owned(),
    ))
}

/// Which chunk a message is, and of how many.
fn position(headers: Option<&HeaderMap>) -> Option<(usize, usize)> {
    let position = headers?.get(CHUNK_HEADER)?.as_str();
    let (chunk, count) = position.split_once('/')?;
    Some((chunk.parse().ok()?, count.parse().ok()?))
}
