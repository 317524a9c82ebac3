//! A worker that a test plays: it completes runs with what a model would call or answer, and a tool return.

use std::time::Duration;

use bus::Bus;
use contract::{Command, CommandRequest, EntityId, RunId, RunOutcome};
use serde_json::{Value, json};
use testkit::eventually;

use super::client::Fixture;

const COMMAND_DEADLINE: Duration = Duration::from_secs(20);

/// A worker of one agent.
pub(super) struct Worker<'a> {
    fixture: &'a Fixture,
    bus: Bus,
}

impl<'a> Worker<'a> {
    pub(super) async fn of(fixture: &'a Fixture) -> Self {
        let bus = fixture.cluster.bus().await;
        Self { fixture, bus }
    }

    /// Waits until the world wants a run of this action, and ends it.
    pub(super) async fn ends(&self, action: &str, outcome: Value) {
        let run = self.wanted(action).await;
        let outcome: RunOutcome = serde_json::from_str(&outcome.to_string()).unwrap();
        let command = Command::Complete { run, outcome };
        let request = CommandRequest {
            id: run.completion(),
            sender: EntityId::world(),
            command,
            trace: None,
            run: None,
            principal: None,
        };
        let world = "lab".parse().unwrap();
        let worlds = self.bus.worlds();
        let sent = worlds.command(&world, request, COMMAND_DEADLINE).await;
        sent.unwrap();
    }

    pub(super) async fn calls(&self, text: &str, calls: Value) {
        let completed = json!({"message": text, "calls": calls});
        self.ends("respond", json!({"completed": completed})).await;
    }

    pub(super) async fn answers(&self, text: &str) {
        let completed = json!({"completed": {"message": text}});
        self.ends("respond", completed).await;
    }

    async fn wanted(&self, action: &str) -> RunId {
        let mut found = None;
        eventually(&format!("a run of {action} is wanted"), async || {
            let state = self.fixture.get("/v1/worlds/lab/state").await;
            let runs = state["state"]["invocations"].as_object().unwrap().clone();
            let run = runs.iter().find(|(_, run)| run["action"] == action);
            found = run.map(|(id, _)| id.parse().unwrap());
            found.is_some()
        })
        .await;
        found.unwrap()
    }
}
