//! Reads a subscription until a deadline, or until the gateway shuts down.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::close_reason::CloseReason;
use crate::fanout::{Frame, Subscription};
use crate::state::DoorState;

/// Reads a subscription until a deadline, or until the gateway shuts down.
pub struct EventReader {
    subscription: Subscription,
    deadline: ReadDeadline,
    /// When the idle time began.
    active_at: Instant,
    /// The client of a turn waits for its end, which a stream of a world does not have.
    shutdown: CancellationToken,
}

/// How long a subscription is read.
#[derive(Debug, Clone, Copy)]
pub enum ReadDeadline {
    /// As long as the client stays, and until its token expires, if it has one.
    Never {
        /// See [`Principal::expires_at`](crate::Principal::expires_at).
        expires: Option<Instant>,
    },
    /// Until then.
    At(Instant),
    /// Until the client has received nothing for this long.
    Idle(Duration),
}

/// Why reading ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadEnd {
    /// The deadline has passed.
    Deadline,
    /// The gateway closes the connection.
    Closed(CloseReason),
}

impl EventReader {
    /// Reads `subscription` from where it begins.
    pub fn new(state: &DoorState, subscription: Subscription, deadline: ReadDeadline) -> Self {
        Self {
            subscription,
            deadline,
            active_at: Instant::now(),
            shutdown: match deadline {
                ReadDeadline::Never { .. } => state.shutdown.clone(),
                ReadDeadline::At(_) | ReadDeadline::Idle(_) => state.turns_cut.clone(),
            },
        }
    }

    /// The next event or signal. A caller may stop waiting at any time.
    ///
    /// # Errors
    /// [`ReadEnd`] when nothing more follows.
    pub async fn next(&mut self) -> Result<Arc<Frame>, ReadEnd> {
        let until = match self.deadline {
            ReadDeadline::Never { expires } => expires,
            ReadDeadline::At(until) => Some(until),
            ReadDeadline::Idle(idle_max) => Some(self.active_at + idle_max),
        };
        let is_over = |until: Instant| Instant::now() >= until;
        if let ReadDeadline::Never { expires } = self.deadline
            && expires.is_some_and(is_over)
        {
            return Err(ReadEnd::Closed(CloseReason::Expired));
        }
        let next = async {
            match until {
                None => Ok(self.subscription.next().await),
                Some(until) => timeout_at(until, self.subscription.next()).await,
            }
        };
        tokio::select! {
            next = next => match next {
                Ok(frame) => frame.map_err(|end| ReadEnd::Closed(end.into())),
                Err(_elapsed) => Err(match self.deadline {
                    ReadDeadline::Never { .. } => ReadEnd::Closed(CloseReason::Expired),
                    ReadDeadline::At(_) | ReadDeadline::Idle(_) => ReadEnd::Deadline,
                }),
            },
            () = self.shutdown.cancelled() => Err(ReadEnd::Closed(CloseReason::Shutdown)),
        }
    }

    /// The next event or signal if it is there already.
    pub(crate) fn try_next(&mut self) -> Option<Arc<Frame>> {
        self.subscription.try_next()
    }

    /// Begins the idle time again: the client has received something.
    pub(crate) fn reset_idle(&mut self) {
        self.active_at = Instant::now();
    }
}
