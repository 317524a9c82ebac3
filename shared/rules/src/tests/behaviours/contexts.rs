//! The contexts of runs that do steps of interactions.

use std::collections::BTreeMap;

use contract::{Command, RunId};
use serde_json::{Value, json};

use super::super::Story;
use super::story;
use crate::{context, does_steps, keeps_step_contexts};

impl Story {
    /// Checks that what happens changes no context, unless an event of it may.
    pub(super) fn keeps_contexts(&mut self, happens: impl FnOnce(&mut Self)) {
        let before = self.step_contexts();
        let commits = self.log.len();
        happens(self);
        let mut events = self.log[commits..].iter().flat_map(|commit| &commit.events);
        if events.all(keeps_step_contexts) {
            for (run, now) in self.step_contexts() {
                assert_eq!(before.get(&run).unwrap_or(&now), &now);
            }
        }
    }

    fn step_contexts(&self) -> BTreeMap<RunId, Value> {
        let open = self.open().into_iter();
        open.filter(|run| does_steps(&self.world, *run))
            .map(|run| (run, json!(context(&self.world, run).unwrap())))
            .collect()
    }
}

#[test]
fn an_agent_that_changes_changes_the_contexts_of_its_runs() {
    let serving = json!({"initial": "a", "states": {
        "a": {"transitions": [{"action": "process", "ready": false, "to": "a"}]}}});
    let mut story = story(&[("w", "r", serving)]);
    story.asks(
        "guest",
        json!({"action": "process", "targets": ["w"], "samples": [1]}),
    );
    let before = story.step_contexts();
    assert_eq!(before.len(), 1);
    let update = json!({"entity": "w", "agent": {"processor": {"script": {"default": "no"}}}});
    let update = serde_json::from_value(update).unwrap();
    story.send("guest", Command::UpdateEntity(update)).unwrap();
    assert_ne!(story.step_contexts(), before);
    let last = &story.log.last().unwrap().events;
    assert!(!last.iter().all(keeps_step_contexts));
}
