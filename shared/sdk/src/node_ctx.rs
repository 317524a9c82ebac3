//! The context that the code of a node gets for one event.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contract::flow::atoms::{END_CALL, LOG, empty};
use contract::flow::{NewFlowEvent, NodeCall, NodeContext, NodeOutput, TranscriptMessage};
use contract::interaction::NewInteraction;
use contract::run::RunResult;
use contract::view::{GetInteraction, InteractionView};
use contract::{
    Command, CommandId, CommandRequest, Entity, EntityId, EventId, FlowId, InteractionId, NodeId,
    Run, SessionId, Timestamp,
};
use futures::{Stream, StreamExt};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncMutexGuard};

use crate::action_ctx::ActionCtx;
use crate::connection::Connection;
use crate::error::Error;
use crate::node_event::{IntoFlowEvent, NodeEvent};
use crate::node_writer::NodeWriter;
use crate::user_code::UserCode;

/// The type of a text for the client that is no answer.
const SPEAK: &str = "agent.speak";
/// Timeout for one command of a node.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// One attempt at the handling of an event by a node. Cheap to clone.
#[derive(Clone)]
pub struct NodeCtx {
    inner: Arc<Inner>,
}

struct Inner {
    run: Arc<Run>,
    entity: Entity,
    node: NodeContext,
    connection: Connection,
    user_code: Arc<UserCode>,
    writer: AsyncMutex<NodeWriter>,
    output: Mutex<Output>,
    /// How many interactions were requested.
    interactions: AtomicU32,
    /// How many calls of tools had no id.
    calls: AtomicU32,
}

/// What leaves with the end of the run.
#[derive(Default)]
struct Output {
    changed: BTreeMap<String, Value>,
    is_consumed: bool,
    is_sent_on: bool,
}

impl NodeCtx {
    pub(crate) async fn load(action: ActionCtx) -> Result<Self, Error> {
        let context = action.context().await?;
        let Some(node) = context.node else {
            let reason = "the run handles no event of a session: it was requested by its name";
            return Err(Error::failed("no_session", reason));
        };
        let inner = Inner {
            run: action.shared_request(),
            entity: context.entity,
            connection: action.connection().clone(),
            user_code: Arc::clone(action.user_code()),
            writer: AsyncMutex::new(NodeWriter::new(action, node.step.clone())),
            node: *node,
            output: Mutex::default(),
            interactions: AtomicU32::new(0),
            calls: AtomicU32::new(0),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The event that is handled.
    pub fn event(&self) -> NodeEvent {
        NodeEvent::of(&self.inner.node)
    }

    /// Whether it answers a request: the text of [`chunk`](Self::chunk) goes to the client.
    pub fn answers(&self) -> bool {
        self.inner.node.step.answers
    }

    /// The content of a request: that of its frame, else the last turn of the user.
    pub fn content(&self) -> Option<&str> {
        self.inner.node.content.as_deref()
    }

    /// What was written so far, oldest first: the `messages` of the request, else the transcript of the session.
    pub fn messages(&self) -> &[TranscriptMessage] {
        &self.inner.node.messages
    }

    /// The `session_context` of the client's first frame.
    pub fn session_context(&self) -> Option<&RawValue> {
        self.inner.node.session_context.as_deref()
    }

    /// The session.
    pub fn session(&self) -> SessionId {
        self.inner.node.step.session
    }

    /// The flow of the session.
    pub fn flow(&self) -> &FlowId {
        &self.inner.node.flow
    }

    /// The node.
    pub fn node(&self) -> &NodeId {
        &self.inner.node.step.node
    }

    /// The event that began the turn: the handled one itself, if no other.
    pub fn turn(&self) -> EventId {
        self.inner.node.step.turn
    }

    /// The client's entity; `world` for a client without one.
    pub fn client(&self) -> &EntityId {
        &self.inner.node.client
    }

    /// The agent in whose name the node acts; `world` for a node without one.
    pub fn agent(&self) -> &Entity {
        &self.inner.entity
    }

    /// The run: its id is an idempotency key for side effects elsewhere.
    pub fn run(&self) -> &Run {
        &self.inner.run
    }

    /// The time by which deadlines are checked.
    pub fn now(&self) -> Timestamp {
        self.inner.connection.now()
    }

    /// Claims the run for this attempt, before a side effect that must not happen twice: see
    /// [`ActionCtx::claim`].
    ///
    /// # Errors
    /// [`Error::Transient`] when the broker is unavailable.
    pub async fn claim(&self) -> Result<bool, Error> {
        self.writer().await.action().claim().await
    }

    /// Sends an event along the edges of the node. While a request is answered, it leaves at once, and stands
    /// between the chunks before and behind it. Else it leaves when the handler ends, before the handled event.
    ///
    /// # Errors
    /// [`Error::Failed`] when it can't be encoded or the world refuses it, [`Error::RunEnded`] after an
    /// interrupt, [`Error::Transient`] when the world is unavailable.
    pub async fn send_event(&self, event: impl IntoFlowEvent) -> Result<(), Error> {
        let event = event.into_flow_event()?;
        let handled = &self.inner.node.frame;
        let is_handled = event.id.as_ref().is_some_and(|id| {
            handled.sender_id.as_ref() == Some(id) || handled.id.to_string() == *id
        });
        if is_handled {
            self.output().is_sent_on = true;
        }
        self.writer().await.send_event(event).await
    }

    /// Sends an event of any type, also of those that are reserved for structs: `agent.control.mute_user`.
    ///
    /// # Errors
    /// As [`send_event`](Self::send_event).
    pub async fn send_raw(&self, event_type: &str, data: &impl Serialize) -> Result<(), Error> {
        let data = to_raw_value(data)
            .map_err(|error| Error::failed("bad_event", format!("encode {event_type}: {error}")))?;
        self.send_event(NewFlowEvent::new(event_type, data)).await
    }

    /// Sends `agent.speak`: a text that stands for itself, such as a greeting.
    ///
    /// # Errors
    /// As [`send_event`](Self::send_event).
    pub async fn speak(&self, text: &str) -> Result<(), Error> {
        self.send_raw(SPEAK, &json!({"text": text})).await
    }

    /// Sends `agent.log` with a name and a payload, which is an object.
    ///
    /// # Errors
    /// As [`send_event`](Self::send_event).
    pub async fn log(&self, name: &str, payload: &impl Serialize) -> Result<(), Error> {
        let payload = serde_json::to_value(payload)
            .map_err(|error| Error::failed("bad_event", format!("encode the log: {error}")))?;
        self.send_raw(LOG, &json!({"name": name, "payload": payload}))
            .await
    }

    /// Sends `agent.end_call`: no further request is answered.
    ///
    /// # Errors
    /// As [`send_event`](Self::send_event).
    pub async fn end_call(&self) -> Result<(), Error> {
        self.send_event(NewFlowEvent::new(END_CALL, empty())).await
    }

    /// Sends the events that wait for the end of the handler now.
    ///
    /// # Errors
    /// As [`send_event`](Self::send_event).
    pub async fn flush(&self) -> Result<(), Error> {
        self.writer().await.flush().await
    }

    /// The handled event does not pass on, unless the handler sends it itself.
    pub fn consume(&self) {
        self.output().is_consumed = true;
    }

    /// Adds a piece to the answer. It goes to the client at once, if nothing on the way handles it or is held
    /// up; the log gets all of the answer when the run ends.
    ///
    /// # Errors
    /// [`Error::Failed`] when no request is answered.
    pub async fn chunk(&self, text: &str) -> Result<(), Error> {
        self.writer().await.chunk(text).await
    }

    /// Adds the pieces of a stream to the answer, as they come.
    ///
    /// # Errors
    /// The first of the stream, and as [`chunk`](Self::chunk).
    pub async fn stream<T: AsRef<str> + Send>(
        &self,
        pieces: impl Stream<Item = Result<T, Error>> + Send,
    ) -> Result<(), Error> {
        let mut pieces = pin!(pieces);
        while let Some(piece) = pieces.next().await {
            self.chunk(piece?.as_ref()).await?;
        }
        Ok(())
    }

    /// Begins the answer anew: what was added so far is no part of it.
    pub async fn restart_answer(&self) {
        self.writer().await.restart();
    }

    /// A variable of the session, as this handler has set it.
    pub fn variable(&self, name: &str) -> Option<Value> {
        let output = self.output();
        let value = output.changed.get(name);
        let value = value.or_else(|| self.inner.node.variables.get(name));
        value.filter(|value| !value.is_null()).cloned()
    }

    /// The variables of the session, as this handler has set them.
    pub fn variables(&self) -> BTreeMap<String, Value> {
        let mut variables = self.inner.node.variables.clone();
        variables.extend(self.output().changed.clone());
        variables.retain(|_, value| !value.is_null());
        variables
    }

    /// Sets a variable of the session, once the handler has succeeded. All of them have at most 2 KiB.
    pub fn set_variable(&self, name: &str, value: impl Into<Value>) {
        self.output().changed.insert(name.to_owned(), value.into());
    }

    /// Removes a variable of the session, once the handler has succeeded.
    pub fn remove_variable(&self, name: &str) {
        self.set_variable(name, Value::Null);
    }

    /// Requests an action of other entities, in the name of the node's agent. Targets are ids of entities, and
    /// `role:NAME` for all that have a role. The session gets the outcome: see
    /// [`request_interaction`](Self::request_interaction).
    ///
    /// # Errors
    /// [`Error::Failed`] when the world refuses it, [`Error::Transient`] when the world is unavailable.
    pub async fn interact(
        &self,
        action: &str,
        targets: impl IntoIterator<Item = impl Into<String>>,
        arguments: &impl Serialize,
    ) -> Result<InteractionId, Error> {
        let bad = |reason: String| Error::failed("bad_interaction", reason);
        let action = action
            .parse()
            .map_err(|error: contract::id::InvalidId| bad(error.to_string()))?;
        let arguments = to_raw_value(arguments).map_err(|error| bad(error.to_string()))?;
        self.request_interaction(NewInteraction {
            arguments: Some(arguments).filter(|arguments| arguments.get() != "null"),
            ..NewInteraction::new(action, targets)
        })
        .await
    }

    /// Requests an interaction. An attempt that is made again requests nothing twice, when it does so in the same
    /// order.
    ///
    /// When it has ended for all targets, the session gets an event of the type
    /// [`INTERACTION_OUTCOME`](contract::flow::INTERACTION_OUTCOME) from this node, unless it is `volatile`: its
    /// data are an [`InteractionView`], and its turn is that of the event that is handled now. A node that handles
    /// the type gets it first. Meanwhile the session is not idle.
    ///
    /// # Errors
    /// As [`interact`](Self::interact); [`Error::Failed`] when 256 interactions of the session have not ended.
    pub async fn request_interaction(&self, new: NewInteraction) -> Result<InteractionId, Error> {
        let number = self.inner.interactions.fetch_add(1, Ordering::Relaxed);
        let run = self.run().id.to_string();
        let id = CommandId::from_key(&["node", &run, "interaction", &number.to_string()]);
        let request = CommandRequest {
            id,
            sender: self.inner.entity.id.clone(),
            command: Command::RequestInteraction(NewInteraction {
                run: Some(self.run().id),
                ..new
            }),
            trace: None,
            run: None,
            principal: None,
        };
        let writer = self.writer().await;
        writer.action().command(request, COMMAND_TIMEOUT).await?;
        Ok(id.event(0).interaction())
    }

    /// An interaction, as it is now; `None` when the world has forgotten it.
    ///
    /// # Errors
    /// [`Error::Transient`] when the world is unavailable.
    pub async fn interaction(&self, id: InteractionId) -> Result<Option<InteractionView>, Error> {
        let writer = self.writer().await;
        writer.action().view(GetInteraction { id }).await
    }

    pub(crate) async fn writer(&self) -> AsyncMutexGuard<'_, NodeWriter> {
        self.inner.writer.lock().await
    }

    pub(crate) fn user_code(&self) -> &Arc<UserCode> {
        &self.inner.user_code
    }

    pub(crate) fn shared_run(&self) -> Arc<Run> {
        Arc::clone(&self.inner.run)
    }

    /// Whether an earlier attempt has begun a call of a tool, and not ended it.
    pub(crate) fn is_open_call(&self, id: &str) -> bool {
        self.inner.node.open_calls.iter().any(|call| call == id)
    }

    /// A call that an earlier attempt has made, and that has ended.
    pub(crate) fn call_made_before(&self, id: &str) -> Option<&NodeCall> {
        let mut calls = self.inner.node.calls.iter();
        calls.find(|call| call.id == id && call.result.is_some())
    }

    /// The id of a call that has none.
    pub(crate) fn next_call_id(&self) -> String {
        let number = self.inner.calls.fetch_add(1, Ordering::Relaxed);
        format!("call-{}", number + 1)
    }

    fn output(&self) -> MutexGuard<'_, Output> {
        let output = &self.inner.output;
        output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn into_result(self) -> RunResult {
        let (text, events) = self.writer().await.close();
        let output = std::mem::take(&mut *self.output());
        RunResult {
            message: Some(text).filter(|text| !text.is_empty()),
            node: Some(NodeOutput {
                events,
                consumed: output.is_consumed && !output.is_sent_on,
                variables: output.changed,
            }),
            ..RunResult::default()
        }
    }
}
