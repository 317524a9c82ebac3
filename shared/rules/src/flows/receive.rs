//! Events of clients.

use contract::flow::NewFlowEvent;
use contract::flow::atoms::{INIT, INTERRUPT, LLM_REQUEST, check_payload};
use contract::flow::{CopyKind, OnBusy};
use contract::{EntityId, EventType, Rejection, RejectionCode, SessionId};
use serde_json::json;

use super::cascade::Cascade;
use super::limits::{
    COMMAND_EVENTS_MAX, DATA_BYTES_MAX, HELD_BYTES_MAX, HELD_MAX, METADATA_BYTES_MAX,
    NAME_BYTES_MAX,
};
use crate::decider::Decider;
use crate::event_types::check_payload as check_registered;
use crate::rejection::{invalid, reject, too_large};
use crate::sessions::OpenSession;
use crate::text::check_text;
use crate::world::World;

/// A client sends events in its session.
pub(crate) fn send(
    world: &World,
    id: SessionId,
    events: &[NewFlowEvent],
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let mut cascade = open_of_sender(world, id, decider)?;
    if events.is_empty() {
        return Err(invalid("events", "at least one event"));
    }
    if events.len() > COMMAND_EVENTS_MAX {
        let detail = format!(
            "{} events; at most {COMMAND_EVENTS_MAX} are taken at once",
            events.len()
        );
        return Err(too_large(detail, Some("events".to_owned())));
    }
    for (index, event) in events.iter().enumerate() {
        check_event(event, &format!("events[{index}]"))?;
    }
    let interrupts = events.iter().any(|event| event.event_type == INTERRUPT);
    if is_full(&cascade.session, events) && !interrupts {
        let detail = "so many events of the session wait for its nodes that no more are taken now";
        return Err(reject(RejectionCode::Busy, detail, None));
    }
    for event in events {
        cascade.receive_event(event)?;
        cascade.pump()?;
    }
    cascade.finish()
}

/// The session of a command whose sender is its client, or the world.
pub(super) fn open_of_sender<'w, 'd, 'r>(
    world: &'w World,
    id: SessionId,
    decider: &'d mut Decider<'r>,
) -> Result<Cascade<'w, 'd, 'r>, Rejection> {
    let sender = decider.sender();
    let Some(cascade) = Cascade::begin(world, id, decider) else {
        return Err(unknown_session(id));
    };
    if *sender != cascade.session.entity && *sender != EntityId::world() {
        let detail = format!("{sender} is not the client of this session");
        let field = Some("sender".to_owned());
        return Err(reject(RejectionCode::NotAllowed, detail, field));
    }
    Ok(cascade)
}

pub(super) fn unknown_session(id: SessionId) -> Rejection {
    let detail = format!("the session {id} has ended, or never was");
    let field = Some("session".to_owned());
    reject(RejectionCode::UnknownSession, detail, field)
}

/// Checks what every event has; `field` is where it stands in what was sent.
pub(super) fn check_event(event: &NewFlowEvent, field: &str) -> Result<(), Rejection> {
    let at = |name: &str| format!("{field}.{name}");
    if event.event_type.is_empty() {
        return Err(invalid(at("type"), "an event has a type"));
    }
    check_text(&event.event_type, NAME_BYTES_MAX, &at("type"))?;
    check_text(
        event.id.as_deref().unwrap_or_default(),
        NAME_BYTES_MAX,
        &at("id"),
    )?;
    check_text(event.data.get(), DATA_BYTES_MAX, &at("data"))?;
    let Some(metadata) = &event.metadata else {
        return Ok(());
    };
    if !metadata.get().starts_with('{') {
        return Err(invalid(at("metadata"), "metadata is a JSON object"));
    }
    check_text(metadata.get(), METADATA_BYTES_MAX, &at("metadata"))
}

/// Whether a session can't hold more events, if its nodes have to handle them. One in which nothing waits takes
/// what a command has.
fn is_full(session: &OpenSession, events: &[NewFlowEvent]) -> bool {
    if session.frames.is_empty() {
        return false;
    }
    let frames = session.frames.values();
    let held: usize = frames.map(|held| held.frame.data.get().len()).sum();
    let new: usize = events.iter().map(|event| event.data.get().len()).sum();
    session.frames.len() + events.len() > HELD_MAX || held + new > HELD_BYTES_MAX
}

impl Cascade<'_, '_, '_> {
    /// An event of the client enters the flow. One that is not what its type promises does not: the client
    /// gets a warning.
    fn receive_event(&mut self, event: &NewFlowEvent) -> Result<(), Rejection> {
        if let Some((field, reason)) = self.payload_fault(event) {
            let message = format!(
                "{} is not what it must be: {field}: {reason}",
                event.event_type
            );
            let payload = json!({
                "code": "invalid_payload", "event_type": event.event_type, "field": field,
                "event_id": event.id,
            });
            return self.warn_client(&message, &payload);
        }
        match event.event_type.as_str() {
            INIT => {
                let payload = json!({"code": "already_started", "event_type": INIT});
                self.warn_client("the session has begun already", &payload)
            }
            INTERRUPT => self.interrupt(event),
            LLM_REQUEST => self.receive_request(event),
            _ => {
                let route = self.route_from_client(event);
                self.receive(event, None, route).map(|_| ())
            }
        }
    }

    /// The field of an event that is not what the event's type promises, and why.
    pub(super) fn payload_fault(&self, event: &NewFlowEvent) -> Option<(String, String)> {
        if let Err(fault) = check_payload(&event.event_type, &event.data) {
            return Some((fault.field, fault.reason));
        }
        if self.world.event_types.len() == 0 {
            return None;
        }
        // A type that is no type of custom events can't be registered.
        let event_type: EventType = event.event_type.parse().ok()?;
        let fault = check_registered(self.world, &event_type, &event.data, "data").err()?;
        Some((fault.field.unwrap_or_default(), fault.detail))
    }

    fn receive_request(&mut self, event: &NewFlowEvent) -> Result<(), Rejection> {
        if self.session.hand_off.is_none() && self.is_answering() {
            match self.graph.policy.on_busy {
                OnBusy::Queue => {}
                OnBusy::Replace => self.interrupt_answers(Some("replaced"))?,
                OnBusy::Refuse => {
                    let payload = json!({"code": "busy", "event_type": event.event_type});
                    return self.warn_client("another request is answered", &payload);
                }
            }
        }
        let turn = self.decider.next_id();
        let route = self.route_from_client(event);
        self.receive(event, Some(turn), route).map(|_| ())
    }

    /// Whether a request is answered now, or waits for that.
    fn is_answering(&self) -> bool {
        if self
            .session
            .running()
            .any(|(_, running)| running.step.answers)
        {
            return true;
        }
        let mut nodes =
            (0..self.graph.nodes.len()).filter(|node| self.graph.nodes[*node].is_output());
        nodes.any(|node| {
            let id = self.graph.nodes[node].id();
            let state = id.and_then(|id| self.session.nodes.get(id));
            let mut queue = state.into_iter().flat_map(|state| &state.queue);
            queue.any(|queued| {
                let held = self.session.frames.get(&queued.event);
                held.is_some_and(|held| {
                    queued.kind == CopyKind::Handle
                        && held.frame.event_type == LLM_REQUEST
                        && held.epoch == self.session.epoch
                })
            })
        })
    }
}
