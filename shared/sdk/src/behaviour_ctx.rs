//! The context that a custom action of a behaviour gets.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contract::behaviour::{ActionResult, Roster};
use contract::interaction::{InteractionContext, TargetStatus};
use contract::run::RunResult;
use contract::stream::AppendSamples;
use contract::view::{GetActionResult, GetRoster};
use contract::{
    ActionName, Command, CommandId, CommandRequest, Entity, RunContext, Sample, StreamRef,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::action_ctx::ActionCtx;
use crate::built_in_call::BuiltInCall;
use crate::error::Error;

/// The built-in actions that are done for the request that a custom action serves.
const FOR_REQUEST: &[&str] = &["engage", "disengage", "process", "learn", "show"];
/// Timeout for one command of an action.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// One attempt at a custom action of a behaviour. It has a method for every built-in action, with its name
/// and its defaults:
///
/// ```no_run
/// use manyworlds_sdk::{BehaviourCtx, Error, Worker};
///
/// async fn gather(ctx: BehaviourCtx) -> Result<bool, Error> {
///     if !ctx.find_agents("student").with("handshake_completed", true).await? {
///         return Ok(false);
///     }
///     ctx.send("learn").with("streams", ["teacher:lesson"]).await
/// }
///
/// fn main() -> anyhow::Result<()> {
///     Worker::builder().custom_action("gather", gather).main()
/// }
/// ```
///
/// Each such use is a command whose id is made of the run and a number: an attempt that is made again
/// repeats what the first one has done, in the same order, and nothing happens twice.
///
/// `process`, `learn` and `evaluate` are runs of other workers: their methods wait for the end. `engage`,
/// `disengage`, `process`, `learn` and `show` are done for the request that this action serves
/// ([`interaction`](Self::interaction)).
#[derive(Clone)]
pub struct BehaviourCtx {
    inner: Arc<Inner>,
}

struct Inner {
    action: ActionCtx,
    context: RunContext,
    /// How many built-in actions were used.
    commands: AtomicU32,
    /// How often samples were appended.
    appended: AtomicU32,
    written: Mutex<Vec<Box<RawValue>>>,
    output: Mutex<Map<String, Value>>,
}

impl BehaviourCtx {
    pub(crate) async fn load(mut action: ActionCtx) -> Result<Self, Error> {
        action.mute();
        let context = action.context().await?;
        let inner = Inner {
            action,
            context,
            commands: AtomicU32::new(0),
            appended: AtomicU32::new(0),
            written: Mutex::default(),
            output: Mutex::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The entity whose behaviour it is.
    pub fn agent(&self) -> &Entity {
        &self.inner.context.entity
    }

    /// The run: its id is an idempotency key for side effects elsewhere.
    pub fn run(&self) -> &contract::Run {
        self.inner.action.request()
    }

    /// Claims the run for this attempt, before a side effect that must not happen twice: see
    /// [`ActionCtx::claim`].
    ///
    /// # Errors
    /// [`Error::Transient`] when the broker is unavailable.
    pub async fn claim(&self) -> Result<bool, Error> {
        self.inner.action.claim().await
    }

    /// The arguments of the action.
    ///
    /// # Errors
    /// [`Error::Failed`] when they do not have this form.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let arguments = self.run().arguments.as_deref();
        let text = arguments.map_or("{}", RawValue::get);
        serde_json::from_str(text).map_err(|error| {
            let reason = format!("the arguments of {}: {error}", self.run().action);
            Error::failed("bad_arguments", reason)
        })
    }

    /// The interaction that it is done for: a request of another entity, or one of its own.
    pub fn interaction(&self) -> Option<&InteractionContext> {
        self.inner.context.interaction.as_deref()
    }

    /// The samples that are bound to `stdin`, those of each stream in a list of its own.
    ///
    /// # Errors
    /// [`Error::Transient`] when they can't be read now.
    pub async fn inputs(&self) -> Result<Vec<Vec<Sample>>, Error> {
        let Some(interaction) = self.interaction() else {
            return Ok(Vec::new());
        };
        let mut inputs = Vec::new();
        for bound in &interaction.streams.stdin {
            let count = interaction.step.count;
            let action = &self.inner.action;
            inputs.push(
                action
                    .read_samples(&bound.stream, bound.from, count)
                    .await?,
            );
        }
        Ok(inputs)
    }

    /// The samples that came with the request itself.
    pub fn samples(&self) -> &[Box<RawValue>] {
        self.interaction()
            .map_or(&[], |interaction| &interaction.samples)
    }

    /// Samples of a stream, by its name when it is the entity's own, else as `owner:name`: from a position
    /// on, as many as there are, and at most `limit`.
    ///
    /// # Errors
    /// [`Error::Transient`] when they can't be read now, [`Error::Failed`] when there is no such stream.
    pub async fn read_stream(
        &self,
        stream: &str,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Sample>, Error> {
        let stream = self.stream(stream)?;
        self.inner.action.read_samples(&stream, from, limit).await
    }

    /// Appends samples to a stream of the entity at once, whether the action succeeds then or not. An
    /// attempt that is made again appends nothing twice, when it does so in the same order.
    ///
    /// # Errors
    /// [`Error::Failed`] when there is no such stream, or the samples are not of its type;
    /// [`Error::Transient`] when the world is unavailable.
    pub async fn append<S: Serialize>(
        &self,
        stream: &str,
        samples: impl IntoIterator<Item = S>,
    ) -> Result<(), Error> {
        let samples: Result<Vec<_>, _> = samples.into_iter().map(|s| to_raw_value(&s)).collect();
        let append = AppendSamples {
            stream: self.stream(stream)?,
            samples: samples.map_err(|error| Error::failed("bad_sample", error.to_string()))?,
            tags: None,
            interaction: None,
        };
        let number = self.inner.appended.fetch_add(1, Ordering::Relaxed);
        let run = self.run().id.to_string();
        let id = CommandId::from_key(&["behaviour", &run, "append", &number.to_string()]);
        self.command(id, Command::AppendSamples(append)).await
    }

    fn stream(&self, name: &str) -> Result<StreamRef, Error> {
        let invalid = |error: String| Error::failed("bad_stream", error);
        if name.contains(':') {
            return name.parse().map_err(|error| invalid(format!("{error}")));
        }
        let name = name.parse().map_err(|error| invalid(format!("{error}")))?;
        Ok(StreamRef::new(self.agent().id.clone(), name))
    }

    /// Writes a sample to the stream `processor` of the entity, once the action has succeeded: the result
    /// of the request.
    ///
    /// # Errors
    /// When it can't be encoded as JSON.
    pub fn write(&self, sample: &impl Serialize) -> Result<(), Error> {
        let sample =
            to_raw_value(sample).map_err(|error| Error::failed("bad_sample", error.to_string()))?;
        let mut written = self
            .inner
            .written
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        written.push(sample);
        Ok(())
    }

    /// As the action of a state: calls it again after a time, if the machine is still in that state.
    pub fn call_again_after(&self, duration: Duration) {
        self.output("again_seconds", duration.as_secs_f64());
    }

    /// Adds a field to the output of the run, which is in the log.
    pub fn output(&self, field: &str, value: impl Into<Value>) {
        let mut output = self
            .inner
            .output
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        output.insert(field.to_owned(), value.into());
    }

    /// Who is in the world, with roles, this entity aside.
    ///
    /// # Errors
    /// [`Error::Transient`] when the world is unavailable.
    pub async fn world_agents(&self) -> Result<Roster, Error> {
        let mut roster = self.inner.action.view(GetRoster).await?;
        roster
            .roster
            .retain(|entry| entry.entity != self.agent().id);
        Ok(roster)
    }

    /// What the entity knows after the last built-in action that this attempt has used: whom it has found,
    /// its partners, and so on. `None` before the first one.
    ///
    /// # Errors
    /// [`Error::Transient`] when the world is unavailable.
    pub async fn knowledge(&self) -> Result<Option<ActionResult>, Error> {
        match self.inner.commands.load(Ordering::Relaxed) {
            0 => Ok(None),
            count => self.result_of(count - 1).await,
        }
    }

    async fn result_of(&self, number: u32) -> Result<Option<ActionResult>, Error> {
        let get = GetActionResult {
            entity: self.agent().id.clone(),
            command: self.command_id(number),
        };
        self.inner.action.view(get).await
    }

    /// The id of a command: the same in every attempt.
    fn command_id(&self, number: u32) -> CommandId {
        let run = self.run().id.to_string();
        CommandId::from_key(&["behaviour", &run, &number.to_string()])
    }

    /// Uses a built-in action by its name.
    pub fn use_action(&self, name: &'static str) -> BuiltInCall<'_> {
        BuiltInCall::new(Box::new(move |arguments| {
            Box::pin(async move { self.use_built_in(name, &arguments).await })
        }))
    }

    async fn use_built_in(
        &self,
        name: &'static str,
        arguments: &Map<String, Value>,
    ) -> Result<bool, Error> {
        let action: ActionName = name.parse().map_err(|error: contract::id::InvalidId| {
            Error::failed("bad_action", error.to_string())
        })?;
        let interaction = self.interaction().filter(|_| FOR_REQUEST.contains(&name));
        let arguments = to_raw_value(arguments)
            .map_err(|error| Error::failed("bad_arguments", error.to_string()))?;
        let number = self.inner.commands.fetch_add(1, Ordering::Relaxed);
        let command = Command::UseAction {
            action,
            arguments: Some(arguments),
            interaction: interaction.map(|interaction| interaction.step.id),
        };
        self.command(self.command_id(number), command).await?;
        let mut result = self.known_result(name, number).await?;
        if let Some(interaction) = result.interaction {
            let mut end = self.inner.action.watch_end(interaction).await?;
            // It may have ended before it was watched.
            result = self.known_result(name, number).await?;
            while result.status.is_some_and(TargetStatus::is_open) {
                end.changed().await?;
                result = self.known_result(name, number).await?;
            }
        }
        Ok(result.result)
    }

    async fn known_result(&self, name: &str, number: u32) -> Result<ActionResult, Error> {
        let result = self.result_of(number).await?;
        result.ok_or_else(|| {
            let reason = format!("the result of {name}, number {number}, is not known any more");
            Error::failed("no_result", reason)
        })
    }

    /// Sends a command of the entity.
    async fn command(&self, id: CommandId, command: Command) -> Result<(), Error> {
        let request = CommandRequest {
            id,
            sender: self.agent().id.clone(),
            command,
            trace: None,
            run: Some(self.run().id),
            principal: None,
        };
        let action = &self.inner.action;
        action.command(request, COMMAND_TIMEOUT).await?;
        Ok(())
    }

    pub(crate) fn into_result(self, is_true: bool) -> Result<RunResult, Error> {
        let output = std::mem::take(
            &mut *self
                .inner
                .output
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        let samples = std::mem::take(
            &mut *self
                .inner
                .written
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        let mut output = output;
        output.insert("result".to_owned(), Value::Bool(is_true));
        let output = to_raw_value(&output)
            .map_err(|error| Error::failed("bad_output", error.to_string()))?;
        Ok(RunResult {
            output: Some(output),
            samples: if is_true { samples } else { Vec::new() },
            ..RunResult::default()
        })
    }
}
