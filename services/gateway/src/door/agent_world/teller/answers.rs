//! The answers of a stream that are being thought of.

use std::collections::BTreeMap;

use contract::fact::MessagePosted;
use contract::{ChatId, Chunk, CloudEvent, EntityId, InvocationId, MessageId};
use serde_json::json;

use super::super::envelope::{Activity, Busy, Envelope, usage};

/// The answers that have begun, and not ended.
#[derive(Default)]
pub(super) struct Answers {
    open: BTreeMap<InvocationId, Answer>,
    pub(super) begun: u64,
}

struct Answer {
    activity: Activity,
    message: MessageId,
    /// The attempt whose pieces are told; 0 before the first piece.
    attempt: u32,
    /// Whether its end was told.
    is_told: bool,
}

impl Answers {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn begin(
        &mut self,
        invocation: InvocationId,
        agent: &EntityId,
        chat: Option<&ChatId>,
    ) -> Activity {
        self.begun += 1;
        let activity = Activity {
            number: self.begun,
            agent: agent.clone(),
            chat: chat.cloned(),
        };
        let answer = Answer {
            activity: activity.clone(),
            message: answer_id(invocation),
            attempt: 0,
            is_told: false,
        };
        self.open.insert(invocation, answer);
        activity
    }

    /// A piece of an answer. Of one that has ended, or that began before anybody listened, only the
    /// whole is told.
    pub(super) fn piece(&mut self, chunk: &Chunk) -> Vec<Envelope> {
        let open = self.open.get_mut(&chunk.invocation);
        let open = open.filter(|answer| !answer.is_told && chunk.attempt >= answer.attempt);
        let Some(answer) = open else {
            return Vec::new();
        };
        let begins = chunk.attempt > answer.attempt;
        answer.attempt = chunk.attempt;
        let piece = answer.step("chunk").with("content", json!(chunk.text));
        let start = begins.then(|| answer.step("start"));
        start.into_iter().chain([piece]).collect()
    }

    /// The end of an answer whose whole follows. In one chat an agent gives one at a time.
    pub(super) fn whole(&mut self, event: &CloudEvent, posted: &MessagePosted) -> Vec<Envelope> {
        let is_its = |answer: &&mut Answer| {
            answer.activity.agent == event.sender && answer.activity.chat == event.chat
        };
        let Some(answer) = self.open.values_mut().find(is_its) else {
            return Vec::new();
        };
        answer.is_told = true;
        let end = match &posted.usage {
            Some(cost) => answer.step("end").with("usage", usage(cost)),
            None => answer.step("end"),
        };
        let start = (answer.attempt == 0).then(|| answer.step("start"));
        start.into_iter().chain([end]).collect()
    }

    /// The end of an answer, and what is told if its whole was not.
    pub(super) fn end(
        &mut self,
        invocation: InvocationId,
        failure: Option<&str>,
    ) -> Option<(Activity, Option<Envelope>)> {
        let answer = self.open.remove(&invocation)?;
        let told = match failure {
            Some(reason) => Some(answer.step("error").with("error", json!(reason))),
            None if answer.attempt > 0 && !answer.is_told => Some(answer.step("end")),
            None => None,
        };
        Some((answer.activity, told))
    }

    pub(super) fn busy(&self) -> Busy {
        let mut busy = Busy {
            pending: self.open.len(),
            ..Busy::default()
        };
        for answer in self.open.values() {
            busy.agents.push(answer.activity.agent.clone());
            busy.chats.extend(answer.activity.chat.clone());
        }
        busy.agents.sort_unstable();
        busy.agents.dedup();
        busy.chats.sort_unstable();
        busy.chats.dedup();
        busy
    }
}

impl Answer {
    fn step(&self, step: &str) -> Envelope {
        let Activity { agent, chat, .. } = &self.activity;
        Envelope::answer(step, agent, self.message, chat.as_ref())
    }
}

/// The message that an answer will be, known before it is there. Were it another one, clients would
/// see the whole answer beside its pieces in place of them.
fn answer_id(invocation: InvocationId) -> MessageId {
    invocation.completion().event(0).message()
}
