//! A world with a chat, and actions that are functions.

use futures::future::BoxFuture;
use manyworlds_sdk::contract::ActionName;
use manyworlds_sdk::contract::flow::NewFlowEvent;
use manyworlds_sdk::contract::run::RunResult;
use manyworlds_sdk::testing::TestWorld;
use manyworlds_sdk::{
    Action, ActionCtx, Config, Error, Event, JsonSchema, RunFuture, Worker, schemars,
};
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;

const WORLD: &str = "
id: lab
entities:
  - {id: guest, kind: user}
  - {id: bell, kind: object}
  - {id: ada, kind: agent, agent: {brain: {function: {action: greet}}}}
chats:
  - {id: main}
";

pub(crate) fn lab() -> TestWorld {
    TestWorld::from_world_file(WORLD).unwrap()
}

/// The bell rings.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "bell.rings")]
pub(crate) struct Rings {
    pub(crate) times: u32,
}

type Run = fn(ActionCtx) -> BoxFuture<'static, Result<RunResult, Error>>;

/// An action whose code is a function.
struct FunctionAction {
    name: ActionName,
    run: Run,
}

impl Action for FunctionAction {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        (self.run)(ctx)
    }
}

/// A worker with one action.
pub(crate) fn worker(name: &str, run: Run) -> Worker {
    let name = name.parse().unwrap();
    let builder = Worker::builder().action(FunctionAction { name, run });
    builder.build(Config::default()).unwrap()
}

pub(crate) fn output(value: &impl Serialize) -> RunResult {
    RunResult {
        output: Some(to_raw_value(value).unwrap()),
        ..RunResult::default()
    }
}

pub(crate) fn ring(times: u32) -> RunResult {
    RunResult {
        events: vec![Rings { times }.encode().unwrap()],
        ..RunResult::default()
    }
}

/// An event of a session.
pub(crate) fn note(event_type: &str, data: &serde_json::Value) -> NewFlowEvent {
    NewFlowEvent::new(event_type, to_raw_value(data).unwrap())
}
