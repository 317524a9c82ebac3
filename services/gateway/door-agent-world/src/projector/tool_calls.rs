//! The tool calls of a stream that have no result yet.

use contract::fact::{ActionCompleted, ActionFailed, ApprovalEnded, ApprovalRequested};
use contract::tool::{Tool, ToolResult};
use contract::view::Activity;
use contract::{ChatId, Chunk, CloudEvent, EntityId};
use serde_json::json;

use crate::envelope::Envelope;
use crate::hitl_prompt::{metadata, prompt};
use crate::pending_call::PendingCall;

/// The tool calls that have no result yet. An agent has those of one step in each chat.
#[derive(Default)]
pub(crate) struct PendingCalls(Vec<PendingCall>);

impl PendingCalls {
    /// The calls that are known when a stream begins.
    pub(super) fn from_view(activity: &Activity<'_>) -> Self {
        let approvals = activity.approvals.values().map(|approval| PendingCall {
            chat: Some(approval.chat.clone()),
            agent: approval.agent.clone(),
            id: approval.call.id.clone(),
            call: Some(approval.call.clone()),
            run: None,
            approval: Some(approval.id),
        });
        let runs = activity.runs.iter().filter_map(|(id, run)| {
            Some(PendingCall {
                chat: run.answers.as_ref().map(|(chat, _)| chat.clone()),
                agent: run.entity.clone(),
                id: run.call.clone()?.into_owned(),
                call: None,
                run: Some(*id),
                approval: None,
            })
        });
        Self(approvals.chain(runs).collect())
    }

    /// A language model has called tools: the calls that are refused end at once.
    pub(super) fn on_tool_calls(
        &mut self,
        event: &CloudEvent,
        done: &ActionCompleted,
    ) -> Vec<Envelope> {
        self.clear(event.chat.as_ref(), &event.sender);
        let mut envelopes = Vec::new();
        for call in &done.calls {
            let pending = PendingCall {
                chat: event.chat.clone(),
                agent: event.sender.clone(),
                id: call.id.clone(),
                call: Some(call.clone()),
                run: None,
                approval: None,
            };
            match &call.refused {
                Some(reason) => {
                    let result = ToolResult::failed(reason);
                    envelopes.extend(result_envelopes(event, &pending, &result));
                }
                None => self.0.push(pending),
            }
        }
        envelopes
    }

    /// A call is made.
    pub(super) fn on_started(
        &mut self,
        event: &CloudEvent,
        agent: &EntityId,
        call: &str,
    ) -> Envelope {
        let pending = self.find_or_insert(event.chat.as_ref(), agent, call);
        pending.run = Some(event.id.run());
        Envelope::tool_step("tool-start", pending, json!({}))
    }

    /// A tool reports its progress.
    pub(super) fn on_progress(&self, chunk: &Chunk) -> Option<Envelope> {
        let has_run = |pending: &&PendingCall| pending.run == Some(chunk.run);
        let pending = self.0.iter().find(has_run)?;
        let fields = json!({"metadata": {"progress": chunk.text}});
        Some(Envelope::tool_step("tool-progress", pending, fields))
    }

    /// A call waits for a person. A question to people starts here, since nothing else starts it.
    pub(super) fn on_approval_requested(
        &mut self,
        event: &CloudEvent,
        requested: &ApprovalRequested,
    ) -> Vec<Envelope> {
        let chat = event.chat.as_ref();
        let pending = self.find_or_insert(chat, &event.sender, &requested.call.id);
        pending.call = Some(requested.call.clone());
        pending.approval = Some(event.id.approval());
        prompt_envelopes(pending)
    }

    /// The prompts that are open when a stream begins.
    pub(super) fn pending_prompts(&self, chat: Option<&ChatId>) -> Vec<Envelope> {
        let in_scope = |pending: &&PendingCall| chat.is_none() || pending.chat.as_ref() == chat;
        let pending = self.0.iter().filter(in_scope);
        pending.flat_map(prompt_envelopes).collect()
    }

    /// A call waits for a person no more. An unknown one has no envelope: it was requested and ended
    /// while the client was disconnected.
    pub(super) fn on_approval_ended(
        &mut self,
        event: &CloudEvent,
        ended: &ApprovalEnded,
    ) -> Vec<Envelope> {
        let waits = |pending: &PendingCall| pending.approval == Some(ended.approval);
        let Some(result) = ended.verdict.result() else {
            // Its run follows.
            if let Some(at) = self.0.iter().position(waits) {
                self.0[at].approval = None;
            }
            return Vec::new();
        };
        let pending = self.0.extract_if(.., |pending| waits(pending)).next();
        pending.map_or_else(Vec::new, |pending| {
            result_envelopes(event, &pending, &result)
        })
    }

    /// A call has its result.
    pub(super) fn on_completed(
        &mut self,
        event: &CloudEvent,
        call: &str,
        done: &ActionCompleted,
    ) -> Vec<Envelope> {
        let pending = self.remove(event, call);
        let result = ToolResult::from_output(done.output.as_deref());
        result_envelopes(event, &pending, &result)
    }

    /// A call could not be made.
    pub(super) fn on_failed(
        &mut self,
        event: &CloudEvent,
        call: &str,
        failed: &ActionFailed,
    ) -> Vec<Envelope> {
        let pending = self.remove(event, call);
        let result = ToolResult::failed(&failed.reason);
        let mut envelopes = result_envelopes(event, &pending, &result);
        let log = Envelope::log_line(event, "tool", &pending.agent, &pending.id, failed);
        envelopes.insert(1, log);
        envelopes
    }

    /// A call was cancelled.
    pub(super) fn on_cancelled(&mut self, event: &CloudEvent, call: &str) -> Vec<Envelope> {
        let pending = self.remove(event, call);
        let result = ToolResult::failed(ToolResult::CANCELLED);
        result_envelopes(event, &pending, &result)
    }

    /// An agent has ended its answer, or makes other calls now.
    pub(super) fn clear(&mut self, chat: Option<&ChatId>, agent: &EntityId) {
        self.0
            .retain(|pending| pending.chat.as_ref() != chat || pending.agent != *agent);
    }

    fn find_or_insert(
        &mut self,
        chat: Option<&ChatId>,
        agent: &EntityId,
        call: &str,
    ) -> &mut PendingCall {
        let is_call = |pending: &PendingCall| pending.is(chat, agent, call);
        let at = self.0.iter().position(is_call).unwrap_or_else(|| {
            self.0.push(PendingCall::unknown(chat, agent, call));
            self.0.len() - 1
        });
        &mut self.0[at]
    }

    fn remove(&mut self, event: &CloudEvent, call: &str) -> PendingCall {
        let (chat, agent) = (event.chat.as_ref(), &event.sender);
        let is_call = |pending: &mut PendingCall| pending.is(chat, agent, call);
        let found = self.0.extract_if(.., is_call).next();
        found.unwrap_or_else(|| PendingCall::unknown(chat, agent, call))
    }
}

fn prompt_envelopes(pending: &PendingCall) -> Vec<Envelope> {
    let (Some(id), Some(call)) = (pending.approval, &pending.call) else {
        return Vec::new();
    };
    let prompt = prompt(id, &pending.agent, pending.chat.as_ref(), call);
    let mut metadata = metadata(call);
    metadata["hitlPrompt"] = prompt;
    let fields = json!({"metadata": metadata});
    let progress = Envelope::tool_step("tool-progress", pending, fields);
    let is_question = matches!(call.tool, Some(Tool::People { .. }));
    let start = is_question.then(|| Envelope::tool_step("tool-start", pending, json!({})));
    start.into_iter().chain([progress]).collect()
}

fn result_envelopes(
    event: &CloudEvent,
    pending: &PendingCall,
    result: &ToolResult,
) -> Vec<Envelope> {
    let text = result.text.as_str();
    let step = if result.failed {
        Envelope::tool_step("tool-error", pending, json!({"error": text}))
    } else {
        // Clients count in UTF-16, as their language does.
        let size = text.encode_utf16().count();
        let fields = json!({"result": text, "resultType": "string", "resultSize": size});
        Envelope::tool_step("tool-result", pending, fields)
    };
    vec![step, Envelope::tool_result(event, pending, text)]
}
