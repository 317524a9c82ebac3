//! Single events, published after their commit for programs that subscribe to NATS.
//!
//! Nothing here is a promise: a subscriber that must not miss an event compares `mw-previous` with the last
//! commit that it has seen. Our own services subscribe to
//! [commits](crate::Log::subscribe_commits).

use std::sync::Arc;

use bytes::Bytes;
use contract::commit::Position;
use contract::{Commit, Seq, WorldId, subject};

use crate::connection::Connection;
use crate::event_headers::{CommitHeaders, event_headers};

/// A commit that was just stored.
#[derive(Debug, Clone, Copy)]
pub struct CommitNotice<'a> {
    /// Whose log it is in.
    pub world: &'a WorldId,
    /// Its sequence.
    pub seq: Seq,
    /// The sequence of the commit before it in the same log; 0 when it is the first.
    pub previous: Seq,
    /// Its content.
    pub commit: &'a Commit,
}

/// Publishes events as CloudEvents. Cheap to clone.
#[derive(Clone)]
pub struct EventPublisher {
    connection: Arc<Connection>,
}

impl EventPublisher {
    pub(crate) fn new(connection: &Arc<Connection>) -> Self {
        Self {
            connection: Arc::clone(connection),
        }
    }

    /// Publishes the events of a commit. What gets lost can be read from the log.
    pub async fn publish(&self, notice: CommitNotice<'_>) {
        let common = CommitHeaders::new(notice.world, notice.seq, notice.previous, notice.commit);
        for (index, event) in (0_u32..).zip(&notice.commit.events) {
            let position = Position {
                seq: notice.seq,
                index,
            };
            let subject = subject::event(notice.world, &event.event_type);
            let payload = Bytes::copy_from_slice(event.data.get().as_bytes());
            let headers = event_headers(&common, position, event);
            let client = &self.connection.client;
            let _ = client.publish_with_headers(subject, headers, payload).await;
        }
    }
}
