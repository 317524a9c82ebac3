//! GenWorlds' actions as typed functions: each gets the event that triggers it and its host, and
//! returns the host. What it sends and what it changes is committed together, or not at all.
//!
//! An agent gets them by naming them in the file of its world:
//!
//! ```yaml
//! abilities:
//!   - name: AgentSpeaksWithUser
//!     trigger: agent_speaks_with_user_trigger_event
//!     run: {worker: assistant-AgentSpeaksWithUser}
//! ```

use manyworlds_sdk::contract::Target;
use manyworlds_sdk::{
    Error, Event, JsonSchema, Object, ObjectCtx, ObjectType, Received, Worker, schemars,
};
use serde::{Deserialize, Serialize};

/// An agent speaks with the user.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct AgentSpeaksWithUserTriggerEvent {
    message: String,
}

/// An agent speaks with the user.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct AgentSpeaksWithUserEvent {
    message: String,
}

/// An agent moves to a new location in the world.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct AgentMovesToNewLocation {
    destination_location: String,
}

/// The new location has been set for the agent.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct WorldSetsAgentLocation {}

/// An agent that keeps no state of its own.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
struct Assistant {}

impl Object for Assistant {
    const TYPE: &'static str = "assistant";
}

/// Sends the message of the trigger to the target of the trigger; without a target to everyone.
async fn agent_speaks_with_user(
    trigger: Received<AgentSpeaksWithUserTriggerEvent>,
    mut host: ObjectCtx<Assistant>,
) -> Result<ObjectCtx<Assistant>, Error> {
    let message = trigger.event.message;
    let event = AgentSpeaksWithUserEvent { message };
    match trigger.target {
        Some(Target::Entities(users)) => {
            for user in &users {
                host.send_to(user, &event)?;
            }
        }
        _ => host.send(&event)?,
    }
    Ok(host)
}

async fn agent_moves_to_new_location(
    trigger: Received<AgentMovesToNewLocation>,
    mut host: ObjectCtx<Assistant>,
) -> Result<ObjectCtx<Assistant>, Error> {
    host.move_to(trigger.event.destination_location);
    host.send(&WorldSetsAgentLocation {})?;
    Ok(host)
}

fn main() -> anyhow::Result<()> {
    let assistants = ObjectType::default()
        .ability("AgentSpeaksWithUser", agent_speaks_with_user)
        .ability("AgentMovesToNewLocation", agent_moves_to_new_location);
    Worker::builder().object(assistants, []).main()
}
