//! Interactions: what entities request of each other, and how that ended for each target.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::ability_call::Caller;
use crate::flow::NodeStep;
use crate::id::{ActionName, EntityId, InteractionId, RunId};
use crate::stream::StreamRef;
use crate::timestamp::Timestamp;

/// What an entity requests of others. The requester is the command's sender.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewInteraction {
    /// What the targets are to do; without it, they only store the samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionName>,
    /// Of whom: ids of entities, and `role:NAME` for all others that have a role.
    pub targets: Vec<String>,
    /// What the action is given: a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Box<RawValue>>,
    /// The streams that the targets read.
    #[serde(default, skip_serializing_if = "StreamBindings::is_empty")]
    pub streams: StreamBindings<String>,
    /// Samples for the targets' `stdin`: an array; or an object with an array for each stream of the
    /// requester to which they are appended first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<Box<RawValue>>,
    /// How many samples each target takes. When absent: as many as `samples` has, else one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// What has not ended by then has timed out; 300 seconds from now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// A target accepts it only in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_state: Option<String>,
    /// A target accepts it only where it leads to this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_state: Option<String>,
    /// Whether the requester wants to know nothing of its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub volatile: bool,
    /// The action that the requester runs once, when it has ended for all targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<ActionName>,
    /// The run of a node that requests it: the session of the node gets the outcome.
    #[serde(
        default,
        rename = "invocation",
        skip_serializing_if = "Option::is_none"
    )]
    pub run: Option<RunId>,
}

impl NewInteraction {
    /// The request of an action of these targets, with nothing else.
    pub fn new(action: ActionName, targets: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            action: Some(action),
            targets: targets.into_iter().map(Into::into).collect(),
            arguments: None,
            streams: StreamBindings::default(),
            samples: None,
            steps: None,
            deadline: None,
            from_state: None,
            to_state: None,
            volatile: false,
            callback: None,
            run: None,
        }
    }
}

/// Streams by what a target uses them for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StreamBindings<S> {
    /// The inputs of its processor.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub stdin: Vec<S>,
    /// What the processor's outputs should have been.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub stdtar: Vec<S>,
    /// Whatever else the action reads.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub stdext: Vec<S>,
}

impl<S> Default for StreamBindings<S> {
    fn default() -> Self {
        Self {
            stdin: Vec::new(),
            stdtar: Vec::new(),
            stdext: Vec::new(),
        }
    }
}

impl<S> StreamBindings<S> {
    /// Whether no stream is bound.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &S> {
        self.stdin.iter().chain(&self.stdtar).chain(&self.stdext)
    }
}

/// A stream, and the position of the first sample that a target reads of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundStream {
    /// Which.
    pub stream: StreamRef,
    /// From there on.
    pub from: u64,
}

/// The payload of `interaction.requested`. The event's id is the interaction's, its sender the
/// requester.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InteractionRequested {
    /// What the targets are to do; without it, they only store the samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionName>,
    /// Of whom.
    pub targets: Vec<EntityId>,
    /// What the action is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Box<RawValue>>,
    /// What the targets read.
    #[serde(default, skip_serializing_if = "StreamBindings::is_empty")]
    pub streams: StreamBindings<BoundStream>,
    /// Samples for the targets' `stdin`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<Box<RawValue>>,
    /// How many samples each target takes; one for an action without data.
    pub steps: u32,
    /// What has not ended by then has timed out.
    pub deadline: Timestamp,
    /// See [`NewInteraction::from_state`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_state: Option<String>,
    /// See [`NewInteraction::to_state`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_state: Option<String>,
    /// See [`NewInteraction::volatile`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub volatile: bool,
    /// See [`NewInteraction::callback`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<ActionName>,
    /// The interaction whose callback this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_of: Option<InteractionId>,
    /// Whether the requester's machine does it itself, with the action of its state.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub state_action: bool,
    /// The agent whose model or mind called it as an ability, and which gets its outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
    /// The event of a session during which a node requested it. The session gets the outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Box<NodeStep>>,
}

impl InteractionRequested {
    /// Whether the targets read samples: those of the request, or of streams.
    pub fn has_data(&self) -> bool {
        !self.samples.is_empty() || !self.streams.is_empty()
    }
}

/// The payload of `interaction.accepted`. The event's sender is the target.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InteractionAccepted {
    /// Which.
    pub interaction: InteractionId,
    /// By whom.
    pub target: EntityId,
    /// The place of the transition that its behaviour makes with it, among those of its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition: Option<u32>,
    /// The state that its behaviour is in once it is completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What the action is given, when its behaviour adds to what was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Box<RawValue>>,
}

/// The payload of `interaction.returned`. The event's sender is the target.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InteractionReturned {
    /// Which.
    pub interaction: InteractionId,
    /// By whom.
    pub target: EntityId,
}

/// The payload of `interaction.shown`. The event's sender is the requester.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InteractionShown {
    /// Which.
    pub interaction: InteractionId,
    /// What was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionName>,
    /// How it ended for each target.
    pub outcomes: Vec<InteractionEnded>,
}

/// The payload of `interaction.progressed`. The event's sender is the target.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InteractionProgressed {
    /// Which.
    pub interaction: InteractionId,
    /// By whom.
    pub target: EntityId,
    /// How many of its steps are done by now.
    pub steps_done: u32,
}

/// The payload of `interaction.ended`: there is exactly one for each target. The event's sender is the
/// target.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InteractionEnded {
    /// Which.
    pub interaction: InteractionId,
    /// For whom.
    pub target: EntityId,
    /// How.
    pub status: EndStatus,
    /// A word for programs, unless it was completed: see [`reason`], or the code of the failed run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A sentence for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The state that the target's behaviour is in then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// How many of its steps were done.
    #[serde(default)]
    pub steps_done: u32,
    /// What the target wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<InteractionOutput>,
}

/// How an interaction ended for a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndStatus {
    /// All steps were done.
    Completed,
    /// Some steps were done, not all.
    Partial,
    /// It was tried, and failed.
    Failed,
    /// It was never tried: the target may or can not do it.
    Rejected,
    /// It had not ended at its deadline.
    TimedOut,
    /// The requester cancelled it, or is not there any more.
    Cancelled,
    /// The target is not there any more.
    Left,
}

impl EndStatus {
    /// Whether something was done.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Completed | Self::Partial)
    }
}

/// The state of an interaction for a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetStatus {
    /// The target does not accept it yet.
    Waiting,
    /// The target has accepted it.
    Accepted,
    /// A worker has it.
    Running,
    /// All steps were done.
    Completed,
    /// Some steps were done, not all.
    Partial,
    /// It was tried, and failed.
    Failed,
    /// It was never tried: the target may or can not do it.
    Rejected,
    /// It had not ended at its deadline.
    TimedOut,
    /// The requester cancelled it, or is not there any more.
    Cancelled,
    /// The target is not there any more.
    Left,
}

impl TargetStatus {
    /// Whether it has not ended.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Accepted | Self::Running)
    }
}

impl From<EndStatus> for TargetStatus {
    fn from(status: EndStatus) -> Self {
        match status {
            EndStatus::Completed => Self::Completed,
            EndStatus::Partial => Self::Partial,
            EndStatus::Failed => Self::Failed,
            EndStatus::Rejected => Self::Rejected,
            EndStatus::TimedOut => Self::TimedOut,
            EndStatus::Cancelled => Self::Cancelled,
            EndStatus::Left => Self::Left,
        }
    }
}

/// The reasons of ends that the world itself decides.
pub mod reason {
    /// The target knows no such action, or may not be asked for it.
    pub const UNKNOWN_ACTION: &str = "unknown_action";
    /// The action is one of behaviours, and the target has none.
    pub const NO_BEHAVIOUR: &str = "no_behaviour";
    /// The requester does not have the role that is required.
    pub const ROLE_MISMATCH: &str = "role_mismatch";
    /// The target is engaged with another.
    pub const BUSY: &str = "busy";
    /// The requester is not engaged with the target.
    pub const NOT_ENGAGED: &str = "not_engaged";
    /// The arguments are not those that the action takes.
    pub const BAD_ARGUMENTS: &str = "bad_arguments";
    /// The target has as many streams as an entity may have.
    pub const TOO_MANY_STREAMS: &str = "too_many_streams";
    /// The action was false.
    pub const FALSE: &str = "false";
    /// It had not ended at its deadline.
    pub const DEADLINE: &str = "deadline";
    /// Somebody cancelled its run.
    pub const RUN_CANCELLED: &str = "cancelled";
}

/// What a target wrote on a stream for an interaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InteractionOutput {
    /// The stream, `owner:name`.
    pub stream: StreamRef,
    /// The position of the first sample.
    pub first: u64,
    /// The position of the last one.
    pub last: u64,
    /// The last sample, unless it is large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<serde_json::Value>,
}

/// Steps of an interaction that one run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InteractionStep {
    /// Which interaction.
    pub id: InteractionId,
    /// The first step, from 0.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// What a worker gets of an interaction, with a run that does steps of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InteractionContext {
    /// The interaction, and the steps to do.
    pub step: InteractionStep,
    /// How many steps it has in all.
    pub steps: u32,
    /// Who requested it.
    pub requester: EntityId,
    /// How often it was tried before and failed.
    #[serde(default)]
    pub attempts: u32,
    /// The samples to take for these steps, when they came with the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<Box<RawValue>>,
    /// The samples before those, when they came with the request: as many as the processor reads beside
    /// those of a step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preceding: Vec<Box<RawValue>>,
    /// The version of the weights of the target's processor; none before it has learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// Whether the target's processor is to learn the samples, and not only to process them: for code of
    /// users, which has one action for both.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub learn: bool,
    /// Where to read the samples for these steps: from `from` on, `step.count` of them.
    #[serde(default, skip_serializing_if = "StreamBindings::is_empty")]
    pub streams: StreamBindings<BoundStream>,
}
