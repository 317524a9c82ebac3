//! The contexts of runs, before and after events that do not concern them.

use std::collections::BTreeMap;

use contract::{Command, RunId};
use serde_json::{Value, json};

use super::super::Story;
use super::story;
use crate::{ContextChanges, ContextScope, context, context_scope};

/// The contexts of all open runs at some moment.
pub(in crate::tests) struct Contexts {
    of: BTreeMap<RunId, Value>,
    commits: usize,
}

impl Story {
    /// Checks that what happens changes no context, unless an event of it may.
    pub(super) fn keeps_contexts(&mut self, happens: impl FnOnce(&mut Self)) {
        let before = self.all_contexts();
        happens(self);
        self.check_contexts(&before);
    }

    pub(in crate::tests) fn all_contexts(&self) -> Contexts {
        Contexts {
            of: self.contexts(),
            commits: self.log.len(),
        }
    }

    /// Checks that what has happened since changed no context, unless an event of it may. Returns how many of
    /// the contexts could not change.
    pub(in crate::tests) fn check_contexts(&self, before: &Contexts) -> usize {
        let mut changes = ContextChanges::default();
        for commit in &self.log[before.commits..] {
            changes.add(&commit.events);
        }
        let mut kept = 0;
        for (run, now) in self.contexts() {
            if !changes.may_change(context_scope(&self.world, run)) {
                assert_eq!(before.of.get(&run).unwrap_or(&now), &now);
                kept += usize::from(changes.may_change(ContextScope::World));
            }
        }
        kept
    }

    fn contexts(&self) -> BTreeMap<RunId, Value> {
        let open = self.open().into_iter();
        open.map(|run| (run, json!(context(&self.world, run).unwrap())))
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
    let before = story.contexts();
    assert_eq!(before.len(), 1);
    let update = json!({"entity": "w", "agent": {"processor": {"script": {"default": "no"}}}});
    let update = serde_json::from_value(update).unwrap();
    story.send("guest", Command::UpdateEntity(update)).unwrap();
    assert_ne!(story.contexts(), before);
    let last = &story.log.last().unwrap().events;
    let mut changes = ContextChanges::default();
    changes.add(last);
    assert!(changes.may_change(ContextScope::Steps));
}
