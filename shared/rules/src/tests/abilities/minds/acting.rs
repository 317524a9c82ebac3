//! What agents do that are awake.

use contract::Command;
use contract::ability::{Ability, Executor};
use contract::command::WorldUpdate;
use contract::mind::MindUpdate;
use contract::run::RunResult;
use serde_json::json;

use super::super::super::{Story, context, hash, types};
use super::super::{ability, draft, id, raw};
use super::{begun, minded, rings, uses};

#[test]
fn an_agent_that_may_only_read_asks_nobody_to_act() {
    for (permission, may_act) in [("read", false), ("ask", true), ("perhaps", false)] {
        let mut story = begun(&rings());
        let change = WorldUpdate {
            variables: Some(format!("tool_permission={permission}")),
            ..WorldUpdate::default()
        };
        story.send("world", Command::UpdateWorld(change)).unwrap();
        story.ring(1);
        let lift = uses(&[("bell", "lift", json!({}))]);
        let events = story.done(story.open()[0], lift).unwrap();
        let acted = types(&events).contains(&"bell.lift");
        assert_eq!(acted, may_act, "{permission}");
    }
}

#[test]
fn an_agent_uses_what_it_perceives_until_it_sleeps() {
    let mut story = begun(&rings());
    assert_eq!(types(&story.ring(1)), ["bell.rings", "action.requested"]);
    let (run, situation) = story.situation();
    assert_eq!(situation.cause.unwrap().data.get(), r#"{"number":1}"#);
    assert_eq!((situation.step, situation.memory.len()), (0, 1));
    let run_context = context(&story.world, run).unwrap();
    assert_eq!(run_context.offers.len(), 2);
    let mut completed = uses(&[("bell", "lift", json!({"high": true}))]);
    completed.thought = Some(MindUpdate {
        plan: Some(vec!["lift it".into(), "polish it".into()]),
        thoughts: [("mood".to_owned(), "good".to_owned())].into(),
        ..MindUpdate::default()
    });
    let events = story.done(run, completed).unwrap();
    assert_eq!(
        types(&events),
        [
            "bell.lift",
            "action.requested",
            "agent.thought",
            "action.completed"
        ]
    );
    assert_eq!(events[0].sender, id("ada"));
    assert_eq!(events[0].target, Some("bell".parse().unwrap()));
    // It waits for what it asked for.
    assert_eq!(story.runs(), ["bell lift"]);
    assert!(story.mind("ada").busy);
    let completed = RunResult {
        events: vec![draft("bell.lifted", Some("ada"), &json!({"by": 2}))],
        output: Some(raw(&json!({"high": 2}))),
        ..RunResult::default()
    };
    let events = story.done(story.open()[0], completed).unwrap();
    assert_eq!(
        types(&events),
        ["bell.lifted", "action.completed", "action.requested"]
    );
    let (run, situation) = story.situation();
    assert_eq!(situation.step, 1);
    assert_eq!(situation.plan, ["lift it", "polish it"]);
    assert_eq!(situation.thoughts["mood"], "good");
    let remembered: Vec<(&str, &str)> = situation
        .memory
        .iter()
        .map(|event| (event.event_type.as_str(), event.data.get()))
        .collect();
    assert_eq!(
        remembered,
        [
            ("bell.rings", r#"{"number":1}"#),
            ("bell.lift", r#"{"high":true}"#),
            ("bell.lifted", r#"{"by":2}"#),
            ("action.completed", r#"{"high":2}"#),
        ]
    );
    assert_eq!(
        types(&story.decide_to_sleep(run)),
        ["agent.thought", "action.completed"]
    );
    let mind = story.mind("ada");
    assert!(!mind.awake && !mind.busy && mind.plan.is_empty());
    assert_eq!(mind.thoughts["mood"], "good");
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn what_follows_in_a_chain_comes_next() {
    let mut mind = rings();
    mind["chains"] = json!([["bell:lift", "bell:polish"]]);
    let mut story = begun(&mind);
    story.ring(1);
    let (run, situation) = story.situation();
    assert_eq!(situation.next, None);
    let both = [
        ("bell", "lift", json!({})),
        ("bell", "polish", json!({"n": 1})),
    ];
    let events = story.done(run, uses(&both)).unwrap();
    // The first of a chain goes alone.
    assert_eq!(
        types(&events),
        ["bell.lift", "action.requested", "action.completed"]
    );
    story.done(story.open()[0], RunResult::default()).unwrap();
    let (run, situation) = story.situation();
    assert_eq!(situation.next, Some("bell:polish".parse().unwrap()));
    let last = situation.memory.last().unwrap();
    assert!(last.data.get().contains("goes alone"), "{last:?}");
    story.done(run, uses(&both[..1])).unwrap();
    let (run, situation) = story.situation();
    let last = situation.memory.last().unwrap();
    assert!(last.data.get().contains("bell:polish comes first"));
    story.done(run, uses(&both[1..])).unwrap();
    assert_eq!(story.runs(), ["bell polish"]);
    assert!(story.mind("ada").chain.is_empty());
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn a_chain_whose_next_ability_is_gone_is_broken() {
    let mut mind = rings();
    mind["chains"] = json!([["bell:lift", "bell:polish"]]);
    let mut story = begun(&mind);
    story.ring(1);
    let (run, _) = story.situation();
    story
        .done(run, uses(&[("bell", "lift", json!({}))]))
        .unwrap();
    story
        .send("guest", Command::RemoveEntity { entity: id("bell") })
        .unwrap();
    let (run, situation) = story.situation();
    assert_eq!(situation.next, None);
    story.decide_to_sleep(run);
    assert!(story.mind("ada").chain.is_empty());
}

#[test]
fn what_an_agent_can_not_use_is_refused_and_remembered() {
    let table = [
        (("bell", "ring", json!({})), "there is no ability"),
        (("door", "lift", json!({})), "there is no ability"),
    ];
    for (call, reason) in table {
        let mut story = begun(&rings());
        story.ring(1);
        let (run, _) = story.situation();
        let events = story.done(run, uses(&[call])).unwrap();
        assert_eq!(types(&events), ["action.completed", "action.requested"]);
        let (_, situation) = story.situation();
        let last = situation.memory.last().unwrap();
        assert!(last.data.get().contains(reason), "{last:?}");
    }
}

#[test]
fn what_an_agent_says_by_itself_is_for_everyone() {
    let mut story = Story::begin(&[]);
    let says = |name: &str| Ability {
        run: Executor::Client {},
        ..ability("say", &format!("{name}.says"))
    };
    let mut ada = minded("ada", &rings());
    ada.abilities = vec![says("ada")];
    story.add(ada);
    story.ring(1);
    let (run, _) = story.situation();
    let hello = ("ada", "say", json!({"message": "hello"}));
    let events = story.done(run, uses(&[hello])).unwrap();
    assert_eq!(
        types(&events),
        ["ada.says", "action.completed", "action.requested"]
    );
    assert_eq!((&events[0].sender, &events[0].target), (&id("ada"), &None));
}

#[test]
fn nobody_sleeps_in_the_middle_of_a_chain() {
    let mut mind = rings();
    mind["chains"] = json!([["bell:lift", "bell:polish"]]);
    let mut story = begun(&mind);
    let then_sleeps = |mut completed: RunResult| {
        completed.thought = Some(MindUpdate {
            sleeps: true,
            ..MindUpdate::default()
        });
        completed
    };
    story.ring(1);
    let lift = then_sleeps(uses(&[("bell", "lift", json!({}))]));
    story.done(story.open()[0], lift).unwrap();
    story.done(story.open()[0], RunResult::default()).unwrap();
    for _ in 0..2 {
        let (run, situation) = story.situation();
        assert_eq!(situation.next, Some("bell:polish".parse().unwrap()));
        story.decide_to_sleep(run);
    }
    let polish = then_sleeps(uses(&[("bell", "polish", json!({}))]));
    story.done(story.open()[0], polish).unwrap();
    story.done(story.open()[0], RunResult::default()).unwrap();
    assert!(!story.mind("ada").awake);
}

#[test]
fn who_only_plans_goes_on() {
    let mut story = begun(&rings());
    story.ring(1);
    let thought = MindUpdate {
        plan: Some(vec!["lift it".into()]),
        ..MindUpdate::default()
    };
    let completed = RunResult {
        thought: Some(thought),
        ..RunResult::default()
    };
    story.done(story.open()[0], completed).unwrap();
    let (_, situation) = story.situation();
    assert_eq!(
        (situation.step, &situation.plan[..]),
        (1, &["lift it".to_owned()][..])
    );
}

#[test]
fn one_use_that_can_not_be_is_not_the_end_of_the_others() {
    let mut story = begun(&rings());
    let strict = Ability {
        arguments: Some(json!({"type": "object", "required": ["kilos"]})),
        ..ability("weigh", "bell.lift")
    };
    // The event that asks for one ability asks for the other, which wants more of it.
    let abilities = [ability("rise", "bell.lift"), strict];
    story.add(super::super::object("gong", &abilities));
    story.ring(1);
    let both = uses(&[("bell", "lift", json!({})), ("gong", "rise", json!({}))]);
    let events = story.done(story.open()[0], both).unwrap();
    assert_eq!(
        types(&events),
        ["bell.lift", "action.requested", "action.completed"]
    );
    let memory = story.mind("ada").memory;
    let last = memory.last().unwrap().data.get();
    assert!(
        last.contains("gong_rise") && last.contains("kilos"),
        "{last}"
    );
}

#[test]
fn a_number_is_what_it_was_when_the_log_is_read_again() {
    let number: serde_json::Value = serde_json::from_str("0.96633354678301706").unwrap();
    let mind = json!({"wakes_on": [{"type": "bell.rings", "where": {"x": number}}]});
    let mut story = begun(&mind);
    let event = draft("bell.rings", None, &json!({"x": number}));
    story.emit("guest", event).unwrap();
    assert_eq!(story.runs(), ["ada act"]);
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}
