//! Sessions of flows in a world in memory: what a client sends, and what it gets.

use std::collections::BTreeMap;

use contract::flow::atoms::{INTERRUPT, LLM_REQUEST, empty};
use contract::flow::{FlowFrame, NewFlowEvent, SessionView};
use contract::view::GetSession;
use contract::{Command, EntityId, Event as StoredEvent, Fact, SessionId};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::error::Error;
use super::test_world::{TestWorld, parse_id};
use crate::node_event::IntoFlowEvent;

/// What a test does as the client of a flow.
impl TestWorld {
    /// Begins a session with a flow. Its client is this entity; `world` is a client without one.
    ///
    /// # Errors
    /// [`Error::Rejected`] by the world, [`Error::InvalidId`].
    pub fn start_session(&mut self, client: &str, flow: &str) -> Result<SessionId, Error> {
        self.start_session_with(client, flow, &json!({}))
    }

    /// Begins a session with variables: the fields of an object.
    ///
    /// # Errors
    /// As [`start_session`](Self::start_session); [`Error::Json`] when they are no object.
    pub fn start_session_with(
        &mut self,
        client: &str,
        flow: &str,
        variables: &Value,
    ) -> Result<SessionId, Error> {
        let variables: BTreeMap<String, Value> = serde_json::from_value(variables.clone())
            .map_err(|source| Error::Json {
                what: "the variables of a session".to_owned(),
                source,
            })?;
        let command = Command::StartSession {
            flow: parse_id(flow)?,
            variables,
            init: None,
        };
        let (id, _) = self.send_command(parse_id(client)?, command)?;
        Ok(id.event(0).session())
    }

    /// Sends an event in a session as its client. Returns the events of the commit.
    ///
    /// # Errors
    /// [`Error::Rejected`] by the world, [`Error::Json`].
    pub fn send_in_session(
        &mut self,
        session: SessionId,
        event: impl IntoFlowEvent,
    ) -> Result<Vec<StoredEvent>, Error> {
        let event = event.into_flow_event();
        let event = event.map_err(|source| Error::SessionEvent { source })?;
        let events = vec![event];
        let command = Command::SendSessionEvents { session, events };
        let (_, events) = self.send_command(EntityId::world(), command)?;
        Ok(events)
    }

    /// Requests an answer to a text (`system.llm.request`).
    ///
    /// # Errors
    /// As [`send_in_session`](Self::send_in_session).
    pub fn request_answer(
        &mut self,
        session: SessionId,
        content: &str,
    ) -> Result<Vec<StoredEvent>, Error> {
        let data = to_raw_value(&json!({"content": content}));
        let data = data.map_err(|source| Error::Json {
            what: "a request".to_owned(),
            source,
        })?;
        self.send_in_session(session, NewFlowEvent::new(LLM_REQUEST, data))
    }

    /// Interrupts what is answered.
    ///
    /// # Errors
    /// As [`send_in_session`](Self::send_in_session).
    pub fn interrupt(&mut self, session: SessionId) -> Result<Vec<StoredEvent>, Error> {
        self.send_in_session(session, NewFlowEvent::new(INTERRUPT, empty()))
    }

    /// Ends a session as its client.
    ///
    /// # Errors
    /// [`Error::Rejected`] by the world.
    pub fn end_session(&mut self, session: SessionId) -> Result<Vec<StoredEvent>, Error> {
        let reason = None;
        let command = Command::EndSession { session, reason };
        let (_, events) = self.send_command(EntityId::world(), command)?;
        Ok(events)
    }

    /// The events that the client of a session has got, oldest first. An answer is one chunk with all of its
    /// text; what was published before is in [`chunks`](Self::chunks).
    pub fn frames(&self, session: SessionId) -> Vec<FlowFrame> {
        let mut frames = Vec::new();
        for row in self.events() {
            let (frame, times) = match Fact::parse(&row.event.event_type, &row.event.data) {
                Ok(Some(Fact::FlowEvent(sent))) if sent.session == session => {
                    (sent.to_frame(row.event.id, row.at), sent.route.out)
                }
                Ok(Some(Fact::FlowPassed(passed))) if passed.session == session => {
                    let Some(frame) = passed.frame else { continue };
                    (*frame, passed.route.out)
                }
                _ => continue,
            };
            for _ in 0..times {
                frames.push(frame.clone());
            }
        }
        frames
    }

    /// The types of the events that the client of a session has got, oldest first.
    pub fn frame_types(&self, session: SessionId) -> Vec<String> {
        let frames = self.frames(session).into_iter();
        frames.map(|frame| frame.event_type).collect()
    }

    /// A session as it is now; absent when it has ended.
    pub fn session(&self, session: SessionId) -> Option<SessionView> {
        self.memory.session(GetSession { id: session })
    }
}
