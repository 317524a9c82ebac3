//! The world of most tests, and the worker of its agent.

use contract::ActionName;
use contract::run::RunResult;
use futures::future::BoxFuture;
use manyworlds_sdk::{Action, ActionCtx, Brain, BrainCtx, Error, RunFuture};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

/// The types of the events with which the world of [`lobby`] begins.
pub(crate) const BEGINNING: [&str; 6] = [
    "world.created",
    "entity.created",
    "entity.created",
    "entity.created",
    "entity.created",
    "chat.created",
];

/// The world `lobby`: the agent `ada`, whom a worker runs, the agent `helper`, whom a client runs, and two people.
pub(crate) fn lobby() -> Value {
    let entity = |id: &str, kind: &str| json!({"id": id, "kind": kind});
    let agent =
        |id: &str, brain: Value| json!({"id": id, "kind": "agent", "agent": {"brain": brain}});
    json!({
        "id": "lobby",
        "entities": [
            agent("ada", json!({"function": {"action": "repeat"}})),
            entity("bob", "user"),
            agent("helper", json!({"client": {}})),
            entity("human", "user"),
        ],
        "chats": [{"id": "main", "title": "Main", "agents": ["ada"]}],
    })
}

/// A worker of what `ada` does: she repeats messages, and processes at once.
pub(crate) fn worker() -> manyworlds_sdk::Worker {
    let process = Process("process".parse().unwrap());
    let builder = manyworlds_sdk::Worker::builder()
        .brain("repeat", Repeat)
        .action(process);
    builder.build(manyworlds_sdk::Config::default()).unwrap()
}

/// Repeats messages, in two pieces.
struct Repeat;

impl Brain for Repeat {
    fn answer(&self, mut ctx: BrainCtx) -> BoxFuture<'_, Result<String, Error>> {
        Box::pin(async move {
            let text = ctx.text().to_owned();
            ctx.publish_chunk("you said ").await;
            ctx.publish_chunk(&text).await;
            Ok(format!("you said {text}"))
        })
    }
}

/// Writes a sample, whatever it reads.
struct Process(ActionName);

impl Action for Process {
    fn name(&self) -> &ActionName {
        &self.0
    }

    fn run(&self, _ctx: ActionCtx) -> RunFuture<'_> {
        let result = RunResult {
            samples: vec![to_raw_value("done").unwrap()],
            ..RunResult::default()
        };
        Box::pin(async move { Ok(result) })
    }
}
