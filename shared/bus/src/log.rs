//! The log: what happened in each world, in order, for good.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::{HeaderMap, Message, header};
use contract::{Commit, Seq, WorldId, subject};
use futures::{StreamExt, TryStreamExt};
use serde::Serialize;

use crate::{AppendError, Bus, Consumer, Error};

/// How long a read waits for the next message of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(2);
/// The most commits that one read returns: a request's answers must fit the client's buffers.
pub const READ_COMMITS_MAX: usize = 256;
/// The most bytes that one read returns, roughly.
const READ_BYTES_MAX: usize = 4 << 20;

/// A commit and where it stands.
#[derive(Debug)]
pub struct Entry {
    /// Whose log.
    pub world: WorldId,
    /// Its place.
    pub seq: Seq,
    /// Its bytes: [`Entry::commit`] reads them.
    pub(crate) payload: bytes::Bytes,
}

impl Entry {
    /// The commit.
    ///
    /// # Errors
    /// [`Error::Decode`] when it is not one.
    pub fn commit(&self) -> Result<Commit, Error> {
        serde_json::from_slice(&self.payload).map_err(|source| Error::Decode {
            subject: subject::log(&self.world),
            source,
        })
    }

    /// The commit as it is in the log: for a dead letter.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// How many bytes the commit has in the log.
    pub fn size_bytes(&self) -> usize {
        self.payload.len()
    }
}

/// The header of a commit that asks for nothing to be done: a dispatcher need not read it.
pub(crate) const NO_WORK: &str = "mw-no-work";

/// A commit on its way to the log.
pub struct Appending {
    ack: PublishAckFuture,
    world: WorldId,
    expected: Seq,
}

impl Appending {
    /// Its place, once the log has stored it.
    ///
    /// # Errors
    /// [`AppendError`] says what is known of the log then.
    pub async fn stored(self) -> Result<Seq, AppendError> {
        match self.ack.await {
            Ok(ack) => Ok(ack.sequence),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => {
                Err(AppendError::Conflict {
                    world: self.world,
                    expected: self.expected,
                })
            }
            Err(error) => Err(AppendError::Unknown {
                world: self.world,
                source: error.into(),
            }),
        }
    }
}

/// How far the log reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogEnd {
    /// The last sequence that was ever given.
    pub last: Seq,
    /// The last commit that is still there: behind it, everything was purged. 0 when there is none.
    pub newest: Seq,
}

/// One request of JetStream's direct-get API (source: ADR-31).
#[derive(Serialize)]
struct DirectGet<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_by_subj: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_bytes: Option<usize>,
}

impl Bus {
    /// Appends a commit behind `expected`, the last sequence of this world's log (0: none), and
    /// returns its place once the log has stored it.
    ///
    /// # Errors
    /// [`AppendError`] says what is known of the log then.
    pub async fn append(
        &self,
        world: &WorldId,
        commit: &Commit,
        expected: Seq,
    ) -> Result<Seq, AppendError> {
        let appending = self.begin_append(world, commit, expected).await?;
        appending.stored().await
    }

    /// Sends a commit to the log, and returns before the log has it.
    ///
    /// # Errors
    /// [`AppendError::Unknown`] when it could not be sent.
    pub async fn begin_append(
        &self,
        world: &WorldId,
        commit: &Commit,
        expected: Seq,
    ) -> Result<Appending, AppendError> {
        let unknown = |source: Box<dyn std::error::Error + Send + Sync>| AppendError::Unknown {
            world: world.clone(),
            source,
        };
        let payload = serde_json::to_vec(commit).map_err(|e| unknown(e.into()))?;
        let mut message = PublishMessage::build()
            .payload(payload.into())
            .expected_last_subject_sequence(expected);
        if !commit.asks_for_work() {
            message = message.header(NO_WORK, "1");
        }
        let sent = self
            .jetstream
            .send_publish(subject::log(world), message)
            .await;
        Ok(Appending {
            ack: sent.map_err(|e| unknown(e.into()))?,
            world: world.clone(),
            expected,
        })
    }

    /// The place of the last commit of a world, as the stream's leader knows it; 0 when it has none.
    ///
    /// # Errors
    /// [`Error::Broker`] while the log can't be read.
    pub async fn last_seq(&self, world: &WorldId) -> Result<Seq, Error> {
        let stream = self
            .jetstream
            .get_stream_no_info(subject::LOG_STREAM)
            .await
            .map_err(|e| Error::broker("open the log", e))?;
        use async_nats::jetstream::stream::LastRawMessageErrorKind;
        match stream
            .get_last_raw_message_by_subject(&subject::log(world))
            .await
        {
            Ok(message) => Ok(message.sequence),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(0),
            Err(error) => Err(Error::broker("read the end of the log", error)),
        }
    }

    /// How far the log of all worlds reaches, as the stream's leader knows it.
    ///
    /// # Errors
    /// [`Error::Broker`] while the log can't be read.
    pub async fn log_end(&self) -> Result<LogEnd, Error> {
        use async_nats::jetstream::stream::LastRawMessageErrorKind;
        let stream = self
            .jetstream
            .get_stream(subject::LOG_STREAM)
            .await
            .map_err(|e| Error::broker("open the log", e))?;
        let last = stream.cached_info().state.last_sequence;
        match stream
            .get_last_raw_message_by_subject(subject::LOG_ALL)
            .await
        {
            Ok(message) => Ok(LogEnd {
                last: last.max(message.sequence),
                newest: message.sequence,
            }),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {
                Ok(LogEnd { last, newest: 0 })
            }
            Err(error) => Err(Error::broker("read the end of the log", error)),
        }
    }

    /// The next commits of a world behind `after`, oldest first: at most [`READ_COMMITS_MAX`].
    /// An empty answer means that the replica that answered knows no more; it may lag behind.
    ///
    /// # Errors
    /// [`Error::Broker`] while the log can't be read.
    pub async fn read(&self, world: &WorldId, after: Seq) -> Result<Vec<Entry>, Error> {
        let log = subject::log(world);
        let request = DirectGet {
            seq: Some(after + 1),
            next_by_subj: Some(&log),
            batch: Some(READ_COMMITS_MAX),
            max_bytes: Some(READ_BYTES_MAX),
        };
        let payload = serde_json::to_vec(&request).map_err(|source| Error::Encode {
            subject: log.clone(),
            source,
        })?;
        let inbox = self.client.new_inbox();
        let broker = |e: Box<dyn std::error::Error + Send + Sync>| Error::Broker {
            operation: "read the log",
            source: e,
        };
        let mut answers = self
            .client
            .subscribe(inbox.clone())
            .await
            .map_err(|e| broker(e.into()))?;
        self.client
            .publish_with_reply(
                format!("$JS.API.DIRECT.GET.{}", subject::LOG_STREAM),
                inbox,
                payload.into(),
            )
            .await
            .map_err(|e| broker(e.into()))?;
        let mut entries = Vec::new();
        loop {
            let answer = tokio::time::timeout(READ_TIMEOUT, answers.next())
                .await
                .map_err(|e| broker(e.into()))?
                .ok_or_else(|| broker("the connection closed".into()))?;
            let is_next = follows(answer.headers.as_ref(), &entries);
            match answer.status.map_or(200, |status| status.as_u16()) {
                // After a connection broke, the rest may come without what was on its way.
                200 | 204 if !is_next => {
                    return Err(broker("a part of the answer is missing".into()));
                }
                200 => entries.push(entry(world, answer)?),
                // 204 ends a batch; 404 says that there is nothing behind `after`.
                204 | 404 => return Ok(entries),
                status => {
                    let description = answer.description.unwrap_or_default();
                    return Err(broker(format!("{status} {description}").into()));
                }
            }
        }
    }

    /// The commits of all worlds behind `after`, in the order of the log, without end.
    ///
    /// # Errors
    /// [`Error::Broker`] while the log can't be read.
    pub async fn follow(
        &self,
        after: Seq,
    ) -> Result<impl futures::Stream<Item = Result<Entry, Error>> + Send + use<>, Error> {
        let stream = self
            .jetstream
            .get_stream_no_info(subject::LOG_STREAM)
            .await
            .map_err(|e| Error::broker("open the log", e))?;
        let consumer = stream
            .create_consumer(pull::OrderedConfig {
                deliver_policy: DeliverPolicy::ByStartSequence {
                    start_sequence: after + 1,
                },
                ..Default::default()
            })
            .await
            .map_err(|e| Error::broker("follow the log", e))?;
        let messages = consumer
            .messages()
            .await
            .map_err(|e| Error::broker("follow the log", e))?;
        Ok(messages
            .map_err(|e| Error::broker("follow the log", e))
            .and_then(async |message| {
                let seq = message
                    .info()
                    .map_err(|e| Error::Broker {
                        operation: "follow the log",
                        source: e,
                    })?
                    .stream_sequence;
                let world = subject::world_of(&message.subject).ok_or_else(|| {
                    Error::broker(
                        "follow the log",
                        format!("{} names no world", message.subject),
                    )
                })?;
                Ok(Entry {
                    world,
                    seq,
                    payload: message.payload.clone(),
                })
            }))
    }

    /// The consumer of the log that all dispatchers share.
    ///
    /// # Errors
    /// [`Error::SetUp`] when it can't be made.
    pub async fn dispatcher(&self) -> Result<Consumer, Error> {
        let config = pull::Config {
            durable_name: Some("dispatcher".to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: crate::queue::DISPATCH_ACK_WAIT,
            max_ack_pending: crate::queue::UNACKED_MAX,
            ..Default::default()
        };
        Consumer::open(self, subject::LOG_STREAM, config).await
    }

    /// Removes a world's log for good, up to the commit `until`. When nothing follows, its subject
    /// starts again at expected sequence 0.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may still be there.
    pub async fn purge(&self, world: &WorldId, until: Seq) -> Result<(), Error> {
        let stream = self
            .jetstream
            .get_stream_no_info(subject::LOG_STREAM)
            .await
            .map_err(|e| Error::broker("open the log", e))?;
        stream
            .purge()
            .sequence(until + 1)
            .filter(subject::log(world))
            .await
            .map(drop)
            .map_err(|e| Error::broker("purge a log", e))
    }
}

/// Whether an answer comes right behind those that are here, by the sequence that it says was before.
fn follows(headers: Option<&HeaderMap>, entries: &[Entry]) -> bool {
    let before = headers.and_then(|headers| headers.get(header::NATS_LAST_SEQUENCE));
    let before = before.and_then(|value| value.as_str().parse::<Seq>().ok());
    let last = entries.last().map_or(0, |entry| entry.seq);
    before.is_none_or(|before| before == last)
}

fn entry(world: &WorldId, message: Message) -> Result<Entry, Error> {
    let seq = message
        .headers
        .as_ref()
        .and_then(|headers| headers.get(header::NATS_SEQUENCE))
        .and_then(|value| value.as_str().parse().ok())
        .ok_or_else(|| Error::broker("read the log", "a commit came without its sequence"))?;
    Ok(Entry {
        world: world.clone(),
        seq,
        payload: message.payload,
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn a_hole_in_an_answer_is_seen() {
        let entries = [3, 7].map(|seq| Entry {
            world: "lobby".parse().unwrap(),
            seq,
            payload: Bytes::new(),
        });
        for (known, before, expected) in [
            (0, Some("0"), true),
            (0, Some("3"), false),
            (1, Some("3"), true),
            (1, Some("7"), false),
            (2, Some("7"), true),
            // Servers that do not say it.
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
