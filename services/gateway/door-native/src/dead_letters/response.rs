//! What is shown of dead letters.

use contract::{ActionName, EntityId, Run, RunId, Seq, Timestamp, WorldId};
use door_kit::StoredDeadLetter;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which page of the dead letters.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeadLettersQuery {
    /// Only those of this world.
    pub(super) world: Option<WorldId>,
    /// Those after this one.
    pub(super) after: Option<Seq>,
    /// At most so many: 1 to 1000.
    #[param(default = 100, minimum = 1, maximum = 1000)]
    pub(super) limit: Option<u32>,
}

/// A page of dead letters, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLettersPage {
    /// The dead letters.
    pub(super) dead_letters: Vec<DeadLetterResponse>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<Seq>,
}

/// A message that could not be handled.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLetterResponse {
    /// Its id: its place among the dead letters.
    id: Seq,
    /// What it is: `invocation` (a run), `commit`, `wake`.
    kind: String,
    /// Its world; absent when that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    world: Option<WorldId>,
    /// When it was given up.
    at: Timestamp,
    /// Why.
    reason: String,
    /// Where it was.
    subject: String,
    /// Its place in the stream of that subject.
    seq: Seq,
    /// The run that it is, if it can be read as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunId>,
    /// The action of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<ActionName>,
    /// Whose action it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<EntityId>,
    /// The message, as text. It is not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
}

/// A dead letter that is tried again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetryResponse {
    /// The run: another one when it was requested anew.
    #[serde(rename = "invocation")]
    pub(super) run: RunId,
    /// What was done.
    pub(super) retry: RetryKind,
    /// The commit in which it was requested anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seq: Option<Seq>,
}

/// How a run is tried again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RetryKind {
    /// It is still open, and went to the workers again.
    Dispatched,
    /// It had ended, and was requested anew.
    Requested,
}

impl DeadLetterResponse {
    pub(super) fn without_payload(stored: &StoredDeadLetter) -> Self {
        let (mut id, mut action, mut entity) = (None, None, None);
        if let Some(run) = run_of(stored) {
            (id, action, entity) = (Some(run.id), Some(run.action), Some(run.entity));
        }
        Self {
            id: stored.seq,
            kind: stored.kind.clone(),
            world: stored.world.clone(),
            at: stored.at,
            reason: stored.letter.reason.clone(),
            subject: stored.letter.subject.clone(),
            seq: stored.letter.seq,
            run: id,
            action,
            entity,
            payload: None,
        }
    }

    pub(super) fn with_payload(stored: &StoredDeadLetter) -> Self {
        Self {
            payload: Some(stored.letter.payload.clone()),
            ..Self::without_payload(stored)
        }
    }
}

/// The run that a dead letter is.
pub(super) fn run_of(stored: &StoredDeadLetter) -> Option<Run> {
    let is_run = stored.kind == "invocation";
    is_run.then(|| serde_json::from_str(&stored.letter.payload).ok())?
}
