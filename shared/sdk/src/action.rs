//! Actions: what a worker can do when a world asks for it.

use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use contract::query::{EventRow, EventsQuery, PAGE_ROWS_MAX};
use contract::run::RunResult;
use contract::{ActionName, Chunk, Position, RejectionCode, Run, RunContext};
use futures::future::BoxFuture;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

/// Answers that one delivery can begin anew. Chunks of the next delivery have higher attempts.
const RESTARTS_MAX: u32 = 16;
/// How long a world may take to tell the context of a run before another attempt is made.
const CONTEXT_TIMEOUT: Duration = Duration::from_secs(30);

/// The same for the archive, without which an agent can do.
const ARCHIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// An ability that a worker offers: it runs whenever a world requests an action of its name.
pub trait Action: Send + Sync + 'static {
    /// The name under which worlds request it.
    fn name(&self) -> &ActionName;

    /// Runs it once. When the run is called off, or the worker gives it back, the future is
    /// dropped at its next `await`; a panic is a failed attempt.
    ///
    /// It may run more than once for one invocation, and takes effect in the world once. What it
    /// changes elsewhere should be keyed by [`Call::invocation`]'s id.
    fn call(&self, call: Call) -> Running<'_>;
}

/// A run of an action.
pub type Running<'a> = BoxFuture<'a, Result<RunResult, Error>>;

/// Why a run of an action has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It may succeed later, here or elsewhere: another attempt is made after a pause.
    #[error("{reason}")]
    Transient {
        /// A sentence for people.
        reason: String,
    },
    /// It has failed for good.
    #[error("{reason}")]
    Failed {
        /// A word for programs, such as `model_timeout`.
        code: String,
        /// A sentence for people.
        reason: String,
    },
    /// The world does not want a result any more.
    #[error("the run is over")]
    Over,
}

impl Error {
    /// A failure for good.
    pub fn failed(code: &str, reason: impl Into<String>) -> Self {
        Self::Failed {
            code: code.to_owned(),
            reason: reason.into(),
        }
    }

    /// A failure that another attempt may mend.
    pub fn transient(reason: impl Into<String>) -> Self {
        Self::Transient {
            reason: reason.into(),
        }
    }
}

/// The name of an action of this crate.
///
/// # Errors
/// When it is not 1 to 64 of `A-Z a-z 0-9 _ -`.
pub fn action_name(name: &str) -> Result<ActionName, contract::id::InvalidId> {
    name.parse()
}

/// One run of an action: what is asked, and how to reach whoever asks.
pub struct Call {
    bus: Bus,
    invocation: Arc<Run>,
    /// By what this attempt is known to have begun.
    claimant: Uuid,
    deadline: Instant,
    first_attempt: u32,
    attempt: u32,
    index: u32,
    is_silent: bool,
    cancelled: CancellationToken,
    _cancel: DropGuard,
}

impl Call {
    pub(crate) fn new(bus: Bus, invocation: Arc<Run>, delivery: u32, deadline: Instant) -> Self {
        let first_attempt = delivery.saturating_sub(1).saturating_mul(RESTARTS_MAX) + 1;
        let cancelled = CancellationToken::new();
        Self {
            bus,
            invocation,
            claimant: Uuid::now_v7(),
            deadline,
            first_attempt,
            attempt: first_attempt,
            index: 0,
            is_silent: false,
            _cancel: cancelled.clone().drop_guard(),
            cancelled,
        }
    }

    /// What is asked.
    pub fn invocation(&self) -> &Run {
        &self.invocation
    }

    /// Begins what must not be done twice: whether nobody has begun it before. When somebody has,
    /// whether it took effect is not known.
    ///
    /// # Errors
    /// [`Error::Transient`] while that is not known: nothing was begun.
    pub async fn begin_once(&self) -> Result<bool, Error> {
        let claimed = self.bus.claim(self.invocation.id, self.claimant).await;
        claimed.map_err(|error| Error::transient(service_kit::ErrorChain(&error).to_string()))
    }

    /// When the world stops waiting: the run ends then, whatever it does.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Cancelled once the run has ended, by itself or because it was called off: for whatever the
    /// action has started elsewhere.
    pub fn cancelled(&self) -> CancellationToken {
        self.cancelled.clone()
    }

    /// Asks the world for what the run needs to know: the agent, and the end of the chat.
    ///
    /// # Errors
    /// [`Error::Over`] when the world does not want the run any more, [`Error::Transient`] when it
    /// does not answer.
    pub async fn context(&self) -> Result<RunContext, Error> {
        let Run { world, id, .. } = &*self.invocation;
        match self.bus.context(world, *id, CONTEXT_TIMEOUT).await {
            Ok(Ok(context)) => Ok(context),
            Ok(Err(rejection)) if is_over(rejection.code) => Err(Error::Over),
            Ok(Err(rejection)) => Err(Error::failed("no_context", rejection.detail)),
            Err(error) => Err(Error::transient(
                service_kit::ErrorChain(&error).to_string(),
            )),
        }
    }

    /// Asks the archive for the latest custom events that the agent heard, oldest first: 1,000 at most,
    /// and as many as fit in one message. The very last may be missing: the archive follows the log.
    ///
    /// # Errors
    /// [`Error::Transient`] when no archive answers.
    pub async fn heard(&self) -> Result<Vec<EventRow>, Error> {
        let query = EventsQuery {
            world: self.invocation.world.clone(),
            after: Position::default(),
            event_type: None,
            entity: None,
            heard_by: Some(self.invocation.entity.clone()),
            last: true,
            chat: None,
            limit: PAGE_ROWS_MAX,
            wait_for: None,
        };
        match self.bus.query(&query, ARCHIVE_TIMEOUT).await {
            Ok((rows, _)) => Ok(rows),
            Err(error) => Err(Error::transient(
                service_kit::ErrorChain(&error).to_string(),
            )),
        }
    }

    /// Publishes a piece of the answer, for those who watch. It may get lost: the whole must be in
    /// the result.
    pub async fn chunk(&mut self, text: &str) {
        self.publish(text, false).await;
    }

    /// Publishes how far the run has come, for those who watch. It may get lost.
    pub async fn progress(&mut self, text: &str) {
        self.publish(text, true).await;
    }

    async fn publish(&mut self, text: &str, progress: bool) {
        if self.is_silent {
            return;
        }
        let Run {
            id,
            entity,
            chat,
            turn,
            world,
            ..
        } = &*self.invocation;
        let chunk = Chunk {
            invocation: *id,
            attempt: self.attempt,
            index: self.index,
            agent: entity.clone(),
            chat: chat.clone(),
            turn: *turn,
            text: text.to_owned(),
            progress,
        };
        self.index += 1;
        self.bus.publish_chunk(world, &chunk).await;
    }

    /// Publishes no pieces from now on: the result is nothing that anybody reads word by word.
    pub fn silence(&mut self) {
        self.is_silent = true;
    }

    /// Begins the answer anew: whoever watches forgets the pieces so far.
    pub fn restart(&mut self) {
        let last = self.first_attempt + RESTARTS_MAX - 1;
        if self.index > 0 && self.attempt < last {
            self.attempt += 1;
            self.index = 0;
        }
    }
}

/// Whether a world that answers this wants no result of the run any more.
pub(crate) fn is_over(code: RejectionCode) -> bool {
    matches!(
        code,
        RejectionCode::AlreadyEnded | RejectionCode::UnknownWorld | RejectionCode::WorldDeleted
    )
}
