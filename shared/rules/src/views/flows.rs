//! Flows, and the sessions that have not ended.

use std::borrow::Cow;

use contract::behaviour::DiagramFormat;
use contract::flow::{FlowPage, FlowView, SessionPage, SessionStatus, SessionView};
use contract::view::{GetFlows, GetSessions};
use contract::{FlowId, SessionId};

use super::page::page;
use crate::flows::{Flow, dot, mermaid};
use crate::sessions::OpenSession;
use crate::world::World;

pub(super) fn flow<'a>(world: &'a World, id: &FlowId) -> Option<FlowView<'a>> {
    flow_view(id, world.flows.get(id)?)
}

pub(super) fn flow_view<'a>(id: &FlowId, flow: &'a Flow) -> Option<FlowView<'a>> {
    let (revision, spec) = flow.current()?;
    Some(FlowView {
        flow: id.clone(),
        revision,
        spec: Cow::Borrowed(spec),
        sessions: flow.sessions(),
    })
}

pub(super) fn flow_page<'a>(world: &'a World, request: &GetFlows) -> FlowPage<'a> {
    let flows = world.flows.after(request.after.as_ref());
    let flows = flows.filter_map(|(id, flow)| flow_view(id, flow));
    let (items, next) = page(flows, request.limit, |flow| flow.flow.clone());
    FlowPage { items, next }
}

pub(super) fn diagram(world: &World, id: &FlowId, format: DiagramFormat) -> Option<String> {
    let (_, spec) = world.flows.get(id)?.current()?;
    Some(match format {
        DiagramFormat::Mermaid => mermaid(spec),
        DiagramFormat::Dot => dot(spec),
    })
}

pub(super) fn session(world: &World, id: SessionId) -> Option<SessionView> {
    Some(session_view(id, world.sessions.get(id)?))
}

pub(super) fn session_view(id: SessionId, session: &OpenSession) -> SessionView {
    let mut running = session.running();
    let answer = running.find(|(_, running)| running.step.answers);
    SessionView {
        id,
        flow: session.flow.clone(),
        entity: session.entity.clone(),
        status: SessionStatus::Open,
        turn: answer.map(|(_, running)| running.step.turn),
        epoch: session.epoch,
        variables: session.variables.clone(),
        pending: session.frames.len() as u64,
        started_at: session.started_at,
        active_at: session.active_at,
        ended_at: None,
        reason: None,
    }
}

pub(super) fn session_page(world: &World, request: &GetSessions) -> SessionPage {
    let sessions = world.sessions.after(request.after);
    let wanted = sessions.filter(|(_, session)| {
        let flow = request.flow.as_ref();
        let entity = request.entity.as_ref();
        flow.is_none_or(|flow| *flow == session.flow)
            && entity.is_none_or(|entity| *entity == session.entity)
    });
    let (sessions, next) = page(wanted, request.limit, |(id, _)| *id);
    let items = sessions.into_iter();
    SessionPage {
        items: items
            .map(|(id, session)| session_view(id, session))
            .collect(),
        next,
    }
}
