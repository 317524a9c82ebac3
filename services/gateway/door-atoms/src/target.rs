//! The flow that a client means.

use axum::http::StatusCode;
use contract::flow::FlowView;
use contract::view::{GetFlow, GetFlows};
use contract::{FlowId, Rejection, RejectionCode, WorldId};
use door_kit::{DoorState, Problem};

use crate::state::AtomsState;

/// Flows that an error names.
const NAMED_MAX: u32 = 20;

/// A flow as an address names it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) world: WorldId,
    /// The only flow of the world when absent.
    pub(crate) flow: Option<FlowId>,
}

impl Target {
    /// The target of a client whose address names none.
    ///
    /// # Errors
    /// 404 where no default is configured.
    pub(crate) fn of_default(state: &AtomsState) -> Result<Self, Problem> {
        let default = state.default_flow.clone().ok_or_else(|| {
            let detail = "no flow is configured here: name one, /atoms/WORLD/FLOW";
            Problem::new(StatusCode::NOT_FOUND, "unknown_flow", detail)
        })?;
        Ok(Self {
            world: default.world,
            flow: default.flow,
        })
    }

    /// The flow that is meant.
    ///
    /// # Errors
    /// 404 when there is none, or when none is named and there are several: the flows that there are
    /// are in its detail. 503 when the world does not answer.
    pub(crate) async fn find(self, doors: &DoorState) -> Result<FoundFlow, Problem> {
        let list = GetFlows {
            after: None,
            limit: Some(NAMED_MAX),
        };
        let named = self.flow.clone();
        let (named, mut all) = match named {
            Some(id) => {
                let views = doors.broker.view(&self.world, (GetFlow { id }, list));
                views.await?.view
            }
            None => (None, doors.broker.view(&self.world, list).await?.view),
        };
        let found = match (&self.flow, named, all.items.len()) {
            (Some(_), Some(flow), _) => Some(flow),
            (None, _, 1) => all.items.pop(),
            _ => None,
        };
        let world = self.world.clone();
        match found {
            Some(view) => Ok(FoundFlow { world, view }),
            None => Err(self.unknown(&all.items)),
        }
    }

    fn unknown(&self, flows: &[FlowView<'_>]) -> Problem {
        let world = &self.world;
        let names: Vec<&str> = flows.iter().map(|flow| flow.flow.as_str()).collect();
        let names = names.join(", ");
        let detail = match (&self.flow, flows.len()) {
            (_, 0) => format!("the world {world} has no flow"),
            (Some(flow), _) => format!("the world {world} has no flow {flow}; it has {names}"),
            (None, _) => format!("the world {world} has several flows, name one: {names}"),
        };
        let field = Some("flow".to_owned());
        Rejection::new(RejectionCode::UnknownFlow, detail, field).into()
    }
}

/// A flow that exists.
#[derive(Debug, Clone)]
pub(crate) struct FoundFlow {
    pub(crate) world: WorldId,
    pub(crate) view: FlowView<'static>,
}
