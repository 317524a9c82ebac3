//! Built-in actions that are runs, and those that are done for a request, as a custom action uses them while
//! the machine waits for it.

use contract::behaviour::{ActionResult, CustomAction};
use contract::interaction::{InteractionContext, TargetStatus};
use contract::view::{GetActionResult, GetView};
use contract::{Command, InteractionId, Rejection, RunId};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::super::Story;
use super::{append, declare, story_with};
use crate::view;

impl Story {
    fn uses_for(
        &mut self,
        entity: &str,
        action: &str,
        arguments: Value,
        interaction: Option<InteractionId>,
    ) -> Result<ActionResult, Rejection> {
        let command = Command::UseAction {
            action: action.parse().unwrap(),
            arguments: Some(to_raw_value(&arguments).unwrap()),
            interaction,
        };
        self.send(entity, command)?;
        Ok(self.last_result(entity))
    }

    fn last_result(&self, entity: &str) -> ActionResult {
        let entity: contract::EntityId = entity.parse().unwrap();
        let memory = self.world.behaviours.memory(&entity).unwrap();
        let command = memory.used.back().unwrap().command;
        let get = GetActionResult { entity, command };
        let view = view(&self.world, &get.into_request());
        serde_json::from_value(serde_json::to_value(view).unwrap()).unwrap()
    }

    /// The run of an interaction, and what its worker reads.
    fn run_of_request(&self, interaction: InteractionId) -> (RunId, Box<InteractionContext>) {
        let open = self.open().into_iter();
        let mut runs = open.map(|run| {
            let context = crate::context(&self.world, run).unwrap();
            (run, context.interaction.unwrap())
        });
        runs.find(|(_, context)| context.step.id == interaction)
            .unwrap()
    }

    /// The same of the action that an entity has used last.
    fn used_run(&self, entity: &str) -> (RunId, Box<InteractionContext>) {
        self.run_of_request(self.last_result(entity).interaction.unwrap())
    }
}

fn texts(samples: &[Box<serde_json::value::RawValue>]) -> Vec<&str> {
    samples.iter().map(|sample| sample.get()).collect()
}

/// An agent that does a custom action on request, or by itself.
fn worker(ready: bool) -> Value {
    json!({
        "initial": "a",
        "states": {
            "a": {"transitions": [{"action": "work", "ready": ready, "to": "b"}]},
            "b": {},
        },
    })
}

fn work() -> CustomAction {
    CustomAction {
        name: "work".parse().unwrap(),
        arguments: None,
        requestable: true,
    }
}

fn at_work() -> (Story, InteractionId) {
    let mut story = story_with(
        &[
            ("w", "worker", worker(false)),
            ("v", "teacher", json!(null)),
        ],
        vec![work()],
    );
    let id = story.asks(
        "v",
        json!({"action": "work", "targets": ["w"], "samples": ["a", "b"]}),
    );
    assert_eq!(story.open().len(), 1);
    (story, id)
}

#[test]
fn a_custom_action_processes_the_samples_of_its_request() {
    let (mut story, id) = at_work();
    let begun = story.uses_for("w", "process", json!({}), Some(id)).unwrap();
    assert!(begun.result && begun.output.is_empty());
    assert_eq!(begun.status, Some(TargetStatus::Running));
    let (process, read) = story.used_run("w");
    assert_eq!(texts(&read.samples), ["\"a\"", "\"b\""]);
    assert_eq!(story.behaviour("w").state, "a");
    let (custom, _) = story.run_of_request(id);
    story.completes(process, &json!(null), &[json!("A"), json!("B")]);
    let ended = story.last_result("w");
    assert!(ended.result);
    assert_eq!(ended.status, Some(TargetStatus::Completed));
    assert_eq!(ended.output[0].value, Some(json!("B")));
    // The machine still waits for its own action.
    assert_eq!(story.behaviour("w").state, "a");
    story.completes(custom, &json!(true), &[]);
    assert_eq!(story.behaviour("w").state, "b");
    story.replays();
}

#[test]
fn what_is_named_goes_before_the_samples_of_the_request() {
    let (mut story, id) = at_work();
    declare(&mut story, "v:raw");
    append(&mut story, "v:raw", &[json!(1), json!(2), json!(3)]);
    let named = json!({"streams": ["v:raw"], "num_steps": 2});
    story.uses_for("w", "process", named, Some(id)).unwrap();
    let (_, read) = story.used_run("w");
    assert!(read.samples.is_empty());
    assert_eq!((read.streams.stdin[0].from, read.steps), (1, 2));
    // No run of it goes on for longer than the request.
    let interaction = story.world.interactions.get(read.step.id).unwrap();
    let parent = story.world.interactions.get(id).unwrap();
    assert!(interaction.request.deadline <= parent.request.deadline);
    story.replays();
}

#[test]
fn a_run_that_fails_was_false() {
    let (mut story, id) = at_work();
    story.uses_for("w", "process", json!({}), Some(id)).unwrap();
    let (process, _) = story.used_run("w");
    story.fails(process, "broken");
    let ended = story.last_result("w");
    assert!(!ended.result);
    assert_eq!(ended.status, Some(TargetStatus::Failed));
    // Without anything to read it is false at once.
    let nothing = story.uses_for("v", "process", json!({}), None).unwrap();
    assert!(!nothing.result && nothing.interaction.is_none());
    let given = json!({"data_samples": ["x"]});
    let begun = story.uses_for("v", "process", given, None).unwrap();
    assert!(begun.result, "an entity needs no behaviour");
    let (last, _) = story.used_run("v");
    story.completes(last, &json!(null), &[json!("X")]);
    assert_eq!(story.last_result("v").status, Some(TargetStatus::Completed));
    story.replays();
}

#[test]
fn an_evaluation_is_there_when_its_run_has_ended() {
    let (mut story, _) = at_work();
    assert!(
        !story
            .uses_for(
                "w",
                "evaluate",
                json!({"stream_hash": "v:raw", "how": "mse"}),
                None
            )
            .unwrap()
            .result
    );
    declare(&mut story, "v:right");
    append(&mut story, "v:right", &[json!(1), json!(2)]);
    let requested = json!({"action": "process", "targets": ["v"], "samples": [1, 2]});
    let requested = story.asks("w", requested);
    let (process, _) = story.run_of_request(requested);
    story.completes(process, &json!(null), &[json!(1), json!(3)]);
    let arguments = json!({"stream_hash": "v:right", "how": "mse", "steps": 2,
                           "agents_to_evaluate": "v"});
    assert!(
        story
            .uses_for("w", "evaluate", arguments, None)
            .unwrap()
            .result
    );
    let (run, _) = story.used_run("w");
    story.completes(run, &json!({"evaluation": {"v": 0.5}}), &[]);
    let compare = json!({"cmp": "<=", "thres": 0.5});
    let compared = story.uses_for("w", "compare_eval", compare, None).unwrap();
    assert!(compared.result);
    assert_eq!(compared.valid_cmp, ["v".parse().unwrap()]);
    story.replays();
}

#[test]
fn an_engagement_concerns_who_requested_the_custom_action() {
    let (mut story, id) = at_work();
    let wrong = json!({"acceptable_role": "student"});
    assert!(
        !story
            .uses_for("w", "engage", wrong, Some(id))
            .unwrap()
            .result
    );
    let right = json!({"acceptable_role": "teacher"});
    let engaged = story.uses_for("w", "engage", right, Some(id)).unwrap();
    assert!(engaged.result);
    assert_eq!(engaged.engaged, ["v".parse().unwrap()]);
    assert!(
        story
            .uses_for("w", "show", json!({}), Some(id))
            .unwrap()
            .result
    );
    let let_go = story
        .uses_for("w", "disengage", json!({}), Some(id))
        .unwrap();
    assert!(let_go.result && let_go.engaged.is_empty());
    assert!(
        !story
            .uses_for("w", "disengage", json!({}), Some(id))
            .unwrap()
            .result
    );
    for (entity, interaction, field) in [
        ("w", None, "action"),
        ("v", Some(id), "interaction"),
        ("w", Some(InteractionId(uuid::Uuid::nil())), "interaction"),
    ] {
        let refused = story
            .uses_for(entity, "engage", json!({}), interaction)
            .unwrap_err();
        assert_eq!(refused.field.as_deref(), Some(field));
    }
    story.replays();
}

#[test]
fn an_action_of_its_own_accord_has_no_requester() {
    let mut story = story_with(&[("w", "worker", worker(true))], vec![work()]);
    let context = crate::context(&story.world, story.open()[0]).unwrap();
    let own = context.interaction.unwrap().step.id;
    let refused = story
        .uses_for("w", "engage", json!({}), Some(own))
        .unwrap_err();
    assert_eq!(refused.field.as_deref(), Some("action"));
    story.replays();
}
