//! The work that is under way in a chat.

use std::collections::BTreeSet;

use contract::view::Activity;
use contract::{ChatId, EntityId};

/// The work that is under way in a chat.
#[derive(Debug, Default)]
pub(crate) struct ChatActivity {
    /// The agents that are answering: they wait for a language model, for a tool or for a person.
    pub(crate) agents: BTreeSet<EntityId>,
    /// Runs that request a language model.
    pub(crate) model_runs: usize,
    /// Runs that call a tool.
    pub(crate) tool_runs: usize,
}

impl ChatActivity {
    /// The work in one chat.
    pub(crate) fn of(activity: &Activity<'_>, chat: &ChatId) -> Self {
        let runs = activity.runs.values();
        let runs = runs.filter(|run| run.answers.as_ref().is_some_and(|(at, _)| at == chat));
        let (tool_runs, model_runs): (Vec<_>, Vec<_>) = runs.partition(|run| run.call.is_some());
        let approvals = activity.approvals.values();
        let waiting = approvals.filter(|approval| approval.chat == *chat);
        let waiting = waiting.map(|approval| &approval.agent);
        let running = model_runs.iter().chain(&tool_runs).map(|run| &run.entity);
        Self {
            agents: running.chain(waiting).cloned().collect(),
            model_runs: model_runs.len(),
            tool_runs: tool_runs.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{activity, with_approvals};

    #[test]
    fn an_agent_that_waits_for_a_person_or_a_tool_is_active() {
        let main = "main".parse().unwrap();
        assert!(ChatActivity::of(&activity(&[]), &main).agents.is_empty());
        let runs = [
            json!({"agent": "eve-2", "answers": "main"}),
            json!({"agent": "eve-2", "answers": "other"}),
            json!({"agent": "eve-2"}),
            json!({"agent": "ada", "answers": "main", "call": "call_3"}),
        ];
        let work = ChatActivity::of(&with_approvals(activity(&runs)), &main);
        let agents: Vec<&str> = work.agents.iter().map(EntityId::as_str).collect();
        assert_eq!(agents, ["ada", "eve-2"]);
        assert_eq!((work.model_runs, work.tool_runs), (1, 1));
    }
}
