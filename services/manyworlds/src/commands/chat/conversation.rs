//! The turns of a chat: posts messages and shows the answers that they cause.

use std::time::Duration;

use anyhow::Context as _;
use contract::{ChatId, Chunk, CloudEvent, EntityId, Fact, Position, WorldId};
use eventsource_stream::Event;
use futures::StreamExt as _;
use reqwest::Method;
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::client::{Client, Problem, StreamInterrupted, is_temporary};
use crate::commands::approvals;
use crate::output::{Output, Style};
use crate::transcript::{ScreenUpdate, Transcript};

/// A lost connection is retried for this long: longer than any failover.
const RETRY_MAX: Duration = Duration::from_secs(45);
const RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// A user's conversation with the agents of a chat, one turn after the other.
pub(super) struct Conversation {
    world: WorldId,
    chat: ChatId,
    user: EntityId,
    output: Output,
    /// The agents in the order of their first answers: each has a colour.
    agents: Vec<EntityId>,
    transcript: Transcript,
    /// The last event that was shown: a repeated stream does not show it again.
    last_shown: Option<Position>,
    failed_answers: usize,
}

/// Whether a turn has ended.
#[derive(PartialEq, Eq)]
enum TurnStatus {
    Open,
    Ended,
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
            last_shown: None,
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
        let key = Uuid::now_v7().to_string();
        let mut retry_until = Instant::now() + RETRY_MAX;
        let mut posted = false;
        loop {
            let error = match self
                .follow_turn(client, text, &key, &mut posted, &mut retry_until)
                .await
            {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            // A gateway that was never reached is more likely not running than restarting.
            let was_reached = posted || error.is::<Problem>();
            if !was_reached || !is_temporary(&error) || Instant::now() > retry_until {
                return Err(error);
            }
            self.transcript = Transcript::default();
            let note = format!("\n{error:#}; retrying");
            self.output
                .note(&self.output.paint_note(Style::Faint, &note));
            sleep(RETRY_INTERVAL).await;
        }
    }

    async fn follow_turn(
        &mut self,
        client: &Client,
        text: &str,
        key: &str,
        posted: &mut bool,
        retry_until: &mut Instant,
    ) -> anyhow::Result<()> {
        let path = format!("/v1/worlds/{}/chats/{}/messages", self.world, self.chat);
        let body = json!({"sender": self.user, "text": text, "stream": true});
        let mut events = client
            .stream(
                Method::POST,
                &path,
                Some(&body),
                &[("idempotency-key", key)],
            )
            .await?;
        *posted = true;
        while let Some(event) = events.next().await {
            *retry_until = Instant::now() + RETRY_MAX;
            if self.show_event(&event?)? == TurnStatus::Ended {
                return Ok(());
            }
        }
        Err(StreamInterrupted::new("stream ended").into())
    }

    fn show_event(&mut self, event: &Event) -> anyhow::Result<TurnStatus> {
        match event.event.as_str() {
            "chunk" => {
                let chunk: Chunk = parse_data(event)?;
                if self.output.is_terminal() {
                    let updates = self.transcript.add_chunk(&chunk);
                    self.draw(updates)?;
                }
            }
            "message" => {}
            "error" => return Err(StreamInterrupted::read(&event.data).into()),
            _ => {
                let fact: CloudEvent = parse_data(event)?;
                if self.last_shown.is_none_or(|last| last < fact.sequence) {
                    self.last_shown = Some(fact.sequence);
                    self.show_fact(&fact, &event.data)?;
                }
                if matches!(event.event.as_str(), "chat.turn_ended" | "world.deleted") {
                    return Ok(TurnStatus::Ended);
                }
            }
        }
        Ok(TurnStatus::Open)
    }

    /// Shows a fact of the turn.
    fn show_fact(&mut self, event: &CloudEvent, json: &str) -> anyhow::Result<()> {
        if self.output.is_json() {
            self.output.line(json)?;
        }
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
            _ => Ok(()),
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

fn parse_data<T: serde::de::DeserializeOwned>(event: &Event) -> anyhow::Result<T> {
    serde_json::from_str(&event.data)
        .with_context(|| format!("malformed {} event of the gateway", event.event))
}
