//! The rules as they were before they were cut into layers.

use crate::old::{self as rules, World};
use contract::command::View;
use contract::{
    CommandRequest, Commit, EntityId, Event, Rejection, RunId, Seq, Timestamp, WorldId,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::session::{Rules, Views};

pub(crate) struct Then;

impl Rules for Then {
    type World = World;

    fn new_world(id: WorldId) -> World {
        World::new(id)
    }

    fn step(
        world: &mut World,
        request: &CommandRequest,
        now: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        rules::step(world, request, now)
    }

    fn wake_wanted(world: &World, now: Timestamp) -> Option<Timestamp> {
        world.wake_wanted(now)
    }

    fn store(world: &mut World, seq: Seq, commit: &Commit) {
        world.close(commit);
        world.stored(seq, commit);
    }

    fn replay(world: &mut World, seq: Seq, commit: &Commit) {
        rules::replay(world, seq, commit).unwrap();
    }

    fn to_snapshot(world: &World) -> String {
        serde_json::to_string(world).unwrap()
    }

    fn from_snapshot(snapshot: &str) -> World {
        serde_json::from_str(snapshot).unwrap()
    }

    fn views(world: &World, agents: &[EntityId], runs: &[RunId]) -> Views {
        let state = |view| serde_json::from_str(world.view(view).unwrap().get()).unwrap();
        let mut views = Views::new();
        views.insert("whole".to_owned(), state(View::Whole));
        views.insert("outline".to_owned(), state(View::Outline));
        for agent in agents {
            let offers = rules::offers(world, agent)
                .map(|(offers, entities)| json!({"entities": entities, "offers": offers}));
            views.insert(format!("offers {agent}"), answer(offers));
            views.insert(format!("mind {agent}"), answer(rules::mind(world, agent)));
        }
        for run in runs {
            views.insert(
                format!("context {run}"),
                answer(rules::context(world, *run)),
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
