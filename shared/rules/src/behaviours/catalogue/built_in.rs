//! What is known of a built-in action.

use super::argument::Argument;

/// A built-in action.
#[derive(Debug, PartialEq)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// What it is to a machine.
    pub class: Class,
    /// Its arguments, in the order of its signature.
    pub arguments: &'static [Argument],
    /// Whether other entities may request it. What an agent sends in its own name nobody else may request.
    pub requestable: bool,
    /// Whether it can only be done with a request, or with data of a subscription.
    pub needs_input: bool,
    /// What its result depends on, beside its arguments and the request. When none of it has changed since
    /// it was false, it is false again.
    pub reads: &'static [Reads],
}

impl BuiltIn {
    /// The argument of this name.
    pub fn argument(&self, name: &str) -> Option<&'static Argument> {
        self.arguments.iter().find(|argument| argument.name == name)
    }
}

/// What an action is to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// It is true or false of the state, and changes nothing, except which samples were seen already.
    Guard,
    /// It changes the agent's own part of the state at once.
    Local,
    /// It sends a request, or a suggestion to the world, in the agent's name.
    Sends,
    /// It is a run on a worker, which ends later.
    Run,
}

/// Parts of the state that actions read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reads {
    /// Who is in the world, with which role.
    Roster,
    /// The agent's links to others, and who is present.
    Links,
    /// The agents that were found.
    Found,
    /// The agents that are engaged.
    Engaged,
    /// The agents that passed the last comparison.
    ValidCmp,
    /// The results of the last evaluation.
    Evaluation,
    /// The playlist and its position.
    Playlist,
    /// Which streams there are, and their samples.
    Streams,
    /// The interactions that the agent has sent, with their outcomes.
    Interactions,
}

impl Reads {
    /// All of them: a custom action may read anything.
    pub const ALL: &[Self] = &[
        Self::Roster,
        Self::Links,
        Self::Found,
        Self::Engaged,
        Self::ValidCmp,
        Self::Evaluation,
        Self::Playlist,
        Self::Streams,
        Self::Interactions,
    ];
}
