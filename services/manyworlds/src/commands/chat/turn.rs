//! One message and everything that it makes agents say.

use std::time::Duration;

use anyhow::Context as _;
use contract::{ChatId, Chunk, CloudEvent, EntityId, Fact, Position, WorldId};
use eventsource_stream::Event;
use futures::StreamExt as _;
use reqwest::Method;
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::Options;
use crate::client::{BrokenOff, Client, Problem, is_temporary};
use crate::commands::approvals;
use crate::output::{Output, Style};
use crate::transcript::{Shown, Transcript};

/// A connection that is lost is tried again for this long: longer than any failover.
const PATIENCE: Duration = Duration::from_secs(45);
const PAUSE: Duration = Duration::from_millis(250);

/// Takes turns in a chat, one after the other.
pub(super) struct Turn {
    world: WorldId,
    chat: ChatId,
    user: EntityId,
    output: Output,
    /// The agents in the order in which they first spoke: each has a colour.
    agents: Vec<EntityId>,
    transcript: Transcript,
    /// The last event that was shown: what a repeated stream tells again is not shown again.
    seen: Option<Position>,
    unanswered: usize,
}

/// Whether a turn goes on.
#[derive(PartialEq, Eq)]
enum Progress {
    More,
    Ended,
}

impl Turn {
    pub(super) fn new(options: &Options, output: Output) -> Self {
        Self {
            world: options.world.clone(),
            chat: options.chat.clone(),
            user: options.user.clone(),
            output,
            agents: Vec::new(),
            transcript: Transcript::default(),
            seen: None,
            unanswered: 0,
        }
    }

    /// How many answers failed so far.
    pub(super) fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// Posts a message, and shows what comes of it until the turn has ended. While the gateway is
    /// away it is posted again: the key makes all of that one message.
    pub(super) async fn take(&mut self, client: &Client, text: &str) -> anyhow::Result<()> {
        let key = Uuid::now_v7().to_string();
        let mut until = Instant::now() + PATIENCE;
        let mut posted = false;
        loop {
            let error = match self
                .follow(client, text, &key, &mut posted, &mut until)
                .await
            {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            // A gateway that was never reached is more likely not there than away.
            let reached = posted || error.is::<Problem>();
            if !reached || !is_temporary(&error) || Instant::now() > until {
                return Err(error);
            }
            self.transcript = Transcript::default();
            let note = format!("\n{error:#}; trying again");
            self.output
                .note(&self.output.paint_note(Style::Faint, &note));
            sleep(PAUSE).await;
        }
    }

    async fn follow(
        &mut self,
        client: &Client,
        text: &str,
        key: &str,
        posted: &mut bool,
        until: &mut Instant,
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
            *until = Instant::now() + PATIENCE;
            if self.show(&event?)? == Progress::Ended {
                return Ok(());
            }
        }
        Err(BrokenOff::new("it ended").into())
    }

    fn show(&mut self, event: &Event) -> anyhow::Result<Progress> {
        match event.event.as_str() {
            "chunk" => {
                let chunk: Chunk = read(event)?;
                if self.output.is_terminal() {
                    let shown = self.transcript.chunk(&chunk);
                    self.draw(shown)?;
                }
            }
            "message" => {}
            "error" => return Err(BrokenOff::read(&event.data).into()),
            _ => {
                let told: CloudEvent = read(event)?;
                if self.seen.is_none_or(|seen| seen < told.sequence) {
                    self.seen = Some(told.sequence);
                    self.tell(&told, &event.data)?;
                }
                if matches!(event.event.as_str(), "chat.turn_ended" | "world.deleted") {
                    return Ok(Progress::Ended);
                }
            }
        }
        Ok(Progress::More)
    }

    /// Shows a fact of the turn.
    fn tell(&mut self, event: &CloudEvent, json: &str) -> anyhow::Result<()> {
        if self.output.is_json() {
            self.output.line(json)?;
        }
        match Fact::parse(&event.event_type, &event.data)? {
            // A tool that fails is not the agent that does.
            Some(Fact::ActionFailed(failed)) if failed.call.is_none() => self.fail(
                &event.sender,
                &format!("{} ({})", failed.reason, failed.code),
            ),
            Some(Fact::ActionCancelled(cancelled)) if cancelled.call.is_none() => {
                self.fail(&event.sender, "it was called off")
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
                let shown = self.transcript.posted(&event.sender, &message.text);
                self.draw(shown)
            }
            Some(Fact::MessagePosted(message)) if !self.output.is_json() => {
                let line = format!("{}: {}", event.sender, message.text);
                Ok(self.output.line(&line)?)
            }
            _ => Ok(()),
        }
    }

    fn fail(&mut self, agent: &EntityId, reason: &str) -> anyhow::Result<()> {
        self.unanswered += 1;
        let shown = self.transcript.failed(agent);
        self.draw(shown)?;
        let note = format!("{agent} can't answer: {reason}");
        self.output
            .note(&self.output.paint_note(Style::Error, &note));
        Ok(())
    }

    fn draw(&mut self, shown: Vec<Shown>) -> anyhow::Result<()> {
        for shown in shown {
            match shown {
                Shown::Begin(agent) => {
                    let name = self.output.paint(self.style(&agent), agent.as_str());
                    self.output.piece(&format!("{name}: "))?;
                }
                Shown::Text(text) => self.output.piece(&text)?,
                Shown::End => self.output.line("")?,
                Shown::Void => self
                    .output
                    .line(&self.output.paint(Style::Faint, " … again"))?,
            }
        }
        Ok(())
    }

    fn style(&mut self, agent: &EntityId) -> Style {
        let known = self.agents.iter().position(|known| known == agent);
        Style::Voice(known.unwrap_or_else(|| {
            self.agents.push(agent.clone());
            self.agents.len() - 1
        }))
    }
}

fn read<T: serde::de::DeserializeOwned>(event: &Event) -> anyhow::Result<T> {
    serde_json::from_str(&event.data).with_context(|| {
        format!(
            "the gateway's event {} is not what it promises",
            event.event
        )
    })
}
