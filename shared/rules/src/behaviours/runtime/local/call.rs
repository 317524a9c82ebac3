//! One use of an action, and what came of it.

use contract::InteractionId;
use contract::behaviour::MemoryChange;
use serde_json::{Map, Value};

use crate::behaviours::runtime::resolve::{is_on, texts};
use crate::interactions::OpenInteraction;

/// One use of an action.
pub(in crate::behaviours::runtime) struct Call<'a> {
    pub(in crate::behaviours::runtime) args: Map<String, Value>,
    /// The fields of the interaction that the transition pins.
    pub(in crate::behaviours::runtime) interaction: Map<String, Value>,
    /// The request that it serves.
    pub(in crate::behaviours::runtime) request: Option<(InteractionId, &'a OpenInteraction)>,
}

impl Call<'_> {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.args.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        texts(self.args.get(name))
    }

    pub(super) fn is_on(&self, name: &str) -> bool {
        is_on(&self.args, name)
    }
}

/// What came of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::behaviours::runtime) enum Outcome {
    True,
    False,
    /// It was false, and a request that it serves will not be done.
    Refused {
        word: &'static str,
        detail: String,
    },
}

/// What came of an action, and what it has changed of what the entity knows.
pub(in crate::behaviours::runtime) struct Acted {
    pub(in crate::behaviours::runtime) outcome: Outcome,
    pub(in crate::behaviours::runtime) change: MemoryChange,
}

impl Acted {
    /// It was true or false, and has changed nothing.
    pub(in crate::behaviours::runtime) fn of(is_true: bool) -> Self {
        Self::with(is_true, MemoryChange::default())
    }

    pub(in crate::behaviours::runtime) fn with(is_true: bool, change: MemoryChange) -> Self {
        let outcome = if is_true {
            Outcome::True
        } else {
            Outcome::False
        };
        Self { outcome, change }
    }

    pub(super) fn refused(word: &'static str, detail: String) -> Self {
        Self {
            outcome: Outcome::Refused { word, detail },
            change: MemoryChange::default(),
        }
    }
}
