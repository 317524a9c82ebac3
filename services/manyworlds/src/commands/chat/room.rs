//! What happens in a chat, as it is shown: messages as they come, answers as they are written, who is at work, and what
//! waits for a person.

mod pending;

use std::collections::BTreeSet;

use contract::chat::Unanswered;
use contract::fact::{ApprovalEnded, MessagePosted, TurnEnded};
use contract::tool::Approval;
use contract::{Chunk, CloudEvent, EntityId, Fact, MessageId};
use tokio::time::Instant;

use self::pending::Pending;
use super::activity::Activity;
use super::screen::Screen;
use super::waiting::{self, Waiting};
use crate::output::{Output, Style};
use crate::transcript::{ScreenUpdate, Transcript};

/// A chat, as one of its people sees it.
pub(super) struct Room {
    user: EntityId,
    output: Output,
    /// The agents in the order of their first answers: each has a colour.
    agents: Vec<EntityId>,
    transcript: Transcript,
    /// Whose answer is being written.
    writing: Option<EntityId>,
    activity: Activity,
    pub(super) waiting: Waiting,
    pub(super) pending: Pending,
    /// The messages of this person whose turns have not ended.
    turns: BTreeSet<MessageId>,
}

impl Room {
    pub(super) fn new(user: EntityId, output: Output) -> Self {
        Self {
            user,
            output,
            agents: Vec::new(),
            transcript: Transcript::default(),
            writing: None,
            activity: Activity::default(),
            waiting: Waiting::default(),
            pending: Pending::default(),
            turns: BTreeSet::new(),
        }
    }

    /// Whether a turn that this person has begun is not over.
    pub(super) fn has_open_turn(&self) -> bool {
        !self.turns.is_empty() || !self.pending.is_empty()
    }

    /// Whether what is shown changes with time.
    pub(super) fn is_busy(&self) -> bool {
        self.activity.is_busy()
    }

    /// Shows who is at work and what waits, below all else.
    pub(super) fn show_state(&self, screen: &mut Screen) {
        let faint = |text: &str| self.output.paint(Style::Faint, text);
        let pending = self.pending.texts();
        let pending = pending.map(|text| faint(&format!("{}: {text}", self.user)));
        let activity = self.activity.line(Instant::now());
        let hint = self.waiting.hint();
        let hint = hint.map(|hint| self.output.paint(Style::Bold, &hint));
        let rows = pending.chain(activity.map(|line| faint(&line))).chain(hint);
        screen.set_state(
            rows.map(|row| self.output.clean(&row).into_owned())
                .collect(),
        );
    }

    /// Shows a text beside the messages.
    pub(super) fn note(&mut self, style: Style, text: &str, screen: &mut Screen) {
        let text = self.output.paint(style, text);
        self.insert(&text, screen);
    }

    /// Shows a message of a person, or of an earlier time.
    pub(super) fn show_message(&mut self, sender: &EntityId, text: &str, screen: &mut Screen) {
        let style = match self.agents.iter().position(|agent| agent == sender) {
            Some(index) => Style::Agent(index),
            None => Style::Bold,
        };
        let name = self.output.paint(style, sender.as_str());
        self.insert(&format!("{name}: {text}"), screen);
    }

    /// Shows a call that waits.
    pub(super) fn show_approval(&mut self, approval: &Approval, screen: &mut Screen) {
        if self
            .waiting
            .add(approval.id, &approval.agent, &approval.call)
        {
            for row in waiting::description(&approval.agent, &approval.call) {
                self.insert(&row, screen);
            }
        }
    }

    /// Shows a piece of an answer.
    pub(super) fn add_chunk(&mut self, chunk: &Chunk, screen: &mut Screen) {
        self.activity.show(chunk.run);
        let updates = self.transcript.add_chunk(chunk);
        self.write(updates, screen);
    }

    /// What is written of answers so far does not go on: some of their pieces are lost.
    pub(super) fn interrupt(&mut self, screen: &mut Screen) {
        self.transcript = Transcript::default();
        self.writing = None;
        screen.end();
    }

    /// What was open may have ended without an event that is received.
    pub(super) fn forget_open(&mut self, screen: &mut Screen) {
        self.interrupt(screen);
        self.activity = Activity::default();
        self.turns.clear();
    }

    /// Shows an event of the chat.
    ///
    /// # Errors
    /// When it is malformed.
    pub(super) fn show_event(
        &mut self,
        event: &CloudEvent,
        screen: &mut Screen,
    ) -> anyhow::Result<()> {
        let sender = &event.sender;
        match Fact::parse(&event.event_type, &event.data)? {
            Some(Fact::MessagePosted(message)) => self.show_posted(event, &message, screen),
            Some(Fact::TurnEnded(ended)) => self.end_turn(&ended, screen),
            Some(Fact::ActionRequested(requested)) => {
                self.activity.begin(event.id.run(), &requested);
            }
            Some(Fact::ActionCompleted(completed)) => {
                self.activity.end(completed.run);
                self.activity.expect_calls(sender, &completed.calls);
            }
            Some(Fact::ActionFailed(failed)) => {
                let was_answer = self.activity.end(failed.run);
                if was_answer && failed.call.is_none() {
                    let reason = format!("{} ({})", failed.reason, failed.code);
                    self.show_failure(sender, &reason, screen);
                }
            }
            Some(Fact::ActionCancelled(cancelled)) => {
                let was_answer = self.activity.end(cancelled.run);
                if was_answer && cancelled.call.is_none() {
                    self.show_failure(sender, "cancelled", screen);
                }
            }
            Some(Fact::ApprovalRequested(requested)) => {
                let id = event.id.approval();
                if self.waiting.add(id, sender, &requested.call) {
                    for row in waiting::description(sender, &requested.call) {
                        self.insert(&row, screen);
                    }
                }
            }
            Some(Fact::ApprovalEnded(ended)) => self.end_approval(sender, &ended, screen),
            Some(Fact::ChatStopped(_)) => {
                self.note(Style::Faint, "the answers were stopped", screen);
            }
            Some(Fact::MessageRemoved(_)) => {
                let note = "a message was taken back, with all that followed it";
                self.note(Style::Faint, note, screen);
            }
            Some(Fact::ChatDeleted(_)) => self.note(Style::Faint, "the chat was deleted", screen),
            _ => {}
        }
        Ok(())
    }

    fn show_posted(&mut self, event: &CloudEvent, message: &MessagePosted, screen: &mut Screen) {
        let sender = &event.sender;
        if message.from_agent && message.in_reply_to.is_some() {
            let updates = self.transcript.complete_answer(sender, &message.text);
            self.write(updates, screen);
            return;
        }
        if *sender == self.user {
            self.pending.remove(&message.text);
            if event.id.message() == message.turn {
                self.turns.insert(message.turn);
            }
        }
        self.show_message(sender, &message.text, screen);
    }

    fn end_turn(&mut self, ended: &TurnEnded, screen: &mut Screen) {
        if self.turns.remove(&ended.turn) {
            self.show_unanswered(ended.unanswered, screen);
        }
    }

    fn end_approval(&mut self, sender: &EntityId, ended: &ApprovalEnded, screen: &mut Screen) {
        if let Some((agent, call)) = self.waiting.remove(ended.approval) {
            let decision = waiting::decision(&ended.verdict);
            let note = format!("{call} of {agent}: {decision}, by {sender}");
            self.note(Style::Faint, &note, screen);
        }
    }

    /// Shows why nobody answered. Those that failed or were cancelled have been shown already.
    fn show_unanswered(&mut self, unanswered: Option<Unanswered>, screen: &mut Screen) {
        use Unanswered::{Cancelled, Failed};
        if let Some(reason) = unanswered.filter(|reason| !matches!(reason, Failed | Cancelled)) {
            let note = format!("nobody answers: {}", reason.detail());
            self.note(Style::Faint, &note, screen);
        }
    }

    fn show_failure(&mut self, agent: &EntityId, reason: &str, screen: &mut Screen) {
        let updates = self.transcript.fail_answer(agent);
        self.write(updates, screen);
        let note = format!("{agent} can't answer: {reason}");
        self.note(Style::Error, &note, screen);
    }

    fn insert(&mut self, text: &str, screen: &mut Screen) {
        let is_interrupted = screen.insert(&self.output.clean(text));
        if let Some(agent) = self.writing.clone().filter(|_| is_interrupted) {
            self.begin(&agent, screen);
        }
    }

    fn write(&mut self, updates: Vec<ScreenUpdate>, screen: &mut Screen) {
        for update in updates {
            match update {
                ScreenUpdate::Begin(agent) => {
                    self.begin(&agent, screen);
                    self.writing = Some(agent);
                }
                ScreenUpdate::Text(text) => screen.write(&self.output.clean(&text)),
                ScreenUpdate::End => {
                    self.writing = None;
                    screen.end();
                }
                ScreenUpdate::Retracted => {
                    screen.write(&self.output.paint(Style::Faint, " … again"));
                    screen.end();
                }
            }
        }
    }

    fn begin(&mut self, agent: &EntityId, screen: &mut Screen) {
        let known = self.agents.iter().position(|known| known == agent);
        let index = known.unwrap_or_else(|| {
            self.agents.push(agent.clone());
            self.agents.len() - 1
        });
        let name = self.output.paint(Style::Agent(index), agent.as_str());
        screen.write(&format!("{name}: "));
    }
}
