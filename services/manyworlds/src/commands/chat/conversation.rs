//! The turns of a chat: posts messages and shows the answers that they cause.

use std::time::Duration;

use client::{Client, Received, TurnItem};
use contract::chat::Unanswered;
use contract::http::PostMessageRequest;
use contract::{ChatId, CloudEvent, EntityId, Fact, WorldId};

use crate::commands::approvals;
use crate::error_text::error_text;
use crate::output::{Output, Style};
use crate::transcript::{ScreenUpdate, Transcript};

/// A lost connection is retried for this long: longer than any failover.
const RETRY_MAX: Duration = Duration::from_secs(45);

/// A user's conversation with the agents of a chat, one turn after the other.
pub(super) struct Conversation {
    world: WorldId,
    chat: ChatId,
    user: EntityId,
    output: Output,
    /// The agents in the order of their first answers: each has a colour.
    agents: Vec<EntityId>,
    transcript: Transcript,
    failed_answers: usize,
}

impl Conversation {
    pub(super) fn new(world: WorldId, chat: ChatId, user: EntityId, output: Output) -> Self {
        Self {
            world,
            chat,
            user,
            output,
            agents: Vec::new(),
            transcript: Transcript::default(),
            failed_answers: 0,
        }
    }

    /// How many answers failed so far.
    pub(super) fn failed_answers(&self) -> usize {
        self.failed_answers
    }

    /// Posts a message and shows its turn until it ends. While the gateway is unavailable, the
    /// message is posted again; the idempotency key makes it one message.
    pub(super) async fn post_message(&mut self, client: &Client, text: &str) -> anyhow::Result<()> {
        let client = client.clone().with_retries(RETRY_MAX);
        let messages = client.world(&self.world).messages(&self.chat);
        let mut turn = messages.post_streamed(PostMessageRequest {
            sender: self.user.clone(),
            text: text.to_owned(),
            in_reply_to: None,
            stream: true,
            wait: true,
        });
        while let Some(item) = turn.next().await? {
            self.show_item(item)?;
        }
        Ok(())
    }

    fn show_item(&mut self, item: TurnItem) -> anyhow::Result<()> {
        match item {
            TurnItem::Posted(_) => Ok(()),
            TurnItem::Event(event) => self.show_event(&event),
            TurnItem::Chunk(chunk) if self.output.is_terminal() => {
                let updates = self.transcript.add_chunk(&chunk.content);
                self.draw(updates)
            }
            TurnItem::Chunk(_) => Ok(()),
            TurnItem::Interrupted(error) => {
                // The rest of an answer that was shown in part comes as a new line.
                self.transcript = Transcript::default();
                let note = format!("\n{}; retrying", error_text(&error.into()));
                self.output
                    .note(&self.output.paint_note(Style::Faint, &note));
                Ok(())
            }
        }
    }

    /// Shows an event of the turn.
    fn show_event(&mut self, received: &Received<CloudEvent>) -> anyhow::Result<()> {
        if self.output.is_json() {
            self.output.line(&received.json)?;
        }
        let event = &received.content;
        match Fact::parse(&event.event_type, &event.data)? {
            // A failed tool call does not fail the answer.
            Some(Fact::ActionFailed(failed)) if failed.call.is_none() => self.show_failure(
                &event.sender,
                &format!("{} ({})", failed.reason, failed.code),
            ),
            Some(Fact::ActionCancelled(cancelled)) if cancelled.call.is_none() => {
                self.show_failure(&event.sender, "cancelled")
            }
            Some(Fact::ApprovalRequested(requested)) => {
                let id = event.id.approval();
                let line = approvals::line(id, &event.sender, &requested.call);
                let world = &event.world;
                let note = format!("{line}\n(manyworlds approve {world} or deny {world})");
                self.output
                    .note(&self.output.paint_note(Style::Faint, &note));
                Ok(())
            }
            Some(Fact::MessagePosted(message)) if self.output.is_terminal() => {
                let updates = self
                    .transcript
                    .complete_answer(&event.sender, &message.text);
                self.draw(updates)
            }
            Some(Fact::MessagePosted(message)) if !self.output.is_json() => {
                let line = format!("{}: {}", event.sender, message.text);
                Ok(self.output.line(&line)?)
            }
            Some(Fact::TurnEnded(ended)) => {
                self.show_unanswered(ended.unanswered);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Shows why nobody answered. Those that failed or were cancelled have been shown already.
    fn show_unanswered(&self, unanswered: Option<Unanswered>) {
        use Unanswered::{Cancelled, Failed};
        if let Some(reason) = unanswered.filter(|reason| !matches!(reason, Failed | Cancelled)) {
            let note = format!("nobody answers: {}", reason.detail());
            self.output
                .note(&self.output.paint_note(Style::Faint, &note));
        }
    }

    fn show_failure(&mut self, agent: &EntityId, reason: &str) -> anyhow::Result<()> {
        self.failed_answers += 1;
        let updates = self.transcript.fail_answer(agent);
        self.draw(updates)?;
        let note = format!("{agent} can't answer: {reason}");
        self.output
            .note(&self.output.paint_note(Style::Error, &note));
        Ok(())
    }

    fn draw(&mut self, updates: Vec<ScreenUpdate>) -> anyhow::Result<()> {
        for update in updates {
            match update {
                ScreenUpdate::Begin(agent) => {
                    let name = self.output.paint(self.style(&agent), agent.as_str());
                    self.output.piece(&format!("{name}: "))?;
                }
                ScreenUpdate::Text(text) => self.output.piece(&text)?,
                ScreenUpdate::End => self.output.line("")?,
                ScreenUpdate::Retracted => self
                    .output
                    .line(&self.output.paint(Style::Faint, " … again"))?,
            }
        }
        Ok(())
    }

    fn style(&mut self, agent: &EntityId) -> Style {
        let known = self.agents.iter().position(|known| known == agent);
        Style::Agent(known.unwrap_or_else(|| {
            self.agents.push(agent.clone());
            self.agents.len() - 1
        }))
    }
}
