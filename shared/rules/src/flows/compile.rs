//! The checks of a flow, each with the path of its fault, and the graph that is made of it.

mod edges;
mod nodes;

use contract::Rejection;
use contract::flow::FlowSpec;

use super::graph::Graph;
use super::limits::{IDLE_MAX, SPEC_BYTES_MAX};
use crate::rejection::{field_path, invalid, too_large};

impl Graph {
    /// Checks a flow, and makes its graph; `field` is where it stands in what was sent.
    pub(crate) fn compile(spec: &FlowSpec, field: &str) -> Result<Self, Rejection> {
        let at = |mut fault: Rejection| {
            fault.field = fault.field.map(|inner| field_path(field, &inner));
            fault
        };
        check_size(spec).map_err(at)?;
        nodes::check(spec).map_err(at)?;
        let graph = edges::build(spec).map_err(at)?;
        nodes::check_routers(spec, &graph).map_err(at)?;
        Ok(graph)
    }
}

fn check_size(spec: &FlowSpec) -> Result<(), Rejection> {
    let bytes = serde_json::to_string(spec).map_or(0, |text| text.len());
    if bytes > SPEC_BYTES_MAX {
        let detail = format!("{bytes} bytes; at most {SPEC_BYTES_MAX} are taken");
        return Err(too_large(detail, Some("nodes".to_owned())));
    }
    let idle = spec.session.idle_seconds;
    if idle.is_zero() || idle > IDLE_MAX {
        let detail = format!("more than 0 and at most {} s", IDLE_MAX.as_secs());
        return Err(invalid("session.idle_seconds", detail));
    }
    Ok(())
}
