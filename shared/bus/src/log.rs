//! The log: what happened in each world, in order, for good.

mod batched_read;
mod commit_subscription;
mod entry;
mod live_subscription;
mod log_start;
mod pending_append;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{LastRawMessageErrorKind, Stream};
use contract::{Commit, Seq, WorldId, subject};
use futures::TryStreamExt;
use futures::future::BoxFuture;

pub use self::batched_read::READ_COMMITS_MAX;
use self::batched_read::{BatchSize, READ_BYTES_MAX, read_batch};
pub use self::commit_subscription::{CommitSubscription, StoredCommit};
pub use self::entry::Entry;
pub use self::live_subscription::{Live, LiveSubscription};
pub use self::log_start::LogStart;
pub use self::pending_append::PendingAppend;
use crate::connection::Connection;
use crate::consumer::{DISPATCH_ACK_WAIT, UNACKED_MAX};
use crate::delivery::NO_WORK_HEADER;
use crate::{AppendError, Consumer, Error};

/// How far the log of all worlds reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogEnd {
    /// The last sequence that was ever given.
    pub last: Seq,
    /// The last commit that is still there: behind it, everything was purged. 0 when there is none.
    pub newest: Seq,
    /// When the stream was created, in nanoseconds since 1970: one that is created anew has another time,
    /// one that is restored from a backup or moved to more servers keeps it.
    pub created_ns: i64,
}

/// Appends to the log and reads it. Cheap to clone.
#[derive(Clone)]
pub struct Log {
    connection: Arc<Connection>,
}

impl Log {
    pub(crate) fn new(connection: &Arc<Connection>) -> Self {
        Self {
            connection: Arc::clone(connection),
        }
    }

    /// Appends a commit behind `expected`, the last sequence of this world's log (0: none), and
    /// returns its sequence once the log has stored it.
    ///
    /// # Errors
    /// [`AppendError`] has what is known of the log then.
    pub async fn append(
        &self,
        world: &WorldId,
        commit: &Commit,
        expected: Seq,
    ) -> Result<Seq, AppendError> {
        let pending = self.begin_append(world, commit, expected).await?;
        pending.stored().await
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
    ) -> Result<PendingAppend, AppendError> {
        let unknown = |source: Box<dyn std::error::Error + Send + Sync>| AppendError::Unknown {
            world: world.clone(),
            source,
        };
        let payload = serde_json::to_vec(commit).map_err(|e| unknown(e.into()))?;
        let bytes = payload.len();
        let mut message = PublishMessage::build()
            .payload(payload.into())
            .expected_last_subject_sequence(expected);
        if !commit.requests_work() {
            message = message.header(NO_WORK_HEADER, "1");
        }
        let jetstream = &self.connection.jetstream;
        let sent = jetstream.send_publish(subject::log(world), message).await;
        let ack = sent.map_err(|e| unknown(e.into()))?;
        Ok(PendingAppend::new(ack, world.clone(), expected, bytes))
    }

    /// The sequence of the last commit of a world, as the stream's leader knows it; 0 when it has none.
    ///
    /// # Errors
    /// [`Error::Broker`] while the log can't be read.
    pub fn last_seq<'a>(&'a self, world: &'a WorldId) -> BoxFuture<'a, Result<Seq, Error>> {
        Box::pin(async move {
            let stream = self.stream().await?;
            last_seq_of(&stream, &subject::log(world)).await
        })
    }

    /// Where the log of a world begins; `None` when the replica that answers has nothing of it. It may lag behind.
    ///
    /// # Errors
    /// [`Error::Broker`] while the log can't be read.
    pub async fn start(&self, world: &WorldId) -> Result<Option<LogStart>, Error> {
        let commits = self.read_some(world, 0, LogStart::COMMITS).await?;
        Ok(LogStart::of(&commits))
    }

    /// How far the log of all worlds reaches, as the stream's leader knows it.
    ///
    /// # Errors
    /// [`Error::Broker`] while the log can't be read.
    pub fn end(&self) -> BoxFuture<'_, Result<LogEnd, Error>> {
        Box::pin(self.read_end())
    }

    async fn read_end(&self) -> Result<LogEnd, Error> {
        let jetstream = &self.connection.jetstream;
        let stream = jetstream.get_stream(subject::LOG_STREAM).await;
        let stream = stream.map_err(|e| Error::broker("open the log", e))?;
        let last = stream.cached_info().state.last_sequence;
        let created_ns = stream.cached_info().created.unix_timestamp_nanos();
        let newest = last_seq_of(&stream, subject::LOG_ALL).await?;
        Ok(LogEnd {
            last: last.max(newest),
            newest,
            created_ns: i64::try_from(created_ns).unwrap_or(i64::MAX),
        })
    }

    /// The commit at `seq`, as the stream's leader knows it; `None` when it was purged, or never there.
    ///
    /// # Errors
    /// [`Error::Broker`] while the log can't be read.
    pub async fn commit_at(&self, seq: Seq) -> Result<Option<Entry>, Error> {
        match self.stream().await?.get_raw_message(seq).await {
            Ok(message) => Entry::stored(message).map(Some),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(Error::broker("read a commit", error)),
        }
    }

    /// The worlds of which the log has commits.
    ///
    /// # Errors
    /// [`Error::Broker`] while the log can't be read.
    pub async fn worlds(&self) -> Result<BTreeSet<WorldId>, Error> {
        const OPERATION: &str = "list the worlds of the log";
        let stream = self.stream().await?;
        let subjects = stream.info_with_subjects(subject::LOG_ALL).await;
        let mut subjects = subjects.map_err(|e| Error::broker(OPERATION, e))?;
        let mut worlds = BTreeSet::new();
        while let Some(subject) = subjects
            .try_next()
            .await
            .map_err(|e| Error::broker(OPERATION, e))?
        {
            worlds.extend(subject::world_of(&subject.0));
        }
        Ok(worlds)
    }

    /// The next commits of a world behind `after`, oldest first: at most [`READ_COMMITS_MAX`].
    /// An empty answer means that the replica that answered knows no more; it may lag behind.
    ///
    /// # Errors
    /// [`Error::Broker`] while the log can't be read.
    pub async fn read(&self, world: &WorldId, after: Seq) -> Result<Vec<Entry>, Error> {
        self.read_some(world, after, READ_COMMITS_MAX).await
    }

    /// As [`read`](Self::read), but at most `count` commits.
    ///
    /// # Errors
    /// [`Error::Broker`] while the log can't be read.
    pub async fn read_some(
        &self,
        world: &WorldId,
        after: Seq,
        count: usize,
    ) -> Result<Vec<Entry>, Error> {
        let size = BatchSize {
            commits: count,
            bytes: READ_BYTES_MAX,
        };
        read_batch(&self.connection.client, world, after, size).await
    }

    /// As [`read`](Self::read), but at most `count` commits, and roughly `bytes` of them: a larger one is
    /// returned alone.
    ///
    /// # Errors
    /// [`Error::Broker`] while the log can't be read.
    pub async fn read_page(
        &self,
        world: &WorldId,
        after: Seq,
        count: usize,
        bytes: usize,
    ) -> Result<Vec<Entry>, Error> {
        let size = BatchSize {
            commits: count,
            bytes,
        };
        read_batch(&self.connection.client, world, after, size).await
    }

    /// The commits of all worlds behind `after`, in the order of the log, without end.
    ///
    /// # Errors
    /// [`Error::Broker`] while the log can't be read.
    pub async fn tail(
        &self,
        after: Seq,
    ) -> Result<impl futures::Stream<Item = Result<Entry, Error>> + Send + use<>, Error> {
        const OPERATION: &str = "tail the log";
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: after + 1,
            },
            ..Default::default()
        };
        let consumer = self.stream().await?.create_consumer(config).await;
        let consumer = consumer.map_err(|e| Error::broker(OPERATION, e))?;
        let messages = consumer.messages().await;
        let messages = messages.map_err(|e| Error::broker(OPERATION, e))?;
        Ok(messages
            .map_err(|e| Error::broker(OPERATION, e))
            .and_then(async |message| Entry::delivered(&message)))
    }

    /// The commits of a world from now on, as the log stores them.
    ///
    /// # Errors
    /// [`Error::Broker`] when it is not subscribed.
    pub async fn subscribe_commits(&self, world: &WorldId) -> Result<CommitSubscription, Error> {
        CommitSubscription::open(&self.connection.client, world).await
    }

    /// The commits of a world from now on, as the log stores them, and its signals, in one order.
    ///
    /// # Errors
    /// [`Error::Broker`] when it is not subscribed.
    pub async fn subscribe_live(&self, world: &WorldId) -> Result<LiveSubscription, Error> {
        LiveSubscription::open(&self.connection.client, world).await
    }

    /// The consumer of the log that all dispatchers share.
    ///
    /// # Errors
    /// [`Error::SetUp`] when it can't be created.
    pub async fn dispatcher_consumer(&self) -> Result<Consumer, Error> {
        let config = pull::Config {
            durable_name: Some("dispatcher".to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: DISPATCH_ACK_WAIT,
            max_ack_pending: UNACKED_MAX,
            ..Default::default()
        };
        Consumer::open(&self.connection, subject::LOG_STREAM, config).await
    }

    /// Removes a world's log for good, up to the commit `until`. When nothing follows, its subject
    /// starts again at expected sequence 0.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may still be there.
    pub async fn purge(&self, world: &WorldId, until: Seq) -> Result<(), Error> {
        let stream = self.stream().await?;
        let purge = stream.purge().sequence(until + 1);
        let purged = purge.filter(subject::log(world)).await;
        purged
            .map(drop)
            .map_err(|e| Error::broker("purge a log", e))
    }

    async fn stream(&self) -> Result<Stream<()>, Error> {
        let jetstream = &self.connection.jetstream;
        let stream = jetstream.get_stream_no_info(subject::LOG_STREAM).await;
        stream.map_err(|e| Error::broker("open the log", e))
    }
}

async fn last_seq_of<Info>(stream: &Stream<Info>, subject: &str) -> Result<Seq, Error> {
    match stream.get_last_raw_message_by_subject(subject).await {
        Ok(message) => Ok(message.sequence),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(0),
        Err(error) => Err(Error::broker("read the end of the log", error)),
    }
}
