use std::time::Duration;
use std::vec::Drain;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::pending_request::PendingRequest;

/// Requests that are received at once.
const BATCH_MAX: usize = 1024;

/// A mailbox for at most `capacity` requests. It counts as idle when it has received none for
/// `idle_after`.
pub(crate) fn mailbox(capacity: usize, idle_after: Duration) -> (MailboxSender, Mailbox) {
    let (sender, receiver) = mpsc::channel(capacity);
    let mailbox = Mailbox {
        receiver,
        state: State::Open {
            idle_at: Instant::now() + idle_after,
        },
        idle_after,
        batch: Vec::new(),
    };
    (MailboxSender(sender), mailbox)
}

/// Sends requests to the actor of one world. Cheap to clone.
#[derive(Clone)]
pub(crate) struct MailboxSender(mpsc::Sender<PendingRequest>);

/// Why a request was not delivered.
pub(crate) enum SendError {
    /// Too many requests wait.
    Full(PendingRequest),
    /// The actor receives no more requests.
    Closed(PendingRequest),
}

impl MailboxSender {
    pub(crate) fn send(&self, request: PendingRequest) -> Result<(), SendError> {
        self.0.try_send(request).map_err(|error| match error {
            mpsc::error::TrySendError::Full(request) => SendError::Full(request),
            mpsc::error::TrySendError::Closed(request) => SendError::Closed(request),
        })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

/// The requests to one world that its actor has not received yet.
pub(crate) struct Mailbox {
    receiver: mpsc::Receiver<PendingRequest>,
    state: State,
    idle_after: Duration,
    /// Received, and not taken yet.
    batch: Vec<PendingRequest>,
}

#[derive(Clone, Copy)]
enum State {
    /// Idle from then on, unless a request is received before.
    Open { idle_at: Instant },
    /// No requests are added; those inside are still received.
    Closing,
    /// There will be no more requests.
    Drained,
}

impl Mailbox {
    /// Waits until requests are received, or there will be no more. Dropped before it is ready, it has
    /// received none.
    pub(super) async fn recv(&mut self) {
        let received = self.receiver.recv_many(&mut self.batch, BATCH_MAX).await;
        self.state = match self.state {
            _ if received == 0 => State::Drained,
            State::Open { .. } => State::Open {
                idle_at: Instant::now() + self.idle_after,
            },
            State::Closing | State::Drained => self.state,
        };
    }

    /// Takes the requests that were received.
    pub(super) fn take_received(&mut self) -> Drain<'_, PendingRequest> {
        self.batch.drain(..)
    }

    /// When it is idle; `None` once it is closed.
    pub(super) fn idle_at(&self) -> Option<Instant> {
        match self.state {
            State::Open { idle_at } => Some(idle_at),
            State::Closing | State::Drained => None,
        }
    }

    /// From now on requests go to a new actor; those that are inside are still received.
    pub(super) fn close(&mut self) {
        self.receiver.close();
        if !self.is_drained() {
            self.state = State::Closing;
        }
    }

    pub(super) fn is_drained(&self) -> bool {
        matches!(self.state, State::Drained)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_closed_mailbox_is_drained_after_the_requests_that_are_inside() {
        let (sender, mut mailbox) = mailbox(1, Duration::from_secs(1));
        assert!(sender.send(PendingRequest::own_fire_due()).is_ok());
        let full = sender.send(PendingRequest::own_fire_due());
        assert!(matches!(full, Err(SendError::Full(_))));
        mailbox.close();
        let closed = sender.send(PendingRequest::own_fire_due());
        assert!(matches!(closed, Err(SendError::Closed(_))));
        mailbox.recv().await;
        assert_eq!(mailbox.take_received().count(), 1);
        assert!(!mailbox.is_drained());
        mailbox.recv().await;
        assert!(mailbox.is_drained());
    }

    #[tokio::test(start_paused = true)]
    async fn a_mailbox_is_idle_some_time_after_its_last_request_and_never_once_closed() {
        let idle_after = Duration::from_secs(60);
        let (sender, mut mailbox) = mailbox(1, idle_after);
        tokio::time::advance(idle_after).await;
        assert_eq!(mailbox.idle_at(), Some(Instant::now()));
        assert!(sender.send(PendingRequest::own_fire_due()).is_ok());
        mailbox.recv().await;
        assert_eq!(mailbox.idle_at(), Some(Instant::now() + idle_after));
        mailbox.close();
        assert_eq!(mailbox.idle_at(), None);
    }
}
