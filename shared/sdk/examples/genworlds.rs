//! GenWorlds' actions as typed functions: each is given the event that triggers it, and its host, and
//! gives the host back. What it sends enters the log with what it changes, or not at all.
//!
//! An agent has them by naming them in its world:
//!
//! ```yaml
//! abilities:
//!   - name: AgentSpeaksWithUser
//!     trigger: agent_speaks_with_user_trigger_event
//!     run: {worker: assistant-AgentSpeaksWithUser}
//! ```

use sdk::contract::Target;
use sdk::{Error, Event, JsonSchema, Kind, Me, Object, Received, Worker, schemars};
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
    const KIND: &'static str = "assistant";
}

/// Says what the trigger holds to whomever the trigger is for: nobody named means everyone.
async fn agent_speaks_with_user(
    trigger: Received<AgentSpeaksWithUserTriggerEvent>,
    mut host: Me<Assistant>,
) -> Result<Me<Assistant>, Error> {
    let message = trigger.event.message;
    let spoken = AgentSpeaksWithUserEvent { message };
    match trigger.target {
        Some(Target::Entities(users)) => {
            for user in &users {
                host.send_to(user, &spoken)?;
            }
        }
        _ => host.send(&spoken)?,
    }
    Ok(host)
}

async fn agent_moves_to_new_location(
    trigger: Received<AgentMovesToNewLocation>,
    mut host: Me<Assistant>,
) -> Result<Me<Assistant>, Error> {
    host.move_to(trigger.event.destination_location);
    host.send(&WorldSetsAgentLocation {})?;
    Ok(host)
}

fn main() -> anyhow::Result<()> {
    let assistants = Kind::default()
        .ability("AgentSpeaksWithUser", agent_speaks_with_user)
        .ability("AgentMovesToNewLocation", agent_moves_to_new_location);
    Worker::builder().object(assistants, []).main()
}
