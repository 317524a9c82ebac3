//! Minds: what makes an agent act by itself, and not only answer messages.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::ability::{AbilityKey, Trigger};
use crate::event::Event;
use crate::event_type::EventType;
use crate::id::{EntityId, EventId};
use crate::target::Target;
use crate::timestamp::Timestamp;

/// What an agent wants, what it remembers, and what wakes it. It sleeps until an event wakes it; then
/// it decides what to do, one action after another, until it goes to sleep again. What wakes it while
/// it is awake waits its turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MindConfig {
    /// What it is after, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub goals: Vec<String>,
    /// Events that wake it: those that somebody else sends to it, or to everyone, and its own to itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wakes_on: Vec<EventMatcher>,
    /// Events that put it to sleep: whatever woke it before is over. Its own do too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sleeps_on: Vec<EventMatcher>,
    /// Types of events that it does not remember.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub ignores: BTreeSet<EventType>,
    /// How much it remembers of what it receives and does.
    #[serde(default, skip_serializing_if = "MemoryLimits::is_default")]
    pub memory: MemoryLimits,
    /// Abilities that it uses in this order: the use of one must be followed by that of the next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Vec<String>>, example = json!([["mic:speak", "mic:pass"]]))]
    pub chains: Vec<Vec<AbilityKey>>,
    /// What it thinks about before it uses an ability.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reflections: Vec<Reflection>,
    /// Decisions that it may take until a person, the world, or a timer of its own sends an event again, and
    /// about each thing that a person woke it with.
    #[serde(default = "default_steps")]
    #[schema(minimum = 1, maximum = 1000, default = 24)]
    pub steps_max: u32,
    /// Whether it begins nothing for now. What it was about to decide is still done; it remembers what
    /// it receives, and what wakes it waits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

impl Default for MindConfig {
    fn default() -> Self {
        Self {
            goals: Vec::new(),
            wakes_on: Vec::new(),
            sleeps_on: Vec::new(),
            ignores: BTreeSet::new(),
            memory: MemoryLimits::default(),
            chains: Vec::new(),
            reflections: Vec::new(),
            steps_max: default_steps(),
            paused: false,
        }
    }
}

const fn default_steps() -> u32 {
    24
}

/// Events that an agent takes note of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventMatcher {
    /// Their type, or `*` for all.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "myapp.order.created")]
    pub event_type: Trigger,
    /// What their payload must hold, field by field. The text `{agent}` stands for the agent's id.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub fields: BTreeMap<String, serde_json::Value>,
}

/// How much an agent remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemoryLimits {
    /// The latest events, word for word.
    #[serde(default = "default_events")]
    #[schema(minimum = 1, maximum = 200, default = 15)]
    pub events: u32,
    /// What came before them, in at most so many paragraphs; nothing of it when 0.
    #[serde(default)]
    #[schema(maximum = 20, default = 0)]
    pub paragraphs: u32,
    /// Whether it is reminded of all that it ever received, word for word, as far as that fits into what
    /// a model reads: the latest 1,000 events, and 192 KiB. They come from the archive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub full: bool,
}

impl MemoryLimits {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for MemoryLimits {
    fn default() -> Self {
        Self {
            events: default_events(),
            paragraphs: 0,
            full: false,
        }
    }
}

const fn default_events() -> u32 {
    15
}

/// A question that an agent asks itself before it uses an ability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reflection {
    /// The ability.
    #[schema(value_type = String, example = "mic:speak")]
    pub before: AbilityKey,
    /// The argument of the ability that the answer becomes.
    pub argument: String,
    /// The question. A script's answer is the question itself, filled in.
    pub prompt: String,
}

impl Reflection {
    /// Under which name the answer is among what the agent has thought.
    pub fn name(&self) -> String {
        format!("{}.{}", self.before, self.argument)
    }
}

/// An event, as an agent remembers it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MemoryEntry {
    /// The event's id.
    #[schema(value_type = Uuid)]
    pub id: EventId,
    /// Its type. How the agent's own use of an ability ended is remembered as the event of its end,
    /// such as `action.failed`.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// Who sent it.
    pub sender: EntityId,
    /// Whom it was for; everyone when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub target: Option<Target>,
    /// When.
    pub at: Timestamp,
    /// Its payload. Of a long one the beginning, as a text.
    #[schema(value_type = serde_json::Value)]
    pub data: Box<RawValue>,
}

impl MemoryEntry {
    /// As much of an event as an agent remembers.
    const DATA_BYTES_MAX: usize = 4 * 1024;

    /// What is remembered of an event that happened at `at`.
    pub fn new(event: &Event, at: Timestamp) -> Self {
        Self {
            id: event.id,
            event_type: event.event_type.clone(),
            sender: event.sender.clone(),
            target: event.target.clone(),
            at,
            data: beginning(&event.data),
        }
    }

    /// The same with another payload.
    #[must_use]
    pub fn with_data(self, data: &RawValue) -> Self {
        let data = beginning(data);
        Self { data, ..self }
    }
}

/// JSON that is not too long, or the beginning of its text.
fn beginning(data: &RawValue) -> Box<RawValue> {
    let text = data.get();
    if text.len() <= MemoryEntry::DATA_BYTES_MAX {
        return data.to_owned();
    }
    // As JSON a text may be twice as long: quotes are escaped.
    let kept = text.floor_char_boundary(MemoryEntry::DATA_BYTES_MAX / 2);
    let cut = format!("{}… [cut]", &text[..kept]);
    serde_json::value::to_raw_value(&cut).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// Why a run thinks for an agent with a mind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThinkTask {
    /// To decide what it does next.
    Decide,
    /// To sum up what it will not remember word for word.
    Summarise,
}

/// What an agent with a mind knows when it decides what to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MindContext {
    /// What the run is for.
    pub thinking: ThinkTask,
    /// What its world is called.
    pub world_name: String,
    /// What its world is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub world_description: String,
    /// What woke it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<MemoryEntry>,
    /// How many decisions it has taken since.
    #[serde(default)]
    pub step: u32,
    /// What it means to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<String>,
    /// What it has thought, by what it thought about: `mic:speak.message` is its last answer to a
    /// reflection.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub thoughts: BTreeMap<String, String>,
    /// What happened before what it remembers word for word.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// What it remembers word for word, oldest first; what is to be summed up, for a summary.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memory: Vec<MemoryEntry>,
    /// What it must do now, by one of its chains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<AbilityKey>,
}

/// What an agent with a mind has thought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MindUpdate {
    /// What it means to do from now on; as before when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Vec<String>>,
    /// What it thought, by what it thought about. An empty text forgets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub thoughts: BTreeMap<String, String>,
    /// Whether it is done with what woke it, and sleeps until something else does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sleeps: bool,
    /// What was to be summed up, in short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
}

/// What an agent remembers in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// All of it: what was remembered so before included.
    pub text: String,
    /// The latest event that is in it.
    pub until: EventId,
}

/// An agent's mind as it is now, for people and programs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct MindView {
    /// Whether something has woken it that it is not done with.
    pub awake: bool,
    /// Whether it thinks, or waits for what it requested.
    pub busy: bool,
    /// Decisions that it has taken since the last event of a person, the world, or a timer of its own.
    pub steps: u32,
    /// What it means to do.
    pub plan: Vec<String>,
    /// What it has thought.
    pub thoughts: BTreeMap<String, String>,
    /// What happened before what it remembers word for word.
    pub summary: String,
    /// What it remembers word for word, oldest first.
    pub memory: Vec<MemoryEntry>,
    /// What has woken it, and waits to be thought about, oldest first.
    pub causes: Vec<MemoryEntry>,
    /// What it must do next, by one of its chains.
    #[schema(value_type = Vec<String>)]
    pub chain: Vec<AbilityKey>,
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;

    use super::*;

    #[test]
    fn a_long_payload_is_remembered_by_its_beginning() {
        let short = to_raw_value(&"é".repeat(100)).unwrap();
        assert_eq!(beginning(&short).get(), short.get());
        for long in ["é".repeat(5000), "\"".repeat(5000)] {
            let cut = beginning(&to_raw_value(&long).unwrap());
            let text: String = serde_json::from_str(cut.get()).unwrap();
            assert!(text.ends_with("… [cut]"));
            assert!(cut.get().len() <= 2 * MemoryEntry::DATA_BYTES_MAX);
        }
    }
}
