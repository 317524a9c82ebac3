//! The answers of a stream that are under way.

use std::collections::{BTreeMap, VecDeque};

use contract::fact::{ActionCompleted, ActionFailed, ActionRequested, MessagePosted};
use contract::{ChatId, Chunk, CloudEvent, EntityId, MessageId, RunId, Usage};
use serde_json::json;

use crate::envelope::{Activity, ActivitySummary, Envelope, usage};

/// Chunks that are kept until the request of their run arrives: the two come different ways.
const EARLY_CHUNKS_MAX: usize = 256;

/// The answers that have begun and not ended. In one chat an agent gives one at a time; between two runs
/// of its language model its tools run, or it waits for a person.
#[derive(Default)]
pub(crate) struct OpenAnswers {
    open: BTreeMap<AnswerKey, Answer>,
    begun: u64,
    /// Chunks of unknown runs. Some of these runs began before the stream, and stay unknown.
    early: VecDeque<Chunk>,
}

/// The chat and the agent.
type AnswerKey = (Option<ChatId>, EntityId);

struct Answer {
    activity: Activity,
    /// The run that requests the language model.
    run: Option<RunId>,
    question: Option<MessageId>,
    turn: Option<MessageId>,
    message: MessageId,
    /// The attempt whose chunks are written; 0 before the first chunk.
    attempt: u32,
    /// Whether the end of this run was written.
    is_ended: bool,
}

/// An answer that has ended, and the envelopes of its end.
pub(super) struct EndedAnswer {
    pub(super) activity: Activity,
    pub(super) envelopes: Vec<Envelope>,
}

impl OpenAnswers {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// How many answers have begun.
    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    /// An agent begins to answer, which is returned, or continues its answer.
    pub(super) fn on_run_requested(
        &mut self,
        event: &CloudEvent,
        requested: &ActionRequested,
    ) -> Option<Activity> {
        let run = event.id.run();
        let key = (event.chat.clone(), requested.entity.clone());
        let before = self.open.remove(&key);
        let before = before.filter(|answer| answer.question == requested.message);
        let continued = before.map(|answer| answer.activity);
        let is_new = continued.is_none();
        let activity = continued.unwrap_or_else(|| {
            self.begun += 1;
            Activity {
                number: self.begun,
                agent: requested.entity.clone(),
                chat: event.chat.clone(),
            }
        });
        let answer = Answer {
            activity: activity.clone(),
            run: Some(run),
            question: requested.message,
            turn: requested.turn,
            message: answer_message_id(run),
            attempt: 0,
            is_ended: false,
        };
        self.open.insert(key, answer);
        is_new.then_some(activity)
    }

    /// The envelopes of a chunk. Of an answer that has ended, or that began before the stream, only the
    /// whole is written.
    pub(super) fn on_chunk(&mut self, chunk: &Chunk) -> Vec<Envelope> {
        let Some(answer) = self.by_run(chunk.run) else {
            if self.early.len() == EARLY_CHUNKS_MAX {
                self.early.pop_front();
            }
            self.early.push_back(chunk.clone());
            return Vec::new();
        };
        if answer.is_ended || chunk.attempt < answer.attempt {
            return Vec::new();
        }
        let before = std::mem::replace(&mut answer.attempt, chunk.attempt);
        let mut content = answer
            .step("chunk")
            .with_field("content", json!(chunk.text));
        // A second start would be a second message. Clients replace what they have of an answer by the
        // accumulated content of a chunk that has one.
        if before > 0 && chunk.attempt > before {
            content = content.with_field("accumulatedContent", json!(chunk.text));
        }
        let start = (before == 0).then(|| answer.step("start"));
        start.into_iter().chain([content]).collect()
    }

    /// The envelopes of the chunks that came before the request of their run, which is known by now.
    pub(super) fn early_chunks(&mut self) -> Vec<Envelope> {
        let early = std::mem::take(&mut self.early).into_iter();
        let (known, early) = early.partition(|chunk| self.by_run(chunk.run).is_some());
        self.early = early;
        let known: VecDeque<Chunk> = known;
        known
            .iter()
            .flat_map(|chunk| self.on_chunk(chunk))
            .collect()
    }

    /// The end of an answer whose message follows.
    pub(super) fn on_message_posted(
        &mut self,
        event: &CloudEvent,
        posted: &MessagePosted,
    ) -> Vec<Envelope> {
        let key = (event.chat.clone(), event.sender.clone());
        let answer = self.open.get_mut(&key);
        answer.map_or_else(Vec::new, |answer| answer.end(posted.usage.as_ref()))
    }

    /// A language model has called tools instead of answering.
    pub(super) fn on_tool_calls(
        &mut self,
        event: &CloudEvent,
        done: &ActionCompleted,
    ) -> Vec<Envelope> {
        let mut envelopes = Vec::new();
        let mut question = None;
        if let Some(answer) = self.by_run(done.run) {
            envelopes = answer.end(done.usage.as_ref());
            question = answer.question;
            answer.run = None;
        }
        let message = answer_message_id(done.run);
        envelopes.push(Envelope::tool_calls(event, done, message, question));
        envelopes
    }

    /// The answer that ends with a run, and its end if that was not written.
    pub(super) fn on_run_ended(
        &mut self,
        event: &CloudEvent,
        run: RunId,
        failed: Option<&ActionFailed>,
    ) -> Option<EndedAnswer> {
        let has_run = |_: &AnswerKey, answer: &mut Answer| answer.run == Some(run);
        let (_, answer) = self.open.extract_if(.., has_run).next()?;
        let envelopes = match failed {
            Some(failed) => {
                let error = answer
                    .step("error")
                    .with_field("error", json!(failed.reason));
                let (agent, message) = (&answer.activity.agent, answer.message.to_string());
                let log = Envelope::log_line(event, "llm", agent, &message, failed);
                vec![error, log]
            }
            None if answer.attempt > 0 && !answer.is_ended => vec![answer.step("end")],
            None => Vec::new(),
        };
        Some(EndedAnswer {
            activity: answer.activity,
            envelopes,
        })
    }

    /// The answers that end with a turn: they were cancelled while no language model was requested.
    pub(super) fn on_turn_ended(&mut self, turn: MessageId) -> Vec<Activity> {
        let is_of_turn = |_: &AnswerKey, answer: &mut Answer| answer.turn == Some(turn);
        let ended = self.open.extract_if(.., is_of_turn);
        ended.map(|(_, answer)| answer.activity).collect()
    }

    pub(super) fn summary(&self) -> ActivitySummary {
        let mut summary = ActivitySummary {
            pending: self.open.len(),
            ..ActivitySummary::default()
        };
        for answer in self.open.values() {
            summary.agents.push(answer.activity.agent.clone());
            summary.chats.extend(answer.activity.chat.clone());
        }
        summary.agents.sort_unstable();
        summary.agents.dedup();
        summary.chats.sort_unstable();
        summary.chats.dedup();
        summary
    }

    fn by_run(&mut self, run: RunId) -> Option<&mut Answer> {
        let mut open = self.open.values_mut();
        open.find(|answer| answer.run == Some(run))
    }
}

impl Answer {
    /// The end of what the language model wrote in one run.
    fn end(&mut self, cost: Option<&Usage>) -> Vec<Envelope> {
        self.is_ended = true;
        let end = match cost {
            Some(cost) => self.step("end").with_field("usage", usage(cost)),
            None => self.step("end"),
        };
        let start = (self.attempt == 0).then(|| self.step("start"));
        start.into_iter().chain([end]).collect()
    }

    fn step(&self, step: &str) -> Envelope {
        let Activity { agent, chat, .. } = &self.activity;
        Envelope::answer_step(step, agent, self.message, chat.as_ref())
    }
}

/// The id of the message that an answer will be. With another id, clients would show the whole answer
/// beside its chunks instead of replacing them.
fn answer_message_id(run: RunId) -> MessageId {
    run.completion().event(0).message()
}
