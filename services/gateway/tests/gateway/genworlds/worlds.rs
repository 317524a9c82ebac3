//! Worlds that clients run, inside one of ours.

use gateway::Config;
use serde_json::json;

use super::client::{Client, event};
use crate::support::Harness;

const ENTITIES: &str = "world_sends_available_entities_event";
const SCHEMAS: &str = "world_sends_available_action_schemas_event";
const WANTS: &str = "agent_wants_updated_state";

async fn start() -> Harness {
    let harness = Harness::start_with(Config::default()).await;
    let created = harness.post("/v1/worlds", json!({"id": "lobby"})).await;
    assert_eq!(created.0, 201, "{}", created.1);
    harness
}

/// Answers a query as GenWorlds' BaseWorld does, under the name `id`.
async fn answer(world: &mut Client, id: &str, requester: &str) {
    let mut entities = event(ENTITIES, id, Some(requester));
    entities["available_entities"] = json!({
        id: {"id": id, "entity_type": "WORLD", "entity_class": "BaseWorld", "name": "w", "description": ""},
        "john": {"id": "john", "entity_type": "AGENT", "entity_class": "A", "name": "john", "description": ""},
    });
    world.send(&entities).await;
    let mut schemas = event(SCHEMAS, id, None);
    schemas["world_name"] = json!("w");
    schemas["world_description"] = json!("");
    schemas["available_action_schemas"] = json!({});
    world.send(&schemas).await;
}

#[tokio::test]
async fn a_world_without_an_id_answers_its_agents_by_itself() {
    let harness = start().await;
    let id = "0b5d1c2e-98c1-4f7e-8c36-5b6f3a2d1e0f";
    let mut world = Client::open(&harness, "/ws/lobby").await;
    let mut john = Client::open(&harness, "/ws/lobby").await;
    for _ in 0..3 {
        john.send_and_receive(&event(WANTS, "john", Some(id))).await;
        assert_eq!(world.types_until(WANTS).await.last().unwrap(), WANTS);
        answer(&mut world, id, "john").await;
        let entities = john.receive().await;
        assert_eq!(
            (&entities["event_type"], &entities["sender_id"]),
            (&json!(ENTITIES), &json!(id))
        );
        assert_eq!(john.receive().await["event_type"], SCHEMAS);
        world.types_until(SCHEMAS).await;
    }
    // A user interface queries all worlds: that of the client answers, and ours does not contradict it.
    let mut gui = Client::open(&harness, "/ws/lobby").await;
    gui.send(&event(WANTS, "test_user", None)).await;
    assert_eq!(gui.types_until(WANTS).await, [WANTS]);
    world.types_until(WANTS).await;
    answer(&mut world, id, "test_user").await;
    assert_eq!(gui.receive().await["sender_id"], id);
    assert_eq!(gui.receive().await["sender_id"], id);
    // Its messages have another sender than its queries.
    let mut speaks = event("user_speaks_with_agent_event", "chat_user", Some("john"));
    speaks["message"] = json!("Hi");
    gui.send_and_receive(&speaks).await;
    assert_eq!(
        john.types_until("user_speaks_with_agent_event")
            .await
            .last()
            .unwrap(),
        "user_speaks_with_agent_event"
    );
    // The same query again is a query.
    let again = event(WANTS, "test_user", None);
    for _ in 0..2 {
        gui.send(&again).await;
        gui.receive_type(WANTS).await;
    }
    // Without it ours answers again.
    drop(world);
    let asks = async || {
        let mut gui = Client::open(&harness, "/ws/lobby").await;
        gui.send(&event(WANTS, "test_user", None)).await;
        gui.receive().await["sender_id"] == "lobby"
    };
    testkit::eventually("our world answers", asks).await;
}

#[tokio::test]
async fn a_world_of_a_client_may_have_the_name_of_ours() {
    for id in ["lobby", "world"] {
        let harness = start().await;
        let mut world = Client::open(&harness, "/ws/lobby").await;
        let mut john = Client::open(&harness, "/ws/lobby").await;
        john.send(&event(WANTS, "john", Some(id))).await;
        // Nobody knows of it yet: ours answers, and it receives the query.
        let received = world.receive().await;
        assert_eq!(
            (&received["event_type"], &received["target_id"]),
            (&json!(WANTS), &json!(id))
        );
        let mut types = Vec::new();
        while types.len() < 3 {
            types.push(
                john.receive().await["event_type"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
        types.sort_unstable();
        assert_eq!(types, [WANTS, SCHEMAS, ENTITIES]);
        for _ in 0..2 {
            answer(&mut world, id, "john").await;
            let entities = john.receive().await;
            assert_eq!(entities["sender_id"], id);
            assert!(entities["available_entities"]["john"].is_object());
            assert_eq!(john.receive().await["sender_id"], id);
            world.types_until(SCHEMAS).await;
            // From now on it answers alone.
            john.send_and_receive(&event(WANTS, "john", Some(id))).await;
            assert_eq!(world.types_until(WANTS).await, [WANTS]);
        }
    }
}
