//! Tool loops and approvals, as the log adds them up.

use std::collections::BTreeMap;

use contract::purpose::{Caller, Question};
use contract::tool::{Approval, ToolCall, ToolResult};
use contract::{ApprovalId, ChatId, EntityId, InteractionId, Purpose, RunId};
use serde::{Deserialize, Serialize};

/// The tool loops of a world, and the calls that wait for a person.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Tools {
    #[serde(with = "as_list")]
    loops: BTreeMap<LoopOwner, ToolLoop>,
    approvals: BTreeMap<ApprovalId, Approval>,
}

/// Whose loop it is: an agent has at most one in a chat.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct LoopOwner {
    pub(crate) chat: ChatId,
    pub(crate) agent: EntityId,
}

impl LoopOwner {
    /// The loop for which a run makes a call, and the id of the call.
    pub(crate) fn of_call<'a>(purpose: &'a Purpose, entity: &EntityId) -> Option<(Self, &'a str)> {
        let (agent, question, call) = match purpose {
            Purpose::ToolCall { question, call } => (entity, question, call.as_str()),
            Purpose::Ability {
                caller: Some(caller),
                ..
            } => return Self::of_caller(caller),
            _ => return None,
        };
        let owner = Self {
            chat: question.chat.clone(),
            agent: agent.clone(),
        };
        Some((owner, call))
    }

    /// The loop in which an ability was called, and the id of the call; `None` when a mind used it.
    pub(crate) fn of_caller(caller: &Caller) -> Option<(Self, &str)> {
        let Caller::ToolCall {
            agent,
            question,
            call,
        } = caller
        else {
            return None;
        };
        let owner = Self {
            chat: question.chat.clone(),
            agent: agent.clone(),
        };
        Some((owner, call))
    }
}

/// The steps of an agent on its way to one answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ToolLoop {
    pub(super) question: Question,
    pub(super) steps: Vec<LoopStep>,
}

/// One model request on the way to an answer: its text, and its calls.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LoopStep {
    pub(super) said: String,
    pub(super) calls: Vec<CallState>,
}

/// A call, and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CallState {
    pub(super) call: ToolCall,
    /// The run that makes it.
    pub(super) run: Option<RunId>,
    /// The approval that it waits for.
    pub(super) approval: Option<ApprovalId>,
    /// The request that it is, of an entity whose behaviour accepts it or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) request: Option<InteractionId>,
    pub(super) result: Option<ToolResult>,
}

impl Tools {
    pub(crate) fn approval(&self, id: ApprovalId) -> Option<&Approval> {
        self.approvals.get(&id)
    }

    /// The calls that wait for a person, by id.
    pub(crate) fn approvals(&self) -> &BTreeMap<ApprovalId, Approval> {
        &self.approvals
    }

    pub(super) fn find(&self, owner: &LoopOwner) -> Option<&ToolLoop> {
        self.loops.get(owner)
    }

    pub(super) fn find_mut(&mut self, owner: &LoopOwner) -> Option<&mut ToolLoop> {
        self.loops.get_mut(owner)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&LoopOwner, &ToolLoop)> {
        self.loops.iter()
    }

    /// The loop of an owner, which begins now if there is none.
    pub(super) fn begin(&mut self, owner: LoopOwner, question: &Question) -> &mut ToolLoop {
        self.loops.entry(owner).or_insert_with(|| ToolLoop {
            question: question.clone(),
            steps: Vec::new(),
        })
    }

    pub(super) fn remove(&mut self, owner: &LoopOwner) -> Option<ToolLoop> {
        self.loops.remove(owner)
    }

    pub(super) fn insert_approval(&mut self, approval: Approval) {
        self.approvals.insert(approval.id, approval);
    }

    pub(super) fn remove_approval(&mut self, id: ApprovalId) -> Option<Approval> {
        self.approvals.remove(&id)
    }
}

impl ToolLoop {
    /// Whether every call has its result.
    pub(super) fn is_settled(&self) -> bool {
        self.last_calls().all(|call| call.result.is_some())
    }

    /// The calls of the last step.
    pub(super) fn last_calls(&self) -> impl Iterator<Item = &CallState> {
        self.steps.last().into_iter().flat_map(|step| &step.calls)
    }

    /// The call of the last step that has this id.
    pub(super) fn call_mut(&mut self, id: &str) -> Option<&mut CallState> {
        let step = self.steps.last_mut()?;
        step.calls.iter_mut().find(|state| state.call.id == id)
    }
}

/// A map whose keys are no text, as a list of pairs: JSON has no other keys.
mod as_list {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::{LoopOwner, ToolLoop};

    pub(super) fn serialize<S: Serializer>(
        loops: &BTreeMap<LoopOwner, ToolLoop>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(loops)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<LoopOwner, ToolLoop>, D::Error> {
        let loops = Vec::<(LoopOwner, ToolLoop)>::deserialize(deserializer)?;
        Ok(loops.into_iter().collect())
    }
}
