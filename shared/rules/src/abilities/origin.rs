//! What led to a custom event.

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
}

impl AbilityCall<'_> {
    /// The caller, as the run of the ability knows it.
    pub(crate) fn caller(&self) -> Caller {
        let (agent, call) = (self.agent.clone(), self.id.to_owned());
        match self.question {
            Some(question) => Caller::ToolCall {
                agent,
                question: question.clone(),
                call,
            },
            None => Caller::Mind { agent, call },
        }
    }
}
