//! Which actions are bound to their queue.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use contract::ActionName;

/// Which actions are bound to their queue, and why the others are not. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Bindings {
    problems: Arc<Mutex<BTreeMap<ActionName, Option<String>>>>,
}

impl Bindings {
    pub(crate) fn new<'a>(actions: impl Iterator<Item = &'a ActionName>) -> Self {
        let unbound = |action: &ActionName| (action.clone(), Some("not bound yet".to_owned()));
        Self {
            problems: Arc::new(Mutex::new(actions.map(unbound).collect())),
        }
    }

    pub(super) fn set_bound(&self, action: &ActionName) {
        self.set(action, None);
    }

    pub(super) fn set_unbound(&self, action: &ActionName, reason: String) {
        self.set(action, Some(reason));
    }

    fn set(&self, action: &ActionName, problem: Option<String>) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.insert(action.clone(), problem);
    }

    /// The first action that is not bound, and why.
    pub(crate) fn problem(&self) -> Option<String> {
        let problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems
            .iter()
            .find_map(|(action, problem)| Some(format!("{action}: {}", problem.as_ref()?)))
    }
}
