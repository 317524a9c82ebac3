//! The calls of tools of a stream that have no result yet.

use contract::fact::{ActionCompleted, ActionFailed, ApprovalEnded, ApprovalRequested};
use contract::tool::{Tool, ToolCall, ToolResult};
use contract::{ApprovalId, ChatId, Chunk, CloudEvent, EntityId, RunId};
use serde_json::json;

use super::super::envelope::Envelope;
use super::super::model::Model;
use super::super::prompt::prompt;
use super::super::results;

/// A call of a tool, as far as the teller has heard of it.
#[derive(Debug, Clone)]
pub(in super::super) struct Made {
    pub(in super::super) chat: Option<ChatId>,
    pub(in super::super) agent: EntityId,
    pub(in super::super) id: String,
    /// What is called; unknown when that was before anybody listened.
    pub(in super::super) call: Option<ToolCall>,
    /// The run that makes it.
    run: Option<RunId>,
    /// What it waits for.
    approval: Option<ApprovalId>,
}

/// The calls that have no result yet. An agent has those of one step in each chat.
#[derive(Default)]
pub(super) struct Calls(Vec<Made>);

impl Calls {
    /// What of a world's calls is known before anything is heard.
    pub(super) fn of(model: &Model) -> Self {
        let approvals = model.approvals.values().map(|approval| Made {
            chat: Some(approval.chat.clone()),
            agent: approval.agent.clone(),
            id: approval.call.id.clone(),
            call: Some(approval.call.clone()),
            run: None,
            approval: Some(approval.id),
        });
        let runs = model.invocations.iter().filter_map(|(id, running)| {
            Some(Made {
                chat: running.answers.as_ref().map(|(chat, _)| chat.clone()),
                agent: running.agent.clone(),
                id: running.call.clone()?,
                call: None,
                run: Some(*id),
                approval: None,
            })
        });
        Self(approvals.chain(runs).collect())
    }

    /// An agent's model has called tools: those that are refused end at once.
    pub(super) fn step(&mut self, event: &CloudEvent, done: &ActionCompleted) -> Vec<Envelope> {
        self.forget(event.chat.as_ref(), &event.sender);
        let mut told = Vec::new();
        for call in &done.calls {
            let made = Made {
                chat: event.chat.clone(),
                agent: event.sender.clone(),
                id: call.id.clone(),
                call: Some(call.clone()),
                run: None,
                approval: None,
            };
            match &call.refused {
                Some(reason) => told.extend(settled(event, &made, &results::failed(reason))),
                None => self.0.push(made),
            }
        }
        told
    }

    /// A call is made.
    pub(super) fn begin(&mut self, event: &CloudEvent, agent: &EntityId, call: &str) -> Envelope {
        let made = self.find(event.chat.as_ref(), agent, call);
        made.run = Some(event.id.invocation());
        Envelope::tool("tool-start", made, json!({}))
    }

    /// A piece of what a tool says of its progress.
    pub(super) fn progress(&self, chunk: &Chunk) -> Option<Envelope> {
        let is_its = |made: &&Made| made.run == Some(chunk.invocation);
        let made = self.0.iter().find(is_its)?;
        let says = json!({"metadata": {"progress": chunk.text}});
        Some(Envelope::tool("tool-progress", made, says))
    }

    /// People are asked about a call. A question to them runs from then on: nothing else does.
    pub(super) fn ask(
        &mut self,
        event: &CloudEvent,
        requested: &ApprovalRequested,
    ) -> Vec<Envelope> {
        let made = self.find(event.chat.as_ref(), &event.sender, &requested.call.id);
        made.call = Some(requested.call.clone());
        made.approval = Some(event.id.approval());
        asked(made)
    }

    /// The calls that people were asked about before anything is heard.
    pub(super) fn asked(&self, chat: Option<&ChatId>) -> Vec<Envelope> {
        let here = |made: &&Made| chat.is_none() || made.chat.as_ref() == chat;
        self.0.iter().filter(here).flat_map(asked).collect()
    }

    /// Somebody has said what becomes of a call, or nobody is waited for any more. Of a call that is
    /// not known nothing can be told: it was asked for, and ended, while the client was away.
    pub(super) fn decided(&mut self, event: &CloudEvent, ended: &ApprovalEnded) -> Vec<Envelope> {
        let waits = |made: &Made| made.approval == Some(ended.approval);
        let Some(result) = results::decided(&ended.verdict) else {
            // Its run follows.
            if let Some(at) = self.0.iter().position(waits) {
                self.0[at].approval = None;
            }
            return Vec::new();
        };
        let made = self.0.extract_if(.., |made| waits(made)).next();
        made.map_or_else(Vec::new, |made| settled(event, &made, &result))
    }

    /// A call was made: what came of it.
    pub(super) fn end(
        &mut self,
        event: &CloudEvent,
        call: &str,
        done: &ActionCompleted,
    ) -> Vec<Envelope> {
        let made = self.take(event, call);
        settled(event, &made, &results::returned(done))
    }

    /// A call could not be made.
    pub(super) fn fail(
        &mut self,
        event: &CloudEvent,
        call: &str,
        ended: &ActionFailed,
    ) -> Vec<Envelope> {
        let made = self.take(event, call);
        let mut told = settled(event, &made, &results::failed(&ended.reason));
        told.insert(
            1,
            Envelope::log(event, "tool", &made.agent, &made.id, ended),
        );
        told
    }

    /// A call was called off.
    pub(super) fn cancel(&mut self, event: &CloudEvent, call: &str) -> Vec<Envelope> {
        let made = self.take(event, call);
        settled(event, &made, &results::called_off())
    }

    /// An agent has ended its answer, or makes other calls now.
    pub(super) fn forget(&mut self, chat: Option<&ChatId>, agent: &EntityId) {
        self.0
            .retain(|made| made.chat.as_ref() != chat || made.agent != *agent);
    }

    fn find(&mut self, chat: Option<&ChatId>, agent: &EntityId, call: &str) -> &mut Made {
        let is_it = |made: &Made| is_this(made, chat, agent, call);
        let at = self.0.iter().position(is_it).unwrap_or_else(|| {
            self.0.push(unheard_of(chat, agent, call));
            self.0.len() - 1
        });
        &mut self.0[at]
    }

    fn take(&mut self, event: &CloudEvent, call: &str) -> Made {
        let (chat, agent) = (event.chat.as_ref(), &event.sender);
        let is_it = |made: &mut Made| is_this(made, chat, agent, call);
        let found = self.0.extract_if(.., is_it).next();
        found.unwrap_or_else(|| unheard_of(chat, agent, call))
    }
}

fn is_this(made: &Made, chat: Option<&ChatId>, agent: &EntityId, call: &str) -> bool {
    made.chat.as_ref() == chat && made.agent == *agent && made.id == call
}

fn unheard_of(chat: Option<&ChatId>, agent: &EntityId, call: &str) -> Made {
    Made {
        chat: chat.cloned(),
        agent: agent.clone(),
        id: call.to_owned(),
        call: None,
        run: None,
        approval: None,
    }
}

fn asked(made: &Made) -> Vec<Envelope> {
    let (Some(id), Some(call)) = (made.approval, &made.call) else {
        return Vec::new();
    };
    let prompt = prompt(id, &made.agent, made.chat.as_ref(), call);
    let says = json!({"metadata": {"hitlPrompt": prompt}});
    let progress = Envelope::tool("tool-progress", made, says);
    let is_question = matches!(call.tool, Some(Tool::People { .. }));
    let start = is_question.then(|| Envelope::tool("tool-start", made, json!({})));
    start.into_iter().chain([progress]).collect()
}

/// A call has its result, which the agent's model is told.
fn settled(event: &CloudEvent, made: &Made, result: &ToolResult) -> Vec<Envelope> {
    let text = result.text.as_str();
    let step = if result.failed {
        Envelope::tool("tool-error", made, json!({"error": text}))
    } else {
        // Its clients count as their language does.
        let size = text.encode_utf16().count();
        let says = json!({"result": text, "resultType": "string", "resultSize": size});
        Envelope::tool("tool-result", made, says)
    };
    vec![step, Envelope::result(event, made, text)]
}
