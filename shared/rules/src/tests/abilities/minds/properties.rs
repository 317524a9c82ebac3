//! What must hold for all that agents receive and do.

use contract::Command;
use contract::mind::MindUpdate;
use contract::run::RunResult;
use proptest::prelude::*;
use serde_json::json;

use super::super::super::{Story, context, hash};
use super::super::{ability, draft, id, object};
use super::{minded, uses};

#[derive(Debug, Clone)]
enum Step {
    Ring(Option<&'static str>),
    Break,
    Sleep(usize),
    Use(usize, &'static str, bool),
    Finish(usize),
    Fail(usize),
    Forget,
}

fn any_step() -> impl Strategy<Value = Step> {
    let target = prop_oneof![Just(None), Just(Some("ada")), Just(Some("bob"))];
    let which = 0_usize..4;
    prop_oneof![
        4 => target.prop_map(Step::Ring),
        1 => Just(Step::Break),
        3 => which.clone().prop_map(Step::Sleep),
        3 => (which.clone(), prop_oneof![Just("lift"), Just("polish"), Just("none")], any::<bool>())
            .prop_map(|(run, ability, sleeps)| Step::Use(run, ability, sleeps)),
        2 => which.clone().prop_map(Step::Finish),
        1 => which.prop_map(Step::Fail),
        1 => Just(Step::Forget),
    ]
}

fn take(story: &mut Story, step: &Step) {
    let open = story.open();
    let run = |which: usize| open.get(which % open.len().max(1)).copied();
    match step {
        Step::Ring(target) => {
            let event = draft("bell.rings", *target, &json!({}));
            story.emit("guest", event).unwrap();
        }
        Step::Break => {
            let event = draft("bell.breaks", None, &json!({}));
            story.emit("guest", event).unwrap();
        }
        Step::Sleep(which) => {
            if let Some(run) = run(*which) {
                story.decide_to_sleep(run);
            }
        }
        Step::Use(which, ability, sleeps) => {
            if let Some(run) = run(*which) {
                let mut completed = uses(&[("bell", ability, json!({}))]);
                completed.thought = Some(MindUpdate {
                    sleeps: *sleeps,
                    ..MindUpdate::default()
                });
                // A run of an ability is nobody's to decide in: then the calls are not taken.
                let _ = story.done(run, completed);
            }
        }
        Step::Finish(which) => {
            if let Some(run) = run(*which) {
                story.done(run, RunResult::default()).unwrap();
            }
        }
        Step::Fail(which) => {
            if let Some(run) = run(*which) {
                story.fail(run);
            }
        }
        Step::Forget => {
            let forget = Command::ForgetMemory { agent: id("ada") };
            story.send("guest", forget).unwrap();
        }
    }
}

proptest! {
    #[test]
    fn an_agent_that_is_awake_is_at_work_and_the_log_gives_the_state_back(
        steps in prop::collection::vec(any_step(), 1..60),
    ) {
        let mut story = Story::begin(&[]);
        let mind = json!({
            "wakes_on": [{"type": "bell.rings"}], "sleeps_on": [{"type": "bell.breaks"}],
            "chains": [["bell:lift", "bell:polish"]], "steps_max": 6,
            "memory": {"events": 2, "paragraphs": 1},
        });
        story.add(minded("ada", &mind));
        story.add(minded("bob", &mind));
        let abilities = [ability("lift", "bell.lift"), ability("polish", "bell.polish")];
        story.add(object("bell", &abilities));
        for step in &steps {
            take(&mut story, step);
            prop_assert!(!story.world.minds.has_work());
            for run in story.open() {
                let situation = context(&story.world, run).unwrap().situation;
                prop_assert!(situation.is_none_or(|situation| situation.step < 6 * 60));
            }
            for agent in ["ada", "bob"] {
                let mind = story.mind(agent);
                // Nobody is woken and then left alone: a wake-up is never lost.
                prop_assert!(!mind.awake || mind.busy, "{agent} after {step:?}");
            }
        }
        prop_assert_eq!(hash(&story.replayed()), hash(&story.world));
        // And it ends, when nobody rings any more.
        let mut runs = 0;
        while let [run, ..] = story.open()[..] {
            story.done(run, uses(&[("bell", "lift", json!({}))])).or_else(|_| {
                story.done(run, RunResult::default())
            }).unwrap();
            runs += 1;
            // Each agent may take six decisions about each of 60 rings; each of them uses an ability.
            prop_assert!(runs <= 2 * 6 * 60 * 2, "it never ends");
        }
    }
}
