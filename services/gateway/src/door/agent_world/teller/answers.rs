//! The answers of a stream that agents are on their way to.

use std::collections::{BTreeMap, VecDeque};

use contract::fact::{ActionCompleted, ActionFailed, ActionRequested, MessagePosted};
use contract::{ChatId, Chunk, CloudEvent, EntityId, MessageId, RunId, Usage};
use serde_json::json;

use super::super::envelope::{Activity, Busy, Envelope, usage};

/// How many pieces are kept that came before the request for their run: the two come different ways.
const EARLY_MAX: usize = 256;

/// The answers that have begun, and not ended. In one chat an agent gives one at a time; between two
/// runs of its model its tools run, or it waits for a person.
#[derive(Default)]
pub(super) struct Answers {
    open: BTreeMap<Whose, Answer>,
    pub(super) begun: u64,
    /// Pieces of no run that is known. Of some nobody ever hears: they began before anybody listened.
    early: VecDeque<Chunk>,
}

type Whose = (Option<ChatId>, EntityId);

struct Answer {
    activity: Activity,
    /// The run in which its model thinks.
    run: Option<RunId>,
    question: Option<MessageId>,
    turn: Option<MessageId>,
    message: MessageId,
    /// The attempt whose pieces are told; 0 before the first piece.
    attempt: u32,
    /// Whether the end of this run was told.
    is_told: bool,
}

impl Answers {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// An agent begins to answer, or goes on with its answer: only the first is told.
    pub(super) fn begin(
        &mut self,
        event: &CloudEvent,
        requested: &ActionRequested,
    ) -> Option<Activity> {
        let run = event.id.invocation();
        let whose = (event.chat.clone(), requested.entity.clone());
        let before = self.open.remove(&whose);
        let before = before.filter(|answer| answer.question == requested.message);
        let goes_on = before.map(|answer| answer.activity);
        let is_new = goes_on.is_none();
        let activity = goes_on.unwrap_or_else(|| {
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
            message: answer_id(run),
            attempt: 0,
            is_told: false,
        };
        self.open.insert(whose, answer);
        is_new.then_some(activity)
    }

    /// A piece of an answer. Of one that has ended, or that began before anybody listened, only the
    /// whole is told.
    pub(super) fn piece(&mut self, chunk: &Chunk) -> Vec<Envelope> {
        let Some(answer) = self.by_run(chunk.invocation) else {
            if self.early.len() == EARLY_MAX {
                self.early.pop_front();
            }
            self.early.push_back(chunk.clone());
            return Vec::new();
        };
        if answer.is_told || chunk.attempt < answer.attempt {
            return Vec::new();
        }
        let begins = chunk.attempt > answer.attempt;
        answer.attempt = chunk.attempt;
        let piece = answer.step("chunk").with("content", json!(chunk.text));
        let start = begins.then(|| answer.step("start"));
        start.into_iter().chain([piece]).collect()
    }

    /// The pieces that came before the request for their run, which is known by now.
    pub(super) fn overtaken(&mut self) -> Vec<Envelope> {
        let early = std::mem::take(&mut self.early).into_iter();
        let (known, early) = early.partition(|chunk| self.by_run(chunk.invocation).is_some());
        self.early = early;
        let known: VecDeque<Chunk> = known;
        known.iter().flat_map(|chunk| self.piece(chunk)).collect()
    }

    /// The end of an answer whose whole follows.
    pub(super) fn whole(&mut self, event: &CloudEvent, posted: &MessagePosted) -> Vec<Envelope> {
        let whose = (event.chat.clone(), event.sender.clone());
        let answer = self.open.get_mut(&whose);
        answer.map_or_else(Vec::new, |answer| answer.whole(posted.usage.as_ref()))
    }

    /// An agent's model has called tools in place of an answer.
    pub(super) fn calls(&mut self, event: &CloudEvent, done: &ActionCompleted) -> Vec<Envelope> {
        let mut told = Vec::new();
        let mut question = None;
        if let Some(answer) = self.by_run(done.invocation) {
            told = answer.whole(done.usage.as_ref());
            question = answer.question;
            answer.run = None;
        }
        let message = answer_id(done.invocation);
        told.push(Envelope::calls(event, done, message, question));
        told
    }

    /// The end of an answer, and what is told if its whole was not.
    pub(super) fn end(
        &mut self,
        event: &CloudEvent,
        invocation: RunId,
        failed: Option<&ActionFailed>,
    ) -> Option<(Activity, Vec<Envelope>)> {
        let is_its = |_: &Whose, answer: &mut Answer| answer.run == Some(invocation);
        let (_, answer) = self.open.extract_if(.., is_its).next()?;
        let told = match failed {
            Some(failed) => {
                let error = answer.step("error").with("error", json!(failed.reason));
                let (agent, message) = (&answer.activity.agent, answer.message.to_string());
                let log = Envelope::log(event, "llm", agent, &message, failed);
                vec![error, log]
            }
            None if answer.attempt > 0 && !answer.is_told => vec![answer.step("end")],
            None => Vec::new(),
        };
        Some((answer.activity, told))
    }

    /// A turn is over. Answers that were called off while no model thought of them end with it.
    pub(super) fn end_turn(&mut self, turn: MessageId) -> Vec<Activity> {
        let is_of = |_: &Whose, answer: &mut Answer| answer.turn == Some(turn);
        let ended = self.open.extract_if(.., is_of);
        ended.map(|(_, answer)| answer.activity).collect()
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

    fn by_run(&mut self, run: RunId) -> Option<&mut Answer> {
        let mut open = self.open.values_mut();
        open.find(|answer| answer.run == Some(run))
    }
}

impl Answer {
    /// The end of what its model said in one run.
    fn whole(&mut self, cost: Option<&Usage>) -> Vec<Envelope> {
        self.is_told = true;
        let end = match cost {
            Some(cost) => self.step("end").with("usage", usage(cost)),
            None => self.step("end"),
        };
        let start = (self.attempt == 0).then(|| self.step("start"));
        start.into_iter().chain([end]).collect()
    }

    fn step(&self, step: &str) -> Envelope {
        let Activity { agent, chat, .. } = &self.activity;
        Envelope::answer(step, agent, self.message, chat.as_ref())
    }
}

/// The message that an answer will be, known before it is there. Were it another one, clients would
/// see the whole answer beside its pieces in place of them.
fn answer_id(invocation: RunId) -> MessageId {
    invocation.completion().event(0).message()
}
