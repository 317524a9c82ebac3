//! Tells clients what happens: the events and signals of a world go in, envelopes come out.
//!
//! What one message brings about is told in this order: the message, who begins to answer, the
//! pieces of each answer between its `start` and its `end`, the whole answer as a message, who has
//! ended, `idle`, and at last the title that the chat got. In between an agent's model may call tools:
//! the calls are told as a message of the agent, then what people are asked, when each call begins,
//! and what came of it; the agent is answering all the while.

mod answers;
mod calls;
#[cfg(test)]
mod tests;

use contract::chat::TitleSource;
use contract::fact::{ActionFailed, ActionRequested, MessagePosted};
use contract::{Chat, ChatId, Chunk, CloudEvent, EntityId, Fact, MessageId, RunId};
use serde_json::Value;

use super::envelope::{Activity, Busy, Envelope};
use super::model::Model;
use answers::Answers;
use calls::Calls;

pub(super) use calls::Made;

/// What clients of a stream are told of.
#[derive(Debug, Clone)]
pub(super) enum Scope {
    /// One message, and all that comes of it.
    Turn { chat: ChatId, message: MessageId },
    /// A world, or one of its chats, for as long as somebody listens.
    Standing(Option<ChatId>),
}

/// How clients want things told.
#[derive(Debug, Clone, Default)]
pub(super) struct Manner {
    /// Those of the world who are people.
    pub(super) people: Vec<EntityId>,
    /// What the client calls who sent the message of the turn.
    pub(super) echo: Option<String>,
    /// Whether clients are told after each answer that it is kept.
    pub(super) tells_saves: bool,
    /// Whom the message names, if there is nobody of that name.
    pub(super) nobody: Option<String>,
}

/// What came of a turn.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// What was said last, as an envelope.
    pub(super) last: Value,
    pub(super) answers: usize,
    /// Why agents did not answer.
    pub(super) failures: Vec<String>,
}

/// Somebody who tells the client of one stream what happens.
pub(super) struct Teller {
    scope: Scope,
    manner: Manner,
    answers: Answers,
    calls: Calls,
    /// Who has ended last, when nobody else was answering: whether that was the end of the turn is
    /// known with the next event.
    ended: Option<(Activity, Box<CloudEvent>)>,
    /// Titles that are told when nobody is answering any more.
    titles: Vec<Envelope>,
    pub(super) outcome: Outcome,
}

impl Teller {
    pub(super) fn new(scope: Scope, manner: Manner) -> Self {
        Self {
            scope,
            manner,
            answers: Answers::default(),
            calls: Calls::default(),
            ended: None,
            titles: Vec::new(),
            outcome: Outcome::default(),
        }
    }

    /// Somebody who tells what happens from now on, or behind some place of the log, and knows the
    /// world as it is now.
    pub(super) fn standing(chat: Option<ChatId>, manner: Manner, model: &Model) -> Self {
        Self {
            calls: Calls::of(model),
            ..Self::new(Scope::Standing(chat), manner)
        }
    }

    /// What people were asked before anything is heard, and have not answered.
    pub(super) fn asked(&self) -> Vec<Envelope> {
        match &self.scope {
            Scope::Turn { .. } => Vec::new(),
            Scope::Standing(chat) => self.calls.asked(chat.as_ref()),
        }
    }

    /// What is told of an event, and whether that is all that there is to tell.
    pub(super) fn event(&mut self, event: &CloudEvent) -> (Vec<Envelope>, bool) {
        if event.event_type.as_str() == "world.deleted" {
            return (vec![Envelope::failed("The world was deleted")], true);
        }
        if !self.is_about(event) {
            return (Vec::new(), false);
        }
        let Ok(Some(fact)) = Fact::parse(&event.event_type, &event.data) else {
            return (Vec::new(), false);
        };
        if let Fact::TurnEnded(ended) = &fact {
            let is_last =
                matches!(&self.scope, Scope::Turn { message, .. } if *message == ended.turn);
            return (placed(self.turn_ended(event, ended.turn), event), is_last);
        }
        let mut told = self.not_the_end();
        told.extend(placed(self.fact(event, fact), event));
        told.extend(self.answers.overtaken());
        (told, false)
    }

    /// What is told of a piece of an answer, or of what a tool says of its progress.
    pub(super) fn chunk(&mut self, chunk: &Chunk) -> Vec<Envelope> {
        if chunk.progress {
            return Vec::from_iter(self.calls.progress(chunk));
        }
        self.answers.piece(chunk)
    }

    fn is_about(&self, event: &CloudEvent) -> bool {
        match &self.scope {
            Scope::Turn { chat, message } => {
                event.correlationid == Some(message.0)
                    || (event.chat.as_ref() == Some(chat)
                        && event.event_type.as_str() == "chat.updated")
            }
            Scope::Standing(None) => true,
            Scope::Standing(chat) => event.chat == *chat,
        }
    }

    fn fact(&mut self, event: &CloudEvent, fact: Fact) -> Vec<Envelope> {
        match fact {
            Fact::MessagePosted(posted) => self.posted(event, &posted),
            Fact::ActionRequested(requested) => self.requested(event, &requested),
            Fact::ActionCompleted(done) => match &done.call {
                Some(call) => self.calls.end(event, call, &done),
                None if done.calls.is_empty() => self.finished(event, done.invocation, None),
                None => {
                    let mut told = self.answers.calls(event, &done);
                    told.extend(self.calls.step(event, &done));
                    told
                }
            },
            Fact::ActionFailed(failed) => match &failed.call {
                Some(call) => self.calls.fail(event, call, &failed),
                None => self.finished(event, failed.invocation, Some(&failed)),
            },
            Fact::ActionCancelled(cancelled) => match &cancelled.call {
                Some(call) => self.calls.cancel(event, call),
                None => self.finished(event, cancelled.invocation, None),
            },
            Fact::ApprovalRequested(requested) => self.calls.ask(event, &requested),
            Fact::ApprovalEnded(ended) => self.calls.decided(event, &ended),
            Fact::ChatCreated(chat) => vec![Envelope::chat("chat-created", event, &chat)],
            Fact::ChatUpdated(chat) => self.chat_updated(event, &chat),
            Fact::MessageRemoved(removed) => vec![Envelope::removed(event, removed.message)],
            _ => Vec::new(),
        }
    }

    fn posted(&mut self, event: &CloudEvent, posted: &MessagePosted) -> Vec<Envelope> {
        let is_question = event.id.message() == posted.turn;
        let is_answer = !is_question && !posted.notice;
        let mut told = Vec::new();
        if is_answer {
            told.extend(self.answers.whole(event, posted));
            self.outcome.answers += 1;
        }
        let echo = self.manner.echo.as_deref().filter(|_| is_question);
        let sender = echo.unwrap_or(event.sender.as_str());
        let message = Envelope::message(event, posted, sender, self.role(&event.sender));
        self.outcome.last = message.body.clone();
        told.push(message);
        if self.manner.tells_saves && !is_question {
            told.push(Envelope::saved(event));
        }
        told
    }

    fn requested(&mut self, event: &CloudEvent, requested: &ActionRequested) -> Vec<Envelope> {
        if let Some(call) = &requested.call {
            return vec![self.calls.begin(event, &requested.entity, call)];
        }
        if requested.message.is_none() {
            return Vec::new();
        }
        let Some(activity) = self.answers.begin(event, requested) else {
            return Vec::new();
        };
        let busy = self.answers.busy();
        vec![Envelope::activity(
            "response-start",
            event,
            &activity,
            &busy,
        )]
    }

    fn finished(
        &mut self,
        event: &CloudEvent,
        invocation: RunId,
        failed: Option<&ActionFailed>,
    ) -> Vec<Envelope> {
        let Some((activity, mut told)) = self.answers.end(event, invocation, failed) else {
            return Vec::new();
        };
        let failure = failed.map(|failed| failed.reason.clone());
        self.outcome.failures.extend(failure);
        told.extend(self.has_ended(event, activity));
        told
    }

    fn has_ended(&mut self, event: &CloudEvent, activity: Activity) -> Option<Envelope> {
        self.calls.forget(activity.chat.as_ref(), &activity.agent);
        if self.answers.is_empty() {
            self.ended = Some((activity, Box::new(event.clone())));
            return None;
        }
        let busy = self.answers.busy();
        Some(Envelope::activity("response-end", event, &activity, &busy))
    }

    /// Who ended last was not the last of the turn.
    fn not_the_end(&mut self) -> Vec<Envelope> {
        let ended = self.ended.take();
        let told = ended.map(|(activity, event)| {
            let told = Envelope::activity("response-end", &event, &activity, &Busy::default());
            told.at(event.sequence)
        });
        Vec::from_iter(told)
    }

    fn turn_ended(&mut self, event: &CloudEvent, turn: MessageId) -> Vec<Envelope> {
        let mut told = Vec::new();
        for activity in self.answers.end_turn(turn) {
            // Of the last one only it is told that nobody else is answering.
            let before = self.ended.take().map(|(before, _)| before);
            told.extend(before.map(|before| {
                Envelope::activity("response-end", event, &before, &Busy::default())
            }));
            told.extend(self.has_ended(event, activity));
        }
        if !self.answers.is_empty() {
            return told;
        }
        let begun = self.answers.begun;
        if let Some(name) = self.manner.nobody.as_deref().filter(|_| begun == 0) {
            told.push(Envelope::nobody(event, turn, name));
        }
        let ended = self.ended.take().map(|(activity, _)| activity);
        let ended = ended.unwrap_or_else(|| Activity {
            number: begun,
            agent: event.sender.clone(),
            chat: event.chat.clone(),
        });
        told.push(Envelope::activity("idle", event, &ended, &Busy::default()));
        told.append(&mut self.titles);
        told
    }

    fn chat_updated(&mut self, event: &CloudEvent, chat: &Chat) -> Vec<Envelope> {
        let mut told = vec![Envelope::chat("chat-updated", event, chat)];
        if chat.titled == TitleSource::Auto {
            told.push(Envelope::title(event, chat));
        }
        match self.scope {
            Scope::Turn { .. } => {
                self.titles = told;
                Vec::new()
            }
            Scope::Standing(_) => told,
        }
    }

    fn role(&self, sender: &EntityId) -> &'static str {
        match sender.as_str() {
            "system" => "system",
            "world" => "world",
            _ if self.manner.people.contains(sender) => "user",
            _ => "assistant",
        }
    }
}

/// The envelopes of one event, with its place on the last of them.
fn placed(mut told: Vec<Envelope>, event: &CloudEvent) -> Vec<Envelope> {
    if let Some(last) = told.pop() {
        told.push(last.at(event.sequence));
    }
    told
}
