//! Requests to learn.

use contract::command::EntityUpdate;
use contract::processor::{Markov, Processor};

use super::*;

const FIRST: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const SECOND: &str = "2222222222222222222222222222222222222222222222222222222222222222";

/// A world with a student that learns, beside those of the others.
pub(super) fn school() -> Story {
    let mut story = story();
    story
        .send("world", Command::CreateEntity(student()))
        .unwrap();
    story
}

pub(super) fn student() -> Entity {
    Entity {
        agent: Some(AgentConfig {
            processor: Some(Box::new(Processor::Markov(Markov { order: 2 }))),
            ..AgentConfig::default()
        }),
        ..entity("student", EntityKind::Agent)
    }
}

fn learn(targets: &[&str], samples: &[&str]) -> NewInteraction {
    NewInteraction {
        action: Some("learn".parse().unwrap()),
        ..process(targets, samples)
    }
}

impl Story {
    fn learns(&mut self, run: RunId, values: &[&str], weights: &str) -> Vec<Event> {
        let result = RunResult {
            samples: samples(values),
            weights: Some(weights.to_owned()),
            loss: Some(0.5),
            ..RunResult::default()
        };
        let outcome = RunOutcome::Completed(result);
        self.send("world", Command::Complete { run, outcome })
            .unwrap()
    }

    /// The weights that the worker of the only open run gets.
    fn weights(&self) -> Option<String> {
        let [run] = self.open()[..] else {
            panic!("one run")
        };
        let context = crate::context(&self.world, run).unwrap();
        context.interaction.unwrap().weights
    }

    fn only_run(&self) -> RunId {
        let [run] = self.open()[..] else {
            panic!("one run: {:?}", self.open())
        };
        run
    }
}

#[test]
fn what_is_learned_is_an_event_and_the_next_run_goes_on_from_it() {
    let mut story = school();
    story.interact(learn(&["student"], &["a", "b", "c"]));
    assert_eq!(story.weights(), None);
    let events = story.learns(story.only_run(), &["x", "y"], FIRST);
    assert_eq!(
        types(&events),
        [
            "stream.declared",
            "stream.appended",
            "processor.learned",
            "action.completed",
            "interaction.progressed",
            "action.requested"
        ]
    );
    let learned: Value = serde_json::from_str(events[2].data.get()).unwrap();
    assert_eq!(
        (&learned["weights"], &learned["steps"]),
        (&FIRST.into(), &2.into())
    );
    assert_eq!(
        (&learned["entity"], &learned["loss"]),
        (&"student".into(), &0.5.into())
    );
    let context = crate::context(&story.world, story.only_run()).unwrap();
    let interaction = context.interaction.unwrap();
    let texts = |samples: &[Box<RawValue>]| {
        samples
            .iter()
            .map(|sample| sample.get().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(&interaction.preceding), ["\"a\"", "\"b\""]);
    assert_eq!(texts(&interaction.samples), ["\"c\""]);
    assert_eq!(interaction.weights.as_deref(), Some(FIRST));
    let events = story.learns(story.only_run(), &["z"], SECOND);
    assert_eq!(ends(&events), [end("student", "completed", None)]);
    // A run that only processes reads the newest version, and needs no turn.
    story.interact(process(&["student"], &["a"]));
    assert_eq!(story.weights().as_deref(), Some(SECOND));
    story.replays();
}

/// Users' own processors run under a name of their own, and are processors in all else.
#[test]
fn a_processor_of_users_learns_like_any_other() {
    let mut story = story();
    let function = |learns: bool| {
        let processor = serde_json::json!({"function": {
            "action": "my_model", "learns": learns, "lookback": 1, "options": {"size": 3}}});
        Entity {
            agent: Some(AgentConfig {
                processor: Some(serde_json::from_value(processor).unwrap()),
                ..AgentConfig::default()
            }),
            ..entity("student", EntityKind::Agent)
        }
    };
    let create = Command::CreateEntity(function(true));
    story.send("world", create).unwrap();
    story.interact(learn(&["student"], &["a", "b", "c"]));
    let run = story.only_run();
    assert_eq!(
        story.world.runs.get(run).unwrap().action.as_str(),
        "my_model"
    );
    let context = crate::context(&story.world, run).unwrap();
    assert!(context.interaction.unwrap().learn);
    story.interact(learn(&["student"], &["d"]));
    assert_eq!(story.open(), [run], "one run that learns at a time");
    story.learns(run, &["x", "y"], FIRST);
    let context = crate::context(&story.world, story.open()[0]).unwrap();
    assert_eq!(context.interaction.unwrap().weights.as_deref(), Some(FIRST));
    let rest = story.open()[0];
    story.learns(rest, &["z"], SECOND);
    let last = story.only_run();
    let (code, reason) = ("broken".to_owned(), "broken".to_owned());
    let outcome = RunOutcome::Failed { code, reason };
    story
        .send("world", Command::Complete { run: last, outcome })
        .unwrap();
    story.interact(process(&["student"], &["a"]));
    let context = crate::context(&story.world, story.only_run()).unwrap();
    let interaction = context.interaction.unwrap();
    assert!(!interaction.learn);
    assert_eq!(interaction.weights.as_deref(), Some(SECOND));
    let run = story.only_run();
    let events = story.writes(run, &["q"]);
    assert_eq!(ends(&events), [end("student", "completed", None)]);
    story.replays();
}

#[test]
fn a_processor_of_users_is_checked() {
    let mut story = story();
    for (function, field) in [
        (
            serde_json::json!({"action": "respond"}),
            "agent.processor.function.action",
        ),
        (
            serde_json::json!({"action": "a", "lookback": 65}),
            "agent.processor.function.lookback",
        ),
    ] {
        let processor = serde_json::json!({"function": function});
        let agent = Entity {
            agent: Some(AgentConfig {
                processor: Some(serde_json::from_value(processor).unwrap()),
                ..AgentConfig::default()
            }),
            ..entity("student", EntityKind::Agent)
        };
        let refused = story
            .send("world", Command::CreateEntity(agent))
            .unwrap_err();
        assert_eq!(refused.field.as_deref(), Some(field));
    }
    let unknown = serde_json::json!({"my_model": {}});
    assert!(serde_json::from_value::<Processor>(unknown).is_err());
}

#[test]
fn only_a_processor_that_learns_may_be_taught() {
    let mut story = school();
    let (_, events) = story.interact(learn(&["w", "c", "box", "student"], &["a"]));
    let rejected = |target| end(target, "rejected", Some("unknown_action"));
    assert_eq!(ends(&events), ["box", "c", "w"].map(rejected));
    story.replays();
}

#[test]
fn runs_of_one_entity_that_learn_do_not_overlap() {
    let mut story = school();
    let (first, _) = story.interact(learn(&["student"], &["a"]));
    let (second, events) = story.interact(learn(&["student"], &["b"]));
    assert_eq!(types(&events), ["interaction.requested"]);
    let (third, _) = story.interact(learn(&["student"], &["c"]));
    let run = story.only_run();
    let events = story.learns(run, &["x"], FIRST);
    assert!(
        types(&events).contains(&"action.requested"),
        "{:?}",
        types(&events)
    );
    assert!(story.interaction(first).is_none());
    assert_eq!(story.weights().as_deref(), Some(FIRST));
    // One that is cancelled or fails lets the next go on, from the weights before it.
    story
        .send(
            "guest",
            Command::CancelInteraction {
                interaction: second,
            },
        )
        .unwrap();
    assert_eq!(story.weights().as_deref(), Some(FIRST));
    story.fails(story.only_run(), "invalid_sample");
    assert!(story.interaction(third).is_none());
    assert!(story.open().is_empty());
    story.interact(learn(&["student"], &["d"]));
    assert_eq!(story.weights().as_deref(), Some(FIRST));
    story.replays();
}

#[test]
fn several_that_become_ready_at_once_learn_one_after_the_other() {
    let mut story = school();
    let stream = || "guest:data".parse().unwrap();
    let put = contract::stream::PutStream {
        stream: stream(),
        stream_type: contract::StreamType::Json,
        public: true,
        range: None,
    };
    story.send("guest", Command::PutStream(put)).unwrap();
    let new = || {
        let mut new = learn(&["student"], &[]);
        new.samples = None;
        new.streams.stdin = vec!["guest:data".to_owned()];
        new
    };
    let requested: Vec<_> = (0..3).map(|_| story.interact(new()).0).collect();
    assert!(story.open().is_empty());
    let append = contract::stream::AppendSamples {
        stream: stream(),
        samples: samples(&["a"]),
        tags: None,
        interaction: None,
    };
    story.send("guest", Command::AppendSamples(append)).unwrap();
    for weights in [FIRST, SECOND, FIRST] {
        let events = story.learns(story.only_run(), &["x"], weights);
        assert_eq!(ends(&events), [end("student", "completed", None)]);
    }
    assert!(requested.iter().all(|id| story.interaction(*id).is_none()));
    assert!(story.open().is_empty());
    story.replays();
}

#[test]
fn weights_and_losses_have_a_form() {
    let mut story = school();
    let first = || Some(FIRST.to_owned());
    for (weights, loss, expected) in [
        (Some("new".to_owned()), None, "failed"),
        (first(), Some(f64::NAN), "failed"),
        (first(), None, "completed"),
        // What it learns may be kept elsewhere.
        (None, Some(0.5), "completed"),
    ] {
        story.interact(learn(&["student"], &["a"]));
        let outcome = RunOutcome::Completed(RunResult {
            samples: samples(&["x"]),
            weights: weights.clone(),
            loss,
            ..RunResult::default()
        });
        let run = story.only_run();
        let events = story
            .send("world", Command::Complete { run, outcome })
            .unwrap();
        let is_failed = expected == "failed";
        let reason = is_failed.then_some("invalid_result");
        assert_eq!(ends(&events), [end("student", expected, reason)]);
        let learned = types(&events).contains(&"processor.learned");
        assert_eq!(learned, weights.is_some() && !is_failed);
    }
    story.replays();
}

#[test]
fn what_a_removed_entity_has_learned_is_forgotten() {
    let mut story = school();
    story.interact(learn(&["student"], &["a"]));
    story.learns(story.only_run(), &["x"], FIRST);
    story.interact(learn(&["student"], &["b"]));
    let entity = "student".parse().unwrap();
    let student = story.world.entities.get(&entity).unwrap().clone();
    story
        .send("world", Command::RemoveEntity { entity })
        .unwrap();
    assert!(story.open().is_empty());
    story.send("world", Command::CreateEntity(student)).unwrap();
    story.interact(learn(&["student"], &["c"]));
    assert_eq!(story.weights(), None);
    story.replays();
}

#[test]
fn a_student_that_stops_to_learn_rejects_what_is_requested_meanwhile() {
    let mut story = school();
    story.interact(learn(&["student"], &["a"]));
    let change = EntityUpdate {
        kind: None,
        entity: "student".parse().unwrap(),
        name: None,
        agent: Some(AgentConfig::default()),
        description: None,
        abilities: None,
        metadata: None,
    };
    story.send("world", Command::UpdateEntity(change)).unwrap();
    let (_, events) = story.interact(learn(&["student"], &["b"]));
    assert_eq!(
        ends(&events),
        [end("student", "rejected", Some("unknown_action"))]
    );
    assert!(!story.world.interactions.has_work());
    story.replays();
}
