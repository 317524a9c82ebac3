//! How sessions begin.

use std::collections::BTreeMap;

use contract::flow::atoms::{INIT, READY, check_payload, empty};
use contract::flow::{NewFlowEvent, SessionStarted};
use contract::{Fact, FlowId, Rejection, RejectionCode};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::cascade::Cascade;
use super::limits::SESSIONS_MAX;
use crate::decider::Decider;
use crate::rejection::{invalid, reject, too_large};
use crate::sessions::{CONTEXT_BYTES_MAX, OpenSession, VARIABLES_BYTES_MAX};
use crate::world::World;

/// Begins a session whose client is the command's sender. The client gets `agent.ready` first; then the nodes
/// get `system.init`.
pub(crate) fn start(
    world: &World,
    flow: &FlowId,
    variables: &BTreeMap<String, Value>,
    init: Option<&RawValue>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let current = world.flows.get(flow).and_then(|flow| flow.current());
    let found =
        current.and_then(|(revision, _)| Some((revision, world.flows.graph(flow, revision)?)));
    let Some((revision, graph)) = found else {
        let detail = format!("there is no flow {flow} in the world {}", world.id);
        return Err(reject(
            RejectionCode::UnknownFlow,
            detail,
            Some("flow".to_owned()),
        ));
    };
    if world.sessions.len() >= SESSIONS_MAX {
        let detail = format!("a world has at most {SESSIONS_MAX} open sessions");
        return Err(too_large(detail, None));
    }
    check_variables(variables, "variables")?;
    let init = match init {
        Some(init) => check_init(variables, init)?,
        None => made_of(variables),
    };
    let started = SessionStarted {
        flow: flow.clone(),
        revision,
        entity: decider.sender().clone(),
        variables: variables.clone(),
        idle_seconds: graph.policy.idle_seconds,
    };
    let id = decider.next_id().session();
    let session = OpenSession::new(&started, decider.now());
    let mut cascade = Cascade::of(world, graph, (id, session), decider);
    let header = cascade.header(None, None);
    cascade
        .decider
        .push_with(Fact::SessionStarted(started), header)?;
    let metadata = to_raw_value(&json!({"session": id, "flow": flow})).ok();
    cascade.notify_client(READY, empty(), metadata)?;
    let event = NewFlowEvent::new(INIT, init);
    let route = cascade.route_from_client(&event);
    cascade.receive(&event, None, route)?;
    cascade.pump()?;
    cascade.finish()
}

/// Whether variables are not too large; `field` is where they stand in what was sent.
pub(super) fn check_variables(
    variables: &BTreeMap<String, Value>,
    field: &str,
) -> Result<(), Rejection> {
    let bytes = serde_json::to_string(variables).map_or(0, |text| text.len());
    if bytes > VARIABLES_BYTES_MAX {
        let detail = format!("{bytes} bytes; at most {VARIABLES_BYTES_MAX} are kept");
        return Err(too_large(detail, Some(field.to_owned())));
    }
    Ok(())
}

/// Checks a client's first frame: with what is known already, its variables are not too large.
fn check_init(
    variables: &BTreeMap<String, Value>,
    init: &RawValue,
) -> Result<Box<RawValue>, Rejection> {
    check_payload(INIT, init)
        .map_err(|fault| invalid(format!("init.{}", fault.field), fault.reason))?;
    let parsed: Value = serde_json::from_str(init.get()).unwrap_or_default();
    let context = &parsed["session_context"];
    let mut all = variables.clone();
    for (name, value) in context["initial_variables"]
        .as_object()
        .into_iter()
        .flatten()
    {
        all.insert(name.clone(), value.clone());
    }
    check_variables(&all, "init.session_context.initial_variables")?;
    let rest =
        json!({"conversation_type": context["conversation_type"], "caller": context["caller"]});
    let bytes = rest.to_string().len();
    if bytes > CONTEXT_BYTES_MAX {
        let detail = format!("{bytes} bytes; at most {CONTEXT_BYTES_MAX} are kept");
        return Err(too_large(detail, Some("init.session_context".to_owned())));
    }
    Ok(init.to_owned())
}

/// The first frame of a client that sends none.
fn made_of(variables: &BTreeMap<String, Value>) -> Box<RawValue> {
    let context = json!({"initial_variables": variables, "conversation_type": "chat"});
    let init = json!({"version": "1", "session_context": context});
    to_raw_value(&init).unwrap_or_else(|_| empty())
}
