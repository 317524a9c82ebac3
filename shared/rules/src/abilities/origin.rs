//! What led to a custom event.

use contract::flow::NodeStep;
use contract::purpose::{Caller, Question};
use contract::{ActionName, EntityId};

use crate::runs::OpenRun;

/// What led to a custom event.
#[derive(Clone, Copy, Default)]
pub(crate) struct Origin<'a> {
    /// The run that sends it.
    pub(crate) run: Option<&'a OpenRun>,
    /// The call of a model that it is.
    pub(crate) call: Option<AbilityCall<'a>>,
}

/// A call of an ability by an agent's model.
#[derive(Clone, Copy)]
pub(crate) struct AbilityCall<'a> {
    pub(crate) id: &'a str,
    /// Who calls.
    pub(crate) agent: &'a EntityId,
    pub(crate) entity: &'a EntityId,
    pub(crate) ability: &'a ActionName,
    /// The message on the way to whose answer it is; none when the agent acts by itself.
    pub(crate) question: Option<&'a Question>,
    /// The event of a session that its agent handles for a node.
    pub(crate) node: Option<&'a NodeStep>,
}

impl AbilityCall<'_> {
    /// The caller, as the run of the ability knows it.
    pub(crate) fn caller(&self) -> Caller {
        let (agent, call) = (self.agent.clone(), self.id.to_owned());
        match (self.question, self.node) {
            (Some(question), _) => Caller::ToolCall {
                agent,
                question: question.clone(),
                call,
            },
            (None, Some(step)) => Caller::Node {
                agent,
                step: Box::new(step.clone()),
                call,
            },
            (None, None) => Caller::Mind { agent, call },
        }
    }
}
