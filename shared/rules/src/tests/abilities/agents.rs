//! What agents perceive, and what their models make use of.

use contract::ability::{Ability, Executor, Perception};
use contract::command::WorldUpdate;
use contract::run::RunResult;
use contract::tool::{Tool, ToolAccess, ToolCall};
use contract::{AgentConfig, Command, Entity, EntityKind};
use serde_json::{Value, json};

use super::super::{Story, context, hash, types};
use super::{ability, draft, id, object, raw};
use crate::available_abilities;

fn actor(name: &str, location: Option<&str>) -> Entity {
    Entity {
        agent: Some(AgentConfig {
            tools: Some(ToolAccess::default()),
            ..AgentConfig::default()
        }),
        location: location.map(Into::into),
        abilities: vec![ability(&format!("own-{name}"), &format!("{name}.acts"))],
        ..Entity::new(id(name), EntityKind::Agent)
    }
}

#[test]
fn an_agent_makes_use_of_what_it_perceives_and_of_nobody_elses_own() {
    let table: &[(Perception, &str, &[&str], &[&str])] = &[
        (
            Perception::All,
            "john",
            &["own-john", "lift", "ring", "open"],
            &["john", "bell", "door", "guest", "key", "matthew", "stone"],
        ),
        (
            Perception::SamePlace,
            "john",
            &["own-john", "lift", "open"],
            &["john", "key", "stone"],
        ),
        (
            Perception::SamePlace,
            "matthew",
            &["own-matthew", "ring"],
            &["matthew", "bell", "door"],
        ),
    ];
    for (perception, agent, abilities, perceived) in table {
        let mut story = Story::begin(&[]);
        let change = WorldUpdate {
            perception: Some(*perception),
            ..WorldUpdate::default()
        };
        story.send("world", Command::UpdateWorld(change)).unwrap();
        story.add(actor("john", Some("hall")));
        story.add(actor("matthew", Some("yard")));
        let at = |name: &str, place: &str, abilities: &[Ability]| Entity {
            location: Some(place.into()),
            ..object(name, abilities)
        };
        story.add(at(
            "stone",
            "hall",
            &[ability("lift", "stone.lift"), ability("hear", "*")],
        ));
        story.add(at("bell", "yard", &[ability("ring", "bell.ring")]));
        story.add(at("door", "yard", &[]));
        story.add(Entity {
            held_by: Some(id("john")),
            ..object("key", &[ability("open", "key.open")])
        });
        let (offers, entities) = available_abilities(&story.world, &id(agent)).unwrap();
        let mut names: Vec<&str> = offers.iter().map(|offer| offer.ability.as_str()).collect();
        let mut wanted = abilities.to_vec();
        names.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(names, wanted, "{perception:?} {agent}");
        let seen: Vec<&str> = entities.iter().map(|entity| entity.id.as_str()).collect();
        assert_eq!(seen, *perceived, "{perception:?} {agent}");
        assert!(entities.iter().all(|entity| entity.agent.is_none()));
    }
}

fn use_of(entity: &str, ability: &str, arguments: &Value) -> ToolCall {
    ToolCall {
        id: "1".into(),
        name: format!("{entity}_{ability}"),
        tool: Some(Tool::Ability {
            entity: id(entity),
            ability: ability.parse().unwrap(),
            target: None,
        }),
        arguments: raw(arguments),
        reads_only: false,
        repeatable: false,
        refused: None,
        signatures: Vec::new(),
    }
}

#[test]
fn a_models_call_of_an_ability_is_the_event_that_asks_for_it() {
    let mut story = Story::begin(&[]);
    story.add(actor("ada", None));
    let add = Ability {
        arguments: Some(
            json!({"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "number"}}}),
        ),
        ..ability("add", "calc.add")
    };
    story.add(object("calculator", &[add]));
    story.say("2 + 3?");
    let run_context = context(&story.world, story.open()[0]).unwrap();
    assert_eq!(run_context.offers.len(), 2);
    let calls = |call: ToolCall| RunResult {
        calls: vec![call],
        ..RunResult::default()
    };
    let events = story
        .done(
            story.open()[0],
            calls(use_of("calculator", "add", &json!({"a": 2, "b": 3}))),
        )
        .unwrap();
    assert_eq!(
        types(&events),
        ["action.completed", "calc.add", "action.requested"]
    );
    assert_eq!(events[1].sender, id("ada"));
    let completed = RunResult {
        events: vec![draft("calc.sum", Some("ada"), &json!({"sum": 5}))],
        ..RunResult::default()
    };
    let events = story.done(story.open()[0], completed).unwrap();
    assert_eq!(
        types(&events),
        ["calc.sum", "action.completed", "action.requested"]
    );
    let run_context = context(&story.world, story.open()[0]).unwrap();
    assert_eq!(
        run_context.steps[0].calls[0].1.text,
        r#"[{"type":"calc.sum","data":{"sum":5}}]"#
    );
    for (call, reason) in [
        (
            use_of("calculator", "add", &json!({"a": "x", "b": 3})),
            "arguments.a",
        ),
        (
            use_of("calculator", "divide", &json!({})),
            "there is no ability",
        ),
        (use_of("nobody", "add", &json!({})), "there is no ability"),
    ] {
        story.done(story.open()[0], calls(call)).unwrap();
        let run_context = context(&story.world, story.open()[0]).unwrap();
        let (_, result) = &run_context.steps.last().unwrap().calls[0];
        assert!(
            result.failed && result.text.contains(reason),
            "{}",
            result.text
        );
    }
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn a_call_of_what_a_client_does_is_sent_and_no_more() {
    let mut story = Story::begin(&[]);
    let show = Ability {
        run: Executor::Client {},
        ..ability("show", "screen.show")
    };
    story.add(actor("ada", None));
    story.add(object("screen", &[show]));
    story.say("show it");
    let completed = RunResult {
        calls: vec![use_of("screen", "show", &json!({}))],
        ..RunResult::default()
    };
    let events = story.done(story.open()[0], completed).unwrap();
    assert_eq!(
        types(&events),
        ["action.completed", "screen.show", "action.requested"]
    );
    let run_context = context(&story.world, story.open()[0]).unwrap();
    assert_eq!(run_context.steps[0].calls[0].1.text, "sent");
}
