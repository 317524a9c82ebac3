//! Worlds of machines.

use std::time::Duration;

use bus::Bus;
use contract::{Command, CommandId, CommandRequest, WorldId, WorldSpec};
use serde_json::{Value, json};

const DEADLINE: Duration = Duration::from_secs(60);
/// Entities of one command: they fit in one commit with their behaviours.
const BATCH: usize = 200;
/// Samples of the lesson of a learner.
pub(super) const LESSON: usize = 5_000;

fn serving() -> Value {
    json!({"initial": "ready", "states": {
        "ready": {"transitions": [{"action": "process", "ready": false, "to": "ready"}]}}})
}

async fn send(bus: &Bus, world: &WorldId, command: Command) {
    let request = CommandRequest {
        id: CommandId::new(),
        sender: "world".parse().unwrap(),
        command,
        trace: None,
        run: None,
        principal: None,
    };
    bus.worlds()
        .command(world, request, DEADLINE)
        .await
        .unwrap();
}

async fn apply(bus: &Bus, id: &str, spec: Value) -> WorldId {
    let world: WorldId = id.parse().unwrap();
    let spec: WorldSpec = serde_json::from_value(spec).unwrap();
    send(bus, &world, Command::ApplyWorld(spec)).await;
    world
}

fn agent(id: &str, processor: &Value) -> Value {
    json!({"id": id, "kind": "agent", "role": "worker", "agent": {"processor": processor}})
}

/// A world with these machines, each of which processes one sample after the other.
pub(super) async fn create(bus: &Bus, id: &str, machines: &[String]) -> WorldId {
    let guest = json!({"id": "guest", "kind": "user"});
    let roles = json!({"worker": {"behaviour": serving()}});
    let world = apply(bus, id, json!({"roles": roles, "entities": [guest]})).await;
    for batch in machines.chunks(BATCH) {
        let agents = batch.iter().map(|id| agent(id, &json!({"echo": {}})));
        let agents: Vec<Value> = agents.collect();
        apply(bus, id, json!({"roles": roles, "entities": agents})).await;
    }
    world
}

pub(super) async fn one_target(bus: &Bus, id: &str) -> WorldId {
    create(bus, id, &["w0".to_owned()]).await
}

/// A world with a machine that is elsewhere until `nop` is requested of it.
pub(super) async fn elsewhere(bus: &Bus, id: &str) -> WorldId {
    let mut behaviour = serving();
    behaviour["initial"] = json!("elsewhere");
    behaviour["states"]["elsewhere"] =
        json!({"transitions": [{"action": "nop", "ready": false, "to": "ready"}]});
    let entities = json!([{"id": "guest", "kind": "user"}, agent("w0", &json!({"echo": {}}))]);
    let spec = json!({"entities": entities, "behaviours": {"w0": behaviour}});
    apply(bus, id, spec).await
}

/// A world with a machine that learns a signal.
pub(super) async fn learner(bus: &Bus, id: &str) -> WorldId {
    let behaviour = json!({"initial": "ready", "states": {
        "ready": {"transitions": [{"action": "learn", "ready": false, "to": "ready"}]}}});
    let processor = json!({"regression": {"kind": "autoregressive", "order": 8}});
    let lesson = json!({"type": "number", "generator": {"sine": {"period": 20, "count": LESSON}}});
    let entities = json!([{"id": "guest", "kind": "user"}, agent("w0", &processor)]);
    let spec = json!({"entities": entities, "behaviours": {"w0": behaviour},
        "streams": {"guest:lesson": lesson}});
    apply(bus, id, spec).await
}
