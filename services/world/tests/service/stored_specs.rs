//! Descriptions of worlds that are applied in several commits.

use std::collections::BTreeSet;

use contract::{
    Command, CommandId, Entity, EntityKind, FactKind, RejectionCode, Seq, WorldId, WorldSpec,
};
use testkit::eventually;

use crate::support::{Harness, post};

const AGENTS: usize = 3000;

/// A description of 3,000 agents, which have this in their descriptions: about ten commits.
fn described(text: &str) -> WorldSpec {
    let agents = (0..AGENTS).map(|index| Entity {
        description: format!("{text} {}", "x".repeat(600)),
        agent: Some(Default::default()),
        ..Entity::new(format!("a{index}").parse().unwrap(), EntityKind::Agent)
    });
    let guest = Entity::new("guest".parse().unwrap(), EntityKind::User);
    WorldSpec {
        entities: agents.chain([guest]).collect(),
        chats: vec![contract::Chat::new("main".parse().unwrap())],
        ..WorldSpec::default()
    }
}

async fn store(harness: &Harness, world: &WorldId, spec: &WorldSpec) -> CommandId {
    let command = CommandId::new();
    let json = serde_json::to_vec(spec).unwrap().into();
    let specs = harness.bus.world_specs();
    specs.store(world, command, &json).await.unwrap();
    command
}

/// The texts in the descriptions of all agents of a world, as a reader sees it.
async fn texts(harness: &Harness, world: &WorldId, at: Option<Seq>) -> BTreeSet<String> {
    let state = harness.state(world, at).await.unwrap();
    let entities = state["entities"].as_object().unwrap();
    let agents = entities.values().filter(|entity| entity["kind"] == "agent");
    let descriptions: Vec<_> = agents
        .map(|agent| agent["description"].as_str().unwrap())
        .collect();
    assert!(
        matches!(descriptions.len(), 0 | AGENTS),
        "{}",
        descriptions.len()
    );
    let texts = descriptions
        .iter()
        .map(|text| text.split(' ').next().unwrap());
    texts.map(str::to_owned).collect()
}

/// The commits of a world, and whether a description was being applied after each.
async fn commits(harness: &Harness, world: &WorldId) -> Vec<(Seq, bool)> {
    let mut commits = Vec::new();
    let mut is_applying = false;
    loop {
        let after = commits.last().map_or(0, |(seq, _)| *seq);
        let entries = harness.bus.log().read(world, after).await.unwrap();
        if entries.is_empty() {
            return commits;
        }
        for entry in entries {
            for event in entry.commit().unwrap().events {
                match event.event_type.built_in() {
                    Some(FactKind::WorldApplyBegun) => is_applying = true,
                    Some(FactKind::WorldApplyEnded) => is_applying = false,
                    _ => {}
                }
            }
            commits.push((entry.seq, is_applying));
        }
    }
}

#[tokio::test]
async fn all_who_read_see_all_of_a_large_description_or_nothing_of_it() {
    let harness = Harness::start().await;
    let world: WorldId = "big".parse().unwrap();
    let apply = |create| Command::ApplyStoredWorld { create };
    let first = store(&harness, &world, &described("one")).await;
    let created = harness.send_as(&world, first, "world", apply(true)).await;
    let created = created.unwrap();
    // What comes meanwhile waits, and is decided on all of it.
    harness
        .send(&world, "guest", post("main", "@a7 hello"))
        .await
        .unwrap();
    assert_eq!(
        texts(&harness, &world, None).await,
        ["one".to_owned()].into()
    );
    // A repeat is answered as the first.
    let again = harness.send_as(&world, first, "world", apply(true)).await;
    assert_eq!(again.unwrap(), created);

    let second = store(&harness, &world, &described("two")).await;
    harness
        .send_as(&world, second, "world", apply(false))
        .await
        .unwrap();
    assert_eq!(
        texts(&harness, &world, None).await,
        ["two".to_owned()].into()
    );

    let commits = commits(&harness, &world).await;
    assert!(
        commits
            .iter()
            .filter(|(_, is_applying)| *is_applying)
            .count()
            > 10
    );
    let mut seen = Vec::new();
    for (seq, is_applying) in &commits {
        let state = harness.state(&world, Some(*seq)).await;
        let Ok(_) = &state else {
            assert!(*is_applying && seen.is_empty(), "{seq}");
            assert_eq!(state.unwrap_err().code, RejectionCode::UnknownWorld);
            continue;
        };
        let texts = texts(&harness, &world, Some(*seq)).await;
        assert_eq!(texts.len(), 1, "{seq} {texts:?}");
        let text = texts.into_iter().next().unwrap();
        if seen.last() != Some(&text) {
            assert!(!is_applying, "{seq}");
            seen.push(text);
        }
    }
    assert_eq!(seen, ["one", "two"]);
    // Nothing is left of the descriptions.
    for command in [first, second] {
        eventually("the description is removed", async || {
            let specs = harness.bus.world_specs();
            specs.load(&world, command).await.unwrap().is_none()
        })
        .await;
    }
    harness.stop().await;
}

#[tokio::test]
async fn another_replica_goes_on_with_a_description() {
    let mut harness = Harness::start().await;
    let world: WorldId = "big".parse().unwrap();
    let command = store(&harness, &world, &described("one")).await;
    let apply = Command::ApplyStoredWorld { create: true };
    harness
        .send_as(&world, command, "world", apply)
        .await
        .unwrap();
    // Nobody asks for the world: it goes on by itself.
    harness.kill_and_restart().await;
    eventually("all of it is applied", async || {
        commits(&harness, &world)
            .await
            .last()
            .is_some_and(|(_, is_applying)| !is_applying)
    })
    .await;
    assert_eq!(
        texts(&harness, &world, None).await,
        ["one".to_owned()].into()
    );
    let created = harness.log(&world).await;
    let created = created
        .iter()
        .filter(|event| event.event_type.as_str() == "entity.created");
    assert_eq!(created.count(), AGENTS + 1);
    harness.stop().await;
}

#[tokio::test]
async fn a_description_that_is_refused_leaves_nothing() {
    let harness = Harness::start().await;
    let world: WorldId = "big".parse().unwrap();
    let mut spec = described("one");
    spec.entities
        .push(Entity::new("a7".parse().unwrap(), EntityKind::Object));
    let command = store(&harness, &world, &spec).await;
    let apply = Command::ApplyStoredWorld { create: true };
    let refused = harness
        .send_as(&world, command, "world", apply.clone())
        .await;
    assert_eq!(refused.unwrap_err().field.unwrap(), "entities[3001].id");
    assert_eq!(harness.bus.log().last_seq(&world).await.unwrap(), 0);
    eventually("the description is removed", async || {
        let specs = harness.bus.world_specs();
        specs.load(&world, command).await.unwrap().is_none()
    })
    .await;
    let refused = harness.send(&world, "world", apply).await;
    assert_eq!(refused.unwrap_err().code, RejectionCode::Expired);
    harness.stop().await;
}
