//! Actions as states and transitions of a machine have them.

use serde_json::{Map, Value};

use super::catalogue::{ArgumentKind, BuiltIn, Class, Reads};

/// An action with the arguments that a state or a transition pins.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ActionKind,
    /// Its own arguments. Wildcards of the document are replaced; those that a machine has when it runs are
    /// not ([`resolve`](super::resolve)).
    pub args: Map<String, Value>,
    /// The fields of the interaction in which it is done, which are no arguments of the action itself:
    /// `streams`, `num_steps`, `target`, `timeout`, `copy_sys`, `forced_uuid`, `id`, `volatile`,
    /// `data_samples`, `callback`, `num_samples_to_stream`. Empty for `send`, whose arguments they are.
    pub interaction: Map<String, Value>,
}

/// What an action is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ActionKind {
    /// One of the catalogue.
    BuiltIn(&'static BuiltIn),
    /// One that is declared.
    Custom {
        /// Whether others may request it.
        requestable: bool,
    },
}

impl Action {
    /// What it is to a machine: an action with a custom function is a run.
    pub fn class(&self) -> Class {
        let ActionKind::BuiltIn(built_in) = self.kind else {
            return Class::Run;
        };
        let is_given = |name| self.args.get(name).is_some_and(|value| !value.is_null());
        let has_function = built_in
            .arguments
            .iter()
            .any(|argument| argument.kind == ArgumentKind::CustomAction && is_given(argument.name));
        if has_function {
            Class::Run
        } else {
            built_in.class
        }
    }

    /// Whether others may request it.
    pub fn is_requestable(&self) -> bool {
        match self.kind {
            ActionKind::BuiltIn(built_in) => built_in.requestable,
            ActionKind::Custom { requestable } => requestable,
        }
    }

    /// Whether it can only be done with a request, or with data of a subscription.
    pub fn needs_input(&self) -> bool {
        match self.kind {
            ActionKind::BuiltIn(built_in) => built_in.needs_input,
            ActionKind::Custom { .. } => false,
        }
    }

    /// What its result depends on, beside its arguments and the request.
    pub fn reads(&self) -> &'static [Reads] {
        match self.kind {
            ActionKind::BuiltIn(built_in) if self.class() == built_in.class => built_in.reads,
            _ => Reads::ALL,
        }
    }
}
