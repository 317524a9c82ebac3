//! What a file refers to: agents, abilities, MCP servers, roles, and actions of workers.

mod actions;
mod agents;
mod lookup;

use contract::{ActionName, Entity, WorldSpec};

use crate::fault::Fault;
use lookup::Lookup;

/// What a file refers to and what is not there. `present` are the entities that its world has already; without
/// them, the file has to be complete. The faults have no positions.
pub fn check_references(spec: &WorldSpec, present: Option<&[Entity]>) -> Vec<Fault> {
    let lookup = Lookup::new(spec, present);
    agents::check(spec, &lookup)
}

/// The actions that workers have to offer, each with the path of the field that names it.
pub fn worker_actions(spec: &WorldSpec) -> Vec<(String, ActionName)> {
    actions::of_workers(spec)
}
