//! What is shown of a behaviour and of where its machine is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::definition::{Definition, Format};
use super::warning::Warning;
use crate::id::{EntityId, InteractionId, RoleName, RunId};
use crate::interaction::{InteractionOutput, TargetStatus};
use crate::stream::StreamRef;
use crate::timestamp::Timestamp;

/// An entity's behaviour, and what its machine is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BehaviourView {
    /// Whose behaviour it is.
    pub entity: EntityId,
    /// The format of `definition`.
    pub format: Format,
    /// The behaviour as it was given.
    #[schema(value_type = Object)]
    pub definition: Definition,
    /// How often the behaviour was replaced.
    pub revision: u64,
    /// The present state.
    pub state: String,
    /// When it was entered.
    pub since: Timestamp,
    /// Whether no transition is made for now.
    pub paused: bool,
    /// Why not, when the world itself paused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_reason: Option<String>,
    /// The transitions that may be next, and what each waits for.
    pub waiting_for: Vec<Waiting>,
    /// The action that is being done.
    pub running: Option<RunningAction>,
    /// The agents that the last search found, without those that are engaged since.
    pub found: Vec<EntityId>,
    /// Its partners.
    pub engaged: Vec<EntityId>,
    /// Whether it would accept an engagement: it has no partner.
    pub available: bool,
    /// The agents that passed the last comparison.
    pub valid_cmp: Vec<EntityId>,
    /// The errors that the last evaluation found, by agent.
    pub evaluation: BTreeMap<EntityId, f64>,
    /// The streams that it steps through.
    pub playlist: Playlist,
    /// The entities that it is linked to.
    #[schema(value_type = BTreeMap<String, LinkState>)]
    pub links: BTreeMap<EntityId, LinkState>,
    /// The streams that it subscribes to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subscriptions: Vec<Subscription>,
    /// How many requests wait for it.
    pub requests: u64,
    /// What is doubtful in the behaviour.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// A stream that an entity subscribes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subscription {
    /// Which.
    pub stream: StreamRef,
    /// The position of the next sample that it gets.
    pub position: u64,
    /// How many samples it has not got yet.
    pub lag: u64,
}

/// What an entity has used last, and what it knows of others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ActionResult {
    /// Whether the action was true. Of a run that has not ended: whether it has begun.
    pub result: bool,
    /// The request of the entity to itself in which a worker does it, when the action is a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<InteractionId>,
    /// How far that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TargetStatus>,
    /// What it wrote, once it has ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub output: Vec<InteractionOutput>,
    /// The agents that the last search found, without those that are engaged since.
    pub found: Vec<EntityId>,
    /// Its partners.
    pub engaged: Vec<EntityId>,
    /// The agents that passed the last comparison.
    pub valid_cmp: Vec<EntityId>,
    /// The streams that it steps through.
    pub playlist: Playlist,
}

/// An entity of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RosterEntry {
    /// Who.
    pub entity: EntityId,
    /// Its role.
    #[schema(required = false)]
    pub role: Option<RoleName>,
    /// Whether it may change the roles of others.
    pub master: bool,
    /// Whether it is in the world.
    pub present: bool,
    /// The state of its behaviour; null without one.
    #[schema(required = false)]
    pub state: Option<String>,
    /// Its partners.
    pub engaged: Vec<EntityId>,
}

/// Who is in a world, with roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Roster {
    /// By id.
    pub roster: Vec<RosterEntry>,
}

/// How often an action ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActionCounts {
    /// With success.
    pub completed: u64,
    /// For good without.
    pub failed: u64,
}

/// What the machine of an entity has done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BehaviourStatistics {
    /// The present state.
    pub state: String,
    /// How long it was in each state; up to the last commit.
    pub seconds: BTreeMap<String, f64>,
    /// How its actions ended.
    pub actions: BTreeMap<String, ActionCounts>,
}

/// What the machines of a world have done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Statistics {
    /// By entity.
    #[schema(value_type = BTreeMap<String, BehaviourStatistics>)]
    pub entities: BTreeMap<EntityId, BehaviourStatistics>,
    /// How many entities have each role.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub roles: BTreeMap<RoleName, u64>,
}

/// The formats of diagrams.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DiagramFormat {
    /// For Markdown.
    #[default]
    Mermaid,
    /// For Graphviz.
    Dot,
}

/// A transition that may be next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Waiting {
    /// The transition's action.
    pub action: String,
    /// What must happen first.
    #[serde(rename = "for")]
    pub reason: WaitReason,
    /// When, if it waits for a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// What a transition waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// A request of another entity.
    Request,
    /// A sample on a stream that it reads.
    Data,
    /// A delay, or the state's waiting time.
    Time,
    /// A change of what its action reads.
    Change,
    /// The end of a run, or of an interaction that it sent.
    Completion,
    /// A case that this build does not know.
    #[serde(other)]
    Other,
}

/// An action that is being done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunningAction {
    /// Its name.
    pub action: String,
    /// When it began.
    pub since: Timestamp,
    /// The run that does it; absent while it waits for an interaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub run: Option<RunId>,
}

/// The streams that an agent steps through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Playlist {
    /// The streams of one round.
    pub streams: Vec<String>,
    /// The present position, over all rounds: from 0 to `streams` times `repeat`, exclusive.
    pub position: u64,
    /// How many rounds there are.
    pub repeat: u64,
}

/// How far a link between two entities is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// The other one has not been seen since the link was made.
    Connecting,
    /// The other one is there.
    Connected,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_view_is_shown_and_read() {
        let since = "2026-01-01T00:00:00Z";
        let shown = json!({
            "entity": "w", "format": "unaiverse",
            "definition": {"machine": {"initial_state": "ready"}}, "revision": 3,
            "state": "ready", "since": since, "paused": false,
            "waiting_for": [
                {"action": "process", "for": "request"},
                {"action": "nop", "for": "time", "at": since},
            ],
            "running": null, "found": [], "engaged": ["a"], "available": false, "valid_cmp": [],
            "evaluation": {"a": 0.5},
            "playlist": {"streams": ["t:recorded1"], "position": 0, "repeat": 1},
            "links": {"a": "connected"}, "requests": 2,
        });
        let view: BehaviourView = serde_json::from_value(shown.clone()).unwrap();
        assert_eq!(view.definition.format(), Format::Unaiverse);
        let again = serde_json::to_value(&view).unwrap();
        let read: BehaviourView = serde_json::from_value(again.clone()).unwrap();
        assert_eq!(read, view);
        assert_eq!(again["waiting_for"][0], shown["waiting_for"][0]);
        assert_eq!(again["playlist"], shown["playlist"]);
    }
}
