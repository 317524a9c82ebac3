//! Interactions with entities that have no behaviour.

mod ends;
mod learning;
mod properties;
mod refusals;

use contract::interaction::{InteractionEnded, NewInteraction};
use contract::run::RunResult;
use contract::view::{GetInteraction, GetView, InteractionView};
use contract::{
    AgentConfig, Brain, Command, Entity, EntityKind, Event, InteractionId, RunId, RunOutcome,
};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::{Story, entity, types};
use crate::view;

/// A world with two agents `w` and `v`, an agent `c` whose brain is a client, an object, and `guest`.
fn story() -> Story {
    let mut story = Story::begin(&["w", "v"]);
    let client = Entity {
        agent: Some(AgentConfig {
            brain: Brain::Client {},
            ..AgentConfig::default()
        }),
        ..entity("c", EntityKind::Agent)
    };
    for entity in [client, entity("box", EntityKind::Object)] {
        story.send("world", Command::CreateEntity(entity)).unwrap();
    }
    story
}

/// A request to process these samples.
fn process(targets: &[&str], samples: &[&str]) -> NewInteraction {
    NewInteraction {
        action: Some("process".parse().unwrap()),
        samples: Some(to_raw_value(samples).unwrap()),
        ..push(targets)
    }
}

/// A request without an action and without samples.
fn push(targets: &[&str]) -> NewInteraction {
    NewInteraction {
        action: None,
        targets: targets.iter().map(ToString::to_string).collect(),
        arguments: None,
        streams: Default::default(),
        samples: None,
        steps: None,
        deadline: None,
        from_state: None,
        to_state: None,
        volatile: false,
        callback: None,
        run: None,
    }
}

fn samples(values: &[&str]) -> Vec<Box<RawValue>> {
    values
        .iter()
        .map(|value| to_raw_value(value).unwrap())
        .collect()
}

impl Story {
    fn interact(&mut self, new: NewInteraction) -> (InteractionId, Vec<Event>) {
        let events = self
            .send("guest", Command::RequestInteraction(new))
            .unwrap();
        (events[0].id.interaction(), events)
    }

    fn writes(&mut self, run: RunId, values: &[&str]) -> Vec<Event> {
        let result = RunResult {
            samples: samples(values),
            ..RunResult::default()
        };
        let outcome = RunOutcome::Completed(result);
        self.send("world", Command::Complete { run, outcome })
            .unwrap()
    }

    pub(super) fn fails(&mut self, run: RunId, code: &str) -> Vec<Event> {
        let outcome = RunOutcome::Failed {
            code: code.to_owned(),
            reason: format!("it is {code}"),
        };
        self.send("world", Command::Complete { run, outcome })
            .unwrap()
    }

    fn interaction(&self, id: InteractionId) -> Option<InteractionView> {
        let view = view(&self.world, &GetInteraction { id }.into_request());
        serde_json::from_value(serde_json::to_value(view).unwrap()).unwrap()
    }
}

/// The ends among some events: the target, the status and the reason.
fn ends(events: &[Event]) -> Vec<(String, String, Option<String>)> {
    let ended = events
        .iter()
        .filter(|event| event.event_type.as_str() == "interaction.ended");
    let ended = ended.map(|event| {
        let ended: InteractionEnded = serde_json::from_str(event.data.get()).unwrap();
        let status = serde_json::to_value(ended.status).unwrap();
        let status = status.as_str().unwrap().to_owned();
        (ended.target.to_string(), status, ended.reason)
    });
    ended.collect()
}

fn end(target: &str, status: &str, reason: Option<&str>) -> (String, String, Option<String>) {
    (
        target.to_owned(),
        status.to_owned(),
        reason.map(ToOwned::to_owned),
    )
}

#[test]
fn an_agent_accepts_at_once_what_it_can_do() {
    let mut story = story();
    let (id, events) = story.interact(process(&["w"], &["hello"]));
    assert_eq!(
        types(&events),
        [
            "interaction.requested",
            "interaction.accepted",
            "action.requested"
        ]
    );
    let view = story.interaction(id).unwrap();
    assert_eq!(view.requester.as_str(), "guest");
    let status = serde_json::to_value(view.targets[0].status).unwrap();
    assert_eq!(status, "running");
    let [run] = story.open()[..] else {
        panic!("one run")
    };
    let context = crate::context(&story.world, run).unwrap();
    let interaction = context.interaction.unwrap();
    assert_eq!(interaction.samples[0].get(), "\"hello\"");
    assert_eq!((interaction.step.first, interaction.step.count), (0, 1));
    let events = story.writes(run, &["echo hello"]);
    assert_eq!(
        types(&events),
        [
            "stream.declared",
            "stream.appended",
            "action.completed",
            "interaction.ended"
        ]
    );
    let ended: Value = serde_json::from_str(events[3].data.get()).unwrap();
    assert_eq!(ended["status"], "completed");
    assert_eq!(ended["output"][0]["stream"], "w:processor");
    assert_eq!(ended["output"][0]["value"], "echo hello");
    assert!(story.interaction(id).is_none());
    story.replays();
}

#[test]
fn each_target_ends_by_itself() {
    let mut story = story();
    let (id, events) = story.interact(process(&["w", "box", "v", "w"], &["hello"]));
    assert_eq!(
        ends(&events),
        [end("box", "rejected", Some("unknown_action"))]
    );
    let runs = story.open();
    assert_eq!(runs.len(), 2);
    assert_eq!(ends(&story.fails(runs[0], "model_timeout")).len(), 1);
    let view = story.interaction(id).unwrap();
    let open = view
        .targets
        .iter()
        .filter(|target| target.ended_at.is_none());
    assert_eq!(open.count(), 1);
    let events = story.writes(runs[1], &["hello"]);
    assert_eq!(ends(&events).len(), 1);
    assert!(story.interaction(id).is_none());
    story.replays();
}

#[test]
fn several_samples_are_one_run_and_what_is_left_is_the_next() {
    let mut story = story();
    let (_, events) = story.interact(process(&["w"], &["a", "b", "c"]));
    assert_eq!(types(&events).len(), 3);
    let [run] = story.open()[..] else {
        panic!("one run")
    };
    let events = story.writes(run, &["A", "B"]);
    assert_eq!(
        types(&events),
        [
            "stream.declared",
            "stream.appended",
            "action.completed",
            "interaction.progressed",
            "action.requested"
        ]
    );
    let [run] = story.open()[..] else {
        panic!("one run")
    };
    let context = crate::context(&story.world, run).unwrap();
    assert_eq!(context.interaction.unwrap().samples[0].get(), "\"c\"");
    let events = story.writes(run, &["C"]);
    assert_eq!(ends(&events), [end("w", "completed", None)]);
    let ended: Value = serde_json::from_str(events.last().unwrap().data.get()).unwrap();
    assert_eq!(
        ended["output"][0],
        serde_json::json!({"stream": "w:processor", "first": 0, "last": 2, "value": "C"})
    );
    story.replays();
}

#[test]
fn samples_without_an_action_are_stored_and_start_nothing() {
    let mut story = story();
    let new = NewInteraction {
        samples: Some(to_raw_value(&["one", "two"]).unwrap()),
        ..push(&["w", "box"])
    };
    let (_, events) = story.interact(new);
    assert_eq!(
        ends(&events),
        [end("box", "completed", None), end("w", "completed", None)]
    );
    assert!(story.open().is_empty());
    story.replays();
}

#[test]
fn a_client_reports_its_own_results() {
    let mut story = story();
    let (id, events) = story.interact(process(&["c"], &["hello"]));
    assert_eq!(
        types(&events),
        ["interaction.requested", "interaction.accepted"]
    );
    let report = |ok| Command::CompleteInteraction {
        interaction: id,
        ok,
        samples: samples(&["yes"]),
        detail: None,
    };
    let refused = story.send("w", report(true)).unwrap_err();
    assert_eq!(refused.field.as_deref(), Some("target"));
    let events = story.send("c", report(true)).unwrap();
    assert_eq!(ends(&events), [end("c", "completed", None)]);
    let refused = story.send("c", report(true)).unwrap_err();
    assert_eq!(refused.field.as_deref(), Some("interaction"));
    story.replays();
}
