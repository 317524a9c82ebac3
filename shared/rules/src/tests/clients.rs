//! Agents that their own clients think for.

use contract::command::{EntityUpdate, WorldUpdate};
use contract::world::ChatModel;
use contract::{ActionName, AgentConfig, Brain, Command, Entity, EntityId, EntityKind};

use super::{Story, context, entity, hash, types};

/// A world of `ada` and `bob`, who answer by themselves, and of `cy`, for whom a client thinks.
fn begin() -> Story {
    let mut story = Story::begin(&["ada", "bob"]);
    let cy = Entity {
        agent: Some(AgentConfig {
            brain: Brain::Client {},
            ..AgentConfig::default()
        }),
        ..entity("cy", EntityKind::Agent)
    };
    story.send("world", Command::CreateEntity(cy)).unwrap();
    story
}

fn ids(agents: &[&str]) -> Vec<EntityId> {
    agents.iter().map(|id| id.parse().unwrap()).collect()
}

/// Who is asked to answer, now.
fn answering(story: &Story) -> Vec<EntityId> {
    let open = story.world.runs.iter().map(|(_, run)| run);
    open.map(|open| open.entity.clone()).collect()
}

#[test]
fn an_agent_of_a_client_never_has_to_answer() {
    for (main_agent, text, expected) in [
        ("", "hello", &["ada", "bob"][..]),
        ("", "@cy hello", &[]),
        ("", "@cy hello\n@bob you too", &["bob"]),
        ("bob", "hello", &["bob"]),
        // A main agent that does not answer is none.
        ("cy", "hello", &["ada", "bob"]),
    ] {
        let mut story = begin();
        let change = WorldUpdate {
            main_agent: Some(main_agent.to_owned()),
            ..WorldUpdate::default()
        };
        story.send("world", Command::UpdateWorld(change)).unwrap();
        let events = story.say(text);
        assert_eq!(answering(&story), ids(expected), "{main_agent}: {text}");
        let is_over = types(&events).contains(&"chat.turn_ended");
        assert_eq!(is_over, expected.is_empty(), "{main_agent}: {text}");
        assert_eq!(hash(&story.replayed()), hash(&story.world));
    }
}

#[test]
fn an_agent_of_a_client_speaks_when_it_likes() {
    let mut story = begin();
    story.send("cy", super::post("@ada hello")).unwrap();
    assert_eq!(answering(&story), ids(&["ada"]));
    let [answer] = story.open()[..] else {
        panic!("ada is asked")
    };
    // It is not in the list of those that others can talk to.
    assert_eq!(context(&story.world, answer).unwrap().others, ids(&["bob"]));
    let events = story.answer(answer, "hello to you").unwrap();
    // A message to it waits for no answer.
    assert_eq!(types(&events)[2..], ["chat.turn_ended"]);
    assert!(
        !story
            .world
            .chats
            .model_requests()
            .contains_key(&ids(&["cy"])[0])
    );
}

#[test]
fn an_agent_of_a_client_finds_no_titles() {
    let mut story = begin();
    for agent in ids(&["ada", "bob"]) {
        let remove = Command::RemoveEntity { entity: agent };
        story.send("world", remove).unwrap();
    }
    let chat_model: ChatModel =
        serde_json::from_str(r#"{"provider": "openai", "model": "m"}"#).unwrap();
    let change = WorldUpdate {
        chat_model: Some(chat_model),
        ..WorldUpdate::default()
    };
    story.send("world", Command::UpdateWorld(change)).unwrap();
    let events = story.say("Plan my trip to Rome");
    assert!(types(&events).contains(&"chat.turn_ended"));
    assert!(story.open().is_empty());
}

#[test]
fn an_action_can_be_requested_of_an_agent_of_a_client() {
    let mut story = begin();
    let action: ActionName = "echo".parse().unwrap();
    let command = Command::RequestAction {
        action,
        entity: "cy".parse().unwrap(),
        arguments: None,
        deadline: None,
    };
    let events = story.send("guest", command).unwrap();
    assert_eq!(types(&events), ["action.requested"]);
}

#[test]
fn an_entity_becomes_another_kind_and_keeps_what_has_become_of_it() {
    let mut story = begin();
    let change = |kind, agent| {
        Command::UpdateEntity(EntityUpdate {
            entity: "cy".parse().unwrap(),
            kind: Some(kind),
            name: None,
            agent,
            description: None,
            abilities: None,
            metadata: None,
        })
    };
    let held = Entity {
        held_by: Some("cy".parse().unwrap()),
        ..entity("mic", EntityKind::Object)
    };
    story.send("world", Command::CreateEntity(held)).unwrap();
    story
        .send("world", change(EntityKind::Object, None))
        .unwrap();
    let cy = |story: &Story| story.world.entities.get(&"cy".parse().unwrap()).cloned();
    let now = cy(&story).unwrap();
    assert_eq!((now.kind, now.agent), (EntityKind::Object, None));
    // An agent has a brain.
    let refused = story.send("world", change(EntityKind::Agent, None));
    assert_eq!(refused.unwrap_err().field.as_deref(), Some("agent"));
    let config = AgentConfig {
        brain: Brain::Client {},
        ..AgentConfig::default()
    };
    let agent = Some(config.clone());
    story
        .send("world", change(EntityKind::Agent, agent))
        .unwrap();
    assert_eq!(cy(&story).unwrap().agent, Some(config));
    let mic = story.world.entities.get(&"mic".parse().unwrap()).unwrap();
    assert_eq!(mic.held_by, Some("cy".parse().unwrap()));
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}
