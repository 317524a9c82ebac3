//! Nodes of flows.

mod answers;
mod night_desk;
mod passing;
mod support_desk;
mod tools;

use manyworlds_sdk::contract::flow::FlowFrame;
use manyworlds_sdk::testing::TestWorld;
use manyworlds_sdk::{Config, Node, NodeCtx, NodeHooks, Worker};
use serde_json::Value;

/// A world with one flow; `nodes` and `edges` are lists in YAML.
fn with_flow(nodes: &str, edges: &str) -> TestWorld {
    let text = format!(
        "id: desk
entities:
  - {{id: ann, kind: user}}
  - {{id: bot, kind: agent, agent: {{brain: {{function: {{action: chatty}}}}}}}}
flows:
  f: {{nodes: {nodes}, edges: {edges}}}
"
    );
    TestWorld::from_world_file(&text).unwrap()
}

/// A world with an output node and nothing else.
fn with_output() -> TestWorld {
    with_flow("[{id: out, worker: out, output: true}]", "[]")
}

/// A world with a node that handles two types, and an output node behind it.
fn with_handler() -> TestWorld {
    let nodes = "[{id: first, worker: first, handles: [note, 'myapp.*']}, \
                 {id: out, worker: out, output: true}]";
    with_flow(nodes, "[[first, out]]")
}

fn worker(name: &str, node: impl Node) -> Worker {
    let builder = Worker::builder().node(name, node);
    builder.build(Config::default()).unwrap()
}

/// A node that answers with a function.
fn answering<R>(answer: impl Fn(NodeCtx) -> R + Send + Sync + 'static) -> NodeHooks
where
    R: Future<Output = Result<(), manyworlds_sdk::Error>> + Send + 'static,
{
    NodeHooks::default().answer(move |_messages, ctx| answer(ctx))
}

fn data(frame: &FlowFrame) -> Value {
    serde_json::from_str(frame.data.get()).unwrap()
}

/// The types of the frames from the first of a type on.
fn types_from(
    world: &TestWorld,
    session: manyworlds_sdk::contract::SessionId,
    first: &str,
) -> Vec<String> {
    let types = world.frame_types(session).into_iter();
    types.skip_while(|name| name != first).collect()
}
