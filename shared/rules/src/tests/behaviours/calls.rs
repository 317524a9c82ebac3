//! Abilities of an entity with a behaviour, called by the model or the mind of another.

use contract::ability::{Ability, Executor};
use contract::behaviour::{CustomAction, Definition};
use contract::command::EntityUpdate;
use contract::run::RunResult;
use contract::tool::{Tool, ToolAccess, ToolCall};
use contract::{AgentConfig, Chat, Command, Entity, EntityKind, RunId, RunOutcome};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::super::{Story, context, entity, post};
use super::{all_types, story_with};
use crate::mind_view;

/// A door that opens once somebody has unlocked it.
fn door() -> Value {
    json!({"initial": "locked", "states": {
        "locked": {"transitions": [{"action": "nop", "ready": false, "to": "closed"}]},
        "closed": {"transitions": [{"action": "open", "ready": false, "to": "opened"}]},
        "opened": {"transitions": [{"action": "nop", "ready": false, "to": "locked",
            "args": {"message": "lock"}}]}}})
}

fn opens(of: &str) -> Ability {
    Ability {
        name: "open".parse().unwrap(),
        trigger: format!("{of}.open").parse().unwrap(),
        description: String::new(),
        arguments: None,
        run: Executor::Worker("door-open".parse().unwrap()),
        concurrent: false,
    }
}

/// The door, and the agent `ada` with this configuration, in the chat `main`.
fn house(config: AgentConfig, machine: Value) -> Story {
    let open = CustomAction {
        name: "open".parse().unwrap(),
        arguments: None,
        requestable: true,
    };
    let mut story = story_with(&[], vec![open]);
    // Models are offered the abilities of objects.
    let door = Entity {
        abilities: vec![opens("door")],
        ..entity("door", EntityKind::Object)
    };
    story.send("world", Command::CreateEntity(door)).unwrap();
    let definition = Definition::from_json(&machine.to_string()).unwrap();
    let entity_id = "door".parse().unwrap();
    let put = Command::PutBehaviour {
        entity: entity_id,
        definition,
    };
    story.send("world", put).unwrap();
    let ada = Entity {
        agent: Some(config),
        ..entity("ada", EntityKind::Agent)
    };
    story.send("world", Command::CreateEntity(ada)).unwrap();
    let chat = Chat::new("main".parse().unwrap());
    story.send("world", Command::CreateChat(chat)).unwrap();
    story
}

fn with_tools() -> AgentConfig {
    AgentConfig {
        tools: Some(ToolAccess {
            permission: contract::tool::Permission::Auto,
            ..ToolAccess::default()
        }),
        ..AgentConfig::default()
    }
}

fn call(entity: &str) -> ToolCall {
    ToolCall {
        id: "1".into(),
        name: "door_open".into(),
        tool: Some(Tool::Ability {
            entity: entity.parse().unwrap(),
            ability: "open".parse().unwrap(),
            target: None,
        }),
        arguments: to_raw_value(&json!({})).unwrap(),
        reads_only: false,
        repeatable: false,
        refused: None,
        signatures: Vec::new(),
    }
}

impl Story {
    fn ends(&mut self, run: RunId, result: RunResult) {
        let outcome = RunOutcome::Completed(result);
        self.send("world", Command::Complete { run, outcome })
            .unwrap();
    }

    /// The model of `ada`, which answers a message, calls the door.
    fn calls_the_door(&mut self) {
        self.send("guest", post("@ada open the door")).unwrap();
        let run = self.run_of_entity("ada").unwrap();
        let result = RunResult {
            calls: vec![call("door")],
            ..RunResult::default()
        };
        self.ends(run, result);
    }

    fn run_of_entity(&self, entity: &str) -> Option<RunId> {
        let mut runs = self.world.runs.iter();
        let found = runs.find(|(_, run)| run.entity.as_str() == entity);
        found.map(|(id, _)| id)
    }

    /// What the model of `ada` gets of its call; `None` while it waits.
    fn result_of_call(&self) -> Option<(String, bool)> {
        let context = context(&self.world, self.run_of_entity("ada")?).unwrap();
        let calls = context.steps.into_iter().flat_map(|step| step.calls);
        calls.last().map(|(_, result)| (result.text, result.failed))
    }

    fn unlocks(&mut self) {
        self.asks("guest", json!({"action": "nop", "targets": ["door"]}));
    }
}

#[test]
fn a_call_of_a_model_waits_for_a_state_that_accepts_it() {
    let mut story = house(with_tools(), door());
    story.calls_the_door();
    // Nothing runs: the door is locked.
    assert!(story.open().is_empty(), "{:?}", all_types(&story));
    story.replays();
    story.unlocks();
    let run = story.run_of_entity("door").unwrap();
    assert_eq!(story.result_of_call(), None);
    let result = RunResult {
        output: Some(to_raw_value(&json!({"open": true})).unwrap()),
        ..RunResult::default()
    };
    story.ends(run, result);
    assert_eq!(story.state("door"), "opened");
    assert_eq!(
        story.result_of_call(),
        Some(("{\"open\":true}".into(), false))
    );
    story.replays();
    let run = story.run_of_entity("ada").unwrap();
    story.answer(run, "it is open").unwrap();
    assert!(story.open().is_empty());
    assert!(all_types(&story).contains(&"chat.turn_ended".to_owned()));
    story.replays();
}

#[test]
fn a_call_that_no_state_accepts_is_rejected_at_once() {
    let wall = json!({"initial": "closed", "states": {"closed": {}}});
    let mut story = house(with_tools(), wall);
    story.calls_the_door();
    let (text, failed) = story.result_of_call().unwrap();
    assert!(
        failed && text.starts_with("rejected: ") && text.contains("accepts open"),
        "{text}"
    );
    story.replays();
}

#[test]
fn a_call_that_is_never_accepted_times_out() {
    let mut story = house(with_tools(), door());
    story.calls_the_door();
    story.wakes_after(3600.0);
    let (text, failed) = story.result_of_call().unwrap();
    assert!(failed && text.starts_with("timed out: "), "{text}");
    assert_eq!(story.state("door"), "locked");
    story.replays();
}

#[test]
fn a_call_whose_run_fails_or_whose_target_leaves_has_the_reason() {
    let mut story = house(with_tools(), door());
    story.unlocks();
    story.calls_the_door();
    let run = story.run_of_entity("door").unwrap();
    story.fails(run, "jammed");
    let (text, failed) = story.result_of_call().unwrap();
    assert!(failed && text.starts_with("failed"), "{text}");
    story.replays();
    let mut story = house(with_tools(), door());
    story.calls_the_door();
    let entity = "door".parse().unwrap();
    story
        .send("world", Command::RemoveEntity { entity })
        .unwrap();
    let (text, failed) = story.result_of_call().unwrap();
    assert!(failed && text.contains("left"), "{text}");
    story.replays();
}

#[test]
fn a_chat_that_is_stopped_takes_its_calls_with_it() {
    for unlocked in [false, true] {
        let mut story = house(with_tools(), door());
        if unlocked {
            story.unlocks();
        }
        story.calls_the_door();
        let chat = "main".parse().unwrap();
        story.send("guest", Command::StopChat { chat }).unwrap();
        assert!(story.open().is_empty(), "{:?}", all_types(&story));
        assert_eq!(story.world.interactions.len(), 0);
        story.replays();
    }
}

/// An event of somebody, and a call, are requests in the same queue.
#[test]
fn a_call_and_an_event_are_served_one_after_the_other() {
    let machine = json!({"initial": "closed", "states": {
        "closed": {"transitions": [{"action": "open", "ready": false, "to": "closed"}]}}});
    let mut story = house(with_tools(), machine);
    let event = serde_json::from_value(json!({"type": "door.open", "data": {}})).unwrap();
    let send = Command::SendEvents {
        events: vec![event],
        message: None,
    };
    story.send("guest", send).unwrap();
    let first = story.run_of_entity("door").unwrap();
    story.calls_the_door();
    assert_eq!(story.run_of_entity("door"), Some(first));
    assert_eq!(story.result_of_call(), None);
    story.ends(first, RunResult::default());
    assert_eq!(story.result_of_call(), None);
    let second = story.run_of_entity("door").unwrap();
    let sent = serde_json::from_value(json!({"type": "door.opened", "data": 7})).unwrap();
    let result = RunResult {
        events: vec![sent],
        ..RunResult::default()
    };
    story.ends(second, result);
    // Without an output, the model gets the events.
    let (text, failed) = story.result_of_call().unwrap();
    assert!(!failed && text.contains("door.opened"), "{text}");
    story.replays();
}

/// It would never end.
#[test]
fn what_an_ability_sends_does_not_request_it_again() {
    let machine = json!({"initial": "closed", "states": {
        "closed": {"transitions": [{"action": "open", "ready": false, "to": "closed"}]}}});
    let mut story = house(with_tools(), machine);
    let event = || serde_json::from_value(json!({"type": "door.open", "data": {}})).unwrap();
    let send = Command::SendEvents {
        events: vec![event()],
        message: None,
    };
    story.send("guest", send).unwrap();
    let run = story.run_of_entity("door").unwrap();
    let result = RunResult {
        events: vec![event()],
        ..RunResult::default()
    };
    story.ends(run, result);
    assert!(story.open().is_empty(), "{:?}", all_types(&story));
    story.replays();
}

/// What its own model calls is part of the answer that its behaviour has accepted.
#[test]
fn a_model_calls_its_own_abilities_while_it_answers() {
    let talks = json!({"initial": "talks", "states": {"talks": {"transitions": [
        {"action": "respond", "ready": false, "to": "talks"}]}}});
    let mut story = house(with_tools(), door());
    let update = EntityUpdate {
        kind: None,
        entity: "ada".parse().unwrap(),
        name: None,
        agent: None,
        description: None,
        abilities: Some(vec![opens("ada")]),
        metadata: None,
    };
    story.send("world", Command::UpdateEntity(update)).unwrap();
    let definition = Definition::from_json(&talks.to_string()).unwrap();
    let entity = "ada".parse().unwrap();
    let put = Command::PutBehaviour { entity, definition };
    story.send("world", put).unwrap();
    story.send("guest", post("@ada open up")).unwrap();
    let run = story.run_of_entity("ada").unwrap();
    let result = RunResult {
        calls: vec![call("ada")],
        ..RunResult::default()
    };
    story.ends(run, result);
    let run = story.world.runs.iter().next().unwrap();
    assert_eq!(run.1.action.as_str(), "door-open");
    story.replays();
}

fn with_mind() -> AgentConfig {
    let mind = json!({"wakes_on": [{"type": "bell.rings"}]});
    AgentConfig {
        mind: Some(serde_json::from_value(mind).unwrap()),
        ..AgentConfig::default()
    }
}

fn decides_to_open(story: &mut Story) {
    let event = serde_json::from_value(json!({"type": "bell.rings", "data": {}})).unwrap();
    let send = Command::SendEvents {
        events: vec![event],
        message: None,
    };
    story.send("guest", send).unwrap();
    let run = story.run_of_entity("ada").unwrap();
    let result = RunResult {
        calls: vec![call("door")],
        ..RunResult::default()
    };
    story.ends(run, result);
}

#[test]
fn a_mind_waits_for_what_it_has_requested() {
    let mut story = house(with_mind(), door());
    decides_to_open(&mut story);
    assert!(story.open().is_empty(), "{:?}", all_types(&story));
    let ada = "ada".parse().unwrap();
    assert!(mind_view(&story.world, &ada).unwrap().busy);
    story.replays();
    story.unlocks();
    let run = story.run_of_entity("door").unwrap();
    story.ends(run, RunResult::default());
    assert_eq!(story.state("door"), "opened");
    // It decides again.
    assert!(story.run_of_entity("ada").is_some());
    story.replays();
}

#[test]
fn a_mind_remembers_why_its_request_was_rejected() {
    let wall = json!({"initial": "closed", "states": {"closed": {}}});
    let mut story = house(with_mind(), wall);
    decides_to_open(&mut story);
    assert!(story.run_of_entity("ada").is_some());
    let ada = "ada".parse().unwrap();
    let memory = mind_view(&story.world, &ada).unwrap().memory;
    let last = memory.last().unwrap();
    let text = serde_json::to_string(&last).unwrap();
    assert!(text.contains("rejected: "), "{text}");
    story.replays();
}
