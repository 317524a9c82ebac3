//! What an agent with a mind does next.

use contract::EntityId;
use contract::ability::AbilityKey;
use contract::action::ActOutput;
use contract::mind::MindUpdate;
use contract::tool::ToolCall;
use serde::Serialize;
use serde_json::value::to_raw_value;

use crate::error::Error;

/// What an agent with a mind does next: it uses abilities, plans, thinks, or sleeps.
///
/// [`Brain::decide`](crate::Brain::decide) returns one. While the agent is awake it decides again whenever what it has
/// requested has ended.
///
/// ```
/// use manyworlds_sdk::Decision;
/// use manyworlds_sdk::contract::action::ActOutput;
/// use serde_json::json;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ring = "bell:ring".parse()?;
/// let decision = Decision::call(ring, &json!({"times": 2}))?
///     .and_plan(vec!["Open the door.".to_owned()])
///     .and_think("audience", "They are waiting.");
/// let output = ActOutput::from(decision);
/// assert_eq!(output.calls.len(), 1);
/// assert!(!output.update.sleeps);
///
/// // Nothing more to do until an event wakes the agent.
/// assert!(ActOutput::from(Decision::sleep()).update.sleeps);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Decision {
    update: MindUpdate,
    calls: Vec<ToolCall>,
}

impl Decision {
    /// Sleeps until something wakes the agent.
    pub fn sleep() -> Self {
        Self::default().and_sleep()
    }

    /// Calls an ability. The agent decides again when that has ended.
    ///
    /// # Errors
    /// When the arguments can't be encoded as JSON.
    pub fn call(ability: AbilityKey, arguments: &impl Serialize) -> Result<Self, Error> {
        Self::default().and_call(ability, None, arguments)
    }

    /// Also calls this ability; `target` receives the event of an ability of the agent itself.
    ///
    /// # Errors
    /// When the arguments can't be encoded as JSON.
    pub fn and_call(
        mut self,
        ability: AbilityKey,
        target: Option<EntityId>,
        arguments: &impl Serialize,
    ) -> Result<Self, Error> {
        let arguments = to_raw_value(arguments)
            .map_err(|error| Error::failed("bad_arguments", error.to_string()))?;
        let id = format!("call-{}", self.calls.len() + 1);
        let call = ToolCall::to_use(id, ability, target, arguments);
        self.calls.push(call);
        Ok(self)
    }

    /// Also ends the work on what woke the agent.
    #[must_use]
    pub fn and_sleep(mut self) -> Self {
        self.update.sleeps = true;
        self
    }

    /// Also replaces the plan. Every plan ends when the agent sleeps.
    #[must_use]
    pub fn and_plan(mut self, plan: Vec<String>) -> Self {
        self.update.plan = Some(plan);
        self
    }

    /// Also stores a thought under the subject that it is about.
    #[must_use]
    pub fn and_think(mut self, about: &str, thought: &str) -> Self {
        let thoughts = &mut self.update.thoughts;
        thoughts.insert(about.to_owned(), thought.to_owned());
        self
    }
}

impl From<Decision> for ActOutput {
    fn from(decision: Decision) -> Self {
        Self {
            update: decision.update,
            calls: decision.calls,
            ..Self::default()
        }
    }
}
