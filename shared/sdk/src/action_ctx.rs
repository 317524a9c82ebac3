//! The context that an action gets for one attempt at a run.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::CommandError;
use bytes::Bytes;
use contract::chat::AnswerLimit;
use contract::query::EventRow;
use contract::view::GetView;
use contract::{
    Accepted, Chunk, CommandRequest, InteractionId, Run, RunContext, Sample, StreamRef,
};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::connection::{Awaited, Connection, EndWatch};
use crate::error::{Error, is_run_ended};
use crate::sent_text::{Origin, SentText};
use crate::user_code::UserCode;

/// How often one delivery can restart its chunks. The chunks of the next delivery have higher
/// attempt numbers.
const RESTARTS_MAX: u32 = 16;

/// One attempt at a run: what was requested, and access to the world that requested it.
pub struct ActionCtx {
    connection: Connection,
    request: Arc<Run>,
    /// Identifies this attempt as the holder of a claim.
    claimant: Uuid,
    deadline: Instant,
    first_attempt: u32,
    attempt: u32,
    chunk_index: u32,
    is_muted: bool,
    /// Whether the context with which the run was dispatched is still to be used.
    has_context: AtomicBool,
    limit: AnswerLimit,
    sent: Arc<SentText>,
    user_code: Arc<UserCode>,
    cancellation: CancellationToken,
    _cancel_on_drop: DropGuard,
}

impl ActionCtx {
    pub(crate) fn new(
        connection: Connection,
        request: Arc<Run>,
        delivery: u32,
        deadline: Instant,
        (sent, user_code): (Arc<SentText>, Arc<UserCode>),
    ) -> Self {
        let first_attempt = delivery.saturating_sub(1).saturating_mul(RESTARTS_MAX) + 1;
        let cancellation = CancellationToken::new();
        Self {
            connection,
            request,
            claimant: Uuid::now_v7(),
            deadline,
            first_attempt,
            attempt: first_attempt,
            chunk_index: 0,
            is_muted: false,
            has_context: AtomicBool::new(false),
            limit: AnswerLimit::default(),
            sent,
            user_code,
            _cancel_on_drop: cancellation.clone().drop_guard(),
            cancellation,
        }
    }

    /// The run as it was requested: its id, world, agent and arguments.
    pub fn request(&self) -> &Run {
        &self.request
    }

    /// Claims the run for this attempt, before a side effect that must not happen twice. Returns
    /// whether this attempt has the claim. When an earlier one has it, it is unknown whether the
    /// side effect happened.
    ///
    /// # Errors
    /// [`Error::Transient`] when the broker is unavailable: it is unknown who has the claim.
    pub async fn claim(&self) -> Result<bool, Error> {
        let claimed = self.connection.claim(self.request.id, self.claimant);
        claimed.await.map_err(|error| Error::unavailable(&error))
    }

    /// When the run times out: the attempt is dropped then.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// A token that is cancelled when the attempt ends, for whatever reason: for tasks that the
    /// action has spawned.
    pub fn cancellation(&self) -> CancellationToken {
        self.cancellation.clone()
    }

    /// The connection to the world of the run.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The run, to be kept for longer than the attempt.
    pub(crate) fn shared_request(&self) -> Arc<Run> {
        Arc::clone(&self.request)
    }

    /// Where other code of the same run is executed.
    pub(crate) fn user_code(&self) -> &Arc<UserCode> {
        &self.user_code
    }

    /// Reads the context of the run from its world: the agent, and the end of the chat, or the event of a session
    /// that a node handles. Chunks that are published then are those of the node.
    ///
    /// # Errors
    /// [`Error::RunEnded`] when the run has ended, [`Error::Transient`] when the world is
    /// unavailable.
    pub async fn context(&self) -> Result<RunContext, Error> {
        let context = match self.dispatched_context() {
            Some(context) => context,
            None => self.request_context().await?,
        };
        if let Some(node) = &context.node {
            self.sent.begin(&node.step);
        }
        Ok(context)
    }

    /// Lets the first context be the one with which the run was dispatched, if it was dispatched with one.
    pub(crate) fn use_dispatched_context(&mut self) {
        *self.has_context.get_mut() = true;
    }

    fn dispatched_context(&self) -> Option<RunContext> {
        let context = self.request.context.as_deref()?;
        let is_first = self.has_context.swap(false, Ordering::Relaxed);
        is_first.then(|| serde_json::from_str(context.get()).ok())?
    }

    async fn request_context(&self) -> Result<RunContext, Error> {
        let Run { world, id, .. } = &*self.request;
        match self.connection.context(world, *id).await {
            Ok(context) => Ok(context),
            Err(CommandError::Rejected(rejection)) if is_run_ended(rejection.code) => {
                Err(Error::RunEnded)
            }
            Err(CommandError::Rejected(rejection)) => {
                Err(Error::failed("no_context", rejection.detail))
            }
            Err(error) => Err(Error::unavailable(&error)),
        }
    }

    /// Reads the latest custom events that the agent received from the archive, oldest first: at
    /// most 1,000, and at most one broker message. The newest may be missing: the archive is
    /// behind the log.
    ///
    /// # Errors
    /// [`Error::Transient`] when the archive is unavailable.
    pub async fn received_events(&self) -> Result<Vec<EventRow>, Error> {
        let Run { world, entity, .. } = &*self.request;
        let received = self.connection.received_events(world, entity).await;
        received.map_err(|error| Error::unavailable(&error))
    }

    /// Reads samples of a stream from a position on: as many as there are, and at most `limit`.
    ///
    /// # Errors
    /// [`Error::Transient`] when the world or its log is unavailable, [`Error::Failed`] when there is no
    /// such stream.
    pub async fn read_samples(
        &self,
        stream: &StreamRef,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Sample>, Error> {
        let world = &self.request.world;
        let read = self.connection.read_samples(world, stream, from, limit);
        match read.await {
            Ok(samples) => Ok(samples),
            Err(CommandError::Rejected(rejection)) => {
                Err(Error::failed("no_samples", rejection.detail))
            }
            Err(error) => Err(Error::unavailable(&error)),
        }
    }

    /// Sends a command of the run's entity to its world, and returns once it is in the log.
    pub(crate) async fn command(
        &self,
        request: CommandRequest,
        timeout: Duration,
    ) -> Result<Accepted, Error> {
        let sent = self
            .connection
            .command(&self.request.world, request, timeout);
        sent.await.map_err(|error| as_error(error, "refused"))
    }

    /// Reads a view of the run's world as it is now.
    pub(crate) async fn view<G: GetView>(&self, get: G) -> Result<G::View, Error> {
        let read = self.connection.view(&self.request.world, get);
        read.await.map_err(|error| as_error(error, "no_view"))
    }

    /// Watches the end of an interaction of the run's world.
    pub(crate) async fn watch_end(&self, interaction: InteractionId) -> Result<EndWatch, Error> {
        self.watch(Awaited::End(interaction)).await
    }

    /// Watches the end of an interaction, or the events of a session, of the run's world.
    pub(crate) async fn watch(&self, awaited: Awaited) -> Result<EndWatch, Error> {
        let watched = self.connection.watch(&self.request.world, awaited);
        watched.await.map_err(|error| Error::unavailable(&error))
    }

    /// Stores weights that the entity's processor has learned, and returns their version, the SHA-256 of
    /// the bytes in hexadecimal. A run that learns does this before it ends with
    /// [`weights`](contract::run::RunResult::weights). The same bytes again change nothing.
    ///
    /// # Errors
    /// [`Error::Failed`] when they are larger than
    /// [`WEIGHTS_BYTES_MAX`](contract::processor::WEIGHTS_BYTES_MAX), [`Error::Transient`] when the broker
    /// is unavailable.
    pub async fn store_weights(&self, bytes: &Bytes) -> Result<String, Error> {
        let stored = self.connection.store_weights(&self.request.world, bytes);
        match stored.await {
            Ok(version) => Ok(version),
            Err(error @ bus::Error::TooLarge { .. }) => {
                Err(Error::failed("weights_too_large", error.to_string()))
            }
            Err(error) => Err(Error::unavailable(&error)),
        }
    }

    /// Loads a version of the weights of the entity's processor: that of the run's
    /// [`InteractionContext`](contract::interaction::InteractionContext).
    ///
    /// # Errors
    /// [`Error::Transient`] when the broker is unavailable, or a newer version has replaced this one;
    /// [`Error::Failed`] with `weights_gone` when there is no such version any more.
    pub async fn load_weights(&self, version: &str) -> Result<Bytes, Error> {
        let loaded = self.connection.load_weights(&self.request.world, version);
        if let Some(found) = loaded.await.map_err(|error| Error::unavailable(&error))? {
            return Ok(found);
        }
        let named = self.context().await?.interaction;
        let named = named.and_then(|interaction| interaction.weights);
        if named.is_some_and(|named| named != version) {
            let reason = format!("newer weights have replaced {version}");
            return Err(Error::transient(reason));
        }
        let reason =
            format!("the weights {version} are not stored any more: learn again, with reset: true");
        Err(Error::failed("weights_gone", reason))
    }

    /// Publishes a chunk of the answer to subscribers. Chunks may be lost: the result must hold the
    /// complete answer. What a chat does not keep of an answer is not published
    /// ([`ANSWER_BYTES_MAX`](contract::chat::ANSWER_BYTES_MAX)).
    pub async fn publish_chunk(&mut self, text: &str) {
        self.publish(text, false).await;
    }

    /// Publishes the progress of the run to subscribers. It may be lost.
    pub async fn publish_progress(&mut self, text: &str) {
        self.publish(text, true).await;
    }

    /// Publishes no chunks and no progress from now on: the result is not text for subscribers.
    pub fn mute(&mut self) {
        self.is_muted = true;
    }

    /// Restarts the answer: subscribers discard the chunks published so far.
    pub fn restart_chunks(&mut self) {
        let last = self.first_attempt + RESTARTS_MAX - 1;
        if self.chunk_index > 0 && self.attempt < last {
            self.attempt += 1;
            self.chunk_index = 0;
            self.limit = AnswerLimit::default();
            self.sent.restart();
        }
    }

    async fn publish(&mut self, text: &str, progress: bool) {
        if self.is_muted {
            return;
        }
        let Some(origin) = self.sent.admit(text, progress) else {
            return;
        };
        let text = match origin {
            // What a chat keeps of an answer, and no more.
            Origin::Chat if !progress => {
                let kept = self.limit.push(text);
                if kept.is_empty() && !text.is_empty() {
                    return;
                }
                kept
            }
            Origin::Chat | Origin::Node(_) => Cow::Borrowed(text),
        };
        let Run {
            id,
            entity,
            chat,
            turn,
            world,
            ..
        } = &*self.request;
        let (session, node, turn) = match origin {
            Origin::Chat => (None, None, *turn),
            Origin::Node(step) => {
                let turn = step.turn.message();
                (Some(step.session), Some(step.node), Some(turn))
            }
        };
        let chunk = Chunk {
            run: *id,
            attempt: self.attempt,
            index: self.chunk_index,
            agent: entity.clone(),
            chat: chat.clone(),
            turn,
            session,
            node,
            text: text.into_owned(),
            progress,
        };
        self.chunk_index += 1;
        self.connection.publish_chunk(world, chunk).await;
    }
}

/// A refusal is final; anything else may be over the next time.
fn as_error(error: CommandError, code: &str) -> Error {
    match error {
        CommandError::Rejected(rejection) => Error::failed(code, rejection.detail),
        error => Error::unavailable(&error),
    }
}
