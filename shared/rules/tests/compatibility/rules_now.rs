//! The rules of this build.

use contract::view::ViewRequest;
use contract::{
    CommandRequest, Commit, EntityId, Event, Rejection, RunId, Seq, Timestamp, WorldId,
};
use manyworlds_rules::{self, World};
use serde::Serialize;
use serde_json::{Value, json};

use crate::session::{Rules, Views};

pub(crate) struct Now;

impl Rules for Now {
    type World = World;

    fn new_world(id: WorldId) -> World {
        World::new(id)
    }

    fn step(
        world: &mut World,
        request: &CommandRequest,
        now: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        manyworlds_rules::step(world, request, now)
    }

    fn wake_wanted(world: &World, now: Timestamp) -> Option<Timestamp> {
        world.wake_wanted(now)
    }

    fn store(world: &mut World, seq: Seq, commit: &Commit) {
        world.seal(commit);
        world.mark_durable(seq, commit);
    }

    fn replay(world: &mut World, seq: Seq, commit: &Commit) {
        manyworlds_rules::replay(world, seq, commit).unwrap();
    }

    fn to_snapshot(world: &World) -> String {
        serde_json::to_string(world).unwrap()
    }

    fn from_snapshot(snapshot: &str) -> World {
        serde_json::from_str(snapshot).unwrap()
    }

    fn views(world: &World, agents: &[EntityId], runs: &[RunId]) -> Views {
        let mut views = Views::new();
        views.insert(
            "whole".to_owned(),
            view(&manyworlds_rules::view(world, &ViewRequest::Whole)),
        );
        views.insert(
            "outline".to_owned(),
            view(&manyworlds_rules::view(world, &ViewRequest::Outline)),
        );
        for agent in agents {
            let offers = manyworlds_rules::available_abilities(world, agent)
                .map(|(offers, entities)| json!({"entities": entities, "offers": offers}));
            views.insert(format!("offers {agent}"), answer(offers));
            views.insert(
                format!("mind {agent}"),
                answer(manyworlds_rules::mind_view(world, agent)),
            );
        }
        for run in runs {
            views.insert(
                format!("context {run}"),
                answer(manyworlds_rules::context(world, *run)),
            );
        }
        views
    }
}

fn answer(result: Result<impl Serialize, Rejection>) -> Value {
    match result {
        Ok(answer) => json!({"answer": answer}),
        Err(rejection) => json!({"rejection": rejection}),
    }
}

fn view(view: &impl Serialize) -> Value {
    let text = serde_json::to_string(view).unwrap();
    serde_json::from_str(&text).unwrap()
}
