//! Reads a world's log with batched direct gets: no reader needs a consumer.

use std::time::Duration;

use async_nats::{Client, HeaderMap, Message, Subscriber, header};
use contract::{Seq, WorldId, subject};
use futures::StreamExt;
use futures::future::BoxFuture;
use serde::Serialize;

use super::entry::{Entry, number};
use crate::{Error, json};

/// How long a read waits for the next message of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(2);
/// The most commits that one read returns: the answers must fit the client's buffers.
pub const READ_COMMITS_MAX: usize = 256;
/// The most bytes that one read returns, roughly.
pub(super) const READ_BYTES_MAX: usize = 4 << 20;

/// The most that one read returns.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchSize {
    pub(super) commits: usize,
    /// Roughly.
    pub(super) bytes: usize,
}

/// One request of JetStream's direct-get API (source: ADR-31).
#[derive(Serialize)]
struct DirectGet<'a> {
    seq: Seq,
    next_by_subj: &'a str,
    batch: usize,
    max_bytes: usize,
}

/// The next commits of a world behind `after`, oldest first.
///
/// # Errors
/// [`Error::Broker`] while the log can't be read.
pub(super) fn read_batch<'a>(
    client: &'a Client,
    world: &'a WorldId,
    after: Seq,
    size: BatchSize,
) -> BoxFuture<'a, Result<Vec<Entry>, Error>> {
    Box::pin(read(client, world, after, size))
}

async fn read(
    client: &Client,
    world: &WorldId,
    after: Seq,
    size: BatchSize,
) -> Result<Vec<Entry>, Error> {
    let mut messages = request_batch(client, world, after, size).await?;
    let mut entries = Vec::new();
    loop {
        let message = tokio::time::timeout(READ_TIMEOUT, messages.next())
            .await
            .map_err(failed)?
            .ok_or_else(|| failed("the connection closed"))?;
        let is_next = follows(message.headers.as_ref(), &entries);
        match status(&message) {
            // After a reconnect, the rest may come without what was on its way.
            200 | 204 if !is_next => {
                return Err(failed("a part of the answer is missing"));
            }
            200 => entries.push(Entry::new(world, message)?),
            // 204 ends a batch; 404 means that there is nothing behind `after`.
            204 | 404 => return Ok(entries),
            status => {
                let description = message.description.unwrap_or_default();
                return Err(failed(format!("{status} {description}")));
            }
        }
    }
}

async fn request_batch(
    client: &Client,
    world: &WorldId,
    after: Seq,
    size: BatchSize,
) -> Result<Subscriber, Error> {
    let log = subject::log(world);
    let request = DirectGet {
        seq: after + 1,
        next_by_subj: &log,
        batch: size.commits.clamp(1, READ_COMMITS_MAX),
        max_bytes: size.bytes,
    };
    let payload = json::encode(&log, &request)?;
    let inbox = client.new_inbox();
    let messages = client.subscribe(inbox.clone()).await.map_err(failed)?;
    let api = format!("$JS.API.DIRECT.GET.{}", subject::LOG_STREAM);
    let sent = client.publish_with_reply(api, inbox, payload).await;
    sent.map_err(failed)?;
    Ok(messages)
}

fn status(message: &Message) -> u16 {
    message.status.map_or(200, |status| status.as_u16())
}

fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::broker("read the log", source)
}

/// Whether a message comes right behind `entries`, by the sequence that its header names.
fn follows(headers: Option<&HeaderMap>, entries: &[Entry]) -> bool {
    let before = number(headers, header::NATS_LAST_SEQUENCE);
    let last = entries.last().map_or(0, |entry| entry.seq);
    before.is_none_or(|before| before == last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_in_an_answer_is_detected() {
        let entries = [3, 7].map(|seq| Entry::empty("lobby".parse().unwrap(), seq));
        for (known, before, expected) in [
            (0, Some("0"), true),
            (0, Some("3"), false),
            (1, Some("3"), true),
            (1, Some("7"), false),
            (2, Some("7"), true),
            // A server may send no such header.
            (2, None, true),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(before) = before {
                headers.insert(header::NATS_LAST_SEQUENCE, before);
            }
            let is_next = follows(Some(&headers), &entries[..known]);
            assert_eq!(is_next, expected, "{before:?} behind {known}");
        }
    }
}
