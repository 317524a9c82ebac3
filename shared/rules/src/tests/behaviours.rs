//! Behaviours that run: stories of machines.
#![expect(
    clippy::needless_pass_by_value,
    reason = "a test passes JSON where it stands"
)]

mod bad_uses;
mod built_ins;
mod calls;
mod catalogue;
mod contexts;
mod copies;
mod declarations;
mod doors;
mod machines;
mod outcomes;
mod presence;
mod properties;
mod quota;
mod requests;
mod roles;
mod used_runs;

use contract::behaviour::{BehaviourView, CustomAction, Definition};
use contract::interaction::NewInteraction;
use contract::run::RunResult;
use contract::stream::{AppendSamples, PutStream};
use contract::view::{GetBehaviour, GetView};
use contract::{
    Command, Entity, EntityKind, Event, InteractionId, RunId, RunOutcome, StreamType, WorldSpec,
};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::{Story, entity, types};
use crate::{World, view};

/// A world in which each of these agents has its role and its behaviour, and `guest`.
fn story(agents: &[(&str, &str, Value)]) -> Story {
    story_with(agents, Vec::new())
}

/// The same, with custom actions.
fn story_with(agents: &[(&str, &str, Value)], actions: Vec<CustomAction>) -> Story {
    let mut story = Story {
        principal: None,
        world: World::new("w".parse().unwrap()),
        log: Vec::new(),
        now: contract::Timestamp::from_unix_ms(1_000_000),
    };
    let mut spec = WorldSpec {
        actions,
        ..WorldSpec::default()
    };
    spec.entities.push(entity("guest", EntityKind::User));
    for (id, role, behaviour) in agents {
        spec.entities.push(Entity {
            role: Some(role.parse().unwrap()),
            master: *role == "teacher",
            ..entity(id, EntityKind::Agent)
        });
        spec.roles.entry(role.parse().unwrap()).or_default();
        if !behaviour.is_null() {
            let definition = Definition::from_json(&behaviour.to_string()).unwrap();
            spec.behaviours.insert(id.parse().unwrap(), definition);
        }
    }
    story.send("world", Command::CreateWorld(spec)).unwrap();
    story
}

impl Story {
    fn behaviour(&self, entity: &str) -> BehaviourView {
        let entity = entity.parse().unwrap();
        let view = view(&self.world, &GetBehaviour { entity }.into_request());
        serde_json::from_value(serde_json::to_value(view).unwrap()).unwrap()
    }

    fn state(&self, entity: &str) -> String {
        self.behaviour(entity).state
    }

    fn asks(&mut self, from: &str, new: Value) -> InteractionId {
        let new: NewInteraction = serde_json::from_value(new).unwrap();
        let events = self.send(from, Command::RequestInteraction(new)).unwrap();
        let requested = events
            .iter()
            .find(|event| event.event_type.as_str() == "interaction.requested");
        requested.unwrap().id.interaction()
    }

    /// The next run completes with these samples.
    fn next_writes(&mut self, samples: &[Value]) -> Vec<Event> {
        let run = self.open()[0];
        self.completes(run, &json!(null), samples)
    }

    fn completes(&mut self, run: RunId, output: &Value, samples: &[Value]) -> Vec<Event> {
        let result = RunResult {
            output: (!output.is_null()).then(|| to_raw_value(output).unwrap()),
            samples: samples
                .iter()
                .map(|sample| to_raw_value(sample).unwrap())
                .collect(),
            ..RunResult::default()
        };
        let outcome = RunOutcome::Completed(result);
        self.send("world", Command::Complete { run, outcome })
            .unwrap()
    }

    /// Time passes, and the world does what is due.
    fn wakes_after(&mut self, seconds: f64) -> Vec<Event> {
        self.now = self.now + std::time::Duration::from_secs_f64(seconds);
        let mut all = Vec::new();
        for _ in 0..20 {
            let due = self.world.next_due();
            if due.is_none_or(|due| due > self.now) {
                break;
            }
            all.extend(self.send("world", Command::FireDue).unwrap());
        }
        all
    }
}

fn all_types(story: &Story) -> Vec<String> {
    let events = story.log.iter().flat_map(|commit| &commit.events);
    events.map(|event| event.event_type.to_string()).collect()
}

fn declare(story: &mut Story, stream: &str) {
    let stream: contract::StreamRef = stream.parse().unwrap();
    let put = Command::PutStream(PutStream {
        stream,
        stream_type: StreamType::Json,
        public: true,
        range: None,
    });
    story.send("world", put).unwrap();
}

fn append(story: &mut Story, stream: &str, samples: &[Value]) {
    let append = Command::AppendSamples(AppendSamples {
        stream: stream.parse().unwrap(),
        samples: samples
            .iter()
            .map(|sample| to_raw_value(sample).unwrap())
            .collect(),
        tags: None,
        interaction: None,
    });
    story.send("world", append).unwrap();
}
