//! What follows from one cause in one session.

use contract::flow::atoms::{ERROR, ErrorSeverity, agent_error};
use contract::flow::{CopyKind, FlowEvent, FlowPassed, NewFlowEvent, Route, SessionChanged};
use contract::{EntityId, EventId, Fact, Rejection, RunId, SessionId, Target};
use serde_json::Value;
use serde_json::value::RawValue;

use super::graph::Graph;
use super::limits::CASCADE_EVENTS_MAX;
use super::travel::Travel;
use crate::decider::{COMMAND_BYTES_MAX, Decider, EventHeader};
use crate::sessions::OpenSession;
use crate::world::World;

/// Decides what follows from one cause in one session. Its copy of the session is always behind the last
/// decided event, so that each decision sees the one before it.
pub(super) struct Cascade<'w, 'd, 'r> {
    pub(super) world: &'w World,
    pub(super) graph: &'w Graph,
    pub(super) id: SessionId,
    pub(super) session: OpenSession,
    pub(super) decider: &'d mut Decider<'r>,
    /// The agents with a behaviour of which an answer was requested: a machine does one thing at a time.
    pub(super) requested: Vec<EntityId>,
    begun: usize,
}

/// An event that a node sends, or the world in its name.
pub(super) struct NodeEvent<'a> {
    pub(super) node: usize,
    pub(super) event_type: &'a str,
    pub(super) data: Box<RawValue>,
    /// The event that is handled.
    pub(super) cause: EventId,
    pub(super) turn: EventId,
    pub(super) run: Option<RunId>,
    pub(super) interrupted: bool,
}

impl<'w, 'd, 'r> Cascade<'w, 'd, 'r> {
    /// `None` when the session has ended.
    pub(super) fn begin(
        world: &'w World,
        id: SessionId,
        decider: &'d mut Decider<'r>,
    ) -> Option<Self> {
        let session = world.sessions.get(id)?;
        let graph = world.flows.graph(&session.flow, session.revision)?;
        Some(Self::of(world, graph, (id, session.clone()), decider))
    }

    pub(super) fn of(
        world: &'w World,
        graph: &'w Graph,
        (id, session): (SessionId, OpenSession),
        decider: &'d mut Decider<'r>,
    ) -> Self {
        let begun = decider.events().len();
        Self {
            world,
            graph,
            id,
            session,
            decider,
            requested: Vec::new(),
            begun,
        }
    }

    /// Whether the commit has room for more of this session.
    pub(super) fn has_room(&self) -> bool {
        let events = self.decider.events().len() - self.begun;
        events < CASCADE_EVENTS_MAX && self.decider.size_bytes() < COMMAND_BYTES_MAX / 2
    }

    /// The header of an event of the session.
    pub(super) fn header(&self, sender: Option<EntityId>, cause: Option<EventId>) -> EventHeader {
        let client = &self.session.entity;
        // A client without an entity can't be a target.
        let target = (*client != EntityId::world()).then(|| Target::Entities(vec![client.clone()]));
        EventHeader {
            sender,
            target,
            causation: cause,
            correlation: Some(self.id.0),
            ..EventHeader::default()
        }
    }

    /// The entity in whose name a node acts.
    pub(super) fn entity_of(&self, node: usize) -> EntityId {
        let agent = self.graph.nodes[node].agent();
        agent.cloned().unwrap_or_else(EntityId::world)
    }

    /// An event of the client.
    pub(super) fn receive(
        &mut self,
        new: &NewFlowEvent,
        turn: Option<EventId>,
        route: Route,
    ) -> Result<EventId, Rejection> {
        let sent = FlowEvent {
            session: self.id,
            node: None,
            turn,
            event_type: new.event_type.clone(),
            id: new.id.clone(),
            timestamp: new.timestamp,
            metadata: new.metadata.clone(),
            run: None,
            interaction: None,
            interrupted: false,
            route,
            data: new.data.clone(),
        };
        let header = self.header(Some(self.session.entity.clone()), None);
        self.push(sent, header)
    }

    /// Where an event of the client gets to.
    pub(super) fn route_from_client(&self, new: &NewFlowEvent) -> Route {
        let travel = Travel {
            graph: self.graph,
            session: &self.session,
            event: None,
            event_type: &new.event_type,
            data: &new.data,
            origin: None,
        };
        travel.route_from_client()
    }

    /// An event of the world to the client, past all nodes.
    pub(super) fn notify_client(
        &mut self,
        event_type: &str,
        data: Box<RawValue>,
        metadata: Option<Box<RawValue>>,
    ) -> Result<EventId, Rejection> {
        let sent = FlowEvent {
            metadata,
            route: Route::to_client(),
            ..self.own(event_type, data)
        };
        let header = self.header(Some(EntityId::world()), None);
        self.push(sent, header)
    }

    /// An event of the world that is nowhere yet.
    pub(super) fn own(&self, event_type: &str, data: Box<RawValue>) -> FlowEvent {
        FlowEvent {
            session: self.id,
            node: None,
            turn: None,
            event_type: event_type.to_owned(),
            id: None,
            timestamp: None,
            metadata: None,
            run: None,
            interaction: None,
            interrupted: false,
            route: Route::default(),
            data,
        }
    }

    /// A warning to the client: the session goes on.
    pub(super) fn warn_client(&mut self, message: &str, payload: &Value) -> Result<(), Rejection> {
        let data = agent_error(message, ErrorSeverity::Warning, payload);
        self.notify_client(ERROR, data, None).map(|_| ())
    }

    /// An event that the world sends in the name of a node.
    pub(super) fn send_as(&mut self, event: NodeEvent<'_>) -> Result<EventId, Rejection> {
        let sent = FlowEvent {
            interrupted: event.interrupted,
            ..self.own(event.event_type, event.data)
        };
        self.send_from((event.node, event.cause, event.turn, event.run), sent)
    }

    /// An event that a node sends.
    pub(super) fn send_new(
        &mut self,
        new: &NewFlowEvent,
        from: (usize, EventId, EventId, Option<RunId>),
    ) -> Result<EventId, Rejection> {
        let sent = FlowEvent {
            id: new.id.clone(),
            timestamp: new.timestamp,
            metadata: new.metadata.clone(),
            ..self.own(&new.event_type, new.data.clone())
        };
        self.send_from(from, sent)
    }

    fn send_from(
        &mut self,
        (node, cause, turn, run): (usize, EventId, EventId, Option<RunId>),
        sent: FlowEvent,
    ) -> Result<EventId, Rejection> {
        let travel = Travel {
            graph: self.graph,
            session: &self.session,
            event: None,
            event_type: &sent.event_type,
            data: &sent.data,
            origin: Some(node),
        };
        let route = travel.route_along_edges(node, |_| true);
        let sent = FlowEvent {
            node: self.graph.nodes[node].id().cloned(),
            turn: Some(turn),
            run,
            route,
            ..sent
        };
        let header = self.header(Some(self.entity_of(node)), Some(cause));
        self.push(sent, header)
    }

    /// The text of an answer that was interrupted: the client has got it already.
    pub(super) fn note_interrupted(&mut self, event: NodeEvent<'_>) -> Result<(), Rejection> {
        let sent = FlowEvent {
            node: self.graph.nodes[event.node].id().cloned(),
            turn: Some(event.turn),
            run: event.run,
            interrupted: true,
            ..self.own(event.event_type, event.data)
        };
        let header = self.header(Some(self.entity_of(event.node)), Some(event.cause));
        self.push(sent, header).map(|_| ())
    }

    pub(super) fn push(
        &mut self,
        sent: FlowEvent,
        header: EventHeader,
    ) -> Result<EventId, Rejection> {
        let id = self.decider.next_id();
        let now = self.decider.now();
        self.decider.push_with(Fact::FlowEvent(sent), header)?;
        let last = self.decider.events().last();
        if let Some(Fact::FlowEvent(sent)) = last.and_then(|last| last.fact.as_ref()) {
            self.session.on_event(id, sent, now);
        }
        Ok(id)
    }

    /// The first event of a node leaves it: along the edges that are chosen, unless it was consumed.
    pub(super) fn pass(
        &mut self,
        node: usize,
        consumed: bool,
        chosen: impl Fn(usize) -> bool,
    ) -> Result<(), Rejection> {
        let Some(id) = self.graph.nodes[node].id() else {
            return Ok(());
        };
        let queue = self.session.nodes.get(id).map(|state| &state.queue);
        let Some(first) = queue.and_then(|queue| queue.front()).cloned() else {
            return Ok(());
        };
        let is_behind = matches!(first.kind, CopyKind::Notify | CopyKind::Urgent);
        let consumed = consumed || first.kind == CopyKind::Gone;
        let mut route = Route::default();
        let mut shown = None;
        if let Some(frame) = self.session.frame(first.event).filter(|_| !is_behind) {
            let travel = Travel {
                graph: self.graph,
                session: &self.session,
                event: Some(first.event),
                event_type: &frame.event_type,
                data: &frame.data,
                origin: frame
                    .node
                    .as_ref()
                    .and_then(|origin| self.graph.find(origin)),
            };
            route = travel.route_along_edges(node, |child| !consumed && chosen(child));
            shown = (route.out > 0).then(|| Box::new(frame.clone()));
        }
        let passed = FlowPassed {
            session: self.id,
            node: id.clone(),
            event: first.event,
            consumed: consumed && !is_behind,
            route,
            frame: shown,
        };
        self.session.on_passed(&passed, self.decider.now());
        let header = self.header(Some(self.entity_of(node)), Some(first.event));
        self.decider.push_with(Fact::FlowPassed(passed), header)
    }

    /// Something that is known of the session changes.
    pub(super) fn change(&mut self, changed: SessionChanged) -> Result<(), Rejection> {
        self.session.on_changed(&changed);
        let header = self.header(Some(EntityId::world()), None);
        self.decider
            .push_with(Fact::SessionChanged(changed), header)
    }
}
