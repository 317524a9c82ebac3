//! Runs that think for an agent that has changed meanwhile.

use contract::command::EntityUpdate;
use contract::mind::{MindUpdate, Summary};
use contract::{AgentConfig, Command};
use serde_json::{Value, json};

use super::super::super::{Story, hash};
use super::super::{draft, id};
use super::{begun, minded, rings, uses};

fn set(story: &mut Story, agent: Option<AgentConfig>) {
    let change = EntityUpdate {
        kind: None,
        entity: id("ada"),
        agent,
        name: None,
        description: None,
        abilities: None,
        metadata: None,
    };
    story.send("guest", Command::UpdateEntity(change)).unwrap();
}

#[test]
fn an_agent_put_to_sleep_before_a_worker_starts_has_decided_nothing_yet() {
    let mut mind = rings();
    mind["sleeps_on"] = json!([{"type": "bell.breaks"}]);
    let mut story = begun(&mind);
    story.ring(1);
    let breaks = draft("bell.breaks", None, &json!({}));
    story.emit("guest", breaks).unwrap();
    assert_eq!(story.situation().1.step, 0);
}

#[test]
fn a_decision_of_a_mind_that_is_gone_decides_nothing() {
    for ends_well in [true, false] {
        let mut story = begun(&rings());
        story.ring(1);
        let old = story.open()[0];
        set(&mut story, Some(AgentConfig::default()));
        set(&mut story, minded("ada", &rings()).agent);
        story.ring(2);
        assert_eq!(story.runs(), ["ada act", "ada act"]);
        if ends_well {
            let lift = uses(&[("bell", "lift", json!({}))]);
            story.done(old, lift).unwrap();
        } else {
            story.decide_to_sleep(old);
        }
        assert_eq!(story.runs(), ["ada act"]);
        let (run, situation) = story.situation();
        assert_eq!(situation.cause.unwrap().data.get(), r#"{"number":2}"#);
        story.decide_to_sleep(run);
        assert!(!story.mind("ada").awake);
        assert_eq!(hash(&story.replayed()), hash(&story.world));
    }
}

#[test]
fn what_was_forgotten_does_not_come_back_with_a_summary() {
    let mut story = Story::begin(&[]);
    let mind = json!({"memory": {"events": 2, "paragraphs": 1}});
    story.add(minded("ada", &mind));
    let words = |story: &mut Story| {
        for number in 0..4 {
            let word = draft("a.word", None, &Value::from(number));
            story.emit("guest", word).unwrap();
        }
    };
    words(&mut story);
    let (old, situation) = story.situation();
    let until = situation.memory.last().unwrap().id;
    let forget = Command::ForgetMemory { agent: id("ada") };
    story.send("guest", forget).unwrap();
    words(&mut story);
    let thought = MindUpdate {
        summary: Some(Summary {
            text: "the secret".into(),
            until,
        }),
        ..MindUpdate::default()
    };
    let completed = contract::run::RunResult {
        thought: Some(thought),
        ..Default::default()
    };
    story.done(old, completed).unwrap();
    assert_eq!(story.mind("ada").summary, "");
    assert_eq!(story.runs(), ["ada summarise"]);
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}
