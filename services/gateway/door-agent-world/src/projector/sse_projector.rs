//! The projector of one stream.

use contract::chat::{TitleSource, Unanswered};
use contract::fact::{ActionFailed, ActionRequested, MessagePosted, TurnEnded};
use contract::{
    Chat, ChatId, Chunk, CloudEvent, EntityId, EntityKind, Fact, MessageId, RunId, view,
};
use serde_json::Value;

use super::answers::{EndedAnswer, OpenAnswers};
use super::options::{RenderOptions, Scope};
use super::tool_calls::PendingCalls;
use crate::envelope::{Activity, ActivitySummary, Envelope};

/// The envelopes of one event.
#[derive(Debug)]
pub(crate) enum Projected {
    /// More may follow.
    Continue(Vec<Envelope>),
    /// The stream ends.
    Finish(Vec<Envelope>),
}

/// The outcome of a turn.
#[derive(Debug, Default)]
pub(crate) struct TurnOutcome {
    /// The envelope of the last message behind the question; null when there is none.
    pub(crate) last_message: Value,
    pub(crate) answers: usize,
    /// Why agents did not answer.
    pub(crate) failures: Vec<String>,
    /// Why nobody answered, and the envelope that says so.
    pub(crate) unanswered: Option<(Unanswered, Value)>,
}

/// Projects the events and signals of a world to the envelopes of one stream.
pub(crate) struct SseProjector {
    scope: Scope,
    options: RenderOptions,
    answers: OpenAnswers,
    calls: PendingCalls,
    /// The agent that has ended last, when no other was answering: the next event shows whether that was
    /// the end of the turn.
    ended: Option<(Activity, Box<CloudEvent>)>,
    /// The last message that began a turn and mentions a name that no agent has, and the name.
    unknown_mention: Option<(MessageId, String)>,
    /// Titles that are written when no agent is answering any more.
    titles: Vec<Envelope>,
    /// Whether nobody is to answer the last message that began a turn.
    is_unanswered: bool,
    pub(crate) outcome: TurnOutcome,
}

impl SseProjector {
    pub(crate) fn new(scope: Scope, options: RenderOptions) -> Self {
        Self {
            scope,
            options,
            answers: OpenAnswers::default(),
            calls: PendingCalls::default(),
            ended: None,
            unknown_mention: None,
            titles: Vec::new(),
            is_unanswered: false,
            outcome: TurnOutcome::default(),
        }
    }

    /// A projector of a stream without an end, which begins while this goes on in the world.
    pub(crate) fn continuous(
        chat: Option<ChatId>,
        options: RenderOptions,
        activity: &view::Activity<'_>,
    ) -> Self {
        Self {
            calls: PendingCalls::from_view(activity),
            ..Self::new(Scope::Continuous(chat), options)
        }
    }

    /// Whether this is the end of the stream's own turn, and nobody was to answer its message.
    pub(crate) fn is_refused(&self, ended: &TurnEnded) -> bool {
        let is_own = matches!(&self.scope, Scope::Turn { message, .. } if *message == ended.turn);
        let has_answerers = self.answers.begun() > 0;
        is_own && ended.unanswered.is_some() && !has_answerers
    }

    /// The prompts that are open when the stream begins.
    pub(crate) fn pending_prompts(&self) -> Vec<Envelope> {
        match &self.scope {
            Scope::Turn { .. } => Vec::new(),
            Scope::Continuous(chat) => self.calls.pending_prompts(chat.as_ref()),
        }
    }

    /// The envelopes of an event.
    pub(crate) fn event(&mut self, event: &CloudEvent) -> Projected {
        if event.event_type.as_str() == "world.deleted" {
            return Projected::Finish(vec![Envelope::stream_error("The world was deleted")]);
        }
        if !self.is_in_scope(event) {
            return Projected::Continue(Vec::new());
        }
        let Ok(Some(fact)) = Fact::parse(&event.event_type, &event.data) else {
            return Projected::Continue(Vec::new());
        };
        if let Fact::TurnEnded(ended) = &fact {
            let envelopes = with_position(self.on_turn_ended(event, ended), event);
            return match &self.scope {
                Scope::Turn { message, .. } if *message == ended.turn => {
                    Projected::Finish(envelopes)
                }
                _ => Projected::Continue(envelopes),
            };
        }
        let mut envelopes = self.flush_ended();
        envelopes.extend(with_position(self.on_fact(event, fact), event));
        envelopes.extend(self.answers.early_chunks());
        Projected::Continue(envelopes)
    }

    /// The envelopes of a chunk of an answer, or of the progress of a tool.
    pub(crate) fn chunk(&mut self, chunk: &Chunk) -> Vec<Envelope> {
        if chunk.progress {
            return Vec::from_iter(self.calls.on_progress(chunk));
        }
        self.answers.on_chunk(chunk)
    }

    fn is_in_scope(&self, event: &CloudEvent) -> bool {
        match &self.scope {
            Scope::Turn { chat, message } => {
                event.correlationid == Some(message.0)
                    || (event.chat.as_ref() == Some(chat)
                        && event.event_type.as_str() == "chat.updated")
            }
            Scope::Continuous(None) => true,
            Scope::Continuous(chat) => event.chat == *chat,
        }
    }

    fn on_fact(&mut self, event: &CloudEvent, fact: Fact) -> Vec<Envelope> {
        match fact {
            Fact::MessagePosted(posted) => self.on_message_posted(event, &posted),
            Fact::ActionRequested(requested) => self.on_action_requested(event, &requested),
            Fact::ActionCompleted(done) => match &done.call {
                Some(call) => self.calls.on_completed(event, call, &done),
                None if done.calls.is_empty() => self.on_run_ended(event, done.run, None),
                None => {
                    let mut envelopes = self.answers.on_tool_calls(event, &done);
                    envelopes.extend(self.calls.on_tool_calls(event, &done));
                    envelopes
                }
            },
            Fact::ActionFailed(failed) => match &failed.call {
                Some(call) => self.calls.on_failed(event, call, &failed),
                None => self.on_run_ended(event, failed.run, Some(&failed)),
            },
            Fact::ActionCancelled(cancelled) => match &cancelled.call {
                Some(call) => self.calls.on_cancelled(event, call),
                None => self.on_run_ended(event, cancelled.run, None),
            },
            Fact::ApprovalRequested(requested) => {
                self.calls.on_approval_requested(event, &requested)
            }
            Fact::ApprovalEnded(ended) => self.calls.on_approval_ended(event, &ended),
            Fact::ChatCreated(chat) => vec![Envelope::chat("chat-created", event, &chat)],
            Fact::ChatUpdated(chat) => self.on_chat_updated(event, &chat),
            Fact::MessageRemoved(removed) => vec![Envelope::removed(event, removed.message)],
            _ => Vec::new(),
        }
    }

    fn on_message_posted(&mut self, event: &CloudEvent, posted: &MessagePosted) -> Vec<Envelope> {
        let is_question = event.id.message() == posted.turn;
        let is_answer = !is_question && !posted.notice;
        let mut envelopes = Vec::new();
        if is_answer {
            envelopes.extend(self.answers.on_message_posted(event, posted));
            self.outcome.answers += 1;
        }
        if is_question {
            let name = posted.unknown_mention.clone();
            self.unknown_mention = name.map(|name| (posted.turn, name));
            self.is_unanswered = posted.unanswered.is_some();
        }
        let alias = self.options.sender_alias.as_deref();
        let alias = alias.filter(|_| is_question);
        let sender = alias.unwrap_or(event.sender.as_str());
        let message = Envelope::message(event, posted, sender, role(&event.sender, posted));
        if !is_question {
            self.outcome.last_message = message.body.clone();
        }
        envelopes.push(message);
        if self.options.reports_saves && !is_question {
            envelopes.push(Envelope::saved(event));
        }
        envelopes
    }

    fn on_action_requested(
        &mut self,
        event: &CloudEvent,
        requested: &ActionRequested,
    ) -> Vec<Envelope> {
        if let Some(call) = &requested.call {
            return vec![self.calls.on_started(event, &requested.entity, call)];
        }
        if requested.message.is_none() {
            return Vec::new();
        }
        let Some(activity) = self.answers.on_run_requested(event, requested) else {
            return Vec::new();
        };
        let summary = self.answers.summary();
        vec![Envelope::activity(
            "response-start",
            event,
            &activity,
            &summary,
        )]
    }

    fn on_run_ended(
        &mut self,
        event: &CloudEvent,
        run: RunId,
        failed: Option<&ActionFailed>,
    ) -> Vec<Envelope> {
        let Some(ended) = self.answers.on_run_ended(event, run, failed) else {
            return Vec::new();
        };
        let EndedAnswer {
            activity,
            mut envelopes,
        } = ended;
        let failure = failed.map(|failed| failed.reason.clone());
        self.outcome.failures.extend(failure);
        envelopes.extend(self.on_answer_ended(event, activity));
        envelopes
    }

    fn on_answer_ended(&mut self, event: &CloudEvent, activity: Activity) -> Option<Envelope> {
        self.calls.clear(activity.chat.as_ref(), &activity.agent);
        if self.answers.is_empty() {
            self.ended = Some((activity, Box::new(event.clone())));
            return None;
        }
        let summary = self.answers.summary();
        Some(Envelope::activity(
            "response-end",
            event,
            &activity,
            &summary,
        ))
    }

    /// The agent that has ended last was not the last of the turn.
    fn flush_ended(&mut self) -> Vec<Envelope> {
        let ended = self.ended.take();
        let envelope = ended.map(|(activity, event)| {
            let summary = ActivitySummary::default();
            let envelope = Envelope::activity("response-end", &event, &activity, &summary);
            envelope.at_position(event.sequence)
        });
        Vec::from_iter(envelope)
    }

    fn on_turn_ended(&mut self, event: &CloudEvent, ended: &TurnEnded) -> Vec<Envelope> {
        let mut envelopes = self.on_unanswered(event, ended);
        let none = ActivitySummary::default();
        for activity in self.answers.on_turn_ended(ended.turn) {
            // Only after the last agent no other one is answering.
            let before = self.ended.take();
            envelopes.extend(
                before.map(|(before, _)| Envelope::activity("response-end", event, &before, &none)),
            );
            envelopes.extend(self.on_answer_ended(event, activity));
        }
        if !self.answers.is_empty() {
            return envelopes;
        }
        let ended = self.ended.take().map(|(activity, _)| activity);
        let ended = ended.unwrap_or_else(|| Activity {
            number: self.answers.begun(),
            agent: event.sender.clone(),
            chat: event.chat.clone(),
        });
        envelopes.push(Envelope::activity("idle", event, &ended, &none));
        envelopes.append(&mut self.titles);
        envelopes
    }

    /// A turn ended in which nobody answered. That agents failed or were cancelled is written already.
    fn on_unanswered(&mut self, event: &CloudEvent, ended: &TurnEnded) -> Vec<Envelope> {
        let TurnOutcome {
            answers, failures, ..
        } = &self.outcome;
        let is_turn = matches!(self.scope, Scope::Turn { .. });
        // The event is of an earlier build if it does not say why.
        let is_silent = is_turn && *answers == 0 && failures.is_empty();
        let reason = ended.unanswered.or(is_silent.then_some(Unanswered::Other));
        let Some(reason) = reason else {
            return Vec::new();
        };
        let mention = self.unknown_mention.as_ref();
        let mention = mention.filter(|(message, _)| *message == ended.turn);
        let mention = mention.map(|(_, name)| name.as_str());
        let envelope = Envelope::unanswered(event, ended.turn, reason, mention);
        self.outcome.unanswered = Some((reason, envelope.body.clone()));
        match reason {
            Unanswered::Failed | Unanswered::Cancelled => Vec::new(),
            _ => vec![envelope],
        }
    }

    fn on_chat_updated(&mut self, event: &CloudEvent, chat: &Chat) -> Vec<Envelope> {
        let mut envelopes = vec![Envelope::chat("chat-updated", event, chat)];
        if chat.titled == TitleSource::Auto {
            envelopes.push(Envelope::title(event, chat));
        }
        match self.scope {
            // A page keeps one of two `system` events that it reads at once: the title is not written with
            // the report that nobody answers.
            Scope::Turn { .. } if !self.is_unanswered => {
                self.titles = envelopes;
                Vec::new()
            }
            Scope::Turn { .. } | Scope::Continuous(_) => envelopes,
        }
    }
}

/// The role of a sender, as the messages of language models have it.
fn role(sender: &EntityId, posted: &MessagePosted) -> &'static str {
    match (sender.as_str(), posted.sender_kind) {
        ("system", _) => "system",
        ("world", _) => "world",
        (_, Some(EntityKind::User)) => "user",
        (_, Some(EntityKind::Agent | EntityKind::Object)) => "assistant",
        // The event is of an earlier build.
        (_, None) if posted.from_agent => "assistant",
        (_, None) => "user",
    }
}

/// The envelopes of one event, with its position on the last of them.
fn with_position(mut envelopes: Vec<Envelope>, event: &CloudEvent) -> Vec<Envelope> {
    if let Some(last) = envelopes.pop() {
        envelopes.push(last.at_position(event.sequence));
    }
    envelopes
}

#[cfg(test)]
mod tests;
