//! The turns of a session: sends messages and shows what the flow answers.

use std::time::Duration;

use anyhow::bail;
use client::{Client, Received, SessionStream, SessionStreamItem};
use contract::flow::NewFlowEvent;
use contract::flow::atoms::{
    ERROR, LLM_REQUEST, LOG, RESPONSE_CHUNK, RESPONSE_END, RESPONSE_START, TRANSCRIPT_UPDATE,
};
use contract::http::{
    EndSessionQuery, SendSessionEventsRequest, SessionEvent, SessionStreamQuery,
    StartSessionRequest,
};
use contract::{CommandId, EntityId, FlowId, SessionId, WorldId};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::error_text::error_text;
use crate::output::{Output, Style};

/// A lost connection is retried for this long: longer than any failover.
const RETRY_MAX: Duration = Duration::from_secs(45);
/// After so long without an event the state of the session shows whether more is to come.
const SILENCE: Duration = Duration::from_secs(1);

/// A session of a flow, one message after the other.
pub(super) struct Dialogue {
    client: Client,
    world: WorldId,
    user: Option<EntityId>,
    session: SessionId,
    stream: SessionStream,
    output: Output,
    has_ended: bool,
    /// Whether a line is begun and not complete.
    in_line: bool,
    /// The node whose answer comes.
    answering: String,
    failures: usize,
}

impl Dialogue {
    pub(super) async fn begin(
        client: &Client,
        (world, flow): (WorldId, FlowId),
        user: Option<EntityId>,
        output: Output,
    ) -> anyhow::Result<Self> {
        let client = client.clone().with_retries(RETRY_MAX);
        let here = client.world(&world);
        let request = StartSessionRequest {
            entity: user.clone(),
            ..StartSessionRequest::default()
        };
        let begun = here.flows().start_session(&flow, &request).await?;
        let query = SessionStreamQuery {
            after: Some(begun.position),
            live: output.is_terminal(),
        };
        let stream = here.sessions().stream(begun.id, query).await?;
        Ok(Self {
            client,
            world,
            user,
            session: begun.id,
            stream,
            output,
            has_ended: false,
            in_line: false,
            answering: String::new(),
            failures: 0,
        })
    }

    pub(super) fn id(&self) -> SessionId {
        self.session
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Joins the session: a flow may greet then.
    pub(super) async fn join(&mut self) -> anyhow::Result<()> {
        self.send(vec![("system.user.joined", json!({}))]).await
    }

    /// Sends a message and shows what comes back, until all of it is there.
    pub(super) async fn send_message(&mut self, text: &str) -> anyhow::Result<()> {
        let message = json!({"role": "user", "content": text});
        self.send(vec![(TRANSCRIPT_UPDATE, message), (LLM_REQUEST, json!({}))])
            .await
    }

    /// Ends the session.
    pub(super) async fn end(self) -> anyhow::Result<()> {
        if !self.has_ended {
            let query = EndSessionQuery {
                sender: self.user,
                reason: None,
            };
            let sessions = self.client.world(&self.world).sessions();
            sessions.end(self.session, &query).await?;
        }
        match self.failures {
            0 => Ok(()),
            1 => bail!("an answer failed"),
            count => bail!("{count} answers failed"),
        }
    }

    /// Sends events, and shows what comes until the last of them has left the flow, or nothing more is done.
    async fn send(&mut self, events: Vec<(&str, Value)>) -> anyhow::Result<()> {
        let last = CommandId::new().to_string();
        let count = events.len();
        let mut new = Vec::new();
        for (index, (event_type, data)) in events.into_iter().enumerate() {
            new.push(NewFlowEvent {
                id: (index + 1 == count).then(|| last.clone()),
                ..NewFlowEvent::new(event_type, to_raw_value(&data)?)
            });
        }
        let request = SendSessionEventsRequest {
            events: new,
            sender: self.user.clone(),
        };
        let client = self.client.clone();
        let sessions = client.world(&self.world).sessions();
        sessions.send(self.session, &request).await?;
        loop {
            let Ok(item) = timeout(SILENCE, self.stream.next()).await else {
                // What the flow consumes does not come back.
                let shown = sessions.show(self.session).await?.session;
                if shown.turn.is_none() && shown.pending == 0 {
                    return self.finish_line();
                }
                continue;
            };
            match item? {
                Some(SessionStreamItem::Event(event)) => {
                    if event.content.sender_id.as_deref() == Some(&last) {
                        return self.finish_line();
                    }
                    self.show(&event)?;
                }
                Some(SessionStreamItem::Interrupted(error)) => {
                    let note = format!("\n{}; retrying", error_text(&error.into()));
                    self.output
                        .note(&self.output.paint_note(Style::Faint, &note));
                }
                Some(SessionStreamItem::Ended(ended)) => {
                    self.has_ended = true;
                    self.finish_line()?;
                    let note = format!("the session has ended: {}", ended.content.reason);
                    self.output
                        .note(&self.output.paint_note(Style::Faint, &note));
                    return Ok(());
                }
                None => return Ok(()),
            }
        }
    }

    fn show(&mut self, received: &Received<SessionEvent>) -> anyhow::Result<()> {
        if self.output.is_json() {
            return Ok(self.output.line(&received.json)?);
        }
        let event = &received.content;
        let data: Value = serde_json::from_str(event.data.get())?;
        let text = |name: &str| data[name].as_str().unwrap_or_default();
        let node = event.node.as_ref().map_or("", |node| node.as_str());
        match event.event_type.as_str() {
            RESPONSE_START if event.restarted && self.in_line => {
                self.output
                    .piece(&self.output.paint(Style::Faint, " … again "))?;
            }
            RESPONSE_START => node.clone_into(&mut self.answering),
            RESPONSE_CHUNK => self.show_chunk(text("text"))?,
            RESPONSE_END if event.restarted => {}
            RESPONSE_END => self.finish_line()?,
            "agent.speak" => {
                self.begin_line(node)?;
                self.output.piece(text("text"))?;
                self.finish_line()?;
            }
            ERROR => {
                self.failures += usize::from(text("severity") == "fatal");
                self.note(Style::Error, &format!("error: {}", text("message")))?;
            }
            LOG => self.note(Style::Faint, &log_line(node, &data))?,
            _ if event.node.is_some() => {
                self.note(
                    Style::Faint,
                    &format!("{node}: {} {data}", event.event_type),
                )?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Shows a piece of an answer, on a line of its own when notes were shown since the piece before it.
    fn show_chunk(&mut self, text: &str) -> anyhow::Result<()> {
        let text = if self.in_line {
            text
        } else {
            let node = self.answering.clone();
            self.begin_line(&node)?;
            text.trim_start()
        };
        Ok(self.output.piece(text)?)
    }

    fn begin_line(&mut self, node: &str) -> anyhow::Result<()> {
        self.finish_line()?;
        self.in_line = true;
        let name = self.output.paint(Style::Agent(0), node);
        Ok(self.output.piece(&format!("{name}: "))?)
    }

    fn finish_line(&mut self) -> anyhow::Result<()> {
        if std::mem::take(&mut self.in_line) {
            self.output.line("")?;
        }
        Ok(())
    }

    fn note(&mut self, style: Style, text: &str) -> anyhow::Result<()> {
        self.finish_line()?;
        self.output.note(&self.output.paint_note(style, text));
        Ok(())
    }
}

/// A log of a node: of a call also the tool, and why it has failed.
fn log_line(node: &str, data: &Value) -> String {
    let name = data["name"].as_str().unwrap_or_default();
    let mut line = format!("{node}: {name}");
    let payload = &data["payload"];
    for field in ["name", "error"] {
        if let Some(text) = payload[field].as_str() {
            line.push(' ');
            line.push_str(text);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_a_call_names_its_tool() {
        let payload = json!({"id": "call-1", "name": "tickets_open", "error": "cancelled"});
        let data = json!({"name": "tool_call_error", "payload": payload});
        assert_eq!(
            log_line("support", &data),
            "support: tool_call_error tickets_open cancelled"
        );
        let data = json!({"name": "agent.transition", "payload": {"from": "a"}});
        assert_eq!(log_line("gate", &data), "gate: agent.transition");
    }
}
