//! Events and live signals as they are published: for those who listen now.
//!
//! Nothing here is a promise. Events are for programs that listen to NATS itself: whoever must not
//! miss one compares `mw-previous` with the last commit that it has seen. Ours listen to
//! [`Commits`](crate::Commits).

use async_nats::{HeaderMap, HeaderName, HeaderValue, Subscriber};
use contract::commit::Position;
use contract::{Chunk, Commit, Event, RunId, Seq, WorldId, cloud_event, subject};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Bus, Error};

/// The header that tells the commit before this one in the same log.
const PREVIOUS_HEADER: &str = "mw-previous";
/// The header that tells how many events the commit has.
const COUNT_HEADER: &str = "mw-count";

/// A commit that was just stored.
#[derive(Debug, Clone, Copy)]
pub struct CommitNotice<'a> {
    /// Whose log it is in.
    pub world: &'a WorldId,
    /// Its place.
    pub seq: Seq,
    /// The commit before it in the same log; 0 when it is the first.
    pub previous: Seq,
    /// What it says.
    pub commit: &'a Commit,
}

/// A signal that is no fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// A piece of an answer that is still being thought of.
    Chunk(Chunk),
}

#[derive(Serialize, Deserialize)]
struct Cancelled {
    invocation: RunId,
}

impl Bus {
    /// Publishes the events of a commit. What gets lost can be read from the log.
    pub async fn publish_commit(&self, notice: CommitNotice<'_>) {
        let common = Common {
            world: notice.world.to_string(),
            time: notice.commit.at.to_string(),
            seq: notice.seq.to_string(),
            previous: notice.previous.to_string(),
            count: notice.commit.events.len().to_string(),
        };
        for (index, event) in (0_u32..).zip(&notice.commit.events) {
            let position = Position {
                seq: notice.seq,
                index,
            };
            let subject = subject::event(notice.world, &event.event_type);
            let payload = bytes::Bytes::copy_from_slice(event.data.get().as_bytes());
            let headers = headers(&common, position, event);
            let _ = self
                .client
                .publish_with_headers(subject, headers, payload)
                .await;
        }
    }

    /// Publishes a piece of an answer. It may get lost.
    pub async fn publish_chunk(&self, world: &WorldId, chunk: &Chunk) {
        let Ok(payload) = serde_json::to_vec(chunk) else {
            return;
        };
        let _ = self
            .client
            .publish(subject::chunks(world), payload.into())
            .await;
    }

    /// The live signals of a world from now on.
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS can't be told.
    pub async fn signals(&self, world: &WorldId) -> Result<Signals, Error> {
        let subscriber = self
            .client
            .subscribe(subject::live_of(world))
            .await
            .map_err(|e| Error::broker("listen to live signals", e))?;
        Ok(Signals { subscriber })
    }

    /// Tells workers that a run was called off. One that does not hear it finishes in vain: its
    /// result is refused.
    pub async fn publish_cancelled(&self, world: &WorldId, invocation: RunId) {
        let Ok(payload) = serde_json::to_vec(&Cancelled { invocation }) else {
            return;
        };
        let _ = self
            .client
            .publish(subject::cancel(world), payload.into())
            .await;
    }

    /// The runs that are called off from now on, of all worlds.
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS can't be told.
    pub async fn cancelled(
        &self,
    ) -> Result<impl futures::Stream<Item = RunId> + Send + use<>, Error> {
        let subscriber = self
            .client
            .subscribe(subject::CANCEL_ALL)
            .await
            .map_err(|e| Error::broker("listen to cancellations", e))?;
        Ok(subscriber.filter_map(async |message| {
            let cancelled: Cancelled = serde_json::from_slice(&message.payload).ok()?;
            Some(cancelled.invocation)
        }))
    }
}

/// The live signals of one world, as they are published.
pub struct Signals {
    subscriber: Subscriber,
}

impl Signals {
    /// The next signal; `None` when the connection is closed for good.
    pub async fn next(&mut self) -> Option<Signal> {
        loop {
            let message = self.subscriber.next().await?;
            if let Ok(chunk) = serde_json::from_slice(&message.payload) {
                return Some(Signal::Chunk(chunk));
            }
        }
    }
}

/// What the headers of all events of a commit share, as text.
struct Common {
    world: String,
    time: String,
    seq: String,
    previous: String,
    count: String,
}

/// CloudEvents' binary mode, and what shows whether an event was missed. Every event of every world
/// passes here, so names are constants and values are written once.
fn headers(common: &Common, position: Position, event: &Event) -> HeaderMap {
    const fn name(name: &'static str) -> HeaderName {
        HeaderName::from_static(name)
    }
    let mut headers = HeaderMap::new();
    let mut insert = |name: HeaderName, value: String| {
        headers.insert(name, HeaderValue::from(value));
    };
    insert(name("ce-specversion"), cloud_event::SPEC_VERSION.to_owned());
    insert(name("ce-id"), event.id.to_string());
    insert(name("ce-type"), event.event_type.to_string());
    insert(
        name("ce-source"),
        cloud_event::source(&common.world, &event.sender),
    );
    insert(name("ce-time"), common.time.clone());
    insert(name("ce-world"), common.world.clone());
    insert(name("ce-sender"), event.sender.to_string());
    insert(name("ce-sequence"), position.to_string());
    insert(name("content-type"), "application/json".to_owned());
    insert(name(cloud_event::SEQ_HEADER), common.seq.clone());
    insert(name(PREVIOUS_HEADER), common.previous.clone());
    insert(name(COUNT_HEADER), common.count.clone());
    if let Some(target) = &event.target {
        insert(name("ce-subject"), target.to_string());
        insert(name("ce-target"), target.to_string());
    }
    if let Some(chat) = &event.chat {
        insert(name("ce-chat"), chat.to_string());
    }
    if let Some(causation) = event.causation {
        insert(name("ce-causationid"), causation.to_string());
    }
    if let Some(correlation) = event.correlation {
        insert(name("ce-correlationid"), correlation.to_string());
    }
    if let Some(trace) = &event.trace {
        insert(name("ce-traceparent"), trace.clone());
        insert(name(crate::trace::TRACEPARENT), trace.clone());
    }
    let texts = [
        (name("ce-dataschema"), event.schema.as_deref()),
        (name("ce-description"), event.description.as_deref()),
        (name("ce-summary"), event.summary.as_deref()),
        (
            name("ce-metadata"),
            event.metadata.as_deref().map(RawValue::get),
        ),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            insert(name, percent_encode(text));
        }
    }
    headers
}

/// Percent-encodes what the NATS binding of CloudEvents says must be: everything outside printable
/// ASCII, and space, double quote and percent.
fn percent_encode(text: &str) -> String {
    let plain = |byte: u8| (0x21..=0x7e).contains(&byte) && byte != b'"' && byte != b'%';
    if text.bytes().all(plain) {
        return text.to_owned();
    }
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if plain(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_header_can_not_hold_is_encoded() {
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("a b", "a%20b"),
            ("100 %", "100%20%25"),
            ("ä\n\"x\"", "%C3%A4%0A%22x%22"),
        ] {
            assert_eq!(percent_encode(text), expected);
        }
    }
}
