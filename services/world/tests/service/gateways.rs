//! Connections of gateways that are gone, and custom actions that workers register.

use std::time::Duration;

use bus::Bus;
use contract::behaviour::{CustomAction, DeclaredAction, Definition};
use contract::subject::GATEWAY_GROUP;
use contract::{
    AgentConfig, Brain, Command, Entity, EntityKind, GatewayId, RejectionCode, WorldId,
};
use serde_json::json;
use service_kit::CancellationToken;
use testkit::{eventually, eventually_within};

use crate::support::Harness;

/// A gateway is found at the latest when the registered worlds are listed again, after a minute.
const PATIENCE: Duration = Duration::from_secs(90);

async fn count(harness: &Harness, world: &WorldId, event_type: &str) -> usize {
    let log = harness.log(world).await;
    let events = log.iter().map(|event| event.event_type.as_str());
    events.filter(|found| *found == event_type).count()
}

/// A world with the agent `client`, of which a gateway has reported a connection.
async fn connected(harness: &Harness, gateway: &GatewayId) -> WorldId {
    let world = harness.create("lobby").await;
    let mut client = Entity::new("client".parse().unwrap(), EntityKind::Agent);
    client.agent = Some(AgentConfig {
        brain: Brain::Client {},
        ..AgentConfig::default()
    });
    let create = Command::CreateEntity(client);
    harness.send(&world, "world", create).await.unwrap();
    let registry = harness.bus.connection_registry();
    registry.add(gateway, &world).await.unwrap();
    let report = Command::ReportConnections {
        gateway: gateway.clone(),
        connected: vec!["client".parse().unwrap()],
        disconnected: Vec::new(),
    };
    harness.send(&world, "world", report).await.unwrap();
    world
}

/// A gateway that is alive until the token is cancelled.
fn gateway(bus: &Bus) -> (GatewayId, CancellationToken) {
    let membership = bus.membership(GATEWAY_GROUP);
    let id = membership.id().to_string().parse().unwrap();
    let dies = CancellationToken::new();
    tokio::task::spawn(membership.maintain(dies.clone().cancelled_owned()));
    (id, dies)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connections_of_a_gateway_that_is_gone_are_ended() {
    let harness = Harness::start().await;
    let (alive, _stays) = gateway(&harness.bus);
    let world = connected(&harness, &alive).await;
    // One that has died before this service began.
    let unknown: GatewayId = "died-before".parse().unwrap();
    let registry = harness.bus.connection_registry();
    registry.add(&unknown, &world).await.unwrap();
    let no_world = "nowhere".parse().unwrap();
    registry.add(&unknown, &no_world).await.unwrap();
    let mut removed = registry.watch_removed(&unknown).await.unwrap();
    removed.next().await.unwrap();
    removed.next().await.unwrap();
    assert_eq!(count(&harness, &world, "entity.disconnected").await, 0);

    let (dies, death) = gateway(&harness.bus);
    let connected = Command::ReportConnections {
        gateway: dies.clone(),
        connected: vec!["client".parse().unwrap()],
        disconnected: Vec::new(),
    };
    registry.add(&dies, &world).await.unwrap();
    harness.send(&world, "world", connected).await.unwrap();
    death.cancel();
    // Should the service not have seen it alive, it finds it when it lists all of them again.
    eventually_within(PATIENCE, "the connections are ended", async || {
        count(&harness, &world, "entity.disconnected").await == 1
    })
    .await;
    eventually("only the living gateway is registered", async || {
        let worlds = registry.worlds().await.unwrap();
        worlds.into_keys().collect::<Vec<_>>() == [alive.clone()]
    })
    .await;
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_behaviour_may_use_what_a_worker_has_registered() {
    let harness = Harness::start().await;
    let world = harness.create("lobby").await;
    let put = || {
        let behaviour = json!({"initial": "a", "states": {
            "a": {"transitions": [{"action": "grade", "args": {"level": 1}, "to": "b"}]}, "b": {}}});
        Command::PutBehaviour {
            entity: "ada".parse().unwrap(),
            definition: Definition::from_json(&behaviour.to_string()).unwrap(),
        }
    };
    let refused = harness.send(&world, "world", put()).await.unwrap_err();
    assert_eq!(refused.code, RejectionCode::Invalid);
    let grade = DeclaredAction {
        action: CustomAction {
            name: "grade".parse().unwrap(),
            arguments: None,
            requestable: true,
        },
        by: "test".into(),
    };
    let registry = harness.bus.custom_actions();
    assert_eq!(registry.register(&grade).await.unwrap(), None);
    eventually("the registration has arrived", async || {
        harness.send(&world, "world", put()).await.is_ok()
    })
    .await;
    assert_eq!(count(&harness, &world, "action.declared").await, 1);
    // Another schema: who registers it learns what there was.
    let mut other = grade.clone();
    other.action.arguments = Some(json!({"type": "object"}));
    assert_eq!(registry.register(&other).await.unwrap(), Some(grade));
    assert_eq!(registry.register(&other).await.unwrap(), None);
    assert_eq!(registry.load().await.unwrap(), [other]);
    harness.stop().await;
}
