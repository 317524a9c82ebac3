//! How it ends: by itself, by failure, by a limit, or for a while.

use contract::ability::{Ability, Executor};
use contract::command::SetTimer;
use contract::mind::MindUpdate;
use contract::run::RunResult;
use contract::{AgentConfig, Command, Entity, EntityKind, Rejection, RejectionCode};
use serde_json::{Value, json};

use super::super::super::{Story, hash, types};
use super::super::{ability, draft, id};
use super::{begun, minded, rings, uses};
use crate::mind_view;

#[test]
fn agents_that_only_talk_with_each_other_end() {
    let mut story = Story::begin(&[]);
    for (name, other) in [("ada", "bob"), ("bob", "ada")] {
        let mut agent = minded(
            name,
            &json!({"wakes_on": [{"type": format!("{other}.says")}], "steps_max": 4}),
        );
        agent.abilities = vec![Ability {
            run: Executor::Client {},
            ..ability("say", &format!("{name}.says"))
        }];
        story.add(agent);
    }
    let begin = || draft("bob.says", None, &json!({}));
    let mut steps = 0;
    story.emit("guest", begin()).unwrap();
    while let [run, ..] = story.open()[..] {
        let who = story.world.runs.get(run).unwrap().entity.to_string();
        let mut says = uses(&[(&who, "say", json!({}))]);
        says.thought = Some(MindUpdate {
            sleeps: true,
            ..MindUpdate::default()
        });
        story.done(run, says).unwrap();
        steps += 1;
        assert!(steps <= 8, "an endless talk");
    }
    assert_eq!(steps, 8);
    let exhausted = story
        .log
        .iter()
        .flat_map(|commit| &commit.events)
        .filter(|event| event.data.get().contains("exhausted"));
    assert_eq!(exhausted.count(), 1);
    // A person is there again.
    story.emit("guest", begin()).unwrap();
    assert_eq!(story.runs(), ["ada act"]);
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn what_people_want_is_not_given_up() {
    let mut mind = rings();
    mind["steps_max"] = json!(3);
    let mut story = begun(&mind);
    story.add(minded("bob", &json!({})));
    let from_bob = || draft("bell.rings", Some("ada"), &json!({"number": 0}));
    for number in 1..=5 {
        story.ring(number);
        story.emit("bob", from_bob()).unwrap();
    }
    let mut thought_about = Vec::new();
    while let [run, ..] = story.open()[..] {
        let (_, situation) = story.situation();
        if situation.step == 0 {
            thought_about.push(situation.cause.unwrap().data.get().to_owned());
        }
        story
            .done(run, uses(&[("bell", "none", json!({}))]))
            .unwrap();
    }
    let expected = (1..=5).map(|number| format!("{{\"number\":{number}}}"));
    assert_eq!(thought_about, expected.collect::<Vec<_>>());
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn people_do_not_wait_behind_a_hundred_agents() {
    let mut story = begun(&rings());
    story.add(minded("bob", &json!({})));
    for _ in 0..150 {
        let event = draft("bell.rings", Some("ada"), &json!({"number": 0}));
        story.emit("bob", event).unwrap();
    }
    story.ring(7);
    assert_eq!(story.mind("ada").causes.len(), 100);
    let mut was_cause = false;
    while let [run, ..] = story.open()[..] {
        let (_, situation) = story.situation();
        was_cause |= situation.cause.unwrap().data.get() == r#"{"number":7}"#;
        story.decide_to_sleep(run);
    }
    assert!(was_cause);
}

#[test]
fn a_user_whom_workers_run_is_no_person() {
    let wakes = json!([{"type": "pat.answers"}, {"type": "bell.rings"}]);
    let mut story = begun(&json!({"wakes_on": wakes, "steps_max": 4}));
    story.add(Entity {
        abilities: vec![ability("ask", "pat.ask")],
        ..Entity::new(id("pat"), EntityKind::User)
    });
    story.ring(1);
    let mut decisions = 0;
    while let [run, ..] = story.open()[..] {
        let completed = if story.runs() == ["ada act"] {
            decisions += 1;
            uses(&[("pat", "ask", json!({}))])
        } else {
            RunResult {
                events: vec![draft("pat.answers", Some("ada"), &json!({}))],
                ..RunResult::default()
            }
        };
        story.done(run, completed).unwrap();
        assert!(decisions <= 4, "an endless talk");
    }
    assert_eq!(decisions, 4);
}

#[test]
fn a_timer_of_its_own_lets_an_agent_go_on() {
    let mut story = begun(&json!({"wakes_on": [{"type": "bell.rings"}], "steps_max": 1}));
    let to_itself = || draft("bell.rings", Some("ada"), &json!({}));
    story.emit("ada", to_itself()).unwrap();
    story.decide_to_sleep(story.open()[0]);
    let events = story.emit("ada", to_itself()).unwrap();
    assert_eq!(types(&events), ["bell.rings", "agent.thought"]);
    let timer = SetTimer {
        timer: "alarm".parse().unwrap(),
        due: Some(story.now),
        repeat: None,
        zone: None,
        event: Some(to_itself()),
        message: None,
    };
    story.send("ada", Command::SetTimer(timer)).unwrap();
    let events = story.send("world", Command::FireDue).unwrap();
    assert_eq!(
        types(&events),
        ["timer.fired", "bell.rings", "action.requested"]
    );
}

#[test]
fn a_decision_that_fails_is_the_end_of_it() {
    let mut story = begun(&rings());
    story.ring(1);
    story.ring(2);
    let (run, _) = story.situation();
    assert_eq!(
        types(&story.fail(run)),
        ["action.failed", "action.requested"]
    );
    let (run, situation) = story.situation();
    assert_eq!(situation.cause.unwrap().data.get(), r#"{"number":2}"#);
    let last = situation.memory.last().unwrap();
    assert_eq!(last.data.get(), r#"{"reason":"the model is down"}"#);
    story.send("guest", Command::CancelRun { run }).unwrap();
    assert!(story.open().is_empty() && !story.mind("ada").awake);
    // So is what it requested, and it gets the result.
    story.ring(3);
    let (run, _) = story.situation();
    story
        .done(run, uses(&[("bell", "lift", json!({}))]))
        .unwrap();
    story.fail(story.open()[0]);
    let (_, situation) = story.situation();
    let last = situation.memory.last().unwrap();
    let expected = r#"{"reason":"the model is down","used":"lift"}"#;
    let (found, expected): (Value, Value) = (
        serde_json::from_str(last.data.get()).unwrap(),
        serde_json::from_str(expected).unwrap(),
    );
    assert_eq!(found, expected);
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn a_paused_agent_goes_on_where_it_was() {
    let set = |story: &mut Story, paused: bool| {
        let mut mind = rings();
        mind["paused"] = json!(paused);
        let change = contract::command::EntityUpdate {
            kind: None,
            entity: id("ada"),
            agent: minded("ada", &mind).agent,
            name: None,
            description: None,
            abilities: None,
            metadata: None,
        };
        story.send("guest", Command::UpdateEntity(change)).unwrap()
    };
    let mut story = begun(&rings());
    set(&mut story, true);
    story.ring(1);
    story.ring(2);
    assert!(story.open().is_empty() && story.mind("ada").awake);
    assert_eq!(
        types(&set(&mut story, false)),
        ["entity.updated", "action.requested"]
    );
    assert_eq!(story.mind("ada").causes.len(), 2);
    // Without a mind there is nothing left of it.
    let change = contract::command::EntityUpdate {
        kind: None,
        entity: id("ada"),
        agent: Some(AgentConfig::default()),
        name: None,
        description: None,
        abilities: None,
        metadata: None,
    };
    story.send("guest", Command::UpdateEntity(change)).unwrap();
    let refused: Rejection = mind_view(&story.world, &id("ada")).unwrap_err();
    assert_eq!(refused.code, RejectionCode::UnknownEntity);
    story.decide_to_sleep(story.open()[0]);
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn what_a_mind_is_configured_with_is_checked() {
    let text = "x".repeat(5000);
    for (mind, field) in [
        (json!({"goals": [text]}), "goals[0]"),
        (
            json!({"wakes_on": [{"type": "message.posted"}]}),
            "wakes_on[0].type",
        ),
        (json!({"memory": {"events": 0}}), "memory.events"),
        (json!({"memory": {"paragraphs": 21}}), "memory.paragraphs"),
        (json!({"chains": [["bell:lift"]]}), "chains[0]"),
        (
            json!({"reflections": [{"before": "bell:lift", "argument": "", "prompt": ""}]}),
            "reflections[0].argument",
        ),
        (json!({"steps_max": 0}), "steps_max"),
    ] {
        let mut story = Story::begin(&[]);
        let create = Command::CreateEntity(minded("ada", &mind));
        let refused = story.send("guest", create).unwrap_err();
        assert_eq!(refused.field, Some(format!("agent.mind.{field}")), "{mind}");
    }
    let line = |bytes: usize| "x".repeat(bytes);
    for (plan, field) in [
        (vec![line(5000)], ".plan[0]"),
        (vec![line(4000); 9], ".plan"),
    ] {
        let mut story = begun(&rings());
        story.ring(1);
        let thought = MindUpdate {
            plan: Some(plan),
            ..MindUpdate::default()
        };
        let completed = RunResult {
            thought: Some(thought),
            ..RunResult::default()
        };
        let refused = story.done(story.open()[0], completed).unwrap_err();
        let field = format!("outcome.completed.thought{field}");
        assert_eq!(refused.field, Some(field));
    }
}
